"""
How a budget is spent: spread over its window, and in parts. Pure: no clock, no I/O; `listener.hear.purse` keeps the leaves in the
queue and has one for each window of each budget.

What may have been spent by an instant grows with the window (`Leaf.fraction`), a little ahead of it. Half of what comes in
goes to the parts of the accounts that ask, in equal shares, the rest to whoever asks first. A part holds no more than comes
in while `AHEAD` of the window passes (or than the request its account waits for), so what nobody wants is soon there for all.

Requests that may not use up all of it (`Charge.share`) are bounded together by what they spend themselves, so that those which
may use all find the rest, and cannot shut them out by using it. Nor does an account use up its own part with cheap requests while it waits
for a dear one.

Invariants, for charges that `fits` allowed: what is spent is never more than the limit, nor than came in so far; a part is
spent by its own account alone; at the end of the window nothing is held back for anybody.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final

import msgspec

AHEAD: Final = 1 / 24
"""Chosen: an hour of a day, a day and a quarter of a month. So much may be spent at once when a window begins, and a part holds
so much."""

FADES: Final = 1 / 4
"""Chosen: of a window; how fast somebody spent who has not come for so long says little any more."""

LATEST: Final = 0.3
"""Chosen: weight of the latest turn in how fast somebody spends."""

PARTS: Final = 0.5
"""Chosen: of what comes in, for the parts; nobody is slower for another than by this."""

SLACK: Final = 1e-9
"""Of the limit: what adding up amounts of money in binary may err by."""

Account = str
"""Who spends: `<source>/<watch>`, names from the configuration; the source of re-check is told apart by `#recheck`."""


class Part(msgspec.Struct, kw_only=True, omit_defaults=True):
    """
    One account in one window.

    Args:
        spent: In the unit of the budget.
        level: What is held for it now.
        wants: The dearest request it asked for, while it is expected back.
        until: When it may have what it was refused; None while it waits for nothing.
        seen: When it asked last.
        turn: Spent since its source was last asked how long it would wait; see `asked_again`.
        pull: What it would spend in a second, were it not slowed; smoothed over its last turns.
    """

    spent: float = 0.0
    level: float = 0.0
    wants: float = 0.0
    until: datetime | None = None
    seen: datetime | None = None
    turn: float = 0.0
    pull: float = 0.0


class Leaf(msgspec.Struct, kw_only=True, omit_defaults=True):
    """
    What was spent in one window of one budget.

    Args:
        start, end: Of the window, aware UTC; `end` is not in it.
        parts: By account.
        lost: Written down as spent before a crash, and known of nobody.
        upto: The fraction of the window whose income is in the parts.
        at: When `pull` was last brought up to date.
        shut_until: The network says that there is nothing before then.
        shut_because: Its code for why; see `BudgetSpent.code`.
        dear: By share, what requests took that may not use up all of it.
        least: The cheapest request that was asked for; None where none was.
    """

    start: datetime
    end: datetime
    parts: dict[Account, Part] = {}
    lost: float = 0.0
    upto: float = 0.0
    at: datetime | None = None
    shut_until: datetime | None = None
    shut_because: str | None = None
    least: float | None = None
    dear: dict[float, float] = {}

    @property
    def length_s(self) -> float:
        """
        Seconds from start to end.
        """
        return (self.end - self.start).total_seconds()

    @property
    def spent(self) -> float:
        """
        By all, and what was lost.
        """
        return self.lost + math.fsum(part.spent for part in self.parts.values())

    def fraction(self, at: datetime) -> float:
        """
        Of the limit, what has come in by then; 0 to 1, never less later.
        """
        return min(1.0, max(0.0, (at - self.start).total_seconds() / self.length_s) + AHEAD)

    def following(self, start: datetime, end: datetime) -> Leaf:
        """
        The next window's, with the accounts that asked for something in this one.
        """
        asking = {name: Part(pull=part.pull) for name, part in self.parts.items() if part.spent or part.wants}
        return Leaf(
            start=start,
            end=end,
            parts=asking,
            at=self.at,
            shut_until=self.shut_until,
            shut_because=self.shut_because,
        )


def bring_up(leaf: Leaf, limit: float, at: datetime) -> None:
    """
    What has come in since the last time is in the parts, and old spending says less of how fast it is spent now. A clock set
    back changes nothing.
    """
    upto = leaf.fraction(at)
    share = _share(leaf, limit, upto)
    for part in leaf.parts.values():
        expected = part.until or part.seen
        if expected is not None and at > expected + timedelta(seconds=leaf.length_s * AHEAD):
            part.wants, part.until, part.seen = 0.0, None, None  # it did not come back
        part.level = min(part.level + share, _most(leaf, part, limit))
    leaf.upto = max(leaf.upto, upto)
    since_s = 0.0 if leaf.at is None else (at - leaf.at).total_seconds()
    if leaf.at is None or since_s > 0:
        leaf.at = at
        fade = math.exp(-since_s / (leaf.length_s * FADES))
        for part in leaf.parts.values():
            part.pull *= fade


def asked(leaf: Leaf, most: float, *, account: Account, at: datetime, until: datetime | None = None) -> None:
    """
    An account wants a request that costs so much; with the hour at which it may have it, where it does not fit now.
    """
    part = leaf.parts.setdefault(account, Part())
    part.wants, part.seen = max(part.wants, most), at
    if until is not None and most >= part.wants:
        part.until = until


def fits(leaf: Leaf, limit: float, most: float, *, share: float, account: Account, at: datetime) -> bool:
    """
    Whether a request may be charged now.

    Args:
        limit: Of the window.
        most: What the request costs at most.
        share: See `Charge.share`.
        account: Known to the leaf, which was brought up to `at`.
    """
    upto = leaf.fraction(at)
    return _fits(leaf, limit, most, share=share, account=account, upto=upto, left=_left(leaf, at))


def soonest(
    leaf: Leaf, limit: float, most: float, *, share: float, account: Account, at: datetime
) -> datetime | None:
    """
    When it will fit if nobody spends anything meanwhile, to the second above; None where it does not in this window.
    """

    def fits_after(wait_s: float) -> bool:
        then = at + timedelta(seconds=wait_s)
        upto, left = leaf.fraction(then), _left(leaf, then)
        return _fits(leaf, limit, most, share=share, account=account, upto=upto, left=left)

    low, high = 0, math.ceil((leaf.end - at).total_seconds())
    if high <= 0 or not fits_after(high):
        return None
    while low < high:  # what fits later never fits less well
        middle = (low + high) // 2
        if fits_after(middle):
            high = middle
        else:
            low = middle + 1
    return at + timedelta(seconds=low)


def take(leaf: Leaf, most: float, *, account: Account, share: float = 1.0) -> float:
    """
    Spend it.

    Args:
        share: See `Charge.share`.

    Returns:
        What of it came out of the account's own part; for `give_back`.
    """
    part = leaf.parts[account]
    own = 0.0 if _waits(part, most) else min(part.level, most)
    part.level -= own
    part.spent += most
    if share < 1.0:
        leaf.dear[share] = leaf.dear.get(share, 0.0) + most
    part.turn += most
    if most >= part.wants:
        part.until = None
    return own


def give_back(
    leaf: Leaf,
    amount: float,
    *,
    account: Account,
    own: float = 0.0,
    share: float = 1.0,
) -> None:
    """
    So much of what was taken was not spent after all; below 0, more was.

    Args:
        own: What of the charge came out of the account's own part, which is filled first.
    """
    part = leaf.parts[account]
    part.spent = max(0.0, part.spent - amount)
    if share in leaf.dear:
        leaf.dear[share] = max(0.0, leaf.dear[share] - amount)
    part.level += max(0.0, min(own, amount))
    part.turn = max(0.0, part.turn - amount)


def asked_again(leaf: Leaf, *, accounts: frozenset[Account], wanted_s: float) -> None:
    """
    A turn of a source is over, and it would come again after so many seconds: what the turn cost says how fast it would spend.
    """
    for part in (leaf.parts[account] for account in accounts):
        fast = part.turn / max(1.0, wanted_s)
        part.pull = fast if not part.pull else part.pull + LATEST * (fast - part.pull)
        part.turn = 0.0


def slowing(leaf: Leaf, limit: float, *, accounts: frozenset[Account], at: datetime) -> float:
    """
    How much longer than wanted a source should wait between two reads, so that the rest lasts until the window turns; 1 where
    it may read as it likes, also where it wants no more than its parts get in any case.

    Args:
        accounts: Of the source.
    """
    left_s = max(1.0, (leaf.end - at).total_seconds())
    able = max(0.0, limit - leaf.spent) / left_s
    pull = math.fsum(part.pull for part in leaf.parts.values())
    ours = [part.pull for name, part in leaf.parts.items() if name in accounts]
    if not ours or pull <= able or math.fsum(ours) <= able * PARTS * len(ours) / len(leaf.parts):
        return 1.0
    return pull / able if able > 0 else math.inf


def forecast(leaf: Leaf, *, at: datetime) -> float:
    """
    What would be spent at the end of the window, if it went on as in the last turns and nobody slowed it.
    """
    pull = math.fsum(part.pull for part in leaf.parts.values())
    return leaf.spent + pull * max(0.0, (leaf.end - at).total_seconds())


def _fits(
    leaf: Leaf, limit: float, most: float, *, share: float, account: Account, upto: float, left: float
) -> bool:
    slack = limit * SLACK
    room = limit * upto + slack - leaf.spent - most
    if share < 1.0:  # within what is for such requests, too
        dear = math.fsum(amount for each, amount in leaf.dear.items() if each <= share)
        room = min(room, limit * share * upto + slack - dear - most)
    if room < 0:
        return False
    gain = _share(leaf, limit, upto)
    levels = {
        name: min(part.level + gain, _most(leaf, part, limit, wants=most if name == account else None))
        for name, part in leaf.parts.items()
    }
    if not _waits(leaf.parts[account], most):
        return levels.pop(account) >= most or left * math.fsum(levels.values()) <= room
    # Its part is kept for the dearer one it waits for; what those leave to cheap ones is there all the same.
    rest = limit * upto * (1.0 - max(leaf.dear, default=1.0)) + slack
    cheap = leaf.spent + most - math.fsum(leaf.dear.values())
    return (share == 1.0 and cheap <= rest) or left * math.fsum(levels.values()) <= room


def _waits(part: Part, most: float) -> bool:
    """
    Whether the account waits for a dearer request than this one.
    """
    return part.until is not None and part.wants > most


def _share(leaf: Leaf, limit: float, upto: float) -> float:
    """
    What comes in for each part until that fraction.
    """
    return limit * PARTS * max(0.0, upto - leaf.upto) / max(1, len(leaf.parts))


def _most(leaf: Leaf, part: Part, limit: float, *, wants: float | None = None) -> float:
    """
    What may be held for one account.
    """
    wanted = min(max(part.wants, wants or 0.0), limit * PARTS)
    return max(limit * PARTS * AHEAD / max(1, len(leaf.parts)), wanted)


def _left(leaf: Leaf, at: datetime) -> float:
    """
    Of what is held for others, how much still is: all, until the last `AHEAD` of the window, in which it is set free.
    """
    return min(1.0, max(0.0, (leaf.end - at).total_seconds()) / (leaf.length_s * AHEAD))
