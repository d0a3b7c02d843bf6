"""
Lists of feeds as readers write them, as people break them, and as somebody would who means harm.
"""

from __future__ import annotations

import codecs
import time
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.admit.opml import NotOpml, Outline, read, write

A, B = "https://a.example/feed", "https://b.example/feed"


def found(file: bytes | str) -> list[tuple[int, str | None]]:
    """
    Line and address of each feed.
    """
    return [(each.line, each.address) for each in read(file.encode() if isinstance(file, str) else file)]


def opml(*outlines: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    """
    A list whose first outline stands on line 3.
    """
    return "\n".join(
        [head, '<opml version="2.0"><head><title>x</title></head><body>', *outlines, "</body></opml>"]
    )


@pytest.mark.parametrize(
    ("outline", "address"),
    [
        (f'<outline type="rss" text="A" title="A" xmlUrl="{A}" htmlUrl="https://a.example"/>', A),
        (f'<outline text="A" xmlUrl="{A}"></outline>', A),
        (f'<outline xmlurl="{A}"/>', A),
        (f'<OUTLINE XMLURL="{A}"/>', A),
        (f"<outline xmlUrl='{A}'/>", A),
        (f'<outline url="{A}" type="rss"/>', A),
        (f'<outline url="{A}"/>', A),
        (f'<outline url="{B}" xmlUrl="{A}"/>', A),
        (f'<outline\n  text="A"\n  xmlUrl="{A}"\n/>', A),
        (f'<o:outline xmlUrl="{A}"/>', A),
        (f'<outline text="5 &lt; 6 > 4" xmlUrl="{A}"/>', A),
        (f'<outline text="5 < 6" xmlUrl="{A}"/>', A),
        (f'<outline text="the "good" one" xmlUrl="{A}"/>', A),
        (f'<outline text="Bob\'s" xmlUrl="{A}"/>', A),
        (f'<outline xmlUrl="  {A} "/>', A),
        ('<outline xmlUrl="https://a.example/?a=1&amp;b=2"/>', "https://a.example/?a=1&b=2"),
        ('<outline xmlUrl="https://a.example/?a=1&copy=2"/>', "https://a.example/?a=1&copy=2"),
        ('<outline xmlUrl="https://a.example/&#x66;eed&#47;"/>', "https://a.example/feed/"),
        ('<outline text="&nbsp;&eacute;" xmlUrl="https://a.example/caf&eacute;"/>', "https://a.example/café"),
        ('<outline xmlUrl="https://a.example/&unknown;"/>', "https://a.example/&unknown;"),
        ('<outline xmlUrl=""/>', ""),
        ('<outline xmlUrl="not an address"/>', "not an address"),
    ],
)
def test_an_outline(outline: str, address: str) -> None:
    """
    The address is found however the outline is spelled, and comes out byte for byte.
    """
    assert found(opml(outline)) == [(3, address)]


@pytest.mark.parametrize(
    "outline",
    [
        '<outline text="Folder">',
        '<outline type="include" url="https://a.example/other.opml"/>',
        '<outline type="link" url="https://a.example/"/>',
        f'<!-- <outline xmlUrl="{A}"/> -->',
        f'<![CDATA[ <outline xmlUrl="{A}"/> <outline xmlUrl="{B}"/> ]]>',
        f'<?old <outline xmlUrl="{A}"/> ?>',
        f'<outliner xmlUrl="{A}"/>',
        f"<outline text='xmlUrl=\"{A}\"'/>",
    ],
)
def test_what_is_no_feed(outline: str) -> None:
    """
    Folders, links, other lists, and what is commented out are passed over.
    """
    assert found(opml(outline)) == []


def test_nesting_and_lines() -> None:
    """
    However deep, every feed comes in the order of the file with the line it begins on, also with the ends of old files.
    """
    text = opml(
        '<outline text="x">',
        f'<outline text="y"><outline xmlUrl="{A}"/>',
        "",
        f'<outline\nxmlUrl="{B}"/></outline>',
    )

    assert found(text) == [(4, A), (6, B)]
    assert found(text.replace("\n", "\r\n")) == [(4, A), (6, B)]
    assert found(text.replace("\n", "\r")) == [(4, A), (6, B)]


def test_a_broken_line_costs_itself() -> None:
    """
    An outline whose quotes do not end is told by its line, and its neighbours are read.
    """
    text = opml(
        f'<outline xmlUrl="{A}"/>',
        '<outline text="5" TV" xmlUrl="https://x.example/"/>',
        f'<outline xmlUrl="{B}"/>',
    )

    assert found(text) == [(3, A), (4, None), (5, B)]


def test_a_list_that_ends_too_early() -> None:
    """
    What stands before the cut is read, and the cut is told.
    """
    assert found(f'<opml><body>\n<outline xmlUrl="{A}"/>\n<outline xmlUrl="https://b.ex') == [
        (2, A),
        (3, None),
    ]


@pytest.mark.parametrize(
    "file",
    [
        codecs.BOM_UTF8 + opml(f'<outline text="é" xmlUrl="{A}é"/>').encode(),
        codecs.BOM_UTF16_LE + opml(f'<outline text="é" xmlUrl="{A}é"/>').encode("utf-16-le"),
        codecs.BOM_UTF16_BE + opml(f'<outline text="é" xmlUrl="{A}é"/>').encode("utf-16-be"),
        codecs.BOM_UTF32_LE + opml(f'<outline text="é" xmlUrl="{A}é"/>').encode("utf-32-le"),
        opml(f'<outline text="é" xmlUrl="{A}é"/>').encode("utf-16-le"),
        opml(f'<outline text="é" xmlUrl="{A}é"/>').encode("utf-16-be"),
        opml(f'<outline text="é" xmlUrl="{A}é"/>').encode("cp1252"),
        opml(f'<outline text="é" xmlUrl="{A}é"/>', head='<?xml version="1.0" encoding="iso-8859-1"?>').encode(
            "cp1252"
        ),
        opml(
            f'<outline text="é" xmlUrl="{A}é"/>', head='<?xml version="1.0" encoding="iso-8859-1"?>'
        ).encode(),
        opml(f'<outline text="é" xmlUrl="{A}é"/>', head='<?xml version="1.0" encoding="hex"?>').encode(
            "cp1252"
        ),
        opml(
            f'<outline text="é" xmlUrl="{A}é"/>', head='<?xml version="1.0" encoding="iso-8859-15"?>'
        ).encode("iso-8859-15"),
    ],
    ids=[
        "utf8",
        "16le",
        "16be",
        "32le",
        "16le bare",
        "16be bare",
        "lie",
        "latin",
        "utf8 as latin",
        "hex",
        "latin 9",
    ],
)
def test_encodings(file: bytes) -> None:
    """
    Marks, declarations and lies: the address is read as it was meant.
    """
    assert found(file) == [(3, f"{A}é")]


@pytest.mark.parametrize(
    "file", [b"", b"   ", b"<html><body>Sign in</body></html>", b"https://a.example/feed\n", b"\x89PNG\r\n"]
)
def test_what_is_no_list(file: bytes) -> None:
    """
    A page, a picture, a text: refused as a whole, without a word of it.
    """
    with pytest.raises(NotOpml, match=r"^is no OPML: it holds no outline$"):
        read(file)


def test_an_empty_list() -> None:
    """
    A list of nothing is a list.
    """
    assert read(b"<opml version='1.0'><head/><body></body></opml>") == ()


def test_a_list_too_long() -> None:
    """
    Beyond the limit nothing is read.
    """
    with pytest.raises(NotOpml, match=r"^is longer than 32 MB$"):
        read(b"<opml>" + b" " * 2**25)


def test_declared_entities_are_never_expanded() -> None:
    """
    A billion laughs are none, and an entity that reads a file stands there as it is written.
    """
    doctype = (
        '<!DOCTYPE opml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    )

    assert found(
        f'<?xml version="1.0"?>{doctype}<opml><body><outline xmlUrl="https://x.example/&b;&c;"/></body></opml>'
    ) == [(1, "https://x.example/&b;&c;")]


LONG = 2_000_000


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("<opml>" + f'<outline text="{"x" * 60}" xmlUrl="{A}"/>\n' * 100_000, 100_000),
        ("<opml>" + "<outline>" * (LONG // 9), 0),
        ("<opml>" + "<outline " * (LONG // 9), LONG // 9),
        ("<opml>" + '<outline a="' * (LONG // 12), LONG // 12),
        ("<opml>" + "<outline a='\"" * (LONG // 13), LONG // 13),
        ("<opml><outline " + "a " * (LONG // 2), 1),
        ("<opml><outline x='" + "<" * LONG, 1),
        ("<opml>" + "<!--" * (LONG // 4), 0),
        ("<opml>" + "<![CDATA[" * (LONG // 9), 0),
        ("<opml>" + "<?" * (LONG // 2), 0),
        (f'<opml><outline xmlUrl="https://a.example/{"&amp;" * (LONG // 5)}"/>', 1),
    ],
    ids=[
        "outlines",
        "depth",
        "open",
        "quotes",
        "both quotes",
        "words",
        "angles",
        "comments",
        "cdata",
        "pi",
        "references",
    ],
)
def test_malice_takes_no_longer_than_its_length(text: str, count: int) -> None:
    """
    100,000 outlines in ten megabytes, and two megabytes of each shape that a careless scanner takes the square of its
    length for: seconds, where a square would be hours.
    """
    begun = time.process_time()
    outlines = read(text.encode())

    assert len(outlines) == count
    assert time.process_time() - begun < 6


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    """
    Whatever stands between two outlines that are whole, the first is read and nothing fails.
    """
    outlines = read(f'<opml><outline xmlUrl="{A}"/>{text}<outline xmlUrl="{B}"/>'.encode("utf-8", "replace"))

    assert outlines[0].address == A
    assert all(isinstance(each, Outline) for each in outlines)


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True),
            st.text(st.characters(min_codepoint=33, codec="utf-8", exclude_categories=["C"]), max_size=60),
        )
    )
)
def test_what_we_write_is_what_we_read(feeds: list[tuple[str, str]]) -> None:
    """
    A written list is well-formed XML and holds every address unchanged.
    """
    addresses = [f"https://x.example/{rest}".strip() for _, rest in feeds]
    text = write(
        [(name, address) for (name, _), address in zip(feeds, addresses, strict=True)], title='City "A&B" <1>'
    )
    root = ElementTree.fromstring(text)

    assert [each.address for each in read(text.encode())] == addresses
    assert [each.get("xmlUrl") for each in root.iter("outline")] == addresses
    assert [each.get("text") for each in root.iter("outline")] == [name for name, _ in feeds]
    assert root.findtext("head/title") == 'City "A&B" <1>'
