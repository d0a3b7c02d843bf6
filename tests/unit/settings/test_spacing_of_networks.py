"""Where networks ask for more room between two requests than politeness does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from listener.adapter import AdapterSpec, Reach
from listener.in_force import least_spacing
from listener.settings import Settings


def test_the_largest_spacing_of_a_host_counts(
    loads: Callable[..., Settings], adapters: dict[str, AdapterSpec]
) -> None:
    """Of all reaches of all sources; hosts without one are left to the pace."""
    reaches = (
        Reach("river.example", spacing_s=1.0),
        Reach("river.example", "/api", spacing_s=3.0),
        Reach("b.example"),
    )
    before = least_spacing(loads())
    adapters["made-up"] = replace(adapters["made-up"], reaches=lambda _config: reaches)

    assert before == {}
    assert least_spacing(loads()) == {"river.example": 3.0}
