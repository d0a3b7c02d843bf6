"""
The state of a network that does not exist: accounts, records and the one order in which everything happened.

Changed by tests and by `simulated_life`; shown by `simulated_jetstream` (what happened, to each host's own loss) and
by `simulated_appview` (what is there now). Everything is a function of the seed, the clock and the calls. People come
from `listener.simulation.people`. The ledger names posts by numbers of its own and holds no word of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal

import anyio
import orjson

from adapters.bluesky.simulated_names import (
    FOLLOW,
    LIKE,
    POST,
    PROFILE,
    REPOST,
    THREADGATE,
    cid_of,
    did_of,
    microseconds,
    parts_of,
    stamp,
    tid_of,
    uri_of,
)
from adapters.bluesky.simulated_records import (
    Card,
    Picture,
    embed_of,
    facets_of,
    label_values,
    post_record,
    profile_record,
    threadgate_record,
)
from listener.clock import Clock
from listener.simulation.ledger import Ledger, PostRow
from listener.simulation.people import Person, people

Status = Literal["active", "deactivated", "suspended", "takendown", "deleted"]
Operation = Literal["create", "update", "delete"]

NO_UNAUTHENTICATED: Final = "!no-unauthenticated"
_FIRST_RELAY_SEQ: Final = 30_340_180_000
"""Chosen: of the size that recorded account events have."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Account:
    """
    An account; prints without a name.

    Args:
        did: Identity.
        handle: Without `@`.
        person: Who it is; nobody.
        status: Anything but `active` hides all of its records.
        number: From 0, in order of joining.
    """

    did: str
    handle: str
    person: Person
    status: Status = "active"
    number: int = 0

    def __repr__(self) -> str:
        return f"Account(number={self.number}, status={self.status!r})"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Record:
    """
    A record as it is now; prints without content.

    Args:
        did: Whose.
        collection: NSID.
        rkey: Key within it.
        cid: Of the value.
        value: JSON.
        shown: The value that an AppView shows; of a post the first one, whatever it was changed to.
        indexed_at: When the network first saw it.
        changed_at: When it last changed.
        post: Name in the ledger; empty for anything but a post.
        revision: From 1.
    """

    did: str
    collection: str
    rkey: str
    cid: str
    value: dict[str, Any]
    shown: dict[str, Any]
    indexed_at: datetime
    changed_at: datetime
    post: str = ""
    revision: int = 1

    @property
    def uri(self) -> str:
        """
        Its address.
        """
        return uri_of(self.did, self.collection, self.rkey)

    @property
    def reference(self) -> dict[str, str]:
        """
        A strong reference (com.atproto.repo.strongRef).
        """
        return {"uri": self.uri, "cid": self.cid}

    def __repr__(self) -> str:
        return f"Record(collection={self.collection!r}, post={self.post!r}, revision={self.revision})"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Happening:
    """
    One event of the network, in the one order that the relay gave it.

    Args:
        at_us: Microseconds since 1970; strictly rising.
        kind: `commit`, `account` or `identity`.
        did: Whose.
        collection: Of a commit; else empty.
        operation: Of a commit.
        rkey: Of a commit.
        rest: The event's JSON behind `time_us`, closing brace included.
        post: Name in the ledger of a post that was created or changed; else empty.
        revision: Of that post.
    """

    at_us: int
    kind: Literal["commit", "account", "identity"]
    did: str
    collection: str = ""
    operation: Operation | None = None
    rkey: str = ""
    rest: bytes = b""
    post: str = ""
    revision: int = 0

    def __repr__(self) -> str:
        return f"Happening(at_us={self.at_us}, kind={self.kind!r}, collection={self.collection!r})"


@dataclass(slots=True)
class Network:
    """
    Everything that was written, by whom, and what is left of it.

    Args:
        clock: Whose time it is.
        seed: Makes the people.
        hashtags: What the ledger expects somebody to be listening for; lower case, without `#`.
        own: DIDs of whoever listens; who mentions or answers them is expected to be heard.
        accounts: By DID.
        records: By uri; those that were deleted are gone.
        deleted: Those, each with when it was deleted, for an AppView that is late.
        log: What happened, in order.
        ledger: What became of every post.
    """

    clock: Clock
    seed: int = 7
    hashtags: frozenset[str] = frozenset()
    own: set[str] = field(default_factory=set)
    accounts: dict[str, Account] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    deleted: dict[str, tuple[Record, datetime]] = field(default_factory=dict)
    log: list[Happening] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    _times_us: list[int] = field(default_factory=list)
    _dids: dict[str, str] = field(default_factory=dict)
    _news: anyio.Event = field(default_factory=anyio.Event)

    # ---------------------------------------------------------------------------------------------------- people

    def join(
        self, *, handle: str | None = None, person: Person | None = None, labels: Sequence[str] = ()
    ) -> Account:
        """
        A new account of the next synthetic person, told as identity, account and profile.

        Args:
            handle: None for one of the person's own.
            person: None for the next synthetic one.
            labels: The account gives itself.
        """
        number = len(self.accounts)
        person = person or people(self.seed, number + 1)[number]
        told = handle or f"{person.handle.lower().replace('_', '-')}.bsky.example"
        account = Account(did=did_of(self.seed, number), handle=told, person=person, number=number)
        self.accounts[account.did] = account
        self._dids[told.lower()] = account.did
        self._identify(account)
        self._account(account)
        made = profile_record(person.name, person.bio, stamp(self.clock.now()), labels)
        self._write(account.did, PROFILE, "self", made)
        return account

    def by_handle(self, handle: str) -> Account | None:
        """
        Whose handle it is.
        """
        did = self._dids.get(handle.lower())
        return None if did is None else self.accounts[did]

    def rename(self, did: str, handle: str) -> None:
        """
        The account has another handle; the old one is free.
        """
        account = self.accounts[did]
        self._dids.pop(account.handle.lower(), None)
        self._dids[handle.lower()] = did
        self.accounts[did] = replace(account, handle=handle)
        self._identify(self.accounts[did])

    def set_status(self, did: str, status: Status) -> None:
        """
        An account is closed in some way, or open again. Nothing is told of its records; those of a deleted account
        never come back.
        """
        self.accounts[did] = replace(self.accounts[did], status=status)
        if status != "active":
            for record in self.of(did, POST):
                self.ledger.deleted(record.post, self.clock.now())
        if status == "deleted":
            for uri in [record.uri for record in self.records.values() if record.did == did]:
                del self.records[uri]
        self._account(self.accounts[did])

    def label_account(self, did: str, labels: Sequence[str]) -> None:
        """
        An account labels itself, by an update of its profile.
        """
        profile = self.records[uri_of(did, PROFILE, "self")]
        made = {key: value for key, value in profile.value.items() if key != "labels"}
        labelled = profile_record(made["displayName"], made["description"], made["createdAt"], labels)
        self._write(did, PROFILE, "self", labelled)

    def labels_of(self, did: str) -> list[str]:
        """
        What an account labels itself with now.
        """
        profile = self.records.get(uri_of(did, PROFILE, "self"))
        return [] if profile is None else label_values(profile.value)

    # ----------------------------------------------------------------------------------------------------- posts

    def post(
        self,
        did: str,
        text: str,
        *,
        langs: Sequence[str] = (),
        tags: Sequence[str] = (),
        labels: Sequence[str] = (),
        facets: Sequence[dict[str, Any]] | None = None,
        reply_to: str | None = None,
        quote: str | None = None,
        pictures: Sequence[Picture] = (),
        card: Card | None = None,
        created_at: datetime | None = None,
    ) -> Record:
        """
        A new post.

        Args:
            facets: None for those the official client would find; empty for a client that makes none.
            reply_to: Uri of the post that is answered.
            quote: Uri of the post that is shown.
            created_at: What the client says; None for the truth.
        """
        reply = None
        if reply_to is not None:
            parent = self.records[reply_to]
            root = parent.value.get("reply", {}).get("root", parent.reference)
            reply = (root, parent.reference)
        value = post_record(
            text,
            stamp(created_at or self.clock.now()),
            langs=langs,
            tags=tags,
            labels=labels,
            facets=facets_of(text, self._dids) if facets is None else facets,
            reply=reply,
            embed=embed_of(self.records[quote].reference if quote else None, pictures, card),
        )
        return self._write(did, POST, None, value)

    def concerns(self, post: Mapping[str, Any]) -> bool:
        """
        Whether a post carries one of the hashtags, or mentions or answers one of the listening accounts.
        """
        parent = parts_of(post.get("reply", {}).get("parent", {}).get("uri", ""))
        answers = parent is not None and parent[0] in self.own
        return bool(self.hashtags & tags_of(post)) or bool(self.own & mentions_of(post)) or answers

    @property
    def next_name(self) -> str:
        """
        What the ledger will call the next post.
        """
        return f"p{len(self.ledger.posts) + 1:05}"

    def edit(self, uri: str, text: str) -> Record:
        """
        Another text under the same key: rare, but legal.
        """
        old = self.records[uri]
        made = {key: value for key, value in old.value.items() if key not in ("text", "facets")}
        facets = facets_of(text, self._dids)
        value = {**made, "text": text, **({"facets": facets} if facets else {})}
        return self._write(old.did, old.collection, old.rkey, value)

    def delete(self, uri: str) -> None:
        """
        A record is gone; the event tells only where it was.
        """
        record = self.records.pop(uri)
        self.deleted[uri] = (record, self.clock.now())
        if record.post:
            self.ledger.deleted(record.post, self.clock.now())
        self._commit(record, "delete")

    def gate(self, uri: str, allow: Sequence[str] | None) -> Record:
        """
        Who may answer a post, under the post's own key.
        """
        post = self.records[uri]
        value = threadgate_record(uri, stamp(self.clock.now()), allow)
        return self._write(post.did, THREADGATE, post.rkey, value)

    def like(self, did: str, uri: str) -> Record:
        """
        Somebody likes a post.
        """
        return self._point(did, LIKE, self.records[uri].reference)

    def repost(self, did: str, uri: str) -> Record:
        """
        Somebody repeats a post.
        """
        return self._point(did, REPOST, self.records[uri].reference)

    def follow(self, did: str, other: str) -> Record:
        """
        Somebody follows somebody.
        """
        return self._point(did, FOLLOW, other)

    # --------------------------------------------------------------------------------------------------- reading

    def of(self, did: str, collection: str) -> list[Record]:
        """
        Records of one account and kind, oldest first.
        """
        return [each for each in self.records.values() if (each.did, each.collection) == (did, collection)]

    def visible(self, uri: str) -> Record | None:
        """
        A record that is there, of an account that is active.
        """
        record = self.records.get(uri)
        if record is None or self.accounts[record.did].status != "active":
            return None
        return record

    def place_of(self, at_us: int) -> int:
        """
        Index in the log of the first happening at that time or later.
        """
        return bisect_left(self._times_us, at_us)

    async def news(self, after: int) -> None:
        """
        Return when the log is longer than that.
        """
        while len(self.log) <= after:
            await self._news.wait()

    # -------------------------------------------------------------------------------------------------- writing

    def _point(self, did: str, collection: str, subject: dict[str, str] | str) -> Record:
        value = {"$type": collection, "subject": subject, "createdAt": stamp(self.clock.now())}
        return self._write(did, collection, None, value)

    def _write(self, did: str, collection: str, rkey: str | None, value: dict[str, Any]) -> Record:
        """
        Create, or overwrite what has that key.
        """
        at, at_us = self.clock.now(), self._next_us()
        key = rkey or tid_of(at_us, self.accounts[did].number)
        old = self.records.get(uri_of(did, collection, key))
        record = Record(
            did=did,
            collection=collection,
            rkey=key,
            cid=cid_of(value),
            value=value,
            shown=value if old is None or collection != POST else old.shown,
            indexed_at=at if old is None else old.indexed_at,
            changed_at=at,
            post=self._booked(old, collection, did, value),
            revision=1 if old is None else old.revision + 1,
        )
        self.records[record.uri] = record
        self._commit(record, "create" if old is None else "update")
        return record

    def _booked(self, old: Record | None, collection: str, did: str, value: Mapping[str, Any]) -> str:
        """
        The post's name in the ledger, which learns of it.
        """
        if collection != POST:
            return ""
        if old is not None:
            self.ledger.edited(old.post, self.clock.now())
            return old.post
        name = self.next_name
        hidden = NO_UNAUTHENTICATED in self.labels_of(did)
        ours = self.concerns(value)
        self.ledger.published(
            PostRow(
                post=name,
                place="bluesky",
                kind="reply" if "reply" in value else "post",
                link="",
                expected="not_ours" if not ours else "withheld" if hidden else "queued",
                reason="no_unauthenticated" if ours and hidden else None,
                published_at=self.clock.now(),
            )
        )
        return name

    def _commit(self, record: Record, operation: Operation) -> None:
        at_us = self._next_us()
        commit: dict[str, Any] = {
            "rev": tid_of(at_us, self.accounts[record.did].number),
            "operation": operation,
            "collection": record.collection,
            "rkey": record.rkey,
        }
        if operation != "delete":
            commit["record"] = dict(sorted(record.value.items()))
            commit["cid"] = record.cid
        self._happen(
            Happening(
                at_us=at_us,
                kind="commit",
                did=record.did,
                collection=record.collection,
                operation=operation,
                rkey=record.rkey,
                rest=_rest("commit", commit),
                post=record.post if operation != "delete" else "",
                revision=record.revision,
            )
        )

    def _identify(self, account: Account) -> None:
        told = {
            "did": account.did,
            "handle": account.handle,
            "seq": self._relay_seq(),
            "time": stamp(self.clock.now()),
        }
        self._happen(
            Happening(at_us=self._next_us(), kind="identity", did=account.did, rest=_rest("identity", told))
        )

    def _account(self, account: Account) -> None:
        told: dict[str, Any] = {
            "active": account.status == "active",
            "did": account.did,
            "seq": self._relay_seq(),
        }
        if account.status != "active":
            told["status"] = account.status
        told["time"] = stamp(self.clock.now())
        self._happen(
            Happening(at_us=self._next_us(), kind="account", did=account.did, rest=_rest("account", told))
        )

    def _relay_seq(self) -> int:
        return _FIRST_RELAY_SEQ + len(self.log)

    def _next_us(self) -> int:
        """
        Now, but later than whatever happened before.
        """
        now = microseconds(self.clock.now())
        return max(now, self._times_us[-1] + 1) if self._times_us else now

    def _happen(self, happening: Happening) -> None:
        self.log.append(happening)
        self._times_us.append(happening.at_us)
        self._news.set()
        self._news = anyio.Event()


def tags_of(post: Mapping[str, Any]) -> set[str]:
    """
    Hashtags of a post's facets and of its extra tags; lower case.
    """
    features = [feature for each in post.get("facets", ()) for feature in each["features"]]
    return {
        str(each).lower() for each in (*post.get("tags", ()), *(f["tag"] for f in features if "tag" in f))
    }


def mentions_of(post: Mapping[str, Any]) -> set[str]:
    """
    DIDs that a post's facets mention.
    """
    features = [feature for each in post.get("facets", ()) for feature in each["features"]]
    return {feature["did"] for feature in features if "did" in feature}


def _rest(kind: str, told: Mapping[str, Any]) -> bytes:
    return b',"kind":"%b","%b":%b}' % (kind.encode(), kind.encode(), orjson.dumps(told))
