"""
A post of X in the words the rest of the service uses. Pure; wire → `Post`.

Takes structs from `wire`, gives `Post`, `Removal` and `Rejected` to `client` and `recheck`.

Decisions:

- Who wrote it is not known, because it is not asked for. So `by_us` is never said, and an objection is only met by what
  X itself withholds.
- An edit is a post with an id of its own; the first id of its history is what all of its versions have in common.
- A retweet is no item: its author said nothing. What begins with `RT @name:` and says by its references that it is none was
  written by hand, and is a post.
- A post that X withholds anywhere is not public here: its words are not taken, and what was held of it goes.
- Addresses are written out from the entities by what they are called in the text, never by where they stand. One that leads
  to a post is rewritten to the form without handle; one that leads to the post's own pictures is left out.
- A handle that the entities name is parted from what stands before it (`RT@jo`), so that masking finds it.

Source: docs.x.com, fundamentals/data-dictionary, fundamentals/edit-posts, read 2026-11 (platform facts, 1.1).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Final

from adapters.x.ids import instant_of, is_id, link_to
from adapters.x.problems import kind_of
from adapters.x.wire import (
    Id,
    WireEntities,
    WirePost,
    WirePosts,
    WireProblem,
    WireReference,
    WireUrl,
    read_text,
)
from listener.adapter import Item
from listener.events import Consent, Openness, Post, Rejected, Removal
from listener.text import clean, handles

GONE: Final = "resource-not-found"
NOT_FOR_US: Final = frozenset({"not-authorized-for-resource", "resource-unavailable", "disallowed-resource"})

_LANGUAGES: Final[Mapping[str | None, str | None]] = {
    "in": "id",
    "iw": "he",
    **dict.fromkeys(("", "und", "zxx", "art", "qam", "qct", "qht", "qme", "qst")),
}
"""Old codes; and what X says where it knows of none: only tags, mentions, media, links or short text. Source: data dictionary."""

_BY_HAND: Final = re.compile(r"RT @\w{1,15}:", re.ASCII)
_OF_A_POST: Final = re.compile(
    r"https?://(?:(?:www|mobile)\.)?(?:twitter|x)\.com/(?:i/web|[^/?#]+)/status(?:es)?/([0-9]{1,19})(?:[/?#].*)?",
    re.IGNORECASE | re.ASCII,
)
_NAME_OF: Final = attrgetter("tag")
_NOTHING: Final = WireEntities()
_PUBLIC: Final = Consent(public=True)
_WITHHELD: Final = Consent(public=False)

_SHORT_SIGN: Final = "://t.co/"
_SHORT: Final = re.compile(r"https?://t\.co/\w+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where posts were read, as far as their meaning depends on it.

    Args:
        own: Handles of the organisation, folded.
        to_us: Everything read here is said to us.
        references_told: The fields asked for tell what a post repeats, so that its words need not be guessed at.
    """

    own: frozenset[str] = frozenset()
    to_us: bool = False
    references_told: bool = True


def items_from(page: WirePosts, place: Place) -> tuple[Item, ...]:
    """
    The posts of a page in their order, retweets left out, each once, its newest version; then what went wrong beside them.
    """
    found: dict[str, Item] = {}
    for number, post in enumerate(page.data or ()):
        item = item_from(post, place)
        if isinstance(item, Post):
            found.setdefault(item.native, item)
        elif item is not None:
            found[f"\0{number}"] = item
    return (*found.values(), *map(_beside, page.errors or ()))


def item_from(post: WirePost | None, place: Place) -> Post | Rejected | None:
    """
    One post.

    Returns:
        None for a retweet; Rejected where it cannot be read, has no identity, or says nothing.
    """
    if post is None:
        return Rejected("unreadable_item")
    own_id = str(post.id)
    if not is_id(own_id):
        return Rejected("no_identity")
    references = post.referenced_tweets or post.referenced_posts or ()
    if _is_retweet(post, references, place):
        return None
    history = history_of(post)
    entities = _entities(post)
    public = post.withheld is None
    text = said(post, entities, history) if public else ""
    if public and not text:
        return Rejected("no_content")
    edited, link = len(history) > 1, link_to(own_id)
    created_at = instant(post.created_at)
    addressed = place.to_us or (public and _names_us(text, entities, place.own))
    return Post(
        native=history[0],
        aliases=(*history[1:], *map(link_to, history)) if edited else (link,),
        ask=own_id,
        kind="reply" if _is_reply(post, references, history) else "post",
        text=text,
        lang=_LANGUAGES.get(post.lang, post.lang),
        tags=tuple(filter(None, map(_NAME_OF, entities.hashtags))) if entities.hashtags else (),
        published_at=(instant_of(history[0]) if edited else None) or created_at or instant_of(history[0]),
        edited_at=(created_at or instant_of(own_id)) if edited else None,
        link=link,
        reply_to=_answered(references, history) if references else None,
        addressed=addressed,
        open_to_reply=_openness(post.reply_settings, addressed=addressed),
        consent=_PUBLIC if public else _WITHHELD,
    )


def history_of(post: WirePost) -> tuple[str, ...]:
    """
    Ids of all its versions, first to last, its own among them.
    """
    told = post.edit_history_tweet_ids or post.edit_history_post_ids or ()
    if told == (post.id,):  # nearly always
        return (str(post.id),)
    ids = [name for name in map(str, told) if is_id(name)]
    own_id = str(post.id)
    return tuple(dict.fromkeys([*ids, *([] if own_id in ids else [own_id])]))


def named_by(problem: WireProblem) -> str | None:
    """
    The id of the post that went wrong; None where it is of something else.
    """
    if problem.resource_type not in ("tweet", "post", None):
        return None
    name = str(problem.resource_id) if problem.resource_id is not None else read_text(problem.value)
    return name if name is not None and is_id(name) else None


def instant(stated: str | None) -> datetime | None:
    """
    An aware instant in UTC; None where none is stated readably.
    """
    if not stated:
        return None
    try:
        parsed = datetime.fromisoformat(stated)
        if parsed.tzinfo is UTC:  # nearly always
            return parsed
        return parsed.astimezone(UTC) if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _beside(problem: WireProblem) -> Item:
    """
    A post that is gone, or is not for us any more, is known to be so; whatever else went wrong is counted.
    """
    name, kind = named_by(problem), kind_of(problem)
    if name is not None and kind == GONE:
        return Removal(name, held_only=True)
    if name is not None and kind in NOT_FOR_US:
        return Removal(name, "withdrawn", held_only=True)
    return Rejected("unreadable_item")


# ------------------------------------------------------------------------------------------------- what is said


def said(post: WirePost, entities: WireEntities, history: Collection[str]) -> str:
    """
    The whole text, plain, addresses written out.
    """
    note = post.note_tweet or post.note_post
    text = (note.text if note is not None and note.text else post.text) or ""
    if "&" in text:
        text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    if entities.urls:
        text = _written_out(text, entities.urls, history)
    if entities.mentions and _is_unparted(text):
        text = _parted(text, entities)
    return clean(text).strip()


def _entities(post: WirePost) -> WireEntities:
    """
    Of the whole text, where it is longer than `text`: one list of either, because pictures stand in one of them alone.
    """
    short, note = post.entities, post.note_tweet or post.note_post
    long = None if note is None else note.entities
    if short is None or long is None:
        return short or long or _NOTHING
    return WireEntities(
        hashtags=long.hashtags or short.hashtags,
        mentions=(*(long.mentions or ()), *(short.mentions or ())),
        urls=(*(long.urls or ()), *(short.urls or ())),
    )


def _written_out(text: str, urls: Iterable[WireUrl], history: Collection[str]) -> str:
    """
    Most texts have one short address, at their end: that is seen without searching for a pattern, which is slow.
    """
    before, sign, path = text.partition(_SHORT_SIGN)
    if not sign:
        return text
    known = {url.url: url.expanded_url for url in urls if url.expanded_url}
    if path.isalnum() and path.isascii() and before.endswith("https"):
        short = f"https{sign}{path}"
        return before[:-5] + _address(short, known.get(short), history)
    return _SHORT.sub(lambda found: _address(found[0], known.get(found[0]), history), text)


def _address(short: str, whole: str | None, history: Collection[str]) -> str:
    if whole is None or not whole.startswith(("https://", "http://")):
        return short
    of_a_post = _OF_A_POST.fullmatch(whole) if "/status" in whole.lower() else None
    if of_a_post is None:
        return whole
    return "" if of_a_post[1] in history else link_to(of_a_post[1])


def _is_unparted(text: str) -> bool:
    """
    Whether a sign stands behind a letter, a digit or `_`.
    """
    if "＠" in text:
        text = text.replace("＠", "@")
    sign = text.find("@", 1)
    while sign > 0:
        before = text[sign - 1]
        if before.isalnum() or before == "_":
            return True
        sign = text.find("@", sign + 1)
    return False


def _parted(text: str, entities: WireEntities) -> str:
    """
    X takes `RT@jo` and `rt:@jo` for a mention; the grammar of masking wants no letter before the sign.
    """
    for name in {mention.username for mention in entities.mentions or () if mention.username}:
        text = re.sub(rf"(?<=\w)(?=[@＠]{re.escape(name)}(?!\w))", " ", text, flags=re.IGNORECASE)
    return text


# ------------------------------------------------------------------------------------------------ what it is


def _is_retweet(post: WirePost, references: Sequence[WireReference], place: Place) -> bool:
    for reference in references:
        if reference.type in ("retweeted", "reposted"):
            return True
    return not place.references_told and _BY_HAND.match(post.text or "") is not None


def _is_reply(post: WirePost, references: Sequence[WireReference], history: tuple[str, ...]) -> bool:
    for reference in references:
        if reference.type == "replied_to":
            return True
    return post.conversation_id is not None and str(post.conversation_id) not in history


def _answered(references: Sequence[WireReference], history: tuple[str, ...]) -> str | None:
    """
    What it answers; else what it quotes.
    """
    by_type = {reference.type: str(reference.id) for reference in references if reference.id is not None}
    name = by_type.get("replied_to") or by_type.get("quoted")
    return name if name is not None and is_id(name) and name not in history else None


def _names_us(text: str, entities: WireEntities, own: frozenset[str]) -> bool:
    if not own:
        return False
    if entities.mentions is None:
        return any(span.value in own for span in handles(text))
    return not own.isdisjoint([name.username.casefold() for name in entities.mentions if name.username])


def _openness(stated: str | None, *, addressed: bool) -> Openness:
    """
    Who is mentioned may answer where only those who are mentioned may.
    """
    if stated == "everyone" or (addressed and stated == "mentionedUsers"):
        return "yes"
    return "no" if stated else "unknown"


def newest_of(page: WirePosts) -> str:
    """
    The newest id of a first page: what it says, else what it holds; empty where it holds nothing.
    """
    stated: Id | None = None if page.meta is None else page.meta.newest_id
    if stated is not None and is_id(str(stated)):
        return str(stated)
    ids = [str(post.id) for post in page.data or () if post is not None and is_id(str(post.id))]
    return max(ids, key=int, default="")
