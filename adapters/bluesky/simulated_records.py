"""
Records as clients of Bluesky write them: posts with facets, embeds and labels, profiles, threadgates.

Facets are found in the text the way the official client finds them, and counted in bytes of UTF-8. Used by
`simulated_network`.

Sources: lexicons app.bsky.feed.post, app.bsky.richtext.facet, app.bsky.embed.*, app.bsky.actor.profile,
app.bsky.feed.threadgate, com.atproto.label.defs of bluesky-social/atproto, read 2026-11-24.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.bluesky.simulated_names import POST, PROFILE, THREADGATE, blob_cid

_TAG: Final = re.compile(r"(?:^|(?<=\s))[#＃](\S*[^\d\s\W]\S*)")
_MENTION: Final = re.compile(r"(?:^|(?<=[\s(]))@((?:[a-z0-9-]+\.)+[a-z]{2,})", re.IGNORECASE)
_LINK: Final = re.compile(r"https?://\S+")
_TRAILING: Final = ".,;:!?)\"'»”。、！？"

RULES: Final[Mapping[str, str]] = {
    "mentioned": "app.bsky.feed.threadgate#mentionRule",
    "followed": "app.bsky.feed.threadgate#followingRule",
    "followers": "app.bsky.feed.threadgate#followerRule",
}
"""Who may still answer; nobody where a gate lists none of them."""


@dataclass(frozen=True, slots=True)
class Picture:
    """
    An image of a post.

    Args:
        alt: Its description; may be empty.
        name: Tells it from others.
    """

    alt: str
    name: str = "picture"


@dataclass(frozen=True, slots=True)
class Card:
    """
    An external page that a post shows.
    """

    uri: str
    title: str
    description: str = ""


def facet(text: str, start: int, end: int, feature: dict[str, str]) -> dict[str, Any]:
    """
    One facet.

    Args:
        text: Of the post.
        start: Index of the first character, not byte.
        end: Index behind the last character.
        feature: With its `$type`.
    """
    index = {"byteStart": len(text[:start].encode()), "byteEnd": len(text[:end].encode())}
    return {"features": [feature], "index": index}


def facets_of(text: str, dids: Mapping[str, str]) -> list[dict[str, Any]]:
    """
    Every hashtag, link and mention of the text, in order.

    Args:
        text: Of the post.
        dids: Account of each handle, lower case; an unknown handle is no mention.
    """
    found = []
    for match in _TAG.finditer(text):
        tag = match[1].rstrip(_TRAILING)
        end = match.start(1) + len(tag)
        found.append((match.start(), end, {"$type": "app.bsky.richtext.facet#tag", "tag": tag}))
    for match in _MENTION.finditer(text):
        did = dids.get(match[1].lower())
        if did is not None:
            found.append(
                (match.start(), match.end(), {"$type": "app.bsky.richtext.facet#mention", "did": did})
            )
    for match in _LINK.finditer(text):
        uri = match[0].rstrip(_TRAILING)
        found.append(
            (match.start(), match.start() + len(uri), {"$type": "app.bsky.richtext.facet#link", "uri": uri})
        )
    return [facet(text, *each) for each in sorted(found, key=lambda each: each[:2])]


def post_record(
    text: str,
    created_at: str,
    *,
    langs: Sequence[str] = (),
    tags: Sequence[str] = (),
    labels: Sequence[str] = (),
    facets: Sequence[dict[str, Any]] = (),
    reply: tuple[dict[str, str], dict[str, str]] | None = None,
    embed: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """
    A post; what is empty is left out, as clients do.

    Args:
        reply: Strong references of root and parent.
        embed: As `embed_of` makes it.
    """
    record: dict[str, Any] = {"$type": POST, "text": text, "createdAt": created_at}
    if langs:
        record["langs"] = list(langs)
    if tags:
        record["tags"] = list(tags)
    if labels:
        record["labels"] = self_labels(labels)
    if facets:
        record["facets"] = list(facets)
    if reply is not None:
        record["reply"] = {"root": reply[0], "parent": reply[1]}
    if embed is not None:
        record["embed"] = embed
    return record


def embed_of(
    quote: dict[str, str] | None, pictures: Sequence[Picture], card: Card | None
) -> dict[str, Any] | None:
    """
    What a post shows besides its text: a quoted post, pictures or a page, a quote together with one of those.

    Args:
        quote: Strong reference of the quoted post.
        pictures: Up to four.
        card: Left out where there are pictures; a post shows one of the two.
    """
    media: dict[str, Any] | None = None
    if pictures:
        media = {
            "$type": "app.bsky.embed.images",
            "images": [{"alt": each.alt, "image": _blob(each.name)} for each in pictures],
        }
    elif card is not None:
        external = {"uri": card.uri, "title": card.title, "description": card.description}
        media = {"$type": "app.bsky.embed.external", "external": external}
    if quote is None:
        return media
    record = {"$type": "app.bsky.embed.record", "record": quote}
    if media is None:
        return record
    return {"$type": "app.bsky.embed.recordWithMedia", "record": record, "media": media}


def profile_record(
    name: str, description: str, created_at: str, labels: Sequence[str] = ()
) -> dict[str, Any]:
    """
    What an account says of itself.
    """
    record: dict[str, Any] = {
        "$type": PROFILE,
        "displayName": name,
        "description": description,
        "createdAt": created_at,
    }
    if labels:
        record["labels"] = self_labels(labels)
    return record


def threadgate_record(post: str, created_at: str, allow: Sequence[str] | None) -> dict[str, Any]:
    """
    Who may answer a post.

    Args:
        post: Its uri.
        allow: Keys of `RULES`; empty for nobody, None for everybody.
    """
    record: dict[str, Any] = {"$type": THREADGATE, "post": post, "createdAt": created_at}
    if allow is not None:
        record["allow"] = [{"$type": RULES[each]} for each in allow]
    return record


def self_labels(values: Sequence[str]) -> dict[str, Any]:
    """
    Labels that somebody gives themselves or their post.
    """
    return {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": value} for value in values]}


def label_values(record: Mapping[str, Any]) -> list[str]:
    """
    What a record labels itself with.
    """
    return [each["val"] for each in record.get("labels", {}).get("values", ())]


def _blob(name: str) -> dict[str, Any]:
    return {"$type": "blob", "ref": {"$link": blob_cid(name)}, "mimeType": "image/jpeg", "size": 123_456}
