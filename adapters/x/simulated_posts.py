"""
What a simulated X holds: accounts, posts and their versions, ids, and what stands within a text.

Kept by `simulated_network`, searched by `simulated_query`, written as JSON by `simulated_objects`.

Sources: docs.x.com, fundamentals/x-ids (snowflakes), fundamentals/edit-posts (each edit is a new id), data-dictionary (a long
post is cut in `text` and whole in `note_tweet.text`), as quoted in 2026-11; t.co links, `&amp;` in texts, and the address of a
quoted post at the end of a quote as remembered, 2026-11.
"""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from listener.simulation.people import Person

MOST_SHOWN: Final = 280
"""Characters of a post that `text` holds; what is longer is cut."""

_EPOCH: Final = datetime(2010, 11, 4, 1, 42, 54, 657_000, tzinfo=UTC)
"""The instant of id 0: 1,288,834,974,657 ms after 1970."""

_MILLISECOND: Final = timedelta(milliseconds=1)
_LINK: Final = re.compile(r"https?://[^\s<>]+")
_HASHTAG: Final = re.compile(r"(?<![\w&])#(\w*[^\W\d_]\w*)")
_MENTION: Final = re.compile(r"(?<![\w@])@([A-Za-z0-9_]{1,15})")
_CASHTAG: Final = re.compile(r"(?<![\w$])\$([A-Za-z]{1,6})\b")


@dataclass(slots=True, repr=False, eq=False)
class Account:
    """
    Somebody. Prints without a name.

    Args:
        id: Decimal digits.
        username: The handle, without `@`.
        person: Who.
        created_at: When they joined.
        protected: Only followers may read them.
        suspended: Nobody may.
    """

    id: str
    username: str
    person: Person
    created_at: datetime
    protected: bool = False
    suspended: bool = False

    def __repr__(self) -> str:
        return f"Account(id={self.id!r})"


@dataclass(frozen=True, slots=True, repr=False)
class Version:
    """
    The words of a post from one edit to the next.

    Args:
        id: Of this version.
        raw: As typed, links in full.
        at: When it was written.
    """

    id: str
    raw: str
    at: datetime

    def __repr__(self) -> str:
        return f"Version(id={self.id!r})"


@dataclass(slots=True, repr=False, eq=False)
class Post:
    """
    One post. Prints without content.

    Args:
        author: Who wrote it.
        versions: Oldest first; never empty.
        lang: BCP 47, `und` for none.
        reply_to: What it answers.
        quote_of: What it quotes.
        repost_of: What it repeats; its words are that post's.
        sensitive: Marked by its author.
        withheld: Upper-case codes of the countries in which it is not shown.
        likes: How many.
        deleted_at: When it was taken away.
    """

    author: Account
    versions: list[Version]
    lang: str
    reply_to: Post | None = None
    quote_of: Post | None = None
    repost_of: Post | None = None
    sensitive: bool = False
    withheld: tuple[str, ...] = ()
    likes: int = 0
    deleted_at: datetime | None = None

    def __repr__(self) -> str:
        return f"Post(id={self.id!r}, versions={len(self.versions)})"

    @property
    def id(self) -> str:
        """
        Of its first version: its identity through all edits.
        """
        return self.versions[0].id

    @property
    def latest(self) -> Version:
        """
        As it reads now.
        """
        return self.versions[-1]

    @property
    def root(self) -> Post:
        """
        The post that began the conversation.
        """
        return self if self.reply_to is None else self.reply_to.root

    @property
    def readable(self) -> bool:
        """
        Whether a stranger may read it.
        """
        return self.deleted_at is None and not (self.author.protected or self.author.suspended)


@dataclass(frozen=True, slots=True)
class Span:
    """
    Something within a text.

    Args:
        start: In code points.
        end: Behind it.
        value: Tag or handle without its sign; of a link, the address in full.
    """

    start: int
    end: int
    value: str


@dataclass(frozen=True, slots=True)
class Words:
    """
    A text as it is served, and what stands in it.

    Args:
        text: With `&`, `<` and `>` escaped and links shortened.
        hashtags, cashtags, mentions, links: In their order.
    """

    text: str
    hashtags: tuple[Span, ...] = ()
    cashtags: tuple[Span, ...] = ()
    mentions: tuple[Span, ...] = ()
    links: tuple[Span, ...] = field(default=())


def make_id(at: datetime, sequence: int) -> str:
    """
    A snowflake of that millisecond.

    Args:
        at: Aware.
        sequence: Rises with every id; its last 22 bits count.
    """
    return str((((at - _EPOCH) // _MILLISECOND) << 22) + sequence % (1 << 22))


def instant(identity: str) -> datetime:
    """
    When an id was made, to the millisecond.
    """
    return _EPOCH + timedelta(milliseconds=int(identity) >> 22)


def address(post: Post) -> str:
    """
    Where X says a quoted post is: with the handle of its author in it.
    """
    return f"https://twitter.com/{post.author.username}/status/{post.id}"


def whole(post: Post, version: Version) -> Words:
    """
    Everything a version says; of a quote, the link to what it quotes, too.
    """
    quoted = f" {address(post.quote_of)}" if post.quote_of is not None else ""
    return served(f"{version.raw}{quoted}")


def shown(post: Post, version: Version) -> Words:
    """
    What `text` says: all of it, or its beginning and a link to the whole, where it is long.
    """
    if post.repost_of is not None:
        original = post.repost_of
        return served(_cut(f"RT @{original.author.username}: {version.raw}", 140))
    full = whole(post, version)
    if len(full.text) <= MOST_SHOWN:
        return full
    rest = f" https://x.com/i/web/status/{version.id}"
    kept = version.raw[: MOST_SHOWN - 26].rsplit(" ", 1)[0]
    return served(f"{kept}…{rest}")


@lru_cache(maxsize=8192)
def served(raw: str) -> Words:
    """
    A typed text as the API writes it.
    """
    text, links, at = "", [], 0
    for found in _LINK.finditer(raw):
        text += html.escape(raw[at : found.start()], quote=False)
        short = _shortened(found[0])
        links.append(Span(len(text), len(text) + len(short), found[0]))
        text, at = text + short, found.end()
    text += html.escape(raw[at:], quote=False)
    return Words(
        text,
        hashtags=_spans(_HASHTAG, text),
        cashtags=_spans(_CASHTAG, text),
        mentions=_spans(_MENTION, text),
        links=tuple(links),
    )


def _spans(pattern: re.Pattern[str], text: str) -> tuple[Span, ...]:
    return tuple(Span(found.start(), found.end(), found[1]) for found in pattern.finditer(text))


def _shortened(link: str) -> str:
    digest = hashlib.sha256(link.encode()).hexdigest()
    return f"https://t.co/{digest[:10]}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
