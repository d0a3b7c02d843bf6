"""
What a document says about its own history, its comments and its people.
"""

from __future__ import annotations

import pytest

from adapters.feed.documents import read_document
from adapters.feed.wire import Text, WireEntry, WireFault, WireFeed
from listener.text import html_to_text

ADDRESS = "https://river.example/feed/"
ATOM = "http://www.w3.org/2005/Atom"
NAMESPACES = (
    f'xmlns:atom="{ATOM}" xmlns:fh="http://purl.org/syndication/history/1.0" '
    'xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/" '
    'xmlns:thr="http://purl.org/syndication/thread/1.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:media="http://search.yahoo.com/mrss/"'
)


def rss(inside: str) -> WireFeed:
    body = f"<rss {NAMESPACES}><channel>{inside}</channel></rss>"
    return read_document(body.encode(), address=ADDRESS)


def atom(inside: str) -> WireFeed:
    body = f'<feed xmlns="{ATOM}" {NAMESPACES}>{inside}</feed>'
    return read_document(body.encode(), address=ADDRESS)


def only(feed: WireFeed) -> WireEntry:
    (entry,) = feed.entries
    assert isinstance(entry, WireEntry)
    return entry


@pytest.mark.parametrize("dialect", ["rss", "atom"])
def test_history_and_moves(dialect: str) -> None:
    """Paged and archived feeds, and where the feed says it is, are read in both dialects; addresses are absolute."""
    link = "atom:link" if dialect == "rss" else "link"
    read = rss if dialect == "rss" else atom
    found = read(
        f'<{link} rel="self" href="https://river.example/feed/?x=1"/><{link} rel="NEXT" href="?page=2"/>'
        f'<{link} rel="prev-archive" href="/2025/12"/><{link} rel="next" href="?page=9"/>'
        "<fh:archive/><fh:complete/><itunes:new-feed-url> https://new.example/feed </itunes:new-feed-url>"
    )

    assert found == WireFeed(
        dialect="rss" if dialect == "rss" else "atom",
        entries=(),
        self_address="https://river.example/feed/?x=1",
        new_address="https://new.example/feed",
        next_page="https://river.example/feed/?page=2",
        prev_archive="https://river.example/2025/12",
        is_archive=True,
        is_complete=True,
    )


def test_history_of_json_feed() -> None:
    """JSON Feed names itself and its next page, and says when it has ended; an item that expired is another matter."""
    found = read_document(
        b'{"version": "https://jsonfeed.org/version/1.1", "feed_url": "https://river.example/feed.json",'
        b' "next_url": "/feed.json?2", "expired": true, "items": [{"id": "1", "expired": true}, {"id": "2",'
        b' "content_html": "<a href=/x>y</a>"}]}',
        address=ADDRESS,
    )

    assert found == WireFeed(
        dialect="json",
        entries=(
            WireEntry(id="1", expired=True),
            WireEntry(id="2", content=Text("<a href=/x>y</a>", "html", ADDRESS)),
        ),
        self_address="https://river.example/feed.json",
        next_page="https://river.example/feed.json?2",
        ended=True,
    )


def test_a_bad_field_of_json_feed_harms_no_other() -> None:
    """A field that is not of its type is left out, of the document and of an item; the rest is read."""
    found = read_document(
        b'{"version": "https://jsonfeed.org/version/1", "language": 5, "author": "Anna", "next_url": "/2", "items":'
        b' [{"id": 1, "tags": "a, b", "title": "t", "author": {"name": ["x"]}, "date_published": 0}, [], null]}',
        address=ADDRESS,
    )

    assert found == WireFeed(
        dialect="json",
        entries=(
            WireEntry(id="1", title=Text("t", "plain")),
            WireFault("unreadable_item"),
            WireFault("unreadable_item"),
        ),
        next_page="https://river.example/2",
    )


@pytest.mark.parametrize(
    ("inside", "address", "count", "takes"),
    [
        ("<wfw:commentRss>/1/feed/</wfw:commentRss><slash:comments>3</slash:comments>", "https://river.example/1/feed/", 3, True),
        ("<wfw:commentRSS>https://river.example/1/feed/</wfw:commentRSS>", "https://river.example/1/feed/", None, True),
        ("<slash:comments>0</slash:comments>", None, 0, True),
        ("<slash:comments>many</slash:comments>", None, None, True),
        ("<slash:comments>99999999999999999999</slash:comments>", None, None, True),
        ("<atom:link rel='replies' href='/1/feed/' thr:count='7'/>", "https://river.example/1/feed/", 7, True),
        ("<atom:link rel='replies' type='text/html' href='/1/#comments' thr:count='7'/>", None, 7, True),
        (
            "<atom:link rel='replies' type='text/html' href='/1/#c' thr:count='6'/>"
            "<atom:link rel='replies' type='application/atom+xml; charset=utf-8' href='/1/atom/'/>",
            "https://river.example/1/atom/", 6, True,
        ),
        ("<thr:total>4</thr:total>", None, 4, True),
        ("<wfw:commentRss>mailto:someone@mail.example</wfw:commentRss>", None, None, True),
        ("<guid>1</guid>", None, None, False),
    ],
)  # fmt: skip
def test_comments(inside: str, address: str | None, count: int | None, takes: bool) -> None:
    """Where an entry's comments are read, and how many it says it has, in RSS and in Atom alike."""
    expected = (address, count, takes)
    in_rss = only(rss(f"<item><title>t</title>{inside}</item>"))
    in_atom = only(atom(f"<entry><title>t</title>{inside}</entry>"))

    assert (in_rss.comments_feed, in_rss.comment_count, in_rss.takes_comments) == expected
    assert (in_atom.comments_feed, in_atom.comment_count, in_atom.takes_comments) == expected


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<author>a@b.example (Anna)</author>", ("a@b.example (Anna)",)),
        ("<dc:creator>Anna</dc:creator><itunes:author>Bo</itunes:author>", ("Anna", "Bo")),
        ("<itunes:owner><itunes:name>Bo</itunes:name><itunes:email>b@c.example</itunes:email></itunes:owner>", ("Bo", "b@c.example")),
        ("<atom:author><atom:name>Anna</atom:name><atom:uri>https://anna.example/</atom:uri></atom:author>", ("Anna", "https://anna.example/")),
        ("<media:credit role='photographer'>Cy</media:credit>", ("Feed", "Cy")),
        ("<media:group><media:content><media:credit>Cy</media:credit></media:content></media:group><dc:creator>Anna</dc:creator>", ("Anna", "Cy")),
        ("<atom:source><atom:author><atom:name>Anna</atom:name></atom:author></atom:source>", ("Anna",)),
        ("<source url='https://x.example/feed'>The Times</source>", ()),
        ("<dc:creator><b>Anna</b></dc:creator>", ("Anna",)),
    ],
)  # fmt: skip
def test_people(inside: str, expected: tuple[str, ...]) -> None:
    """Whoever an item names goes into its authors; who is merely credited does not hide the feed's own author."""
    entry = only(rss(f"<managingEditor>Feed</managingEditor><item><title>t</title>{inside}</item>"))

    assert entry == WireEntry(title=Text("t", "guess"), authors=expected)


def test_what_media_says_stands_in_for_what_is_missing() -> None:
    """A title or description in a media group or content counts where the item has none of its own."""
    entry = only(
        rss(
            "<item><media:content><media:title>t</media:title></media:content>"
            "<media:group><media:description>d</media:description></media:group></item>"
        )
    )

    assert entry == WireEntry(title=Text("t", "guess"), summary=Text("d", "guess"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('type="application/octet-stream">V29yZHM=', Text("Words", "guess")),
        ('type="image/png">iVBORw0KGgo=', None),
        ('type="image/png">no base64 at all', None),
        ('mode="base64" type="text/html">PGI+eDwv\nYj4=', Text("<b>x</b>", "guess")),
        ('type="whatever">x', Text("x", "plain")),
    ],
)  # fmt: skip
def test_content_of_atom(content: str, expected: Text | None) -> None:
    """Base64 that is text is read as text; a type nobody knows is one of text."""
    entry = only(atom(f'<entry xml:base="/sub/"><id>1</id><content {content}</content></entry>'))

    assert entry == WireEntry(id="1", content=expected)


def test_xhtml_of_atom() -> None:
    """XHTML keeps its tags, and the base that its links need."""
    div = '<div xmlns="http://www.w3.org/1999/xhtml">a <a href="/b">b</a></div>'
    content = only(
        atom(f'<entry xml:base="/sub/"><id>1</id><content type="xhtml">{div}</content></entry>')
    ).content

    assert content is not None
    assert (content.markup, content.base) == ("html", "https://river.example/sub/")
    assert html_to_text(content.value, base=content.base) == "a b <https://river.example/b>"


def test_a_link_of_atom() -> None:
    """HTML comes before what says no type; an id that is an address stands in, any other does not."""
    links = '<link href="/a"/><link type="application/pdf" href="/b"/><link type="text/html" href="/c"/>'

    assert only(atom(f"<entry><id>1</id>{links}</entry>")).link == "https://river.example/c"
    assert only(atom("<entry><id>https://river.example/d</id></entry>")).link == "https://river.example/d"
    assert only(atom("<entry><id>urn:uuid:1</id></entry>")).link is None


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("HTTPS://River.example/A b", "https://River.example/Ab"),
        ("ht&#10;tps://river.example/a", "https://river.example/a"),
        ("https://river.example/a b", "https://river.example/ab"),
        ("https:a", None),
        ("https://", None),
        ("https://[", None),
        ("ftp://river.example/", None),
    ],
)
def test_addresses(stated: str, expected: str | None) -> None:
    """An address of the web has a host, a scheme in lower case and no blanks; anything else is none."""
    assert only(rss(f"<item><guid>{stated}</guid><title>t</title></item>")).link == expected


def test_rss_eleven() -> None:
    """RSS 1.1: a Channel without a root around it, its items in `items`."""
    body = """<Channel xmlns="http://purl.org/net/rss1.1#" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
      rdf:about="https://river.example/"><title>x</title><items rdf:parseType="Collection">
      <item rdf:about="https://river.example/1"><title>One</title><link>https://river.example/1</link></item>
      </items></Channel>"""

    assert only(read_document(body.encode(), address=ADDRESS)) == WireEntry(
        id="https://river.example/1", link="https://river.example/1", title=Text("One", "guess")
    )
