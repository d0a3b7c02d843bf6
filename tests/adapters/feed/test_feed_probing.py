"""
P6: when a feed is read without conditions, and what is believed of its validators afterwards.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.feed.answers import standing
from adapters.feed.cursor import decode_cursor
from listener.adapter import Reply
from listener.errors import SourceUnavailable
from tests.adapters.feed.reading import ADDRESS, NOW, Reading, Site, answer, item, rss

pytestmark = pytest.mark.anyio

ALIVE = rss(item(1, at=NOW - timedelta(days=1)))
LATER = rss(item(2, at=NOW), item(1, at=NOW - timedelta(days=1)))
COMMENT = rss("<item><guid>https://river.example/flood/#comment-1</guid><title>x</title></item>")


def reading(body: bytes = ALIVE, *, lies: bool = False, **config: object) -> tuple[Reading, Site]:
    """
    A feed whose server has one tag for everything.
    """
    site = Site(lies=lies)
    site.put(ADDRESS, body, '"1"')
    return Reading(site=site, **config), site


def doubt(one: Reading) -> int:
    """
    See `FeedCursor.doubt`.
    """
    cursor = decode_cursor(one.cursor, address=ADDRESS)
    assert cursor is not None
    return cursor.doubt


async def whole_hours(one: Reading, *, days: int) -> list[int]:
    """
    The hours of so many days in which an hourly reading left the validators out.
    """
    hours = []
    for hour in range(1, days * 24 + 1):
        before = len(one.reader.asked)
        await one.turn_after(hours=1)
        if "if-none-match" not in one.reader.asked[before].headers:
            hours.append(hour)
    return hours


async def test_p06_one_probe_after_eight_days_of_304() -> None:
    """P6: a feed that was alive and answers 304 for eight days is asked once without conditions, and no more often."""
    one, _ = reading()
    await one.turn()

    assert await whole_hours(one, days=17) == [192, 384]
    assert doubt(one) == 0


async def test_p06_probe_after_days_is_a_setting() -> None:
    """P6: the operator may probe later."""
    one, _ = reading(probe_after_days=10)
    await one.turn()

    assert await whole_hours(one, days=12) == [240]


async def test_p06_a_feed_that_was_quiet_is_not_probed() -> None:
    """P6: a feed whose newest entry was old when it was read first is not probed at all."""
    one, _ = reading(rss(item(1, at=NOW - timedelta(days=9)), item(0)))
    await one.turn()

    assert await whole_hours(one, days=20) == []


async def test_p06_two_documents_show_life_without_dates() -> None:
    """P6: a feed without dates was alive where two documents followed within the time."""
    one, site = reading(rss(item(1)))
    await one.turn()
    site.put(ADDRESS, rss(item(2), item(1)), '"2"')
    await one.turn_after(days=1)

    assert await whole_hours(one, days=9) == [192]


async def test_p06_a_lie_is_found_shown_and_asked_around_daily() -> None:
    """P6: where the probe finds news behind the 304s, that is shown, and the feed is read whole once a day."""
    one, site = reading(lies=True)
    await one.turn()
    site.put(ADDRESS, LATER)
    hours = await whole_hours(one, days=8)
    (page,) = await one.turn_after(hours=1)

    assert hours == [192]
    assert page.note == "validators_untrusted"
    assert await whole_hours(one, days=3) == [23, 47, 71]


async def test_p06_a_probe_that_meets_a_fresh_change_proves_nothing() -> None:
    """P6: news of this hour, under a new tag, was kept from nobody; the same news of three days ago was."""
    fresh, site = reading()
    await fresh.turn()
    await whole_hours(fresh, days=7)
    fresh.clock.walk(days=1)
    site.put(ADDRESS, rss(item(2, at=fresh.clock.now() - timedelta(minutes=5)), item(1)), '"2"')
    (page,) = await fresh.turn()
    stale, elsewhere = reading()
    await stale.turn()
    await whole_hours(stale, days=7)
    stale.clock.walk(days=1)
    elsewhere.put(ADDRESS, rss(item(2, at=stale.clock.now() - timedelta(days=3)), item(1)), '"2"')
    (late,) = await stale.turn()

    assert (fresh.conditions[-1], stale.conditions[-1]) == ((None, None), (None, None))
    assert (page.note, late.note) == (None, "validators_untrusted")


async def test_p06_new_bytes_that_say_nothing_new_are_no_lie() -> None:
    """P6: a build date that changes at every answer proves nothing against the validators."""
    one, site = reading()
    await one.turn()
    site.put(
        ADDRESS, rss(item(1, at=NOW - timedelta(days=1)), channel="<lastBuildDate>now</lastBuildDate>"), '"1"'
    )
    await whole_hours(one, days=8)
    (page,) = await one.turn_after(hours=1)

    assert page.note is None


async def test_p06_validators_prove_right_again() -> None:
    """P6: three changes announced by the validators themselves, and they are trusted again."""
    one, site = reading(lies=True)
    await one.turn()
    site.put(ADDRESS, LATER)
    await whole_hours(one, days=8)
    site.lies = False
    notes = []
    for number in (3, 4, 5):
        site.put(ADDRESS, rss(item(number), item(2), item(1)), f'"{number}"')
        (page,) = await one.turn_after(hours=1)
        notes.append(page.note)

    assert notes == ["validators_untrusted", "validators_untrusted", None]


async def test_p06_a_change_missed_meanwhile_starts_the_proof_anew() -> None:
    """P6: while in doubt, news that only the daily whole answer shows takes the proofs back."""
    one, site = reading(lies=True)
    await one.turn()
    site.put(ADDRESS, LATER)
    await whole_hours(one, days=8)
    site.lies = False
    for number in (3, 4):
        site.put(ADDRESS, rss(item(number), item(1)), f'"{number}"')
        await one.turn_after(hours=1)
    site.put(ADDRESS, rss(item(5), item(1)), '"4"')
    hours = await whole_hours(one, days=2)

    assert hours == [24, 48]
    assert doubt(one) == 3


@pytest.mark.parametrize(
    ("relation", "kind", "hours"),
    [("public", "auto", [24, 48]), ("public", "articles", []), ("own", "auto", list(range(1, 49)))],
)
async def test_p06_comment_feeds(relation: str, kind: str, hours: list[int]) -> None:
    """P6: a comment feed is read whole once a day, our own once an hour; what was told to be articles is no comments."""
    one, _ = reading(COMMENT, relation=relation, kind=kind)
    await one.turn()

    assert await whole_hours(one, days=2) == hours


async def test_p06_own_comments_are_not_whole_every_minute() -> None:
    """P6: between two whole answers of our own comment feed, sixty requests are conditional."""
    one, _ = reading(COMMENT, relation="own")
    await one.turn()
    for _ in range(120):
        await one.turn_after(minutes=1)

    assert [number for number, tags in enumerate(one.conditions) if tags[0] is None] == [0, 60, 120]


async def test_p06_a_comment_approved_late_comes_with_the_whole_answer() -> None:
    """P6: a comment that moved no validator is told with the next unconditional read, and proves no lie."""
    one, site = reading(COMMENT, lies=True, relation="own")
    await one.turn()
    site.put(
        ADDRESS,
        COMMENT.replace(
            b"</channel>",
            b"<item><guid>https://river.example/flood/#comment-0</guid><title>late</title></item></channel>",
        ),
    )
    told = [len(page.items) for _ in range(61) for page in await one.turn_after(minutes=1)]

    assert told.index(2) == 59
    assert doubt(one) == 0


async def test_p06_a_probe_that_fails_is_not_repeated_at_once() -> None:
    """P6: an unconditional read that found no server is tried again a day later; conditional ones go on."""
    one, site = reading()
    await one.turn()
    one.clock.walk(days=8)
    site.put(ADDRESS, SourceUnavailable("no answer"))
    for _ in range(3):
        with pytest.raises(SourceUnavailable):
            await one.turn_after(hours=1)

    assert [tags[0] for tags in one.conditions] == [None, None, '"1"', '"1"']


async def test_p06_a_server_that_says_unchanged_to_everybody() -> None:
    """P6: a 304 to an unconditional read counts as one, so that it is not asked for again at once."""
    one, site = reading()
    await one.turn()
    one.clock.walk(days=8)
    site.lies = True
    site.read = _always_304  # type: ignore[method-assign]  # a server out of its mind
    await one.turn()

    cursor = decode_cursor(one.cursor, address=ADDRESS)
    assert cursor is not None
    assert cursor.whole_at == int((NOW + timedelta(days=8)).timestamp())
    assert standing(cursor) is None


async def _always_304(
    address: str, *, headers: object = None, validators: object = None, **_: object
) -> Reply:
    return answer(status=304, address=address)


async def test_p06_a_clock_set_back_costs_one_whole_answer() -> None:
    """P6: where the last whole answer lies in the future, the next one makes up for it."""
    one, _ = reading()
    await one.turn()
    one.clock.walk(days=-3)
    await one.turn()
    await one.turn()

    assert [tags[0] for tags in one.conditions] == [None, None, '"1"']


async def test_what_a_feed_still_shows_is_given_again_before_its_keys_end() -> None:
    """A feed that nothing happens in is given to the queue again after 24 days, whether it has validators or not."""
    still = rss(item(1, at=NOW - timedelta(days=400)))
    one, _ = reading(still)
    bare = Reading(*[answer(still)] * 100)
    for each in (one, bare):
        await each.turn()
        days = []
        for day in range(1, 60):
            days += [day for page in await each.turn_after(days=1) if page.items]

        assert days == [24, 48]
        assert each.conditions[1:3] == ([('"1"', None)] * 2 if each is one else [(None, None)] * 2)
    assert [number for number, tags in enumerate(one.conditions) if tags[0] is None] == [0, 24, 48]
