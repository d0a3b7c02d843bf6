"""
Exports for records officers: a file that only this deployment can read, and only for as long as it may.

Takes what is asked for from `listener.control`, reads the queue, gives lines; reads such lines back and asks the queue what
became of each post since. Neither knows of files: the command writes and reads them.

A file is lines of JSON: a head (who asked, why, what for), one line an event, an end (how many, which days' keys). Head and
end are plain and carry a keyed digest; an event is sealed with a day's key, which stays in the queue and is destroyed
there, and carries a digest that tells our line from any other when the key is gone. Digest and seal name file and place, so
that a line is read where it was written or not at all.

Invariants: no key is in a file; what ends is sealed with a key that ends no later, under the retention in force when it was written; words leave again only for a post that is
held in the very state that was exported.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, TypeVar

import msgspec
from msgspec import structs

from listener.clock import Clock
from listener.errors import ConfigError, Fault, FileRefused, SealBroken
from listener.events import (
    Name,
    PostCreated,
    PostRemoved,
    PostUpdated,
    QueueResync,
    TopicCounted,
    decode_event,
    encode_event,
)
from listener.keys import (
    KeyRing,
    Sealer,
    day_that_ends_before,
    oldest_living_day,
    open_sealed,
    sealed_day,
    sealing_day,
)
from listener.queues.base import Found, Position, Queue
from listener.status import ExportAsk, ExportPart, Unsealed, UnsealedState
from listener.telemetry import Telemetry

FORMAT: Final = "listener.export/1"
_READ_AT_ONCE: Final = 256
_STEP: Final = 256
"""Chosen: bytes; events are padded to it, so that the length of a line says little of what was said."""


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The first line, but for its digest.

    Args:
        export: 32 hex digits, of this file alone.
        statement: SHA-256 of the privacy statement in force.
        watches: All where empty.
    """

    format: Literal["listener.export/1"]
    export: str
    organisation: str
    reason: str
    by: str | None
    watches: tuple[str, ...]
    since_at: datetime | None
    written_at: datetime
    statement: str


class End(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The last line, but for its digest.

    Args:
        count: Events in the file.
        left_out: Events that end before any key that lives.
        days: Whose keys open them.
    """

    count: int
    left_out: int
    days: tuple[date, ...]


class _HeadLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    head: Head
    mark: str


class _EndLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    end: End
    mark: str


class _EventLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sealed: str
    mark: str


_Line = TypeVar("_Line", _HeadLine, _EndLine)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """
    What the configuration in force says of exports.

    Args:
        organisation: Its name.
        statement: SHA-256 of the privacy statement.
        watches: Names of all.
        retention: Of the deployment.
        in_words: Networks whose terms let words be handed on; of every other one a post is told by its address alone.
    """

    organisation: str
    statement: str
    watches: frozenset[str]
    retention: timedelta
    in_words: frozenset[str]


@dataclass(slots=True)
class _Written:
    """
    How far a file is.
    """

    count: int = 0
    left_out: int = 0
    sealers: dict[date, Sealer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exporter:
    """
    Args:
        queue: Keeps the events and the days' keys.
        keys: Under which files are recognised.
        clock: Decides what has expired.
        telemetry: Told of every file and every reading.
        rules: As of now.
    """

    queue: Queue
    keys: KeyRing
    clock: Clock
    telemetry: Telemetry
    rules: Callable[[], Rules]

    def write(self, ask: ExportAsk) -> AsyncGenerator[bytes, None]:
        """
        The lines of a file; see `Control.export`. What is removed while it is written is told as removed when it is read.

        Raises:
            ConfigError: no reason, or a watch that is not configured.
        """
        rules = self.rules()
        faults = list(_faults(ask, rules))
        if faults:
            raise ConfigError(faults)
        head = Head(
            format=FORMAT,
            export=secrets.token_hex(16),
            organisation=rules.organisation,
            reason=ask.reason,
            by=ask.by,
            watches=ask.watches,
            since_at=ask.since_at,
            written_at=self.clock.now(),
            statement=rules.statement,
        )
        return self._lines(head, rules)

    async def _lines(self, head: Head, rules: Rules) -> AsyncGenerator[bytes, None]:
        written = _Written()
        try:
            yield _line(_HeadLine(head, self._mark("export head", head)))
            position: Position | None = None
            while (batch := await self.queue.read(position, limit=_READ_AT_ONCE)).entries or batch.resync:
                position = batch.resync.oldest if batch.resync else batch.next
                for entry in batch.entries:
                    event = decode_event(entry.line)
                    if _is_asked_for(event, head):
                        sealed = await self._sealed(event, head, rules, written)
                        if sealed is not None:
                            yield sealed
            end = End(count=written.count, left_out=written.left_out, days=tuple(sorted(written.sealers)))
            yield _line(_EndLine(end, self._mark("export end", end, head.export)))
        finally:
            self.telemetry.export_written(
                export=head.export,
                count=written.count,
                left_out=written.left_out,
                watches=", ".join(head.watches),
                reason=head.reason,
                by=head.by,
            )

    async def _sealed(self, event: Any, head: Head, rules: Rules, written: _Written) -> bytes | None:
        """
        The event's line; None where it ends before any key does.
        """
        now = self.clock.now()
        day = sealing_day(now)
        if event.expirytime is not None:
            day = min(day, day_that_ends_before(event.expirytime, rules.retention))
        if day < oldest_living_day(now, rules.retention):
            written.left_out += 1
            return None
        if day not in written.sealers:
            written.sealers[day] = Sealer(day, await self.queue.sealing_key(day))
        plain = encode_event(_told(event, rules)).decode()
        padded = plain + " " * (-len(plain.encode()) % _STEP)
        sealed = _text(written.sealers[day].seal(padded, purpose=_place(head, written.count)))
        line = _EventLine(sealed, _text(self.keys.digest(_place(head, written.count), sealed)))
        written.count += 1
        return _line(line)

    async def read(self, part: ExportPart) -> tuple[Unsealed, ...]:
        """
        What became of these events; see `Control.unseal`.

        Raises:
            FileRefused: head or end is none of ours, or they are not of one file, or there are more lines than it has.
        """
        headed, ended = self._head(part.head), _read(part.end, _EndLine)
        if not self._is_ours(ended.mark, "export end", ended.end, headed.export):
            raise FileRefused(
                "the last line is not the end of this export: the file was cut short or altered"
            )
        if part.first < 0 or part.first + len(part.lines) > ended.end.count:
            raise FileRefused("there are more lines than this export has")
        days = await self.queue.sealing_keys()
        numbered = enumerate(part.lines, part.first)
        opened = [self._opened(headed, number, line, days) for number, line in numbered]
        names = [Name(bytes.fromhex(each.subject)) for each in opened if _is_post(each)]
        found: dict[str, Found] = {each.key: each for each in await self.queue.find(names)} if names else {}
        became = tuple([self._became(each, found) for each in opened])
        self._tell(headed, ended.end, part.first, became)
        return became

    def _head(self, line: str) -> Head:
        headed = _read(line, _HeadLine)
        if not self._is_ours(headed.mark, "export head", headed.head):
            raise FileRefused("this export was not written here, or its first line was altered")
        return headed.head

    def _opened(self, head: Head, number: int, line: str, days: Mapping[date, bytes]) -> Any:
        """
        The event of a line, or in a word why there is none.
        """
        try:
            read = msgspec.json.decode(line, type=_EventLine)
        except (msgspec.MsgspecError, UnicodeError):
            return "altered"
        place = _place(head, number)
        if not _is_among(read.mark, self.keys.digests(place, read.sealed)):
            return "altered"
        try:
            sealed = urlsafe_b64decode(read.sealed)
            if sealed_day(sealed) not in days:
                return "sealed"
            return decode_event(open_sealed(sealed, purpose=place, keys=days).encode())
        except SealBroken:
            return "sealed"  # the line is ours, so its key is gone and another one was made for that day

    def _became(self, event: Any, found: Mapping[str, Found]) -> Unsealed:
        if isinstance(event, str):
            return Unsealed(state="altered" if event == "altered" else "sealed")
        state = self._state(event, found.get(event.subject))
        kind = str(event.__struct_config__.tag)
        told = encode_event(event).decode() if state == "live" else None
        return Unsealed(state=state, key=event.subject, type=kind, event=told)

    def _state(self, event: Any, found: Found | None) -> UnsealedState:
        now = self.clock.now()
        if event.expirytime is not None and event.expirytime <= now:
            return "expired"
        if not _is_post(event):
            return "live"
        if found is None or found.state in ("expired", "seen"):
            return "expired"
        if found.state == "removed":
            return "removed"
        if found.expires_at is not None and found.expires_at <= now:
            return "expired"
        return "live" if event.id == f"{found.key}.{found.revision}" else "edited"

    def _tell(self, head: Head, end: End, first: int, became: Sequence[Unsealed]) -> None:
        self.telemetry.export_opened(
            export=head.export,
            first=first,
            count=end.count,
            watches=", ".join(head.watches),
            reason=head.reason,
            by=head.by,
        )
        self.telemetry.export_read(Counter(each.state for each in became))

    def _mark(self, what: str, said: Head | End, export: str = "") -> str:
        return _text(self.keys.digest(what, export, msgspec.json.encode(said).decode()))

    def _is_ours(self, mark: str, what: str, said: Head | End, export: str = "") -> bool:
        return _is_among(mark, self.keys.digests(what, export, msgspec.json.encode(said).decode()))


def _faults(ask: ExportAsk, rules: Rules) -> list[Fault]:
    faults = []
    if not ask.reason.strip() or len(ask.reason) > 200 or not ask.reason.isprintable():
        faults.append(
            Fault(
                "export", "reason", "says nothing for the record", allowed="one line of 1 to 200 characters"
            )
        )
    if ask.by is not None and (not ask.by.strip() or len(ask.by) > 100 or not ask.by.isprintable()):
        faults.append(Fault("export", "by", "names nobody", allowed="one line of 1 to 100 characters"))
    if any(watch not in rules.watches for watch in ask.watches):
        faults.append(
            Fault("export", "watch", "is no configured watch", allowed=", ".join(sorted(rules.watches)))
        )
    return faults


def _is_asked_for(event: Any, head: Head) -> bool:
    """
    What is of no watch, such as a gap, belongs to every export: it says what is missing.
    """
    if isinstance(event, PostRemoved | QueueResync):
        return False
    if head.since_at is not None and event.time < head.since_at:
        return False
    if head.watches and _is_post(event):
        return not set(head.watches).isdisjoint(event.data.watches)
    return not head.watches or not isinstance(event, TopicCounted) or event.data.watch in head.watches


def _told(event: Any, rules: Rules) -> Any:
    """
    The event as it may be handed on.
    """
    if not _is_post(event) or event.data.network in rules.in_words:
        return event
    data = structs.replace(event.data, text=None, title=None, lang=None, hashtags=(), masked={})
    return structs.replace(event, data=data)


def _is_post(event: Any) -> bool:
    return isinstance(event, PostCreated | PostUpdated)


def _place(head: Head, number: int) -> str:
    return f"export {head.export} {number}"


def _is_among(mark: str, digests: Sequence[bytes]) -> bool:
    shown = mark.encode(errors="replace")
    return True in [hmac.compare_digest(shown, _text(each).encode()) for each in digests]


def _read(line: str, shape: type[_Line]) -> _Line:
    try:
        return msgspec.json.decode(line, type=shape)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise FileRefused("this is no export of this version, or it was cut short or altered") from error


def _line(value: msgspec.Struct) -> bytes:
    return msgspec.json.encode(value) + b"\n"


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode()
