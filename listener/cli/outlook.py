"""
What each source may spend, and is expected to: for `listener check`. Asks nobody; all of it follows from the configuration.
"""

from __future__ import annotations

import secrets
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from listener.settings import Settings


def outlooks(loaded: Settings, today: date) -> list[dict[str, Any]]:
    """
    One for each budget of each source: `source`, `budget`, `limit`, `unit`, `window`, `zone`, `first_day`; `outlays` (`what`,
    `a_window` or None where it depends on how much is said, `each`), and `expected`: their sum as far as it is known.
    """
    asking = [source for source in loaded.sources if source.spec.budgets(source.config)]
    if not asking:
        return []
    from listener.in_force import InForce, LiveInterest
    from listener.keys import KeyRing

    # Nothing is named here; what the watches ask for does not depend on a key.
    in_force = InForce(loaded, KeyRing([secrets.token_bytes(32)]), frozenset())
    in_force.pause(in_force.paused(today))
    found = []
    for source in asking:
        interest = LiveInterest(in_force, source.name)
        outlays = source.spec.outlook(source.config, interest, source.relation)
        for budget in source.spec.budgets(source.config):
            ours = [outlay for outlay in outlays if outlay.budget == budget.name]
            found.append(
                {
                    "source": source.name,
                    "budget": budget.name,
                    "limit": budget.limit,
                    "unit": budget.unit,
                    "window": budget.window,
                    "zone": budget.zone,
                    "first_day": budget.first_day,
                    "outlays": [
                        {"what": outlay.what, "a_window": outlay.a_window, "each": outlay.each}
                        for outlay in ours
                    ],
                    "expected": round(sum(outlay.a_window or 0.0 for outlay in ours), 6),
                }
            )
    return found


def lines(outlook: dict[str, Any]) -> list[str]:
    """
    One budget in sentences: what may be spent, each kind of request, and what all of them come to.
    """
    from listener.cli.budgets import amount

    unit, window = outlook["unit"], outlook["window"]
    day = f" on day {outlook['first_day']}" if window == "month" else ""
    limit, expected = outlook["limit"], outlook["expected"]
    told = [
        f"{outlook['source']} may spend {amount(limit, unit)} a {window} of `{outlook['budget']}`,"
        f" renewed at midnight{day} ({outlook['zone']})"
    ]
    for outlay in outlook["outlays"]:
        often = (
            f"{amount(outlay['each'], unit)} each, as many as there are"
            if outlay["a_window"] is None
            else f"{amount(outlay['a_window'], unit)} a {window}"
        )
        told.append(f"  {outlay['what']}: {often}")
    if outlook["outlays"]:
        open_ended = any(outlay["a_window"] is None for outlay in outlook["outlays"])
        least = "at least " if open_ended else ""
        beyond = ", more than the limit: it will be read more slowly, so that it lasts"
        told.append(
            f"  expected: {least}{amount(expected, unit)} a {window}{beyond if expected > limit else ''}"
        )
    return told
