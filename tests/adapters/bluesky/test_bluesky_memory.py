"""
What is remembered of posts, and what hosts are compared by.
"""

from __future__ import annotations

from adapters.bluesky.crosscheck import CrossCheck
from adapters.bluesky.memory import Revisions, digest_of
from tests.adapters.bluesky.frames import JO, NOON_US, uri

ONE, TWO = "wss://one.example", "wss://two.example"
MINUTE_US = 60_000_000


def test_a_version_is_dealt_with_once() -> None:
    """The same version and older ones are known; a newer one is news."""
    known = Revisions()
    known.add(b"a", "3b")

    assert [known.has(b"a", rev) for rev in ("3a", "3b", "3c")] == [True, True, False]
    assert not known.has(b"b", "3a")


def test_an_older_version_does_not_take_the_place_of_a_newer() -> None:
    """A creation that comes after its deletion, out of order, is not news and undoes nothing."""
    known = Revisions()
    known.add(b"a", "3b", gone=True)
    known.add(b"a", "3a")

    assert known.has(b"a", "3a")
    assert not known.is_there(b"a")


def test_a_post_is_there_until_it_is_gone() -> None:
    """What was handed on last says whether a post is there."""
    known = Revisions()
    steps = []
    for rev, gone in (("3a", False), ("3b", True), ("3c", False)):
        known.add(b"a", rev, gone=gone)
        steps.append(known.is_there(b"a"))

    assert steps == [True, False, True]
    assert not known.is_there(b"b")


def test_memory_is_bounded_and_forgets_the_oldest() -> None:
    """As many posts as were agreed are remembered, the latest ones, gone or not."""
    known = Revisions(most=3)
    for number in range(6):
        known.add(bytes([number]), "3a", gone=number % 2 == 0)

    assert [known.has(bytes([number]), "3a") for number in range(6)] == [False] * 3 + [True] * 3
    assert len(known._gone) == 1


def test_memory_holds_nobody() -> None:
    """A digest says nothing of the post, and nothing prints."""
    known = Revisions()
    known.add(digest_of(uri(1)), "3a")

    assert JO.encode() not in digest_of(uri(1))
    assert repr(known) == "Revisions(1)"


def told(check: CrossCheck, number: int, *hosts: str) -> None:
    for host in hosts:
        check.heard(bytes([number]), "3a", host=host, at_us=NOON_US + number * MINUTE_US)


def covered(until: int) -> dict[str, tuple[int, int]]:
    span = (NOON_US - 9 * MINUTE_US, NOON_US + until * MINUTE_US)
    return {ONE: span, TWO: span}


def test_a_host_that_lacks_what_another_brings_is_found() -> None:
    """Eight of ten posts came from one host only, and the other had its time: it is blind."""
    check = CrossCheck([ONE, TWO])
    for number in range(10):
        told(check, number, *((ONE, TWO) if number < 2 else (ONE,)))
    check.judge(covered(12))

    assert check.blind() == {TWO}


def test_a_host_that_is_slow_is_not_blind() -> None:
    """What a host may still bring is not held against it."""
    check = CrossCheck([ONE, TWO])
    for number in range(10):
        told(check, number, ONE)
    check.judge({**covered(12), TWO: (NOON_US - 9 * MINUTE_US, NOON_US)})

    assert check.blind() == frozenset()


def test_a_host_is_not_blamed_for_what_came_before_it_was_there() -> None:
    """Only what happened while a host was connected counts."""
    check = CrossCheck([ONE, TWO])
    for number in range(10):
        told(check, number, ONE)
    check.judge({**covered(12), TWO: (NOON_US + 9 * MINUTE_US, NOON_US + 12 * MINUTE_US)})

    assert check.blind() == frozenset()


def test_a_few_losses_are_not_blindness() -> None:
    """Five of two hundred are what every host loses at a restart."""
    check = CrossCheck([ONE, TWO])
    for number in range(200):
        told(check, number, *((ONE,) if number < 5 else (ONE, TWO)))
    check.judge(covered(300))

    assert check.blind() == frozenset()


def test_a_host_that_sees_again_is_believed() -> None:
    """What was counted fades with what comes."""
    check = CrossCheck([ONE, TWO])
    for number in range(250):
        told(check, number, *((ONE,) if number < 12 else (ONE, TWO)))
    check.judge(covered(100))
    before = check.blind()
    check.judge(covered(300))

    assert (before, check.blind()) == (frozenset({TWO}), frozenset())


def test_what_waits_to_be_compared_is_bounded() -> None:
    """A host that stands still lets the other fill no memory."""
    check = CrossCheck([ONE, TWO])
    for number in range(20_000):
        check.heard(number.to_bytes(4, "big"), "3a", host=ONE, at_us=NOON_US)

    assert len(check._pending) == 10_000
