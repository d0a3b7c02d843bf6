"""
From what pydantic found to what an operator reads: one `Fault` per wrong value, secret-safe, with what is allowed.

Takes a `ValidationError`, the JSON schema of the model that raised it and the origins of the values; gives faults to
`loading`. Nothing here knows a key by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final

from pydantic import ValidationError

from listener.errors import Fault
from listener.settings.shapes import Schema, describe, properties, resolved
from listener.settings.shown import SECRET, is_secret_name, shown

Step = str | int
Path = tuple[Step, ...]

ENVIRONMENT: Final = "environment"
_PROBLEMS: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not a key of this table",
    "literal_error": "is not one of the accepted values",
    "enum": "is not one of the accepted values",
    "string_": "is not accepted as text",
    "int_": "is not a whole number",
    "float_": "is not a number",
    "decimal_": "is not a number",
    "finite_number": "is not a number",
    "bool_": "is neither true nor false",
    "date": "is not a date",
    "time": "is not a time",
    "tuple_": "is not a list",
    "list_": "is not a list",
    "set_": "is not a list",
    "frozen_set_": "is not a list",
    "dict_": "is not a table",
    "model_": "is not a table",
    "greater_than": "is out of range",
    "less_than": "is out of range",
    "too_short": "has too few items",
    "too_long": "has too many items",
    "path_": "is not a path",
    "url_": "is not an address",
    "string_too_short": "is too short",
    "string_too_long": "is too long",
    "string_pattern_mismatch": "has the wrong form",
    "string_type": "is not text",
}
"""By the longest prefix of pydantic's error type. Source: https://docs.pydantic.dev/latest/errors/validation_errors/,
as of pydantic 2.14."""


class EnvText(str):
    """
    Text from the environment, where everything is text: the schema reads numbers, dates and booleans from it.
    """

    __slots__ = ()


@dataclass(slots=True)
class Origins:
    """
    Where values came from.

    Args:
        file: The configuration file, as the operator named it.
        variables: Path of a value to the variable that set it, with all below it.
        aliases: Path of a secret to the path of the key that named its file.
    """

    file: str
    variables: dict[Path, str] = field(default_factory=dict)
    aliases: dict[Path, Path] = field(default_factory=dict)

    def place(self, path: Path) -> tuple[str, str]:
        """
        File and key of a fault at `path`.
        """
        path = self.aliases.get(path, path)
        for length in range(len(path), 0, -1):
            variable = self.variables.get(path[:length])
            if variable is not None:
                return ENVIRONMENT, dotted(path[length:], variable)
        return self.file, dotted(path)

    def fault(self, path: Path, problem: str, **more: str | None) -> Fault:
        """
        A fault at `path`; `more` is `found`, `allowed`, `nearest`.
        """
        file, key = self.place(path)
        return Fault(file, key, problem, **more)

    def from_environment(self, path: Path) -> bool:
        """
        Whether a variable set the value at `path`, alone or as part of a list or table.
        """
        return any(path[:length] in self.variables for length in range(1, len(path) + 1))


def dotted(path: Iterable[Step], start: str = "") -> str:
    """
    `source[2].address`. A key that is no plain word is shown as a value is.
    """
    key = start
    for step in path:
        if isinstance(step, int):
            key += f"[{step}]"
        else:
            word = step if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", step) else shown(step)
            key += f".{word}" if key else word
    return key or "(whole file)"


def nearest(word: str, words: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """
    The spelling that was probably meant.
    """
    folded = {candidate.casefold(): candidate for candidate in words}
    close = get_close_matches(word.casefold(), folded, n=1, cutoff=cutoff)
    return folded[close[0]] if close else None


# ------------------------------------------------------------------------------------------------ translation


def translate(
    error: ValidationError, schema: Schema, *, prefix: Path, origins: Origins, silenced: frozenset[Path]
) -> Iterator[Fault]:
    """
    One fault per place.

    Args:
        error: What pydantic found.
        schema: JSON schema of the model that raised it.
        prefix: Where that model stands in the document.
        origins: Where values came from.
        silenced: Places about which a better fault was told already.
    """
    told: set[Path] = set()
    for each in error.errors(include_url=False):
        if each["type"] == "too_short" and len(each["input"]) >= each["ctx"]["min_length"]:
            continue  # pydantic counts only the items that were right, and has spoken about the others
        path, node, parent = _walk(each["loc"], schema)
        whole = prefix + path
        if whole in told or whole in silenced:
            continue
        told.add(whole)
        yield _fault(each, whole, node, parent, schema, origins)


def _walk(location: Sequence[Step], schema: Schema) -> tuple[Path, Schema | None, Schema]:
    """
    The path without the steps that pydantic adds for unions, the schema found there, and that of the table around.
    """
    path: list[Step] = []
    node: Schema | None = schema
    parent = schema
    for step in location:
        here = resolved(node, schema) if node is not None else {}
        if isinstance(step, int):
            path.append(step)
            node = here.get("items")
        elif step in properties(here):
            path.append(step)
            parent, node = here, properties(here)[step]
        elif "anyOf" not in here:
            path.append(step)
            parent, node = here, None
    return tuple(path), node, parent


def _fault(
    error: Any, path: Path, node: Schema | None, parent: Schema, root: Schema, origins: Origins
) -> Fault:
    context = error.get("ctx", {})
    kind = error["type"]
    key = str(path[-1]) if path else ""
    unknown = kind == "extra_forbidden"
    found = None if kind == "missing" else _found(error["input"], key, node, root)
    allowed = context.get("allowed") or (describe(node, root) if node is not None else None)
    near = context.get("nearest")
    if kind == "value_error" and allowed == "text":
        allowed = None  # the adapter's own sentence says more
    if unknown:
        allowed = ", ".join(sorted(properties(parent))) or None
        near = nearest(key, properties(parent))
    elif node is not None and isinstance(error["input"], str):
        near = near or nearest(error["input"], map(str, resolved(node, root).get("enum", ())))
    if origins.place(path)[0] == ENVIRONMENT and kind.startswith(("tuple_", "list_", "dict_", "model_")):
        allowed = f"{allowed}, written as JSON" if allowed else "JSON"
    return origins.fault(path, _problem(kind, context), found=found, allowed=allowed, nearest=near)


def _found(value: object, key: str, node: Schema | None, root: Schema) -> str:
    secret = node is not None and resolved(node, root).get("writeOnly") is True
    return SECRET if secret or (node is None and is_secret_name(key)) else shown(value)


def _problem(kind: str, context: Mapping[str, Any]) -> str:
    if "problem" in context:
        return str(context["problem"])
    if kind == "value_error":
        return str(context["error"])
    prefixes = [prefix for prefix in _PROBLEMS if kind.startswith(prefix)]
    return _PROBLEMS[max(prefixes, key=len)] if prefixes else "is not accepted"
