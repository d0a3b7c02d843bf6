"""
Each dialect, whole: a synthetic document in, every value a page would carry out.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.feed.config import FeedConfig
from adapters.feed.documents import read_document
from adapters.feed.normalise import items_from
from adapters.feed.wire import WireFeed
from listener.adapter import Item
from listener.events import Author, Post, Rejected, Removal

PAYLOADS = Path(__file__).parent / "payloads"
ADDRESS = "https://river.example/feed/"
CONFIG = FeedConfig(address=ADDRESS)


def read(name: str) -> WireFeed:
    return read_document((PAYLOADS / name).read_bytes(), address=ADDRESS)


def scoped(identity: str) -> str:
    return f"http://river.example/feed\n{identity}"


EXPECTED: dict[str, tuple[Item, ...]] = {
    "rss20.xml": (
        Post(
            native=scoped("http://river.example?p=41"),
            aliases=("http://river.example/flood", scoped("http://river.example/flood")),
            kind="article",
            title="Flood & drought on Mill Street",
            text="The water is high.\n\nStay home.",
            lang="en-GB",
            tags=("HighWater", "Mill Street"),
            published_at=datetime(2026, 1, 5, 8, 30, tzinfo=UTC),
            link="https://river.example/flood/",
            open_to_reply="yes",
            author=Author(("Robin Quill",)),
        ),
        Post(
            native=scoped("http://river.example?p=42"),
            aliases=(
                "http://river.example/relative?a=1&b=2",
                scoped("http://river.example/relative?a=1&b=2"),
            ),
            kind="article",
            title="AT&T < 5",
            text="Plain words, no tags.",
            lang="en-GB",
            published_at=datetime(2026, 1, 6, 15, 0, tzinfo=UTC),
            link="https://river.example/relative/?a=1&b=2",
            author=Author(("quill@river.example", "Robin Quill")),
        ),
    ),
    "rss091.xml": (
        Post(
            native=scoped("http://old.example/cafe"),
            aliases=("http://old.example/cafe",),
            kind="article",
            title="Café fermé",
            text="Un\xa0mot.",
            lang="fr",
            link="http://old.example/cafe",
        ),
    ),
    "rdf.xml": (
        Post(
            native=scoped("http://rdf.example/1"),
            aliases=("http://rdf.example/1",),
            kind="article",
            title="Eins",
            text="Erster Text",
            lang="de",
            tags=("Fluss",),
            published_at=datetime(2026, 1, 7, 7, 0, tzinfo=UTC),
            link="https://rdf.example/1",
            author=Author(("Ada Stein",)),
        ),
    ),
    "atom10.xml": (
        Post(
            native=scoped("tag:atom.example,2026:1"),
            aliases=("http://atom.example/blog/one", scoped("http://atom.example/blog/one")),
            kind="article",
            title="One <tag> bold",
            text="Up here\n& there",
            lang="en",
            tags=("Bridges",),
            published_at=datetime(2026, 1, 5, 10, 0, tzinfo=UTC),
            edited_at=datetime(2026, 1, 6, 9, 30, tzinfo=UTC),
            link="https://atom.example/blog/one",
            open_to_reply="yes",
            author=Author(("Kim Harrow", "https://atom.example/people/kim")),
        ),
        Post(
            native=scoped("tag:atom.example,2026:2"),
            aliases=("http://elsewhere.example/two", scoped("http://elsewhere.example/two")),
            kind="article",
            title="Plain <b> stays",
            text="Words & more",
            lang="cy",
            published_at=datetime(2026, 1, 7, 10, 0, 0, 500_000, tzinfo=UTC),
            link="https://elsewhere.example/two",
            author=Author(("Lee Marsh", "lee@marsh.example")),
        ),
        Removal(scoped("tag:atom.example,2026:0")),
    ),
    "atom03.xml": (
        Post(
            native=scoped("tag:older.example,2004:3"),
            aliases=("http://older.example/3", scoped("http://older.example/3")),
            kind="article",
            title="Three — four",
            text="Text",
            lang="en",
            published_at=datetime(2004, 5, 6, 7, 8, 9, tzinfo=UTC),
            edited_at=datetime(2004, 5, 7, 7, 8, 9, tzinfo=UTC),
            link="https://older.example/3",
            author=Author(("Pat Reed", "https://older.example/pat")),
        ),
    ),
    "feed.json": (
        Post(
            native=scoped("a1"),
            aliases=("http://river.example/a1", scoped("http://river.example/a1")),
            kind="article",
            title="Uno",
            text="Agua & sol",
            lang="es",
            tags=("Río",),
            published_at=datetime(2026, 1, 5, 13, 0, tzinfo=UTC),
            link="https://river.example/a1",
            author=Author(("Noa Vale", "https://json.example/noa")),
        ),
        Post(
            native=scoped("2"),
            kind="article",
            text="a < b",
            lang="en",
            published_at=datetime(2026, 1, 6, 10, 0, tzinfo=UTC),
            author=Author(("Ira Field",)),
        ),
        Removal(scoped("gone")),
        Rejected("no_content"),
        Rejected("unreadable_item"),
    ),
    "wp_comments.xml": (
        Post(
            native=scoped("http://river.example?p=41#comment-12"),
            aliases=(
                "http://river.example/flood#comment-12",
                scoped("http://river.example/flood#comment-12"),
            ),
            kind="comment",
            text="Thank you!",
            published_at=datetime(2026, 1, 7, 12, 0, tzinfo=UTC),
            link="https://river.example/flood/#comment-12",
            reply_to=scoped("http://river.example?p=41#comment-11"),
            author=Author(("Jo Fenn",)),
        ),
        Post(
            native=scoped("http://river.example?p=41#comment-11"),
            aliases=(
                "http://river.example/flood#comment-11",
                scoped("http://river.example/flood#comment-11"),
            ),
            kind="comment",
            text="How high?",
            published_at=datetime(2026, 1, 7, 11, 0, tzinfo=UTC),
            link="https://river.example/flood/#comment-11",
            reply_to="http://river.example/flood",
            author=Author(("Sam Weir",)),
        ),
    ),
    "wp_comments_atom.xml": (
        Post(
            native=scoped("http://river.example?p=41#comment-12"),
            aliases=(
                "http://river.example/flood#comment-12",
                scoped("http://river.example/flood#comment-12"),
            ),
            kind="comment",
            text="Thank you!",
            published_at=datetime(2026, 1, 7, 12, 0, tzinfo=UTC),
            link="https://river.example/flood/#comment-12",
            reply_to=scoped("http://river.example?p=41#comment-11"),
            author=Author(("Jo Fenn", "https://jo.example/")),
        ),
        Post(
            native=scoped("http://river.example?p=41#comment-11"),
            aliases=(
                "http://river.example/flood#comment-11",
                scoped("http://river.example/flood#comment-11"),
            ),
            kind="comment",
            text="How high?",
            published_at=datetime(2026, 1, 7, 11, 0, tzinfo=UTC),
            link="https://river.example/flood/#comment-11",
            reply_to="http://river.example/flood",
            author=Author(("City Office",)),
        ),
    ),
}


@pytest.mark.parametrize("name", sorted(path.name for path in PAYLOADS.iterdir()))
def test_document_becomes_posts(name: str) -> None:
    """Every payload gives exactly these items, in the order of the document."""
    assert items_from(read(name), CONFIG) == EXPECTED[name]


def test_hints_of_the_document() -> None:
    """ttl, update period, skipHours and skipDays are read; 24 is midnight and the longer hint counts."""
    feed = read("rss20.xml")

    assert (feed.fresh_for_s, feed.skip_hours, feed.skip_days) == (5400.0, frozenset({0, 3}), frozenset({6}))


def test_namespaces_go_by_address_not_by_prefix() -> None:
    """A familiar prefix bound to a foreign namespace means nothing."""
    body = b"""<rss xmlns:content="urn:foreign"><channel><item><guid>1</guid>
      <description>right</description><content:encoded>wrong</content:encoded></item></channel></rss>"""

    (post,) = items_from(read_document(body, address=ADDRESS), CONFIG)

    assert post == Post(native=scoped("1"), kind="article", text="right")


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (b"<RSS><CHANNEL><ITEM><TITLE>upper</TITLE><GUID>1</GUID></ITEM></CHANNEL></RSS>", "upper"),
        (b"<rss><item><title>beside</title><guid>1</guid></item></rss>", "beside"),
        (b"<rss xmlns='http://backend.userland.com/rss2'><channel><item><title>own</title></item></channel></rss>", "own"),
        (b"<rss><channel><item><dc:title>undeclared</dc:title><guid>1</guid></item></channel></rss>", "undeclared"),
        (b"<entry xmlns='http://www.w3.org/2005/Atom'><id>1</id><title>single</title></entry>", "single"),
        (b"<feed><entry><id>1</id><title>bare</title></entry></feed>", "bare"),
        (b"<rss><channel><item><title><b>in</b>line</title></item></channel></rss>", "inline"),
        (b"<rss><channel><item><title/><title>second</title></item></channel></rss>", "second"),
    ],
)  # fmt: skip
def test_shapes_off_the_path(body: bytes, title: str) -> None:
    """Upper case, no namespace, items outside the channel, a single entry: all are read."""
    (post,) = items_from(read_document(body, address=ADDRESS), CONFIG)

    assert isinstance(post, Post)
    assert post.title == title
