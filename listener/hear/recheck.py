"""
What a network does not announce is asked for again inside its clock: posts that were deleted, hidden, edited, or whose
author objected since.

Takes posts that can be asked about from the queue, asks their source through the `Rechecker` its adapter built, walks the
answers through watch and gate as intake does, and commits what came of them together with "asked now". `recheck_plan`
says when. Started by app beside intake; `Keeper` makes its pages durable, under the leases that intake has.

Invariants: a source that fails, for whatever reason, delays no other. Nobody is asked while the queue has no room, while
the host is held, or before the plan says so, across restarts. An ask is opened here, handed to the adapter, and nowhere
else: it is in no log line, error, metric or representation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

import anyio
import msgspec
from anyio.abc import TaskGroup

from listener.adapter import Ask, Rechecker, RecheckTerms, Verdict
from listener.clock import Clock
from listener.errors import LeaseLost, QueueError, QueueFull, SealBroken, SourceUnavailable
from listener.events import Name, PostKey, RemovalReason, Retraction
from listener.hear.keeping import LEASE_TTL_S, Keeper
from listener.hear.memo import Memo, memo_from
from listener.hear.pace import Pace, Spread
from listener.hear.policies import FULL_MOST_S
from listener.hear.recheck_plan import forecast, look_again_s, next_question_at, ripe_before
from listener.hear.seat import Seat, Source
from listener.hear.setback import setback
from listener.hear.walk import judge
from listener.keys import Sealer, open_sealed
from listener.queues.base import AskCounts, Asked, Item, Queue, Scope
from listener.status import RecheckView
from listener.telemetry import Telemetry

NAME: Final = "{}#recheck"
"""Of the state in the queue; no configured source can be called so."""

UNANSWERED_FIRST_S: Final = 3600.0
UNANSWERED_MOST_S: Final = 86_400.0
"""Chosen: a post that the source says nothing of is asked about again after an hour, then twice that, up to a day."""

UNANSWERED_MOST: Final = 1000
"""Chosen: so many are waited for one by one; where there are more, something is wrong with the source, not with a post."""

WARN_EVERY: Final = timedelta(days=1)


class Remove(Protocol):
    """
    The gate's removal of one stored post of a source.
    """

    def __call__(self, key: PostKey, *, reason: RemovalReason, now: datetime) -> Retraction: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechecked:
    """
    A source that can be asked again.

    Args:
        source: With a reader, a meter and an adapter of its own: those of intake are in the middle of a turn.
        terms: Of its adapter.
        remove: See there.
    """

    source: Source
    terms: RecheckTerms
    remove: Remove

    @property
    def name(self) -> str:
        """
        From the configuration.
        """
        return self.source.name

    @property
    def address(self) -> str:
        """
        `/<network>/<source>` of its posts.
        """
        return address_of(self.source.network, self.source.name)


def address_of(network: str, name: str) -> str:
    """
    `source` of a source's events.
    """
    return f"/{network}/{name}"


class Round(msgspec.Struct, kw_only=True, omit_defaults=True):
    """
    Where re-check is; stored with each answer.

    Args:
        last_at: When the source was asked last.
        since: Posts asked about before this are to be asked about early.
        line: Digest of whom the gate lets through; another one begins an early round.
    """

    last_at: datetime | None = None
    since: datetime | None = None
    line: str = ""


@dataclass(slots=True)
class Wait:
    """
    A post the source said nothing of.
    """

    failures: int
    until: datetime


@dataclass(slots=True, repr=False)
class Following:
    """
    One source at work.

    Args:
        seat: For keeping: its lease, its failures, its place in the commit.
        not_before: Back-off, a hold, or a start just now.
        counts: As of the last counting.
        count_again_at: What comes in meanwhile is not seen before this.
        warned_at: When an operator was last told that the clock cannot be kept.
    """

    each: Rechecked
    seat: Seat
    round: Round
    not_before: datetime
    count_again_at: datetime
    asks: Rechecker
    unanswered: dict[PostKey, Wait] = field(default_factory=dict)
    counts: AskCounts | None = None
    warned_at: datetime | None = None
    next_at: datetime | None = None
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    woken: anyio.Event = field(default_factory=anyio.Event)
    ended: anyio.Event = field(default_factory=anyio.Event)


@dataclass(slots=True, repr=False)
class Answered:
    """
    What came of one question.

    Args:
        items: For the queue.
        asked: Posts the source said something of, and that may stay.
        verdicts: How many, by what was said.
        unanswered: Posts it said nothing of.
    """

    items: list[Item] = field(default_factory=list)
    asked: list[PostKey] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)
    unanswered: list[PostKey] = field(default_factory=list)


class Rechecks:
    """
    Asks every source that can be asked, until cancelled.

    Args:
        keeper: Makes answers durable.
        queue: Tells what may be asked about.
        pace: Tells which hosts are held.
        line: Digest of whom the gate lets through now; see `InForce.line`.
    """

    def __init__(
        self, *, keeper: Keeper, queue: Queue, pace: Pace, clock: Clock, telemetry: Telemetry, line: str
    ) -> None:
        self._keeper, self._queue, self._pace, self._clock = keeper, queue, pace, clock
        self._telemetry = telemetry
        self._line = line
        self._following: dict[str, Following] = {}
        self._group: TaskGroup | None = None

    # ----------------------------------------------------------------------------------------- what is asked

    async def add(self, sources: Iterable[Rechecked]) -> None:
        """
        Ask these from now on, each from where its last commit left it.
        """
        for each in sources:
            following = await self._from_queue(each)
            self._following[each.name] = following
            self._start(following)

    async def drop(self, names: Iterable[str]) -> None:
        """
        Stop asking these sources; when this returns, none of them commits any more.
        """
        gone = [self._following.pop(name) for name in names if name in self._following]
        for following in gone:
            following.scope.cancel()
            if self._group is not None:
                await following.ended.wait()
            self._telemetry.recheck_ended(following.each.name)

    async def forget(self, name: str) -> None:
        """
        A source is not configured any more.
        """
        await self._queue.drop_source(NAME.format(name))

    def redraw(self, line: str) -> None:
        """
        The gate lets other people through from now on: ask about everything again, at once and spread over a day.
        """
        self._line = line
        for following in self._following.values():
            following.woken.set()

    async def views(self) -> tuple[RecheckView, ...]:
        """
        Each source as an operator sees it, counted now.
        """
        now = self._clock.now()
        views = []
        for name, following in self._following.items():
            view = await view_of(self._queue, name, following.each.address, following.each.terms, now=now)
            memo = following.seat.memo
            early = following.round.since is not None
            views.append(
                replace(
                    view,
                    next_at=following.next_at,
                    early=early,
                    round_s=forecast(following.each.terms, view.stored, early=early).round_s,
                    failures=memo.failures,
                    error_code=memo.error_code,
                )
            )
        return tuple(views)

    async def _from_queue(self, each: Rechecked) -> Following:
        """
        As its last commit left it. What was asked right before a crash may not be known, so nothing is asked at once.
        """
        assert isinstance(each.source.reads, Rechecker)
        now = self._clock.now()
        stored = await self._queue.source_state(NAME.format(each.name))
        source = replace(each.source, name=NAME.format(each.name))
        not_before = now + timedelta(seconds=each.terms.spacing_s)
        memo, around = Memo(), Round(line=self._line)
        if stored is not None:
            memo, around = memo_from(stored.memo, place=""), _round(stored.cursor, self._line)
            not_before = max(not_before, stored.next_due_at)
        for host in (source.group, *memo.via):
            held = await self._queue.state(Scope("host", host))
            if held is not None:
                self._pace.load(host, held)
        seat = Seat(source, None, now, memo, Spread(source.name))
        return Following(each, seat, around, not_before, now, each.source.reads)

    # ------------------------------------------------------------------------------------------------ loops

    async def run(self) -> None:
        """
        Raises:
            QueueUnavailable: the queue cannot be trusted any more; the process ends.
        """
        async with anyio.create_task_group() as group:
            self._group = group
            for following in self._following.values():
                self._start(following)
            await anyio.sleep_forever()

    def _start(self, following: Following) -> None:
        if self._group is not None:
            self._group.start_soon(self._follow, following)

    async def _follow(self, following: Following) -> None:
        """
        One source for as long as it is configured; whatever happens to it ends here.
        """
        try:
            with following.scope:
                while True:
                    await self._sleep(following, await self._turn(following))
        finally:
            following.ended.set()

    async def _sleep(self, following: Following, until: datetime) -> None:
        """
        Return at `until`, or when the line was drawn anew.
        """
        following.next_at = until
        following.woken = woken = anyio.Event()
        if following.round.line != self._line:
            return
        async with anyio.create_task_group() as group:

            async def alarm() -> None:
                await self._clock.sleep((until - self._clock.now()).total_seconds())
                group.cancel_scope.cancel()

            group.start_soon(alarm)
            await woken.wait()
            group.cancel_scope.cancel()

    async def _turn(self, following: Following) -> datetime:
        """
        Ask if it is time; when to look again.
        """
        now = self._clock.now()
        try:
            self._begin_early(following, now)
            wait_until = self._in_the_way(following, now)
            if wait_until is not None:
                return wait_until
            return await self._look(following, now)
        except LeaseLost:
            following.round.last_at = None
            self._keeper.lost(following.seat)
            return now + timedelta(seconds=LEASE_TTL_S)
        except QueueFull:
            return now + timedelta(seconds=FULL_MOST_S)
        except QueueError:
            raise
        except Exception as error:  # noqa: BLE001 - a SourceError, or a bug of an adapter: both stay in their room
            return await self._failed(following, error)

    def _begin_early(self, following: Following, now: datetime) -> None:
        """
        Where the gate lets other people through than when this source was last asked, everything is asked about anew.
        """
        if following.round.line != self._line:
            following.round.line, following.round.since = self._line, now
            self._telemetry.recheck_begun_early(source=following.each.name)

    def _in_the_way(self, following: Following, now: datetime) -> datetime | None:
        """
        Until when nobody may be asked, whatever the plan says.
        """
        if self._keeper.full:
            return now + timedelta(seconds=FULL_MOST_S)
        held = self._pace.held_until(following.seat.source.group, now)
        until = following.not_before if held is None else max(held, following.not_before)
        return until if until > now else None

    async def _look(self, following: Following, now: datetime) -> datetime:
        """
        Ask about the posts that have waited longest, if it is time; when to look again.
        """
        terms, around = following.each.terms, following.round
        latest = now + timedelta(seconds=look_again_s(terms))
        counts = await self._counts(following, now)
        found = await self._queue.asks(
            following.each.address, asked_before=now, limit=terms.batch + len(following.unanswered)
        )
        if around.since is not None and not any(each.at < around.since for each in found):
            around.since = None
        waits = following.unanswered = {
            each.key: following.unanswered[each.key] for each in found if each.key in following.unanswered
        }
        fresh = [each for each in found if each.key not in waits]
        ripe = ripe_before(terms, since=around.since, now=now)
        go_at = latest
        if fresh:
            go_at = next_question_at(
                terms,
                stored=max(counts.stored, len(found)),
                oldest_at=fresh[0].at,
                last_at=around.last_at,
                since=around.since,
                now=now,
            )
        if go_at <= now:
            regular = [each for each in fresh if each.at <= ripe][: terms.batch]
            return await self._question(following, regular, now, paced=True)
        again = [each for each in found if each.key in waits and waits[each.key].until <= now]
        if again:
            return await self._question(following, again[: terms.batch], now, paced=False)
        return min([go_at, latest, *(wait.until for wait in waits.values() if wait.until > now)])

    async def _counts(self, following: Following, now: datetime) -> AskCounts:
        """
        How many there are, not counted anew at every question; an operator is told where they are too many.
        """
        terms = following.each.terms
        if following.counts is not None and now < following.count_again_at:
            return following.counts
        clock = timedelta(seconds=terms.within_s)
        counts = await self._queue.count_asks(following.each.address, asked_before=now - clock)
        following.counts = counts
        following.count_again_at = now + timedelta(seconds=look_again_s(terms))
        self._tell_clock(following, counts, now)
        return counts

    def _tell_clock(self, following: Following, counts: AskCounts, now: datetime) -> None:
        name, terms = following.each.name, following.each.terms
        lag_s = 0.0 if counts.oldest_at is None else (now - counts.oldest_at).total_seconds()
        self._telemetry.recheck_clock(name, stored=counts.stored, lag_s=lag_s, within_s=terms.within_s)
        beyond = forecast(terms, counts.stored).beyond
        warned_at = following.warned_at
        if (beyond or counts.overdue) and (warned_at is None or now - warned_at >= WARN_EVERY):
            following.warned_at = now
            self._telemetry.recheck_behind(
                source=name,
                stored=counts.stored,
                overdue=counts.overdue,
                beyond=beyond,
                within_s=terms.within_s,
                hint="keep less (retention_days, narrower watches) or ask its network for more",
            )

    # ------------------------------------------------------------------------------------------ one question

    async def _question(
        self, following: Following, chosen: Sequence[Asked], now: datetime, *, paced: bool
    ) -> datetime:
        """
        The source was asked about these, and what it said is durable; when to look again.

        Args:
            paced: The next one of the round comes a pace later; False for one in between.
        """
        seat = following.seat
        if await self._keeper.lease(seat) is None:
            raise LeaseLost(f"source {following.each.name}: another node holds its lease")
        asks, over = await self._opened(chosen)
        seat.source.meter.clear()
        verdicts: Mapping[Ask, Verdict] = {}
        if asks:
            following.not_before = now + timedelta(seconds=following.each.terms.spacing_s)
            if paced:
                following.round.last_at = now
            verdicts = await following.asks.recheck(tuple(dict.fromkeys(asks.values())))
        now = self._clock.now()
        answered = self._judged(following, asks, verdicts, await self._keeper.sealer(seat, now), now)
        answered.asked += over
        answered.verdicts["over"] += len(over)
        seat.memo.answered(now)
        outcomes = await self._commit(following, answered, now)
        self._note_unanswered(following, answered, now)
        self._tell(following, answered, outcomes)
        if len(following.unanswered) > UNANSWERED_MOST:
            following.unanswered.clear()
            raise SourceUnavailable(f"source {following.each.name} says nothing of what it is asked about")
        return now

    async def _opened(self, chosen: Collection[Asked]) -> tuple[dict[PostKey, Ask], list[PostKey]]:
        """
        What to send for each; and those whose day's key is gone, whose bodies end by themselves at this very time.
        """
        keys = await self._queue.sealing_keys()
        asks: dict[PostKey, Ask] = {}
        over: list[PostKey] = []
        for each in chosen:
            try:
                asks[each.key] = Ask(open_sealed(each.sealed_ask, purpose="ask", keys=keys))
            except SealBroken:
                over.append(each.key)
        return asks, over

    def _judged(
        self,
        following: Following,
        asks: Mapping[PostKey, Ask],
        verdicts: Mapping[Ask, Verdict],
        sealer: Sealer,
        now: datetime,
    ) -> Answered:
        """
        What each answer means. One on which our own code fails counts as none: the rest goes on.
        """
        answered = Answered()
        for key, ask in asks.items():
            try:
                known = self._judge(following, key, verdicts.get(ask), answered, sealer, now)
            except Exception as error:  # noqa: BLE001 - a bug met by one post must not stop its source
                self._keeper.report(error)
                known = False
            if not known:
                answered.verdicts["unanswered"] += 1
                answered.unanswered.append(key)
        return answered

    def _judge(
        self,
        following: Following,
        key: PostKey,
        verdict: Verdict | None,
        answered: Answered,
        sealer: Sealer,
        now: datetime,
    ) -> bool:
        """
        Whether the source said anything of this post; what follows is entered.
        """
        if verdict is None or (verdict.state == "changed" and verdict.post is None):
            return False
        if verdict.state in ("gone", "withheld"):
            reason: RemovalReason = "deleted" if verdict.state == "gone" else "withdrawn"
            answered.items.append(following.each.remove(key, reason=reason, now=now))
        elif verdict.post is not None and verdict.state == "changed":
            source = following.each.source
            judged = judge(
                verdict.post,
                asking=self._keeper.asking,
                door=source.door,
                take_all=source.take_all,
                sealer=sealer,
                now=now,
            )
            if judged.withheld == "consent_unreadable":
                return False
            item = judged.item
            if isinstance(
                item, Retraction
            ):  # by whatever name it is stored, it is the one that was asked about
                item = replace(item, names=(_name(key), *item.names))
            if item is not None:
                answered.items.append(item)
            answered.asked.append(key)
        else:
            answered.asked.append(key)
        answered.verdicts[verdict.state] += 1
        return True

    async def _commit(self, following: Following, answered: Answered, now: datetime) -> Counter[str]:
        """
        How many of the items had which outcome; removals by their reason.
        """
        outcomes = await self._keeper.keep_asked(
            following.seat,
            answered.items,
            asked=tuple(answered.asked),
            around=msgspec.json.encode(following.round),
            due_at=following.not_before,
        )
        return Counter(
            outcome if outcome != "removed" or not isinstance(item, Retraction) else item.reason
            for item, outcome in zip(answered.items, outcomes, strict=True)
        )

    def _note_unanswered(self, following: Following, answered: Answered, now: datetime) -> None:
        """
        Each is asked about again later, longer each time.
        """
        for key in answered.unanswered:
            wait = following.unanswered.get(key, Wait(0, now))
            first_s = min(UNANSWERED_FIRST_S, following.each.terms.within_s / 20)
            wait_s = min(first_s * 2.0 ** min(wait.failures, 16), UNANSWERED_MOST_S)
            following.unanswered[key] = Wait(wait.failures + 1, now + timedelta(seconds=wait_s))
        for key in answered.asked:
            following.unanswered.pop(key, None)
        for item in answered.items:
            if isinstance(item, Retraction):
                following.unanswered.pop(PostKey(item.names[0].hex()), None)

    def _tell(self, following: Following, answered: Answered, outcomes: Counter[str]) -> None:
        self._telemetry.recheck_answered(
            source=following.each.name,
            verdicts=dict(answered.verdicts),
            updated=outcomes["updated"],
            removed={
                reason: outcomes[reason]
                for reason in ("deleted", "withdrawn", "watch_removed")
                if outcomes[reason]
            },
        )

    # --------------------------------------------------------------------------------------------- failures

    async def _failed(self, following: Following, error: Exception) -> datetime:
        """
        When to ask again, durably.
        """
        seat, now = following.seat, self._clock.now()
        found = setback(
            error,
            seat.memo,
            relation=seat.source.relation,
            floor_s=following.each.terms.spacing_s,
            rng=seat.rng,
            now=now,
        )
        seat.memo.revive()  # an end is for intake to believe
        following.round.last_at = None  # a question that failed counts for the spacing, not for the pace
        if found.code == "internal":
            self._keeper.report(error)
        wait_s = max(found.wait_s, following.each.terms.spacing_s)
        following.not_before = due_at = now + timedelta(seconds=wait_s)
        if found.why == "held":
            self._pace.hold(seat.source.group, due_at)
        self._telemetry.recheck_failed(
            source=following.each.name, error_code=found.code, failures=seat.memo.failures, wait_s=wait_s
        )
        try:
            await self._keeper.keep_asked(
                seat, (), asked=(), around=msgspec.json.encode(following.round), due_at=due_at
            )
        except LeaseLost:
            self._keeper.lost(seat)
        return due_at


async def view_of(
    queue: Queue, name: str, address: str, terms: RecheckTerms, *, now: datetime
) -> RecheckView:
    """
    What is stored of a source and whether its clock can be kept, as far as the queue tells.
    """
    counts = await queue.count_asks(address, asked_before=now - timedelta(seconds=terms.within_s))
    found = forecast(terms, counts.stored)
    return RecheckView(
        name=name,
        stored=counts.stored,
        overdue=counts.overdue,
        oldest_at=counts.oldest_at,
        within_s=terms.within_s,
        capacity=found.capacity,
        beyond=found.beyond,
        round_s=found.round_s,
    )


def _round(stored: bytes | None, line: str) -> Round:
    """
    As it was stored; a fresh one where that cannot be read (another version wrote it).
    """
    try:
        return msgspec.json.decode(stored or b"", type=Round)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Round(line=line)


def _name(key: PostKey) -> Name:
    return Name(bytes.fromhex(key))
