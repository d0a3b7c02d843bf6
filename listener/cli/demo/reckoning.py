"""
What became of every post: exactly one fate each, from the simulators' books and a consumer outside; and of every edit and
deletion of those that are queued. Pure. The daemon's own counters are not asked here.

Takes a quarter's book and what was `told`; gives a `Verdict` per post to `balance`. Whatever cannot be explained is a fault,
never a rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from listener.cli.demo.told import Met, Told
from listener.simulation.ledger import PostRow
from listener.simulation.quarter import Quarter

Fate = Literal[
    "queued",
    "counted",
    "not_ours",
    "withheld",
    "rejected",
    "removed_before_reading",
    "in_gap",
    "never_shown",
    "missing",
    "unexpected",
]
Change = Literal[
    "",  # it stands as it was first said
    "edit_held",
    "edit_awaited",
    "edit_in_gap",
    "edit_lost",
    "removed",
    "deletion_awaited",
    "deletion_untold",
    "deletion_ignored",
    "removed_wrongly",
]

FAULTY_FATES: Final[frozenset[Fate]] = frozenset({"missing", "unexpected"})
FAULTY_CHANGES: Final[frozenset[Change]] = frozenset({"edit_lost", "deletion_ignored", "removed_wrongly"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """
    What became of one post.

    Args:
        network: Where.
        post: Its name in the simulator's book.
        fate: Exactly one.
        reason: Of a post that was withheld or rejected.
        change: What became of its latest edit or deletion, where it is queued.
        sources: Who shows it.
        not_before: Until when no answer can tell of it; None where the next one does.
        due_by: Until when the daemon has to ask about the edit or deletion; None where it is told without asking.
        shown: In how many answers it left; all but the first are repeats.
        is_deleted: Its place does not have it any more.
    """

    network: str
    post: str
    fate: Fate
    reason: str = ""
    change: Change = ""
    sources: tuple[str, ...] = ()
    not_before: datetime | None = None
    due_by: datetime | None = None
    shown: int = 0
    is_deleted: bool = False

    @property
    def is_faulty(self) -> bool:
        """
        Whether something was lost, or told that must not be.
        """
        return self.fate in FAULTY_FATES or self.change in FAULTY_CHANGES

    @property
    def is_awaited(self) -> bool:
        """
        Whether the next answer of its source tells more.
        """
        if self.due_by is not None:
            return False
        return self.fate == "never_shown" or self.change in ("edit_awaited", "deletion_awaited")

    def due_at(self, due: Mapping[str, datetime]) -> datetime | None:
        """
        When something more is told of it; None where its sources are not waiting for a turn.

        Args:
            due: By source, when it is read next.
        """
        found = min((due[name] for name in self.sources if name in due), default=None)
        return found if found is None or self.not_before is None else max(found, self.not_before)


def reckon(quarter: Quarter, told: Told, *, now: datetime, clock_s: float | None) -> tuple[Verdict, ...]:
    """
    One verdict for every post of the quarter's book.

    Args:
        now: By the clock of the simulation.
        clock_s: Within how many seconds the daemon has to ask about each stored post again; None where it never does.
    """
    return tuple(_Reckoning(quarter, told, now, clock_s).verdicts())


@dataclass(frozen=True, slots=True)
class _Reckoning:
    quarter: Quarter
    told: Told
    now: datetime
    clock_s: float | None

    def verdicts(self) -> Iterator[Verdict]:
        numbers: Mapping[str, int] = self.quarter.numbers
        for row in self.quarter.ledger.posts.values():
            number = numbers.get(row.post)
            met = None if number is None else self.told.met(self.quarter.network, number)
            fate = self._fate(row, met)
            change, due_by = self._change(row, met) if met is not None and fate == "queued" else ("", None)
            yield Verdict(
                network=self.quarter.network,
                post=row.post,
                fate=fate,
                reason=row.reason or "" if fate in ("withheld", "rejected") else "",
                change=change,
                sources=self.quarter.sources_of(row),
                not_before=self.quarter.not_before(row),
                due_by=due_by,
                shown=row.shown,
                is_deleted=row.deleted_at is not None,
            )

    def _fate(self, row: PostRow, met: Met | None) -> Fate:
        if met is not None:
            return "queued" if row.expected == "queued" else "unexpected"
        if row.expected == "not_ours":
            return "not_ours"
        if row.expected == "counted":
            return self._fate_counted(row)
        if not row.shown:
            return self._fate_unshown(row)
        if row.expected != "queued":
            return row.expected
        if row.deleted_at is not None and self.quarter.deletion(row) != "untold":
            return "removed_before_reading"  # if one of these was queued, the daemon's counter says so: see counters
        return "in_gap" if self._in_gap(row.published_at) else "missing"

    def _fate_counted(self, row: PostRow) -> Fate:
        """
        By the numbers that were told: each hour must have as many as were written in it, but for those that were deleted
        before, or perhaps before, the question.
        """
        hours = [each for each in self.told.counts if each.network == self.quarter.network]
        hour = next((each for each in hours if each.start_at <= row.published_at < each.end_at), None)
        if hour is None:
            skipped = min((each.start_at for each in hours), default=None)
            is_later = any(each.start_at > row.published_at for each in hours)
            if self._in_gap(row.published_at):
                return "in_gap"
            return (
                "missing"
                if skipped is not None and skipped <= row.published_at and is_later
                else "never_shown"
            )
        within = [
            each
            for each in self.quarter.ledger.posts.values()
            if each.expected == "counted" and hour.start_at <= each.published_at < hour.end_at
        ]
        least = sum(each.deleted_at is None for each in within)
        most = sum(each.deleted_at is None or each.deleted_at >= hour.end_at for each in within)
        if not least <= hour.count <= most:
            return "missing" if hour.count < least else "unexpected"
        if row.deleted_at is None:
            return "counted"
        is_over = row.deleted_at < hour.end_at or hour.count == least
        return "removed_before_reading" if is_over else "counted"

    def _fate_unshown(self, row: PostRow) -> Fate:
        if row.deleted_at is not None:
            return "removed_before_reading"
        if self._in_gap(row.published_at):
            return "in_gap"
        return "missing" if self.quarter.asked_since(row, row.published_at) else "never_shown"

    def _change(self, row: PostRow, met: Met) -> tuple[Change, datetime | None]:
        if met.revision is None:
            return ("removed" if row.deleted_at is not None else "removed_wrongly"), None
        if row.deleted_at is not None:
            return self._deletion(row, row.deleted_at, met)
        if met.revision == row.revision:
            return ("edit_held" if row.revision > 1 else ""), None
        return self._edit(row, row.edited_at or row.published_at, met)

    def _deletion(self, row: PostRow, at: datetime, met: Met) -> tuple[Change, datetime | None]:
        match self.quarter.deletion(row):
            case "untold":
                return "deletion_untold", None
            case "announced":
                return ("deletion_ignored" if self.quarter.asked_since(row, at) else "deletion_awaited"), None
            case "asked":
                due_by = self._due_by(at, met)
                late = due_by is None or self.now > due_by
                return ("deletion_ignored" if late else "deletion_awaited"), due_by

    def _edit(self, row: PostRow, at: datetime, met: Met) -> tuple[Change, datetime | None]:
        if self._in_gap(at):
            return "edit_in_gap", None
        if row.shown_revision == row.revision or self.quarter.asked_since(row, at):
            return "edit_lost", None
        due_by = self._due_by(at, met)
        return ("edit_lost" if due_by is not None and self.now > due_by else "edit_awaited"), due_by

    def _due_by(self, at: datetime, met: Met) -> datetime | None:
        """
        Each stored post is asked about once in every clock, counted from when it was last read.
        """
        return None if self.clock_s is None else max(at, met.seen_at) + timedelta(seconds=self.clock_s)

    def _in_gap(self, at: datetime) -> bool:
        return any(gap.holds(self.quarter.network, at) for gap in self.told.gaps)
