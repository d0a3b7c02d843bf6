"""
Documents that are no XML at all: whatever tags there are make the feed.
"""

from __future__ import annotations

import contextlib
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.feed.config import FeedConfig
from adapters.feed.documents import REASONS, read_document
from adapters.feed.normalise import items_from
from adapters.feed.wire import Text, WireEntry, WireFeed
from listener.errors import DocumentRefused
from listener.events import Post

ADDRESS = "https://river.example/feed/"


def feed(body: str | bytes) -> WireFeed:
    return read_document(body if isinstance(body, bytes) else body.encode(), address=ADDRESS)


def entries(body: str | bytes) -> tuple[WireEntry, ...]:
    return tuple(entry for entry in feed(body).entries if isinstance(entry, WireEntry))


def posts(body: str) -> list[tuple[str | None, str]]:
    items = items_from(feed(body), FeedConfig(address=ADDRESS))
    return [(item.title, item.text) for item in items if isinstance(item, Post)]


def rss(items: str) -> str:
    return f"<rss version='2.0'><channel><title>River</title>{items}</channel></rss>"


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ("<item><title>a</title><description>one<br>two<p>three</description></item>", [("a", "one\ntwo\n\nthree")]),
        ("<ITEM><TITLE>a</title><Description>b</DESCRIPTION></item>", [("a", "b")]),
        ("<item><title>a<description>b</item><item><title>c</item>", [("a", "b"), ("c", "")]),
        ("<item><title>a</title><item><title>b</title></item>", [("a", ""), ("b", "")]),
        ("<item><title>a < b <3</title><description>1 < 2 & 3 > 2</description></item>", [("a < b <3", "1 < 2 & 3 > 2")]),
        ("<item><title>a</b></title></item>", [("a", "")]),
        ("<item><title>a</title></item></item></channel>", [("a", "")]),
        ("<item><title a=1 a=2 b>x</title></item>", [("x", "")]),
        ("<item><title>&lt;b&gt;x&lt;/b&gt; &amp;amp; y<br></title></item>", [("<b>x</b> &amp; y", "")]),
        ("<item><description>&lt;p&gt;x&lt;/p&gt;</description><title>t<b></title></item>", [("t", "x")]),
        ("<item><description><![CDATA[<p>x</p>]]><br>y</description></item>", [(None, "x\n\ny")]),
        ("<item><description><![CDATA[<p>x</description><guid>1</item><item><title>y</item>", [(None, "x"), ("y", "")]),
        (
            "<item><description><![CDATA[one</description></item><item><description><![CDATA[two]]></description></item><item><title>z<br></item>",
            [(None, "one"), (None, "two"), ("z", "")],
        ),
        ("<item><title>a</title><description>x<!-- never closed</description></item><item><title>b</item>", [("a", "x"), ("b", "")]),
        ("<item><description><title>in</title> <link>x</link> <b>y</description></item>", [(None, "x y")]),
        ("<item><dc:title>a</title></dc:title></item>", [("a", "")]),
        ("<item><title>a</title><p>stray <b>words</p></item>", [("a", "")]),
        ("<item><title>a</title></item><br><item/><item></item><item><title>b</title></item>", [("a", ""), ("b", "")]),
    ],
)  # fmt: skip
def test_tags_that_do_not_match(items: str, expected: list[tuple[str | None, str]]) -> None:
    """Fields end where they must, HTML in a field is that field's, and the neighbours are read."""
    assert posts(rss(items)) == expected


def test_a_whole_broken_entry_has_every_field() -> None:
    """Addresses, dates, people, categories and comments are found as in a well formed document."""
    (entry,) = entries(
        """<?xml version="1.0"?><rss xmlns:thread="http://purl.org/syndication/thread/1.0"><channel>
        <item>
          <title>High water<br></title>
          <link>/flood?a=1&b=2</link>
          <guid isPermaLink=false>https://river.example/?p=41</guid>
          <pubDate>Mon, 05 Jan 2026 09:30:00 +0100
          <category>Flood<category>River</category>
          <author><name>Robin Quill</name><uri>https://quill.example</uri></author>
          <dc:creator>R. Quill</dc:creator>
          <media:group><media:credit role=photographer>Jo Fenn</media:credit></media:group>
          <wfw:commentRss>https://river.example/flood/feed/</wfw:commentRss>
          <slash:comments>3</slash:comments>
          <thread:in-reply-to ref="x" href="https://other.example/1" />
          <content:encoded>The <a href="https://map.example/">map</a> &amp; more.</content:encoded>
          <description>Short</description>
        </item></channel></rss>"""
    )

    assert entry == WireEntry(
        id="https://river.example/?p=41",
        link="https://river.example/flood?a=1&b=2",
        title=Text("High water<br>", "guess"),
        content=Text('The <a href="https://map.example/">map</a> &amp; more.', "html"),
        summary=Text("Short", "guess"),
        published="Mon, 05 Jan 2026 09:30:00 +0100",
        categories=("Flood", "River"),
        authors=("Robin Quill", "https://quill.example", "R. Quill", "Jo Fenn"),
        reply_ref="x",
        reply_href="https://other.example/1",
        takes_comments=True,
        comments_feed="https://river.example/flood/feed/",
        comment_count=3,
    )


def test_a_broken_atom_feed() -> None:
    """Atom is read from tags as well: link, type and author of the feed."""
    found = feed(
        """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang=en><author><name>Kim</author>
        <link rel=next href=/page/2><link rel=self href="https://river.example/feed/">
        <entry><id>tag:1</id><title type=text>One<title><link href='https://river.example/1' rel="alternate">
        <updated>2026-01-05T09:30:00Z</updated><content type="xhtml"><div><p>Up<br>down</div></content>
        <at:deleted-entry ref="tag:0" when="2026-01-05T09:30:00Z">
        <entry><id>tag:2</id><summary type="html">&lt;b&gt;x&lt;/b&gt;</summary></entry></feed>"""
    )
    one, gone, two = found.entries

    assert (found.next_page, found.self_address, found.lang) == (
        "https://river.example/page/2",
        "https://river.example/feed/",
        "en",
    )
    assert one == WireEntry(
        id="tag:1",
        link="https://river.example/1",
        title=Text("One", "plain"),
        content=Text("<div><p>Up<br>down</div>", "html"),
        updated="2026-01-05T09:30:00Z",
    )
    assert gone.__class__.__name__ == "WireDeletion"
    assert two == WireEntry(id="tag:2", summary=Text("<b>x</b>", "html"))


@pytest.mark.parametrize(
    ("body", "titles"),
    [
        ("<html><body>Sorry<rss><channel><item><title>a</title></item></channel></rss></body></html>", ["a"]),
        ("<!DOCTYPE html><html><head><meta charset=utf-8></head><body><pre><rss><item><title>a</rss></pre>", ["a"]),
        ("<?xml?xml version='1.0' ??>\n<rss rss:version=2.0><rss:channel><rss:item><rss:title>a</rss:title></rss:item></rss:channel></rss>", ["a"]),
        ("<rdf:RDF><channel><items><rdf:Seq></items></channel><item rdf:about='x'><title>a</item></rdf:RDF>", ["a"]),
        ("<Channel><title>x</title><items><item><title>a</title></item></items></Channel>", ["a"]),
        ("<rss><channel><item><title>a</title></item></channel></rss><rss><channel><item><title>b</title></item></channel></rss>", ["a", "b"]),
        ("<rss><channel><item><guid>1</guid><title>a</title></item><item><guid>2</guid><title>b</title><pubDate>Mon, 0", ["a", "b"]),
        ("<rss><channel><item><guid>1</guid><title>a</title></item><item><title>b</title><link>http://x.exa", ["a"]),
        ("<rss><channel><item><guid>1</guid><title>a</title></item><item><title>b</title><guid>http://x.exa", ["a"]),
        ("<rss><channel><item><title>a</title></item><item></item></rss>", ["a"]),
    ],
    ids=["page", "page-pre", "two-declarations", "rdf", "rss11", "two-roots", "cut", "cut-unnamed", "cut-name", "empty-item"],
)  # fmt: skip
def test_shapes_of_whole_documents(body: str, titles: list[str]) -> None:
    """Pages around a feed, roots written twice, and an end too soon: an entry that cannot say which it is waits."""
    assert [title for title, _ in posts(body)] == titles


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<html><body><script>'<rss><channel></channel></rss>'</script><br></body></html>", "not_a_feed"),
        ("<html><body><p>See <item>this</item><br></body></html>", "not_a_feed"),
        ("<rss><channel><title>a<br>", "not_well_formed"),
        ("<feed><entry>", "not_well_formed"),
        ("<rss><channel>" + "<a>" * 300 + "</rss>", "limits_exceeded"),
    ],
)
def test_no_feed_even_so(body: str, reason: str) -> None:
    """A root alone is a feed only where it ends; in a page it takes entries."""
    with pytest.raises(DocumentRefused) as caught:
        feed(body)

    assert caught.value.reason == reason


def test_no_entries_but_an_end() -> None:
    """A feed without entries is one, however badly it is written."""
    assert feed("<rss><channel><title>a<br></title></channel></rss>") == WireFeed(dialect="rss", entries=())


PIECES = {
    "brackets": "<",
    "ampersands": "&",
    "comments": "<!--",
    "sections": "<![CDATA[",
    "section ends": "]]>",
    "half ends": "]]",
    "attributes": " a='b'",
    "quotes": "='",
    "tags": "<a>",
    "titles": "<title>",
    "items": "<item>",
    "authors": "<author><name>x",
    "end tags": "</item>",
    "divs": "<xhtml:div>",
    "declarations": "<x xmlns:a='b'",
    "groups": "<source>",
    "fields": "<item><title>x</b><link>y",
    "section in a field": "<item><title><![CDATA[x</title></item>",
    "comment in a field": "<item><title><!--x</title></item>",
    "references": "&nbsp;",
    "links": "<link href=x ",
}
HEADS = {
    "bare": "",
    "title": "<rss><channel><item><title>",
    "tag": "<rss><channel><item><title ",
    "section": "<rss><channel><item><description><![CDATA[",
    "atom": "<feed><entry><content type='xhtml'>",
}


def cpu(body: bytes) -> float:
    started = time.process_time()
    with contextlib.suppress(DocumentRefused):
        items_from(read_document(body, address=ADDRESS), FeedConfig(address=ADDRESS))
    return time.process_time() - started


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("piece", PIECES)
def test_time_doubles_with_size(piece: str, head: str) -> None:
    """Twice as much of whatever repeats takes about twice as long, and never long."""
    size = 30_000
    small, large = (HEADS[head] + PIECES[piece] * (n // len(PIECES[piece])) for n in (size, 2 * size))
    once = min(cpu(small.encode()) for _ in range(2))
    twice = min(cpu(large.encode()) for _ in range(2))

    assert twice < max(4 * once, 0.1)


@pytest.mark.parametrize("piece", PIECES)
def test_memory_stays_in_proportion(piece: str) -> None:
    """Whatever repeats, Python holds less than a hundred times as much of it; whole entries are the dearest."""
    body = (HEADS["title"] + "<b>" + PIECES[piece] * (30_000 // len(PIECES[piece]))).encode()
    cpu(body)  # what is made once is made
    tracemalloc.start()
    cpu(body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 100 * len(body)


def test_many_broken_entries() -> None:
    """A document of 20,000 entries that is no XML is read whole, in bounded time."""
    entry = "<item><guid>{0}</guid><title>Entry {0}<br></title><link>https://river.example/{0}</link></item>"
    body = rss("".join(map(entry.format, range(20_000)))).encode()
    started = time.process_time()

    assert len(feed(body).entries) == 20_000
    assert time.process_time() - started < 15


def test_nesting_is_no_depth() -> None:
    """A hundred thousand levels in one entry leave its neighbours readable."""
    body = rss(
        "<item><title>a</title>" + "<description><div>" * 100_000 + "</item><item><title>b</title></item>"
    )

    assert [title for title, _ in posts(body)] == ["a", "b"]


TAGS = (
    "item", "/item", "entry", "/entry", "title", "/title", "description", "/description", "content type='xhtml'",
    "/content", "author", "/author", "name", "/name", "link", "/link", "link href=x", "link href='/x'/", "guid",
    "/guid", "id", "/id", "source", "/source", "media:group", "/media:group", "media:title", "dc:creator",
    "content:encoded", "/content:encoded", "br", "p", "/p", "div xmlns='http://www.w3.org/1999/xhtml'", "/div",
    "channel", "/channel", "rss", "/rss", "feed", "/feed", "rdf:RDF", "?xml", "!--", "![CDATA[", "xhtml:div",
    "/xhtml:div", "skipHours", "hour", "/hour", "/skipHours", "at:deleted-entry ref='1'", "a:b xmlns:a='urn:x'",
)  # fmt: skip


@given(
    st.sampled_from(["<rss><channel>", "<feed xmlns='http://www.w3.org/2005/Atom'>", "<rdf:RDF>", ""]),
    st.lists(
        st.sampled_from(TAGS).map("<{}>".format)
        | st.sampled_from(["x", "&amp;", "&", "]]>", "-->", "<", ">", '"', "'", "1", "\x01", "\ufffe", " "]),
        max_size=40,
    ),
)
def test_any_soup(head: str, pieces: list[str]) -> None:
    """Tags of feeds in any order end in a feed whose entries all say something, or in a refusal."""
    reason = None
    try:
        found = feed(head + "".join(pieces))
    except DocumentRefused as refused:
        reason = refused.reason
    else:
        items_from(found, FeedConfig(address=ADDRESS))

    assert reason is None or reason in REASONS
