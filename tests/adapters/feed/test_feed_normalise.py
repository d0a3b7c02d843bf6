"""
Identity, comments and relations: from wire entries to posts, without a document.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from adapters.feed.config import FeedConfig
from adapters.feed.normalise import items_from
from adapters.feed.wire import Text, WireDeletion, WireEntry, WireFault, WireFeed
from listener.adapter import Item
from listener.events import Author, Post, Rejected, Removal

FIRST = "https://first.example/feed"
PUBLIC = FeedConfig(address="https://now.example/feed", first_address=FIRST)
OWN = FeedConfig(address=FIRST, relation="own", own_authors=("City Office",))


def items(
    *entries: WireEntry | WireDeletion | WireFault, config: FeedConfig = PUBLIC, **feed: str
) -> tuple[Item, ...]:
    return items_from(WireFeed(dialect="rss", entries=entries, home=feed.get("home")), config)


def one(entry: WireEntry, config: FeedConfig = PUBLIC) -> Post:
    (post,) = items(entry, config=config)
    assert isinstance(post, Post)
    return post


def natives(found: Sequence[Item]) -> list[str]:
    return [item.native for item in found if isinstance(item, Post)]


def said(words: str) -> Text:
    return Text(words, "plain")


# ------------------------------------------------------------------------------------------------------- identity


@pytest.mark.parametrize(
    ("entry", "native"),
    [
        (WireEntry(id=" g1 ", link="https://a.example/1", title=said("t")), f"{FIRST}\ng1"),
        (WireEntry(id="https://a.example/?p=1", title=said("t")), f"{FIRST}\nhttp://a.example/?p=1"),
        (WireEntry(id="http://a.example/?p=1", title=said("t")), f"{FIRST}\nhttp://a.example/?p=1"),
        (WireEntry(link="https://a.example/1", title=said("t")), f"{FIRST}\nhttp://a.example/1"),
    ],
)
def test_identity(entry: WireEntry, native: str) -> None:
    """Id before link; http and https are one; the scope is the first configured address."""
    assert one(entry).native == native


def test_identity_of_what_has_neither_id_nor_link() -> None:
    """A digest of what is said names it: the same words the same post, other words another."""
    first, again, other = (one(WireEntry(title=said(title))).native for title in ("a", "a", "b"))

    assert first == again != other
    assert first.startswith(f"{FIRST}\nsha256:")


def test_one_id_for_everything_is_no_identity() -> None:
    """Where entries with different links share an id, their links tell them apart."""
    found = items(
        WireEntry(id="blog", link="https://a.example/1", title=said("1")),
        WireEntry(id="blog", link="https://a.example/2", title=said("2")),
    )

    assert natives(found) == [f"{FIRST}\nhttp://a.example/1", f"{FIRST}\nhttp://a.example/2"]


def test_the_same_post_twice_is_given_once() -> None:
    """A post that stands twice in one document is not an edit of itself."""
    entry = WireEntry(id="1", link="https://a.example/1", title=said("new"))

    assert natives(items(entry, WireEntry(id="1", link="https://a.example/1", title=said("old")))) == [
        f"{FIRST}\n1"
    ]


def test_aliases_name_one_post_only() -> None:
    """A permalink is an alias, inside the feed and outside; the address of the site or of two entries is none."""
    found = items(
        WireEntry(id="1", link="https://a.example/1", title=said("1")),
        WireEntry(id="2", link="https://a.example/", title=said("2")),
        WireEntry(id="3", link="https://b.example/x", title=said("3")),
        WireEntry(id="4", link="https://b.example/x", title=said("4")),
        home="https://a.example/",
    )

    assert [item.aliases for item in found if isinstance(item, Post)] == [
        ("https://a.example/1", f"{FIRST}\nhttp://a.example/1"),
        (),
        (),
        (),
    ]


# ------------------------------------------------------------------------------------------------ what is not a post


def test_what_says_nothing_is_rejected() -> None:
    """An entry without words is counted, with a reason; so is one that could not be decoded."""
    assert items(WireEntry(id="1"), WireEntry(), WireFault("unreadable_item")) == (
        Rejected("no_content"),
        Rejected("no_identity"),
        Rejected("unreadable_item"),
    )


def test_removals() -> None:
    """A tombstone and an expired item take the post away; a tombstone older than the entry does not."""
    found = items(
        WireDeletion("gone", "2026-01-05T00:00:00Z"),
        WireDeletion("back", "2026-01-05T00:00:00Z"),
        WireEntry(id="back", title=said("t"), updated="2026-01-06T00:00:00Z"),
        WireEntry(id="over", title=said("t"), expired=True),
    )

    assert found == (
        Removal(f"{FIRST}\ngone"),
        Post(
            native=f"{FIRST}\nback",
            kind="article",
            title="t",
            text="",
            published_at=datetime(2026, 1, 6, tzinfo=UTC),
        ),
        Removal(f"{FIRST}\nover"),
    )


# ------------------------------------------------------------------------------------------------------- comments


def comment(title: str, *authors: str, **more: str) -> Post:
    entry = WireEntry(
        id="https://a.example/?p=1#comment-2",
        title=said(title),
        content=Text(more.get("html", "<p>words</p>"), "html"),
        authors=authors,
    )
    return one(entry)


@pytest.mark.parametrize(
    ("title", "authors", "reduced", "names"),
    [
        ("Comment on The bridge by Jo Fenn", ("Jo Fenn",), None, ("Jo Fenn",)),
        ("Comment on The bridge by Jo Fenn", (), None, ("Jo Fenn",)),
        ("Comment on Stand by me by Jo Fenn", (), None, ("Jo Fenn",)),
        ("Comment on The bridge by Walk by Night", ("Walk by Night",), None, ("Walk by Night",)),
        ("Kommentar zu Die Brücke von Jo Fenn", (), None, ("Jo Fenn",)),
        ("Commentaires sur Le pont par Jo Fenn", ("Jo Fenn",), None, ("Jo Fenn",)),
        ("By: Jo Fenn", (), None, ("Jo Fenn",)),
        ("Par : Jo Fenn", ("Jo Fenn",), None, ("Jo Fenn",)),
        ("Reactie: iets anders", ("Jo Fenn",), "Reactie: iets anders", ("Jo Fenn",)),
        ("words", ("Jo Fenn",), None, ("Jo Fenn",)),
    ],
)
def test_names_in_titles(
    title: str, authors: tuple[str, ...], reduced: str | None, names: tuple[str, ...]
) -> None:
    """A title that a blog made of the article's and the commenter's name is dropped, and the name is known to the gate."""
    post = comment(title, *authors)

    assert (post.kind, post.title, post.author) == ("comment", reduced, Author(names))


def test_an_article_keeps_its_title() -> None:
    """What looks like a comment's title is one only under a comment."""
    assert (
        one(WireEntry(id="1", title=said("Comment on art by masters"))).title == "Comment on art by masters"
    )


@pytest.mark.parametrize(
    ("html", "text", "reply_to"),
    [
        (
            '<p>In reply to <a href="https://a.example/x#comment-7">Kim Harrow</a>.</p><p>Yes</p>',
            "Yes",
            f"{FIRST}\nhttp://a.example/x#comment-7",
        ),
        (
            'Als Antwort auf <a href="https://a.example/x?a=1&amp;b=2#comment-7">Kim Harrow</a>.\n\nYes',
            "Yes",
            f"{FIRST}\nhttp://a.example/x?a=1&b=2#comment-7",
        ),
        ('See <a href="https://b.example/">this</a>. Yes', "See this <https://b.example/>. Yes", None),
    ],
)
def test_whom_a_comment_answers(html: str, text: str, reply_to: str | None) -> None:
    """WordPress's first sentence names another person: it goes, and the link in it says what is answered."""
    post = comment("By: Jo Fenn", html=html)

    assert (post.text, post.reply_to) == (text, reply_to)


@pytest.mark.parametrize(
    ("ref", "href", "reply_to"),
    [
        ("tag:1", None, f"{FIRST}\ntag:1"),
        ("tag:1", "https://a.example/x#comment-7", f"{FIRST}\ntag:1"),
        (None, "https://a.example/x#c7", f"{FIRST}\nhttp://a.example/x#c7"),
        ("tag:1", "https://a.example/x", "https://a.example/x"),
    ],
)
def test_threads(ref: str | None, href: str | None, reply_to: str) -> None:
    """A comment answers a comment of its feed by identity, an article of another feed by address."""
    post = one(WireEntry(id="2", title=said("t"), reply_ref=ref, reply_href=href))

    assert (post.kind, post.reply_to) == ("comment", reply_to)


# ------------------------------------------------------------------------------------------------------- relations


@pytest.mark.parametrize(
    ("config", "entry_id", "author", "expected"),
    [
        (PUBLIC, "1", "City Office", (False, False)),
        (PUBLIC, "1#comment-1", "City Office", (False, False)),
        (OWN, "1", "Anybody", (True, False)),
        (OWN, "1#comment-1", "CITY OFFICE", (True, False)),
        (OWN, "1#comment-1", "Jo Fenn", (False, True)),
    ],
)
def test_by_us_and_addressed(
    config: FeedConfig, entry_id: str, author: str, expected: tuple[bool, bool]
) -> None:
    """On our own site articles are ours and comments are to us, unless they bear our name; elsewhere neither."""
    post = one(WireEntry(id=entry_id, title=said("t"), authors=(author,)), config)

    assert (post.by_us, post.addressed) == expected


@pytest.mark.parametrize(("kind", "expected"), [("articles", "article"), ("comments", "comment")])
def test_kind_as_configured(kind: str, expected: str) -> None:
    """What the operator says a feed carries outweighs the shape of its entries."""
    config = FeedConfig.model_validate({"address": FIRST, "kind": kind})

    assert {
        one(WireEntry(id=identity, title=said("t")), config).kind for identity in ("1", "1#comment-1")
    } == {expected}


@pytest.mark.parametrize(
    ("stated", "names"),
    [
        ("jo@fenn.example (Jo Fenn)", ("jo@fenn.example", "Jo Fenn")),
        ("Jo Fenn <jo@fenn.example>", ("Jo Fenn", "jo@fenn.example")),
        ("mailto:jo@fenn.example", ("jo@fenn.example",)),
        ("Jo &amp; Kim", ("Jo & Kim",)),
    ],
)
def test_names_of_an_author(stated: str, names: tuple[str, ...]) -> None:
    """Each string that names somebody stands by itself, so that each is masked."""
    assert one(WireEntry(id="1", title=said("t"), authors=(stated,))).author == Author(names)


@pytest.mark.parametrize(
    ("stated", "lang"), [("en_GB", "en-GB"), (" de ", "de"), ("not a language", None), (None, None)]
)
def test_language(stated: str | None, lang: str | None) -> None:
    """Only what can be BCP 47 is passed on."""
    assert one(WireEntry(id="1", title=said("t"), lang=stated)).lang == lang
