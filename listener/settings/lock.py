"""
The accepted privacy statement: `listener.privacy.lock`, beside the configuration.

Takes `Settings` at start and at every reload; refuses what collects more, keeps longer or sends elsewhere than
somebody signed for. The file is JSON, meant to be read, kept under version control and audited. Its digest guards
against a hand that slipped, not against a forger: who may write the file may also write `accepted_by`.

It remembers since when each source and watch has been accepted without a break; the public notice says it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from listener.errors import ConfigError, Fault, NotAccepted
from listener.settings.declaration import SourceRecord, Statement, WatchRecord
from listener.settings.declaring import statement
from listener.settings.growth import grown
from listener.settings.values import Settings

ACCEPT: Final = 'listener accept --by "<name or office>" --reason "<why>"'


Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Lock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Who accepted what, when and why.

    Args:
        digest: Of the statement.
        accepted_at: Aware UTC.
        sources_since, watches_since: When each of the statement was accepted first, by name. One that is not named was
            accepted with this statement: so it is in locks that older releases wrote.
    """

    version: Literal[1] = 1
    digest: str
    accepted_by: str
    reason: str
    accepted_at: datetime
    statement: Statement
    sources_since: Mapping[str, Instant] = {}
    watches_since: Mapping[str, Instant] = {}

    def sources_first(self) -> dict[str, datetime]:
        """
        Since when each source of the statement has been accepted, by name.
        """
        return self._first(self.statement.sources, self.sources_since)

    def watches_first(self) -> dict[str, datetime]:
        """
        The same of each watch.
        """
        return self._first(self.statement.watches, self.watches_since)

    def _first(
        self, records: Iterable[SourceRecord | WatchRecord], since: Mapping[str, datetime]
    ) -> dict[str, datetime]:
        return {each.name: min(since.get(each.name, self.accepted_at), self.accepted_at) for each in records}


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
    at, before = accepted_at.astimezone(UTC), _before(path)
    lock = Lock(
        digest=accepted.digest,
        accepted_by=accepted_by.strip(),
        reason=reason.strip(),
        accepted_at=at,
        statement=accepted,
        sources_since={}
        if before is None
        else _since(before.statement.sources, before.sources_first(), accepted.sources, at),
        watches_since={}
        if before is None
        else _since(before.statement.watches, before.watches_first(), accepted.watches, at),
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


# ------------------------------------------------------------------------------------------------------ since when


def _before(path: Path) -> Lock | None:
    """
    What was accepted until now; None where nothing was, or where it cannot be trusted: then everything starts anew.
    """
    try:
        return read_lock(path)
    except ConfigError:
        return None


def _since(
    was: Iterable[SourceRecord | WatchRecord],
    first: Mapping[str, datetime],
    wanted: Iterable[SourceRecord | WatchRecord],
    at: datetime,
) -> dict[str, datetime]:
    """
    When each that is wanted was accepted first: before, where it goes on what was accepted under its name; else now.
    """
    known = {each.name: each for each in was}
    return {
        now.name: min(first[now.name], at) if now.name in known and _goes_on(known[now.name], now) else at
        for now in wanted
    }


def _goes_on(was: SourceRecord | WatchRecord, now: SourceRecord | WatchRecord) -> bool:
    """
    Whether what is accepted under a name is still the same: a source of another network or with no place in common is
    another one, and so is a watch that asks for nothing it asked for before.
    """
    if isinstance(was, SourceRecord) and isinstance(now, SourceRecord):
        shared = was.places == now.places or not set(was.places).isdisjoint(now.places)
        return was.network == now.network and shared
    if isinstance(was, WatchRecord) and isinstance(now, WatchRecord):
        return not _terms(was).isdisjoint(_terms(now))
    return False


def _terms(watch: WatchRecord) -> set[str]:
    mentions = {"@"} if watch.mentions else set[str]()
    return {f"#{tag}" for tag in watch.hashtags} | set(watch.phrases) | mentions


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
