"""
The shapes accepted off the wire: frames of Jetstream, post records, post views of the AppView, sessions.

Fields that are not declared are never decoded, and what only decorates a post stays raw until somebody asks for it, so
that a facet of nonsense costs a facet and not the post. Gives structs to `sieve`, `normalise`, `hydrate` and `search`.
Nothing here prints what it holds.

Sources, read 2026-11-24: bluesky-social/jetstream, `docs/README.md` and `internal/subscribe/encoder.go`;
bluesky-social/atproto, `lexicons/app/bsky/{feed,embed,richtext,actor}` and `lexicons/com/atproto/{label,server,identity}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Raw, field

T = TypeVar("T")

UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises on bytes that are not the shape that was expected."""


class Quiet(msgspec.Struct, frozen=True):
    """
    Prints its name and nothing else.
    """

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


# ---------------------------------------------------------------------------------------------------- Jetstream


class Commit(Quiet, frozen=True):
    """
    What became of a record. A deletion has neither `record` nor content id.
    """

    operation: str
    collection: str
    rkey: str
    rev: str = ""
    record: Raw = Raw()


class Frame(Quiet, frozen=True):
    """
    One event. Of `account` and `identity` events, which come whatever is asked for, only the envelope is read.
    """

    did: str
    time_us: int
    kind: str
    commit: Commit | None = None


# -------------------------------------------------------------------------------------------------- post records


class PostRecord(Quiet, frozen=True, rename="camel"):
    """
    `app.bsky.feed.post`.
    """

    text: str = ""
    created_at: Raw = Raw()
    langs: Raw = Raw()
    tags: Raw = Raw()
    facets: Raw = Raw()
    reply: Raw = Raw()
    embed: Raw = Raw()
    labels: Raw = Raw()


class Slice(Quiet, frozen=True, rename="camel"):
    """
    Bytes of the UTF-8 text, start inclusive, end exclusive; as the author's program counted them.
    """

    byte_start: int
    byte_end: int


class Feature(Quiet, frozen=True):
    """
    What a facet is: a mention, a tag or a link.
    """

    kind: str = field(name="$type", default="")
    did: str = ""
    tag: str = ""
    uri: str = ""


class Facet(Quiet, frozen=True):
    """
    A part of the text that is more than text.
    """

    index: Raw = Raw()
    features: Raw = Raw()


class Ref(Quiet, frozen=True):
    """
    Another record; in a quotation with media one level deeper.
    """

    uri: str = ""
    record: Raw = Raw()


class Reply(Quiet, frozen=True):
    """
    What a post answers. The root of the thread is not read: nothing is done with it.
    """

    parent: Ref


class Embed(Quiet, frozen=True):
    """
    Whatever hangs below a text, as it stands in the record.
    """

    kind: str = field(name="$type", default="")
    images: Raw = Raw()
    external: Raw = Raw()
    record: Raw = Raw()
    media: Raw = Raw()
    alt: Raw = Raw()


class Image(Quiet, frozen=True):
    """
    A picture, as those hear of it who do not see it.
    """

    alt: str = ""


class External(Quiet, frozen=True):
    """
    The card of a web page. What the page says of itself beside its title is not read.
    """

    uri: str = ""
    title: str = ""


class SelfLabels(Quiet, frozen=True):
    """
    What the author says of the post.
    """

    values: tuple[Label, ...] = ()


# ------------------------------------------------------------------------------------------------------ AppView


class Label(Quiet, frozen=True):
    """
    A label of a post or an account; `neg` takes an earlier one back.
    """

    val: str = ""
    neg: bool = False


class AuthorView(Quiet, frozen=True, rename="camel"):
    """
    Who wrote a post; in memory only, for the labels, the objection test and masking.
    """

    did: str
    handle: str = ""
    display_name: str | None = None
    labels: tuple[Label, ...] | None = None


class Gate(Quiet, frozen=True):
    """
    `app.bsky.feed.threadgate`: who may answer. Without `allow` everybody, with an empty one nobody.
    """

    allow: tuple[Rule, ...] | None = None


class Rule(Quiet, frozen=True):
    """
    Some who may: those who were mentioned, followers, those on a list.
    """

    kind: str = field(name="$type", default="")


class GateView(Quiet, frozen=True):
    """
    The gate of a thread as the AppView shows it.
    """

    record: Gate | None = None


class Viewer(Quiet, frozen=True, rename="camel"):
    """
    How the post stands to whoever asks.
    """

    reply_disabled: bool | None = None


class Named(Quiet, frozen=True):
    """
    The name of a view, to know at least which one cannot be read.
    """

    uri: str


class PostView(Quiet, frozen=True, rename="camel"):
    """
    A post as the AppView shows it now.
    """

    uri: str
    author: AuthorView
    record: Raw
    indexed_at: str = ""
    labels: tuple[Label, ...] | None = None
    threadgate: Raw = Raw()
    viewer: Raw = Raw()


class Posts(Quiet, frozen=True):
    """
    Answer of `getPosts` and of `searchPosts`; a view that cannot be read harms no other.
    """

    posts: tuple[Raw, ...]
    cursor: str | None = None


class Resolved(Quiet, frozen=True):
    """
    Answer of `resolveHandle`.
    """

    did: str


class Session(Quiet, frozen=True, rename="camel"):
    """
    Answer of `createSession` and `refreshSession`; in memory only.
    """

    access_jwt: str
    refresh_jwt: str = ""


# ---------------------------------------------------------------------------------------------------- decoding


_DECODERS: dict[Any, msgspec.json.Decoder[Any]] = {}


def decoded(kind: type[T], body: bytes | Raw) -> T:
    """
    The bytes as this shape.

    Raises:
        Those of `UNREADABLE`.
    """
    decoder = _DECODERS.get(kind)
    if decoder is None:
        decoder = _DECODERS[kind] = msgspec.json.Decoder(kind)
    found: T = decoder.decode(body)
    return found


def maybe(kind: type[T], raw: Raw) -> T | None:
    """
    The same of something optional; None where it is missing, null or nonsense.
    """
    if not bytes(raw):
        return None
    try:
        return decoded(kind, raw)
    except UNREADABLE:
        return None


def each(kind: type[T], raw: Raw) -> Iterator[T]:
    """
    The members of an optional list that have this shape.
    """
    for member in maybe(tuple[Raw, ...], raw) or ():
        found = maybe(kind, member)
        if found is not None:
            yield found


WIRE_TYPES: Final = (
    Frame, Commit, PostRecord, Slice, Feature, Facet, Ref, Reply, Embed, Image, External, SelfLabels, Label, AuthorView,
    Gate, Rule, GateView, Viewer, Named, PostView, Posts, Resolved, Session,
)  # fmt: skip

_IDENTITY: Final = (
    "identity of the post; hashed with our secret before it is stored, sealed to ask about it again"
)
_SAID: Final = "what was said; masked by the gate"
_SHAPE: Final = "tells how to read the rest; never kept"
_PARENT: Final = "which post it answers or quotes; hashed with our secret before it is stored"
_CONSENT: Final = "what the author chose; decides whether the post is kept, never kept itself"
_AUTHOR: Final = "in memory only: objection test and masking of the author's own name"
_ANSWER: Final = "whether an answer is invited"
_PLACE: Final = "where in the text a facet stands; never kept"
_SESSION: Final = "our own session, for filling gaps; in memory only"

WIRE_FIELDS: Final[Mapping[str, str]] = {
    "Frame.did": _IDENTITY,
    "Frame.time_us": "when the host saw it: bounds the stated time, and where to go on after an interruption",
    "Frame.kind": _SHAPE,
    "Frame.commit": _SHAPE,
    "Commit.operation": "created, changed or deleted",
    "Commit.collection": _SHAPE,
    "Commit.rkey": _IDENTITY,
    "Commit.rev": "which of two versions is the newer; in memory only",
    "Commit.record": _SHAPE,
    "PostRecord.text": _SAID,
    "PostRecord.created_at": "when it was said",
    "PostRecord.langs": "language as stated; BCP 47",
    "PostRecord.tags": "hashtags beside the text: what watches look at",
    "PostRecord.facets": _SHAPE,
    "PostRecord.reply": _PARENT,
    "PostRecord.embed": _SHAPE,
    "PostRecord.labels": _CONSENT,
    "Slice.byte_start": _PLACE,
    "Slice.byte_end": _PLACE,
    "Feature.kind": _SHAPE,
    "Feature.did": "whether it is us who are mentioned; anybody else's name is masked there",
    "Feature.tag": "hashtags: what watches look at",
    "Feature.uri": "where a link leads; masked by the gate",
    "Facet.index": _PLACE,
    "Facet.features": _SHAPE,
    "Ref.uri": _PARENT,
    "Ref.record": _PARENT,
    "Reply.parent": _PARENT,
    "Embed.kind": _SHAPE,
    "Embed.images": _SHAPE,
    "Embed.external": _SHAPE,
    "Embed.record": _PARENT,
    "Embed.media": _SHAPE,
    "Embed.alt": _SAID,
    "Image.alt": _SAID,
    "External.uri": "where a link leads; masked by the gate",
    "External.title": _SAID,
    "SelfLabels.values": _CONSENT,
    "Label.val": _CONSENT,
    "Label.neg": _CONSENT,
    "AuthorView.did": _AUTHOR,
    "AuthorView.handle": _AUTHOR,
    "AuthorView.display_name": _AUTHOR,
    "AuthorView.labels": _CONSENT,
    "Gate.allow": _ANSWER,
    "Rule.kind": _ANSWER,
    "GateView.record": _ANSWER,
    "Viewer.reply_disabled": _ANSWER,
    "Named.uri": _IDENTITY,
    "PostView.uri": _IDENTITY,
    "PostView.author": _AUTHOR,
    "PostView.record": _SHAPE,
    "PostView.indexed_at": "bounds the stated time",
    "PostView.labels": _CONSENT,
    "PostView.threadgate": _ANSWER,
    "PostView.viewer": _ANSWER,
    "Posts.posts": _SHAPE,
    "Posts.cursor": "the next page of a search; in memory only",
    "Resolved.did": "an account of our own",
    "Session.access_jwt": _SESSION,
    "Session.refresh_jwt": _SESSION,
}
"""The closed allow-list: every field that may be decoded, and why. A test walks the types against it."""
