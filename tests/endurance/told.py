"""
What a consumer outside the daemon was told of each post, and what became of every post by the book of the simulator.

Every version of a post carries a word of its own, by which it is known again wherever it turns up: in an event, in a
file. Nothing here asks the daemon for a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from listener.simulation.ledger import Ledger, PostRow
from tests.endurance.seen import Seen

_LETTERS: Final = "abcdefghijklmnop"
WORD: Final = re.compile(r"zq([a-p]{5})([a-p]{2})qz")


def word(number: int, revision: int) -> str:
    """The word of one version of a post; letters only, so that nothing takes it for a telephone number."""
    return f"zq{_spelled(number, 5)}{_spelled(revision, 2)}qz"


def number_of(post: str) -> int:
    """Of a post in the book, whose name ends in it."""
    return int(re.sub(r"\D", "", post))


def words_in(folder: Path) -> set[tuple[int, int]]:
    """Every word that any file holds, as number and revision; whole files, free pages and logs included."""
    found: set[tuple[int, int]] = set()
    for file in (each for each in folder.rglob("*") if each.is_file()):
        held = file.read_bytes().decode("latin-1")
        found |= {(_read(one), _read(two)) for one, two in WORD.findall(held)}
    return found


@dataclass
class Told(Seen):
    """
    Args:
        now: By subject, number and revision of the words that stand; None once it was removed.
        subjects: By number of the post, the subjects it was told under.
        faults: What must not be: the same words as the version before, another key, something told again after its removal.
        setbacks: Posts whose older words were told after newer ones, by a source that was behind; made good later, or
            the post is not at its last words in the end. A known weakness of hearing one post through several sources.
        gaps: Start and end of what was reported as missed.
        counted: Numbers told of an hour, by source and its start, in the order they came.
    """

    now: dict[str, tuple[int, int] | None] = field(default_factory=dict)
    subjects: dict[int, set[str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    setbacks: int = 0
    gaps: list[tuple[datetime | None, datetime]] = field(default_factory=list)
    counted: dict[tuple[str, datetime], list[int]] = field(default_factory=dict)
    _last: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)

    def take(self, event: dict[str, Any]) -> None:
        """One event more."""
        super().take(event)
        kind = event["type"].removeprefix("listener.")
        if kind == "source.gap":
            start, end = event["data"]["start_at"], event["data"]["end_at"]
            self.gaps.append((start and datetime.fromisoformat(start), datetime.fromisoformat(end)))
        elif kind == "topic.counted":
            hour = event["source"].rpartition("/")[2], datetime.fromisoformat(event["data"]["start_at"])
            self.counted.setdefault(hour, []).append(event["data"]["count"])
        elif kind == "post.removed":
            self.now[event["subject"]] = None
            self._last.pop(event["subject"], None)
        elif kind in ("post.created", "post.updated"):
            self._words(event["subject"], int(event["id"].rpartition(".")[2]), event["data"])

    def standing(self, number: int) -> int | None:
        """The revision of a post whose words stand; None where none do."""
        found = [self.now[subject] for subject in self.subjects.get(number, ())]
        return max((each[1] for each in found if each is not None), default=None)

    def _words(self, subject: str, version: int, data: dict[str, Any]) -> None:
        """The queue keeps the last version only: what lies between two that were seen nobody was told."""
        found = WORD.search(f"{data['title'] or ''} {data['text']}")
        assert found, "an event without one of our words"
        number, revision = _read(found[1]), _read(found[2])
        said = {name: value for name, value in data.items() if name != "observed_at"}
        before = self.now.get(subject, (number, 0))
        if before is None:
            self.faults.append(f"post {number} revision {revision} told again after its removal")
        elif self._last.get(subject) == (version - 1, said):
            self.faults.append(f"post {number} revision {revision} said twice")
        elif before[1] > revision:
            self.setbacks += 1
        self._last[subject] = version, said
        self.now[subject] = (number, revision)
        self.subjects.setdefault(number, set()).add(subject)
        if len(self.subjects[number]) > 1:
            self.faults.append(f"post {number} told under {len(self.subjects[number])} keys")


def partition(ledger: Ledger, told: Told) -> dict[str, str]:
    """Exactly one fate for every post of the book; those that must not be begin with `!`."""
    return {row.post: _fate(row, told) for row in ledger.posts.values()}


def amiss(fates: dict[str, str]) -> list[str]:
    """The posts whose fate must not be."""
    return sorted(f"{post}: {fate}" for post, fate in fates.items() if fate.startswith("!"))


def left_over(ledger: Ledger, folder: Path) -> list[tuple[int, int]]:
    """Words in files that may be in none: of posts that were deleted, and from before an edit."""
    rows, held = {number_of(row.post): row for row in ledger.posts.values()}, words_in(folder)
    assert held, "no word is in any file: this looks in the wrong place, or cannot read what is stored"
    return sorted(_forbidden(rows, held))


def _forbidden(rows: dict[int, PostRow], held: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for number, revision in held:
        row = rows[number]
        if row.deleted_at is not None or row.expected != "queued" or revision != row.revision:
            yield number, revision


def _fate(row: PostRow, told: Told) -> str:
    number = number_of(row.post)
    standing, ever = told.standing(number), number in told.subjects
    if ever and row.expected != "queued":
        return "!queued, and not ours to queue"
    if row.expected != "queued":
        return row.expected.replace("_", " ") if row.reason is None else f"{row.expected} ({row.reason})"
    if row.deleted_at is not None:
        if standing is not None:
            return "!still there after its deletion"
        return "queued once, removed" if ever else "removed before reading"
    if standing == row.revision:
        return "queued once"
    if any(
        _holds(gap, at) for gap in told.gaps for at in (row.published_at, row.edited_at) if at is not None
    ):
        return "in a reported gap" if standing is None else "queued once, an edit in a reported gap"
    if standing is not None:
        return "!not at its last words"
    if ever:
        return "!removed, and still there at its source"
    return "!missing" if row.shown else "!never shown"


def _holds(gap: tuple[datetime | None, datetime], at: datetime) -> bool:
    """Whether a gap covers an instant as posts state it, which is to the millisecond: the last post of a gap is its end."""
    start, end = gap
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    return (start is None or start <= at) and at <= end


def _spelled(number: int, length: int) -> str:
    digits = [_LETTERS[number >> 4 * place & 15] for place in range(length)]
    return "".join(reversed(digits))


def _read(spelled: str) -> int:
    return sum(_LETTERS.index(letter) << 4 * place for place, letter in enumerate(reversed(spelled)))
