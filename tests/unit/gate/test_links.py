"""
Which addresses may be shown, and that the dated list means what it says.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.events import Author
from listener.gate import public_link
from listener.gate.profiles import names_account, parse_address, pattern_file, without_surplus
from listener.gate.redact import folded_handles

OWN = folded_handles(("@cityofex", "@city@social.example"))
MIRA = Author(("Mira Quill", "@miraq@social.example", "https://social.example/@miraq", "4400112233"))

KEPT = [
    "https://news.example/2024/05/12/snow-on-the-bridge/",
    "https://news.example/2024/05/12/snow/#comment-314",
    "https://news.example/?p=314",
    "http://news.example:8080/a;b?x=1&y=a%20b#c",
    "https://NEWS.example/CaseMatters?Id=AbC",
    "https://news.example",
    "https://blog.example/snow/comment-page-2/#comment-8",
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ&lc=UgxAbCdEf",
    "https://youtu.be/dQw4w9WgXcQ",
    "https://x.com/i/web/status/1780000000000000001",
    "https://twitter.com/i/status/1780000000000000001",
    "https://social.example/statuses/110000000000000001",
    "https://social.example/tags/yyc",
    "https://x.com/cityofex/status/1780000000000000001",
    "https://social.example/@city/110000000000000001",
    "https://lemmy.example/comment/314",
    "https://forum.example/t/snow/42/7",
    "https://news.example/tag/mira",
    "https://miraq.example/snow",
    "https://новости.example/снег",
    "https://news.example/@51.0447,-114.0719,15z",
    "https://[2001:db8::1]/snow",
]

CLEANED = [
    ("https://news.example/a?utm_source=feed&utm_medium=rss", "https://news.example/a"),
    ("https://news.example/a?id=1&utm_source=feed#c", "https://news.example/a?id=1#c"),
    ("https://news.example/a?fbclid=x&id=1&gclid=y&z=%20", "https://news.example/a?id=1&z=%20"),
    ("https://news.example/a?%75tm_source=x", "https://news.example/a"),
    ("https://me:secret@news.example/a", "https://news.example/a"),
    (
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ&si=x&t=4",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=4",
    ),
    ("https://news.example/a#:~:text=snow", "https://news.example/a"),
    ("https://news.example/a#c:~:text=snow", "https://news.example/a#c"),
]

DROPPED = [
    None,
    "",
    "javascript:alert(1)",
    "mailto:bob@example.com",
    "ftp://news.example/a",
    "data:text/html,x",
    "//news.example/a",
    "/relative",
    "news.example/a",
    "https://",
    "https:///a",
    "https://news.example/a b",
    "https://news.example/a\nb",
    "https://news.example/\ud83d",
    "https://news.example/" + "a" * 2100,
    "https://x.com/bob/status/1780000000000000001",
    "https://X.COM/Bob",
    "https://social.example/@bob/110000000000000001",
    "https://social.example/%40bob/110000000000000001",
    "https://social.example/users/bob/statuses/110000000000000001",
    "https://social.example/ap/users/110000000000000009/statuses/110000000000000001",
    "https://bsky.app/profile/did:plc:z72i7hdynmk6r22z27h6tvur/post/3k44deefqdk2h",
    "https://other.example/view?uri=at%3A%2F%2Fdid%3Aplc%3Az72i7hdynmk6r22z27h6tvur",
    "https://blog.example/author/bob/",
    "https://blog.example/Author/Bob/page/2/",
    "https://blog.example/?author=7",
    "https://blog.example/?user=bob",
    "https://blog.example/a?by=@bob",
    "https://blog.example/miraq/snow",
    "https://blog.example/Mira-Quill/snow",
    "https://blog.example/mira_quill",
    "https://blog.example/talk-by-mira-quill",
    "https://blog.example/a?x=MiraQuill",
    "https://blog.example/a#/miraq",
    "https://blog.example/4400112233/a",
    "https://blog.example/unsubscribe?m=bob@example.com",
    "https://blog.example/unsubscribe?m=bob%40example.com",
    "https://web.archive.org/web/2020/https://x.com/bob",
    "https://r.example/?u=https%3A%2F%2Fx.com%2Fbob",
    "https://social.example/@cityofex2/1",
    "https://njump.me/npub1qqqqqqqqqqqqqqqqqqqqqqqqqqqq",
]  # fmt: skip


@pytest.mark.parametrize("link", KEPT)
def test_an_address_that_names_nobody_is_kept_byte_for_byte(link: str) -> None:
    """
    Articles, comments by number, videos and statuses by id open the conversation.
    """
    assert public_link(link, author=MIRA, own_handles=OWN) == link


@pytest.mark.parametrize(("link", "expected"), CLEANED)
def test_tracking_and_logins_are_taken_out(link: str, expected: str) -> None:
    """
    Only the surplus goes; every other byte stays.
    """
    assert public_link(link, author=MIRA, own_handles=OWN) == expected


@pytest.mark.parametrize("link", DROPPED)
def test_an_address_that_may_name_somebody_is_null(link: str | None) -> None:
    """
    Accounts in path, query, fragment or nested address, and anything that is not plain http(s), end as null.
    """
    assert public_link(link, author=MIRA, own_handles=OWN) is None


@pytest.mark.parametrize("network", pattern_file()["network"], ids=lambda network: network["name"])
def test_the_dated_list_recognises_its_own_examples(network: dict[str, list[str]]) -> None:
    """
    Every network's examples name an account, and its public addresses do not.
    """
    recognised = [names_account(parse_address(link), own=frozenset()) for link in network["example"]]
    mistaken = [link for link in network["public"] if names_account(parse_address(link), own=frozenset())]

    assert recognised == [True] * len(network["example"])
    assert network["example"]
    assert mistaken == []


def test_the_list_is_dated() -> None:
    """
    The file says when somebody last looked, and not in the future.
    """
    assert date(2026, 1, 1) <= pattern_file()["checked_on"] <= datetime.now(UTC).date()


@given(st.text(max_size=60))
def test_any_string_is_an_address_or_null(text: str) -> None:
    """
    Nothing raises, and a link that is kept is final.
    """
    for link in (text, f"https://{text}", f"https://news.example/{text}", f"https://news.example/?{text}"):
        kept = public_link(link, author=MIRA, own_handles=OWN)
        assert kept is None or public_link(kept, author=MIRA, own_handles=OWN) == kept


@given(st.lists(st.sampled_from(["utm_x=1", "id=2", "fbclid", "a=b", "", "gclid=3", "k"]), max_size=6))
def test_only_tracking_parameters_go(pairs: list[str]) -> None:
    """
    The parameters that stay keep their order and their bytes.
    """
    kept = [pair for pair in pairs if pair not in ("utm_x=1", "fbclid", "gclid=3")]
    query = f"?{'&'.join(pairs)}" if pairs else ""

    expected = query if kept == pairs else f"?{'&'.join(kept)}" if kept else ""
    assert without_surplus(f"https://news.example/a{query}#c") == f"https://news.example/a{expected}#c"
