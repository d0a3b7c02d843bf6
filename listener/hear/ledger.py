"""
The budgets of one credential: what its sources may spend by the configuration in force, and what was spent in which window.
No I/O; `listener.hear.purse` loads it, writes it and speaks of it.

Invariants: of several limits for one budget the smallest counts, as soon as it is known. What is charged near the turn of a
window is charged to both, because the network's clock is not ours and a request takes time. A clock that was set back
finds its window as it was, and what was spent in later ones is not there a second time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from listener.adapter import Budget, Charge
from listener.hear import budget as spending
from listener.hear.budget import Account, Leaf
from listener.hear.budget_window import Window, window_at
from listener.status import BudgetStage

EDGE: Final = timedelta(seconds=60)
"""Chosen: longer than a request lasts, and than clocks that are kept by NTP differ."""

LEAVES_MOST: Final = 4
"""Chosen: the present window, its neighbours, and one that a wrong clock may have opened."""

BLOCK: Final = 1 / 500
"""Chosen: of the limit, so much is written down as spent ahead of need, so that not every request waits for the disk;
a crash loses no more than that and what was on its way."""


class Stored(msgspec.Struct, omit_defaults=True):
    """
    As it lies in the queue: the leaves of each budget, oldest first.
    """

    leaves: dict[str, list[Leaf]] = {}


@dataclass(slots=True, eq=False)
class Page:
    """
    A leaf, and up to what it is written down as spent.
    """

    leaf: Leaf
    written: float


class Line(NamedTuple):
    """
    A budget as the configuration in force has it: its page of now, and its limit.
    """

    key: str
    budget: Budget
    limit: float
    page: Page


@dataclass(slots=True)
class Taken:
    """
    What one request was charged.

    Args:
        budget: Name.
        page: Where it stands.
        account: Who spent.
        most: What was taken.
        own: Of that, out of the account's own part.
        share: See `Charge.share`.
    """

    budget: str
    page: Page
    account: Account
    most: float
    own: float
    share: float

    def settle(self, amount: float) -> None:
        """
        It really cost so much.
        """
        back = self.most - max(0.0, amount)
        spending.give_back(
            self.page.leaf,
            back,
            account=self.account,
            own=self.own,
            share=self.share,
        )


class Refused(NamedTuple):
    """
    A charge that does not fit, when it will, and the network's code for why.
    """

    budget: str
    until: datetime
    because: str | None


@dataclass(slots=True)
class Ledger:
    """
    Args:
        budgets: Of each source of the credential, by its name.
        pages: By budget, oldest first.
    """

    budgets: dict[str, tuple[Budget, ...]] = field(default_factory=dict)
    pages: dict[str, list[Page]] = field(default_factory=dict)

    # ------------------------------------------------------------------------------------------- as it is stored

    @classmethod
    def opened(cls, stored: bytes | None, budgets: dict[str, tuple[Budget, ...]]) -> Ledger:
        """
        As it was written; everything that was written ahead counts as spent.

        Raises:
            msgspec.MsgspecError: these are no leaves.
        """
        kept = Stored() if stored is None else msgspec.json.decode(stored, type=Stored)
        pages = {key: [Page(leaf, leaf.spent) for leaf in leaves] for key, leaves in kept.leaves.items()}
        return cls(budgets, pages)

    @classmethod
    def unreadable(cls, budgets: dict[str, tuple[Budget, ...]], at: datetime) -> Ledger:
        """
        For what another version wrote: all that has come in by now counts as spent.
        """
        ledger = cls(budgets)
        for line in ledger.lines(at):
            line.page.leaf.lost = line.limit * line.page.leaf.fraction(at)
        return ledger

    def note(self, upto: Mapping[int, float]) -> None:
        """
        So much is written down now, by `id` of the page; see `written`.
        """
        for pages in self.pages.values():
            for page in pages:
                page.written = upto.get(id(page), page.written)

    def written(self, *, ahead: bool) -> tuple[bytes, Mapping[int, float]]:
        """
        As it is to be stored, and what is then written as spent on each page, by `id`.

        Args:
            ahead: With a block for what comes next.
        """
        limits = {line: limit for line, _, limit in self.rules()}
        upto: dict[int, float] = {}
        stored = Stored()
        for key, pages in self.pages.items():
            limit = limits.get(key, 0.0)
            leaves = stored.leaves[key] = []
            for page in pages:
                spent = page.leaf.spent
                block = max(0.0, min(limit * BLOCK, limit - spent)) if ahead else 0.0
                upto[id(page)] = spent + block
                leaves.append(msgspec.structs.replace(page.leaf, lost=page.leaf.lost + block))
        return msgspec.json.encode(stored), upto

    @property
    def owes(self) -> bool:
        """
        True where more was spent than is written down.
        """
        return any(page.leaf.spent > page.written for pages in self.pages.values() for page in pages)

    # ------------------------------------------------------------------------------------------------- spending

    def charge(
        self, charges: Sequence[Charge], *, account: Account, at: datetime
    ) -> tuple[Taken, ...] | Refused:
        """
        Take all of these, or none.
        """
        wanted = [(line, charge) for charge in charges for line in self.lines(at, charge.budget)]
        refused: Refused | None = None
        for line, charge in wanted:
            until = self._until(line, charge, account, at)
            if until is not None and (refused is None or until > refused.until):
                leaf = line.page.leaf
                because = leaf.shut_because if until == leaf.shut_until else None
                refused = Refused(charge.budget, until, because)
        if refused is not None:
            return refused
        return tuple(
            Taken(
                charge.budget,
                line.page,
                account,
                charge.most,
                spending.take(line.page.leaf, charge.most, account=account, share=charge.share),
                charge.share,
            )
            for line, charge in wanted
        )

    def _until(self, line: Line, charge: Charge, account: Account, at: datetime) -> datetime | None:
        """
        When it will fit on that page; None where it does now. Who is refused is expected back then.
        """
        leaf, limit = line.page.leaf, line.limit
        spending.asked(leaf, charge.most, account=account, at=at)
        leaf.least = charge.most if leaf.least is None else min(leaf.least, charge.most)
        spending.bring_up(leaf, limit, at)
        if leaf.shut_until is not None and leaf.shut_until > at:
            return leaf.shut_until
        if spending.fits(leaf, limit, charge.most, share=charge.share, account=account, at=at):
            return None
        soonest = spending.soonest(leaf, limit, charge.most, share=charge.share, account=account, at=at)
        until = leaf.end + EDGE if soonest is None else soonest
        spending.asked(leaf, charge.most, account=account, at=at, until=until)
        return until

    def shut(
        self, name: str, at: datetime, until: datetime | None, *, because: str | None = None
    ) -> datetime | None:
        """
        The network says that there is nothing left; until its window turns, where it does not say until when. Near a turn
        it may have spoken of the old window, so it is asked again soon after, and not a whole window later.

        Returns:
            When it is expected to be there again; None where no budget has that name.
        """
        latest: datetime | None = None
        lines = list(self.lines(at, name))
        for line in lines:
            ends = {other.page.leaf.end for other in lines if other.key == line.key}
            turn = min(ends) if len(ends) == 1 else min(ends) + EDGE
            shut = turn if until is None else until
            line.page.leaf.shut_until, line.page.leaf.shut_because = shut, because
            latest = shut if latest is None else max(latest, shut)
        return latest

    # --------------------------------------------------------------------------------------------------- pages

    def lines(self, at: datetime, name: str | None = None, *, edges: bool = True) -> Iterator[Line]:
        """
        Each budget with its page; both pages near the turn of its window, where `edges` count.

        Args:
            name: Only budgets of that name.
        """
        for key, budget, limit in self.rules():
            if name is None or name == budget.name:
                for page in self._pages(key, budget, at, EDGE if edges else timedelta()):
                    yield Line(key, budget, self._there(key, limit, at), page)

    def rules(self) -> list[tuple[str, Budget, float]]:
        """
        Each budget once, with the smallest limit that any source has for it.
        """
        rules: dict[str, tuple[str, Budget, float]] = {}
        for budgets in self.budgets.values():
            for budget in budgets:
                key = f"{budget.name} {budget.window} {budget.zone} {budget.first_day}"
                before = rules.get(key)
                if before is None or budget.limit < before[2]:
                    rules[key] = (key, budget, budget.limit)
        return list(rules.values())

    def _there(self, key: str, limit: float, at: datetime) -> float:
        """
        The limit, without what was spent in windows that have not come yet: a clock was wrong.
        """
        later = [page.leaf.spent for page in self.pages[key] if page.leaf.start > at + EDGE]
        return max(0.0, limit - sum(later))

    def _pages(self, key: str, budget: Budget, at: datetime, edge: timedelta) -> list[Page]:
        found: list[Page] = []
        for instant in (at - edge, at + edge) if edge else (at,):
            page = self._page(key, budget, instant)
            if not any(page is other for other in found):
                found.append(page)
        return found

    def _page(self, key: str, budget: Budget, at: datetime) -> Page:
        """
        Of the window that holds that instant, begun where there is none.
        """
        pages = self.pages.setdefault(key, [])
        for page in reversed(pages):
            if page.leaf.start <= at < page.leaf.end:
                return page
        window = window_at(at, budget.window, zone=budget.zone, first_day=budget.first_day)
        before = [page for page in pages if page.leaf.start < window.start]
        if before:
            leaf = before[-1].leaf.following(window.start, window.end)
        else:
            leaf = Leaf(start=window.start, end=window.end, lost=self._otherwise(key, budget.name, window))
        self._forget_ended(at)
        page = Page(leaf, 0.0)
        pages.append(page)
        pages.sort(key=lambda page: page.leaf.start)
        while len(pages) > LEAVES_MOST:
            del pages[0 if pages[0] is not page else 1]
        return page

    def _forget_ended(self, at: datetime) -> None:
        """
        Windows that nobody has in the configuration any more, once they are over: they say nothing of what may be spent.
        """
        ruled = {key for key, _, _ in self.rules()}
        for key, pages in list(self.pages.items()):
            if key not in ruled and all(page.leaf.end + EDGE <= at for page in pages):
                del self.pages[key]

    def _otherwise(self, key: str, name: str, window: Window) -> float:
        """
        What was spent of a budget at the same time, before an operator gave it another window.
        """
        return max(
            (
                page.leaf.spent
                for other, pages in self.pages.items()
                if other != key and other.split(" ", 1)[0] == name
                for page in pages
                if page.leaf.start < window.end and page.leaf.end > window.start
            ),
            default=0.0,
        )


def stage_of(line: Line, at: datetime) -> tuple[BudgetStage, datetime | None]:
    """
    How a budget stands, and when whoever waits for it may go on; None where nobody waits.
    """
    leaf, limit = line.page.leaf, line.limit
    waits = [part.until for part in leaf.parts.values() if part.until is not None and part.until > at]
    if leaf.shut_until is not None and leaf.shut_until > at:
        return "spent", leaf.shut_until
    if leaf.least is not None and limit * (1 + spending.SLACK) - leaf.spent < leaf.least:
        return "spent", leaf.end + EDGE
    if waits:
        return "slowed", min(waits)
    fast = spending.slowing(leaf, limit, accounts=frozenset(leaf.parts), at=at) > 1.0
    return ("slowed" if fast else "open"), None
