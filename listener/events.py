"""
The values that flow through the house. Frozen, no I/O, no logic beyond their own consistency.

Before the gate: `Post`, `Removal`, `Count`, `Gap`, `Rejected` (made by adapters, carried in a `Page`), `Change`.
At the gate: `Cleared`, `Retraction`, `Noted` (the only things a queue accepts) or `Withheld`.
After it: `Event`, a CloudEvents 1.0 envelope with no place for a person.

Only `listener.gate` makes events; the functions at the end of this file turn one event into the next state of
the same post, which is what an engine needs when it commits or erases.

What pages are full of (`Post`, `Removal`, `Consent`) are structs: a frozen dataclass sets each field through
`object.__setattr__`, which costs more than decoding a post does. They hold texts, times and frozen values, so none of them
can lie in a cycle (`gc=False`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, Never, NewType, final

import msgspec
from msgspec import Meta

WatchName = NewType("WatchName", str)
PostKey = NewType("PostKey", str)
"""Hex of a 16-byte HMAC of a post's native identity; says nothing without the secret."""

Name = NewType("Name", bytes)
"""16 bytes: the HMAC of a native identity or of one of its aliases. A post's key is the hex of its first name."""

Kind = Literal["post", "comment", "reply", "article", "video"]
Openness = Literal["yes", "no", "unknown"]
Keep = Literal["counts", "links", "text"]
Relation = Literal["own", "public"]

RemovalReason = Literal[
    "deleted",  # the network says so
    "withdrawn",  # the author's visibility or consent changed
    "forgotten",  # an operator ran `listener forget`
    "watch_removed",  # nothing asks for it any more: the watch is gone, or an edit took the post out of every watch
    "source_removed",
    "unselected",  # an edit took it out of what this reader selects; told by the API only, never stored
]
WithheldReason = Literal[
    "not_ours",  # no watch asks for it
    "not_public",
    "objection",
    "consent",
    "consent_unreadable",
    "watch_paused",  # every watch that asked is past its review date
    "counts_only",  # the source keeps volumes, never posts
    "not_agreed",  # a volume, where the network's terms ask for an agreement that nobody has accepted
]
RejectedReason = Literal["no_identity", "no_content", "unreadable_item", "too_large"]
ChangeKind = Literal["moved", "gone", "silent"]
ChangeNote = Literal[
    "permanent_redirect",  # 301 or 308 to the same place, often enough and for long enough; to https at once
    "returned",  # the new address failed for days, or an operator said so: the configured one is read again
    "status_410",  # the server says that it has ended, three times in two days
    "beyond_rhythm",  # nothing new for far longer than it ever kept silent at such hours
]
GapCause = Literal[
    "window_overrun",  # more news than the source shows at once
    "outage",
    "cursor_expired",
    "consent_unreadable",
    "intake_paused",
    "unknown",
]


# ---------------------------------------------------------------------------------------------- before the gate


@final
class Author:
    """
    Who wrote a post: in memory only, for the objection test and for masking their own name. Opaque: it prints as
    `Author(…)`, nothing after the gate can hold one, and as it is neither a dataclass nor a struct, no encoder takes it.

    Args:
        names: Every string that names the person on this network: handle, display name, profile address,
            e-mail address, account id. Whatever of it occurs in text is masked.
    """

    __slots__ = ("names",)

    names: tuple[str, ...]

    def __init__(self, names: tuple[str, ...]) -> None:
        object.__setattr__(self, "names", names)

    def __setattr__(self, name: str, value: object) -> Never:
        raise AttributeError("an author never changes")

    def __delattr__(self, name: str) -> Never:
        raise AttributeError("an author never changes")

    def __eq__(self, other: object) -> bool:
        return self.names == other.names if isinstance(other, Author) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.names)

    def __repr__(self) -> str:
        return "Author(…)"

    def __reduce__(self) -> Never:
        raise TypeError("an author never leaves memory")


class Consent(msgspec.Struct, frozen=True, gc=False):
    """
    What a post's author said about being read, as far as the network shows it.

    Args:
        public: Anyone may see the post without an account or a relation to its author.
        flags: Signals seen, from the network's own vocabulary folded to ours: `noindex`, `nobot`, `limited`,
            `no_unauthenticated`, `not_indexable`.
        readable: False where the signal could not be looked up; the gate then withholds.
    """

    public: bool = True
    flags: frozenset[str] = frozenset()
    readable: bool = True


class Post(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    One public post in the words the rest of the service uses. Prints without content.

    Args:
        native: The network's identity for it, the same however it is reached. Feeds scope it by the feed.
        aliases: Its other names: an instance-local id, a public address. A removal may use any of them.
        ask: What to send to ask about it again; None where the network offers no way.
        kind: What it is.
        text: Plain text, whole (content warnings included), never HTML.
        title: Plain text; None where its kind has none.
        lang: BCP 47 as stated by the source; None where it states none.
        tags: Hashtags and categories as stated, without the leading sign, as written.
        published_at: When it says it was published; None where it does not say.
        edited_at: When it says it was last changed.
        link: Its public address; may name a person, the gate decides.
        private_link: The link names the author, though nothing in it may show that: it is never shown as it is, and is no
            part of what tells an edit from a repeat.
        reply_to: Native identity or alias of what it answers.
        by_us: Written by one of the organisation's own accounts.
        addressed: Said to us: own handle, own channel, own blog, or a reply to us.
        open_to_reply: Whether an answer is invited.
        consent: See `Consent`.
        author: See `Author`; None where the source names nobody.
    """

    native: str
    kind: Kind
    text: str
    aliases: tuple[str, ...] = ()
    ask: str | None = None
    title: str | None = None
    lang: str | None = None
    tags: tuple[str, ...] = ()
    published_at: datetime | None = None
    edited_at: datetime | None = None
    link: str | None = None
    private_link: bool = False
    reply_to: str | None = None
    by_us: bool = False
    addressed: bool = False
    open_to_reply: Openness = "unknown"
    consent: Consent = Consent()
    author: Author | None = None

    def __repr__(self) -> str:
        return f"Post(kind={self.kind!r}, text=<{len(self.text)} characters>)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("kind", self.kind), ("characters", len(self.text))]


class Removal(msgspec.Struct, frozen=True, gc=False):
    """
    The source says that a post is gone.

    Args:
        name: Native identity or any alias.
        reason: Why, as far as the source tells.
        held_only: See `Retraction`; for a source that tells of every deletion there is, whoever's post it was.
    """

    name: str
    reason: RemovalReason = "deleted"
    held_only: bool = False

    def __repr__(self) -> str:
        return f"Removal(reason={self.reason!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("reason", self.reason)]


@dataclass(frozen=True, slots=True)
class Count:
    """
    How many posts matched a watch in a window, where the source tells only that.

    Args:
        watch: Name of the watch.
        start_at: Aware UTC; inclusive.
        end_at: Aware UTC; exclusive.
        count: Posts; not people.
    """

    watch: WatchName
    start_at: datetime
    end_at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Gap:
    """
    Something was missed, or may have been.

    Args:
        start_at: Aware UTC; None where unknown.
        end_at: Aware UTC.
        cause: From a closed set.
        suspected: False where it is certain.
    """

    start_at: datetime | None
    end_at: datetime
    cause: GapCause
    suspected: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """
    Something became of the source itself; made by the core, not by adapters.

    Args:
        kind: Which event it becomes.
        note: What happened.
        at: Aware UTC; when that was certain.
    """

    kind: ChangeKind
    note: ChangeNote
    at: datetime


@dataclass(frozen=True, slots=True)
class Rejected:
    """
    One item of a page that cannot be read; the rest of the page goes on.
    """

    reason: RejectedReason


# ----------------------------------------------------------------------------------------------- after the gate


class CloudEvent(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="type",
    omit_defaults=False,
    forbid_unknown_fields=True,
):
    """
    The envelope every event shares: CloudEvents 1.0, structured JSON.
    """

    id: Annotated[str, Meta(description="Unique and deterministic: key and revision.")]
    source: Annotated[
        str, Meta(description="/<network>/<configured source name>; never a person's address.", pattern="^/")
    ]
    subject: Annotated[str, Meta(description="Post key, watch or source the event is about.")]
    time: Annotated[
        datetime, Meta(description="When it was published; never later than it was seen.", tz=True)
    ]
    expirytime: Annotated[
        datetime | None,
        Meta(description="When the body ends here. May move earlier, never later; expiry emits no event."),
    ] = None
    specversion: Literal["1.0"] = "1.0"
    datacontenttype: Literal["application/json"] = "application/json"


class PostData(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What was said. There is no field for who said it.
    """

    network: Annotated[str, Meta(description="Adapter name, such as `feed` or `mastodon`.")]
    kind: Kind
    text: Annotated[str | None, Meta(description="Plain, masked; null where the source keeps only links.")]
    title: Annotated[str | None, Meta(description="Plain, masked.")]
    lang: Annotated[str | None, Meta(description="BCP 47, as the source states it.")]
    watches: Annotated[tuple[str, ...], Meta(description="Names of the watches that asked for it.")]
    hashtags: Annotated[tuple[str, ...], Meta(description="Case-folded, without the sign, sorted.")]
    link: Annotated[
        str | None,
        Meta(
            description="Opens the conversation. Where its address would name an account it is sealed, "
            "`<public_url>/open/<token>`, and opens for staff while the post is held; null where no `public_url` is set."
        ),
    ]
    in_reply_to: Annotated[
        str | None,
        Meta(
            description="Key of the post it answers, where that post was held when this was stored; else the hash of "
            "the name that the source used for it."
        ),
    ]
    by_us: Annotated[bool, Meta(description="Written by one of the organisation's own accounts.")]
    addressed: Annotated[bool, Meta(description="Said to us, not only about us.")]
    open_to_reply: Openness
    observed_at: Annotated[datetime, Meta(description="When it was first read.", tz=True)]
    masked: Annotated[
        Mapping[str, int],
        Meta(
            description="How many people's traces were masked, by kind: `handle`, `author`, `email`, `phone`, `profile`, "
            "`number` (identity number, bank account, payment card)."
        ),
    ]


class PostCreated(CloudEvent, frozen=True, kw_only=True, tag="listener.post.created"):
    """
    A post that was not here before.
    """

    data: PostData


class PostUpdated(CloudEvent, frozen=True, kw_only=True, tag="listener.post.updated"):
    """
    The same post in new words; the old ones are erased.
    """

    data: PostData


class RemovedData(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Why a post is gone, and nothing of what it said.
    """

    network: str
    reason: RemovalReason
    observed_at: datetime


class PostRemoved(CloudEvent, frozen=True, kw_only=True, tag="listener.post.removed"):
    """
    Forget this post. May come for a post the reader never saw.
    """

    data: RemovedData


class CountData(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    A volume.
    """

    network: str
    watch: str
    start_at: datetime
    end_at: datetime
    count: Annotated[int, Meta(ge=0)]


class TopicCounted(CloudEvent, frozen=True, kw_only=True, tag="listener.topic.counted"):
    """
    How many posts matched a watch in a window, from a source that keeps only counts.
    """

    data: CountData


class GapData(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What was missed, as far as we know.
    """

    network: str
    start_at: datetime | None
    end_at: datetime
    cause: GapCause
    suspected: bool


class SourceGap(CloudEvent, frozen=True, kw_only=True, tag="listener.source.gap"):
    """
    Something was missed, or may have been.
    """

    data: GapData


class SourceData(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    A change in a source itself.
    """

    network: str
    note: Annotated[str, Meta(description="From a closed set; never an address of a person.")]
    observed_at: datetime


class SourceSilent(CloudEvent, frozen=True, kw_only=True, tag="listener.source.silent"):
    """
    No post where the source's rhythm promised some.
    """

    data: SourceData


class SourceMoved(CloudEvent, frozen=True, kw_only=True, tag="listener.source.moved"):
    """
    The source has a new address for good.
    """

    data: SourceData


class SourceGone(CloudEvent, frozen=True, kw_only=True, tag="listener.source.gone"):
    """
    The source says that it has ended.
    """

    data: SourceData


class ResyncData(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    From where to read again.
    """

    reason: Literal["unknown_epoch", "position_too_old", "position_ahead"]
    oldest: Annotated[str, Meta(description="Position to continue after, to see everything that is kept.")]
    newest: Annotated[str, Meta(description="Position of the latest entry.")]


class QueueResync(CloudEvent, frozen=True, kw_only=True, tag="listener.queue.resync"):
    """
    The position asked for cannot be continued from: drop what you hold and read again from `oldest`.
    """

    data: ResyncData


PostEvent = PostCreated | PostUpdated
NoteEvent = TopicCounted | SourceGap | SourceSilent | SourceMoved | SourceGone
Event = (
    PostCreated
    | PostUpdated
    | PostRemoved
    | TopicCounted
    | SourceGap
    | SourceSilent
    | SourceMoved
    | SourceGone
    | QueueResync
)

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(Event).decode


def encode_event(event: Event) -> bytes:
    """
    The event as structured CloudEvents JSON, one line, keys in a fixed order.
    """
    return _encode(event)


def decode_event(line: bytes) -> Event:
    """
    The event that `encode_event` wrote.

    Raises:
        msgspec.ValidationError: the bytes are not an event of this version.
    """
    event: Event = _decode(line)
    return event


def event_schema() -> dict[str, Any]:
    """
    JSON Schema (2020-12) of every event, generated from the types above.
    """
    (root,), components = msgspec.json.schema_components([Event], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "listener event",
        "description": "CloudEvents 1.0 in structured JSON, as civic-listener emits them.",
        **root,
        "$defs": components,
    }


# ------------------------------------------------------------------------------------------------- at the gate


@dataclass(frozen=True, slots=True, repr=False)
class Provenance:
    """
    How a stored post can be found and asked about again: private to the engine, gone with the body.

    Args:
        names: HMACs of native identity (first) and aliases, under the current secret.
        former: HMACs of the same strings under older secrets, so that a rotation repeats nothing.
        sealed_ask: `Post.ask` sealed with the day's key; None where there is none.
    """

    names: tuple[Name, ...]
    former: tuple[Name, ...] = ()
    sealed_ask: bytes | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Cleared:
    """
    A post that passed the gate. A queue accepts posts in no other shape.

    Args:
        event: Its first state; an engine turns it into an update with `revised` where the key is known.
        provenance: See there.
        digest: Keyed 16-byte digest of what a reader would see; equal digests are repeats, not edits.
        former_digests: What counts as the same: under older secrets, so that a rotation changes nothing; and of a post
            what it is as a reply, so that a place that knows no parent does not undo what another knows.
        emit: False for a post older than the retention when first seen: keyed as `seen`, never shown.
        edited_at: When these words were written, by the clock of a network that can be asked about the post; None where it
            states no edit, or where only the author's own software says so. Words that are older than those held are a
            repeat: a place that is behind does not bring them back.
    """

    event: PostCreated
    provenance: Provenance
    digest: bytes
    former_digests: tuple[bytes, ...] = ()
    emit: bool = True
    edited_at: datetime | None = None

    @property
    def key(self) -> PostKey:
        return key_of(self.provenance.names[0])


@dataclass(frozen=True, slots=True, repr=False)
class Retraction:
    """
    A removal that passed the gate.

    Args:
        names: The HMAC of the name the source used, current secret first, then older ones; with `held_only` of every name
            of the post.
        reason: Why.
        source: `/<network>/<source>` of the event to write. With `held_only` and `watch_removed` nothing is taken away
            but what this source brought: another one may take what no watch asks for.
        network: Adapter name.
        observed_at: When we learned of it.
        held_only: Only what is held is taken away; where nothing is, nothing is written. Refuses nothing later: a create
            brings the post back, under its next revision. For a post that the gate let through once and would not today.
    """

    names: tuple[Name, ...]
    reason: RemovalReason
    source: str
    network: str
    observed_at: datetime
    held_only: bool = False


@dataclass(frozen=True, slots=True)
class Noted:
    """
    An event about a topic or a source, with nobody in it. Written once per `event.id`.
    """

    event: NoteEvent


@dataclass(frozen=True, slots=True)
class Withheld:
    """
    A post that ends at the gate; nothing of it is stored.
    """

    reason: WithheldReason


def key_of(name: Name) -> PostKey:
    """
    The public key of the post whose first name this is.
    """
    return PostKey(name.hex())


def revised(
    event: PostCreated, *, revision: int, expiry_cap: datetime | None, returned: bool = False
) -> PostEvent:
    """
    The event as the given state of its post: revision 1 is the creation, later ones are updates.

    Args:
        event: As the gate made it.
        revision: From 1.
        expiry_cap: Expiry of the previous state; the new one is never later.
        returned: Consumers were told that it is gone, so it is told as new, under its next revision.
    """
    expiry = event.expirytime
    if expiry_cap is not None and (expiry is None or expiry > expiry_cap):
        expiry = expiry_cap
    shape = PostCreated if revision == 1 or returned else PostUpdated
    return shape(
        id=f"{event.subject}.{revision}",
        source=event.source,
        subject=event.subject,
        time=event.time,
        expirytime=expiry,
        data=event.data,
    )


def removed(
    *, key: PostKey, revision: int, source: str, network: str, reason: RemovalReason, observed_at: datetime
) -> PostRemoved:
    """
    The content-free notice that a post is gone.
    """
    return PostRemoved(
        id=f"{key}.{revision}",
        source=source,
        subject=key,
        time=observed_at,
        data=RemovedData(network=network, reason=reason, observed_at=observed_at),
    )
