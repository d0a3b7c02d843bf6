"""
Reads what the watches ask for, or what mentions our own account, page by page; nothing but GETs.

Takes what `api` brings, asks `walks` and `counts` how to go on, gives `Page`s with what `normalise` makes of it. A turn is a
step for each query (posts) or for each watch (numbers). What may be kept decides which: numbers cost by the request and
hold nobody's words, so with `counts` no post is ever asked for.

Where searches may spend no more for now, the same watches are counted instead; searches go on from where they were as
soon as there is something to spend, and nothing is lost within the seven days that X looks back.

No filtered stream: its rules are made by POST, which this service cannot say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from adapters.x import walks
from adapters.x.api import Api, Ask
from adapters.x.config import XConfig
from adapters.x.counts import by_hour, floor_hour, hours_due, told, too_old
from adapters.x.cursor import Mark, State, Walk, decode_cursor, digest, encode_cursor
from adapters.x.normalise import Place, items_from, newest_of
from adapters.x.problems import RequestInvalid, SpentAtX
from adapters.x.queries import Plan, Query, handles_of_x, plan_for
from adapters.x.recheck import Rechecks
from adapters.x.wire import WirePosts
from listener.adapter import Cursor, Interest, Item, Page, Reader
from listener.clock import Clock
from listener.errors import BudgetSpent, DocumentRefused, SourceError, SourceUnavailable
from listener.events import WatchName

REFUSED_FOR: Final = timedelta(hours=6)
"""Chosen: a query that X refuses is refused again until somebody changes it, or X does."""

PUT_OFF_FIRST_S: Final = 600.0
PUT_OFF_MOST_S: Final = REFUSED_FOR.total_seconds()
"""Chosen: a query that X cannot answer is left out for ten minutes, then twice that."""

_COUNT_PAGES: Final = 20
_MENTIONS: Final = Query(WatchName(""), "@")
"""What stands for the mentions where a query would; no query is written so."""


@dataclass(frozen=True, slots=True)
class _Step:
    """
    Args:
        queries: One to search; all of a watch to count.
        counting: Ask for numbers.
    """

    queries: tuple[Query, ...]
    counting: bool = False

    @property
    def watch(self) -> WatchName:
        """
        On whose account.
        """
        return self.queries[0].watch


@dataclass(slots=True)
class _Turn:
    """
    What is left of a turn after a page.

    Args:
        cursor: Of that page; the turn goes on only from there.
        plan: That it was made for.
        steps: The one that is under way, then the others.
        note: What an operator should look at.
        answered: Steps that X has answered, if only a page of them.
        suspect: The last step that was tried, where it failed; and how.
    """

    cursor: Cursor | None
    plan: Plan
    steps: list[_Step]
    note: str | None = None
    answered: set[_Step] = field(default_factory=set)
    suspect: tuple[_Step, SourceError] | None = None


@dataclass(frozen=True, slots=True)
class _PutOff:
    """
    A step that is left out.
    """

    until: datetime
    wait_s: float


@dataclass(slots=True)
class _Found:
    """
    What one page is made of, while it is made.
    """

    state: State
    items: list[Item] = field(default_factory=list)
    asked: bool = False


class XSource(Rechecks):
    """
    A `Poller` over searches, numbers or mentions; a `Rechecker`, too.
    """

    def __init__(self, config: XConfig, reader: Reader, clock: Clock, interest: Interest) -> None:
        self._config = config
        self._clock = clock
        self._interest = interest
        self._api = Api(config, reader, clock)
        self._turn: _Turn | None = None
        self._put_off: dict[_Step, _PutOff] = {}
        self._first: _Step | None = None
        self._tokens: dict[bytes, tuple[Walk, Mapping[str, str]]] = {}

    def __repr__(self) -> str:
        return "XSource(…)"

    @property
    def api(self) -> Api:
        """
        X.
        """
        return self._api

    @property
    def asks_again(self) -> bool:
        """
        Whether posts are asked about at all.
        """
        return self._config.recheck

    @property
    def post_usd(self) -> float:
        """
        Price of a post that is asked about.
        """
        return self._config.post_usd

    @property
    def place(self) -> Place:
        """
        Where posts of this source are read.
        """
        return Place(
            own=frozenset(self._config.own_accounts) or handles_of_x(self._interest.terms.handles),
            to_us=self._config.listen == "mentions",
            references_told=self._api.vocabulary == "tweet",
        )

    async def fetch(self, cursor: Cursor | None) -> Page:
        """
        The next page of the turn; the first of a new one where the last has ended, or the watches have changed.

        Raises:
            BudgetSpent: there is no credit, or not even a count can be paid.
            AccessDenied, DocumentRefused: with a code that `meanings` explains.
            SourceError: whatever else the reader raises.
        """
        turn, self._turn = self._turn, None
        state = decode_cursor(cursor, place=f"{self._config.endpoint} {self._config.listen}")
        plan = self._plan()
        if turn is None or turn.cursor != cursor or turn.plan != plan:
            self._api.words = state.words if self._config.fields == "auto" else self._config.fields
            turn = _Turn(cursor, plan, self._in_turn(self._steps(plan)))
            turn.note = "terms_not_asked" if plan.unasked else None
        if not turn.steps:
            return Page(note="nothing_to_ask")
        found = _Found(self._wanted(state, plan))
        while turn.steps and not found.asked:
            await self._walked(turn, found)
        if turn.suspect is not None and not turn.steps:
            self._doubted(turn, turn.suspect)
        turn.cursor = encode_cursor(msgspec.structs.replace(found.state, words=self._api.words))
        if turn.steps:
            self._turn = turn
        return Page(tuple(found.items), turn.cursor, more=bool(turn.steps), note=turn.note)

    # ---------------------------------------------------------------------------------------------- what is asked

    def _plan(self) -> Plan:
        if self._config.listen == "mentions":
            return Plan({_MENTIONS.watch: (_MENTIONS,)})
        return plan_for(
            self._interest.watches,
            own=frozenset(self._config.own_accounts),
            most=self._config.query_length,
        )

    def _steps(self, plan: Plan) -> list[_Step]:
        if self._config.listen == "search" and self._interest.keep == "counts":
            return [_Step(queries, counting=True) for queries in plan.by_watch.values()]
        return [_Step((query,)) for queries in plan.by_watch.values() for query in queries]

    def _wanted(self, state: State, plan: Plan) -> State:
        """
        With a mark for each query that is asked for, and for no other. One that is new because its watch was changed goes
        back to where the queries it replaces stood.
        """
        queries = [query for each in plan.by_watch.values() for query in each]
        present = {_key(query) for query in queries}
        left: dict[bytes, int] = {}
        for key, mark in state.marks.items():
            if key not in present and mark.read_at:
                left[mark.watch] = min(mark.read_at, left.get(mark.watch, mark.read_at))
        marks = {}
        for query in queries:
            whose = digest(query.watch)
            marks[_key(query)] = state.marks.get(_key(query)) or Mark(whose, read_at=left.get(whose, 0))
        counted = {digest(watch): state.counted.get(digest(watch), 0) for watch in plan.by_watch}
        return msgspec.structs.replace(state, marks=marks, counted=counted)

    async def _walked(self, turn: _Turn, found: _Found) -> None:
        """
        One step, or a page of it. One that X cannot answer does not hold up the others, as long as it answers those.

        Raises:
            SourceError: two in a row failed: the fault is in none of them.
        """
        step = turn.steps[0]
        off = self._put_off.get(step)
        if off is not None and self._clock.now() < off.until:
            self._over(turn, "query_failed")
            return
        try:
            if step.counting:
                await self._count(turn, step, found)
            else:
                await self._search(turn, step, found)
        except (SourceUnavailable, DocumentRefused) as error:
            if turn.suspect is not None or not _may_be_the_query(error):
                self._first = step
                raise
            turn.suspect = (step, error)
            self._over(turn, "query_failed")
            return
        if found.asked:
            turn.answered.add(step)
            self._put_off.pop(step, None)
            if turn.suspect is not None:
                self._leave_out(turn.suspect[0], turn.plan)
                turn.suspect = None

    def _doubted(self, turn: _Turn, suspect: tuple[_Step, SourceError]) -> None:
        """
        The last step of a turn failed.

        Raises:
            SourceError: nothing says that it would have been answered otherwise.
        """
        step, error = suspect
        if not turn.answered - {step} and step not in self._put_off:
            self._first = step
            raise error
        self._leave_out(step, turn.plan)

    def _in_turn(self, steps: list[_Step]) -> list[_Step]:
        """
        The one that failed last comes first, so that those behind it have their turn whatever becomes of it.
        """
        at = steps.index(self._first) if self._first in steps else 0
        self._first = None
        return [*steps[at:], *steps[:at]]

    def _leave_out(self, step: _Step, plan: Plan) -> None:
        """
        X answers others, and not this one: it is left out for a while, longer each time. What it has read stands.
        """
        asked = {query for queries in plan.by_watch.values() for query in queries}
        off = self._put_off.get(step)
        for query in step.queries:  # it may be the token that cannot be answered
            self._tokens.pop(_key(query), None)
        wait_s = PUT_OFF_FIRST_S if off is None else min(2 * off.wait_s, PUT_OFF_MOST_S)
        self._put_off = {each: off for each, off in self._put_off.items() if asked.issuperset(each.queries)}
        self._put_off[step] = _PutOff(self._clock.now() + timedelta(seconds=wait_s), wait_s)

    # -------------------------------------------------------------------------------------------------- searching

    async def _search(self, turn: _Turn, step: _Step, found: _Found) -> None:
        """
        One page of one query.
        """
        (query,) = step.queries
        now, mark = self._clock.now(), found.state.marks[_key(query)]
        if now.timestamp() - mark.refused_at < REFUSED_FOR.total_seconds():
            self._over(turn, "query_refused")
            return
        if now.timestamp() < found.state.capped_until:
            self._count_instead(turn, query, "posts_capped")
            return
        try:
            mark, page = await self._page(query, mark, found, now)
        except BudgetSpent as spent:
            self._spent(turn, query, found, spent, now)
            return
        except RequestInvalid as error:
            if "query" not in error.parameters:
                raise
            found.asked = True
            _enter(found, query, msgspec.structs.replace(mark, refused_at=int(now.timestamp())))
            self._over(turn, "query_refused")
            return
        found.asked = True
        _enter(found, query, mark)
        found.items += items_from(page, self.place)
        if mark.walk is None:
            turn.steps.pop(0)

    async def _page(self, query: Query, mark: Mark, found: _Found, now: datetime) -> tuple[Mark, WirePosts]:
        """
        The page that comes next, however the way there has to be changed: by time where X takes the id no more, by the id
        where it takes the token no more.
        """
        ask, gap = walks.ask_for(mark, now, **self._onward(query, mark))
        try:
            page, ask = await self._afforded(query, ask)
        except RequestInvalid as error:
            if error.parameters & {"since_id", "until_id", "start_time"} and (
                ask.since or ask.start or ask.until
            ):
                mark, gap = walks.by_time(mark, now)
            elif error.parameters & {"next_token", "pagination_token"} and ask.token:
                self._tokens.pop(_key(query), None)
            else:
                raise
            ask, late = walks.ask_for(mark, now)
            gap = gap or late
            page, ask = await self._afforded(query, ask)
        if page.data is None and page.meta is None:
            raise DocumentRefused("X gave no page", reason="not_an_answer")
        if gap is not None:
            found.items.append(gap)
        ids = [str(post.id) for post in page.data or () if post is not None]
        new = walks.new_posts(mark, ids, now) + self._unread(page)
        self._api.paid(min(new, ask.size), each_usd=self._each_usd)
        token = None if page.meta is None else page.meta.next_token
        mark = walks.after_page(mark, ask, newest=newest_of(page), token=token, ids=ids, now=now)
        self._tokens.pop(_key(query), None)
        if mark.walk is not None and token:
            self._tokens[_key(query)] = mark.walk, {"token": token, "until": ask.until}
        return mark, page

    def _onward(self, query: Query, mark: Mark) -> Mapping[str, str]:
        """
        The token that came with the last page of this very walk, and what it belongs to; nothing where that page was not read
        by us, or not made durable.
        """
        walk, onward = self._tokens.get(_key(query), (None, {}))
        return onward if walk is not None and walk == mark.walk else {}

    async def _afforded(self, query: Query, ask: Ask) -> tuple[WirePosts, Ask]:
        """
        A smaller page where the larger one cannot be paid.
        """
        try:
            return await self._asked(query, ask), ask
        except BudgetSpent as spent:
            if ask.size == walks.SMALLEST or isinstance(spent, SpentAtX):
                raise
        ask = replace(ask, size=walks.SMALLEST)
        return await self._asked(query, ask), ask

    async def _asked(self, query: Query, ask: Ask) -> WirePosts:
        if self._config.listen == "mentions":
            return await self._api.mentions(ask)
        return await self._api.search(query.text, ask, account=query.watch)

    def _unread(self, page: WirePosts) -> int:
        return sum(post is None for post in page.data or ())

    @property
    def _each_usd(self) -> float:
        return self._config.mention_usd if self._config.listen == "mentions" else self._config.post_usd

    def _spent(self, turn: _Turn, query: Query, found: _Found, spent: BudgetSpent, now: datetime) -> None:
        """
        Raises:
            BudgetSpent: there is no cheaper question: of mentions, or of an account without credit.
        """
        capped = isinstance(spent, SpentAtX) and spent.budget == "posts"
        if self._config.listen == "mentions" or (isinstance(spent, SpentAtX) and not capped):
            raise spent
        if capped:
            until = int(now.timestamp() + (spent.wait_s or 0.0))
            found.state = msgspec.structs.replace(found.state, capped_until=until)
        self._count_instead(turn, query, "posts_capped" if capped else "counting_instead")

    def _count_instead(self, turn: _Turn, query: Query, note: str) -> None:
        """
        All queries of the watch leave the turn; its numbers take their place.
        """
        others = [step for step in turn.steps if step.watch != query.watch]
        turn.steps[:] = [_Step(turn.plan.by_watch[query.watch], counting=True), *others]
        turn.note = note

    def _over(self, turn: _Turn, note: str) -> None:
        turn.steps.pop(0)
        turn.note = note

    # --------------------------------------------------------------------------------------------------- counting

    async def _count(self, turn: _Turn, step: _Step, found: _Found) -> None:
        """
        The hours of one watch that are over and were not told.
        """
        counted_to = _counted_to(found.state, step)
        now = self._clock.now()
        if any(
            now.timestamp() - mark.refused_at < REFUSED_FOR.total_seconds() for mark in _marks(found, step)
        ):
            self._over(turn, "query_refused")
            return
        due = hours_due(counted_to, now, every_h=self._config.counts_every_h)
        if due is None:
            turn.steps.pop(0)
            return
        start, end = due
        try:
            items = await self._numbers(step, start, end)
        except RequestInvalid as error:
            if "query" not in error.parameters:
                raise
            found.asked = True
            for query, mark in zip(step.queries, _marks(found, step), strict=True):
                _enter(found, query, msgspec.structs.replace(mark, refused_at=int(now.timestamp())))
            self._over(turn, "query_refused")
            return
        found.asked = True
        gap = too_old(counted_to, start)
        found.items += [*([gap] if gap is not None else []), *items]
        counted = {**found.state.counted, digest(step.watch): int(end.timestamp())}
        found.state = msgspec.structs.replace(found.state, counted=counted)
        turn.steps.pop(0)

    async def _numbers(self, step: _Step, start: datetime, end: datetime) -> list[Item]:
        """
        Every query of the watch in one go: a part of the sum would be a wrong number.
        """
        items: list[Item] = []
        every: list[Mapping[datetime, int]] = []
        for query in step.queries:
            hours: dict[datetime, int] = {}
            token = ""
            for _ in range(_COUNT_PAGES):
                page = await self._api.counts(query.text, start, end, token=token, account=step.watch)
                told_here, rejected = by_hour(page.data or (), start, end)
                hours |= told_here
                items += rejected
                further = page.meta.next_token if page.meta is not None else None
                if not further or further == token:
                    break
                token = further
            every.append(hours)
        return [*items, *told(step.watch, every, start, end)]


def _key(query: Query) -> bytes:
    return digest(f"{query.watch}\0{query.text}")


def _enter(found: _Found, query: Query, mark: Mark) -> None:
    found.state = msgspec.structs.replace(found.state, marks={**found.state.marks, _key(query): mark})


def _marks(found: _Found, step: _Step) -> list[Mark]:
    return [found.state.marks[_key(query)] for query in step.queries]


def _may_be_the_query(error: SourceError) -> bool:
    """
    X has answered, and with nothing that is about the account: it may not answer this question alone.
    """
    if isinstance(error, DocumentRefused):
        return error.reason in ("request_invalid", "not_an_answer")
    return isinstance(error, SourceUnavailable) and error.status is not None


def _counted_to(state: State, step: _Step) -> datetime | None:
    """
    Where counting goes on; of a watch that is searched otherwise, not before the hour in which that ended.
    """
    searched = [
        mark.read_at for mark in map(state.marks.__getitem__, map(_key, step.queries)) if mark.read_at
    ]
    counted = state.counted.get(digest(step.watch), 0)
    until = max(counted, int(floor_hour(_instant(min(searched))).timestamp())) if searched else counted
    return _instant(until) if until else None


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
