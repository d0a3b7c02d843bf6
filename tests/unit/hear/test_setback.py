"""What a failed read means, and when a source is believed to have ended or moved for nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from listener.errors import (
    AccessDenied,
    BudgetSpent,
    DocumentRefused,
    RateLimited,
    RequestRefused,
    SourceError,
    SourceUnavailable,
)
from listener.hear.memo import Memo, Moved, Sightings, memo_bytes, memo_from, place_digest
from listener.hear.pace import Spread
from listener.hear.setback import Setback, setback

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MEANINGS = {
    "needs_token": "give it a token",
    "not_a_list": "look at its address",
    "no_credit": "there is no credit; top it up",
}
ENDED = DocumentRefused("blog: 410", reason="gone")


def after(error: Exception, memo: Memo, *, now: datetime = NOW) -> Setback:
    """What follows for a public source."""
    return setback(
        error, memo, relation="public", floor_s=3600.0, rng=Spread("blog"), now=now, meanings=MEANINGS
    )


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (AccessDenied("a", code="needs_token"), "give it a token"),
        (AccessDenied("a"), "the server wants a credential or does not want us; ask its owner"),
        (DocumentRefused("a", reason="not_a_list"), "look at its address"),
        (
            DocumentRefused("a", reason="other"),
            "the answer is not what the source should be; look at its address in a browser",
        ),
    ],
)
def test_an_adapter_says_what_its_own_codes_mean(error: SourceError, reason: str) -> None:
    """An operator reads the adapter's sentence for its codes, and a general one where it has none."""
    assert reason == after(error, Memo()).reason


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RateLimited("a", wait_s=900.0), ("rate_limited", "held", "held", 900.0)),
        (AccessDenied("a"), ("denied", "denied", "denied", 86_400.0)),
        (ENDED, ("gone", "failing", "failing", 86_400.0)),
    ],
)
def test_the_word_the_state_and_the_wait(error: Exception, expected: tuple[str, str, str, float]) -> None:
    """Each from a closed set."""
    found = after(error, Memo())

    assert (found.code, found.state, found.why, found.wait_s) == expected


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SourceUnavailable("a"), "unavailable"),
        (RequestRefused("a"), "refused"),
        (DocumentRefused("a", reason="not_a_feed"), "not_a_feed"),
        (ZeroDivisionError("words"), "internal"),
    ],
)
def test_failures_count_and_wait_at_least_five_minutes(error: Exception, code: str) -> None:
    """A stranger's server in trouble is not hammered; the memo says since when it fails."""
    memo = Memo()
    waits = [after(error, memo, now=NOW + number * DAY).wait_s for number in range(3)]

    assert (memo.failures, memo.error_code, memo.failing_since) == (3, code, NOW)
    assert all(wait_s >= 300 for wait_s in waits)


def test_a_pause_counts_as_no_failure() -> None:
    """P15: honoured, not counted."""
    memo = Memo()
    after(RateLimited("a", wait_s=60.0), memo)

    assert (memo.failures, memo.failing_since, memo.limited) == (0, None, 1)


def test_410_is_believed_after_three_sightings_in_two_days() -> None:
    """P21: three at once are not enough, nor are two far apart; a good answer in between starts anew."""
    quick = Memo()
    states = [after(ENDED, quick, now=NOW + timedelta(minutes=number)).state for number in range(5)]
    slow = Memo()
    later = [after(ENDED, slow, now=NOW + number * DAY).state for number in range(3)]
    broken = Memo()
    after(ENDED, broken)
    after(ENDED, broken, now=NOW + DAY)
    broken.answered(NOW + DAY)
    again = after(ENDED, broken, now=NOW + 2 * DAY).state

    assert states == ["failing"] * 5
    assert later == ["failing", "failing", "gone"]
    assert (again, broken.ending) == ("failing", Sightings(1, NOW + 2 * DAY))


def test_another_failure_in_between_is_no_410() -> None:
    """A server that is down for a while has not ended."""
    memo = Memo()
    after(ENDED, memo)
    after(SourceUnavailable("a"), memo, now=NOW + DAY)
    found = [after(ENDED, memo, now=NOW + number * DAY).state for number in (2, 3)]

    assert found == ["failing", "failing"]


def test_a_new_address_that_fails_for_a_week_is_left() -> None:
    """P20 is reversible; a source that never moved is not touched."""
    moved = Memo(moved=Moved("https://new.example/feed", NOW))
    told = []
    for number in range(9):
        after(SourceUnavailable("a"), moved, now=NOW + number * DAY)
        told.append(moved.lost_at_new_address(NOW + number * DAY))
    stayed = Memo(failing_since=NOW)

    assert told == [False] * 7 + [True] * 2
    assert not stayed.lost_at_new_address(NOW + 99 * DAY)


def test_what_was_learned_of_an_address_goes_with_it() -> None:
    """An operator who gives a new address starts afresh; the log of reads stays."""
    memo = Memo(
        place=place_digest("https://old.example/feed"),
        moved=Moved("https://new.example/feed", NOW),
        gone=True,
        ending=Sightings(3, NOW),
        reads=b"x" * 13,
    )
    same = memo_from(memo_bytes(memo), place=place_digest("https://old.example/feed"))
    other = memo_from(memo_bytes(memo), place=place_digest("https://elsewhere.example/feed"))

    assert same == memo
    assert (other.moved, other.gone, other.ending, other.reads) == (None, False, None, memo.reads)
    assert other.place == place_digest("https://elsewhere.example/feed")


@pytest.mark.parametrize("stored", [b"", b"{", b"[]", b'{"failures":"many"}', b"\xff"])
def test_notes_that_cannot_be_read_are_fresh_ones(stored: bytes) -> None:
    """Another version wrote them; nothing fails for it."""
    assert memo_from(stored, place="here") == Memo(place="here")


def test_notes_of_the_first_version_are_read() -> None:
    """P5: what was stored before an upgrade counts after it."""
    stored = b'{"failures":2,"limited":0,"error_code":"unavailable","last_read_at":"2026-01-05T12:00:00Z","last_new_at":null}'

    assert memo_from(stored, place="here") == Memo(
        failures=2, error_code="unavailable", last_read_at=NOW, place="here"
    )


def test_a_budget_that_the_network_calls_spent_says_what_to_do() -> None:
    """An account without credit is told as such, with the adapter's words; our own reckoning only says when it goes on."""
    ours = after(BudgetSpent("a", budget="usd", wait_s=3600.0), Memo())
    theirs = after(BudgetSpent("a", budget="usd", wait_s=3600.0, code="no_credit"), Memo())

    assert ours.reason == "its budget `usd` has to last, so it goes on at 2026-01-05 13:00:00 UTC"
    assert theirs.reason == "there is no credit; top it up; it is asked again at 2026-01-05 13:00:00 UTC"
    assert (theirs.code, theirs.state, theirs.why, theirs.wait_s) == (
        "budget_spent",
        "held",
        "budget",
        3600.0,
    )
