"""
From "deleted" to "gone": after `Erasure.settle` no file of the engine holds bytes of a deleted row.

`secure_delete` clears the cells it frees, but when the tree is rebalanced it moves cells to a neighbour page and
leaves their copies in the unallocated middle of the old one, where no later delete finds them (SQLite 3.54.1:
about 1 body in 5,000 survived its deletion and the WAL's truncation; see tests/unit/queues/test_sqlite_erase.py).
So every page that passes from the WAL into the database gets its unallocated middle cleared on disk. That region
means nothing to SQLite, so a write that is torn or lost there harms nothing.

Used by sqlite_writer, in its thread, with no transaction open. No other checkpoint may run: once a WAL starts
again from its beginning it has forgotten which pages it wrote.

Source: https://www.sqlite.org/fileformat2.html sections 1.6 (b-tree pages), 1.8 (pointer map) and 4.1 (WAL),
read 2026-11-23.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Final

import apsw

from listener.failpoints import reach
from listener.queues.sqlite_schema import PAGE_BYTES

_WAL_HEADER_BYTES: Final = 32
_FRAME_BYTES: Final = 24 + PAGE_BYTES
_FILE_HEADER_BYTES: Final = 100
_POINTER_MAP_EVERY: Final = PAGE_BYTES // 5 + 1
"""Page 2 and every so many pages after it hold the pointer map of auto-vacuum, and nothing of a row."""
_TREE_PAGES: Final = {2: 12, 5: 12, 10: 8, 13: 8}
"""First byte of a b-tree page, and the size of its header. The first byte of an overflow page is 0 below
64 GiB, and `sqlite_schema.MOST_PAGES` keeps a file below that."""

_ZEROS: Final = bytes(PAGE_BYTES)

_page_number: Final = struct.Struct(">I").unpack_from
_cells: Final = struct.Struct(">HH").unpack_from


def sync_file(path: Path) -> None:
    """
    What was written to this file, its length included, survives a power cut; nothing happens where there is none.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Erasure:
    """
    Moves the WAL into the database and leaves nothing behind.

    Args:
        connection: The only one.
        path: Of the database.
        descriptor: Of the database, see `sqlite_schema.Hold`.
        sync: Makes the shortened WAL durable; SQLite shortens it without a sync.
    """

    __slots__ = ("_connection", "_descriptor", "_sync", "_wal")

    def __init__(
        self, connection: apsw.Connection, path: Path, descriptor: int, sync: Callable[[Path], None]
    ) -> None:
        self._connection = connection
        self._descriptor = descriptor
        self._wal = path.with_name(path.name + "-wal")
        self._sync = sync

    def backfill(self) -> None:
        """
        Everything in the WAL is in the database, which is clean; the WAL may start again from its beginning.

        Raises:
            apsw.BusyError: something still reads; nothing is lost.
        """
        reach("settle.begun")
        frames, moved = self._connection.wal_checkpoint("main", apsw.SQLITE_CHECKPOINT_PASSIVE)
        if moved < frames:
            raise apsw.BusyError("checkpoint is incomplete")
        reach("settle.checkpointed")
        cleared = sum(clear_middle(self._descriptor, number) for number in self._written())
        if cleared:
            os.fsync(self._descriptor)
        reach("settle.cleared")

    def settle(self) -> None:
        """
        As `backfill`, and the WAL is empty, durably.
        """
        self.backfill()
        self._connection.wal_checkpoint("main", apsw.SQLITE_CHECKPOINT_TRUNCATE)
        reach("settle.truncated")
        self._sync(self._wal)

    def _written(self) -> list[int]:
        """
        Numbers of all pages in the WAL, older rounds included.
        """
        try:
            with self._wal.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as wal:
                starts = range(_WAL_HEADER_BYTES, len(wal) - _FRAME_BYTES + 1, _FRAME_BYTES)
                return sorted({_page_number(wal, start)[0] for start in starts})
        except (FileNotFoundError, ValueError):  # there is none, or it is empty
            return []


def clear_middle(descriptor: int, number: int) -> bool:
    """
    Whether the unallocated middle of a b-tree page held anything; now it holds zeros.
    """
    if number < 1 or (number - 2) % _POINTER_MAP_EVERY == 0:
        return False
    offset = (number - 1) * PAGE_BYTES
    page = os.pread(descriptor, PAGE_BYTES, offset)
    head = _FILE_HEADER_BYTES if number == 1 else 0
    if len(page) < PAGE_BYTES or page[head] not in _TREE_PAGES:
        return False
    count, content = _cells(page, head + 3)
    start = head + _TREE_PAGES[page[head]] + 2 * count
    if not start <= content <= PAGE_BYTES or page[start:content] == _ZEROS[start:content]:
        return False
    os.pwrite(descriptor, _ZEROS[start:content], offset + start)
    return True
