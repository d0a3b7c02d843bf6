"""
What a cursor holds: bounded whatever a feed shows, nobody in it, readable after an upgrade.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from adapters.feed.cursor import (
    CURSOR_MAX,
    VERSION,
    FeedCursor,
    decode_cursor,
    encode_cursor,
    place_of,
    window_of,
    without_validators,
)
from listener.adapter import Cursor
from listener.text import same_address
from tests.adapters.feed.reading import ADDRESS, NOW, Reading, Site, answer, document, rss

ETAG = 'W/"é-gzip"'

pytestmark = pytest.mark.anyio


def version_1(**changed: object) -> Cursor:
    """
    A cursor as version 1 wrote it: eleven values.
    """
    values = {
        "version": 1,
        "place": place_of(ADDRESS),
        "etag": ETAG,
        "last_modified": "yesterday",
        "body": b"\0" * 16,
        "hint_s": 3600.0,
        "skip_hours": (5,),
        "skip_days": (),
        "window": window_of([f"{same_address(ADDRESS)}\n2", f"{same_address(ADDRESS)}\n1"]),
        "shown": 2,
        "read_at": int(NOW.timestamp()) - 3600,
    } | changed
    return Cursor(msgspec.msgpack.encode(list(values.values())))


async def test_p05_an_upgrade_keeps_validators_and_window() -> None:
    """P5: a cursor of version 1 goes on: same validators, same hints, and its window still tells an overlap."""
    one = Reading(answer(status=304), answer(document(3, 2)))
    one.cursor = version_1()
    unchanged = await one.fetch()
    page = await one.fetch()

    assert one.conditions == [(ETAG, "yesterday"), (ETAG, "yesterday")]
    assert (unchanged.freshness.fresh_for_s, unchanged.freshness.skip_hours) == (3600.0, frozenset({5}))
    assert len(page.items) == 2


async def test_p06_an_upgrade_is_probed_in_its_time() -> None:
    """P6: whether a feed was alive before the upgrade is not known, so its validators are put to the test once."""
    one = Reading(answer(status=304), answer(document(2, 1)))
    one.cursor = version_1()
    await one.fetch()
    one.clock.walk(days=8)
    await one.fetch()

    assert one.conditions == [(ETAG, "yesterday"), (None, None)]


@pytest.mark.parametrize("version", [0, VERSION + 1])
def test_cursor_of_another_version(version: int) -> None:
    """A cursor that a later version wrote, or none did, is none."""
    assert decode_cursor(version_1(version=version), address=ADDRESS) is None


def test_p07_without_validators() -> None:
    """P7: for the one unconditional read the cursor loses its validators, ours (what the last document was) included."""
    before = decode_cursor(version_1(), address=ADDRESS)
    after = decode_cursor(without_validators(version_1()), address=ADDRESS)

    assert before is not None
    assert after == msgspec.structs.replace(before, etag=None, last_modified=None, body=b"")
    assert without_validators(Cursor(b"nonsense")) == b"nonsense"


async def test_cursor_holds_no_words() -> None:
    """A cursor of an ordinary feed knows digests, validators and numbers; no title, no address."""
    one = Reading(answer(document(1, 2), headers={"etag": '"1"'}))
    await one.fetch()
    assert one.cursor is not None

    stored = bytes(one.cursor)
    assert stored.count(b"Entry") == 0
    assert stored.count(b"river") == 0
    assert len(stored) < 160


async def test_an_ordinary_cursor_is_small() -> None:
    """A feed of ten entries leaves less than half a kilobyte, because every idle source keeps it in memory."""
    one = Reading(
        answer(document(*range(10)), headers={"etag": '"' + "0" * 32 + '"', "last-modified": "x" * 29})
    )
    await one.fetch()

    assert one.cursor is not None
    assert len(one.cursor) < 512


async def test_cursor_is_bounded_whatever_a_feed_shows() -> None:
    """A feed that fills every place a cursor has stays below sixteen kilobytes, turn after turn."""
    site = Site()
    long = "x" * 470
    entries = [
        f"<item><guid>{number}{long}</guid><title>{long}</title><link>https://river.example/{number}{long}</link>"
        f"<wfw:commentRss>https://river.example/{number}/{long}</wfw:commentRss></item>"
        for number in range(2000)
    ]
    hours = "".join(f"<hour>{hour}</hour>" for hour in range(25))
    days = "".join(f"<day>{day}</day>" for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"))
    one = Reading(site=site, follow_comments="all", history_pages=200, probe_after_days=365)
    largest = 0
    for page in range(230):
        channel = (
            f"<skipHours>{hours}</skipHours><skipDays>{days}</skipDays>"
            f'<atom:link rel="prev-archive" href="https://river.example/{page}/{long}"/>'
        )
        site.put(ADDRESS, rss(*entries[:60], channel=channel), '"' + "é" * 500 + f'{page}"')
        site.put(f"https://river.example/{page}/{long}", rss())
        await one.turn_after(hours=1)
        largest = max(largest, len(one.cursor or b""))

    assert 5_000 < largest < CURSOR_MAX


def test_the_sum_of_all_bounds() -> None:
    """Every field at its largest at once stays within the bound."""
    from adapters.feed import archives, moving, threads
    from adapters.feed.config import FOLLOWED_MAX, HISTORY_MAX
    from adapters.feed.cursor import ID_BYTES, VALIDATOR_MAX, WINDOW
    from adapters.feed.identities import MARKS_MAX

    window = b"\xff" * (WINDOW * ID_BYTES)
    now = 2**40
    move = moving.Move(target="x" * moving.TARGET_MAX, first_at=now, count=now, proof=window)
    history = archives.History(
        asked=b"\xff" * (HISTORY_MAX * ID_BYTES),
        next="x" * FOLLOWED_MAX,
        walk=now,
        tries=now,
        again_at=now,
        ended=True,
    )
    thread = threads.Thread(
        key=b"\xff" * 8, told=now, read=now, read_at=now, until=now, body=b"\xff" * 8, stale=now
    )
    followed = (
        *([thread] * (threads.KEPT - 1)),
        msgspec.structs.replace(thread, address="x" * (threads.ADDRESSES_MAX - 500), entry="x" * 500),
    )
    cursor = FeedCursor(
        version=VERSION,
        place=b"\xff" * 8,
        etag="x" * VALIDATOR_MAX,
        last_modified="x" * VALIDATOR_MAX,
        body=b"\xff" * 16,
        hint_s=1e300,
        skip_hours=tuple(range(24)),
        skip_days=tuple(range(7)),
        window=window,
        shown=now,
        read_at=now,
        rhythm_s=1e300,
        whole_at=now,
        active=True,
        comments=True,
        doubt=now,
        said=b"\xff" * 8,
        ids="content",
        marks=b"\xff" * MARKS_MAX,
        wants=now,
        move=msgspec.msgpack.encode(move),
        history=archives.stored_history(history),
        threads=threads.stored_threads(threads.Threads(followed)),
        threads_due_at=now,
    )
    assert set(FeedCursor.__struct_fields__) == set(msgspec.structs.asdict(cursor))

    assert len(encode_cursor(cursor)) < CURSOR_MAX


def test_planners_forget_what_they_cannot_read() -> None:
    """Bytes in a planner's place that it did not write are nothing to it."""
    from adapters.feed import archives, threads

    assert archives.history_of(b"\xc1") == archives.History()
    assert threads.threads_of(b"\x01") == threads.Threads()


async def test_a_304_writes_no_cursor() -> None:
    """A 304 that says nothing new leaves the stored cursor as it is, so that nothing is written."""
    one = Reading(answer(document(1, 2), headers={"etag": ETAG}), answer(status=304, headers={"etag": ETAG}))
    await one.fetch()
    one.clock.at += timedelta(hours=1)

    assert (await one.fetch()).cursor is None
