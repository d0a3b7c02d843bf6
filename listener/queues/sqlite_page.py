"""
One page of items becomes rows: decides every outcome in memory, then writes all of it with a few statements.

Takes a page from sqlite_store, asks sqlite_keys what is known, and writes inside the transaction that is open.
Items with one key in a page are handled in their order; a state that a later item of the same page replaces never
reaches the file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, get_args

import apsw
from msgspec import structs

from listener.events import (
    Cleared,
    Event,
    Name,
    Noted,
    PostCreated,
    PostEvent,
    PostKey,
    PostRemoved,
    RemovalReason,
    Retraction,
    decode_event,
    encode_event,
    key_of,
    removed,
    revised,
)
from listener.queues.base import ALIASES_MOST, KEY_SLACK, Item, Outcome
from listener.queues.sqlite_keys import Keys
from listener.queues.sqlite_known import KeyState, Known, aliases, dated, edited, is_said
from listener.queues.sqlite_rows import put_rows

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SLACK: Final = KEY_SLACK // _MICROSECOND

Row = tuple[
    int,
    bytes | None,
    int,
    int | None,
    int | None,
    str,
    str,
    bytes | None,
    bytes | None,
    bytes | None,
    int | None,
    bytes,
]
"""seq, key, at, expiry, until, type, source, digest, names, ask, asked, body: the columns of `log`."""

_TYPE_OF: Final[dict[type, str]] = {shape: str(shape.__struct_config__.tag) for shape in get_args(Event)}

_INSERT: Final = (
    "INSERT INTO log (seq, key, at, expiry, until, type, source, digest, names, ask, asked, body)"
)


def micros(instant: datetime) -> int:
    """
    Microseconds since 1970, exact.
    """
    since = instant - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


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


def _as_revision(
    event: PostCreated, key: str, revision: int, cap: int | None, *, returned: bool
) -> PostEvent:
    """
    The event as this state of that post, ended by `cap` at the latest; most are so already.
    """
    if revision == 1 and cap is None and event.subject == key and event.id == f"{key}.1":
        return event
    first = event if event.subject == key else structs.replace(event, subject=key)
    end = None if cap is None else instant(cap)
    return revised(first, revision=revision, expiry_cap=end, returned=returned)


def _is_behind(item: Cleared, post: Known) -> bool:
    """
    Whether these words are older than those held.
    """
    held = edited(post.digest)
    return held is not None and micros(item.edited_at or item.event.time) < held


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
        self.at = self._at = micros(at)
        self._until = micros(keys_until_at)
        self._known: dict[bytes, Known] = {}
        self._by_alias: dict[bytes, set[bytes]] = {}
        self._parents: set[bytes] = set()
        self._noted: dict[str, int] = {}
        self._new_notes: dict[str, int] = {}
        self._rows: dict[int, Row] = {}
        self._gone: list[tuple[int]] = []
        self._asked: list[tuple[int, int]] = []
        self._answers: Mapping[PostKey, bytes] | None = None
        self._changed: dict[bytes, Known] = {}
        self._named: dict[tuple[bytes, bytes], None] = {}
        self._unnamed: dict[tuple[bytes, bytes], None] = {}

    def answers(self, sent: Mapping[PostKey, bytes]) -> None:
        """
        The items to come are answers; see `Commit.answers`.
        """
        self._answers = sent

    def load(self, items: Iterable[Item]) -> None:
        """
        Ask once for everything these items may be about.
        """
        names: list[bytes] = []
        firsts: list[bytes] = []
        retracted: set[bytes] = set()
        notes: list[str] = []
        for item in items:
            if isinstance(item, Cleared):
                names += item.provenance.names
                names += item.provenance.former
                firsts.append(item.provenance.names[0])
                if item.event.data.in_reply_to is not None:
                    self._parents.add(bytes.fromhex(item.event.data.in_reply_to))
            elif isinstance(item, Retraction):
                retracted.update(item.names)
            else:
                notes.append(item.event.id)
        self.load_names([*names, *retracted], retracted, firsts=firsts)
        if notes:
            rows: list[Any] = self._connection.execute(
                "SELECT n.id, n.until FROM carray(?) AS a CROSS JOIN notes AS n ON n.id = a.value",
                (apsw.carray(tuple(notes)),),
            ).fetchall()
            self._noted = dict(rows)

    def load_names(
        self, names: Collection[bytes], retracted: Iterable[bytes], *, firsts: Iterable[bytes] = ()
    ) -> None:
        """
        Ask for posts by key; by alias too for those in `retracted`, and for those in `firsts` that are no key.
        """
        self._known = self._keys.load(names)
        misses = [name for name in firsts if name not in self._known]
        self._by_alias = {name: set() for name in (*retracted, *misses)}
        if self._by_alias:
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
            return self._withdraw(item) if item.held_only else self._retract(item)
        return self._note(item)

    def asked(self, keys: Iterable[PostKey]) -> None:
        """
        The source was asked about these just now. What this page wrote of them says so itself; the column stays as long
        as it was, so that SQLite changes eight bytes of the row and no more.
        """
        for post in self._keys.load([bytes.fromhex(key) for key in keys]).values():
            now = self._known.get(post.key, post)
            if now.state == "live" and now.seq is not None and now.seq not in self._rows:
                self._asked.append((self._at, now.seq))

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
        put_rows(self._connection, _INSERT, list(self._rows.values()))
        if self._asked:
            self._connection.executemany("UPDATE log SET asked = ? WHERE seq = ?", self._asked)
        if self._changed:
            self._keys.store(self._changed.values(), told=self._rows)
        known = self._known
        if self._unnamed:
            self._keys.drop_aliases([(name, known[key]) for name, key in self._unnamed])
        if self._named:
            self._keys.store_aliases(self._named, known)
        if self._new_notes:
            self._connection.executemany(
                "INSERT INTO notes (id, until) VALUES (?, ?)"
                " ON CONFLICT (id) DO UPDATE SET until = excluded.until",
                self._new_notes.items(),
            )

    # ------------------------------------------------------------------------------------------------- posts

    def _clear(self, item: Cleared) -> Outcome:
        known = self._known
        names, former = item.provenance.names, item.provenance.former
        post = None
        if not (known.keys().isdisjoint(names) and known.keys().isdisjoint(former)):
            for name in (*names, *former):
                barred = known.get(name)
                if barred is not None and barred.state == "removed":
                    self._extend(barred)
                    return "refused"
            post = self._keyed(item)
        post = post or self._aliased(item)
        if self._answers is not None and not self._is_as_asked(post, self._answers):
            return "repeat"
        if post is None:
            return self._create(item)
        post = self._extend(post)
        if post.state != "live":
            return self._return(item, post) if post.state == "withdrawn" else "repeat"
        if post.key != names[0] or post.names != b"".join(names[1:]):
            post = self._name(post, names)
        over = post.expiry is not None and post.expiry <= self._at
        if over or is_said(post.digest, of=(item.digest, *item.former_digests)) or _is_behind(item, post):
            return "repeat"
        self._take_row(post)
        self._put_row(
            item,
            post.key,
            post.revision + 1,
            post.expiry,
            until=post.until,
            names=post.names,
            place=post.place,
        )
        return "updated"

    def _is_as_asked(self, post: Known | None, sent: Mapping[PostKey, bytes]) -> bool:
        """
        Whether a post is what it was when its source was asked about it: every new state is sealed anew.
        """
        if post is None or post.state != "live" or post.seq is None or post.seq in self._rows:
            return False
        found = self._connection.execute("SELECT ask FROM log WHERE seq = ?", (post.seq,)).fetchone()
        return found is not None and found[0] == sent.get(key_of(Name(post.key)))

    def _keyed(self, item: Cleared) -> Known | None:
        """
        The post that has one of the item's names as its key. One of the later names comes first: what was keyed by its
        link while its id was doubted stays that post, also where another one has the id now.
        """
        known, names = self._known, item.provenance.names
        for name in names[1:]:
            post = known.get(name)
            if post is not None and post.source in (None, item.event.source):
                return post
        for name in (names[0], *item.provenance.former):
            if name in known:
                return known[name]
        return None

    def _aliased(self, item: Cleared) -> Known | None:
        """
        The one live post of the same source that has the item's identity among its aliases. Never by an alias that both
        have: two posts may lead to one address.
        """
        posts = [self._known[key] for key in self._by_alias.get(item.provenance.names[0], ())]
        found = [post for post in posts if post.state == "live" and post.source == item.event.source]
        return found[0] if len(found) == 1 else None

    def _create(self, item: Cleared) -> Outcome:
        key = item.provenance.names[0]
        ends_at = item.event.expirytime
        until = self._until + _SLACK
        if not item.emit or (ends_at is not None and micros(ends_at) <= self._at):
            self._key_only(key, "seen", revision=0)
            return "seen"
        cap = self._until if ends_at is None else None  # nothing is kept for ever
        self._put_row(item, key, 1, cap, until=until, names=None, place=self._keys.new_place())
        self.posts_more += 1
        return "created"

    def _return(self, item: Cleared, post: Known) -> Outcome:
        """
        A post that was only withdrawn is there again: told as new, under its next revision. A "no" that one source showed
        is not lifted by another that does not show it.
        """
        if self._withdrawn_by(post) not in (None, item.event.source):
            return "refused"
        ends_at = item.event.expirytime
        if not item.emit or (ends_at is not None and micros(ends_at) <= self._at):
            return "repeat"
        if post.seq is not None and self._rows.pop(post.seq, None) is None:
            self._gone.append((post.seq,))  # of the notice; one entry per post
        cap = self._until if ends_at is None else None
        self._put_row(
            item,
            post.key,
            post.revision + 1,
            cap,
            until=post.until,
            names=None,
            place=post.place,
            returned=True,
        )
        self.posts_more += 1
        self.keys_more -= 1
        return "created"

    def _withdrawn_by(self, post: Known) -> str | None:
        """
        The source that said no; None where it was only that no watch asked for it, or where the notice has ended.
        """
        if post.seq is None:
            return None
        row = self._rows.get(post.seq)
        lines = (
            [row[-1]]
            if row is not None
            else [
                line
                for (line,) in self._connection.execute("SELECT body FROM log WHERE seq = ?", (post.seq,))
            ]
        )
        notices = [decode_event(line) for line in lines]
        return next(
            (
                notice.source
                for notice in notices
                if isinstance(notice, PostRemoved) and notice.data.reason == "withdrawn"
            ),
            None,
        )

    def _key_only(self, key: bytes, state: KeyState, *, revision: int) -> Known:
        """
        A key that was never seen before, without a body.
        """
        self.keys_more += 1
        return self._keep(
            Known(
                key,
                None,
                state,
                self._until + _SLACK,
                revision,
                None,
                None,
                None,
                None,
                self._keys.new_place(),
            )
        )

    def _keep(self, post: Known) -> Known:
        """
        This is how that key is from now on.
        """
        self._known[post.key] = self._changed[post.key] = post
        return post

    def _put_row(
        self,
        item: Cleared,
        key: bytes,
        revision: int,
        cap: int | None,
        *,
        until: int,
        names: bytes | None,
        place: int,
        returned: bool = False,
    ) -> None:
        """
        The post's present state as the next entry.

        Args:
            item: What it says now.
            key: Its key.
            revision: From 1.
            cap: The latest that it may end.
            until: When the key ends.
            names: Aliases that it had.
            place: Of the key.
            returned: See `revised`.
        """
        self.head += 1
        event = _as_revision(self._answering(item.event, key), key.hex(), revision, cap, returned=returned)
        expiry = None if event.expirytime is None else micros(event.expirytime)
        own = item.provenance.names
        own = own[1:] if own[0] == key else tuple([name for name in own if name != key])
        plain = names is None and len(own) < 2
        joined = b"".join(own) if plain else self._rejoined(key, own, aliases(names))
        for name in own:
            self._go_by(name, key)
        source = event.source
        digest = dated(item.digest, None if item.edited_at is None else micros(item.edited_at))
        self._known[key] = self._changed[key] = Known(
            key, self.head, "live", until, revision, expiry, digest, source, joined, place
        )
        self._rows[self.head] = (
            self.head,
            key,
            self._at,
            expiry,
            until if revision == 1 else None,
            _TYPE_OF[type(event)],
            source,
            digest,
            joined,
            item.provenance.sealed_ask,
            None if item.provenance.sealed_ask is None else self._at,
            encode_event(event),
        )

    def _rejoined(self, key: bytes, own: Sequence[bytes], older: Sequence[bytes]) -> bytes:
        """
        The aliases of an edited post: those it states now, and of the older ones as many as there is room for.
        """
        every = list(dict.fromkeys((*own, *older)))
        kept = max(len(own), ALIASES_MOST)
        for name in every[kept:]:
            self._named.pop((name, key), None)
            self._unnamed[name, key] = None
        return b"".join(every[:kept])

    def _answering(self, event: PostCreated, key: bytes) -> PostCreated:
        """
        The event with its parent's key, where what it answers is the alias of one other live post.
        """
        if event.data.in_reply_to is None:
            return event
        self._load_parents()
        name = bytes.fromhex(event.data.in_reply_to)
        if name in self._known:
            return event
        parents = [
            each for each in self._by_alias.get(name, ()) if self._known[each].state == "live" and each != key
        ]
        if len(parents) != 1:
            return event
        return structs.replace(event, data=structs.replace(event.data, in_reply_to=parents[0].hex()))

    def _load_parents(self) -> None:
        """
        Ask for everything this page answers; only when there is something to write, which repeats have not.
        """
        asked = [name for name in self._parents if name not in self._known]
        self._parents = set()
        if not asked:
            return
        for key, post in self._keys.load(asked).items():
            self._known.setdefault(key, post)
        new = {name: set[bytes]() for name in asked if name not in self._by_alias}
        for name, post in self._keys.load_by_alias(sorted(new)):
            self._known.setdefault(post.key, post)
            new[name].add(post.key)
        for name, key in self._named:  # earlier in this page
            if name in new:
                new[name].add(key)
        self._by_alias.update(new)

    def _go_by(self, alias: bytes, key: bytes) -> None:
        """
        The post can be found by that alias, later in this page too.
        """
        self._named[alias, key] = None
        if self._unnamed:
            self._unnamed.pop((alias, key), None)
        if alias in self._by_alias:
            self._by_alias[alias].add(key)

    def _name(self, post: Known, names: Sequence[bytes]) -> Known:
        """
        A live post that is seen again goes by its new names too: so that an older secret can be retired, and a removal
        may use any of them, another instance's included.
        """
        had = {post.key, *aliases(post.names)}
        new = [name for name in names if name not in had][: max(0, ALIASES_MOST + 1 - len(had))]
        if not new or post.seq is None:
            return post
        joined = (post.names or b"") + b"".join(new)
        for name in new:
            self._go_by(name, post.key)
        if post.seq in self._rows:
            row = self._rows[post.seq]
            self._rows[post.seq] = (*row[:8], joined, *row[9:])
        else:
            self._connection.execute("UPDATE log SET names = ? WHERE seq = ?", (joined, post.seq))
        return self._keep(structs.replace(post, names=joined))

    def _take_row(self, post: Known) -> None:
        """
        The post's body is gone; a body of this very page was never written.
        """
        if post.seq is None:
            return
        if self._rows.pop(post.seq, None) is None:
            self._gone.append((post.seq,))
            self.erased.append(post.key)

    def _extend(self, post: Known) -> Known:
        """
        The source still shows it. Each write buys `KEY_SLACK`, so that a poll is seldom a write.
        """
        if post.until >= self._until:
            return post
        return self._keep(structs.replace(post, until=self._until + _SLACK))

    # ---------------------------------------------------------------------------------------------- removals

    def _retract(self, item: Retraction) -> Outcome:
        posts = [self._extend(post) for post in self._going_by(item.names)]
        open_posts = [post for post in posts if post.state not in ("removed", "withdrawn")]
        for post in posts:
            if post.state == "withdrawn":  # consumers were told; from now on it is refused, too
                self._keep(post.without_body("removed", revision=post.revision))
        if not posts:
            open_posts.append(self._key_only(item.names[0], "seen", revision=0))
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

    def _withdraw(self, item: Retraction) -> Outcome:
        """
        Only what is held goes, and it may come back; nothing is written where nothing is known. What no watch asks for in
        one source another source may have brought whole: that stays.
        """
        posts = [self._extend(post) for post in self._going_by(item.names)]
        within = item.source if item.reason == "watch_removed" else None
        held = [post for post in posts if post.state == "live" and within in (None, post.source)]
        for post in held:
            self._remove(
                post,
                item.reason,
                source=item.source,
                network=item.network,
                observed_at=item.observed_at,
                state="withdrawn",
            )
        return "removed" if held else "repeat"

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
        self,
        post: Known,
        reason: RemovalReason,
        *,
        source: str,
        network: str,
        observed_at: datetime,
        state: KeyState = "removed",
    ) -> None:
        if post.state == "live":
            self.posts_more -= 1
            self.keys_more += 1
        self._take_row(post)
        for name in aliases(post.names):
            self._named.pop((name, post.key), None)
            self._unnamed[name, post.key] = None
        post = self._extend(post.without_body(state, revision=post.revision + 1))
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
        self._keep(structs.replace(post, seq=self.head) if state == "withdrawn" else post)

    def _put_notice(self, event: PostRemoved, key: bytes) -> None:
        self.head += 1
        self._rows[self.head] = (
            self.head,
            key,
            self._at,
            None,
            self._until,
            _TYPE_OF[type(event)],
            event.source,
            None,
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
            self._key_only(name, "removed", revision=0)
            return
        post = self._extend(post)
        if post.state != "removed":
            self._keep(post.without_body("removed", revision=post.revision))

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
            _TYPE_OF[type(event)],
            event.source,
            None,
            None,
            None,
            None,
            encode_event(event),
        )
        return "created"
