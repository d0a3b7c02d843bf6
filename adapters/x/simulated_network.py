"""
Everything there is in a simulated X, what happens in it, and what may be read of it.

Holds accounts and posts of `simulated_posts`; `simulated_crowd` makes a life of it and `simulated_site` serves it. Time is the
clock's; what is planned happens at its own time, whenever somebody asks. Writes the ledger.

Sources: docs.x.com, fundamentals/edit-posts (five edits within 30 minutes), as quoted in 2026-11.
"""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Final, NamedTuple

from adapters.x.simulated_posts import Account, Post, Version, make_id, whole
from listener.clock import Clock
from listener.simulation.ledger import Ledger, PostRow
from listener.simulation.people import Person, people
from listener.simulation.world import Expected

MOST_EDITS: Final = 5
EDITABLE: Final = timedelta(minutes=30)
PLACE: Final = "x"
"""The one place there is, in the ledger."""


class Echoes(NamedTuple):
    """
    How often each post was answered, repeated and quoted.
    """

    replies: Counter[str]
    reposts: Counter[str]
    quotes: Counter[str]


@dataclass(slots=True, repr=False)
class Network:
    """
    Accounts, their posts, and what is going to happen.

    Args:
        clock: Whose time it is.
        hashtags: Of the watch, for the expectations in the ledger.
        city: Handle of the organisation's account; it is there from the beginning.
        expect: What should become of a post; None expects what carries one of the hashtags, or calls the city, to be queued.
        ledger: The book; a post stands in it by the id of its first version.
        accounts: In order of arrival, the city's first.
        posts: By the id of every version, in order of time.
        echoes: How often each post was answered, repeated and quoted, by its id.
    """

    clock: Clock
    hashtags: Sequence[str] = ()
    city: str = "cityofexample"
    expect: Callable[[Post], Expected] | None = None
    ledger: Ledger = field(default_factory=Ledger)
    accounts: list[Account] = field(default_factory=list)
    posts: dict[str, Post] = field(default_factory=dict)
    echoes: Echoes = field(default_factory=lambda: Echoes(Counter(), Counter(), Counter()))
    _people: list[Person] = field(default_factory=lambda: list(people(0, 120)))
    _due: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)
    _sequence: Iterator[int] = field(default_factory=lambda: count(1))
    _at: datetime | None = None

    def __post_init__(self) -> None:
        self.account(username=self.city)

    def __repr__(self) -> str:
        return f"Network(accounts={len(self.accounts)}, posts={len(self.posts)})"

    @property
    def own(self) -> Account:
        """
        The city's account.
        """
        return self.accounts[0]

    # ------------------------------------------------------------------------------------------------- time

    def now(self) -> datetime:
        """
        The time of what is happening; of the clock, between happenings.
        """
        return self._at or self.clock.now()

    def plan(self, at: datetime, happening: Callable[[], object]) -> None:
        """
        This will happen then.
        """
        heapq.heappush(self._due, (at, next(self._order), happening))

    def turn(self) -> None:
        """
        Everything that is due by now has happened, each at its own time.
        """
        now = self.clock.now()
        while self._due and self._due[0][0] <= now:
            self._at, _, happening = heapq.heappop(self._due)
            try:
                happening()
            finally:
                self._at = None

    # ----------------------------------------------------------------------------------------- what happens

    def account(self, *, username: str | None = None, protected: bool = False) -> Account:
        """
        Somebody joined.

        Args:
            username: None for one made of a person's handle.
            protected: From the beginning.
        """
        number = len(self.accounts)
        person = self._people[number % len(self._people)]
        made = re.sub(r"[^A-Za-z0-9_]", "", person.handle)[:11] + str(number)
        joined = self.now() - timedelta(days=400 + number)
        new = Account(make_id(joined, next(self._sequence)), username or made, person, joined, protected)
        self.accounts.append(new)
        return new

    def post(
        self,
        author: Account,
        text: str,
        *,
        lang: str = "en",
        reply_to: Post | None = None,
        quote_of: Post | None = None,
        sensitive: bool = False,
        withheld: tuple[str, ...] = (),
        likes: int = 0,
    ) -> Post:
        """
        Somebody posts, answers or quotes.

        Args:
            author: Who.
            text: As typed; an answer should begin with the handle it answers.
            lang: BCP 47.
            reply_to: What it answers.
            quote_of: What it quotes.
            sensitive: As marked.
            withheld: Codes of countries.
            likes: How many it gets.
        """
        new = Post(
            author,
            [self._version(text)],
            lang,
            reply_to=reply_to,
            quote_of=quote_of,
            sensitive=sensitive,
            withheld=withheld,
            likes=likes,
        )
        return self._entered(new)

    def repost(self, author: Account, original: Post) -> Post:
        """
        Somebody repeats a post. The search index of May 2026 never shows it.
        """
        raw = original.latest.raw
        return self._entered(Post(author, [self._version(raw)], original.lang, repost_of=original))

    def edit(self, post: Post, text: str) -> bool:
        """
        New words, under a new id.

        Returns:
            False where the post can be edited no more, or is gone.
        """
        late = self.now() >= post.versions[0].at + EDITABLE
        if late or len(post.versions) > MOST_EDITS or post.deleted_at is not None:
            return False
        post.versions.append(self._version(text))
        self.posts[post.latest.id] = post
        self.ledger.edited(post.id, self.now())
        return True

    def delete(self, post: Post) -> None:
        """
        All versions are gone; a second time changes nothing.
        """
        if post.deleted_at is None:
            post.deleted_at = self.now()
            self._echo(post, -1)
            self.ledger.deleted(post.id, post.deleted_at)

    def protect(self, account: Account, *, protected: bool = True) -> None:
        """
        Their posts are for followers from now on, or for everybody again.
        """
        account.protected = protected

    def suspend(self, account: Account, *, suspended: bool = True) -> None:
        """
        Their posts are for nobody from now on, or for everybody again.
        """
        account.suspended = suspended

    def withhold(self, post: Post, *countries: str) -> None:
        """
        Not shown in these countries from now on.
        """
        post.withheld = countries

    def shown(self, revisions: Mapping[str, int]) -> None:
        """
        An answer with these posts left whole.
        """
        self.ledger.shown(revisions, self.clock.now())

    # ------------------------------------------------------------------------------------- what may be read

    def readable(self, among: Callable[[Post], bool] = lambda _: True, *, behind: int = 0) -> list[Post]:
        """
        What a stranger may find of these, newest first; reposts are not found.

        Args:
            among: Asked of what can be read only.
            behind: The latest version has a greater id than this.
        """
        found = [
            post
            for key, post in self.posts.items()
            if int(key) > behind
            and post.repost_of is None
            and key == post.latest.id
            and post.readable
            and among(post)
        ]
        return sorted(found, key=lambda post: int(post.latest.id), reverse=True)

    def named(self, username: str) -> Account | None:
        """
        The account of a handle, whatever its case.
        """
        wanted = username.casefold()
        return next((each for each in self.accounts if each.username.casefold() == wanted), None)

    def by_id(self, identity: str) -> Account | None:
        """
        The account of an id.
        """
        return next((each for each in self.accounts if each.id == identity), None)

    # ----------------------------------------------------------------------------------------------- within

    def _version(self, text: str) -> Version:
        at = self.now()
        return Version(make_id(at, next(self._sequence)), text, at)

    def _echo(self, post: Post, by: int) -> None:
        """
        What it answers, repeats or quotes was so once more, or once less.
        """
        others = (post.reply_to, post.repost_of, post.quote_of)
        for other, counter in zip(others, self.echoes, strict=True):
            if other is not None:
                counter[other.id] += by

    def _entered(self, post: Post) -> Post:
        self.posts[post.id] = post
        self._echo(post, 1)
        wanted = (self.expect or self._expected)(post)
        self.ledger.published(
            PostRow(
                post=post.id,
                place=PLACE,
                kind="repost" if post.repost_of else "reply" if post.reply_to else "post",
                link=f"/i/web/status/{post.id}",
                expected=wanted.fate,
                reason=wanted.reason,
                published_at=post.latest.at,
            )
        )
        return post

    def _expected(self, post: Post) -> Expected:
        if post.repost_of is not None:
            return Expected("not_ours")
        words = whole(post, post.latest)
        tags = {span.value.casefold() for span in words.hashtags}
        wanted = {tag.lstrip("#").casefold() for tag in self.hashtags}
        called = self.city.casefold() in {span.value.casefold() for span in words.mentions}
        return Expected("queued" if tags & wanted or called else "not_ours")
