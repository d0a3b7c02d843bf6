"""Re-check: what the network does not announce is found out inside its clock, and nobody is asked more than that."""

from __future__ import annotations

import io
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import SimpleNamespace

import anyio
import orjson
import pytest
from msgspec import structs

from listener.adapter import Ask, Page, RecheckTerms, Verdict
from listener.errors import (
    AccessDenied,
    BudgetSpent,
    QueueFull,
    QueueUnavailable,
    RateLimited,
    SourceUnavailable,
)
from listener.events import Cleared, Consent, Post, PostKey, PostRemoved, WatchName, decode_event
from listener.gate import Gate, Place
from listener.hear.keeping import Keeper
from listener.hear.pace import Pace
from listener.hear.recheck import Rechecks
from listener.hear.recheck_seat import Rechecked
from listener.hear.seat import Source
from listener.hear.walk import Asking
from listener.in_force import Door
from listener.keys import KeyRing, Sealer, sealing_day
from listener.queues.base import Commit, Outcome, SourceState
from listener.telemetry import Telemetry
from listener.testing.virtual_clock import START, VirtualClock
from tests.fakes.memory_queue import MemoryQueue

pytestmark = pytest.mark.anyio

HOUR, DAY = 3600.0, 86_400.0
KEYS = KeyRing([b"a secret of sixteen bytes or more"])
GATE = Gate(
    keys=KEYS, own_handles=["@city"], country="CA", consent="objection", nobot_tags=(), objections=frozenset()
)
TERMS = RecheckTerms(within_s=7 * DAY, batch=20, spacing_s=30.0)
MONTH = timedelta(days=30)


@dataclass(repr=False)
class Town:
    """
    A network that can be asked about posts by their numbers, and announces nothing.

    Args:
        verdicts: What it says of some; of all others that they are unchanged.
        silent: Numbers of which it says nothing.
        fails: Raised by the next questions, one each.
    """

    clock: VirtualClock
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    fails: list[BaseException] = field(default_factory=list)
    questions: list[tuple[float, tuple[str, ...]]] = field(default_factory=list)
    answers: list[tuple[float, tuple[str, ...]]] = field(default_factory=list)

    async def fetch(self, cursor: object) -> Page:
        raise AssertionError("re-check never reads")

    async def recheck(self, asks: Sequence[Ask]) -> Mapping[Ask, Verdict]:
        self.questions.append((self.clock.monotonic(), tuple(asks)))
        await self.clock.sleep(1)
        if self.fails:
            raise self.fails.pop(0)
        self.answers.append(self.questions[-1])
        return {ask: self.verdicts.get(ask, Verdict("unchanged")) for ask in asks if ask not in self.silent}

    def times(self) -> dict[str, list[float]]:
        """
        When each was asked about and an answer came.
        """
        found: dict[str, list[float]] = {}
        for at, asks in self.answers:
            for ask in asks:
                found.setdefault(ask, []).append(at)
        return found


def post(number: int, text: str = "snow on the road", **changed: object) -> Post:
    return structs.replace(Post(native=f"town/{number}", kind="post", text=text, ask=str(number)), **changed)


def key(number: int) -> PostKey:
    return PostKey(KEYS.name("town", f"town/{number}").hex())


class House:
    """Everything around re-check, on a virtual clock."""

    def __init__(
        self, queue: MemoryQueue | None = None, clock: VirtualClock | None = None, line: str = "a"
    ) -> None:
        self.clock = clock or VirtualClock()
        self.queue = queue or MemoryQueue()
        self.out = io.StringIO()
        self.telemetry = Telemetry(self.out, debug=True)
        self.pace = Pace(2.0, frozenset())
        self.keeper = Keeper(
            queue=self.queue,
            pace=self.pace,
            asking=Asking(lambda post: (WatchName("snow"),) if "snow" in post.text else ()),
            clock=self.clock,
            telemetry=self.telemetry,
            node="local",
        )
        self.rechecks = Rechecks(
            keeper=self.keeper,
            queue=self.queue,
            pace=self.pace,
            clock=self.clock,
            telemetry=self.telemetry,
            line=line,
        )

    def again(self, line: str = "a") -> House:
        """
        After a restart.
        """
        return House(self.queue, self.clock, line)

    def source(self, town: Town, *, name: str = "town", terms: RecheckTerms = TERMS) -> Rechecked:
        place = Place(network="town", source=name, keep="text", retention=MONTH, emit_from=MONTH)
        door = Door(SimpleNamespace(gate=GATE, places={name: place}), name)  # type: ignore[arg-type]  # what a door looks at
        source = Source(
            name=name,
            network="town",
            relation="public",
            keep="text",
            take_all=False,
            door=door,
            reads=town,
            group=f"{name}.example",
            interval_s=HOUR,
            floor_s=60.0,
            look_back=MONTH,
            derived_metrics="free",
            terms_read_on=date(2026, 1, 1),
        )
        return Rechecked(source=source, terms=terms, remove=door.remove)

    async def store(self, *posts: Post, name: str = "town") -> None:
        """
        As intake would have it stored just now.
        """
        now = self.clock.now()
        sealer = Sealer(sealing_day(now), await self.queue.sealing_key(sealing_day(now)))
        place = Place(network="town", source=name, keep="text", retention=MONTH, emit_from=MONTH)
        items = [
            GATE.clear(each, place=place, watches=(WatchName("snow"),), shortest=None, sealer=sealer, now=now)
            for each in posts
        ]
        lease = await self.queue.lease(f"{name}.example", "local", ttl_s=120, now=now)
        assert lease is not None
        for start in range(0, len(items), 900):
            await self.queue.commit(
                Commit(
                    commit_id=f"{name}-{now}-{start}",
                    source=name,
                    items=tuple(item for item in items[start : start + 900] if isinstance(item, Cleared)),
                    state=SourceState(b"intake's own", now),
                    states={},
                    lease=lease,
                    at=now,
                    keys_until_at=now + MONTH,
                )
            )

    @asynccontextmanager
    async def running(self, *sources: Rechecked) -> AsyncIterator[None]:
        await self.rechecks.add(sources)
        async with anyio.create_task_group() as group:
            group.start_soon(self.rechecks.run)
            yield
            group.cancel_scope.cancel()

    async def pass_s(self, seconds: float) -> None:
        await self.clock.advance(seconds)

    def lines(self, event: str) -> list[dict[str, object]]:
        told = [orjson.loads(line) for line in self.out.getvalue().splitlines()]
        return [
            {k: v for k, v in line.items() if k not in ("timestamp", "level", "event")}
            for line in told
            if line["event"] == event
        ]

    async def told(self) -> list[tuple[str, str, str | None]]:
        """
        Type, key and reason of what a consumer reads.
        """
        events = [decode_event(entry.line) for entry in (await self.queue.read(None, limit=1000)).entries]
        return [
            (
                str(event.__struct_config__.tag).removeprefix("listener.post."),
                event.subject,
                event.data.reason if isinstance(event, PostRemoved) else None,
            )
            for event in events
        ]


def gaps(town: Town) -> list[float]:
    """
    Seconds between questions.
    """
    at = [time for time, _ in town.questions]
    return [later - earlier for earlier, later in itertools.pairwise(at)]


# --------------------------------------------------------------------------------------------------- the clock


async def test_a_burst_is_spread_over_the_clock() -> None:
    """Two thousand posts of one minute are each asked about once in a round, one question every hour and a half."""
    house = House()
    town = Town(house.clock)
    await house.store(*map(post, range(2000)))
    async with house.running(house.source(town)):
        await house.pass_s(0.95 * 7 * DAY)

    times = town.times()
    assert len(times) == 2000
    assert {len(each) for each in times.values()} == {1}
    assert [min(gaps(town)), max(gaps(town))] == pytest.approx([0.9 * 7 * DAY / 100] * 2)
    assert {len(asks) for _, asks in town.questions} == {20}


async def test_three_weeks_of_arrivals_failures_and_restarts() -> None:
    """
    Posts that come all the time are each asked about once in every clock and not much oftener, never closer than the spacing,
    oldest first; across restarts, an hour without an answer now and then, and a growing number.
    """
    house = House()
    town = Town(house.clock)
    stored: dict[str, float] = {}
    for day in range(21):
        numbers = range(day * 99, day * 99 + 99)
        async with (restarted := house.again()).running(restarted.source(town)):
            for part in range(3):
                some = list(map(post, numbers[part * 33 : part * 33 + 33]))
                await restarted.store(*some)
                stored |= {str(each.ask): house.clock.monotonic() for each in some}
                if part == 1 and day % 4 == 0:
                    town.fails += [SourceUnavailable("source town: no answer")] * 3
                await restarted.pass_s(DAY / 3)

    answered = town.times()
    end = house.clock.monotonic()
    for ask, at in stored.items():
        waits = [
            later - earlier
            for earlier, later in zip(
                [at, *answered.get(ask, [])], [*answered.get(ask, []), end], strict=False
            )
        ]
        assert max(waits) <= 7 * DAY
    clocks = sum(end - at for at in stored.values()) / (7 * DAY)
    assert sum(map(len, answered.values())) / clocks < 1.2
    assert min(gaps(town)) >= TERMS.spacing_s


async def test_late_posts_are_caught_up_with_as_fast_as_the_terms_allow() -> None:
    """After ten days of standstill everything is asked about at the spacing, and an operator has been told, once."""
    house = House()
    town = Town(house.clock)
    await house.store(*map(post, range(100)))
    await house.pass_s(10 * DAY)
    async with house.running(house.source(town)):
        await house.pass_s(HOUR)
        (view,) = await house.rechecks.views()

    assert [len(asks) for _, asks in town.questions] == [20] * 5
    assert gaps(town) == [30.0] * 4
    assert (view.stored, view.overdue) == (100, 0)
    assert house.lines("recheck.behind") == [
        {
            "source": "town",
            "stored": 100,
            "overdue": 100,
            "beyond": 0,
            "within_s": 604800.0,
            "hint": "keep less (retention_days, narrower watches) or ask its network for more",
        }
    ]


async def test_a_clock_that_cannot_be_kept_is_told_once_a_day() -> None:
    """By how many posts; and the source is asked at its spacing all the same."""
    house = House()
    town = Town(house.clock)
    terms = RecheckTerms(within_s=DAY, batch=1, spacing_s=HOUR)
    await house.store(*map(post, range(30)))
    async with house.running(house.source(town, terms=terms)):
        await house.pass_s(2.9 * DAY)
        (view,) = await house.rechecks.views()

    assert [(line["stored"], line["beyond"]) for line in house.lines("recheck.behind")] == [(30, 6)] * 3
    assert set(gaps(town)) == {HOUR}
    assert (view.capacity, view.beyond, view.round_s) == (24, 6, 30 * HOUR)
    lag = house.telemetry.registry.get_sample_value("listener_recheck_lag_seconds", {"source": "town"})
    assert lag is not None
    assert DAY < lag < 1.6 * DAY


async def test_a_restart_asks_nobody_earlier() -> None:
    """A hundred starts in an hour ask once: where a round is stands in the queue, and no start asks at once."""
    house = House()
    town = Town(house.clock)
    await house.store(post(1))
    await house.pass_s(3 * DAY)
    for _ in range(100):
        async with (restarted := house.again()).running(restarted.source(town)):
            await restarted.pass_s(36)

    assert len(town.questions) == 1


async def test_posts_that_cannot_be_asked_about_are_not() -> None:
    """Without an ask nothing happens, and those of another source are left to that one."""
    house = House()
    town, other = Town(house.clock), Town(house.clock)
    await house.store(post(1, ask=None))
    await house.store(post(2), name="other")
    async with house.running(house.source(town), house.source(other, name="other")):
        await house.pass_s(3 * DAY)

    assert (town.questions, [asks for _, asks in other.questions]) == ([], [("2",)])


# ------------------------------------------------------------------------------------------------ the verdicts


async def test_every_verdict() -> None:
    """
    Gone and withheld posts are removed for their reason, an edit is told, one that the watches or the gate would not let
    through today goes, an unchanged one stays, and the sums agree.
    """
    house = House()
    says = {
        "1": Verdict("gone"),
        "2": Verdict("withheld"),
        "3": Verdict("changed", post(3, "snow and ice")),
        "4": Verdict("changed", post(4, "rain")),
        "5": Verdict("changed", post(5, consent=Consent(flags=frozenset({"noindex"})))),
        "6": Verdict("changed", post(6, consent=Consent(public=False))),
        "7": Verdict("changed", post(7)),
        "8": Verdict("unchanged"),
    }
    town = Town(house.clock, verdicts=says)
    await house.store(*(post(number) for number in range(1, 9)))
    async with house.running(house.source(town)):
        await house.pass_s(DAY)
        told = sorted(
            await house.told(), key=lambda event: [key(n) for n in range(1, 9)].index(PostKey(event[1]))
        )
        again = house.queue
        left = await again.asks("/town/town", asked_before=house.clock.now(), limit=10)

    assert [(kind, reason) for kind, _, reason in told] == [
        ("removed", "deleted"),
        ("removed", "withdrawn"),
        ("updated", None),
        ("removed", "watch_removed"),
        ("removed", "withdrawn"),
        ("removed", "withdrawn"),
        ("created", None),
        ("created", None),
    ]
    assert {each.key for each in left} == {key(3), key(7), key(8)}
    assert house.lines("recheck.answered") == [
        {
            "source": "town",
            "verdicts": {"gone": 1, "withheld": 1, "changed": 5, "unchanged": 1, "over": 0},
            "updated": 1,
            "removed": {"deleted": 1, "withdrawn": 3, "watch_removed": 1},
        }
    ]
    value = house.telemetry.registry.get_sample_value
    assert value("listener_rechecked_total", {"source": "town", "verdict": "changed"}) == 5
    assert value("listener_removals_honoured_total", {"reason": "withdrawn"}) == 3


async def test_an_edit_is_judged_by_the_watches_of_its_source() -> None:
    """What is looked for elsewhere only does not stay here, once the source says that it was edited."""
    house = House()
    town = Town(house.clock, verdicts={"1": Verdict("changed", post(1, "snow and ice"))})
    each = house.source(town)
    each = replace(each, source=replace(each.source, watches=frozenset({WatchName("ice")})))
    await house.store(post(1))

    async with house.running(each):
        await house.pass_s(DAY)
        told = await house.told()

    assert [(kind, reason) for kind, _, reason in told] == [("removed", "watch_removed")]


async def test_what_is_gone_is_refused_and_what_was_withdrawn_may_return() -> None:
    """A deleted post does not come back; one whose author had only withdrawn consent does, when they give it again."""
    house = House()
    no = Verdict("changed", post(2, consent=Consent(flags=frozenset({"noindex"}))))
    town = Town(house.clock, verdicts={"1": Verdict("gone"), "2": no})
    await house.store(post(1), post(2))
    async with house.running(house.source(town)):
        await house.pass_s(DAY)
        await house.store(post(1), post(2))

    assert sorted(await house.told()) == sorted([("removed", key(1), "deleted"), ("created", key(2), None)])


async def test_what_the_source_says_nothing_of_is_asked_again_later_and_holds_up_no_other() -> None:
    """An hour later, then two, four …, up to a day; the others meanwhile have their turn, and it counts as unasked."""
    house = House()
    town = Town(house.clock, silent={"0", "1"})
    terms = RecheckTerms(within_s=7 * DAY, batch=2, spacing_s=30.0)
    await house.store(*map(post, range(6)))
    async with house.running(house.source(town, terms=terms)):
        await house.pass_s(6.5 * DAY)
        (oldest, *_) = await house.queue.asks("/town/town", asked_before=house.clock.now(), limit=1)

    times = town.times()
    assert {len(times[str(number)]) for number in range(2, 6)} == {1}
    assert len(times["0"]) > 3
    assert all(later - earlier >= HOUR for earlier, later in zip(times["0"], times["0"][1:], strict=False))
    assert oldest.at == START


async def test_an_answer_that_makes_no_sense_is_none() -> None:
    """A change without a post, a post on which our own code fails, a verdict on what was not asked about: the rest goes on."""
    house = House()

    class Broken(Post, frozen=True):
        @property  # type: ignore[misc]  # where a field was
        def text(self) -> str:
            raise ZeroDivisionError("PERSON")

    broken = Broken(native="town/2", kind="post", text="")
    says = {"1": Verdict("changed"), "2": Verdict("changed", broken), "3": Verdict("gone")}
    town = Town(house.clock, verdicts=says)
    await house.store(post(1), post(2), post(3))
    async with house.running(house.source(town)):
        await house.pass_s(0.05 * 7 * DAY + 60)

    (line,) = house.lines("recheck.answered")
    assert line["verdicts"] == {"unanswered": 2, "gone": 1, "over": 0}
    assert [line["error"] for line in house.lines("daemon.fault")] == ["ZeroDivisionError"]
    assert "PERSON" not in house.out.getvalue()


async def test_an_ask_whose_key_is_gone_is_over() -> None:
    """What was sealed on a day whose key was destroyed is asked about no more; nothing fails."""
    house = House()
    town = Town(house.clock)
    await house.store(post(1))
    await house.pass_s(DAY)
    await house.store(post(2))
    await house.queue.destroy_sealing_keys(before=sealing_day(house.clock.now()))
    async with house.running(house.source(town)):
        await house.pass_s(3 * DAY)

    assert [asks for _, asks in town.questions] == [("2",)]
    assert sum(line["verdicts"]["over"] for line in house.lines("recheck.answered")) == 1  # type: ignore[index]


# ------------------------------------------------------------------------------------------------- what fails


@pytest.mark.parametrize(
    ("error", "code", "least_s", "most_s"),
    [
        (SourceUnavailable("source town: no answer"), "unavailable", 300, 301),
        (AccessDenied("source town: refused"), "denied", DAY, DAY),
        (RateLimited("source town: too often", wait_s=5000), "rate_limited", 5000, 5000),
        (RateLimited("source town: too often", wait_s=None), "rate_limited", 600, 1200),
        (ZeroDivisionError("PERSON"), "internal", 300, 301),
    ],
)
async def test_a_failure_backs_off_alone(error: Exception, code: str, least_s: float, most_s: float) -> None:
    """Whatever a rechecker raises, it is asked again later, across a restart, and the other source has its turn."""
    house = House()
    sad, glad = Town(house.clock, fails=[error]), Town(house.clock)
    await house.store(post(1))
    await house.store(post(2), name="glad")
    await house.pass_s(3 * DAY)
    async with house.running(house.source(sad), house.source(glad, name="glad")):
        await house.pass_s(60)
    failures = (await house.rechecks.views())[0].failures
    async with (restarted := house.again()).running(restarted.source(sad)):
        await restarted.pass_s(2 * DAY)

    (wait_s, *_) = gaps(sad)
    assert least_s <= wait_s - 1 <= most_s
    assert len(glad.questions) == 1
    assert (failures, [line["error_code"] for line in house.lines("recheck.failed")]) == (
        0 if code == "rate_limited" else 1,
        [code],
    )
    assert "PERSON" not in house.out.getvalue()


async def test_a_budget_that_is_spent_for_weeks_does_not_hide_a_clock_that_runs_out() -> None:
    """Nobody is asked, and every day an operator is told how many posts are over their time, and by which word nothing is asked."""
    house = House()
    spent = BudgetSpent("spent", budget="usd", wait_s=20 * DAY)
    town = Town(house.clock, fails=[spent])
    await house.store(post(1))
    await house.pass_s(3 * DAY)
    async with house.running(house.source(town)):
        await house.pass_s(6 * DAY)
        (view,) = await house.rechecks.views()
        lag_s = house.telemetry.registry.get_sample_value("listener_recheck_lag_seconds", {"source": "town"})

    assert [(line["overdue"], line["beyond"]) for line in house.lines("recheck.behind")] == [(1, False)] * 2
    assert (len(town.questions), view.error_code, view.failures) == (1, "budget_spent", 0)
    assert lag_s == pytest.approx(9 * DAY, abs=HOUR)


@pytest.mark.parametrize("how", ["reload", "restart", "neither"])
async def test_a_budget_that_has_more_is_noticed(how: str) -> None:
    """By whoever waits for it, where the configuration is read again and where the daemon is started anew; else nobody is asked."""
    house = House()
    spent = BudgetSpent("spent", budget="usd", wait_s=20 * DAY)
    town = Town(house.clock, fails=[spent])
    await house.store(post(1))
    await house.pass_s(8 * DAY)
    async with house.running(house.source(town)):
        await house.pass_s(HOUR)
        if how == "reload":
            house.rechecks.afford({"town", "never was"})
        await house.pass_s(HOUR)
    if how == "restart":
        async with (restarted := house.again()).running(restarted.source(town)):
            await restarted.pass_s(HOUR)

    assert (len(town.questions), len(town.answers)) == ((1, 0) if how == "neither" else (2, 1))


async def test_a_held_host_is_not_asked() -> None:
    """What a server asked of intake counts for re-check too."""
    house = House()
    town = Town(house.clock)
    await house.store(post(1))
    await house.pass_s(3 * DAY)
    house.pace.hold("town.example", house.clock.now() + timedelta(hours=5))
    async with house.running(house.source(town)):
        await house.pass_s(6 * HOUR)

    assert [at for at, _ in town.questions] == [3 * DAY + 5 * HOUR]


async def test_a_full_queue_asks_nobody() -> None:
    """While there is no room no question is asked; one whose answer found none waits with it."""

    class Tight(MemoryQueue):
        full = False

        async def commit(self, commit: Commit) -> tuple[Outcome, ...]:
            if self.full:
                raise QueueFull("no room")
            return await super().commit(commit)

    queue = Tight()
    house = House(queue)
    town, other = Town(house.clock, verdicts={"1": Verdict("gone")}), Town(house.clock)
    await house.store(post(1))
    await house.pass_s(HOUR)
    await house.store(post(2), name="other")
    await house.pass_s(0.05 * 7 * DAY - HOUR)
    queue.full = True
    async with house.running(house.source(town), house.source(other, name="other")):
        await house.pass_s(HOUR)
        asked = (len(town.questions), len(other.questions))
        queue.full = False
        await house.pass_s(HOUR)

    assert asked == (1, 0)
    assert (len(town.questions), len(other.questions)) == (1, 1)
    assert ("removed", key(1), "deleted") in await house.told()


async def test_a_queue_that_cannot_be_trusted_ends_it() -> None:
    """The one error that is nobody's own."""

    class Broken(MemoryQueue):
        async def asks(self, *_: object, **__: object) -> tuple[()]:
            raise QueueUnavailable("damaged")

    house = House(Broken())
    await house.store(post(1))
    with pytest.raises(ExceptionGroup) as raised:
        async with house.running(house.source(Town(house.clock))):
            await house.pass_s(DAY)

    assert raised.group_contains(QueueUnavailable)


async def test_another_node_has_the_lease() -> None:
    """Then it asks, and we look again two minutes later."""
    house = House()
    town = Town(house.clock)
    await house.store(post(1))
    await house.pass_s(3 * DAY)
    await house.queue.lease("town.example", "elsewhere", ttl_s=HOUR, now=house.clock.now())
    async with house.running(house.source(town)):
        await house.pass_s(2 * HOUR)

    ((at, _),) = town.questions
    assert HOUR <= at - 3 * DAY <= HOUR + 120


async def test_intakes_own_state_stays() -> None:
    """Cursor and due time of the source are where intake left them."""
    house = House()
    town = Town(house.clock)
    await house.store(post(1))
    before = await house.queue.source_state("town")
    async with house.running(house.source(town)):
        await house.pass_s(DAY)

    assert len(town.questions) == 1
    assert await house.queue.source_state("town") == before


async def test_a_dropped_source_is_asked_no_more() -> None:
    """Not even about the question that was open; the posts stand where they stood."""
    house = House()
    town = Town(house.clock)
    await house.store(*map(post, range(100)))
    await house.pass_s(8 * DAY)
    async with house.running(house.source(town)):
        await house.pass_s(30.5)
        before = await house.queue.asks("/town/town", asked_before=house.clock.now(), limit=1)
        lag = house.telemetry.registry.get_sample_value
        told = [lag("listener_recheck_lag_seconds", {"source": "town"})]
        await house.rechecks.drop(["town", "never was"])
        told.append(lag("listener_recheck_lag_seconds", {"source": "town"}))
        await house.rechecks.forget("town")
        await house.pass_s(DAY)
        after = await house.queue.asks("/town/town", asked_before=house.clock.now(), limit=1)

    assert (len(town.questions), before, await house.rechecks.views()) == (1, after, ())
    assert told == [8 * DAY + TERMS.spacing_s, None]


# --------------------------------------------------------------------------------------------- another line


@pytest.mark.parametrize("how", ["reload", "restart"])
async def test_another_line_begins_a_round_at_once(how: str) -> None:
    """
    When other people object, everything stored is asked about within a day, from the same minute on, once, and then the clock
    goes on as before; whether the daemon was told at a reload or finds it at a start.
    """
    house = House()
    town = Town(house.clock)
    await house.store(*map(post, range(100)))
    async with house.running(house.source(town)):
        await house.pass_s(3.5 * DAY)
        if how == "reload":
            town.questions.clear()
            began = house.clock.monotonic()
            house.rechecks.redraw("b")
            await house.pass_s(1)
            (view,) = await house.rechecks.views()
            await house.pass_s(DAY)
    if how == "restart":
        house = house.again("b")
        town.questions.clear()
        began = house.clock.monotonic()
        async with house.running(house.source(town)):
            await house.pass_s(31)
            (view,) = await house.rechecks.views()
            await house.pass_s(DAY)
    async with (after := house.again("b")).running(after.source(town)):
        await after.pass_s(DAY)

    assert town.questions[0][0] - began <= 30.0
    assert Counter(ask for _, asks in town.questions[:5] for ask in asks) == {str(n): 1 for n in range(100)}
    assert town.questions[4][0] - began <= DAY
    assert gaps(town)[:4] == [0.9 * DAY / 5] * 4
    assert (view.early, len(house.lines("recheck.begun_early"))) == (True, 1)
    assert len(town.questions) <= 6


# ------------------------------------------------------------------------------------------------------ silence


async def test_an_ask_is_nowhere_but_in_the_question() -> None:
    """Asks name posts, and may name people: no log line, state, metric or representation holds one, whatever happens."""
    house = House()
    person = "https://town.example/@ada.lovelace/109"
    town = Town(house.clock, silent={person})
    town.fails += [ZeroDivisionError(person), SourceUnavailable("source town: no answer")]
    await house.store(post(1, ask=person))
    async with house.running(house.source(town)):
        await house.pass_s(3 * DAY)
        (asked,) = await house.queue.asks("/town/town", asked_before=house.clock.now(), limit=1)
        state = await house.queue.source_state("town#recheck")
        shown = [
            *map(repr, house.rechecks._following.values()),
            repr(asked),
            repr(await house.rechecks.views()),
        ]

    assert {ask for _, asks in town.questions for ask in asks} == {person}
    assert len(town.questions) > 3
    assert state is not None
    said = [house.out.getvalue(), *shown, repr(state), repr(list(house.telemetry.registry.collect()))]
    assert [text for text in said if "lovelace" in text] == []
    assert person.encode() not in asked.sealed_ask
