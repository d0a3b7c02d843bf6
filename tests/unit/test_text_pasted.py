"""
What people paste, and the address in it.
"""

from __future__ import annotations

import pytest

from listener.text.pasted import PASTED_MAX, WebAddress, meant, web_address


@pytest.mark.parametrize(
    ("pasted", "expected"),
    [
        (" https://a.example/1\n", "https://a.example/1"),
        ("<https://a.example/1>", "https://a.example/1"),
        ("«https://a.example/1»\u200b", "https://a.example/1"),
        ("RT @city: snow! https://a.example/1.", "https://a.example/1"),
        ("see (https://a.example/1), please", "https://a.example/1"),
        ("at://did:plc:a/app.b/1 said it", "at://did:plc:a/app.b/1"),
        ("https://a.example/1 https://a.example/1", "https://a.example/1"),
        ("https://a.example/1 https://a.example/2", "https://a.example/1 https://a.example/2"),
        ("no address here", "no address here"),
        ("", ""),
    ],
)
def test_what_is_meant(pasted: str, expected: str) -> None:
    """
    The one address; where there are two, or none, the text as it is.
    """
    assert meant(pasted) == expected


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("HTTPS://A.example.:443/B?c#d", WebAddress("a.example", "/B", "c", "d")),
        ("http://jo:secret@a.example:8080", WebAddress("a.example:8080", "", "", "")),
        ("http://a.example:x/", None),
        ("http://[", None),
        ("https:///a", None),
        ("ftp://a.example/", None),
        ("at://did:plc:a/b/c", None),
        (f"https://a.example/{'b' * PASTED_MAX}", None),
    ],
)
def test_parts_of_an_address(link: str, expected: WebAddress | None) -> None:
    """
    Host in its plain form, the rest as pasted; None for whatever is no web address.
    """
    assert web_address(link) == expected


def test_values_of_a_parameter() -> None:
    """
    Each time it is said, empty ones too; a query with hundreds says nothing.
    """
    address = web_address("https://a.example/?lc=1&v=2&lc=&LC=3")
    endless = web_address(f"https://a.example/?{'&'.join(['v=1'] * 101)}")

    assert address is not None
    assert endless is not None
    assert (address.values("lc"), address.values("w"), endless.values("v")) == (("1", ""), (), ())
    assert "a.example" not in repr(address)
