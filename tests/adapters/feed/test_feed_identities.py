"""
Ids that change at every reading are found out by two readings, and nothing is told twice because of them.
"""

from __future__ import annotations

import pytest

from adapters.feed.identities import MARKED, Ids, ids_after, marks_of
from adapters.feed.wire import Text, WireEntry
from listener.events import Gap, Post
from tests.adapters.feed.reading import Reading, answer, natives, rss


def entry(id: str | None, link: str | None = None, words: str | None = None) -> WireEntry:
    """
    An entry off the wire.
    """
    return WireEntry(id=id, link=link, title=Text(words, "plain") if words else None)


def entries(*shown: tuple[str | None, str | None, str | None]) -> bytes:
    """
    The marks of a document.
    """
    return marks_of(entry(*each) for each in shown)


BEFORE = entries(("a1", "l1", "w1"), ("a2", "l2", "w2"), ("a3", "l3", "w3"))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ([("a2", "l2", "w2"), ("a3", "l3", "w3")], "stated"),
        ([("a3", "x", "y"), ("b2", "l2", "w2"), ("b1", "l1", "w1")], "stated"),
        ([("b1", "l1", "w1"), ("b2", "l2", "w2"), ("b3", "l3", "w3")], "link"),
        ([("b2", "l2", "other"), ("b3", "l3", "words"), ("b4", "l4", "w4")], "link"),
        ([("b3", "l3", "w3"), ("b4", "l4", "w4"), ("b5", "l5", "w5")], "stated"),
        ([("b1", "m1", "w1"), ("b2", "m2", "w2"), ("b3", "m3", "w3")], "content"),
        ([("b1", None, "w1"), ("b2", None, "w2")], "content"),
        ([("b1", "m1", "v1"), ("b2", "m2", "v2"), ("b3", "m3", "v3")], "stated"),
        ([(None, "l1", "w1"), (None, "l2", "w2")], "stated"),
        ([("b1", "l1", "w1")], "link"),
        ([("b1", "l1", "other")], "stated"),
        ([("b1", "m1", "w1")], "content"),
        ([], "stated"),
    ],
    ids=[
        "ids stay",
        "one id stays",
        "links stay",
        "edited and grown",
        "overrun but for one",
        "only words stay",
        "no links",
        "all new",
        "no ids",
        "one entry",
        "one page for all",
        "one entry, new link",
        "empty",
    ],
)
def test_two_readings_decide(now: list[tuple[str | None, str | None, str | None]], expected: Ids) -> None:
    """Ids are believed unless none of them stays although most links, or most words, do."""
    assert ids_after("stated", BEFORE, entries(*now)) == expected


def test_links_that_change_too_are_found_out_later() -> None:
    """A feed read by its links whose links turn out to change goes by its words from then on, and by nothing else."""
    changed = entries(("b1", "m1", "w1"), ("b2", "m2", "w2"), ("b3", "m3", "w3"))

    assert ids_after("link", BEFORE, BEFORE) == "link"
    assert ids_after("link", BEFORE, changed) == "content"
    assert ids_after("content", BEFORE, BEFORE) == "content"


def test_what_entries_share_identifies_none_of_them() -> None:
    """A link or a text that stands at several entries of a document is no evidence."""
    before = entries(("a1", "home", "same"), ("a2", "home", "same"))
    now = entries(("b1", "home", "same"), ("b2", "home", "same"))

    assert ids_after("stated", before, now) == "stated"


def test_the_same_words_on_another_day_are_another_entry() -> None:
    """A forecast that repeats itself under another date proves nothing against its ids."""

    def forecast(day: int) -> bytes:
        shown = (
            WireEntry(id=f"{day}-{hour}", title=Text(f"Sunny at {hour}", "plain"), published=f"{day}T{hour}")
            for hour in range(3)
        )
        return marks_of(shown)

    assert ids_after("stated", forecast(1), forecast(2)) == "stated"


def test_marks_are_bounded() -> None:
    """A document of any length leaves at most twelve entries' digests."""
    many = marks_of(entry(f"{number}", "x" * 10_000, "y") for number in range(100_000))

    assert len(many) == MARKED * 12


def test_marks_of_bytes_nobody_wrote() -> None:
    """Marks that were cut short are read as far as they go."""
    assert ids_after("stated", BEFORE[:-5], BEFORE) == "stated"


# --------------------------------------------------------------------------------------------- through the client


def shown(session: str, *numbers: int, links: bool = True) -> bytes:
    """
    A document of software that puts its session into every guid.
    """
    return rss(
        *(
            f"<item><guid isPermaLink='false'>{session}-{number}</guid><title>Entry {number}</title>"
            f"{f'<link>https://river.example/{number}/</link>' if links else ''}</item>"
            for number in numbers
        )
    )


@pytest.mark.anyio
async def test_unstable_ids_are_told_and_left_aside() -> None:
    """From the second reading on entries go by their link, which is an alias of what was told before; no gap is suspected."""
    one = Reading(answer(shown("s1", 3, 2, 1)), answer(shown("s2", 3, 2, 1)), answer(shown("s3", 4, 3, 2)))
    first, second, third = [await one.fetch() for _ in range(3)]
    told = {alias for item in first.items if isinstance(item, Post) for alias in item.aliases}

    assert natives(first.items) == ["s1-3", "s1-2", "s1-1"]
    assert len(natives(second.items)) == 3
    assert {item.native for item in second.items if isinstance(item, Post)} <= told
    assert natives(third.items)[1:] == natives(second.items)[:2]
    assert [page.note for page in (first, second, third)] == [None, "ids_unstable", "ids_unstable"]
    assert [item for page in (second, third) for item in page.items if isinstance(item, Gap)] == []


@pytest.mark.anyio
async def test_without_links_what_is_said_identifies() -> None:
    """Where there is no link either, entries go by their words, the same at every reading."""
    bodies = [shown(f"s{number}", 3, 2, 1, links=False) for number in range(3)]
    one = Reading(*map(answer, bodies))
    _, second, third = [await one.fetch() for _ in range(3)]

    assert natives(second.items) == natives(third.items)
    assert len(set(natives(second.items))) == 3


@pytest.mark.anyio
async def test_p32_no_gap_where_entries_have_only_words() -> None:
    """P32: a feed without identities that last is never said to be overrun."""
    bodies = [shown("s1", 2, 1, links=False), shown("s2", 2, 1, links=False), shown("s3", 9, 8, links=False)]
    one = Reading(*map(answer, bodies))
    pages = [await one.fetch() for _ in range(3)]

    assert [item for page in pages for item in page.items if isinstance(item, Gap)] == []
    assert [page.freshness.overrun for page in pages] == [False] * 3


@pytest.mark.anyio
async def test_unstable_ids_with_one_link_for_all() -> None:
    """Entries that all link to the same page go by their words, not by that page."""
    link = "<link>https://river.example/news/</link>"

    def body(session: str) -> bytes:
        return rss(
            *(f"<item><guid>{session}{n}</guid><title>Entry {n}</title>{link}</item>" for n in range(3))
        )

    one = Reading(answer(body("s")), answer(body("t")), answer(body("u")))
    _, second, third = [await one.fetch() for _ in range(3)]

    assert len(natives(second.items)) == 3
    assert natives(second.items) == natives(third.items)
