"""
Which post an entry is: across readings, spellings, and feeds whose ids or links tell nothing.
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from adapters.feed.config import FeedConfig
from adapters.feed.identities import Ids
from adapters.feed.normalise import items_from
from adapters.feed.wire import Text, WireDeletion, WireEntry, WireFeed
from listener.events import Post, Removal

CONFIG = FeedConfig(address="https://a.example/feed/")
HOME = "https://a.example/"


def posts(
    *entries: WireEntry | WireDeletion, ids: Ids = "stated", config: FeedConfig = CONFIG
) -> tuple[Post, ...]:
    found = items_from(WireFeed(dialect="rss", entries=entries, home=HOME), config, ids=ids)
    return tuple(item for item in found if isinstance(item, Post))


def inside(*found: Post) -> list[str]:
    """Natives without the scope."""
    assert {post.native.partition("\n")[0] for post in found} == {"http://a.example/feed"}
    return [post.native.partition("\n")[2] for post in found]


def names(post: Post) -> set[str]:
    return {post.native, *post.aliases}


def entry(
    identity: str | None, link: str | None, title: str, *, body: str = "", published: str | None = None
) -> WireEntry:
    return WireEntry(
        id=identity,
        link=link,
        title=Text(title, "plain"),
        content=Text(body, "html") if body else None,
        published=published,
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (entry("http://a.example/1", None, "t"), entry("https://a.example/1/", None, "t")),
        (
            entry(None, "https://a.example/1/?utm_source=rss", "t"),
            entry(None, "http://A.example/1?utm_source=feed&fbclid=3", "t"),
        ),
        (entry("g", "https://a.example/1", "t"), entry(" g\n", "https://b.example/moved", "other words")),
        (
            entry(None, None, "It’s late", body="<p>One  two</p>"),
            entry(None, None, "It's late", body="<div>One two</div>"),
        ),
    ],
)
def test_the_same_post_in_another_spelling(before: WireEntry, after: WireEntry) -> None:
    """https, a slash, marks of a visit, a new link under a steady id, other markup around the same words."""
    assert posts(before)[0].native == posts(after)[0].native


def test_the_scope_is_the_feed_in_any_spelling() -> None:
    """An operator who mends `http` to `https` in the configuration brings nothing back."""
    old = FeedConfig(address="http://a.example/feed")

    assert (
        posts(entry("g", None, "t"), config=old)[0].native
        == posts(entry("g", None, "t"), config=CONFIG)[0].native
    )


@pytest.mark.parametrize("address", [HOME, "http://a.example", "https://a.example/feed/"])
def test_the_address_of_the_site_is_no_identity(address: str) -> None:
    """Neither as an id, even where only one entry bears it, nor as a link."""
    (lone,) = posts(entry(address, "https://a.example/1", "t"))
    (linked,) = posts(entry(None, address, "t"))

    assert inside(lone) == ["http://a.example/1"]
    assert inside(linked)[0].startswith("sha256:")
    assert linked.aliases == ()


def test_where_everything_is_constant_words_tell_posts_apart() -> None:
    """One id and one link for all entries lose none of them."""
    found = posts(*(entry("blog", "https://a.example/news", title) for title in ("one", "two", "three")))

    assert len(set(inside(*found))) == 3
    assert all(identity.startswith("sha256:") for identity in inside(*found))


def test_a_link_that_entries_share_is_no_identity() -> None:
    """Entries without ids at one address are as many posts as they say different things."""
    found = posts(*(entry(None, "https://a.example/news", title) for title in ("one", "two", "two")))

    assert len(found) == len(set(inside(*found))) == 2


def test_one_id_in_the_same_words_is_one_post() -> None:
    """A post listed twice, under two addresses, is given once and keeps its id."""
    found = posts(
        entry("g", "https://a.example/snow/1", "t", body="w"),
        entry("g", "https://a.example/ice/1", "t", body=" w "),
    )

    assert inside(*found) == ["g"]


def test_of_a_shared_id_the_equal_ones_are_one() -> None:
    """Whatever their order: two that say the same are one post, the third is another."""
    one, again, other = (
        entry("g", "https://a.example/2", "t"),
        entry("g", "https://a.example/1", "t"),
        entry("g", "https://a.example/3", "u"),
    )

    assert inside(*posts(one, again, other)) == ["http://a.example/1", "http://a.example/3"]
    assert inside(*posts(other, again, one)) == ["http://a.example/3", "http://a.example/1"]


ALONE, CLONE = entry("g", "https://a.example/1", "first"), entry("g", "https://a.example/2", "second")


@pytest.mark.parametrize("readings", [((ALONE,), (CLONE, ALONE)), ((CLONE, ALONE), (ALONE,))])
def test_a_duplicate_of_today_does_not_make_another_post_of_yesterdays(
    readings: tuple[tuple[WireEntry, ...], ...],
) -> None:
    """Whichever reading comes first, the names of the post in one meet those in the other, and never the clone's."""
    before, after = (next(post for post in posts(*reading) if post.title == "first") for reading in readings)
    (clone,) = (post for post in posts(CLONE, ALONE) if post.title == "second")

    assert f"{before.native.partition(chr(10))[0]}\nhttp://a.example/1" in names(before) & names(after)
    assert not names(clone) & (names(before) | names(after))


def test_ids_that_are_not_believed() -> None:
    """Link, else words; and words alone where not even links stay."""
    steady = entry("1", "https://a.example/1", "t")

    for ids, native in (("link", "http://a.example/1"), ("content", None)):
        first, second = (posts(replace(steady, id=identity), ids=ids)[0] for identity in "ab")  # type: ignore[arg-type]
        assert first == second
        assert native is None or inside(first) == [native]
        assert all(not name.endswith(("\na", "\nb")) for name in names(first))
    (bare,) = posts(entry("a", None, "t"), ids="link")
    assert inside(bare)[0].startswith("sha256:")


@pytest.mark.parametrize(
    ("updated", "when", "lives"),
    [
        ("2026-01-06T00:00:00Z", "2026-01-05T00:00:00Z", True),
        ("2026-01-05T00:00:00Z", "2026-01-05T00:00:00Z", False),
        ("2026-01-04T00:00:00Z", "2026-01-05T00:00:00Z", False),
        ("2026-01-06T00:00:00Z", None, False),
        (None, "2026-01-05T00:00:00Z", False),
        ("2026-01-06T00:00:00Z", "soon", False),
    ],
)
@pytest.mark.parametrize("grave_first", [True, False])
def test_an_entry_outlives_its_tombstone_by_its_date_alone(
    updated: str | None, when: str | None, lives: bool, grave_first: bool
) -> None:
    """RFC 6721: updated later than `when`; otherwise there is one removal and no post, in either order."""
    living = replace(entry("http://a.example/1/", "https://a.example/1", "t"), updated=updated)
    grave = WireDeletion("https://a.example/1", when)
    both = (grave, living) if grave_first else (living, grave)

    found = items_from(WireFeed(dialect="atom", entries=both, home=HOME), CONFIG)

    expected = "http://a.example/feed\nhttp://a.example/1"
    assert [type(item) for item in found] == [Post if lives else Removal]
    assert [item.native if isinstance(item, Post) else item.name for item in found] == [expected] * len(found)  # type: ignore[union-attr]
