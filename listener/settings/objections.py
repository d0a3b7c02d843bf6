"""
The list of people who objected, as it is written: HMACs, one in hex per line, never a name.

Takes names from `listener object`; `secrets.read_objections` reads the list for the daemon. The file is replaced as a
whole, so that a crash leaves the old list or the new one: half a line would keep the daemon from starting.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from listener.errors import ConfigError, Fault
from listener.events import Name
from listener.settings.secrets import read_objections


def add_objections(file: Path, names: Iterable[Name]) -> int:
    """
    How many of the names were new; all of them are in the file now, synced. A file that was not there is made for its
    owner only; one that was keeps its lines, its owner and its mode.

    Raises:
        ConfigError: the file holds something else, or it cannot be read or written.
    """
    try:
        with _alone(file.parent):
            held = read_objections(file) if file.exists() else frozenset()
            new = [name for name in dict.fromkeys(names) if name not in held]
            if new:
                _replace(file, new)
            return len(new)
    except OSError as error:
        problem = f"cannot be written ({error.strerror or type(error).__name__})"
        raise ConfigError([Fault(str(file), "privacy.objections_file", problem)]) from error


def _replace(file: Path, new: Iterable[Name]) -> None:
    before = file.read_bytes() if file.exists() else b""
    if before and not before.endswith(b"\n"):
        before += b"\n"
    draft = file.with_name(f"{file.name}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as out:
        _as_it_was(out.fileno(), file)
        out.write(before + b"".join(name.hex().encode() + b"\n" for name in new))
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)


def _as_it_was(handle: int, file: Path) -> None:
    """
    Whoever may read the list may read the new one: root may keep it for a daemon that is somebody else.
    """
    known = file.stat() if file.exists() else file.parent.stat()
    os.fchmod(handle, known.st_mode & 0o777 if file.exists() else 0o600)
    with suppress(PermissionError):
        os.fchown(handle, known.st_uid, known.st_gid)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """
    Nobody else adds to a list in this folder meanwhile; what was done in it is synced.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        os.fsync(handle)
    finally:
        os.close(handle)
