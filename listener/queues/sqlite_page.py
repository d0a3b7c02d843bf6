"""
One page of items becomes rows: decides every outcome in memory, then writes all of it with a few statements.

Takes a page from sqlite_store, asks sqlite_keys what is known, and writes inside the transaction that is open.
Items with one key in a page are handled in their order; a state that a later item of the same page replaces never
reaches the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import apsw
import msgspec

from listener.events import (
    Cleared,
    Name,
    Noted,
    PostKey,
    PostRemoved,
    RemovalReason,
    Retraction,
    encode_event,
    key_of,
    removed,
    revised,
)
from listener.queues.base import KEY_SLACK, Item, Outcome
from listener.queues.sqlite_keys import Keys, Known, aliases

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SLACK: Final = KEY_SLACK // _MICROSECOND

Row = tuple[
    int, bytes | None, int, int | None, int | None, str, str, bytes | None, bytes | None, bytes | None, bytes
]
"""seq, key, at, expiry, until, type, source, digest, names, ask, body: the columns of `log`."""

_INSERT: Final = (
    "INSERT INTO log (seq, key, at, expiry, until, type, source, digest, names, ask, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def micros(instant: datetime) -> int:
    """
    Microseconds since 1970, exact.
    """
    return (instant - _EPOCH) // _MICROSECOND


def instant(count: int) -> datetime:
    """
    The reverse of `micros`.
    """
    return _EPOCH + count * _MICROSECOND


def network_of(source: str) -> str:
    """
    The first segment of `/<network>/<source>`.
    """
    return source.split("/", 2)[1]


class Page:
    """
    Outcomes of a page, and the rows that follow from them.

    Args:
        connection: With a transaction open.
        keys: See there.
        head: Position of the newest entry.
        at: Time of the new entries.
        keys_until_at: Until when the source may still show what it shows now.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        keys: Keys,
        *,
        head: int,
        at: datetime,
        keys_until_at: datetime,
    ) -> None:
        self.head = head
        self.posts_more = 0
        self.keys_more = 0
        self.erased: list[bytes] = []
        self._connection = connection
        self._keys = keys
        self._at = micros(at)
        self._until = micros(keys_until_at)
        self._known: dict[bytes, Known] = {}
        self._by_alias: dict[bytes, set[bytes]] = {}
        self._noted: dict[str, int] = {}
        self._new_notes: dict[str, int] = {}
        self._rows: dict[int, Row] = {}
        self._gone: list[tuple[int]] = []
        self._changed: dict[bytes, Known] = {}
        self._aliases: dict[tuple[bytes, bytes], bool] = {}

    def load(self, items: Iterable[Item]) -> None:
        """
        Ask once for everything these items may be about.
        """
        names: set[bytes] = set()
        retracted: set[bytes] = set()
        notes: list[str] = []
        for item in items:
            if isinstance(item, Cleared):
                names.update(item.provenance.names)
                names.update(item.provenance.former)
            elif isinstance(item, Retraction):
                retracted.update(item.names)
            else:
                notes.append(item.event.id)
        self.load_names(names | retracted, retracted)
        if notes:
            rows: list[Any] = self._connection.execute(
                "SELECT n.id, n.until FROM carray(?) AS a CROSS JOIN notes AS n ON n.id = a.value",
                (apsw.carray(tuple(notes)),),
            ).fetchall()
            self._noted = dict(rows)

    def load_names(self, names: Iterable[bytes], retracted: Iterable[bytes]) -> None:
        """
        Ask for posts by key, and for those in `retracted` by alias too.
        """
        self._known = self._keys.load(set(names))
        self._by_alias = {name: set() for name in retracted}
        for name, post in self._keys.load_by_alias(sorted(self._by_alias)):
            self._known.setdefault(post.key, post)
            self._by_alias[name].add(post.key)

    def apply(self, item: Item) -> Outcome:
        """
        What becomes of one item.
        """
        if isinstance(item, Cleared):
            return self._clear(item)
        if isinstance(item, Retraction):
            return self._retract(item)
        return self._note(item)

    def forget(self, names: Sequence[Name], reason: RemovalReason, at: datetime) -> tuple[PostKey, ...]:
        """
        Take away every live post by these names and leave a key under each name.
        """
        keys = []
        for post in self._going_by(names):
            if post.state == "live":
                source = post.source or ""
                self._remove(post, reason, source=source, network=network_of(source), observed_at=at)
                keys.append(key_of(Name(post.key)))
        for name in names:
            self._bar(name)
        return tuple(keys)

    def write(self) -> None:
        """
        Everything decided so far is in the database.
        """
        if self._gone:
            self._connection.executemany("DELETE FROM log WHERE seq = ?", self._gone)
        if self._rows:
            self._connection.executemany(_INSERT, self._rows.values())
        if self._changed:
            self._keys.store(self._changed.values())
        if self._aliases:
            known = self._known
            pairs = self._aliases.items()
            self._keys.drop_aliases([(name, known[key]) for (name, key), kept in pairs if not kept])
            self._keys.store_aliases([(name, known[key]) for (name, key), kept in pairs if kept])
        if self._new_notes:
            self._connection.executemany(
                "INSERT INTO notes (id, until) VALUES (?, ?)"
                " ON CONFLICT (id) DO UPDATE SET until = excluded.until",
                self._new_notes.items(),
            )

    # ------------------------------------------------------------------------------------------------- posts

    def _clear(self, item: Cleared) -> Outcome:
        known = self._known
        names = item.provenance.names
        post = known.get(names[0])
        for name in item.provenance.former:
            post = post or known.get(name)
        for name in (*names, *item.provenance.former):
            barred = known.get(name)
            if barred is not None and barred.state == "removed":
                self._extend(barred)
                return "refused"
        if post is None:
            return self._create(item)
        self._extend(post)
        if post.key != names[0] and post.state == "live":
            self._name(post, names)
        over = post.expiry is not None and post.expiry <= self._at
        if post.state != "live" or post.digest in (item.digest, *item.former_digests) or over:
            return "repeat"
        self._take_row(post)
        post.revision += 1
        self._put_row(post, item)
        return "updated"

    def _create(self, item: Cleared) -> Outcome:
        key = item.provenance.names[0]
        expiry = item.event.expirytime
        post = Known(key, None, "live", self._until + _SLACK, 1)
        self._known[key] = post
        if not item.emit or (expiry is not None and micros(expiry) <= self._at):
            post.state = "seen"
            post.revision = 0
            self._changed[key] = post
            self.keys_more += 1
            return "seen"
        if expiry is None:
            post.expiry = self._until  # nothing is kept for ever
        self._put_row(post, item)
        self.posts_more += 1
        return "created"

    def _put_row(self, post: Known, item: Cleared) -> None:
        """
        The post's present state as the next entry; `post.expiry` is the latest it may end.
        """
        self.head += 1
        key = key_of(Name(post.key))
        first = item.event if item.event.subject == key else msgspec.structs.replace(item.event, subject=key)
        cap = None if post.expiry is None else instant(post.expiry)
        event = revised(first, revision=post.revision, expiry_cap=cap)
        post.seq, post.digest, post.source = self.head, item.digest, event.source
        post.expiry = None if event.expirytime is None else micros(event.expirytime)
        own = item.provenance.names if post.key != item.provenance.names[0] else item.provenance.names[1:]
        post.names = b"".join(dict.fromkeys((*aliases(post.names), *own)))
        for name in own:
            self._aliases[name, post.key] = True
            if name in self._by_alias:
                self._by_alias[name].add(post.key)
        self._changed[post.key] = post
        self._rows[self.head] = (
            self.head,
            post.key,
            self._at,
            post.expiry,
            None,
            str(event.__struct_config__.tag),
            event.source,
            item.digest,
            post.names,
            item.provenance.sealed_ask,
            encode_event(event),
        )

    def _name(self, post: Known, names: Sequence[bytes]) -> None:
        """
        A post found under an older secret goes by its new names too, so that the older secret can be retired.
        """
        new = [name for name in names if name not in aliases(post.names)]
        if not new or post.seq is None:
            return
        post.names = (post.names or b"") + b"".join(new)
        for name in new:
            self._aliases[name, post.key] = True
        self._changed[post.key] = post
        if post.seq in self._rows:
            row = self._rows[post.seq]
            self._rows[post.seq] = (*row[:8], post.names, *row[9:])
        else:
            self._connection.execute("UPDATE log SET names = ? WHERE seq = ?", (post.names, post.seq))

    def _take_row(self, post: Known) -> None:
        """
        The post's body is gone; a body of this very page was never written.
        """
        if post.seq is None:
            return
        if self._rows.pop(post.seq, None) is None:
            self._gone.append((post.seq,))
            self.erased.append(post.key)

    def _extend(self, post: Known) -> None:
        """
        The source still shows it. Each write buys `KEY_SLACK`, so that a poll is seldom a write.
        """
        if post.until < self._until:
            post.until = self._until + _SLACK
            self._changed[post.key] = post

    # ---------------------------------------------------------------------------------------------- removals

    def _retract(self, item: Retraction) -> Outcome:
        posts = self._going_by(item.names)
        open_posts = [post for post in posts if post.state != "removed"]
        for post in posts:
            self._extend(post)
        if not posts:
            post = Known(item.names[0], None, "seen", self._until + _SLACK, 0)
            self._known[post.key] = post
            self.keys_more += 1
            open_posts.append(post)
        for post in open_posts:
            self._remove(
                post,
                item.reason,
                source=item.source,
                network=item.network,
                observed_at=item.observed_at,
            )
        self._bar(item.names[0])
        return "removed" if open_posts else "repeat"

    def _going_by(self, names: Iterable[bytes]) -> list[Known]:
        """
        Every known post by any of these names, each once.
        """
        found: dict[bytes, Known] = {}
        for name in names:
            for key in (name, *sorted(self._by_alias.get(name, ()))):
                post = self._known.get(key)
                if post is not None:
                    found[key] = post
        return list(found.values())

    def _remove(
        self, post: Known, reason: RemovalReason, *, source: str, network: str, observed_at: datetime
    ) -> None:
        if post.state == "live":
            self.posts_more -= 1
            self.keys_more += 1
        self._take_row(post)
        for name in aliases(post.names):
            self._aliases[name, post.key] = False
        post.revision += 1
        post.lose_body("removed")
        self._extend(post)
        self._changed[post.key] = post
        self._put_notice(
            removed(
                key=key_of(Name(post.key)),
                revision=post.revision,
                source=source,
                network=network,
                reason=reason,
                observed_at=observed_at,
            ),
            post.key,
        )

    def _put_notice(self, event: PostRemoved, key: bytes) -> None:
        self.head += 1
        tag = str(event.__struct_config__.tag)
        self._rows[self.head] = (
            self.head,
            key,
            self._at,
            None,
            self._until,
            tag,
            event.source,
            None,
            None,
            None,
            encode_event(event),
        )

    def _bar(self, name: bytes) -> None:
        """
        Whatever is shown under this very name is refused from now on; says nothing to anybody.
        """
        post = self._known.get(name)
        if post is None:
            post = self._known[name] = Known(name, None, "removed", self._until + _SLACK, 0)
            self.keys_more += 1
        elif post.state == "removed":
            self._extend(post)
            return
        post.state = "removed"
        self._extend(post)
        self._changed[name] = post

    # ------------------------------------------------------------------------------------------------- notes

    def _note(self, item: Noted) -> Outcome:
        event = item.event
        known = self._noted.get(event.id)
        if known is not None:
            if known < self._until:
                self._noted[event.id] = self._new_notes[event.id] = self._until + _SLACK
            return "repeat"
        self.head += 1
        expiry = self._until if event.expirytime is None else micros(event.expirytime)
        self._noted[event.id] = self._new_notes[event.id] = self._until + _SLACK
        self._rows[self.head] = (
            self.head,
            None,
            self._at,
            expiry,
            None,
            str(event.__struct_config__.tag),
            event.source,
            None,
            None,
            None,
            encode_event(event),
        )
        return "created"
