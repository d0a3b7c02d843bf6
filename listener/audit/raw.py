"""
The bytes of the database and its log, searched for what looks like a person and stands in no living row.

Reads the files as they lie on the disk, without the engine. Independent of the masker: an `@` with a word behind it, or an
e-mail address, in the middle of readable text. What an engine scatters over its pages as random bytes (keys, seals) is
passed over, because text of 20 characters does not come about by chance. What is found is kept in memory until it was
compared with the living rows, and is never written down.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, get_args

from listener.audit.findings import Check, Tally
from listener.events import Event
from listener.gate.folding import fold_for_masking
from listener.gate.profiles import OwnHandles

RUNS_MOST: Final = 4096
"""Chosen: so many different ones are compared; more are a broken store, and are counted as found."""

_BLOCK: Final = 1 << 20
_REACH: Final = 160
"""Bytes on either side of a sign that are looked at: an e-mail address has at most so many that matter here."""

_LEAST: Final = 20
"""Characters: fewer readable ones side by side may be random bytes."""
_READABLE: Final = re.compile(
    rb"(?:[\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}){%d,}"
    % _LEAST
)
_BODY: Final = b'{"type":"listener.'
"""How every stored event begins (`listener.events.encode_event`)."""
_COLUMNS: Final = re.compile(
    b"(?:%s)/[a-z]"
    % b"|".join(re.escape(str(shape.__struct_config__.tag).encode()) for shape in get_args(Event))
)
"""Type and source of a row, side by side; in an event a quote is between them, and nobody writes an address like it."""
_RUN: Final = re.compile(
    rb"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}"
    rb"|(?<![A-Za-z0-9_@.])@[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])"
)

_WORD: Final = re.compile(rb"[A-Za-z0-9_]")


class RawAudit:
    """
    Search first, then show it every living row, then ask.

    Args:
        files: Those that are there are read.
        own: The organisation's own handles and mailboxes, folded.
        progress: Told how many bytes were read.
    """

    __slots__ = ("_files", "_more", "_own", "_progress", "_runs", "_tally")

    def __init__(
        self, files: Sequence[Path], *, own: OwnHandles, progress: Callable[[int], None] = lambda _: None
    ) -> None:
        self._files, self._own, self._progress = files, own, progress
        self._tally = Tally("the bytes of the database and its log hold nobody who is in no living row")
        self._runs: set[bytes] = set()
        self._more = False

    def search(self) -> None:
        """
        Every file once.
        """
        for run in self._everywhere():
            if len(self._runs) < RUNS_MOST:
                self._runs.add(run)
            elif run not in self._runs:
                self._more = True

    def living(self, line: bytes) -> None:
        """
        A row that is stored rightly: what stands in it is not left over.
        """
        if self._runs and b"@" in line:
            self._runs -= {run for run in self._runs if run in line}

    def check(self) -> Check:
        """
        What is left over; looked for once more, because a post may have been erased meanwhile.
        """
        left = self._runs and self._runs.intersection(self._everywhere())
        for run in left:
            kind = "an account's sign" if run.startswith(b"@") else "an e-mail address"
            self._tally.found("bytes of the database", kind, todo=_REPORT)
        if self._more:
            self._tally.found("bytes of the database", "more than could be compared", todo=_REPORT)
        return self._tally.check()

    def _everywhere(self) -> Iterator[bytes]:
        self._tally.looked_at = 0
        for file in self._files:
            if file.is_file():
                yield from self._in(file)

    def _in(self, file: Path) -> Iterator[bytes]:
        with file.open("rb") as opened:
            kept = b""
            while block := opened.read(_BLOCK):
                self._tally.looked_at += len(block)
                self._progress(self._tally.looked_at)
                data = kept + block
                yield from self._of(data, len(data) - _REACH if len(block) == _BLOCK else len(data))
                kept = data[-2 * _REACH :]

    def _of(self, data: bytes, end: int) -> Iterator[bytes]:
        """
        Runs whose sign comes before `end`. One that the engine parted between two of its pages is cut, and a part of what
        stands in a living row stands in it too.
        """
        at = data.find(b"@", 0, end)
        while at >= 0:
            run = _run_at(data, at)
            if run is not None and not self._ours(run):
                yield run
            at = data.find(b"@", at + 1, end)

    def _ours(self, run: bytes) -> bool:
        return fold_for_masking(run.decode("ascii")).removeprefix("@") in self._own


_REPORT: Final = "stop the daemon, start it again, let it erase what waits, and audit once more; what stays is a fault: report it"


def _run_at(data: bytes, at: int) -> bytes | None:
    """
    What the sign at this place is part of, where that looks like somebody in readable text.
    """
    if not _WORD.match(data, at + 1):
        return None
    start = max(0, at - _REACH)
    for text in _READABLE.finditer(data, start, at + _REACH):
        for run in _RUN.finditer(data, *_words(data, at, *text.span())):
            if run.start() <= at < run.end():
                return run[0]
    return None


def _words(data: bytes, at: int, start: int, end: int) -> tuple[int, int]:
    """
    The part of a readable stretch that one stored value can be: random columns lie between a row's source and its body, and a
    byte of theirs that happens to be readable belongs to neither. Empty where the sign stands among them.
    """
    if data.rfind(_BODY, start, at) >= 0:
        return start, end
    body = data.find(_BODY, at, end)
    end = end if body < 0 else body
    if end - start < _LEAST or _COLUMNS.search(data, start, at):
        return start, start
    return start, end
