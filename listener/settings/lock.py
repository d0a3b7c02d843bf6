"""
The accepted privacy statement: `listener.privacy.lock`, beside the configuration.

Takes `Settings` at start and at every reload; refuses what collects more, keeps longer or sends elsewhere than
somebody signed for. The file is JSON, meant to be read, kept under version control and audited. Its digest guards
against a hand that slipped, not against a forger: who may write the file may also write `accepted_by`.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

import msgspec

from listener.errors import ConfigError, Fault, NotAccepted
from listener.settings.declaration import Statement
from listener.settings.declaring import statement
from listener.settings.growth import grown
from listener.settings.values import Settings

ACCEPT: Final = 'listener accept --by "<name or office>" --reason "<why>"'


class Lock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Who accepted what, when and why.

    Args:
        digest: Of the statement.
        accepted_at: Aware UTC.
    """

    version: Literal[1] = 1
    digest: str
    accepted_by: str
    reason: str
    accepted_at: datetime
    statement: Statement


def lock_path(config: Path) -> Path:
    """
    Where the acceptance of a configuration is recorded: beside it.
    """
    return config.with_name("listener.privacy.lock")


def write_lock(
    path: Path, accepted: Statement, *, accepted_by: str, reason: str, accepted_at: datetime
) -> Lock:
    """
    The statement is accepted: the file is whole and synced, or as it was.

    Raises:
        ConfigError: nobody accepts, or for no reason, or the file cannot be written.
    """
    faults = [
        Fault("command line", key, "is missing", allowed=ACCEPT)
        for key, text in (("--by", accepted_by), ("--reason", reason))
        if not text.strip()
    ]
    if faults:
        raise ConfigError(faults)
    lock = Lock(
        digest=accepted.digest,
        accepted_by=accepted_by.strip(),
        reason=reason.strip(),
        accepted_at=accepted_at.astimezone(UTC),
        statement=accepted,
    )
    try:
        _replace(path, msgspec.json.format(msgspec.json.encode(lock), indent=2) + b"\n")
    except OSError as error:
        problem = f"cannot be written ({error.strerror or type(error).__name__})"
        raise ConfigError([Fault(str(path), "(whole file)", problem)]) from error
    return lock


def read_lock(path: Path) -> Lock | None:
    """
    What was accepted; None where nothing ever was.

    Raises:
        ConfigError: unreadable, no lock of this version, or not what was signed.
    """
    try:
        lock = msgspec.json.decode(path.read_bytes(), type=Lock)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _broken(path, f"cannot be read ({error.strerror or type(error).__name__})") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _broken(path, "is no privacy lock of this version") from None
    if lock.digest != lock.statement.digest:
        raise _broken(path, "was changed after it was accepted: its digest is that of another statement")
    return lock


def require_accepted(settings: Settings, lock_path: Path) -> Statement:
    """
    What the settings collect; it is no more than was accepted.

    Raises:
        NotAccepted: nobody accepted anything yet, or this is more; the message lists everything that grew.
        ConfigError: the lock cannot be trusted.
    """
    wanted = statement(settings)
    lock = read_lock(lock_path)
    if lock is None:
        raise NotAccepted(
            f"nobody accepted the privacy statement yet.\n`listener check` prints it; then run: {ACCEPT}"
        )
    sentences = grown(lock.statement, wanted)
    if sentences:
        raise NotAccepted(
            "the configuration goes beyond the accepted privacy statement:\n"
            + "".join(f"- {sentence}\n" for sentence in sentences)
            + f"`listener check` prints the whole; to accept it, run: {ACCEPT}"
        )
    return wanted


def _broken(path: Path, problem: str) -> ConfigError:
    allowed = f"the file as it was written, or a new acceptance: {ACCEPT}"
    return ConfigError([Fault(str(path), "(whole file)", problem, allowed=allowed)])


def _replace(path: Path, content: bytes) -> None:
    """
    `path` holds `content`, synced; a crash leaves the old file or the new one.
    """
    draft = path.with_name(f"{path.name}.new")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


__all__ = [
    "ACCEPT",
    "Lock",
    "Statement",
    "grown",
    "lock_path",
    "read_lock",
    "require_accepted",
    "statement",
    "write_lock",
]
