"""
What differs between two configurations, so that a reload changes only that.

Takes the running `Settings` and the new ones; gives a `Change` to app. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from listener.settings.schema import Table
from listener.settings.values import Settings

_RESTART: Final = (
    "data_dir",
    "organisation.name",
    "organisation.contact",
    "queue.",
    "privacy.secret_files",
    "http.allowed_hosts",
    "http.host",
    "http.port",
    "http.token",
    "reader.",
)
"""Keys, or tables with a dot, that a running daemon does not change: open files, bound ports, keys in use, tokens
already handed to the API, the one client that reads and the name it goes by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    Names, sorted; a renamed source or watch is one removed and one added.

    Args:
        added, changed, removed, unchanged: Of `[[source]]`.
        watches_added, watches_changed, watches_removed: Of `[[watch]]`.
        keys: Every other key whose value differs, dotted.
        restart: Those of `keys` that only a restart puts in force.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    watches_added: tuple[str, ...] = ()
    watches_changed: tuple[str, ...] = ()
    watches_removed: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()


def difference(old: Settings, new: Settings) -> Change:
    """
    What a reload from `old` to `new` has to change. The order of tables does not matter.
    """
    sources = _compared({each.name: each for each in old.sources}, {each.name: each for each in new.sources})
    watches = _compared({each.name: each for each in old.watches}, {each.name: each for each in new.watches})
    before, after = _keys(old), _keys(new)
    keys = tuple(sorted(key for key in before if before[key] != after[key]))
    return Change(
        added=sources("added"),
        changed=sources("changed"),
        removed=sources("removed"),
        unchanged=sources("unchanged"),
        watches_added=watches("added"),
        watches_changed=watches("changed"),
        watches_removed=watches("removed"),
        keys=keys,
        restart=tuple(key for key in keys if key.startswith(_RESTART)),
    )


def _compared(old: Mapping[str, Any], new: Mapping[str, Any]) -> Callable[[str], tuple[str, ...]]:
    def how(name: str) -> str:
        if name not in old:
            return "added"
        if name not in new:
            return "removed"
        return "unchanged" if old[name] == new[name] else "changed"

    told = {name: how(name) for name in sorted(old.keys() | new.keys())}
    return lambda outcome: tuple(name for name, found in told.items() if found == outcome)


def _keys(settings: Settings) -> dict[str, Any]:
    tables: dict[str, Table] = {
        "organisation": settings.organisation,
        "privacy": settings.privacy,
        "http": settings.http,
        "reader": settings.reader,
        "notice": settings.notice,
    }
    flat = {
        f"{name}.{key}": getattr(table, key)
        for name, table in tables.items()
        for key in type(table).model_fields
    }
    return {"data_dir": settings.data_dir, "queue.url": settings.queue.url, **flat}
