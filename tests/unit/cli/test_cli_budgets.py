"""How amounts and outlooks are told."""

from __future__ import annotations

import pytest

from listener.cli.budgets import amount
from listener.cli.outlook import lines


@pytest.mark.parametrize(
    ("value", "told"),
    [(9600.0, "9,600 USD"), (12.345, "12.35 USD"), (0.005, "0.005 USD"), (0.0, "0 USD"), (1.5, "1.50 USD")],
)
def test_amounts_are_as_long_as_they_need(value: float, told: str) -> None:
    """Whole numbers without decimals, money with two, what is less than one with what it needs."""
    assert amount(value, "USD") == told


def test_one_is_told_as_one() -> None:
    """A unit, a call; money is called as it is."""
    assert [amount(1.0, unit) for unit in ("units", "calls", "USD")] == ["1 unit", "1 call", "1 USD"]


def test_an_outlook_says_what_may_be_spent_on_what_and_when_it_is_too_much() -> None:
    """The limit, each kind of request, and the sum, which is a least one where something depends on how much is said."""
    outlook = {
        "source": "x-volumes",
        "budget": "usd",
        "limit": 10.0,
        "unit": "USD",
        "window": "month",
        "zone": "UTC",
        "first_day": 4,
        "outlays": [
            {"what": "counts of 3 queries, every hour", "a_window": 11.16, "each": 0.005},
            {"what": "posts found, each", "a_window": None, "each": 0.005},
        ],
        "expected": 11.16,
    }

    assert lines(outlook) == [
        "x-volumes may spend 10 USD a month of `usd`, renewed at midnight on day 4 (UTC)",
        "  counts of 3 queries, every hour: 11.16 USD a month",
        "  posts found, each: 0.005 USD each, as many as there are",
        "  expected: at least 11.16 USD a month, more than the limit: it will be read more slowly, so that it lasts",
    ]
