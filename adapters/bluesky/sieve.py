"""
Raw frames to what may be for us. Used by `jetstream`; asks `Interest` before it decodes anything. Pure.

Nine frames in ten thousand or fewer are ours, so a creation that `Interest` says no to, and that does not name one of our
accounts, is read no further than its head. Everything else that concerns posts is decoded: a deletion and a change are
never lost to the filter, because the post they are about may be held however little its new words say.

`account` and `identity` events come whatever is subscribed to (platform facts, 3.1). They carry a DID and nothing else that
helps, and we keep no key of any author: they are signs of life, and accounts that end are noticed by asking again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from adapters.bluesky import wire
from adapters.bluesky.cursor import SEQUENCES_END, TIMES_END, is_time
from adapters.bluesky.identity import COLLECTION, at_microseconds, post_uri
from adapters.bluesky.memory import digest_of
from adapters.bluesky.normalise import post_of
from listener.adapter import Interest
from listener.events import Post, Rejected

_CREATED: Final = re.compile(
    rb'\{"did":"[^"\\]{1,2048}","time_us":([0-9]{16}),(?:"cursor":[0-9]{1,20},)?"kind":"commit","commit":\{'
    rb'"rev":"[^"\\]{0,64}","operation":"create","collection":"' + re.escape(COLLECTION.encode()) + rb'"'
)
"""The head of a frame as hosts write it. Any other order of its keys is decoded, which is slower and says the same."""

_encode: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, repr=False)
class Said:
    """
    A post that may be ours.

    Args:
        digest: `memory.digest_of` its identity.
        rev: Which version of it.
        at_us: When the host saw it.
        post: Its author's wishes not yet known.
    """

    digest: bytes
    rev: str
    at_us: int
    post: Post


@dataclass(frozen=True, slots=True, repr=False)
class Gone:
    """
    A post that is deleted, or no longer says what anybody asks for.

    Args:
        uri: Which one.
        deleted: False where it is still there, in other words that are not for us.
    """

    digest: bytes
    rev: str
    at_us: int
    uri: str
    deleted: bool


Event = Said | Gone | Rejected


@dataclass(slots=True)
class Sifted:
    """
    What a batch of frames held.

    Args:
        events: In the order of the frames.
        first_us: When the first event of any kind happened; None where there was none.
        last_us: When the latest event about a post happened; None where there was none.
    """

    events: list[Event] = field(default_factory=list)
    first_us: int | None = None
    last_us: int | None = None

    def note(self, at_us: int, *, about_post: bool) -> None:
        """
        An event happened at this time.
        """
        if not is_time(at_us):
            return
        if self.first_us is None:
            self.first_us = at_us
        if about_post and (self.last_us is None or at_us > self.last_us):
            self.last_us = at_us


class Sieve:
    """
    Args:
        interest: What the watches ask for.
        own: DIDs of the organisation.
        unzip: For frames that come compressed; None where they do not.
    """

    __slots__ = ("_interest", "_own", "_own_bytes", "_unzip")

    def __init__(
        self, interest: Interest, *, own: frozenset[str], unzip: Callable[[bytes], bytes | None] | None = None
    ) -> None:
        self._interest = interest
        self._own = own
        self._own_bytes = tuple(sorted(did.encode() for did in own))
        self._unzip = unzip

    def sift(self, frames: Sequence[bytes]) -> Sifted:
        """
        The events of these frames.
        """
        sifted = Sifted()
        passed_us = SEQUENCES_END - 1
        for packed in frames:
            frame = packed if self._unzip is None else self._unzip(packed)
            if frame is None:
                sifted.events.append(Rejected("unreadable_item"))
                continue
            head = _CREATED.match(frame)
            if head is None or self._may_concern(frame):
                self._decode(frame, sifted)
                continue
            at_us = int(head[1])
            if sifted.first_us is None:
                sifted.note(at_us, about_post=True)
            if passed_us < at_us < TIMES_END:
                passed_us = at_us
        if passed_us >= SEQUENCES_END:
            sifted.note(passed_us, about_post=True)
        return sifted

    def _may_concern(self, frame: bytes) -> bool:
        return self._interest.maybe(frame) or (
            bool(self._own_bytes) and any(did in frame for did in self._own_bytes)
        )

    def _decode(self, frame: bytes, sifted: Sifted) -> None:
        try:
            read = wire.decoded(wire.Frame, frame)
        except wire.UNREADABLE:
            sifted.events.append(Rejected("unreadable_item"))
            return
        commit = read.commit
        about_post = read.kind == "commit" and commit is not None and commit.collection == COLLECTION
        sifted.note(read.time_us, about_post=about_post)
        if not about_post or commit is None:
            return
        event = self._event(read, commit)
        if event is not None:
            sifted.events.append(event)

    def _event(self, frame: wire.Frame, commit: wire.Commit) -> Event | None:
        """
        What a commit about a post means; None where it is nobody's business.
        """
        uri, seen_at = post_uri(frame.did, commit.rkey), at_microseconds(frame.time_us)
        if uri is None or seen_at is None or not is_time(frame.time_us):
            return Rejected("no_identity" if uri is None else "unreadable_item")
        if commit.operation == "delete":
            return Gone(digest_of(uri), commit.rev, frame.time_us, uri, deleted=True)
        if commit.operation not in ("create", "update"):
            return None
        changed = commit.operation == "update"
        post = post_of(
            commit.record, did=frame.did, rkey=commit.rkey, seen_at=seen_at, own=self._own, changed=changed
        )
        if isinstance(post, Rejected):
            return post
        if self._asks_for(post):
            return Said(digest_of(uri), commit.rev, frame.time_us, post)
        return Gone(digest_of(uri), commit.rev, frame.time_us, uri, deleted=False) if changed else None

    def _asks_for(self, post: Post) -> bool:
        """
        The same question about what a watch looks at. A frame says `post` and `feed` in every line, and every second one
        holds some word in a key; of these none is worth a look-up.
        """
        if post.addressed or post.by_us:
            return True
        return self._interest.maybe(_encode((post.text, *post.tags)))
