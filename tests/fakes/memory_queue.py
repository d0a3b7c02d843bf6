"""
A queue in memory for tests of whatever stands around an engine. It reads, positions, resyncs and closes as the
contract says; it has no clock, no file and no secret, so what the contract says of those it leaves to real engines.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

import anyio
from msgspec import structs

from listener.errors import LeaseLost, QueueUnavailable
from listener.events import (
    Cleared,
    Name,
    Noted,
    PostCreated,
    PostKey,
    RemovalReason,
    Retraction,
    encode_event,
    key_of,
    removed,
    revised,
)
from listener.queues.base import (
    ALIASES_MOST,
    MAX_ITEMS,
    AskCounts,
    Asked,
    Batch,
    Commit,
    Entry,
    Expired,
    Found,
    Inventory,
    Item,
    Lease,
    Outcome,
    Position,
    QueueStats,
    Resync,
    Scope,
    SourceState,
)


@dataclass(slots=True)
class _Post:
    key: PostKey
    names: list[Name]
    state: str
    key_until_at: datetime
    revision: int = 0
    digest: bytes = b""
    source: str = ""
    network: str = ""
    expires_at: datetime | None = None
    committed_at: datetime | None = None
    ask: bytes | None = None
    asked_at: datetime | None = None
    withdrawn_by: str | None = None
    edited_at: datetime | None = None

    def takes(self, names: Sequence[Name], *, most: int) -> None:
        """
        It goes by these too, as far as there is room.
        """
        new = [name for name in dict.fromkeys(names) if name not in self.names]
        self.names += new[: max(0, most + 1 - len(self.names))]

    def own_name(self) -> list[Name]:
        """
        What is left when the body goes.
        """
        return [Name(bytes.fromhex(self.key))]


class MemoryQueue:
    """
    Args:
        epoch: First part of every position.
    """

    def __init__(self, epoch: str = "m1") -> None:
        self._epoch, self._newest, self._floor = epoch, 0, 0
        self._log: dict[str, tuple[int, Entry]] = {}
        self._posts: dict[PostKey, _Post] = {}
        self._answers: dict[str, tuple[Outcome, ...]] = {}
        self._states: dict[Scope, bytes] = {}
        self._sources: dict[str, SourceState] = {}
        self._positions: dict[str, Position] = {}
        self._leases: dict[str, Lease] = {}
        self._fences = 0
        self._keys: dict[date, bytes] = {}
        self._grown = anyio.Event()
        self._open = True

    # ------------------------------------------------------------------------------------------------- writing

    async def commit(self, commit: Commit) -> tuple[Outcome, ...]:
        self._check_open()
        if len(commit.items) > MAX_ITEMS:
            raise ValueError(f"a commit has at most {MAX_ITEMS} items")
        if commit.commit_id in self._answers:
            return self._answers[commit.commit_id]
        held = self._leases.get(commit.lease.group)
        if held is None or (held.node, held.fence) != (commit.lease.node, commit.lease.fence):
            raise LeaseLost(f"the lease of {commit.lease.group} is not ours any more")
        outcomes = tuple([self._take(item, commit) for item in commit.items])
        for key in commit.asked:
            post = self._posts.get(key)
            if post is not None and post.state == "live":
                post.asked_at = commit.at
        self._sources[commit.source] = commit.state
        self._states.update(commit.states)
        self._answers[commit.commit_id] = outcomes
        self._tell()
        return outcomes

    def _take(self, item: Item, commit: Commit) -> Outcome:
        match item:
            case Cleared():
                return self._create(item, commit)
            case Retraction():
                return self._withdraw(item, commit) if item.held_only else self._retract(item, commit)
            case Noted():
                if item.event.id in self._log:
                    return "repeat"
                self._append(item.event.id, str(item.event.__struct_config__.tag), encode_event(item.event))
                return "created"

    def _create(self, item: Cleared, commit: Commit) -> Outcome:
        names = {*item.provenance.names, *item.provenance.former}
        barred = [post for post in map(self._at_key, names) if post and post.state == "removed"]
        if barred:
            barred[0].key_until_at = max(barred[0].key_until_at, commit.keys_until_at)
            return "refused"
        post = self._known_as(item)
        if commit.answers is not None and (
            post is None or post.ask is None or post.ask != commit.answers.get(post.key)
        ):
            return "repeat"
        if post is not None:
            post.key_until_at = max(post.key_until_at, commit.keys_until_at)
            if post.state == "withdrawn":
                return self._return(item, post, commit)
            if post.state != "live":
                return "repeat"
            post.takes(item.provenance.names, most=ALIASES_MOST)
        if (
            post is not None
            and post.state == "live"
            and (
                post.digest in (item.digest, *item.former_digests)
                or (post.edited_at is not None and (item.edited_at or item.event.time) < post.edited_at)
            )
        ):
            return "repeat"
        if post is None:
            state = "live" if item.emit else "seen"
            post = self._posts[item.key] = _Post(
                item.key, [item.provenance.names[0]], state, commit.keys_until_at
            )
            if not item.emit:
                return "seen"
        return self._put(item, post, commit)

    def _return(self, item: Cleared, post: _Post, commit: Commit) -> Outcome:
        if post.withdrawn_by not in (None, item.event.source):
            return "refused"
        ends_at = item.event.expirytime
        if not item.emit or (ends_at is not None and ends_at <= commit.at):
            return "repeat"
        return self._put(item, post, commit, returned=True)

    def _put(self, item: Cleared, post: _Post, commit: Commit, *, returned: bool = False) -> Outcome:
        own = [name for name in item.provenance.names if key_of(name) != post.key]
        post.names = [*post.own_name(), *dict.fromkeys([*own, *post.names[1:]])][
            : 1 + max(len(own), ALIASES_MOST)
        ]
        post.state = "live"
        post.revision += 1
        first = structs.replace(self._answering(item.event, post.key), subject=post.key)
        event = revised(first, revision=post.revision, expiry_cap=post.expires_at, returned=returned)
        post.digest, post.source, post.network = item.digest, event.source, event.data.network
        post.edited_at = item.edited_at
        post.expires_at, post.committed_at = event.expirytime, commit.at
        post.ask = item.provenance.sealed_ask
        post.asked_at = None if post.ask is None else commit.at
        self._append(post.key, str(event.__struct_config__.tag), encode_event(event))
        return "created" if post.revision == 1 or returned else "updated"

    def _answering(self, event: PostCreated, key: PostKey) -> PostCreated:
        said = event.data.in_reply_to
        if said is None or said in self._posts:
            return event
        hit = self._hit([Name(bytes.fromhex(said))])
        live = [post.key for post in hit if post.state == "live" and post.key != key]
        if len(live) != 1:
            return event
        return structs.replace(event, data=structs.replace(event.data, in_reply_to=live[0]))

    def _at_key(self, name: Name) -> _Post | None:
        return self._posts.get(key_of(name))

    def _known_as(self, item: Cleared) -> _Post | None:
        """
        A post keyed by a later name, by the first or a former one, or the one live post that has the first as an alias.
        """
        first, *later = item.provenance.names
        for post in map(self._at_key, later):
            if post is not None and (post.state != "live" or post.source == item.event.source):
                return post
        for post in map(self._at_key, (first, *item.provenance.former)):
            if post is not None:
                return post
        found = [
            post for post in self._hit([first]) if (post.state, post.source) == ("live", item.event.source)
        ]
        return found[0] if len(found) == 1 else None

    def _bar(self, name: Name, until: datetime) -> None:
        post = self._posts.setdefault(key_of(name), _Post(key_of(name), [name], "removed", until))
        post.key_until_at, post.state = max(post.key_until_at, until), "removed"

    def _retract(self, item: Retraction, commit: Commit) -> Outcome:
        hit = self._hit(item.names)
        live = [post for post in hit if post.state == "live"]
        for post in live:
            self._erase(post, item.reason, commit.at, commit.keys_until_at)
        for post in hit:
            if post.state == "withdrawn":
                post.state = "removed"
            if post.state == "expired":
                self._erase(post, item.reason, commit.at, commit.keys_until_at)
                live.append(post)
        if not hit:
            key = key_of(item.names[0])
            self._posts[key] = _Post(key, [item.names[0]], "removed", commit.keys_until_at, revision=1)
            event = removed(
                key=key,
                revision=1,
                source=item.source,
                network=item.network,
                reason=item.reason,
                observed_at=commit.at,
            )
            self._append(key, "listener.post.removed", encode_event(event))
        self._bar(item.names[0], commit.keys_until_at)
        return "removed" if live or not hit else "repeat"

    def _withdraw(self, item: Retraction, commit: Commit) -> Outcome:
        hit = self._hit(item.names)
        within = item.source if item.reason == "watch_removed" else None
        live = [post for post in hit if post.state == "live" and within in (None, post.source)]
        for post in hit:
            post.key_until_at = max(post.key_until_at, commit.keys_until_at)
        for post in live:
            post.source = item.source
            self._erase(post, item.reason, commit.at, commit.keys_until_at)
            post.state = "withdrawn"
            post.withdrawn_by = item.source if item.reason == "withdrawn" else None
        return "removed" if live else "repeat"

    def _erase(self, post: _Post, reason: RemovalReason, at: datetime, keys_until_at: datetime) -> None:
        post.revision += 1
        post.state, post.digest, post.expires_at, post.committed_at = "removed", b"", None, None
        post.ask = post.asked_at = None
        post.names = post.own_name()
        post.key_until_at = max(post.key_until_at, keys_until_at)
        event = removed(
            key=post.key,
            revision=post.revision,
            source=post.source,
            network=post.network,
            reason=reason,
            observed_at=at,
        )
        self._append(post.key, "listener.post.removed", encode_event(event))

    async def forget(
        self, names: Sequence[Name], *, reason: RemovalReason, at: datetime, keys_until_at: datetime
    ) -> tuple[PostKey, ...]:
        live = [post for post in self._hit(names) if post.state == "live"]
        for post in live:
            self._erase(post, reason, at, keys_until_at)
        for name in names:
            self._bar(name, keys_until_at)
        self._tell()
        return tuple(post.key for post in live)

    async def expire(self, now: datetime) -> Expired:
        bodies = [
            post
            for post in self._posts.values()
            if post.state == "live" and post.expires_at is not None and post.expires_at <= now
        ]
        for post in bodies:
            post.state, post.digest, post.committed_at = "expired", b"", None
            post.ask = post.asked_at = None
            post.names = post.own_name()
            self._log.pop(post.key, None)
        dead = [
            post.key
            for post in self._posts.values()
            if post.state != "live" and post.key_until_at <= now and not self._is_awaited(post.key)
        ]
        for key in dead:
            del self._posts[key]
            gone = self._log.pop(key, None)
            self._floor = max(self._floor, gone[0] if gone else 0)
        return Expired(len(bodies), len(dead))

    def _is_awaited(self, key: PostKey) -> bool:
        """
        Whether a reader of something older, that is still kept, has yet to hear of this removal.
        """
        if key not in self._log:
            return False
        live = [self._log[post.key][0] for post in self._posts.values() if post.state == "live"]
        return any(number < self._log[key][0] for number in live)

    def _append(self, subject: str, kind: str, line: bytes) -> None:
        self._newest += 1
        self._log.pop(subject, None)
        self._log[subject] = (self._newest, Entry(self._at(self._newest), kind, line))

    def _tell(self) -> None:
        self._grown.set()
        self._grown = anyio.Event()

    # ------------------------------------------------------------------------------------------------- reading

    async def read(self, after: Position | None, *, limit: int = 256, live: bool = False) -> Batch:
        while True:
            self._check_open()
            batch = self._read(after, limit)
            if batch.entries or batch.resync or not live:
                return batch
            await self._grown.wait()

    def _read(self, after: Position | None, limit: int) -> Batch:
        number = self._floor
        if after is not None:
            epoch, _, text = after.rpartition("-")
            number = int(text) if text.isdecimal() else 0
            reason = (
                "unknown_epoch"
                if epoch != self._epoch or not text.isdecimal()
                else "position_too_old"
                if number < self._floor
                else "position_ahead"
                if number > self._newest
                else None
            )
            if reason is not None:
                oldest, newest = self._at(self._floor), self._at(self._newest)
                return Batch((), oldest, Resync(reason, oldest, newest))  # type: ignore[arg-type]  # a closed set
        found = [entry for at, entry in self._log.values() if at > number][:limit]
        return Batch(tuple(found), found[-1].position if found else self._at(max(number, 0)))

    def _at(self, number: int) -> Position:
        return Position(f"{self._epoch}-{number}")

    async def position(self, consumer: str) -> Position | None:
        return self._positions.get(consumer)

    async def set_position(self, consumer: str, position: Position) -> None:
        self._positions[consumer] = position

    async def find(self, names: Sequence[Name]) -> tuple[Found, ...]:
        return tuple(
            Found(
                post.key,
                "removed" if post.state == "withdrawn" else post.state,  # type: ignore[arg-type]  # four words by construction
                post.source if post.state == "live" else None,
                post.expires_at if post.state == "live" else None,
                post.key_until_at,
                post.revision,
            )
            for post in self._hit(names)
        )

    def _hit(self, names: Sequence[Name]) -> list[_Post]:
        return [post for post in self._posts.values() if not set(names).isdisjoint(post.names)]

    async def asks(self, source: str, *, asked_before: datetime, limit: int) -> tuple[Asked, ...]:
        self._check_open()
        found = [asked for asked in self._askable(source) if asked.at < asked_before]
        return tuple(sorted(found, key=lambda asked: asked.at)[:limit])

    async def count_asks(self, source: str, *, asked_before: datetime) -> AskCounts:
        self._check_open()
        times = [asked.at for asked in self._askable(source)]
        return AskCounts(len(times), sum(at < asked_before for at in times), min(times, default=None))

    def _askable(self, source: str) -> list[Asked]:
        return [
            Asked(post.key, post.ask, post.asked_at)
            for post in self._posts.values()
            if post.source == source and post.ask is not None and post.asked_at is not None
        ]

    async def erased(self, key: PostKey) -> bool:
        return True  # nothing is on a disk; an earlier body is gone when its replacement is in

    # ------------------------------------------------------------------------------------- states, leases, keys

    async def source_state(self, source: str) -> SourceState | None:
        return self._sources.get(source)

    async def state(self, scope: Scope) -> bytes | None:
        return self._states.get(scope)

    async def drop_source(self, source: str) -> None:
        self._sources.pop(source, None)
        self._states.pop(Scope("source", source), None)

    async def lease(self, group: str, node: str, *, ttl_s: float, now: datetime) -> Lease | None:
        from datetime import timedelta

        held = self._leases.get(group)
        lapsed = held is None or held.until_at <= now
        if held is not None and not lapsed and held.node != node:
            return None
        if held is None or lapsed:
            self._fences += 1
        fence = self._fences if held is None or lapsed else held.fence
        self._leases[group] = Lease(group, node, fence, now + timedelta(seconds=ttl_s))
        return self._leases[group]

    async def release(self, lease: Lease) -> None:
        held = self._leases.get(lease.group)
        if held is not None and (held.node, held.fence) == (lease.node, lease.fence):
            del self._leases[lease.group]

    async def sealing_key(self, day: date) -> bytes:
        return self._keys.setdefault(day, secrets.token_bytes(32))

    async def inventory(self, now: datetime) -> Inventory:
        self._check_open()
        bodies = [
            post for post in self._posts.values() if post.state == "live" and post.expires_at is not None
        ]
        return Inventory(
            layout={"posts": tuple(field.name for field in fields(_Post))},
            sealing_days=tuple(sorted(self._keys)),
            overdue=sum(post.expires_at <= now for post in bodies if post.expires_at is not None),
        )

    async def sealing_keys(self) -> Mapping[date, bytes]:
        return dict(self._keys)

    async def destroy_sealing_keys(self, *, before: date) -> int:
        old = [day for day in self._keys if day < before]
        for day in old:
            del self._keys[day]
        return len(old)

    async def stats(self) -> QueueStats:
        self._check_open()
        live = [post for post in self._posts.values() if post.state == "live"]
        return QueueStats(
            newest=self._at(self._newest),
            oldest=self._at(self._floor),
            posts=len(live),
            keys=len(self._posts) - len(live),
            oldest_body_at=min((p.committed_at for p in live if p.committed_at is not None), default=None),
            erasures_pending=0,
            erasures_since_at=None,
            size_bytes=sum(len(entry.line) for _, entry in self._log.values()),
        )

    async def aclose(self) -> None:
        self._open = False
        self._tell()

    def _check_open(self) -> None:
        if not self._open:
            raise QueueUnavailable("the queue is closed")
