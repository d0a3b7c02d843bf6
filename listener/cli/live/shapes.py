"""
The shape of a document: which keys, which types, how often; never what stands there.

Takes decoded JSON from `documents`, which also makes elements of XML into the same `Node`; gives `Line`s to `report`.
Pure. Siblings of a list are one, so that a shape does not grow with what was said. Keys that may not be named
(`vocabulary`) are one, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from listener.cli.live.vocabulary import may_be_named

MOST_DEPTH: Final = 16
"""Chosen: the deepest answer of the five networks nests half as deep."""

MOST_LINES: Final = 250
"""Chosen: of one answer, as much as a person reads."""

_JSON_WITHIN_BYTES: Final = 65_536
_OTHER: Final = "{other}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """
    One place in a document.

    Args:
        path: From the root: `items[].snippet.title`; `{other}` stands for keys that are not named.
        types: How often which type stood there: `string`, `number`, `boolean`, `null`, `list`, `object`, `json in string`,
            `element`, `text`.
        entries: Of a list, all its entries together; of an object, all its keys that are not named; else 0.
        declared: Whether the adapter reads a field of that name; None where there is no name.
    """

    path: str
    types: dict[str, int]
    entries: int
    declared: bool | None


@dataclass(slots=True)
class Node:
    """
    What stands at one place, of all siblings together.
    """

    types: Counter[str] = field(default_factory=Counter)
    members: dict[str, Node] = field(default_factory=dict)
    other: Node | None = None
    unnamed: int = 0
    entry: Node | None = None
    entries: int = 0

    def at(self, key: str, declared: frozenset[str]) -> Node:
        """
        The place below, of that key, or of all that are not named.
        """
        if may_be_named(key, declared):
            return self.members.setdefault(key, Node())
        self.unnamed += 1
        self.other = self.other or Node()
        return self.other


def add(node: Node, value: Any, declared: frozenset[str], *, depth: int = 0) -> None:
    """
    One more value stands there.

    Args:
        value: Of decoded JSON.
        declared: Names that the adapter declares.
        depth: Of `node`; deeper than `MOST_DEPTH` nothing is looked at.
    """
    if isinstance(value, str):
        _add_text(node, value, declared, depth)
        return
    node.types[_type_of(value)] += 1
    if depth == MOST_DEPTH:
        return
    if isinstance(value, dict):
        for key, below in value.items():
            add(node.at(key, declared), below, declared, depth=depth + 1)
    elif isinstance(value, list):
        node.entries += len(value)
        if value:
            node.entry = node.entry or Node()
        for below in value:
            assert node.entry is not None
            add(node.entry, below, declared, depth=depth + 1)


def _add_text(node: Node, text: str, declared: frozenset[str], depth: int) -> None:
    """
    Some networks send JSON as a string within JSON.
    """
    if depth < MOST_DEPTH and text[:1] in ("{", "[") and len(text) <= _JSON_WITHIN_BYTES:
        try:
            within = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            pass
        else:
            node.types["json in string"] += 1
            add(node, within, declared, depth=depth + 1)
            return
    node.types["string"] += 1


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "list" if isinstance(value, list) else "object"


def lines(root: Node, declared: frozenset[str]) -> tuple[Line, ...]:
    """
    Every place, parents before children, keys in the order they were met.
    """
    return tuple(_lines(root, "", None, declared))


def _lines(node: Node, path: str, is_declared: bool | None, declared: frozenset[str]) -> Iterator[Line]:
    yield Line(
        path=path or "(document)",
        types=dict(sorted(node.types.items())),
        entries=node.entries + node.unnamed,
        declared=is_declared,
    )
    if node.entry is not None:
        yield from _lines(node.entry, f"{path}[]", None, declared)
    for key, below in node.members.items():
        yield from _lines(below, f"{path}.{key}" if path else key, key in declared, declared)
    if node.other is not None:
        yield from _lines(node.other, f"{path}.{_OTHER}" if path else _OTHER, None, declared)
