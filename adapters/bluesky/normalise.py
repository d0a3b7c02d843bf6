"""
A post record, and what the AppView shows of it, to a `Post`. Pure; most bugs live here.

Takes structs of `wire` from `sieve`, `pages` and `recheck`. A record alone says nothing of whether its author is to be
read by us, so a post that comes of one is `readable=False` until `seen` has put the AppView's view beside it.

What becomes of what:

- Text, then a line for each picture or video (`[what its author says it shows]`) and one for the card of a web page
  (`title <address>`), in the forms that `listener.text.html_to_text` gives to the same things.
- Tags: those in facets and those beside the text. Hashtags inside the text the core finds by itself.
- `reply_to` is the post that is answered; of a quotation that answers nothing, the post that is quoted.
- The stated time never lies behind the one at which a host saw the post; a post that states none was published then.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from msgspec import Raw
from msgspec.structs import replace

from adapters.bluesky import wire
from adapters.bluesky.facets import told
from adapters.bluesky.identity import instant, parts_of, post_uri, web_address
from listener.events import Author, Consent, Openness, Post, Rejected
from listener.text import clean

UPDATED: Final = "#updated"
"""Ends the `ask` of a post whose words came from a change. The AppView goes on showing the first ones (platform facts,
3.2), so that asking it again tells whether the post is still there, and not what it says."""

ALTS_MAX: Final = 10
"""Chosen: the app shows four pictures."""

_HIDDEN: Final = {"!no-unauthenticated": "no_unauthenticated", "!hide": "limited", "!takedown": "limited"}
"""Labels that keep a post from the public, as flags. Source: atproto, `packages/api/definitions/labels.json`."""

_INVALID_HANDLE: Final = "handle.invalid"
"""What the AppView shows for an account whose handle does not lead back to it."""

_MENTIONED: Final = "app.bsky.feed.threadgate#mentionRule"


def post_of(
    record: Raw, *, did: str, rkey: str, seen_at: datetime, own: frozenset[str], changed: bool = False
) -> Post | Rejected:
    """
    The post that a record is, its author's wishes not yet known.

    Args:
        record: As it came; untrusted.
        did: Whose it is.
        seen_at: When the host saw it.
        own: DIDs of the organisation.
        changed: The record took the place of an earlier one.

    Returns:
        Rejected where the record cannot be read or its name is none.
    """
    uri = post_uri(did, rkey)
    if uri is None:
        return Rejected("no_identity")
    try:
        read = wire.decoded(wire.PostRecord, record)
    except wire.UNREADABLE:
        return Rejected("unreadable_item")
    said = told(read.text, read.facets, own=own)
    parent = _parent(read)
    stated = instant(wire.maybe(str, read.created_at))
    return Post(
        native=uri,
        aliases=(web_address(did, rkey),),
        ask=uri + UPDATED if changed else uri,
        kind="post" if parent is None else "reply",
        text=clean("\n".join(filter(None, (said.text, *_hanging(read.embed, said.text))))),
        lang=next(wire.each(str, read.langs), None),
        tags=tuple(dict.fromkeys((*said.tags, *_tags(read)))),
        published_at=seen_at if stated is None else min(stated, seen_at),
        edited_at=seen_at if changed else None,
        link=web_address(did, rkey),
        reply_to=_quoted(read.embed) if parent is None else parent,
        by_us=did in own,
        addressed=not own.isdisjoint(said.mentioned) or _is_ours(parent, own),
        consent=Consent(flags=_flags(_self_labels(read)), readable=False),
        author=Author((did,)),
    )


def seen(post: Post, view: wire.PostView, *, own: frozenset[str]) -> Post:
    """
    The post with its author's wishes, as the AppView shows them. Nothing of the author stays beside what the gate
    needs to recognise them.
    """
    author = view.author
    _, _, rkey = post.native.rpartition("/")
    names = [author.did]
    aliases = post.aliases
    if author.handle and author.handle != _INVALID_HANDLE:
        names += [author.handle, f"https://bsky.app/profile/{author.handle}"]
        if (
            not post.by_us
        ):  # people call each other by it, in tags too; what the organisation is called is no secret
            names.append(author.handle.partition(".")[0])
        aliases += (web_address(author.handle, rkey),)
    if author.display_name:
        names.append(author.display_name)
    labels = (*(view.labels or ()), *(author.labels or ()))
    return replace(
        post,
        aliases=aliases,
        open_to_reply=_openness(view, is_reply=post.kind == "reply", own=own),
        consent=Consent(flags=post.consent.flags | _flags(labels)),
        author=Author(tuple(names)),
    )


def post_of_view(view: wire.PostView, *, own: frozenset[str], seen_at: datetime) -> Post | Rejected:
    """
    The post that a view shows, for what does not come from the stream.

    Args:
        seen_at: Now; the view's own time where it is earlier.
    """
    parts = parts_of(view.uri)
    if parts is None or parts[0] != view.author.did:
        return Rejected("no_identity")
    indexed_at = instant(view.indexed_at)
    at = seen_at if indexed_at is None else min(indexed_at, seen_at)
    post = post_of(view.record, did=parts[0], rkey=parts[1], seen_at=at, own=own)
    return post if isinstance(post, Rejected) else seen(post, view, own=own)


# --------------------------------------------------------------------------------------------------- the record


def _tags(record: wire.PostRecord) -> Iterator[str]:
    return (tag.lstrip("#＃") for tag in wire.each(str, record.tags) if tag)


def _parent(record: wire.PostRecord) -> str | None:
    reply = wire.maybe(wire.Reply, record.reply)
    if reply is None:
        return None
    return reply.parent.uri or None


def _is_ours(uri: str | None, own: frozenset[str]) -> bool:
    parts = None if uri is None else parts_of(uri)
    return parts is not None and parts[0] in own


def _embeds(raw: Raw) -> Iterator[wire.Embed]:
    """
    What hangs below the text; of a quotation with media both halves.
    """
    embed = wire.maybe(wire.Embed, raw)
    if embed is None:
        return
    yield embed
    media = wire.maybe(wire.Embed, embed.media)
    if media is not None:
        yield media


def _hanging(raw: Raw, text: str) -> Iterator[str]:
    """
    Pictures, videos and cards in words.
    """
    for embed in _embeds(raw):
        alts = [image.alt for image in wire.each(wire.Image, embed.images)][:ALTS_MAX]
        alts.append(wire.maybe(str, embed.alt) or "")
        yield from (f"[{words}]" for words in (" ".join(alt.split()) for alt in alts) if words)
        card = wire.maybe(wire.External, embed.external)
        if card is not None:
            address = (
                ""
                if not card.uri.startswith(("http://", "https://")) or card.uri in text
                else f"<{card.uri}>"
            )
            yield " ".join((*card.title.split(), *filter(None, (address,))))


def _quoted(raw: Raw) -> str | None:
    """
    The post that is quoted; lists, feeds and the like are none.
    """
    embed = wire.maybe(wire.Embed, raw)
    ref = None if embed is None else wire.maybe(wire.Ref, embed.record)
    if ref is not None and not ref.uri:
        ref = wire.maybe(wire.Ref, ref.record)
    return ref.uri if ref is not None and parts_of(ref.uri) is not None else None


# ------------------------------------------------------------------------------------------------------- consent


def _self_labels(record: wire.PostRecord) -> tuple[wire.Label, ...]:
    labels = wire.maybe(wire.SelfLabels, record.labels)
    return () if labels is None else labels.values


def _flags(labels: tuple[wire.Label, ...]) -> frozenset[str]:
    """
    Labels that withhold, as flags; those that take an earlier one back say nothing of their own.
    """
    return frozenset(_HIDDEN[label.val] for label in labels if label.val in _HIDDEN and not label.neg)


def _openness(view: wire.PostView, *, is_reply: bool, own: frozenset[str]) -> Openness:
    """
    Whether an answer of ours is invited. The gate belongs to the thread and is shown with its first post only, so of a
    reply nothing is known unless the AppView says no.
    """
    viewer = wire.maybe(wire.Viewer, view.viewer)
    if viewer is not None and viewer.reply_disabled:
        return "no"
    if is_reply:
        return "unknown"
    if bytes(view.threadgate) in (b"", b"null"):
        return "yes"
    shown = wire.maybe(wire.GateView, view.threadgate)
    if shown is None or shown.record is None:
        return "unknown"
    if shown.record.allow is None:
        return "yes"
    return "yes" if _mentions_us(view, own) and _invites_mentioned(shown.record) else "no"


def _invites_mentioned(gate: wire.Gate) -> bool:
    return any(rule.kind == _MENTIONED for rule in gate.allow or ())


def _mentions_us(view: wire.PostView, own: frozenset[str]) -> bool:
    record = wire.maybe(wire.PostRecord, view.record)
    return record is not None and not own.isdisjoint(told(record.text, record.facets, own=own).mentioned)
