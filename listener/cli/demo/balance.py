"""
The closing balance: what became of every post, edit and deletion, per network; and what does not add up, with where to look.

Takes what `running` gathered; prints tables. Invariant: a balance that does not hold raises, so that the command fails.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from listener.cli.demo.counters import Disagreement
from listener.cli.demo.reckoning import Change, Fate, Verdict
from listener.errors import ListenerError

WORDS: Final[Mapping[Fate, str]] = {
    "queued": "queued, and seen by a consumer outside",
    "counted": "counted, and the number told for its hour",
    "not_ours": "not ours: no watch asks for it",
    "withheld": "withheld at the gate",
    "rejected": "rejected: could not be read",
    "removed_before_reading": "removed before it was read or kept",
    "in_gap": "inside a gap that was reported",
    "never_shown": "never shown: its place was not asked any more",
    "missing": "MISSING: shown, ours, and not in the queue",
    "unexpected": "UNEXPECTED: in the queue, and not ours",
}
CHANGES: Final[Mapping[Change, str]] = {
    "edit_held": "edited, and the consumer holds the latest words",
    "edit_awaited": "edited, and not shown or asked about yet",
    "edit_in_gap": "edited inside a gap that was reported",
    "edit_lost": "EDIT LOST: shown, and the consumer holds older words",
    "removed": "deleted, and removed at the consumer",
    "deletion_awaited": "deleted, and not asked about yet",
    "deletion_untold": "deleted, and its place does not say so: ends with the retention",
    "deletion_ignored": "DELETION LOST: told or overdue, and the words still stand",
    "removed_wrongly": "REMOVED, and still there at its place",
}


class Unbalanced(ListenerError):
    """
    A post is missing, or one is there that should not be, or the daemon counts otherwise than it was seen. Raised and
    caught here; the command exits with 1.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """
    Everything that is compared.

    Args:
        verdicts: Of every post.
        disagreements: Between the daemon's counters and what was seen.
        faults: What a consumer was told and must not be.
        due: By source, when it is read next.
        events: How many a consumer was given.
        peak_mb: Most memory of the daemon; None where it is not known.
        early: Somebody ended the demo.
    """

    verdicts: Sequence[Verdict]
    disagreements: Sequence[Disagreement]
    faults: Sequence[str]
    due: Mapping[str, datetime]
    events: int
    peak_mb: float | None
    early: bool

    @property
    def wrong(self) -> list[Verdict]:
        """
        Posts that are not where they belong.
        """
        return [each for each in self.verdicts if each.is_faulty]

    @property
    def holds(self) -> bool:
        """
        Whether everything is explained.
        """
        return not (self.wrong or self.disagreements or self.faults)

    def is_about_to_hear(self, until: datetime) -> bool:
        """
        Whether a source shows something that was not shown yet before then.
        """
        awaited = (each.due_at(self.due) for each in self.verdicts if each.is_awaited)
        return any(due is not None and due <= until for due in awaited)


def close(balance: Balance, *, again: str) -> None:
    """
    Print it.

    Args:
        again: The command that repeats the day and keeps its files.

    Raises:
        Unbalanced: it does not hold.
    """
    from listener.cli.screen import print_table

    networks = tuple(dict.fromkeys(each.network for each in balance.verdicts))
    print_table(("posts", *networks, "what became of them"), _rows(balance, networks))
    print_table(("later", *networks, "what became of edits and deletions"), _later(balance, networks))
    _explain(balance)
    if balance.peak_mb is not None:
        _say(f"The daemon held {balance.peak_mb:.0f} MB at most.")
    if not balance.holds:
        _complain(balance, again)
    end = "ended early" if balance.early else "ended"
    _say(f"The demo {end}; every post is accounted for, {balance.events} events were seen.")


def _rows(balance: Balance, networks: Sequence[str]) -> list[Sequence[str]]:
    rows = _counted(
        balance.verdicts,
        networks,
        lambda each: WORDS[each.fate] + (f" ({each.reason})" if each.reason else ""),
    )
    total = Counter(each.network for each in balance.verdicts)
    rows.append(_row(total, networks, "published in all"))
    again = Counter[str]()
    for each in balance.verdicts:
        again[each.network] += max(0, each.shown - 1)
    rows.append(_row(again, networks, "times a post was shown again: repeats, kept once"))
    return rows


def _later(balance: Balance, networks: Sequence[str]) -> list[Sequence[str]]:
    changed = [each for each in balance.verdicts if each.change]
    return _counted(changed, networks, lambda each: CHANGES[each.change])


def _counted(
    verdicts: Iterable[Verdict], networks: Sequence[str], said: Callable[[Verdict], str]
) -> list[Sequence[str]]:
    """
    A row for everything that is said of any, most frequent first.
    """
    found: dict[str, Counter[str]] = {}
    for each in verdicts:
        found.setdefault(said(each), Counter())[each.network] += 1
    ordered = sorted(found.items(), key=lambda pair: -pair[1].total())
    return [_row(counts, networks, words) for words, counts in ordered]


def _row(counts: Counter[str], networks: Sequence[str], words: str) -> Sequence[str]:
    return (str(counts.total()), *(str(counts[name]) for name in networks), words)


def _explain(balance: Balance) -> None:
    """
    Each post, edit and deletion that waits, by what it waits for.
    """
    waits, latest = Counter[str](), dict[tuple[str, str], list[datetime]]()
    for each in balance.verdicts:
        if each.due_by is not None and each.change in ("edit_awaited", "deletion_awaited"):
            what = "edits" if each.change == "edit_awaited" else "deletions"
            latest.setdefault((what, each.network), []).append(each.due_by)
        elif each.is_awaited:
            waits[f"of {each.sources[0]}, which tells more {_when(each.due_at(balance.due))}"] += 1
    for (what, network), due in sorted(latest.items()):
        _say(
            f"  {len(due)} {what} on {network} are asked about within its clock, by {max(due):%d %B %H:%M} at the latest"
        )
    for words, count in sorted(waits.items()):
        _say(f"  {count} {words}")


def _when(at: datetime | None) -> str:
    return "when it is connected again" if at is None else f"at {at:%H:%M}"


def _complain(balance: Balance, again: str) -> None:
    """
    What does not add up, and where to look.
    """
    from listener.cli.screen import print_table

    if balance.wrong:
        print_table(
            ("network", "simulated post", "what is wrong", "look at"),
            [
                (
                    each.network,
                    each.post,
                    WORDS[each.fate] if each.fate in ("missing", "unexpected") else CHANGES[each.change],
                    ", ".join(each.sources),
                )
                for each in balance.wrong
            ],
        )
    if balance.disagreements:
        print_table(
            ("the daemon counts", "seen outside", "of what"),
            [(str(each.daemon), str(each.outside), each.what) for each in balance.disagreements],
        )
    for fault in balance.faults:
        _say(f"  {fault}")
    raise Unbalanced(
        f"{len(balance.wrong)} posts are not where they belong, {len(balance.disagreements)} counters disagree, "
        f"{len(balance.faults)} events must not be; the same day with its log and books: {again}"
    )


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
