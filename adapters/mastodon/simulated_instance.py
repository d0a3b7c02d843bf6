"""
One simulated server: its settings, what it knows, who listens to it, and what goes wrong with it.

Filled by `simulated_fediverse`; asked by `simulated_timelines`, `simulated_streams` and `simulator`. The same post has a
`uri` and, on each instance, an id of its own, under which it appears late: Mastodon and GoToSocial number it by the
time it was written, so that it shows up among posts that were read long ago.

Sources: Mastodon, app/lib/activitypub/activity/create.rb (nothing older than six hours is told to streams),
app/services/fan_out_on_write_service.rb (`broadcastable?`; an edit is told to the tags it has then),
app/services/remove_status_service.rb (a deletion is told to the stream of every tag the status had); docs.joinmastodon.org,
methods/streaming (as quoted or remembered, 2026-11).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final, Literal

import anyio

from adapters.mastodon.simulated_ids import Software, make_id
from adapters.mastodon.simulated_posts import Account, Copy, Notice, Toot, Words
from listener.simulation.world import Noise

Access = Literal["public", "authenticated", "disabled"]
"""Who may read a feed. Source: docs.joinmastodon.org, entities/Instance, `timelines_access`, since 4.5.0."""

REALTIME: Final = timedelta(hours=6)
"""How old a post may be on its arrival and still be told to streams (`REAL_TIME_WINDOW`)."""

VERSIONS: Final[dict[Software, str]] = {
    "mastodon": "4.6.0",
    "gotosocial": "0.19.1+git-e3a1e93",
    "akkoma": "2.7.2 (compatible; Akkoma 3.15.2-0-g5d6ab5a)",
    "pleroma": "2.7.2 (compatible; Pleroma 2.9.1)",
}
"""
Version strings: Mastodon as recorded (4.6.0-nightly), without the nightly; Pleroma and Akkoma as Pleroma's
differences_in_mastoapi_responses.md has it; GoToSocial as its builds name themselves (as remembered, 2026-11).
"""


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Token:
    """
    An access token. Never printed.

    Args:
        account: Whose; None for a token of an application.
        scopes: Such as `read:statuses`; `read` holds all that begin so.
        revoked: No longer good.
        languages: That its owner chose to see; None for all. Streams keep to them.
        muted: Accounts whose posts streams keep from its owner.
    """

    account: Account | None
    scopes: tuple[str, ...] = ("read",)
    revoked: bool = False
    languages: tuple[str, ...] | None = None
    muted: frozenset[int] = frozenset()

    def allows(self, scope: str) -> bool:
        """
        Whether it holds this scope, or the one above it.
        """
        return scope in self.scopes or scope.partition(":")[0] in self.scopes


@dataclass(frozen=True, slots=True, eq=False)
class News:
    """
    What is told to a stream: `copy` for `update` and `status.update`, an id for `delete`, neither for the rest.
    """

    event: str
    copy: Copy | None = None
    local_id: str = ""


@dataclass(slots=True, eq=False)
class Listening:
    """
    Somebody at a stream: what was told and not sent yet.

    Args:
        tag: Folded.
        local: Posts of the instance's own accounts only.
        token: Whose languages and mutes count; None where nobody has to say who they are.
        deaf: Half open: nothing is sent on it any more, whatever happens.
    """

    tag: str
    local: bool
    token: Token | None
    deaf: bool = False
    news: list[News] = field(default_factory=list)
    woken: anyio.Event = field(default_factory=anyio.Event)

    def tell(self, news: News) -> None:
        """
        One more.
        """
        self.news.append(news)
        self.woken.set()


Manner = Literal[
    "401",
    "403",
    "404",
    "429",
    "500",  # as HTML, as Rails has it
    "503",  # as JSON, as documented
    "502-html",  # what a proxy says when nothing is behind it
    "html",  # 200 and a page
    "wrong_type",  # the right answer, called text/html
    "disabled",  # 200 and an empty list
    "slow",  # the answer drips
    "cut",  # the answer, or the stream, ends in the middle
    "reset",  # the connection is reset
    "silent",  # no answer at all
    "half_open",  # a stream: opened, then nothing, not even a heartbeat
    "mute",  # a stream: heartbeats, and no news
    "outage",  # every connection is reset, and every stream ends
]


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    An instance that misbehaves for a while.

    Args:
        manner: How.
        start_at: From this instant.
        end_at: Until before this one.
        route: Of what only, such as `tag`, `statuses`, `stream`; None for everything.
    """

    manner: Manner
    start_at: datetime
    end_at: datetime
    route: str | None = None


@dataclass(slots=True, repr=False, eq=False)
class Instance:
    """
    One server. Its settings may be changed at any time.

    Args:
        domain: As in handles and `uri`.
        number: Within the fediverse, from 1.
        software: Whose dialect it speaks.
        version: As that software tells it; what it does not know yet it does not do.
        tokens: By what is sent as bearer.
        local_access: Who may read posts of its own under a hashtag.
        remote_access: Who may read those of others.
        lag_s: Until news from other instances arrives here.
        unknown_tag: What is answered for a tag nobody used: `[]` in the code, 404 in the documentation.
        limited_federation: Nothing at all without an account.
        numeric_uris: New accounts are named by a number in `uri` (Mastodon 4.5).
        origin: Of its own addresses; None for https at its domain.
        troubles: See there.
        noise: What it lets slip in headers and errors.
        adorn: Changes an entity (`status`, `account`, `instance`) before it is shown: fields that real servers fill and
            this one leaves empty, or garbage.
        copies: What it knows, by its own id.
    """

    domain: str
    number: int
    software: Software
    version: str
    tokens: dict[str, Token] = field(default_factory=dict)
    local_access: Access = "public"
    remote_access: Access = "public"
    lag_s: float = 0.0
    unknown_tag: Literal["empty", "404"] = "empty"
    limited_federation: bool = False
    numeric_uris: bool = False
    origin: str | None = None
    troubles: list[Trouble] = field(default_factory=list)
    noise: Noise | None = None
    adorn: Callable[[str, dict[str, Any]], dict[str, Any]] | None = None
    copies: dict[str, Copy] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    listening: list[Listening] = field(default_factory=list)
    account_ids: dict[int, str] = field(default_factory=dict)
    related: Counter[tuple[str, str]] = field(default_factory=Counter)
    said: Counter[int] = field(default_factory=Counter)
    last_said: dict[int, datetime] = field(default_factory=dict)
    _sequence: Iterator[int] = field(default_factory=lambda: count(1))
    _by_post: dict[str, Copy] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Instance(domain={self.domain!r}, software={self.software!r})"

    @property
    def address(self) -> str:
        """
        Such as `https://one.example`.
        """
        return self.origin or f"https://{self.domain}"

    @property
    def release(self) -> tuple[int, int]:
        """
        Of Mastodon's API, as the version tells it.
        """
        found = re.match(r"(\d+)\.(\d+)", self.version)
        return (int(found[1]), int(found[2])) if found else (0, 0)

    def adorned(self, entity: str, found: dict[str, Any]) -> dict[str, Any]:
        """
        An entity as it is shown here.
        """
        return found if self.adorn is None else self.adorn(entity, found)

    def copy_of(self, toot: Toot) -> Copy | None:
        """
        A post as it is known here; None where it is not, or no longer.
        """
        return self._by_post.get(toot.post)

    def id_of(self, account: Account) -> str:
        """
        An account's id here.
        """
        if account.number not in self.account_ids:
            self.account_ids[account.number] = make_id(self.software, account.created_at, self.next())
        return self.account_ids[account.number]

    def start_numbering(self) -> None:
        """
        At another number than every other instance, so that no two give a post the same id by chance.
        """
        self._sequence = count(1 + 7919 * (self.number - 1))

    def next(self) -> int:
        """
        The next number of the sequence.
        """
        return next(self._sequence)

    def trouble(self, route: str, at: datetime) -> Trouble | None:
        """
        What is wrong with a route at that time; the first that was entered.
        """
        for each in self.troubles:
            if each.start_at <= at < each.end_at and each.route in (None, route):
                return each
        return None

    def disturb(
        self, manner: Manner, *, start_at: datetime, seconds: float, route: str | None = None
    ) -> None:
        """
        Something will go wrong for so long.
        """
        self.troubles.append(Trouble(manner, start_at, start_at + timedelta(seconds=seconds), route))
        for listening in self.listening:
            listening.woken.set()

    def revoke(self, token: str) -> None:
        """
        A token is no longer good; streams that were opened with it end.
        """
        self.tokens[token] = replace(self.tokens[token], revoked=True)
        for listening in self.listening:
            listening.woken.set()

    def say(self, event: str) -> None:
        """
        Tell everybody at a stream something without content, such as `filters_changed`.
        """
        for listening in self.listening:
            listening.tell(News(event))

    # --------------------------------------------------------------------------------------- what reaches it

    def receive(self, toot: Toot, words: Words, at: datetime) -> None:
        """
        A post has come, or new words of one; told to whoever listens.
        """
        known = self._by_post.get(toot.post)
        if known is not None:
            known.words = words
            self._broadcast(News("status.update", known), words.tag_names)
            return
        local_id = toot.home_id if toot.account.home == self.domain else self._number(toot, at)
        copy = Copy(toot, local_id, at, words)
        self.copies[local_id] = self._by_post[toot.post] = copy
        self._relate(copy, +1)
        if at - toot.created_at <= REALTIME:
            self._broadcast(News("update", copy), words.tag_names)
        for account in words.mentions:
            if account.home == self.domain:
                self.notify("mention", account, by=toot.account, at=at, copy=copy)

    def forget(self, toot: Toot) -> None:
        """
        A post is gone; its id is told to the stream of each tag it had here.
        """
        copy = self._by_post.pop(toot.post, None)
        if copy is None:
            return
        del self.copies[copy.local_id]
        self._relate(copy, -1)
        self.notices = [notice for notice in self.notices if notice.copy is not copy]
        self._broadcast(News("delete", copy, copy.local_id), copy.words.tag_names)

    def notify(
        self,
        kind: str,
        whom: Account,
        *,
        by: Account,
        at: datetime,
        copy: Copy | None = None,
        emoji: str | None = None,
    ) -> None:
        """
        One notification more.
        """
        number = self.next()
        local_id = make_id("gotosocial", at, number) if self.software == "gotosocial" else str(number)
        self.notices.append(Notice(local_id, kind, at, whom, by, copy, emoji))

    def _number(self, toot: Toot, at: datetime) -> str:
        """
        The id of a post from elsewhere: Mastodon and GoToSocial date it back to when it says it was written.
        """
        back_dated = self.software in ("mastodon", "gotosocial")
        return make_id(self.software, toot.created_at if back_dated else at, self.next())

    def _relate(self, copy: Copy, by: int) -> None:
        toot = copy.toot
        self.said[toot.account.number] += by
        self.last_said[toot.account.number] = max(
            toot.created_at, self.last_said.get(toot.account.number, toot.created_at)
        )
        if toot.visibility not in ("public", "unlisted"):
            return
        for relation, other in (("reply", toot.reply_to), ("boost", toot.boost_of), ("quote", toot.quote_of)):
            if other is not None:
                self.related[relation, other.post] += by

    def _broadcast(self, news: News, tags: Collection[str]) -> None:
        toot = news.copy.toot if news.copy is not None else None
        if toot is None or toot.visibility != "public" or toot.boost_of is not None:
            return
        if toot.account.limited or toot.account.suspended:
            return
        for listening in self.listening:
            if listening.tag not in tags or (listening.local and toot.account.home != self.domain):
                continue
            if news.event == "delete" or _wanted(news, listening.token):
                listening.tell(news)


def _wanted(news: News, token: Token | None) -> bool:
    """
    Whether the owner of a token wants to see a post: streams keep to the languages, mutes and blocks of who listens.
    Source: Mastodon, streaming/index.js, streamFrom.
    """
    if token is None or news.copy is None:
        return True
    language = news.copy.words.language
    if token.languages is not None and language is not None and language not in token.languages:
        return False
    return news.copy.toot.account.number not in token.muted
