"""
Where budgets are kept: takes what a request may cost from the ledger of its credential, and has it written down in the queue
before the request leaves.

Made by app; `Purse.wallet` gives each source that has budgets what its reader pays from and keeping asks. Written in blocks, under
the lease of the credential, in the scope `credential` of the queue.

Invariants: whatever happens to the process or to the lease, the queue never says that less was spent than was; nothing
that is not written down leaves. No line, metric or view names a credential or its digest.

The book of a credential that no source has any more stays in the queue: whoever gives it back to a source within the window
finds spent what was spent, also after a restart. It holds sums and names from the configuration, a few kilobytes, of nobody;
windows that are over and accounts that ask no more leave it as soon as it is used again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import anyio
import msgspec

from listener.adapter import Budget, Charge
from listener.clock import Clock
from listener.errors import BudgetSpent, LeaseLost, QueueError, QueueFull
from listener.hear import budget as spending
from listener.hear.ledger import EDGE, Ledger, Line, Refused, Taken, stage_of
from listener.hear.policies import FULL_MOST_S
from listener.queues.base import Commit, Lease, Queue, Scope, SourceState
from listener.status import BudgetPart, BudgetStage, BudgetView
from listener.telemetry import Telemetry

LEASE_TTL_S: Final = 120.0
"""As that of a source: a node that dies is replaced within two of these."""

STATE_NAME: Final = "{}#budget"
"""Under which a ledger is committed; no configured source can be called so."""

STORED_MOST: Final = 8
"""Chosen: of commits that were not answered, so many are remembered; whoever wrote more takes what the queue has."""

RECHECK: Final = "#recheck"
"""After the name of a source, where it is asked again."""


class Unaffordable(BudgetSpent):
    """
    By our own reckoning; a `BudgetSpent` that is none of these is the network's word. Raised by `Purse.charge`.
    """


@dataclass(slots=True, eq=False)
class _Book:
    """
    One credential at work.

    Args:
        network: Adapter name.
        credential: Its digest.
        ledger: None until it was read from the queue.
        stored: What the queue may hold of it, as far as we wrote it: more than one where a commit was not answered.
        lease: Under which it is written; `fence` is that under which `stored` was last compared.
        stages: Last told, by the window of a budget.
    """

    network: str
    credential: str
    budgets: dict[str, tuple[Budget, ...]] = field(default_factory=dict)
    ledger: Ledger | None = None
    stored: tuple[bytes | None, ...] = ()
    lease: Lease | None = None
    fence: int | None = None
    stages: dict[str, BudgetStage] = field(default_factory=dict)
    lock: anyio.Lock = field(default_factory=anyio.Lock)

    @property
    def label(self) -> str:
        """
        What tells it apart in a metric: the first of its sources.
        """
        return min(self.budgets, default="")


class Purse:
    """
    The budgets of every credential.

    Args:
        queue: Keeps them.
        node: Name under which leases are taken.
    """

    def __init__(self, *, queue: Queue, clock: Clock, telemetry: Telemetry, node: str) -> None:
        self._queue, self._clock, self._telemetry, self._node = queue, clock, telemetry, node
        self._books: dict[str, _Book] = {}

    # ------------------------------------------------------------------------------------------------ who pays

    def wallet(
        self,
        source: str,
        network: str,
        budgets: Sequence[Budget],
        charges: Callable[[str], Sequence[Charge]],
        *,
        recheck: bool = False,
    ) -> Wallet | None:
        """
        What the reader of that source pays from; None where its requests cost nothing. What the source may spend is from now
        on what is said here.

        Args:
            charges: What a request to an address takes.
            recheck: It is asked again: under an account of its own.
        """
        self.forget([source])
        books: dict[str, _Book] = {}
        for budget in budgets:
            book = self._books.setdefault(budget.credential, _Book(network, budget.credential))
            self._telemetry.budgets_ended(network, book.label)  # it may go by another name now
            book.budgets[source] = (*book.budgets.get(source, ()), budget)
            books[budget.name] = book
        if not books:
            return None
        return Wallet(self, f"{source}{RECHECK if recheck else ''}", books, charges)

    def forget(self, sources: Iterable[str]) -> None:
        """
        These sources spend nothing any more. What they spent stays spent.
        """
        for source in sources:
            for book in self._books.values():
                if source in book.budgets:
                    self._telemetry.budgets_ended(book.network, book.label)
                    del book.budgets[source]

    def limits(self) -> Mapping[tuple[str, str], float]:
        """
        What may be spent in a window, by credential and budget; to be compared by `raised`.
        """
        return {
            (book.credential, key): limit
            for book in self._books.values()
            for key, _, limit in Ledger(book.budgets).rules()
        }

    def raised(self, before: Mapping[tuple[str, str], float]) -> frozenset[str]:
        """
        The sources that may spend more now than when `limits` said so.
        """
        more = {who for (who, key), limit in self.limits().items() if limit > before.get((who, key), 0.0)}
        return frozenset(source for who in more for source in self._books[who].budgets)

    async def views(self) -> tuple[BudgetView, ...]:
        """
        Each budget as of now; metrics are as of now, too.
        """
        found: list[BudgetView] = []
        for book in [book for book in self._books.values() if book.budgets]:
            async with book.lock:
                ledger, now = await self._shown(book), self._clock.now()
                for line in ledger.lines(now, edges=False):
                    spending.bring_up(line.page.leaf, line.limit, now)
                    found.append(_view(book, line, now))
                self.tell(book, ledger)
        return tuple(sorted(found, key=lambda view: (view.network, view.sources, view.name)))

    async def aclose(self) -> None:
        """
        Write down what was spent, without what was written ahead; where that fails, the block counts as spent.
        """
        for book in self._books.values():
            async with book.lock:
                if book.ledger is not None and book.lease is not None:
                    with suppress(QueueError):
                        await self._write(book, book.ledger, ahead=False)

    # ------------------------------------------------------------------------------------------------- spending

    async def charge(
        self, book: _Book, charges: Sequence[Charge], *, account: str, source: str
    ) -> tuple[Taken, ...]:
        """
        All of these are taken, and written down.

        Raises:
            BudgetSpent: one of them does not fit now; none was taken.
            LeaseLost: another node spends for this credential.
        """
        async with book.lock:
            ledger, now = await self._ledger(book), self._clock.now()
            taken = ledger.charge(charges, account=account, at=now)
            if isinstance(taken, Refused):
                self.tell(book, ledger)
                wait_s = (taken.until - now).total_seconds()
                why = f"{source}: its budget `{taken.budget}` has to last; it goes on by itself"
                raise Unaffordable(why, budget=taken.budget, wait_s=wait_s, code=taken.because)
            try:
                if ledger.owes:
                    await self._write(book, ledger, ahead=True)
            except BaseException as error:
                for each in taken:
                    each.settle(0.0)
                if isinstance(error, QueueFull):
                    why = f"{source}: the queue has no room to write down what a request costs"
                    raise Unaffordable(why, budget=charges[0].budget, wait_s=FULL_MOST_S) from error
                raise
            self.tell(book, ledger)
        return taken

    async def shut(self, book: _Book, said: BudgetSpent) -> datetime | None:
        """
        The network says that this budget is spent; see `Ledger.shut`. Written down where that is possible: after a restart
        the network would say so again.
        """
        async with book.lock:
            ledger, now = await self._ledger(book), self._clock.now()
            until = None if said.wait_s is None else now + timedelta(seconds=said.wait_s)
            until = ledger.shut(said.budget, now, until, because=said.code)
            with suppress(QueueFull):
                await self._write(book, ledger, ahead=True)
            self.tell(book, ledger)
        return until

    def slowing(self, books: Iterable[_Book], source: str, wanted_s: float) -> tuple[float, float]:
        """
        How much longer than wanted this source should wait until its next read, and how long at most, in seconds: until the
        window turns.
        """
        now, slowest, most_s = self._clock.now(), 1.0, 0.0
        for line in self._lines(books, now):
            leaf = line.page.leaf
            spending.bring_up(leaf, line.limit, now)
            ours = frozenset(account for account in leaf.parts if account.startswith(f"{source}/"))
            spending.asked_again(leaf, accounts=ours, wanted_s=wanted_s)
            slowed = spending.slowing(leaf, line.limit, accounts=ours, at=now)
            if slowed > slowest:
                slowest, most_s = slowed, (leaf.end + EDGE - now).total_seconds()
        return slowest, most_s

    def _lines(self, books: Iterable[_Book], now: datetime) -> Iterator[Line]:
        for book in dict.fromkeys(books):
            if book.ledger is not None:
                yield from book.ledger.lines(now, edges=False)

    def now(self) -> datetime:
        """
        By the clock that windows turn by.
        """
        return self._clock.now()

    # -------------------------------------------------------------------------------------------------- queue

    async def _ledger(self, book: _Book) -> Ledger:
        """
        Of that credential, under its lease. Where the lease had ended, another node may have spent meanwhile: then as that
        one wrote it.

        Raises:
            LeaseLost: another node holds it.
        """
        lease = await self._lease(book)
        if book.ledger is None or lease.fence != book.fence:
            stored = await self._queue.state(Scope("credential", book.credential))
            if book.ledger is None or stored not in book.stored:
                book.ledger, book.stored = self._opened(book, stored), (stored,)
            book.fence = lease.fence
        return book.ledger

    def _opened(self, book: _Book, stored: bytes | None) -> Ledger:
        try:
            return Ledger.opened(stored, book.budgets)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return Ledger.unreadable(book.budgets, self._clock.now())

    async def _shown(self, book: _Book) -> Ledger:
        """
        For an operator, whoever holds the lease.
        """
        if book.ledger is not None:
            return book.ledger
        return self._opened(book, await self._queue.state(Scope("credential", book.credential)))

    async def _write(self, book: _Book, ledger: Ledger, *, ahead: bool) -> None:
        lease, now = await self._lease(book), self._clock.now()
        state, upto = ledger.written(ahead=ahead)
        commit = Commit(
            commit_id=secrets.token_hex(16),
            source=STATE_NAME.format(book.credential),
            items=(),
            state=SourceState(None, now),
            states={Scope("credential", book.credential): state},
            lease=lease,
            at=now,
            keys_until_at=now,
        )
        book.stored = (*book.stored, state)[-STORED_MOST:]
        try:
            await self._queue.commit(commit)
        except LeaseLost:
            book.lease = None
            raise
        book.stored = (state,)
        ledger.note(upto)

    async def _lease(self, book: _Book) -> Lease:
        """
        With at least half its time left.
        """
        held, now = book.lease, self._clock.now()
        if held is not None and held.until_at - now > timedelta(seconds=LEASE_TTL_S / 2):
            return held
        book.lease = await self._queue.lease(book.credential, self._node, ttl_s=LEASE_TTL_S, now=now)
        if book.lease is None:
            raise LeaseLost("another node spends for this credential")
        return book.lease

    def tell(self, book: _Book, ledger: Ledger) -> None:
        """
        Metrics as of now, and a line where a budget stands otherwise than was last told.
        """
        now = self._clock.now()
        for line in ledger.lines(now, edges=False):
            leaf, budget = line.page.leaf, line.budget
            where = {"network": book.network, "budget": budget.name, "source": book.label}
            spent, ahead = leaf.spent, spending.forecast(leaf, at=now)
            self._telemetry.budget_stands(**where, spent=spent, limit=line.limit, forecast=ahead)
            stage, back_at = stage_of(line, now)
            if book.stages.get(line.key, "open") != stage:
                self._telemetry.budget_stage_changed(
                    **where,
                    stage=stage,
                    spent=round(spent, 6),
                    limit=line.limit,
                    forecast=round(ahead, 6),
                    unit=budget.unit,
                    renewed_s=(leaf.end - now).total_seconds(),
                    wait_s=0.0 if back_at is None else (back_at - now).total_seconds(),
                )
            book.stages[line.key] = stage


class Wallet:
    """
    What one source pays from: its reader before each request (`pay`, `paid`), keeping after a read.

    Args:
        purse: Of the daemon.
        source: Name; with `RECHECK` where it is asked again.
        books: By the name of a budget.
        charges: What a request to an address takes.
    """

    def __init__(
        self,
        purse: Purse,
        source: str,
        books: dict[str, _Book],
        charges: Callable[[str], Sequence[Charge]],
    ) -> None:
        self._purse, self._source, self._books, self._charges = purse, source, books, charges
        self._taken: tuple[Taken, ...] = ()

    async def pay(self, address: str, *, account: str) -> None:
        """
        Before a request leaves: what it may cost is taken, and written down.

        Raises:
            BudgetSpent: it is not there now; nothing was taken.
            LeaseLost: another node spends for the credential.
        """
        charges: dict[_Book, list[Charge]] = {}
        for charge in self._charges(address):
            charges.setdefault(self._books[charge.budget], []).append(charge)
        taken: tuple[Taken, ...] = ()
        who = f"{self._source}/{account}"
        try:
            for book, of_it in charges.items():
                taken += await self._purse.charge(book, of_it, account=who, source=self._source)
        except BaseException:
            for each in taken:
                each.settle(0.0)
            raise
        self._taken = taken

    def unsent(self) -> None:
        """
        The request that was paid for last never left: it cost nothing.
        """
        for each in self._taken:
            each.settle(0.0)
        self._taken = ()

    def paid(self, budget: str, amount: float) -> None:
        """
        See `listener.adapter.Reader.paid`.
        """
        for each in self._taken:
            if each.budget == budget:
                each.settle(amount)
        self._taken = tuple(each for each in self._taken if each.budget != budget)

    async def understood(self, error: BudgetSpent) -> BudgetSpent:
        """
        A read that ended so. Where the network said it, not we, the budget is spent for every source of the credential.

        Returns:
            The same, with the seconds until it goes on.
        """
        book = self._books.get(error.budget)
        if isinstance(error, Unaffordable) or book is None:
            return error
        until = await self._purse.shut(book, error)
        if until is None:
            return error
        wait_s = max(0.0, (until - self._purse.now()).total_seconds())
        return BudgetSpent(str(error), budget=error.budget, wait_s=wait_s, code=error.code)

    def slowed(self, wait_s: float) -> float:
        """
        How long to wait until the next read, where it would be so long if it cost nothing.
        """
        slowing, most_s = self._purse.slowing(self._books.values(), self._source, wait_s)
        return max(wait_s, min(wait_s * slowing, most_s))


def _view(book: _Book, line: Line, now: datetime) -> BudgetView:
    leaf, budget = line.page.leaf, line.budget
    stage, back_at = stage_of(line, now)
    return BudgetView(
        network=book.network,
        name=budget.name,
        sources=tuple(sorted(book.budgets)),
        unit=budget.unit,
        start=leaf.start,
        end=leaf.end,
        limit=line.limit,
        spent=round(leaf.spent, 6),
        reserved=round(leaf.lost, 6),
        allowed=round(line.limit * leaf.fraction(now), 6),
        forecast=round(spending.forecast(leaf, at=now), 6),
        stage=stage,
        back_at=back_at,
        parts=tuple(_part(account, part, now) for account, part in sorted(leaf.parts.items())),
    )


def _part(account: str, part: spending.Part, now: datetime) -> BudgetPart:
    who, _, watch = account.partition("/")
    return BudgetPart(
        source=who.removesuffix(RECHECK),
        watch=watch,
        recheck=who.endswith(RECHECK),
        spent=round(part.spent, 6),
        back_at=part.until if part.until is not None and part.until > now else None,
    )
