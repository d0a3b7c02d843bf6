"""What became of a post, an edit or a deletion, from a simulator's book and a consumer outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from listener.cli.demo.counters import Disagreement, Metrics, disagreements, read_metrics
from listener.cli.demo.reckoning import Change, Fate, Verdict, reckon
from listener.cli.demo.told import Told
from listener.simulation.ledger import Ledger, PostRow
from listener.simulation.marks import mark
from listener.simulation.quarter import Way

NOON = datetime(2026, 1, 12, 12, tzinfo=UTC)
DAY_S = 86_400.0


def at(minutes: float) -> datetime:
    """Minutes after noon."""
    return NOON + timedelta(minutes=minutes)


class Street:
    """A network with a single post, in a book."""

    network = "net"
    objectors: tuple[str, ...] = ()
    looks_back_s = 0.0

    def __init__(self, row: PostRow, *, way: Way = "announced", asked_at: datetime | None = None) -> None:
        self.ledger, self.numbers = Ledger(), {"post-7": 7}
        self.ledger.published(row)
        self._way, self._asked_at = way, asked_at

    def serving(self, folder: Any) -> Any:
        raise NotImplementedError

    def is_heard(self) -> bool:
        return True

    def happen(self, moment: Any) -> None:
        raise NotImplementedError

    def calm(self) -> None:
        raise NotImplementedError

    def asked_since(self, row: PostRow, at: datetime) -> bool:
        return self._asked_at is not None and self._asked_at > at

    def sources_of(self, row: PostRow) -> tuple[str, ...]:
        return ("street",)

    def not_before(self, row: PostRow) -> datetime | None:
        return None

    def deletion(self, row: PostRow) -> Way:
        return self._way


def posted(
    expected: Literal["queued", "counted", "not_ours", "withheld", "rejected"] = "queued", **life: Any
) -> PostRow:
    """A post of noon that was shown a minute later."""
    born: dict[str, Any] = {
        "post": "post-7",
        "place": "street",
        "kind": "post",
        "link": "",
        "expected": expected,
        "reason": "consent" if expected == "withheld" else None,
        "published_at": NOON,
        "first_shown_at": at(1),
        "shown": 1,
        "shown_revision": 1,
    }
    return PostRow(**(born | life))


UNSHOWN: dict[str, Any] = {"first_shown_at": None, "shown": 0, "shown_revision": 0}


def event(kind: str, number: int = 7, revision: int = 1, **said: Any) -> dict[str, Any]:
    """An event as the API gives it, as far as a consumer reads it here."""
    data = {"title": None, "text": f"Snow {mark(number, revision)}", "observed_at": at(1).isoformat()}
    return {
        "type": f"listener.{kind}",
        "id": f"key-{number}.{revision}",
        "subject": f"key-{number}",
        "source": "/net/street",
        "data": data | said,
    }


def told(*events: dict[str, Any]) -> Told:
    """A consumer that was given these."""
    consumer = Told(planted=frozenset({"nobody@example.org"}))
    for each in events:
        consumer.take(each)
    return consumer


CREATED, REMOVED = event("post.created"), event("post.removed")
UPDATED = event("post.updated", revision=2)
GAP = event("source.gap", network="net", start_at=at(-5).isoformat(), end_at=at(5).isoformat())


def verdict(
    row: PostRow,
    *events: dict[str, Any],
    way: Way = "announced",
    asked_at: datetime | None = None,
    clock_s: float | None = None,
    now: datetime | None = None,
) -> Verdict:
    """The only one."""
    street = Street(row, way=way, asked_at=asked_at)
    (found,) = reckon(street, told(*events), now=now or at(60), clock_s=clock_s)
    return found


@pytest.mark.parametrize(
    ("row", "events", "asked_at", "fate"),
    [
        (posted(), (CREATED,), None, "queued"),
        (posted("not_ours"), (), None, "not_ours"),
        (posted("withheld"), (), None, "withheld"),
        (posted("rejected"), (), None, "rejected"),
        (posted(deleted_at=at(0.5), **UNSHOWN), (), at(1), "removed_before_reading"),
        (posted(deleted_at=at(2)), (), None, "removed_before_reading"),
        (posted(**UNSHOWN), (GAP,), at(1), "in_gap"),
        (posted(), (GAP,), None, "in_gap"),
        (posted(published_at=at(9)), (GAP,), None, "missing"),
        (posted(**UNSHOWN), (), None, "never_shown"),
        (posted(**UNSHOWN), (), at(1), "missing"),
        (posted("withheld", **UNSHOWN), (), at(1), "missing"),
        (posted(), (), None, "missing"),
        (posted(), (event("post.created", number=8),), None, "missing"),
        (posted("not_ours"), (CREATED,), None, "unexpected"),
        (posted("withheld"), (CREATED,), None, "unexpected"),
        (posted("rejected"), (CREATED,), None, "unexpected"),
    ],
)
def test_a_post_has_exactly_one_fate(
    row: PostRow, events: tuple[dict[str, Any], ...], asked_at: datetime | None, fate: Fate
) -> None:
    """By what its place showed, what a consumer was given, and what was reported as missed."""
    assert verdict(row, *events, asked_at=asked_at).fate == fate


def test_a_deletion_that_nobody_tells_explains_no_missing_post() -> None:
    """A blog does not say what was deleted, so what it showed before must have been queued."""
    assert verdict(posted(deleted_at=at(2)), way="untold").fate == "missing"


def hour(start: float, count: int) -> dict[str, Any]:
    """How many posts of an hour there were, as it is told."""
    start_at, end_at = at(start).isoformat(), at(start + 60).isoformat()
    return event("topic.counted", network="net", watch="city", start_at=start_at, end_at=end_at, count=count)


@pytest.mark.parametrize(
    ("life", "events", "fate"),
    [
        ({}, (hour(0, 1),), "counted"),
        ({}, (), "never_shown"),
        ({}, (hour(-60, 0),), "never_shown"),
        ({}, (hour(60, 0),), "never_shown"),  # said before the first hour that was asked for
        ({}, (hour(-60, 0), hour(60, 0)), "missing"),
        ({}, (hour(-60, 0), GAP, hour(60, 0)), "in_gap"),
        ({}, (hour(0, 0),), "missing"),
        ({}, (hour(0, 2),), "unexpected"),
        ({"deleted_at": at(30)}, (hour(0, 0),), "removed_before_reading"),
        ({"deleted_at": at(30)}, (hour(0, 1),), "unexpected"),
        ({"deleted_at": at(90)}, (hour(0, 0),), "removed_before_reading"),
        ({"deleted_at": at(90)}, (hour(0, 1),), "counted"),
        ({}, (CREATED,), "unexpected"),
    ],
)
def test_a_post_that_is_only_counted_is_in_the_number_of_its_hour(
    life: dict[str, Any], events: tuple[dict[str, Any], ...], fate: Fate
) -> None:
    """The sum of each hour that was told agrees with the book, but for what was deleted before the question."""
    assert verdict(posted("counted", **UNSHOWN, **life), *events).fate == fate


EDITED: dict[str, Any] = {"edited_at": at(3), "revision": 2}
DELETED: dict[str, Any] = {"deleted_at": at(3)}


@pytest.mark.parametrize(
    ("life", "events", "how", "change"),
    [
        ({}, (CREATED,), {}, ""),
        (EDITED | {"shown_revision": 2}, (CREATED, UPDATED), {}, "edit_held"),
        (EDITED, (CREATED,), {}, "edit_awaited"),
        (EDITED, (CREATED,), {"asked_at": at(4)}, "edit_lost"),
        (EDITED | {"shown_revision": 2}, (CREATED,), {}, "edit_lost"),
        (EDITED | {"shown_revision": 2}, (CREATED, GAP), {}, "edit_in_gap"),
        (EDITED, (CREATED,), {"clock_s": DAY_S}, "edit_awaited"),
        (EDITED, (CREATED,), {"clock_s": DAY_S, "now": at(2000)}, "edit_lost"),
        (DELETED, (CREATED, REMOVED), {}, "removed"),
        (DELETED, (CREATED,), {}, "deletion_awaited"),
        (DELETED, (CREATED,), {"asked_at": at(4)}, "deletion_ignored"),
        (DELETED, (CREATED,), {"way": "asked", "clock_s": DAY_S}, "deletion_awaited"),
        (DELETED, (CREATED,), {"way": "asked", "clock_s": DAY_S, "now": at(2000)}, "deletion_ignored"),
        (DELETED, (CREATED,), {"way": "untold"}, "deletion_untold"),
        ({}, (CREATED, REMOVED), {}, "removed_wrongly"),
    ],
)
def test_a_queued_post_stands_as_its_place_has_it_or_somebody_knows_why_not(
    life: dict[str, Any], events: tuple[dict[str, Any], ...], how: dict[str, Any], change: Change
) -> None:
    """Edits and deletions have arrived, are still to be asked about, or are lost."""
    found = verdict(posted(**life), *events, **how)

    assert (found.fate, found.change) == ("queued", change)
    assert found.is_faulty == (change in ("edit_lost", "deletion_ignored", "removed_wrongly"))


def test_what_is_asked_about_says_until_when() -> None:
    """A clock after the post was last read, or after it changed, whichever is later."""
    found = verdict(posted(**DELETED), CREATED, way="asked", clock_s=DAY_S)

    assert (found.due_by, found.is_awaited) == (at(3) + timedelta(days=1), False)


@pytest.mark.parametrize(
    ("events", "fault"),
    [
        (
            (event("post.created", text=f"write to nobody@example.org {mark(7, 1)}"),),
            "event key-7.1 of net names somebody",
        ),
        ((event("post.created", text="no mark"),), "a post of net came without its mark"),
        ((CREATED, REMOVED, CREATED), "post 7 of net was told again after its removal"),
        ((CREATED, CREATED), "post 7 of net was created twice"),
        ((CREATED, CREATED | {"subject": "other"}), "post 7 of net came under two keys"),
        ((event("queue.resync"),), "the queue told the consumer to read again"),
    ],
)
def test_what_no_consumer_may_be_told_is_a_fault(events: tuple[dict[str, Any], ...], fault: str) -> None:
    """Said without a word of the post."""
    assert told(*events).faults == [fault]


METRICS = """\
# TYPE listener_items_received counter
listener_items_received_total{source="street"} 6.0
# TYPE listener_items counter
listener_items_total{outcome="created",reason="",source="street"} 2.0
listener_items_total{outcome="noted",reason="",source="street"} 1.0
listener_items_total{outcome="withheld",reason="consent",source="street"} 3.0
# TYPE listener_removals_honoured counter
listener_removals_honoured_total{reason="deleted"} 1.0
# TYPE listener_queue_posts gauge
listener_queue_posts 1.0
"""
HONEST = (CREATED, event("post.created", number=8), GAP, event("post.removed", number=8))
WITHHELD = Verdict(network="net", post="post-9", fate="withheld", reason="consent", shown=3)
QUEUED = Verdict(network="net", post="post-7", fate="queued", shown=2)


def metrics(**wrong: tuple[str, str]) -> Metrics:
    """The metrics above, some of their words replaced."""
    text = METRICS
    for old, new in wrong.values():
        assert old in text
        text = text.replace(old, new)
    return read_metrics(text, {"street": "net"})


def test_honest_counters_agree_with_what_was_seen() -> None:
    """What was withheld is met again at each reading, so the daemon may count it more often."""
    assert disagreements(metrics(), [WITHHELD, QUEUED], told(*HONEST), ["net"]) == ()


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (
            '"created",reason="",source="street"} 2.0',
            '"created",reason="",source="street"} 1.0',
            [
                Disagreement("street: items received, and items that became something", 6, 5),
                Disagreement("net: posts created", 1, 2),
            ],
        ),
        (
            '"consent",source="street"} 3.0',
            '"consent",source="street"} 4.0',
            [
                Disagreement("street: items received, and items that became something", 6, 7),
                Disagreement("net: posts received, repeats included", 6, 5),
            ],
        ),
        ("queue_posts 1.0", "queue_posts 2.0", [Disagreement("posts whose words stand", 2, 1)]),
        ('"deleted"} 1.0', '"deleted"} 0.0', [Disagreement("posts removed", 0, 1)]),
        ('"noted"', '"removed"', [Disagreement("net: gaps, counts and changes told", 0, 1)]),
        (
            '"consent"',
            '"objection"',
            [
                Disagreement("net: withheld (consent)", 0, 1),
                Disagreement("net: withheld (objection)", 3, 0),
            ],
        ),
        (
            '"withheld",reason="consent"',
            '"rejected",reason="no_content"',
            [Disagreement("net: withheld (consent)", 0, 1), Disagreement("net: rejected (no_content)", 3, 0)],
        ),
    ],
)
def test_a_counter_that_says_something_else_is_told(old: str, new: str, found: list[Disagreement]) -> None:
    """Whatever both speak of is the same, or it is a disagreement."""
    assert sorted(
        disagreements(metrics(it=(old, new)), [WITHHELD, QUEUED], told(*HONEST), ["net"]), key=repr
    ) == sorted(found, key=repr)
