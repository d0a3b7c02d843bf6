"""
A disk that forgets what was not synced: an apsw VFS that knows, at every sync, what a power cut would leave.

Programs see ordinary files. Beside them the VFS keeps what is certainly on the platter, and the writes and
truncations since. `on_sync` is called before each sync takes effect; whoever is called may ask for `image`s: folders
as they could be found after a power cut at that instant, with none of the unsynced operations, with the first few of
them, or with a random subset of their sectors.

    power = PowerCut("power", on_sync=lambda: power.image(folder / str(power.syncs), lose="all"))
    queue = await open_sqlite(path, ..., options=Options(vfs="power", sync=power.synced))

A real power cut is harsher in one way: a new file's name can be lost. SQLite syncs the folder for that; this VFS
counts names as safe at once.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import apsw

Lose = Literal["all", "tail", "sectors"]
"""All unsynced operations; those after a random instant; a random half of their sectors."""

SECTOR_BYTES: Final = 512
"""The smallest piece that a disk writes whole."""


@dataclass(frozen=True, slots=True)
class Operation:
    """
    One thing that was asked of a file and not yet synced.

    Args:
        file: Its path.
        offset: Where bytes go; or the new size, where there are none.
        written: The bytes; None for a truncation.
    """

    file: str
    offset: int
    written: bytes | None

    def apply(self, content: bytearray) -> None:
        """
        Do it to what a platter holds.
        """
        if self.written is None:
            del content[self.offset :]
            return
        content.extend(bytes(max(0, self.offset - len(content))))
        content[self.offset : self.offset + len(self.written)] = self.written

    def sectors(self, size_bytes: int) -> list[Operation]:
        """
        The same in pieces that a disk writes whole.
        """
        if self.written is None:
            return [self]
        return [
            Operation(self.file, self.offset + start, self.written[start : start + size_bytes])
            for start in range(0, len(self.written), size_bytes)
        ]


@dataclass(slots=True)
class _Platters:
    """
    By path of the file.
    """

    safe: dict[str, bytearray] = field(default_factory=dict)
    waiting: list[Operation] = field(default_factory=list)


class PowerCut(apsw.VFS):
    """
    Registered under its name until it is collected; open databases through it with `vfs=name`.

    Args:
        name: For SQLite.
        on_sync: Called in the thread that syncs, before anything of it is safe.
    """

    def __init__(self, name: str, *, on_sync: Callable[[], None]) -> None:
        self.syncs = 0
        self._on_sync = on_sync
        self._platters = _Platters()
        super().__init__(name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 SQLite's name
        return _File(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 SQLite's name
        super().xDelete(filename, syncdir)
        self._platters.safe.pop(filename, None)
        self._platters.waiting[:] = [each for each in self._platters.waiting if each.file != filename]

    def opened(self, file: str) -> None:
        """
        What a file holds when it is opened is on the platter.
        """
        if file not in self._platters.safe:
            self._platters.safe[file] = bytearray(Path(file).read_bytes())

    def asked(self, operation: Operation) -> None:
        """
        An operation that is not safe yet.
        """
        self._platters.waiting.append(operation)

    def sync(self, file: str) -> None:
        """
        `on_sync` is asked first; then everything this file was asked for is safe.
        """
        self.syncs += 1
        self._on_sync()
        self._settle(file)

    def synced(self, wal: Path) -> None:
        """
        For `Options.sync`: the WAL was synced past SQLite, and just before it the database, whose pages were
        cleaned past SQLite too.
        """
        self.sync(str(wal))
        database = str(wal).removesuffix("-wal")
        self._settle(database)
        self._platters.safe[database] = bytearray(Path(database).read_bytes())

    def image(self, into: Path, *, lose: Lose, seed: int = 0, sector_bytes: int = SECTOR_BYTES) -> None:
        """
        Write the files into a folder as they could be found if the power failed now.
        """
        files = {file: bytearray(content) for file, content in self._platters.safe.items()}
        for operation in self._survivors(lose, random.Random(seed), sector_bytes):  # noqa: S311 a test's dice
            operation.apply(files[operation.file])
        into.mkdir(parents=True)
        for file, content in files.items():
            (into / Path(file).name).write_bytes(content)

    def _survivors(self, lose: Lose, dice: random.Random, sector_bytes: int) -> list[Operation]:
        waiting = self._platters.waiting
        if lose == "all":
            return []
        if lose == "tail":
            return waiting[: dice.randint(0, len(waiting))]
        pieces = [piece for operation in waiting for piece in operation.sectors(sector_bytes)]
        return [piece for piece in pieces if dice.random() < 0.5]

    def _settle(self, file: str) -> None:
        safe = self._platters.safe[file]
        for operation in self._platters.waiting:
            if operation.file == file:
                operation.apply(safe)
        self._platters.waiting[:] = [each for each in self._platters.waiting if each.file != file]


class _File(apsw.VFSFile):
    """
    An ordinary file that tells its VFS what it is asked for.
    """

    def __init__(self, power: PowerCut, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._power = power
        self._name = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        super().__init__("", name, flags)
        power.opened(self._name)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 SQLite's name
        super().xWrite(data, offset)
        self._power.asked(Operation(self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 SQLite's name
        super().xTruncate(newsize)
        self._power.asked(Operation(self._name, newsize, None))

    def xSync(self, flags: int) -> None:  # noqa: N802 SQLite's name; the real disk is spared
        self._power.sync(self._name)
