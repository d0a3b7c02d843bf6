"""
The checks of what an adapter may spend find what they are for, in specs that break one promise each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from adapters.feed import SPEC
from listener.adapter import Budget, Charge
from listener.testing.spending import check_budgets, check_charges, secrets_in


class Inner(BaseModel):
    """
    A table within the table of a source.
    """

    token: SecretStr = SecretStr("inner-secret")


class Config(BaseModel):
    """
    Of a made-up network with credentials.
    """

    key: SecretStr = SecretStr("abcdef0123456789")
    accounts: tuple[Inner, ...] = (Inner(),)


UNITS = Budget(name="units", credential="town:1f2e3d", limit=100.0, unit="units", window="day")
SOUND = replace(
    SPEC,
    budgets=lambda _: (UNITS,),
    charges=lambda _, address: (Charge(budget="units", most=1.0, share=0.9),) if "paid" in address else (),
    lease_group=lambda _: "town:1f2e3d",
)


def test_secrets_are_found_wherever_they_stand() -> None:
    """
    In the table itself, and in what stands in it.
    """
    assert secrets_in(Config()) == ("abcdef0123456789", "inner-secret")


def test_a_sound_adapter_passes() -> None:
    """
    Nothing is found where nothing is wrong.
    """
    check_budgets(SOUND, Config())
    check_charges(SOUND, Config(), ["https://town.example/paid", "https://town.example/free"])


@pytest.mark.parametrize(
    ("budgets", "group"),
    [
        ((replace(UNITS, credential="town:abcdef0123456789"),), "town:1f2e3d"),
        ((replace(UNITS, credential="inner-sec"),), "town:1f2e3d"),
        ((UNITS,), "abcdef"),
        ((UNITS, UNITS), "town:1f2e3d"),
        ((replace(UNITS, limit=float("nan")),), "town:1f2e3d"),
        ((replace(UNITS, first_day=31),), "town:1f2e3d"),
    ],
    ids=["credential", "part", "group", "twice", "limit", "day"],
)
def test_an_unsound_budget_is_found(budgets: tuple[Budget, ...], group: str) -> None:
    """
    A credential or a part of one as a name, two budgets of one name, a limit that is no number, a day that is not in every
    month.
    """
    spec = replace(SOUND, budgets=lambda _: budgets, lease_group=lambda _: group)

    with pytest.raises(AssertionError):
        check_budgets(spec, Config())


@pytest.mark.parametrize(
    "charge",
    [
        Charge(budget="searches", most=1.0),
        Charge(budget="units", most=-1.0),
        Charge(budget="units", most=1.0, share=0.0),
        Charge(budget="units", most=1.0, share=1.1),
        Charge(budget="units", most=60.0, share=0.5),
    ],
    ids=["unknown", "negative", "nothing", "more", "never"],
)
def test_an_unsound_charge_is_found(charge: Charge) -> None:
    """
    A budget that nobody declared, a negative price, a share that is none, a price that could never be paid.
    """
    spec = replace(SOUND, charges=lambda *_: (charge,))

    with pytest.raises(AssertionError):
        check_charges(spec, Config(), ["https://town.example/"])


def test_a_price_is_asked_for_every_address() -> None:
    """
    An address that cannot be priced is found.
    """
    known: Callable[[Any, str], tuple[Charge, ...]] = lambda _, address: {"https://a.example/": ()}[address]  # noqa: E731

    with pytest.raises(KeyError):
        check_charges(replace(SOUND, charges=known), Config(), ["https://a.example/", "https://b.example/"])
