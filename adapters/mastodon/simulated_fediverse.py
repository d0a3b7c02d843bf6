"""
The state of a simulated fediverse: what happens when, and how news of it travels from one instance to the other.

Asked by `simulator`; writes the ledger. Everything happens on one clock: what is planned has happened as soon as that
clock has passed it and anybody asks, or listens. What happens on one instance reaches the others after their lag, late,
and perhaps out of order.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

from adapters.mastodon.simulated_ids import Software, folded, make_id
from adapters.mastodon.simulated_instance import VERSIONS, Instance, Token
from adapters.mastodon.simulated_posts import HASHTAG, Account, Toot, Visibility, Words
from listener.clock import Clock
from listener.simulation.ledger import Fate, Ledger, PostRow, Window
from listener.simulation.people import Person, people
from listener.simulation.world import Expected


@dataclass(slots=True, repr=False)
class Fediverse:
    """
    Everything there is.

    Args:
        clock: Whose time it is.
        hashtags: Of the watch, for the expectations in the ledger.
        expect: What should become of a post; None expects public posts with one of the hashtags to be queued.
        ledger: The book.
    """

    clock: Clock
    hashtags: Collection[str] = ()
    expect: Callable[[Toot], Expected] | None = None
    ledger: Ledger = field(default_factory=Ledger)
    instances: dict[str, Instance] = field(default_factory=dict)
    accounts: list[Account] = field(default_factory=list)
    toots: dict[str, Toot] = field(default_factory=dict)
    _due: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=lambda: count())
    _at: datetime | None = None
    _links: dict[str, str] = field(default_factory=dict)

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
        self._wake()

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

    def next_due_s(self) -> float | None:
        """
        Seconds until something happens; None where nothing is planned.
        """
        if not self._due:
            return None
        return max(0.0, (self._due[0][0] - self.clock.now()).total_seconds())

    # ------------------------------------------------------------------------------------------- who there is

    def instance(self, domain: str, software: Software = "mastodon", **how: Any) -> Instance:
        """
        A new instance; see `Instance` for how it may be.

        Raises:
            ValueError: there is one of that domain.
        """
        if domain in self.instances:
            raise ValueError(f"there is an instance {domain!r} already")
        version = str(how.pop("version", VERSIONS[software]))
        made = Instance(domain, len(self.instances) + 1, software, version, **how)
        made.start_numbering()
        self.instances[domain] = made
        return made

    def account(self, home: str, person: Person | None = None, **how: Any) -> Account:
        """
        A new account on an instance, of a new person where none is given; see `Account` for how it may be.
        """
        number = len(self.accounts) + 1
        who = person or people(number, number)[-1]
        created = (self.now() - timedelta(days=400 + number)).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        made = Account(who, home, number, created, **how)
        self.accounts.append(made)
        return made

    def token(self, home: str, account: Account | None, name: str = "user-token", **how: Any) -> str:
        """
        A token of an instance is good from now on; what is to be sent as bearer.
        """
        self.instances[home].tokens[name] = Token(account=account, **how)
        return name

    # ------------------------------------------------------------------------------------------- what happens

    def post(
        self,
        account: Account,
        text: str,
        *,
        visibility: Visibility = "public",
        created_at: datetime | None = None,
        reply_to: Toot | None = None,
        quote_of: Toot | None = None,
        tags: tuple[str, ...] | None = None,
        lag_s: Mapping[str, float] | float | None = None,
        only: Collection[str] | None = None,
        **words: Any,
    ) -> Toot:
        """
        Somebody writes; other instances hear of it after their lag.

        Args:
            created_at: None for now; an earlier time is what a late-federated post says of itself.
            tags: None for those in the text.
            lag_s: Until it arrives elsewhere; for all, or by domain; None for what each instance says of itself.
            only: Instances other than its home where it arrives; None for all.
            words: Further fields of `Words`.
        """
        found = tuple(HASHTAG.findall(text)) if tags is None else tags
        said = Words(text=text, tags=found, **words)
        toot = Toot(
            f"toot-{len(self.toots) + 1}",
            account,
            visibility,
            created_at or self.now(),
            said,
            reply_to=reply_to,
            quote_of=quote_of,
        )
        return self._publish(toot, lag_s, only)

    def boost(self, account: Account, toot: Toot) -> Toot:
        """
        Somebody boosts a post.
        """
        number = len(self.toots) + 1
        empty = Words(text="", language=toot.words.language)
        return self._publish(
            Toot(f"toot-{number}", account, "public", self.now(), empty, boost_of=toot), None, None
        )

    def edit(
        self,
        toot: Toot,
        text: str | None = None,
        *,
        lag_s: Mapping[str, float] | float | None = None,
        **words: Any,
    ) -> None:
        """
        New words; instances hear of them after their lag. Tags are those of the text unless told.
        """
        now = self.now()
        said = toot.words.text if text is None else text
        words.setdefault("tags", tuple(HASHTAG.findall(said)))
        toot.words = replace(toot.words, text=said, edited_at=now, revision=toot.words.revision + 1, **words)
        self.ledger.edited(toot.post, now)
        self._spread(toot, lag_s, partial(self._deliver, toot, toot.words, first=False))

    def delete(self, toot: Toot, *, lag_s: Mapping[str, float] | float | None = None) -> None:
        """
        Gone, here now and elsewhere after their lag; boosts of it too.
        """
        now = self.now()
        toot.deleted_at = now
        self.ledger.deleted(toot.post, now)
        self._spread(toot, lag_s, partial(self._forget, toot))
        for boost in [each for each in self.toots.values() if each.boost_of is toot and not each.deleted_at]:
            self.delete(boost, lag_s=lag_s)

    def remove(self, account: Account) -> None:
        """
        An account is deleted, and with it each of its posts.
        """
        for toot in [each for each in self.toots.values() if each.account is account and not each.deleted_at]:
            self.delete(toot)
        account.suspended = True

    # ------------------------------------------------------------------------------------------- for observers

    def shown(self, revisions: Mapping[str, int]) -> None:
        """
        These posts have left an instance, each in the revision that was shown.
        """
        self.ledger.shown(revisions, self.clock.now())

    def post_at(self, link: str) -> str | None:
        """
        The identity in the ledger of the post with that `uri`, or at that handle-free address of any instance, even
        after its deletion.
        """
        return self._links.get(link)

    def fates(self, queued: Iterable[str], *, gaps: Collection[Window] = ()) -> dict[str, Fate]:
        """
        What became of every post, for an observer who was given these addresses.

        Args:
            queued: `https://<instance>/statuses/<id>` or `uri` of what a consumer got; unknown ones are ignored.
            gaps: As the daemon reported them.
        """
        posts = {post for link in queued if (post := self._links.get(link))}
        return self.ledger.partition({self.ledger.posts[post].link for post in posts}, gaps=tuple(gaps))

    # -------------------------------------------------------------------------------------------------- inside

    def _publish(
        self, toot: Toot, lag_s: Mapping[str, float] | float | None, only: Collection[str] | None
    ) -> Toot:
        home = self.instances[toot.account.home]
        toot.home_id = make_id(home.software, toot.created_at, home.next())
        toot.uri = self._uri_of(toot, home)
        self.toots[toot.post] = toot
        wanted = self._expected(toot)
        self.ledger.published(
            PostRow(
                post=toot.post,
                place=home.domain,
                kind="boost" if toot.boost_of else "reply" if toot.reply_to else "post",
                link=f"/{toot.post}",
                expected=wanted.fate,
                reason=wanted.reason,
                published_at=self.now(),
            )
        )
        self._spread(toot, lag_s, partial(self._deliver, toot, toot.words, first=True), only)
        return toot

    def _spread(
        self,
        toot: Toot,
        lag_s: Mapping[str, float] | float | None,
        deliver: Callable[[Instance, datetime], None],
        only: Collection[str] | None = None,
    ) -> None:
        """
        News of a post reaches its home at once, and every other instance that may hear of it after its lag.
        """
        for instance in self.instances.values():
            if instance.domain == toot.account.home:
                deliver(instance, self.now())
            elif self._may_know(instance, toot) and (only is None or instance.domain in only):
                lag = lag_s.get(instance.domain) if isinstance(lag_s, Mapping) else lag_s
                due = self.now() + timedelta(seconds=instance.lag_s if lag is None else lag)
                if due <= self.now():
                    deliver(instance, self.now())
                else:
                    self.plan(due, partial(deliver, instance, due))

    def _forget(self, toot: Toot, instance: Instance, _at: datetime) -> None:
        instance.forget(toot)

    def _deliver(self, toot: Toot, words: Words, instance: Instance, at: datetime, *, first: bool) -> None:
        if instance.copy_of(toot) is None and not first:
            return  # an edit of what never arrived
        if first and toot.deleted_at is not None and toot.deleted_at < at:
            return  # its deletion overtook it
        if toot.boost_of is not None and instance.copy_of(toot.boost_of) is None:
            return
        instance.receive(toot, words, at)
        copy = instance.copy_of(toot)
        if copy is not None:
            self._links[f"https://{instance.domain}/statuses/{copy.local_id}"] = toot.post
            self._links[f"{instance.address}/statuses/{copy.local_id}"] = toot.post
        self._links[toot.uri] = toot.post

    def _may_know(self, instance: Instance, toot: Toot) -> bool:
        if toot.visibility in ("public", "unlisted"):
            return True
        return any(account.home == instance.domain for account in toot.words.mentions)

    def _uri_of(self, toot: Toot, home: Instance) -> str:
        """
        The federation's name of a post.
        """
        if home.software in ("akkoma", "pleroma"):
            return f"https://{home.domain}/objects/{_uuid(len(self.toots) + 1, home.number)}"
        who = (
            f"ap/users/{home.id_of(toot.account)}" if home.numeric_uris else f"users/{toot.account.username}"
        )
        ending = "/activity" if toot.boost_of is not None else ""
        return f"https://{home.domain}/{who}/statuses/{toot.home_id}{ending}"

    def _expected(self, toot: Toot) -> Expected:
        if self.expect is not None:
            return self.expect(toot)
        watched = {folded(tag) for tag in self.hashtags}
        if toot.visibility == "public" and toot.boost_of is None and watched & set(toot.words.tag_names):
            return Expected("queued")
        return Expected("not_ours")

    def _wake(self) -> None:
        for instance in self.instances.values():
            for listening in instance.listening:
                listening.woken.set()


def _uuid(number: int, salt: int) -> str:
    """
    Shaped like one; the same for the same post.
    """
    digits = f"{number:012x}"
    return f"{salt:08x}-5ead-4bee-8f00-{digits}"
