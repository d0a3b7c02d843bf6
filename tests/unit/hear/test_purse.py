"""Where budgets are kept: written down before a request leaves, whoever dies, whoever shares them, whatever the clock does."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import anyio
import msgspec
import pytest

from listener.adapter import Budget, Charge, Reach
from listener.errors import BudgetSpent, LeaseLost, QueueFull, SourceUnavailable
from listener.hear.ledger import BLOCK, EDGE, Stored
from listener.hear.pace import Pace
from listener.hear.policies import FULL_MOST_S
from listener.hear.purse import STATE_NAME, STORED_MOST, Purse, Wallet
from listener.hear.reader import Web
from listener.queues.base import Commit, Outcome, Scope
from listener.status import BudgetView
from listener.telemetry import Telemetry
from listener.testing.virtual_clock import VirtualClock
from tests.fakes.loopback import LOOPBACK, Asked, answer, loopback
from tests.fakes.memory_queue import MemoryQueue

pytestmark = pytest.mark.anyio

CREDENTIAL = "town:0123456789ab"
MIDNIGHT = datetime(2026, 1, 5, tzinfo=UTC)
DEAR, CHEAP = "https://town.example/search", "https://town.example/counts"
HOUR = timedelta(hours=1)


def budget(limit: float = 2400.0, *, name: str = "units", credential: str = CREDENTIAL) -> Budget:
    """A hundred an hour of a day in UTC."""
    return Budget(name=name, credential=credential, limit=limit, unit="units", window="day")


def charges(address: str) -> tuple[Charge, ...]:
    """A search costs ten and leaves a tenth of the budget; counts cost one; the rest is free."""
    prices = {
        DEAR: Charge(budget="units", most=10.0, share=0.9),
        CHEAP: Charge(budget="units", most=1.0),
    }
    return (prices[address],) if address in prices else ()


class Town:
    """A purse with its queue and its clock; `restart` loses all that is in memory."""

    def __init__(self, queue: MemoryQueue | None = None, *, start: datetime = MIDNIGHT) -> None:
        self.queue = queue or MemoryQueue()
        self.clock = VirtualClock(start)
        self.out = io.StringIO()
        self.restart()

    def restart(self, node: str = "local") -> None:
        self.telemetry = Telemetry(self.out)
        self.purse = Purse(queue=self.queue, clock=self.clock, telemetry=self.telemetry, node=node)

    def wallet(self, *budgets: Budget, source: str = "square", recheck: bool = False) -> Wallet:
        made = self.purse.wallet(source, "town", budgets or (budget(),), charges, recheck=recheck)
        assert made is not None
        return made

    async def view(self) -> BudgetView:
        (view,) = await self.purse.views()
        return view

    def written(self) -> float:
        """What the queue says is spent in the fullest window: at midnight there are two."""
        stored = msgspec.json.decode(self.queue._states[Scope("credential", CREDENTIAL)], type=Stored)
        return max(leaf.spent for leaves in stored.leaves.values() for leaf in leaves)

    def lines(self, event: str) -> list[dict[str, object]]:
        told = [json.loads(line) for line in self.out.getvalue().splitlines()]
        return [line for line in told if line["event"] == event]


async def spend(wallet: Wallet, address: str, *, account: str = "snow") -> int:
    """How many such requests were paid until one was refused."""
    count = 0
    while True:
        try:
            await wallet.pay(address, account=account)
        except BudgetSpent:
            return count
        count += 1


async def test_what_is_spent_is_written_down_before_it_is_spent() -> None:
    """After each payment the queue says at least as much, and one commit serves several of them."""
    town = Town()
    wallet = town.wallet()
    commits = 0
    spent = 0.0
    before: bytes | None = None
    for _ in range(40):
        await wallet.pay(CHEAP, account="snow")
        spent += 1
        assert town.written() >= spent
        stored = town.queue._states[Scope("credential", CREDENTIAL)]
        commits += stored != before
        before = stored

    assert commits == 8  # of 1 and a block of 4.8 each
    assert town.written() <= spent + 2400 * BLOCK


async def test_a_crash_loses_a_block_at_most_and_never_finds_money() -> None:
    """Killed between paying and the answer, again and again: what the queue says is never less than what was spent, and
    a process that dies for ever is slowed like one that spends."""
    town = Town()
    really = 0
    while True:
        try:
            await town.wallet().pay(CHEAP, account="snow")
        except BudgetSpent:
            break
        really += 1
        town.restart()
    view = await town.view()

    assert really == 18  # of a hundred, where each costs 1 and a block of 4.8
    assert view.spent == pytest.approx(18 * (1 + 2400 * BLOCK))
    assert view.reserved == pytest.approx(18 * 2400 * BLOCK)


async def test_a_clean_stop_loses_nothing() -> None:
    """What was written ahead and not spent is there after a restart."""
    town = Town()
    wallet = town.wallet()
    for _ in range(3):
        await wallet.pay(DEAR, account="snow")
        wallet.paid("units", 2.5)
    await town.purse.aclose()
    town.restart()
    town.wallet()
    view = await town.view()

    assert (view.spent, view.reserved) == (7.5, 0.0)


class Breaking(MemoryQueue):
    """A queue whose commits fail, with or without having kept what they were given."""

    error: Exception | None = None
    keeps = False

    async def commit(self, commit: Commit) -> tuple[Outcome, ...]:
        if self.error is None:
            return await super().commit(commit)
        if self.keeps:
            await super().commit(commit)
        raise self.error


@pytest.mark.parametrize("keeps", [False, True])
async def test_what_cannot_be_written_down_is_not_spent(keeps: bool) -> None:
    """The request does not leave, waits for room, and is charged once when it goes."""
    queue = Breaking()
    town = Town(queue)
    wallet = town.wallet()
    queue.error, queue.keeps = QueueFull("no room"), keeps
    with pytest.raises(BudgetSpent, match="no room to write down") as refused:
        await wallet.pay(DEAR, account="snow")
    assert (await town.view()).spent == 0
    queue.error = None
    await wallet.pay(DEAR, account="snow")

    assert refused.value.wait_s == FULL_MOST_S
    assert (await town.view()).spent == 10


async def test_a_node_that_lost_its_lease_spends_nothing_more() -> None:
    """Whoever takes over finds all that was written; whoever comes back finds all that was spent meanwhile."""
    town = Town()
    first = town.wallet()
    await first.pay(DEAR, account="snow")
    ours = town.purse
    await town.clock.advance(121)
    town.restart(node="other")
    second = town.wallet()
    for _ in range(5):
        await second.pay(DEAR, account="snow")
    with pytest.raises(LeaseLost):
        await first.pay(CHEAP, account="snow")
    await town.clock.advance(121)
    town.purse = ours
    await first.pay(CHEAP, account="snow")
    view = await town.view()

    assert 61 <= view.spent <= 61 + 2 * 2400 * BLOCK


async def test_a_lease_that_only_ran_out_loses_nothing() -> None:
    """Where nobody wrote meanwhile, what is in memory counts, what was given back included."""
    town = Town()
    wallet = town.wallet()
    for _ in range(5):
        await wallet.pay(DEAR, account="snow")
        wallet.paid("units", 1.0)
        await town.clock.advance(600)
    view = await town.view()

    assert (view.spent, view.reserved) == (5.0, 0.0)


async def test_sources_of_one_credential_share_its_budgets() -> None:
    """What one spends the other has not; of two limits the smaller counts; each has its account, re-check too."""
    town = Town()
    square = town.wallet(budget(2400.0))
    harbour = town.wallet(budget(1200.0), source="harbour")
    again = town.wallet(budget(1200.0), source="harbour", recheck=True)
    await square.pay(DEAR, account="snow")
    await harbour.pay(DEAR, account="")
    await again.pay(CHEAP, account="")
    view = await town.view()

    assert (view.limit, view.spent, view.sources) == (1200.0, 21.0, ("harbour", "square"))
    assert [(part.source, part.watch, part.recheck, part.spent) for part in view.parts] == [
        ("harbour", "", True, 1.0),
        ("harbour", "", False, 10.0),
        ("square", "snow", False, 10.0),
    ]


async def test_another_credential_has_its_own() -> None:
    """Budgets of one name that belong to two credentials are two."""
    town = Town()
    square = town.wallet(budget(240.0))
    town.wallet(budget(240.0, credential="town:ffffffffffff"), source="harbour")
    await spend(square, CHEAP)
    views = await town.purse.views()

    assert [(view.sources, view.spent) for view in views] == [(("harbour",), 0.0), (("square",), 10.0)]


async def test_a_limit_that_is_lowered_counts_at_once() -> None:
    """What is spent stays spent; nothing more is until the smaller budget has come so far."""
    town = Town()
    wallet = town.wallet(budget(2400.0))
    assert await spend(wallet, CHEAP) == 100
    smaller = town.wallet(budget(1200.0))
    with pytest.raises(BudgetSpent) as refused:
        await smaller.pay(CHEAP, account="snow")

    # 101 of 1200 have come in after a part of the day that is two hours and a bit, less the hour ahead.
    assert refused.value.wait_s == pytest.approx(101 / 50 * 3600 - 3600, abs=1)


async def test_another_window_of_the_same_budget_knows_what_was_spent() -> None:
    """An operator who mends the zone of a budget gets no second one."""
    town = Town()
    assert await spend(town.wallet(), CHEAP) == 100
    moved = Budget(
        name="units", credential=CREDENTIAL, limit=2400.0, unit="units", window="day", zone="Europe/Berlin"
    )
    town.wallet(moved)
    view = await town.view()

    assert (view.start, view.spent) == (MIDNIGHT - HOUR, 100.0)


async def test_a_refusal_says_when_and_then_it_fits() -> None:
    """To the second; what waits is shown with the same instant, and no log line or view has the credential."""
    town = Town()
    wallet = town.wallet()
    assert await spend(wallet, DEAR) == 9  # nine tenths of the first hundred
    with pytest.raises(BudgetSpent, match=r"square: its budget `units` has to last") as refused:
        await wallet.pay(DEAR, account="snow")
    assert refused.value.wait_s is not None
    view = await town.view()
    assert (view.stage, view.back_at) == ("slowed", MIDNIGHT + timedelta(seconds=refused.value.wait_s))
    assert [(line["stage"], line["wait_s"]) for line in town.lines("budget.stage_changed")] == [
        ("slowed", refused.value.wait_s)
    ]
    assert await spend(wallet, CHEAP) == 10
    await town.clock.advance(refused.value.wait_s + 400)
    await wallet.pay(DEAR, account="snow")

    assert "0123456789ab" not in town.out.getvalue() + repr(await town.view())


async def test_the_turn_of_a_window_is_charged_to_both_sides() -> None:
    """A minute around midnight a request counts in the old window and in the new one, whose clock is the network's."""
    town = Town(start=MIDNIGHT + timedelta(hours=23, minutes=59, seconds=30))
    wallet = town.wallet()
    assert await spend(wallet, CHEAP) == 100  # what the coming day has at its beginning
    await town.clock.advance(60)
    early = await town.view()
    await town.clock.advance(60)
    assert await spend(wallet, CHEAP) == 2
    late = await town.view()

    assert (early.start, early.spent) == (MIDNIGHT + timedelta(days=1), 100.0)
    assert late.spent == 102.0


async def test_a_spent_window_goes_on_after_the_turn() -> None:
    """The wait of a budget that is used up ends a little after midnight, and then there is a new one."""
    town = Town(start=MIDNIGHT + timedelta(hours=23))
    wallet = town.wallet()
    assert await spend(wallet, CHEAP) == 2400
    with pytest.raises(BudgetSpent) as refused:
        await wallet.pay(CHEAP, account="snow")
    view = await town.view()
    assert (view.stage, view.back_at) == ("spent", MIDNIGHT + timedelta(days=1) + EDGE)
    assert refused.value.wait_s == (HOUR + EDGE).total_seconds()
    await town.clock.advance(refused.value.wait_s)
    await wallet.pay(CHEAP, account="snow")

    stages = [line["stage"] for line in town.lines("budget.stage_changed")]
    assert stages == ["spent", "open"]


async def test_a_clock_that_is_set_back_gives_nothing_twice() -> None:
    """A day that was already spent, or that was spent in advance, is not there again."""
    town = Town(start=MIDNIGHT + timedelta(days=2, hours=23))
    assert await spend(town.wallet(), CHEAP) == 2400
    town.clock = VirtualClock(MIDNIGHT + timedelta(days=2, hours=20))
    town.restart()
    again = await spend(town.wallet(), CHEAP)
    town.clock = VirtualClock(MIDNIGHT + timedelta(days=1, hours=20))
    town.restart()
    yesterday = await spend(town.wallet(), CHEAP)

    assert (again, yesterday) == (0, 0)


async def test_what_the_network_says_is_spent_is_spent_for_everybody() -> None:
    """Until the window turns, across a restart; what our own books refused is not taken for the network's word."""
    town = Town(start=MIDNIGHT + HOUR)
    square, harbour = town.wallet(), town.wallet(source="harbour")
    await square.pay(DEAR, account="snow")
    told = await square.understood(
        BudgetSpent("quotaExceeded", budget="units", wait_s=None, code="no_credit")
    )
    with pytest.raises(BudgetSpent) as refused:
        await harbour.pay(CHEAP, account="")
    assert await harbour.understood(refused.value) is refused.value
    town.restart()
    harbour = town.wallet(source="harbour")
    with pytest.raises(BudgetSpent) as later:
        await harbour.pay(CHEAP, account="")
    view = await town.view()

    rest = 23 * 3600.0
    assert (told.wait_s, refused.value.wait_s, later.value.wait_s) == (rest, rest, rest)
    assert {told.code, refused.value.code, later.value.code} == {"no_credit"}
    assert (view.stage, view.back_at) == ("spent", MIDNIGHT + timedelta(days=1))


@pytest.mark.parametrize("before_s", [30, -30])
async def test_what_the_network_says_near_the_turn_shuts_no_whole_window(before_s: int) -> None:
    """Its clock may still be in the window that ends, so it is asked again soon after; then its word is about the new one."""
    town = Town(start=MIDNIGHT + timedelta(days=1, seconds=-before_s))
    wallet = town.wallet()
    told = await wallet.understood(BudgetSpent("quotaExceeded", budget="units", wait_s=None))
    assert told.wait_s == before_s + 60
    await town.clock.advance(told.wait_s)
    await wallet.pay(CHEAP, account="snow")
    again = await wallet.understood(BudgetSpent("quotaExceeded", budget="units", wait_s=None))

    assert again.wait_s == 86_400 - 60


async def test_a_credential_that_changed_its_window_keeps_no_old_pages() -> None:
    """What was spent under another zone counts while it lasts; then it is not carried along for ever."""
    town = Town(start=MIDNIGHT + HOUR)
    await town.wallet().pay(CHEAP, account="snow")
    moved = Budget(
        name="units", credential=CREDENTIAL, limit=2400.0, unit="units", window="day", zone="Europe/Berlin"
    )
    wallet = town.wallet(moved)
    await wallet.pay(CHEAP, account="snow")
    await town.clock.advance(2 * 86_400)
    await wallet.pay(CHEAP, account="snow")
    await town.purse.aclose()
    stored = msgspec.json.decode(town.queue._states[Scope("credential", CREDENTIAL)], type=Stored)

    assert list(stored.leaves) == ["units day Europe/Berlin 1"]


async def test_a_queue_that_is_full_for_days_fills_no_memory() -> None:
    """However often it is tried, little is remembered of what could not be written, and the money is all there afterwards."""
    queue = Breaking()
    town = Town(queue)
    wallet = town.wallet()
    queue.error = QueueFull("no room")
    for _ in range(100):
        with pytest.raises(BudgetSpent, match="no room"):
            await wallet.pay(CHEAP, account="snow")
        await town.clock.advance(FULL_MOST_S)
    (book,) = town.purse._books.values()
    remembered = len(book.stored)
    queue.error = None
    await wallet.pay(CHEAP, account="snow")

    assert remembered == STORED_MOST
    assert (await town.view()).spent == 1.0


async def test_an_earlier_refusal_of_ours_is_not_taken_for_the_networks_word() -> None:
    """An adapter that asked the cheaper question too, and hands on what it was told first, shuts nobody out."""
    town = Town()
    square, harbour = town.wallet(), town.wallet(source="harbour")
    assert await spend(square, DEAR) == 9
    with pytest.raises(BudgetSpent) as first:
        await square.pay(DEAR, account="snow")
    assert await spend(square, CHEAP) == 10
    understood = await square.understood(first.value)
    await town.clock.advance(300)
    await harbour.pay(CHEAP, account="")

    assert understood is first.value


async def test_a_pause_that_the_network_names_ends_then() -> None:
    """A wait of its own is honoured; a budget it names that nobody declared is a pause like any other."""
    town = Town()
    wallet = town.wallet()
    await wallet.understood(BudgetSpent("capped", budget="units", wait_s=900.0))
    with pytest.raises(BudgetSpent) as refused:
        await wallet.pay(CHEAP, account="")
    unknown = BudgetSpent("what?", budget="stars", wait_s=5.0)
    assert await wallet.understood(unknown) is unknown
    await town.clock.advance(900)
    await wallet.pay(CHEAP, account="")

    assert refused.value.wait_s == 900.0


async def test_what_another_version_wrote_is_not_taken_for_an_empty_book() -> None:
    """All that has come in counts as spent, and the rest of the window goes on from there."""
    town = Town(start=MIDNIGHT + 12 * HOUR)
    town.queue._states[Scope("credential", CREDENTIAL)] = b'{"leaves": 7}'
    wallet = town.wallet()
    assert await spend(wallet, CHEAP) == 0
    await town.clock.advance(3600)

    assert await spend(wallet, CHEAP) == 100


async def test_of_several_budgets_all_or_none_is_taken() -> None:
    """A request that one budget refuses costs the other nothing."""
    town = Town()
    units, searches = budget(2400.0), budget(24.0, name="searches")

    def both(address: str) -> Sequence[Charge]:
        return Charge(budget="units", most=5.0), Charge(budget="searches", most=1.0)

    wallet = town.purse.wallet("square", "town", (units, searches), both)
    assert wallet is not None
    await wallet.pay(DEAR, account="snow")
    with pytest.raises(BudgetSpent) as refused:
        await wallet.pay(DEAR, account="snow")
    views = {view.name: view.spent for view in await town.purse.views()}

    assert refused.value.budget == "searches"
    assert views == {"units": 5.0, "searches": 1.0}


async def test_payments_at_once_are_charged_one_by_one() -> None:
    """Twenty at the same moment take what there is, and no more."""
    town = Town()
    wallets = [town.wallet(budget(240.0), source=f"s{number}") for number in range(4)]
    paid = 0

    async def pay(wallet: Wallet, account: str) -> None:
        nonlocal paid
        try:
            await wallet.pay(CHEAP, account=account)
        except BudgetSpent:
            return
        paid += 1

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(pay, wallets[number % 4], f"w{number}")

    assert 0 < paid <= 10
    assert town.written() >= paid


async def test_metrics_follow_and_end_with_the_source() -> None:
    """Spent, limit and forecast by budget, under the first source that shares it; nothing is left of a removed one."""
    town = Town()
    wallet = town.wallet()
    await wallet.pay(DEAR, account="snow")
    assert wallet.slowed(60.0) > 60.0
    await town.purse.views()
    labels = {"network": "town", "budget": "units", "source": "square"}
    told = [
        town.telemetry.registry.get_sample_value(f"listener_budget_{name}", labels)
        for name in ("spent", "limit", "forecast")
    ]
    town.purse.forget(["square"])

    assert told[:2] == [10.0, 2400.0]
    assert told[2] == pytest.approx(10 + 10 / 60 * 86_400)
    assert town.telemetry.registry.get_sample_value("listener_budget_spent", labels) is None
    assert await town.purse.views() == ()


async def test_a_source_without_budgets_has_no_wallet() -> None:
    """It costs nothing, in any sense."""
    town = Town()

    assert town.purse.wallet("blog", "feed", (), charges) is None
    assert town.queue._states == {}


async def test_no_request_leaves_unpaid() -> None:
    """What does not fit is refused before a byte is sent, with its turn given back; an exchange is free; an error costs."""
    town = Town()
    async with loopback(_said) as server:

        def prices(address: str) -> Sequence[Charge]:
            return (Charge(budget="units", most=60.0),)

        wallet = town.purse.wallet("square", "town", (budget(),), prices)
        web = Web(clock=town.clock, pace=Pace(0.0, frozenset()), user_agent="test", allow=LOOPBACK)
        async with web:
            address = f"http://127.0.0.1:{server.port}"
            reader = web.reader(
                "square", (Reach("127.0.0.1"),), exchanges=(f"{address}/token",), wallet=wallet
            )
            await reader.exchange(f"{address}/token", body=b"{}")
            reply = await reader.read(f"{address}/search", account="snow")
            with pytest.raises(BudgetSpent):
                await reader.read(f"{address}/search", account="snow")
            reader.paid("units", 20.0)
            refused = await reader.read(f"{address}/quota", judges=frozenset({403}), account="snow")
            with pytest.raises(BudgetSpent):
                await reader.read(f"{address}/search", account="snow")
        asked = [one.line for one in server.asked]
    view = await town.view()

    assert (reply.status, refused.status) == (200, 403)
    assert [line.split(" ")[1] for line in asked] == ["/token", "/search", "/quota"]
    assert [(part.watch, part.spent) for part in view.parts] == [("snow", 80.0)]


async def test_what_never_left_costs_nothing() -> None:
    """A night in which the network cannot be reached spends no money; an answer that breaks off may have been counted."""
    town = Town()

    def prices(address: str) -> Sequence[Charge]:
        return (Charge(budget="units", most=10.0),)

    wallet = town.purse.wallet("square", "town", (budget(),), prices)
    assert wallet is not None
    async with loopback(_said) as server:
        port = server.port
    web = Web(clock=town.clock, pace=Pace(0.0, frozenset()), user_agent="test", allow=LOOPBACK)
    async with web:
        reader = web.reader("square", (Reach("127.0.0.1"),), wallet=wallet)
        for _ in range(20):
            with pytest.raises(SourceUnavailable):
                await reader.read(f"http://127.0.0.1:{port}/search", account="snow")
        gone = (await town.view()).spent
        async with loopback(lambda asked: b"HTTP/1.1 ") as server:
            with pytest.raises(SourceUnavailable):
                await reader.read(f"http://127.0.0.1:{server.port}/search", account="snow")

    assert (gone, (await town.view()).spent) == (0.0, 10.0)


def _said(asked: Asked) -> bytes:
    return answer(403 if asked.target == "/quota" else 200, b"{}")


def test_no_configured_source_is_called_like_a_ledger() -> None:
    """Its state lies under a name that no configuration can give."""
    assert "#" in STATE_NAME
