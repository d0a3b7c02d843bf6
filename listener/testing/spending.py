"""
What every adapter keeps of what it may spend, and of whose credential it spends: checks for `spec_contract` and the two
contracts that know which addresses an adapter asks for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from listener.adapter import AdapterSpec


def secrets_in(config: Any) -> tuple[str, ...]:
    """
    Every secret that a config holds, wherever it stands in it.
    """
    return tuple(sorted(set(_secrets(config))))


def _secrets(value: Any) -> Iterator[str]:
    if hasattr(value, "get_secret_value"):
        yield str(value.get_secret_value())
    elif hasattr(value, "model_fields_set"):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, Mapping):
        for below in value.values():
            yield from _secrets(below)
    elif isinstance(value, list | tuple | set | frozenset):
        for below in value:
            yield from _secrets(below)


def check_budgets(spec: AdapterSpec, config: Any) -> None:
    """
    Each budget has a name of its own, a limit and a window that exists; neither it nor the lease group tells anything of a
    credential.

    Raises:
        AssertionError: which does not.
    """
    budgets = spec.budgets(config)
    names = [budget.name for budget in budgets]
    assert sorted(set(names)) == sorted(names), "two budgets of one name"
    for budget in budgets:
        assert math.isfinite(budget.limit), budget.name
        assert budget.limit >= 0, budget.name
        assert budget.unit, budget.name
        assert 1 <= budget.first_day <= 28, budget.name
        ZoneInfo(budget.zone)
    for secret in secrets_in(config):
        for said in (*(budget.credential for budget in budgets), spec.lease_group(config)):
            assert secret not in said, "a credential stands in the name of who is charged"
            assert said not in secret, "a part of a credential is the name of who is charged"


def check_charges(spec: AdapterSpec, config: Any, addresses: Iterable[str]) -> None:
    """
    Every address has a price, in declared budgets, that could be paid.

    Raises:
        AssertionError: which has not.
    """
    limits = {budget.name: budget.limit for budget in spec.budgets(config)}
    for address in addresses:
        for charge in spec.charges(config, address):
            assert charge.budget in limits, f"{charge.budget} is charged and no budget"
            assert 0 < charge.share <= 1, charge.budget
            assert 0 <= charge.most <= limits[charge.budget] * charge.share, charge.budget
