"""
Edits are told once; what goes on changing is told less and less often.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from adapters.feed.versions import REMEMBERED, RESTLESS, VERSIONS_MAX, settled
from listener.adapter import Item
from listener.events import Post, Rejected, Removal

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def post(text: str, name: str = "1", **more: object) -> Post:
    return Post(native=f"https://a.example/feed\n{name}", kind="article", text=text, **more)  # type: ignore[arg-type]


class Reading:
    """A feed of one reader: what was told, and how many hours after the start."""

    def __init__(self) -> None:
        self.memory = b""
        self.told: list[tuple[float, str]] = []
        self._last: dict[str, str] = {}

    def read(self, hours: float, *items: Item) -> tuple[Item, ...]:
        told, self.memory = settled(items, self.memory, START + hours * HOUR)
        for item in told:
            if isinstance(item, Post) and self._last.get(item.native) != item.text:
                self._last[item.native] = item.text
                self.told.append((hours, item.text))
        assert len(self.memory) <= VERSIONS_MAX
        return told


def test_edits_are_told_at_once() -> None:
    """New, changed, changed again, and unchanged: every reading is handed on as it is."""
    reading = Reading()
    for hour, text in enumerate(("a", "b", "c", "d", "d")):
        assert reading.read(hour, post(text)) == (post(text),)


def test_two_caches_with_two_versions() -> None:
    """A month of hourly readings that swing is told of at once, and then after one, two, four, eight and sixteen days."""
    reading = Reading()
    for hour in range(30 * 24):
        reading.read(hour, post("ab"[hour % 2]))

    days = [round(hours / 24) for hours, _ in reading.told]
    assert days == [0, 0, 1, 3, 7, 15]
    assert [text for _, text in reading.told] == list("ababab")


def test_other_words_at_every_reading() -> None:
    """Three changes at once, then after 1, 2, 4, 8, 16 hours, and once a day: 37 in a month instead of 720."""
    reading = Reading()
    for hour in range(30 * 24):
        reading.read(hour, post(f"related {chr(97 + hour % 26)}{chr(97 + hour // 26)}"))

    hours = [hours for hours, _ in reading.told]
    assert hours[:9] == [0, 1, 2, 3, 4, 6, 10, 18, 34]
    assert {later - earlier for earlier, later in pairwise(hours[8:])} == {24}
    assert len(hours) == 37


def test_what_was_taken_back_is_right_again_after_a_day() -> None:
    """Words that an author removed again do not stay told, although the feed gives no date."""
    reading = Reading()
    for hour in range(48):
        reading.read(hour, post("b" if hour == 1 else "a"))

    assert reading.told == [(0, "a"), (1, "b"), (25, "a")]


def test_updated_says_that_former_words_are_meant() -> None:
    """A date that moves on tells a change back from an old cache; one that stands tells nothing."""
    reading = Reading()
    reading.read(0, post("a", edited_at=START))
    reading.read(1, post("b", edited_at=START + HOUR))
    held = reading.read(2, post("a", edited_at=START))
    told = reading.read(3, post("a", edited_at=START + 2 * HOUR))

    assert (held, len(told)) == ((), 1)
    assert [text for _, text in reading.told] == ["a", "b", "a"]


def test_a_quiet_day_makes_up_for_a_busy_one() -> None:
    """After twenty edits in twenty hours, one a day later is told at once."""
    reading = Reading()
    for hour in range(20):
        reading.read(hour, post(f"edit {chr(97 + hour)}"))
    reading.read(20 + 24, post("the last word"))

    assert reading.told[-1] == (44, "the last word")


@pytest.mark.parametrize(
    "same",
    [
        post("Snow  on\nBow Trail", title="t", tags=("b", "A"), link="http://a.example/1"),
        post("Snow on Bow Trail", title="t", tags=("a", "B"), link="https://a.example/1/?utm_source=x"),
        post("Snow on Bow Trail", title="t", tags=("a", "b"), link="https://a.example/1", edited_at=START),
    ],
)
def test_what_is_no_edit_uses_up_no_change(same: Post) -> None:
    """Spelling, order of tags, marks of a visit and `updated` alone are nothing, here as at the gate."""
    reading = Reading()
    reading.read(0, post("Snow on Bow Trail", title="t", tags=("a", "b"), link="https://a.example/1"))
    before = reading.memory
    reading.read(1, same)

    assert reading.memory == before


def test_neighbours_are_left_alone() -> None:
    """What is held back is one post: removals, rejects, other posts and what stands beyond the window go on."""
    reading = Reading()
    crowd = tuple(post(f"w{number}", f"n{number}") for number in range(REMEMBERED))
    items: tuple[Item, ...] = (post("a"), Removal("x"), Rejected("no_content"), *crowd)
    assert reading.read(0, *items) == items
    reading.read(1, post("b"), *items[1:])
    assert reading.read(2, *items) == items[1:]


def test_memory_is_bounded_and_any_bytes_are_none() -> None:
    """A thousand restless posts keep the latest few; what cannot be read is the first reading."""
    reading = Reading()
    for hour in range(40):
        reading.read(hour, *(post(f"{hour} of {n}", f"{n + 10 * hour}") for n in range(1000)))
        reading.read(hour, *(post(f"{hour} then {n}", f"{n + 10 * hour}") for n in range(1000)))
    assert len(reading.memory) > RESTLESS * 10

    for broken in (b"\xff", b"\xc1", b"\x93\x01", b"\x92\xc4\x00\x91\x91\xa0", reading.memory[:-3]):
        told, memory = settled((post("a"),), broken, START)
        assert told == (post("a"),)
        assert memory
