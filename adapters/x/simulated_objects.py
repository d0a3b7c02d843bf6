"""
Posts and accounts as JSON, in either of the two vocabularies that X has: that of the prose of its documentation and of every
example (`tweet.fields`, `edit_history_tweet_ids`), and that of its schema since August 2026 (`post.fields`, `edit_history_post_ids`).

Used by `simulated_site`. A post shows its id, its text and its history unless more is asked for; nobody's name is served unasked.

Sources: docs.x.com, fundamentals/data-dictionary, fields, expansions, edit-posts, and the schema (2.167), 2026-11. Which of the two a
server takes could not be tried. That indices count code points of the text as served is a guess; no source says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from adapters.x.simulated_network import EDITABLE, MOST_EDITS, Echoes, Network
from adapters.x.simulated_posts import MOST_SHOWN, Account, Post, Span, Version, Words, shown, whole

Json = dict[str, Any]

_FIELDS: Final = frozenset(
    [
        "article",
        "attachments",
        "card_uri",
        "community_id",
        "context_annotations",
        "conversation_id",
        "created_at",
        "display_text_range",
        "edit_controls",
        "entities",
        "geo",
        "id",
        "lang",
        "media_metadata",
        "non_public_metrics",
        "organic_metrics",
        "possibly_sensitive",
        "promoted_metrics",
        "public_metrics",
        "reply_settings",
        "scopes",
        "source",
        "text",
        "withheld",
    ]
)
_EXPANSIONS: Final = frozenset(
    [
        "article.cover_media",
        "article.media_entities",
        "attachments.media_keys",
        "attachments.media_source_tweet",
        "attachments.poll_ids",
        "author_id",
        "entities.mentions.username",
        "geo.place_id",
        "in_reply_to_user_id",
    ]
)
USER_FIELDS: Final = frozenset(
    [
        "created_at",
        "description",
        "entities",
        "id",
        "location",
        "name",
        "profile_image_url",
        "protected",
        "public_metrics",
        "url",
        "username",
        "verified",
        "verified_type",
        "withheld",
    ]
)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """
    What things are called.

    Args:
        parameter: By which fields of a post are asked for.
        fields: Which there are.
        expansions: Which there are.
        history: Of all versions' ids.
        note: Of the whole of a long post.
        references: Of what a post answers, quotes or repeats.
        expands_references: By which expansion they are served, too.
        posts: In `includes`.
        reposts: Of how often it was repeated.
        count: Of a bucket of a count, and of all that an account has written.
        total: Of all its buckets.
        noun: What a post is.
    """

    parameter: str
    fields: frozenset[str]
    expansions: frozenset[str]
    history: str
    note: str
    references: str
    expands_references: str
    posts: str
    reposts: str
    count: str
    total: str
    noun: str


OLD: Final = Vocabulary(
    parameter="tweet.fields",
    fields=_FIELDS
    | {"author_id", "in_reply_to_user_id", "edit_history_tweet_ids", "note_tweet", "referenced_tweets"},
    expansions=_EXPANSIONS
    | {"edit_history_tweet_ids", "referenced_tweets.id", "referenced_tweets.id.author_id"},
    history="edit_history_tweet_ids",
    note="note_tweet",
    references="referenced_tweets",
    expands_references="referenced_tweets.id",
    posts="tweets",
    reposts="retweet_count",
    count="tweet_count",
    total="total_tweet_count",
    noun="tweet",
)
NEW: Final = Vocabulary(
    parameter="post.fields",
    fields=_FIELDS | {"note_post", "article_title", "matched_media_notes", "paid_partnership"},
    expansions=_EXPANSIONS | {"edit_history_post_ids", "referenced_posts", "username"},
    history="edit_history_post_ids",
    note="note_post",
    references="referenced_posts",
    expands_references="referenced_posts",
    posts="posts",
    reposts="repost_count",
    count="post_count",
    total="total_post_count",
    noun="post",
)

Accepts = Literal["tweet", "post", "both"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    What a request asks to be shown.

    Args:
        vocabulary: In which words.
        fields: Of posts.
        expansions: What else.
        user_fields: Of accounts.
    """

    vocabulary: Vocabulary
    fields: frozenset[str] = frozenset()
    expansions: frozenset[str] = frozenset()
    user_fields: frozenset[str] = frozenset()

    def asks(self, name: str) -> bool:
        """
        By a field or by an expansion.
        """
        return name in self.fields or name in self.expansions

    @property
    def references(self) -> bool:
        """
        What a post answers, quotes or repeats.
        """
        return (
            self.vocabulary.references in self.fields or self.vocabulary.expands_references in self.expansions
        )


@dataclass(slots=True)
class Page:
    """
    What an answer holds.

    Args:
        data: The posts.
        includes: What was to be expanded; empty where nothing.
        post_ids: Of every post within.
        user_ids: Of every account within.
    """

    data: list[Json]
    includes: Json
    post_ids: list[str]
    user_ids: list[str]


def page(network: Network, versions: Sequence[tuple[Post, Version]], wanted: Wanted) -> Page:
    """
    These posts, each in one of its versions, and what was to be served with them.
    """
    vocabulary = wanted.vocabulary
    data = [post_object(network, post, version, wanted) for post, version in versions]
    included = _referenced(versions) if vocabulary.expands_references in wanted.expansions else []
    accounts = _accounts(network, [post for post, _ in versions], wanted.expansions)
    includes: Json = {}
    if accounts:
        includes["users"] = [account_object(each, wanted) for each in accounts]
    if included:
        includes[vocabulary.posts] = [post_object(network, each, each.latest, wanted) for each in included]
    post_ids = [version.id for _, version in versions] + [each.latest.id for each in included]
    return Page(data, includes, post_ids, [each.id for each in accounts])


def post_object(network: Network, post: Post, version: Version, wanted: Wanted) -> Json:
    """
    One version of a post.
    """
    vocabulary, words, now = wanted.vocabulary, shown(post, version), network.now()
    made: Json = {
        "id": version.id,
        "text": words.text,
        vocabulary.history: [each.id for each in post.versions],
    }
    if wanted.asks("author_id"):
        made["author_id"] = post.author.id
    if "username" in wanted.expansions:
        made["username"] = post.author.username
    if wanted.asks("in_reply_to_user_id") and post.reply_to is not None:
        made["in_reply_to_user_id"] = post.reply_to.author.id
    if wanted.references and (references := _references(post)):
        made[vocabulary.references] = references
    offered: Json = {
        "created_at": stamp(version.at),
        "lang": post.lang,
        "conversation_id": post.root.id,
        "possibly_sensitive": post.sensitive,
        "reply_settings": "everyone",
        "entities": _entities(network, words),
        "edit_controls": _controls(post, now),
        "public_metrics": _metrics(post, vocabulary, network.echoes),
        "withheld": {"copyright": False, "country_codes": list(post.withheld)} if post.withheld else None,
        vocabulary.note: _note(network, post, version),
    }
    return made | {
        name: offered[name] for name in sorted(wanted.fields & offered.keys()) if offered[name] is not None
    }


def account_object(account: Account, wanted: Wanted) -> Json:
    """
    Somebody: id, name and handle, and whatever else was asked for.
    """
    person = account.person
    offered: Json = {
        "created_at": stamp(account.created_at),
        "description": person.bio,
        "location": "Calgary",
        "profile_image_url": person.avatar,
        "protected": account.protected,
        "public_metrics": {
            "followers_count": 12,
            "following_count": 9,
            wanted.vocabulary.count: 40,
            "listed_count": 0,
        },
        "url": person.profile,
        "verified": False,
        "verified_type": "none",
    }
    made: Json = {"id": account.id, "name": person.name, "username": account.username}
    return made | {name: offered[name] for name in sorted(wanted.user_fields & offered.keys())}


def stamp(at: datetime) -> str:
    """
    Such as `2026-01-12T06:00:00.000Z`.
    """
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def _references(post: Post) -> list[Json]:
    named = (("retweeted", post.repost_of), ("quoted", post.quote_of), ("replied_to", post.reply_to))
    return [{"type": kind, "id": other.id} for kind, other in named if other is not None]


def _referenced(versions: Sequence[tuple[Post, Version]]) -> list[Post]:
    others = [
        o for post, _ in versions for o in (post.repost_of, post.quote_of, post.reply_to) if o is not None
    ]
    return [post for post in dict.fromkeys(others) if post.readable]


def _accounts(network: Network, posts: Sequence[Post], expansions: frozenset[str]) -> list[Account]:
    found: list[Account] = []
    for post in posts:
        if "author_id" in expansions:
            found.append(post.author)
        if "in_reply_to_user_id" in expansions and post.reply_to is not None:
            found.append(post.reply_to.author)
        if "entities.mentions.username" in expansions:
            called = [network.named(span.value) for span in whole(post, post.latest).mentions]
            found += [each for each in called if each is not None]
    return list(dict.fromkeys(found))


def _entities(network: Network, words: Words) -> Json | None:
    """
    None where there are none: X leaves out what is empty.
    """
    made: Json = {
        "hashtags": [_at(span) | {"tag": span.value} for span in words.hashtags],
        "cashtags": [_at(span) | {"tag": span.value} for span in words.cashtags],
        "mentions": [_mention(network, span) for span in words.mentions],
        "urls": [_url(span, words.text) for span in words.links],
    }
    return {name: found for name, found in made.items() if found} or None


def _mention(network: Network, span: Span) -> Json:
    account = network.named(span.value)
    return _at(span) | {"username": span.value} | ({"id": account.id} if account is not None else {})


def _url(span: Span, text: str) -> Json:
    bare = span.value.split("://", 1)[1]
    display = bare if len(bare) <= 27 else f"{bare[:26]}…"
    return _at(span) | {
        "url": text[span.start : span.end],
        "expanded_url": span.value,
        "display_url": display,
    }


def _at(span: Span) -> Json:
    return {"start": span.start, "end": span.end}


def _controls(post: Post, now: datetime) -> Json:
    until = post.versions[0].at + EDITABLE
    left = MOST_EDITS - (len(post.versions) - 1)
    return {
        "edits_remaining": left,
        "is_edit_eligible": now < until and left > 0,
        "editable_until": stamp(until),
    }


def _metrics(post: Post, vocabulary: Vocabulary, echoes: Echoes) -> Json:
    return {
        vocabulary.reposts: echoes.reposts[post.id],
        "reply_count": echoes.replies[post.id],
        "like_count": post.likes,
        "quote_count": echoes.quotes[post.id],
        "bookmark_count": 0,
        "impression_count": post.likes * 40 + 17,
    }


def _note(network: Network, post: Post, version: Version) -> Json | None:
    """
    The whole of a long post; None for a short one.
    """
    words = whole(post, version)
    if len(words.text) <= MOST_SHOWN or post.repost_of is not None:
        return None
    entities = _entities(network, words)
    return {"text": words.text} | ({"entities": entities} if entities else {})
