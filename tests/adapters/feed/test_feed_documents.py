"""
Documents that are broken, lying or hostile.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.feed.config import FeedConfig
from adapters.feed.documents import REASONS, read_document
from adapters.feed.normalise import items_from
from listener.adapter import Item
from listener.errors import DocumentRefused
from listener.events import Post, Rejected

ADDRESS = "https://river.example/feed/"


def feed(title: str = "t", *, head: str = "", tail: str = "") -> str:
    return f"{head}<rss><channel><item><guid>1</guid><title>{title}</title></item></channel></rss>{tail}"


def titles(body: bytes, content_type: str | None = None) -> list[str | None]:
    read = read_document(body, address=ADDRESS, content_type=content_type)
    return [item.title for item in items_from(read, FeedConfig(address=ADDRESS)) if isinstance(item, Post)]


def refusal(body: bytes) -> str:
    with pytest.raises(DocumentRefused) as caught:
        read_document(body, address=ADDRESS)
    return caught.value.reason


def twice(text: str) -> bytes:
    """UTF-8 that some software took for windows-1252 and encoded once more; its gaps are controls, as in browsers."""
    letters = (bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in text.encode())
    return "".join(letters).encode()


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


# ------------------------------------------------------------------------------------------------------- encoding


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (feed("Käse “ż”").encode(), None),
        (b"\xef\xbb\xbf" + feed("Käse “ż”").encode(), "text/xml; charset=iso-8859-1"),
        (feed("Käse “ż”", head='<?xml version="1.0" encoding="ISO-8859-1"?>').encode(), None),
        (feed("Käse “ż”", head='<?xml version="1.0" encoding="utf-16"?>').encode("utf-16"), None),
        (feed("Käse “ż”").encode("utf-16-be"), None),
        (feed("Käse “ż”").encode("utf-16-le"), None),
        (feed("Käse “ż”", head='<?xml version="1.0" encoding="no-such-thing"?>').encode(), None),
        (feed("Käse “ż”", head='<?xml version="1.0" encoding="UTF-16"?>').encode(), None),
    ],
)
def test_encoding(body: bytes, content_type: str | None) -> None:
    """Bytes are believed before labels."""
    assert titles(body, content_type) == ["Käse “ż”"]


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (feed("Käse “x”", head='<?xml version="1.0" encoding="utf-8"?>').encode("cp1252"), None, "Käse “x”"),
        (feed("Käse “x”", head='<?xml version="1.0" encoding="iso-8859-1"?>').encode("cp1252"), None, "Käse “x”"),
        (feed("Жук", head='<?xml version="1.0" encoding="windows-1251"?>').encode("cp1251"), None, "Жук"),
        (feed("Жук").encode("koi8-r"), "application/rss+xml; charset=KOI8-R", "Жук"),
        (feed("日本", head='<?xml version="1.0" encoding="ISO-2022-JP"?>').encode("iso-2022-jp"), None, "日本"),
        (feed("ż ").encode() .replace(b" ", b" \xe4"), None, "ż ä"),
        (feed("Käse “ż”").encode("utf-32-le"), None, "Käse “ż”"),
        (feed("Käse “ż”").encode("utf-32-be"), None, "Käse “ż”"),
        (("\ufeff" + feed("Käse")).encode("utf-32-be"), None, "Käse"),
        (twice(feed("Käse “ż” à — 💡")), None, "Käse “ż” à — 💡"),
        (b"\xef\xbb\xbf" + twice(feed("à la carte »")), "text/xml; charset=iso-8859-1", "à la carte »"),
        (twice(feed("fin\xa0»")).replace("Â\xa0".encode(), b"\xc3\x82 "), None, "fin »"),
        (feed("MANHÃ\xa0»").encode(), None, "MANHÃ »"),
        (twice(feed("Käse")) + "é".encode(), None, "KÃ¤se"),
    ],
)  # fmt: skip
def test_other_encodings(body: bytes, content_type: str | None, expected: str) -> None:
    """
    Windows-1252 under any Western label, other encodings under their own, single stray bytes among UTF-8; what was
    encoded twice is undone where every letter agrees, and only there.
    """
    assert titles(body, content_type) == [expected]


# -------------------------------------------------------------------------------------------------------- mending


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (feed("a&nbsp;b &eacute;"), "a b é"),
        (feed("AT&T fish & chips"), "AT&T fish & chips"),
        (feed("a &&& b &&amp; c &&nbsp;d"), "a &&& b && c & d"),
        (feed("a &unknown; b"), "a &unknown; b"),
        (feed("x\x0b\x00y"), "xy"),
        (feed("x&#0;&#x1F;&#x110000;y &#XE9;"), "xy é"),
        (feed(head="\n\n junk <?xml version='1.0'?>"), "t"),
        (feed(head="<!-- first --><?xml version='1.0'?><!-- <a> -->"), "t"),
        (feed(head="<br />\n<b>Warning</b>: in line 3 <?xml version='1.0'?>"), "t"),
        (feed(tail="<script>x</script> & more"), "t"),
        (feed(head='<!DOCTYPE rss [<!ENTITY city "Mill&#32;Town">]>', title="&city;"), "Mill Town"),
        (
            feed(
                head='<!DOCTYPE rss [<!-- it\'s --><!ENTITY % l PUBLIC "x" "y.ent"> %l;]>', title="&eacute;"
            ),
            "é",
        ),
        (feed(head='<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "t"),
        (feed(title="<![CDATA[a & b &nbsp; c]]> & d"), "a & b c & d"),
    ],
)
def test_mended(body: str, expected: str) -> None:
    """What can be cured with certainty is cured, and no text is cut."""
    assert [(title or "").replace("\xa0", " ") for title in titles(body.encode())] == [expected]


def test_cut_short() -> None:
    """Of a document that ends too early, the whole entries are read."""
    whole = (
        "<rss><channel>" + "".join(f"<item><title>{n}</title></item>" for n in range(9)) + "</channel></rss>"
    )

    assert titles(whole[:-60].encode()) == ["0", "1", "2", "3", "4", "5", "6"]


# ------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \n\t", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"Service Unavailable", "not_a_feed"),
        (
            b"<!DOCTYPE html><html><head><link rel=alternate></head><body>hello<br></body></html>",
            "not_a_feed",
        ),
        (b"<html xmlns='http://www.w3.org/1999/xhtml'><body/></html>", "not_a_feed"),
        (b"<opml><body/></opml>", "not_a_feed"),
        (b'{"version": "1", "items": []}', "not_a_feed"),
        (b'{"version": "https://jsonfeed.org/version/1.1"}', "not_a_feed"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": 5}', "not_a_feed"),
        (b"[1, 2]", "not_a_feed"),
        (b'{"version": ', "not_well_formed"),
        (b"<rss><channel>", "not_well_formed"),
        (b"<!DOCTYPE rss [", "not_a_feed"),
    ],
)
def test_refused(body: bytes, reason: str) -> None:
    """What is no feed is refused with a reason from the closed set."""
    assert refusal(body) == reason
    assert reason in REASONS


@pytest.mark.parametrize(
    "entities",
    [
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY x "&b;&b;&b;&b;&b;&b;&b;&b;">',
        '<!ENTITY x SYSTEM "file:///etc/hostname">',
        '<!ENTITY x PUBLIC "-//a//b" "http://169.254.169.254/latest/">',
        f'<!ENTITY x "{"y" * 200_000}">',
    ],
    ids=["nested", "file", "network", "quadratic"],
)
def test_entity_bombs(entities: str) -> None:
    """An entity that nests, reaches outside or swells is refused, never expanded."""
    body = feed(head=f"<?xml version='1.0'?><!DOCTYPE rss [{entities}]>", title="&x;" * 50)

    assert refusal(body.encode()) == "entities_refused"


def test_deep_nesting() -> None:
    """A hundred thousand levels are refused at once, in XML and in JSON."""
    deep = 100_000
    xml = b"<rss>" + b"<a>" * deep + b"</a>" * deep + b"</rss>"
    json = b'{"version": "https://jsonfeed.org/version/1.1", "x": ' + b"[" * deep + b"]" * deep + b"}"

    assert seconds(lambda: refusal(xml)) < 5
    assert refusal(xml) == "limits_exceeded"
    assert refusal(json) in {"limits_exceeded", "not_well_formed"}


def test_hundred_thousand_entries() -> None:
    """A document of 100,000 entries is read whole, in bounded time."""
    entry = "<item><guid>{0}</guid><title>Entry {0}</title><link>https://river.example/{0}</link></item>"
    body = ("<rss><channel>" + "".join(map(entry.format, range(100_000))) + "</channel></rss>").encode()
    found: list[str | None] = []

    assert seconds(lambda: found.extend(titles(body))) < 60
    assert len(found) == 100_000


def test_title_of_two_megabytes() -> None:
    """An entry with a title that is none is rejected; its neighbour is read."""
    body = feed("x" * 2_000_000).replace(
        "<channel>", "<channel><item><guid>0</guid><title>fine</title></item>"
    )
    read = read_document(body.encode(), address=ADDRESS)

    expected: tuple[Item, ...] = (
        Post(native="http://river.example/feed\n0", kind="article", text="", title="fine"),
        Rejected("too_large"),
    )
    assert items_from(read, FeedConfig(address=ADDRESS)) == expected


@pytest.mark.parametrize(
    "piece",
    [
        "<!--",
        "<!DOCTYPE ",
        "<!DOCTYPE x [<!--",
        "<?",
        "<![CDATA[",
        "&",
        "&#",
        "<rss ",
        "</item>",
        "<a b='",
        "{",
        "<![",
        "]]",
        "<a>",
        " a='b'",
    ],
)
@pytest.mark.parametrize("head", ["", "<rss><channel><item><title>&"])
def test_time_is_linear(head: str, piece: str) -> None:
    """No repeated piece makes a reading slower than its length: half a megabyte of each is answered in seconds."""
    body = (head + piece * (500_000 // len(piece))).encode()

    assert seconds(lambda: answer(body)) < 5


@given(st.binary(max_size=300))
def test_any_bytes(body: bytes) -> None:
    """Whatever the bytes, the answer is a feed or a refusal with a known reason."""
    answer(body)


@given(
    st.lists(
        st.sampled_from(
            [
                "<rss>", "<channel>", "<item>", "<title>", "</title>", "</item>", "</channel>", "</rss>", "&amp;", "&",
                "<feed xmlns='http://www.w3.org/2005/Atom'>", "<entry>", "<link href='x' rel=alternate>", "</feed>",
                "<![CDATA[", "]]>", "<!--", "-->", "<!DOCTYPE rss [", "<!ENTITY a 'b'>", "]>", "&a;", "é", "\0",
                "<rdf:RDF>", "<content type='xhtml'>", "<guid>", "1", '{"version":"https://jsonfeed.org/", "items":[',
                "]}", "{}", '"id": 1',
            ]
        ),
        max_size=30,
    )
)  # fmt: skip
def test_any_pieces(pieces: list[str]) -> None:
    """Fragments of feeds in any order end the same way."""
    answer("".join(pieces).encode())


def answer(body: bytes) -> None:
    reason = None
    try:
        items_from(read_document(body, address=ADDRESS), FeedConfig(address=ADDRESS))
    except DocumentRefused as error:
        reason = error.reason

    assert reason is None or reason in REASONS
