"""
The deployment's secrets on disk: read for `keys.KeyRing`, made at the first start, never in an image or a log.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from listener.errors import ConfigError, Fault
from listener.keys import NAME_BYTES, KeyRing, new_secret

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def key_ring(paths: Sequence[Path], *, create: bool) -> KeyRing:
    """
    The secrets of these files, first signs, all look up.

    Args:
        paths: One secret each.
        create: Make the first file where it does not exist, readable by its owner only.

    Raises:
        ConfigError: each file that is missing, unreadable, too short, or readable by others.
    """
    if create and not paths[0].exists():
        make_secret(paths[0])
    faults: list[Fault] = []
    ring = [secret for path in paths if (secret := _read(path, faults)) is not None]
    if faults:
        raise ConfigError(faults)
    return KeyRing(ring)


def make_secret(path: Path) -> None:
    """
    A fresh secret in a new file that only its owner may read.

    Raises:
        ConfigError: the folder cannot be made or written, or the file is already there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(new_secret().hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        problem = f"the secret cannot be made ({error.strerror}); make its folder writable for this user"
        raise ConfigError([Fault(str(path), "privacy.secret_files", problem)]) from error


def _read(path: Path, faults: list[Fault]) -> bytes | None:
    try:
        mode = path.stat().st_mode
        text = path.read_bytes().strip()
    except OSError as error:
        problem = f"the secret cannot be read ({error.strerror}); restore it from your backup"
        faults.append(Fault(str(path), "privacy.secret_files", problem))
        return None
    if mode & _OTHERS:
        faults.append(
            Fault(
                str(path),
                "privacy.secret_files",
                "others may read this secret",
                oct(mode & 0o777),
                "chmod 600",
            )
        )
    if len(text) < 2 * NAME_BYTES:
        faults.append(
            Fault(
                str(path),
                "privacy.secret_files",
                "the secret is too short",
                allowed=f"at least {2 * NAME_BYTES} hexadecimal digits or bytes",
            )
        )
        return None
    try:
        return bytes.fromhex(text.decode("ascii"))
    except ValueError:
        return text
