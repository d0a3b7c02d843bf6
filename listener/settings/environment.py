"""
The environment laid over the configuration file.

Takes the parsed file and the environment from `loading`; gives back one document and, for each value that came from
a variable, the variable's name, so that a fault can say where to look.

Every key has a variable: `LISTENER_` and the path of the key, upper case, its steps joined by two underscores, list
items by number. `LISTENER_HTTP__PORT=9000`, `LISTENER_SOURCE__0__INTERVAL_S=900`. A number one past the end adds an
item. A whole list or table is JSON. An empty variable counts as not set, because that is what compose files make of
a missing one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from listener.errors import Fault
from listener.settings.faults import ENVIRONMENT, EnvText, Origins, Step, nearest

PREFIX: Final = "LISTENER_"
_TYPO: Final = 0.8
"""Chosen: a variable without `__` that is less like a key than this belongs to somebody else. Kubernetes puts
`LISTENER_PORT` and `LISTENER_SERVICE_HOST` into every container beside a service called `listener`."""


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str
    path: tuple[Step, ...]
    text: str


def variable_name(path: Iterable[Step]) -> str:
    """
    The variable that sets the key at `path`.
    """
    return PREFIX + "__".join(str(step).upper() for step in path)


def overlay(
    document: dict[str, Any], environ: Mapping[str, str], *, file: str, keys: frozenset[str]
) -> tuple[Origins, list[Fault]]:
    """
    `document` holds what the environment asks for, too.

    Args:
        document: As parsed from TOML; changed in place.
        environ: All of it; variables without the prefix are not looked at.
        file: What the operator calls the configuration file.
        keys: Top-level keys of the configuration.

    Returns:
        Where each value came from, and the variables that could not be laid over.
    """
    origins = Origins(file)
    faults: list[Fault] = []
    for variable in _variables(environ):
        fault = (
            _stranger(variable, keys) if variable.path[0] not in keys else _set(document, variable, origins)
        )
        if fault:
            faults.append(fault)
    return origins, faults


def _variables(environ: Mapping[str, str]) -> list[_Variable]:
    """
    Ours, short paths first, so that `LISTENER_SOURCE` as a whole comes before one of its items.
    """
    found = [
        _Variable(name, tuple(map(_step, name.removeprefix(PREFIX).lower().split("__"))), text)
        for name, text in environ.items()
        if name.startswith(PREFIX) and text != ""
    ]
    return sorted(found, key=lambda variable: (len(variable.path), [_order(step) for step in variable.path]))


def _step(text: str) -> Step:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else text


def _order(step: Step) -> tuple[int, str]:
    return (step, "") if isinstance(step, int) else (-1, step)


def _stranger(variable: _Variable, keys: frozenset[str]) -> Fault | None:
    near = nearest(str(variable.path[0]), keys, cutoff=_TYPO if len(variable.path) == 1 else 0.6)
    if len(variable.path) == 1 and near is None:
        return None
    return Fault(
        ENVIRONMENT,
        variable.name,
        "sets no key of the configuration",
        allowed=f"{PREFIX}<key>, keys: {', '.join(sorted(keys))}",
        nearest=variable_name([near, *variable.path[1:]]) if near else None,
    )


def _set(document: dict[str, Any], variable: _Variable, origins: Origins) -> Fault | None:
    try:
        value = _value(variable.text)
    except UnicodeError:
        return Fault(ENVIRONMENT, variable.name, "is not UTF-8 text")
    container: Any = document
    for index, step in enumerate(variable.path):
        last = index + 1 == len(variable.path)
        fresh = value if last else [] if isinstance(variable.path[index + 1], int) else {}
        problem = _enter(container, step, fresh, replace=last)
        if problem:
            return Fault(ENVIRONMENT, variable.name, problem)
        container = container[step]
    origins.variables[variable.path] = variable.name
    return None


def _enter(container: Any, step: Step, fresh: Any, *, replace: bool) -> str | None:
    """
    `container[step]` exists; None, or what stands in the way.
    """
    if isinstance(container, dict):
        if replace or step not in container:
            container[step] = fresh
        return None
    if not isinstance(container, list):
        return "goes on inside a value that is neither a table nor a list"
    if not isinstance(step, int) or step > len(container):
        return f"a list item is named by its number, here 0 to {len(container)}"
    if step == len(container):
        container.append(fresh)
    elif replace:
        container[step] = fresh
    return None


def _value(text: str) -> Any:
    """
    Text, or what the JSON says where it reads as a list or table.

    Raises:
        UnicodeError: it holds what no text holds.
    """
    text.encode()
    if text.lstrip()[:1] in ("[", "{"):
        try:
            return _marked(json.loads(text))
        except (json.JSONDecodeError, RecursionError):
            pass  # then it is text, and the schema says what it should have been
    return EnvText(text)


def _marked(value: Any) -> Any:
    """
    The same with every text marked as coming from the environment, so that dates and numbers may be quoted.
    """
    if isinstance(value, str):
        value.encode()
        return EnvText(value)
    if isinstance(value, list):
        return [_marked(item) for item in value]
    if isinstance(value, dict):
        return {key: _marked(item) for key, item in value.items()}
    return value
