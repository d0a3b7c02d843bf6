"""
Adapter name to `AdapterSpec`, through the entry-point group `listener.adapters`; built-ins use the same door as
third parties. Nothing is imported before it is asked for by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from listener.adapter import AdapterSpec
from listener.errors import ConfigError, Fault

GROUP: Final = "listener.adapters"


@cache
def _doors() -> Mapping[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def names() -> tuple[str, ...]:
    """
    Every registered adapter, sorted; none of them is imported.
    """
    return tuple(sorted(_doors()))


@cache
def spec(name: str) -> AdapterSpec:
    """
    The spec registered under `name`.

    Raises:
        ConfigError: nothing is registered there, it cannot be imported, or it is no `AdapterSpec` of that name.
    """
    door = _doors().get(name)
    if door is None:
        raise ConfigError(
            [
                Fault(
                    "entry points",
                    GROUP,
                    f"no adapter is called {name}",
                    allowed=", ".join(names()) or "none installed",
                )
            ]
        )
    try:
        found = door.load()
    except Exception as error:  # third-party code: the operator must hear which package, whatever it raises
        problem = f"the package of adapter {name} cannot be imported ({type(error).__name__})"
        raise ConfigError([Fault("entry points", f"{GROUP}.{name}", problem)]) from error
    if not isinstance(found, AdapterSpec) or found.name != name:
        raise ConfigError(
            [Fault("entry points", f"{GROUP}.{name}", "the entry point is no AdapterSpec of that name")]
        )
    return found
