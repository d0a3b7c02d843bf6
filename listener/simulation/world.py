"""
The state of a simulated world: what is published where at this moment, and what is broken.

Takes acts from `listener.simulation.scenario` (or one by one from a test); is asked by simulators, which turn it into
a protocol; writes the ledger. The world is a function of its acts and its clock: it is brought up to date whenever
somebody asks, so nothing depends on when that is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple, cast, get_args

from listener.clock import Clock
from listener.simulation.ledger import Ledger, PostRow
from listener.simulation.people import Person, people
from listener.simulation.scenario import Act, Place, Scenario

Manner = Literal[
    "503",  # overloaded, without Retry-After
    "500",
    "404",
    "410",
    "429",  # Retry-After in seconds
    "429-date",  # Retry-After as a date
    "429-bare",  # no Retry-After
    "cut",  # the answer ends in the middle
    "reset",  # the connection is reset
    "silent",  # no answer at all
    "slow",  # the answer drips
    "garbage",  # no HTTP
    "error_page",  # 200 with HTML that says sorry
    "moved",  # 301 to another address of the same feed
    "moved-308",  # 308 to another address of the same feed
    "secured",  # 301 to the same address by https
    "away",  # 302 to another address of the same feed
]


class Expected(NamedTuple):
    """
    What should become of a post that is read.
    """

    fate: Literal["queued", "counted", "not_ours", "withheld", "rejected"]
    reason: str | None = None


@dataclass(slots=True, repr=False)
class Entry:
    """
    One article or comment as it stands now. Prints without content.

    Args:
        post: Identity within the world.
        number: Within its place, from 1, as a content management system would count.
        place: Where.
        author: Who.
        title: Plain; empty for a comment.
        text: Plain, paragraphs parted by blank lines.
        html: Body to show instead of the text in paragraphs; None where the text is all.
        lang: BCP 47.
        tags: Categories.
        written_at: As it says itself.
        visible_at: Since when the public can see it.
        on: The article that a comment belongs to.
        reply_to: The comment that a comment answers.
        edited_at: Last edit.
        deleted_at: When it was taken away.
        revision: From 1.
    """

    post: str
    number: int
    place: Place
    author: Person
    title: str
    text: str
    lang: str
    tags: tuple[str, ...]
    written_at: datetime
    visible_at: datetime
    html: str | None = None
    on: str | None = None
    reply_to: str | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    revision: int = 1

    def __repr__(self) -> str:
        return f"Entry(post={self.post!r}, place={self.place.name!r}, revision={self.revision})"

    @property
    def changed_at(self) -> datetime:
        """
        When its words last changed.
        """
        return self.edited_at or self.written_at


@dataclass(frozen=True, slots=True)
class Disturbance:
    """
    A place that misbehaves for a while.

    Args:
        manner: How.
        start_at: From this instant.
        end_at: Until before this one.
        place: Where.
    """

    manner: Manner
    start_at: datetime
    end_at: datetime
    place: str


@dataclass(frozen=True, slots=True, repr=False)
class Noise:
    """
    What servers let slip: strings that simulators put into places where no content belongs.

    Args:
        headers: On every answer.
        error_text: In the body of every error.
        redirect_part: A piece of path in the target of temporary redirects.
    """

    headers: tuple[tuple[str, str], ...] = ()
    error_text: str = "Something went wrong."
    redirect_part: str = "elsewhere"


@dataclass(slots=True, repr=False)
class World:
    """
    Places, what they show, and what becomes of them.

    Args:
        places: Where.
        clock: Whose time it is.
        hashtags: Of the watch, for the expectations in the ledger.
        owner: Who stands in the imprint of every place.
        noise: See there.
        expect: What should become of a post; None expects posts of own places and posts with a hashtag to be queued.
        ledger: The book.
    """

    places: Sequence[Place]
    clock: Clock
    hashtags: Sequence[str] = ()
    owner: Person = field(default_factory=lambda: people(0, 1)[0])
    noise: Noise = Noise()
    expect: Callable[[Entry], Expected] | None = None
    ledger: Ledger = field(default_factory=Ledger)
    entries: dict[str, Entry] = field(default_factory=dict)
    ended: dict[str, datetime] = field(default_factory=dict)
    disturbances: list[Disturbance] = field(default_factory=list)
    _pending: list[Act] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, scenario: Scenario, clock: Clock, *, hashtags: Sequence[str] = ()) -> World:
        """
        A world in which that scenario happens.
        """
        world = cls(scenario.places, clock, hashtags)
        world.plan(scenario.acts)
        return world

    def place(self, name: str) -> Place:
        """
        Raises:
            KeyError: there is no place of that name.
        """
        for place in self.places:
            if place.name == name:
                return place
        raise KeyError(name)

    # ------------------------------------------------------------------------------------------- what happens

    def plan(self, acts: Iterable[Act]) -> None:
        """
        These will happen, each in its time.
        """
        self._pending = sorted([*self._pending, *acts], key=lambda act: act.at)

    def turn(self) -> None:
        """
        Everything that is due by now has happened.
        """
        now = self.clock.now()
        while self._pending and self._pending[0].at <= now:
            self._happen(self._pending.pop(0))

    @property
    def next_act_at(self) -> datetime | None:
        """
        When something happens next; None where nothing is planned.
        """
        return self._pending[0].at if self._pending else None

    def publish(
        self,
        place: str,
        author: Person,
        text: str,
        *,
        title: str = "",
        html: str | None = None,
        tags: tuple[str, ...] = (),
        lang: str | None = None,
        post: str | None = None,
        written_at: datetime | None = None,
        at: datetime | None = None,
    ) -> Entry:
        """
        An article is there.

        Args:
            place: Name of the place.
            author: Who.
            text: Plain.
            title: Plain.
            html: See `Entry`.
            tags: Categories.
            lang: None for the language of the place.
            post: Identity; None for a fresh one.
            written_at: As it says itself; None for `at`.
            at: None for now.
        """
        return self._add(
            place,
            author,
            text,
            title=title,
            html=html,
            tags=tags,
            lang=lang,
            post=post,
            written_at=written_at,
            at=at,
        )

    def comment(
        self,
        on: str,
        author: Person,
        text: str,
        *,
        html: str | None = None,
        lang: str | None = None,
        post: str | None = None,
        written_at: datetime | None = None,
        at: datetime | None = None,
    ) -> Entry:
        """
        A comment is there, on an article or in answer to another comment.

        Args:
            on: Identity of the article or comment.
            author: Who.
            text: Plain.
            html: See `Entry`.
            lang: None for the language of the place.
            post: Identity; None for a fresh one.
            written_at: Before `at`, where a moderator let it wait.
            at: None for now.

        Raises:
            KeyError: nothing has that identity.
        """
        answered = self.entries[on]
        return self._add(
            answered.place.name,
            author,
            text,
            html=html,
            lang=lang,
            post=post,
            written_at=written_at,
            at=at,
            answered=answered,
        )

    def edit(self, post: str, text: str, *, title: str | None = None, at: datetime | None = None) -> None:
        """
        The post has new words. An edit of a deleted post changes nothing.
        """
        entry = self.entries[post]
        if entry.deleted_at is not None:
            return
        entry.text, entry.html = text, None
        entry.title = entry.title if title is None else title
        entry.edited_at = at or self.clock.now()
        entry.revision += 1
        self.ledger.edited(post, entry.edited_at)

    def delete(self, post: str, *, at: datetime | None = None) -> None:
        """
        The post is gone, and with an article its comments.
        """
        gone_at = at or self.clock.now()
        for entry in self.entries.values():
            if entry.deleted_at is None and post in (entry.post, entry.on):
                entry.deleted_at = gone_at
                self.ledger.deleted(entry.post, gone_at)

    def end(self, place: str, *, at: datetime | None = None) -> None:
        """
        The place says that it has ended.
        """
        self.ended[place] = at or self.clock.now()

    def disturb(self, place: str, manner: Manner, lasts_s: float, *, at: datetime | None = None) -> None:
        """
        The place misbehaves from `at` (None for now) for so long.
        """
        start_at = at or self.clock.now()
        self.disturbances.append(Disturbance(manner, start_at, start_at + timedelta(seconds=lasts_s), place))

    # ----------------------------------------------------------------------------------------- what can be seen

    def articles(self, place: str) -> list[Entry]:
        """
        The living articles of a place, newest first.
        """
        return self._living(place, lambda entry: entry.on is None)

    def comments(self, place: str, on: str | None = None) -> list[Entry]:
        """
        The living comments of a place, or of one article, newest (by the time they were written) first.
        """
        return self._living(place, lambda entry: entry.on is not None and on in (None, entry.on))

    def deleted(self, place: str, *, comments: bool) -> list[Entry]:
        """
        What was taken away, latest first.
        """
        gone = [e for e in self._at(place) if e.deleted_at is not None and (e.on is not None) == comments]
        return sorted(
            gone, key=lambda entry: (entry.deleted_at or entry.visible_at, entry.number), reverse=True
        )

    def disturbance(self, place: str) -> Disturbance | None:
        """
        What is wrong there at this moment; of several the latest.
        """
        now = self.clock.now()
        current = [d for d in self.disturbances if d.place == place and d.start_at <= now < d.end_at]
        return current[-1] if current else None

    def changed_at(self, place: str) -> datetime:
        """
        When anything the place shows last changed; its first moment where nothing did.
        """
        instants = [
            instant
            for entry in self._at(place)
            for instant in (entry.visible_at, entry.edited_at, entry.deleted_at)
            if instant is not None
        ]
        ended = [self.ended[place]] if place in self.ended else []
        return max([*instants, *ended], default=datetime(2026, 1, 1, tzinfo=UTC))

    def link(self, entry: Entry) -> str:
        """
        Public path of a post; its fragment names a comment.
        """
        article = entry if entry.on is None else self.entries[entry.on]
        if article.place.links == "author":
            who = article.author
            path = f"/{article.place.name}/@{who.handle}/{_slug(article)}/?author={who.account_id}"
        else:
            path = f"/{article.place.name}/{article.visible_at:%Y/%m/%d}/{_slug(article)}/"
        return path if entry is article else f"{path}#comment-{entry.number}"

    # -------------------------------------------------------------------------------------------------- within

    def _add(
        self,
        place: str,
        author: Person,
        text: str,
        *,
        html: str | None,
        lang: str | None,
        post: str | None,
        written_at: datetime | None,
        at: datetime | None,
        title: str = "",
        tags: tuple[str, ...] = (),
        answered: Entry | None = None,
    ) -> Entry:
        where = self.place(place)
        number = self._numbers[place] = self._numbers.get(place, 0) + 1
        visible_at = at or self.clock.now()
        entry = Entry(
            post=post or f"{place}-{number}",
            number=number,
            place=where,
            author=author,
            title=title,
            text=text,
            html=html,
            lang=lang or where.lang,
            tags=tags,
            written_at=written_at or visible_at,
            visible_at=visible_at,
        )
        if answered is not None:
            entry.on = answered.on or answered.post
            entry.reply_to = None if answered.on is None else answered.post
        expected = (self.expect or self._expected)(entry)
        self.ledger.published(
            PostRow(
                post=entry.post,
                place=place,
                kind="article" if answered is None else "comment",
                link=self.link(entry),
                expected=expected.fate,
                reason=expected.reason,
                published_at=visible_at,
            )
        )
        self.entries[entry.post] = entry
        return entry

    def _expected(self, entry: Entry) -> Expected:
        wanted = {tag.lstrip("#").casefold() for tag in self.hashtags}
        said = {tag.casefold() for tag in re.findall(r"#(\w+)", f"{entry.title} {entry.text}")}
        carried = said | {tag.casefold() for tag in entry.tags}
        return Expected("queued" if entry.place.own or wanted & carried else "not_ours")

    def _happen(self, act: Act) -> None:
        """
        One act, at its own time, however late the world is asked.
        """
        match act.kind:
            case "publish":
                self._published(act)
            case "comment":
                self._commented(act)
            case "edit" if act.post in self.entries:
                self.edit(act.post, act.text, title=act.title or None, at=act.at)
            case "delete" if act.post in self.entries:
                self.delete(act.post, at=act.at)
            case "outage" | "rate_limit" | "slow":
                self.disturb(act.place, _manner(act), act.lasts_s, at=act.at)
            case _:
                pass  # second thoughts about a comment that came too late to be made

    def _published(self, act: Act) -> None:
        assert act.author is not None
        self.publish(
            act.place,
            act.author,
            act.text,
            title=act.title,
            tags=act.tags,
            lang=act.lang,
            post=act.post,
            written_at=act.written_at,
            at=act.at,
        )

    def _commented(self, act: Act) -> None:
        """
        Nobody can comment on what is gone.
        """
        assert act.author is not None
        assert act.on is not None
        answered = self.entries.get(act.on)
        if answered is None or answered.deleted_at is not None:
            return
        self.comment(
            act.on, act.author, act.text, lang=act.lang, post=act.post, written_at=act.written_at, at=act.at
        )

    def _at(self, place: str) -> Iterator[Entry]:
        return (entry for entry in self.entries.values() if entry.place.name == place)

    def _living(self, place: str, wanted: Callable[[Entry], bool]) -> list[Entry]:
        found = [entry for entry in self._at(place) if entry.deleted_at is None and wanted(entry)]
        return sorted(found, key=lambda entry: (entry.written_at, entry.number), reverse=True)


def _manner(act: Act) -> Manner:
    """
    Raises:
        ValueError: the act names none of `Manner`.
    """
    if act.manner not in get_args(Manner):
        raise ValueError(f"no disturbance {act.manner!r}")
    return cast(Manner, act.manner)


def _slug(entry: Entry) -> str:
    """
    The title in ASCII words, and the number; enough to look like an address.
    """
    words = re.findall(r"[a-z0-9]+", entry.title.lower())[:6]
    return "-".join([*words, str(entry.number)])
