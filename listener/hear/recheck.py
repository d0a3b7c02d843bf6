"""
What a network does not announce is asked for again inside its clock: posts that were deleted, hidden, edited, or whose
author objected since.

Takes posts that can be asked about from the queue, asks their source through the `Rechecker` its adapter built, walks the
answers through watch and gate as intake does, and commits what came of them together with "asked now". `recheck_plan`
says when, `recheck_answers` what an answer means. Started by app beside intake; `Keeper` makes its pages durable, under the leases that intake has.

Invariants: a source that fails, for whatever reason, delays no other. Nobody is asked while the queue has no room, while
the host is held, or before the plan says so, across restarts. An ask is handed to the adapter and nowhere else: it is
in no log line, error, metric or representation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import anyio
import msgspec
from anyio.abc import TaskGroup

from listener.adapter import Ask, Rechecker, Verdict
from listener.clock import Clock
from listener.errors import LeaseLost, QueueError, QueueFull, SourceUnavailable
from listener.events import PostKey, Retraction
from listener.hear.keeping import LEASE_TTL_S, Keeper
from listener.hear.memo import Memo, memo_from
from listener.hear.pace import Pace, Spread
from listener.hear.policies import FULL_MOST_S
from listener.hear.recheck_answers import Answered, judged, opened
from listener.hear.recheck_plan import forecast, look_again_s, next_question_at, ripe_before
from listener.hear.recheck_seat import NAME, Following, Rechecked, Round, Wait, round_from, view_of
from listener.hear.seat import Seat
from listener.hear.setback import SPENT, setback
from listener.queues.base import AskCounts, Asked, Queue, Scope
from listener.status import RecheckView
from listener.telemetry import Telemetry

UNANSWERED_FIRST_S: Final = 3600.0
UNANSWERED_MOST_S: Final = 86_400.0
"""Chosen: a post that the source says nothing of is asked about again after an hour, then twice that, up to a day."""

UNANSWERED_MOST: Final = 1000
"""Chosen: so many are waited for one by one; where there are more, something is wrong with the source, not with a post."""

WARN_EVERY: Final = timedelta(days=1)


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

    def afford(self, names: Iterable[str]) -> None:
        """
        The budgets of these have more now: where one waits for that, it asks again soon.
        """
        for following in [self._following[name] for name in names if name in self._following]:
            if following.seat.memo.error_code == SPENT:
                spacing = timedelta(seconds=following.each.terms.spacing_s)
                following.not_before = self._clock.now() + spacing
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
            memo, around = memo_from(stored.memo, place=""), round_from(stored.cursor, self._line)
            if memo.error_code != SPENT:  # its limit may be another one now; where it is not, nothing leaves
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
        Return at `until`, or when the line was drawn anew; no later than it has to be counted again.
        """
        look_again = timedelta(seconds=look_again_s(following.each.terms))
        following.next_at = until
        following.woken = woken = anyio.Event()
        if following.round.line != self._line:
            return
        async with anyio.create_task_group() as group:

            async def alarm() -> None:
                now = self._clock.now()
                await self._clock.sleep((min(until, now + look_again) - now).total_seconds())
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
                if wait_until > now + timedelta(seconds=look_again_s(following.each.terms)):
                    await self._counts(following, now)  # a clock that runs out meanwhile is told all the same
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
        asks, over = opened(chosen, await self._queue.sealing_keys())
        seat.source.meter.clear()
        verdicts: Mapping[Ask, Verdict] = {}
        if asks:
            following.not_before = now + timedelta(seconds=following.each.terms.spacing_s)
            if paced:
                following.round.last_at = now
            verdicts = await following.asks.recheck(tuple(dict.fromkeys(asks.values())))
        now = self._clock.now()
        answered = judged(
            following.each,
            asks,
            verdicts,
            asking=self._keeper.asking.within(seat.source.watches),
            sealer=await self._keeper.sealer(seat, now),
            now=now,
            report=self._keeper.report,
        )
        answered.asked += over
        answered.verdicts["over"] += len(over)
        seat.memo.answered(now)
        outcomes = await self._commit(following, answered, {each.key: each.sealed_ask for each in chosen})
        self._note_unanswered(following, answered, now)
        self._tell(following, answered, outcomes)
        if len(following.unanswered) > UNANSWERED_MOST:
            following.unanswered.clear()
            raise SourceUnavailable(f"source {following.each.name} says nothing of what it is asked about")
        return now

    async def _commit(
        self, following: Following, answered: Answered, answers: Mapping[PostKey, bytes]
    ) -> Counter[str]:
        """
        How many of the items had which outcome; removals by their reason. While the source was asked it may have told more
        than it answers: what is older than that changes nothing.
        """
        outcomes = await self._keeper.keep_asked(
            following.seat,
            answered.items,
            asked=tuple(answered.asked),
            answers=answers,
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
        error = await self._keeper.understood(following.seat, error)
        seat, now = following.seat, self._clock.now()
        found = setback(
            error,
            seat.memo,
            relation=seat.source.relation,
            floor_s=following.each.terms.spacing_s,
            rng=seat.rng,
            now=now,
            meanings=seat.source.meanings,
        )
        seat.memo.revive()  # an end is for intake to believe
        following.round.last_at = None  # a question that failed counts for the spacing, not for the pace
        if found.why == "budget":
            seat.memo.error_code = found.code  # no failure, but why nothing is asked
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
                seat, (), asked=(), answers={}, around=msgspec.json.encode(following.round), due_at=due_at
            )
        except LeaseLost:
            self._keeper.lost(seat)
        return due_at
