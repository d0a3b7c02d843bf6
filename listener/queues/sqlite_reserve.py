"""
Room kept aside on disk, so that forgetting and expiry still work when the disk is full.

Used by sqlite_writer: given back to the disk when upkeep finds no room, taken again when there is some. While it is
not held, new posts are refused, or they would eat what erasure needs.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

RESERVE_BYTES: Final = 8 * 1024 * 1024
"""Chosen: the WAL of one slice of expiry (a few hundred dirty pages) and of many removals fits several times."""

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_CHUNK: Final = bytes(256 * 1024)


def is_no_room(code: int) -> bool:
    """
    Whether this errno says that the disk, or our share of it, is full.
    """
    return code in _NO_ROOM


def allocate(descriptor: int, size_bytes: int) -> None:
    """
    The file has this many bytes that nobody else can take.

    Raises:
        OSError: there is no room.
    """
    fallocate: Callable[[int, int, int], None] | None = getattr(os, "posix_fallocate", None)
    if fallocate is not None:
        fallocate(descriptor, 0, size_bytes)
        return
    for _ in range(0, size_bytes, len(_CHUNK)):  # macOS has no such call
        os.write(descriptor, _CHUNK)


class Reserve:
    """
    A file of nothing beside the database.

    Args:
        path: Of that file.
        size_bytes: How much to keep aside.
        take: As `allocate`.
    """

    __slots__ = ("_held", "_path", "_size_bytes", "_take")

    def __init__(
        self,
        path: Path,
        *,
        size_bytes: int = RESERVE_BYTES,
        take: Callable[[int, int], None] = allocate,
    ) -> None:
        self._path = path
        self._size_bytes = size_bytes
        self._take = take
        self._held = False

    def hold(self) -> bool:
        """
        Whether the room is set aside, now or already.
        """
        if self._held:
            return True
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                self._take(descriptor, self._size_bytes)
            finally:
                os.close(descriptor)
        except OSError:
            self._path.unlink(missing_ok=True)
            return False
        self._held = True
        return True

    def release(self) -> bool:
        """
        Give the room back to the disk; whether there was any to give.
        """
        held, self._held = self._held or self._path.exists(), False  # an earlier process may have left it
        self._path.unlink(missing_ok=True)
        return held
