"""
What a source's answers about stored posts mean: takes asks and verdicts from recheck, gives it what a queue accepts. Pure
but for the fault it reports.

An ask is opened here and handed to recheck, which hands it to the adapter; it is printed nowhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from listener.adapter import Ask, Verdict
from listener.errors import SealBroken
from listener.events import Name, PostKey, RemovalReason, Retraction
from listener.hear.recheck_seat import Rechecked
from listener.hear.walk import Asking, judge
from listener.keys import Sealer, open_sealed
from listener.queues.base import Asked, Item


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


def opened(chosen: Collection[Asked], keys: Mapping[date, bytes]) -> tuple[dict[PostKey, Ask], list[PostKey]]:
    """
    What to send for each; and those whose day's key is gone, whose bodies end by themselves at this very time.
    """
    asks: dict[PostKey, Ask] = {}
    over: list[PostKey] = []
    for each in chosen:
        try:
            asks[each.key] = Ask(open_sealed(each.sealed_ask, purpose="ask", keys=keys))
        except SealBroken:
            over.append(each.key)
    return asks, over


def judged(
    each: Rechecked,
    asks: Mapping[PostKey, Ask],
    verdicts: Mapping[Ask, Verdict],
    *,
    asking: Asking,
    sealer: Sealer,
    now: datetime,
    report: Callable[[Exception], None],
) -> Answered:
    """
    What each answer means. One on which our own code fails counts as none: the rest goes on.
    """
    answered = Answered()
    for key, ask in asks.items():
        try:
            known = _judge(each, key, verdicts.get(ask), answered, asking=asking, sealer=sealer, now=now)
        except Exception as error:  # noqa: BLE001 - a bug met by one post must not stop its source
            report(error)
            known = False
        if not known:
            answered.verdicts["unanswered"] += 1
            answered.unanswered.append(key)
    return answered


def _judge(
    each: Rechecked,
    key: PostKey,
    verdict: Verdict | None,
    answered: Answered,
    *,
    asking: Asking,
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
        answered.items.append(each.remove(key, reason=reason, now=now))
    elif verdict.post is not None and verdict.state == "changed":
        source = each.source
        found = judge(
            verdict.post,
            asking=asking,
            door=source.door,
            take_all=source.take_all,
            sealer=sealer,
            now=now,
        )
        if found.withheld == "consent_unreadable":
            return False
        item = found.item
        if isinstance(item, Retraction):  # by whatever name it is stored, it is the one that was asked about
            item = replace(item, names=(_name(key), *item.names))
        if item is not None:
            answered.items.append(item)
        answered.asked.append(key)
    else:
        answered.asked.append(key)
    answered.verdicts[verdict.state] += 1
    return True


def _name(key: PostKey) -> Name:
    return Name(bytes.fromhex(key))
