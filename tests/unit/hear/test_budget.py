"""How a budget is spent: never more than came in, a part for everybody, nothing held back in the end."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.hear.budget import (
    AHEAD,
    PARTS,
    Leaf,
    Part,
    asked,
    asked_again,
    bring_up,
    fits,
    forecast,
    give_back,
    slowing,
    soonest,
    take,
)

START = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
LIMIT = 2400.0  # a hundred an hour, a hundred ahead
HOUR = timedelta(hours=1)


def leaf(*accounts: str) -> Leaf:
    """A day with these accounts in it."""
    return Leaf(start=START, end=START + DAY, parts={name: Part() for name in accounts})


def ask(day: Leaf, account: str, most: float, at: datetime, *, share: float = 1.0) -> bool:
    """Take it where it fits, as the ledger does."""
    asked(day, most, account=account, at=at)
    bring_up(day, LIMIT, at)
    if not fits(day, LIMIT, most, share=share, account=account, at=at):
        until = soonest(day, LIMIT, most, share=share, account=account, at=at) or day.end
        asked(day, most, account=account, at=at, until=until)
        return False
    take(day, most, account=account, share=share)
    return True


def all_of(day: Leaf, account: str, most: float, at: datetime, *, share: float = 1.0) -> float:
    """Ask until refused; how much that was."""
    before = day.spent
    while ask(day, account, most, at, share=share):
        pass
    return day.spent - before


def test_what_may_be_spent_comes_in_with_the_day() -> None:
    """An hour's worth at the start, another each hour, all of it an hour before the end."""
    alone = leaf("a")

    assert all_of(alone, "a", 10, START) == 100
    assert all_of(alone, "a", 10, START + HOUR) == 100
    assert all_of(alone, "a", 10, START + 12 * HOUR) == 1100
    assert all_of(alone, "a", 10, START + 23 * HOUR) == 1100
    assert all_of(alone, "a", 10, START + DAY - timedelta(seconds=1)) == 0


def test_dear_requests_leave_the_rest_to_cheap_ones() -> None:
    """With a share of nine tenths, a tenth is there when the dear ones are refused."""
    alone = leaf("a")
    at = START + 23 * HOUR

    assert all_of(alone, "a", 10, at, share=0.9) == pytest.approx(2160)
    assert soonest(alone, LIMIT, 10, share=0.9, account="a", at=at) is None
    assert all_of(alone, "a", 1, at) == pytest.approx(240)


def test_cheap_requests_do_not_shut_out_dear_ones() -> None:
    """Where cheap ones have used more than what is left to them, dear ones still have their turn at what comes in."""
    alone = leaf("a")
    all_of(alone, "a", 1, START + 6 * HOUR)

    assert all_of(alone, "a", 10, START + 7 * HOUR, share=0.9) == 100


def test_a_loud_account_leaves_the_others_their_part() -> None:
    """Whoever is refused nothing all day still finds the quiet one's hour there, which then has the first turn."""
    day = leaf("loud", "quiet")
    for minute in range(0, 12 * 60, 5):
        all_of(day, "loud", 5, START + timedelta(minutes=minute))
    noon = START + 12 * HOUR

    held = LIMIT * PARTS * AHEAD / 2
    assert day.parts["quiet"].level == pytest.approx(held)
    assert all_of(day, "loud", 5, noon) <= 10
    assert all_of(day, "quiet", 5, noon) == pytest.approx(held)


def test_both_who_ask_for_all_of_it_get_their_part_at_least() -> None:
    """The second to ask is never starved by the first, hour by hour."""
    day = leaf("first", "second")
    for minute in range(0, 24 * 60, 2):
        at = START + timedelta(minutes=minute)
        all_of(day, "first", 7, at)
        all_of(day, "second", 7, at)
        came_in = LIMIT * PARTS / 2 * day.fraction(at)
        assert day.parts["second"].spent >= came_in - 2 * 7

    assert LIMIT - 7 < day.spent <= LIMIT
    assert day.parts["second"].spent >= LIMIT * PARTS / 2 - 7


def test_a_part_saves_up_for_a_dear_request_that_was_refused() -> None:
    """A request that costs many hours of a part comes in the end, however loud the others are."""
    day = leaf(*"abcdefghij")
    dear = 120.0  # the part of one of ten brings 5 an hour
    got = []
    for minute in range(0, 24 * 60, 10):
        at = START + timedelta(minutes=minute)
        all_of(day, "a", 1, at)
        if ask(day, "b", dear, at):
            got.append(minute / 60)

    assert len(got) >= 1
    assert day.spent <= LIMIT


def test_who_does_not_come_back_holds_nothing() -> None:
    """What an account was refused is kept for it only while it is expected."""
    day = leaf("a", "b")
    all_of(day, "a", 50, START)
    assert not ask(day, "b", 500, START)
    expected = day.parts["b"].until
    assert expected is not None
    bring_up(day, LIMIT, expected + HOUR / 2)
    kept = day.parts["b"].level
    bring_up(day, LIMIT, expected + 2 * HOUR)

    assert kept > 50
    assert (day.parts["b"].level, day.parts["b"].wants) == (LIMIT * PARTS * AHEAD / 2, 0.0)


def test_what_a_request_did_not_cost_is_there_again() -> None:
    """In the account's own part first."""
    day = leaf("a", "b")
    bring_up(day, LIMIT, START)
    own = take(day, 60, account="a")
    give_back(day, 55, account="a", own=own)

    assert own == 25
    assert (day.spent, day.parts["a"].level) == (5, 25)


def test_a_clock_that_was_set_back_brings_nothing_in_twice() -> None:
    """Fractions that came in stay in the parts once."""
    day = leaf("a")
    all_of(day, "a", 1, START + 6 * HOUR)
    bring_up(day, LIMIT, START + 3 * HOUR)
    again = all_of(day, "a", 1, START + 3 * HOUR) + all_of(day, "a", 1, START + 6 * HOUR)

    assert (day.spent, again) == (700, 0)


def test_who_spends_too_fast_is_slowed_and_who_does_not_is_not() -> None:
    """By as much as makes the rest last; the loud one's slowing is not the quiet one's."""
    day = leaf("loud/x", "quiet/y")
    for minute in range(6 * 60):
        at = START + timedelta(minutes=minute)
        bring_up(day, LIMIT, at)
        take(day, 3, account="loud/x")  # 180 an hour, where 100 come in
        asked_again(day, accounts=frozenset({"loud/x"}), wanted_s=60)
        if minute % 30 == 0:
            take(day, 1, account="quiet/y")
            asked_again(day, accounts=frozenset({"quiet/y"}), wanted_s=1800)
    at = START + 6 * HOUR
    bring_up(day, LIMIT, at)
    left = LIMIT - day.spent

    assert slowing(day, LIMIT, accounts=frozenset({"quiet/y"}), at=at) == 1.0
    assert slowing(day, LIMIT, accounts=frozenset({"loud/x"}), at=at) == pytest.approx(
        182 / (left / 18), rel=0.02
    )
    assert forecast(day, at=at) == pytest.approx(day.spent + 18 * 182, rel=0.02)


def test_the_next_window_knows_who_asked_and_nothing_of_what_they_spent() -> None:
    """Whoever asked has a part from the first second; what the network shut stays shut."""
    day = leaf("a", "idle", "former")
    day.shut_until = START + 30 * HOUR
    day.parts["former"].pull = 1e-3  # of a watch that asked yesterday and is not there any more
    bring_up(day, LIMIT, START)
    take(day, 10, account="a")
    following = day.following(day.end, day.end + DAY)

    assert list(following.parts) == ["a"]
    assert (following.spent, following.shut_until) == (0.0, START + 30 * HOUR)


asks = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.floats(0.01, 600),
        st.floats(0, 1.5),
        st.sampled_from((0.5, 0.9, 1.0)),
        st.floats(0, 1),
    ),
    max_size=60,
)


@given(asks=asks)
@settings(deadline=None, max_examples=50)
def test_never_more_is_spent_than_came_in(asks: list[tuple[str, float, float, float, float]]) -> None:
    """Whoever asks for whatever, in whatever order, paying less in the end or not; dear ones stay within their share."""
    day, at = leaf(), START
    for account, most, hours, share, cost in asks:
        at = min(at + timedelta(hours=hours), day.end)
        before = day.spent
        if ask(day, account, most, at, share=share):
            assert day.spent <= LIMIT * day.fraction(at) + 1e-5
            give_back(day, most * (1 - cost), account=account, share=share)
            for most_of_it in day.dear:
                dearer = sum(spent for each, spent in day.dear.items() if each <= most_of_it)
                assert dearer <= LIMIT * day.fraction(at) * most_of_it + 1e-5
        else:
            assert day.spent == before
        assert day.spent <= LIMIT + 1e-5


@given(asks=asks, account=st.sampled_from("abc"), most=st.floats(0.01, 800))
@settings(deadline=None, max_examples=50)
def test_the_hour_of_return_is_right(
    asks: list[tuple[str, float, float, float, float]], account: str, most: float
) -> None:
    """If nobody spends meanwhile it fits then, and not a second earlier, unless others who are expected do not come; else it
    does not fit all day."""
    day, at = leaf(), START
    for who, cost, hours, share, _ in asks:
        at = min(at + timedelta(hours=hours), day.end - HOUR)
        ask(day, who, cost, at, share=share)
    asked(day, most, account=account, at=at)
    bring_up(day, LIMIT, at)
    until = soonest(day, LIMIT, most, share=1.0, account=account, at=at)
    if fits(day, LIMIT, most, share=1.0, account=account, at=at):
        assert until == at
        return
    asked(day, most, account=account, at=at, until=until or day.end)
    if until is None:
        bring_up(day, LIMIT, day.end)
        assert not fits(day, LIMIT, most, share=1.0, account=account, at=day.end)
        return
    early = until - timedelta(seconds=1)
    if early > at and not any(part.wants > most or who != account for who, part in day.parts.items()):
        bring_up(day, LIMIT, early)
        assert not fits(day, LIMIT, most, share=1.0, account=account, at=early)
    bring_up(day, LIMIT, until)
    assert fits(day, LIMIT, most, share=1.0, account=account, at=until)


@given(others=st.integers(0, 8), most=st.floats(10, 60), step=st.integers(5, 30))
@settings(deadline=None, max_examples=15)
def test_nothing_is_left_of_what_somebody_wants(others: int, most: float, step: int) -> None:
    """One account that always asks has all of the day's budget in the end, however many idle ones had a part in it."""
    day = leaf("a", *(f"idle-{number}" for number in range(others)))
    for minute in range(0, 24 * 60, step):
        all_of(day, "a", most, START + timedelta(minutes=minute))
    all_of(day, "a", most, day.end - timedelta(seconds=1))

    assert math.floor(LIMIT / most) - 1 <= day.spent / most <= LIMIT / most + 1e-6
