"""
The recorded documents of Bluesky: where they are, and what of them is a frame, a record or a view, found by its shape alone.
Knows nothing of the adapter. Shared by the tests of this folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

POST = "app.bsky.feed.post"
Path_ = tuple[str, ...]


def folder() -> Path:
    return Path(os.environ["LISTENER_CORPUS"]) / "bluesky"


def documents() -> list[Path]:
    """
    Every document of the corpus's `bluesky` folder, whatever its name.
    """
    return sorted(path for path in folder().rglob("*") if path.is_file())


def vectors(name: str) -> list[str]:
    """
    The lines of one of the protocol's own lists of good and bad spellings, comments left out, blanks kept.
    """
    (path,) = folder().rglob(f"syntax/{name}.txt")
    return [line for line in path.read_text("utf-8").split("\n") if line and not line.startswith("#")]


def values(path: Path) -> Iterator[Any]:
    """
    The JSON of a document: one value, or one a line.
    """
    if path.suffix == ".jsonl":
        yield from (json.loads(line) for line in path.read_bytes().splitlines() if line.strip())
    elif path.suffix == ".json":
        yield json.loads(path.read_bytes())


@dataclass(frozen=True, slots=True)
class Piece:
    """
    Something of the network inside a document.

    Args:
        kind: `record` (a post as its author wrote it), `view` (as the AppView shows it).
        value: As it stands there.
    """

    kind: str
    value: dict[str, Any]


def pieces(value: Any) -> Iterator[Piece]:
    """
    Every record and view in a value, however deep.
    """
    if isinstance(value, list):
        for member in value:
            yield from pieces(member)
    elif isinstance(value, dict):
        if isinstance(value.get("author"), dict) and isinstance(value.get("record"), dict) and "uri" in value:
            yield Piece("view", value)
        if is_record(value):
            yield Piece("record", value)
        for member in value.values():
            yield from pieces(member)


def is_record(value: dict[str, Any]) -> bool:
    """
    A post's record; some projects keep it without its type.
    """
    stated = value.get("$type", value.get("py_type"))
    return stated == POST and isinstance(value.get("text"), str)


def leaves(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """
    Every scalar with the keys that lead to it; members of a list are all called `*`.
    """
    if isinstance(value, dict):
        for key, member in value.items():
            yield from leaves(member, (*path, key))
    elif isinstance(value, list):
        for member in value:
            yield from leaves(member, (*path, "*"))
    else:
        yield path, value


def shown_at(text: str, index: Any) -> str:
    """
    What stands in the text where a facet says; empty where it says nothing that can be.
    """
    start, end = (
        (index.get(key) for key in ("byteStart", "byteEnd")) if isinstance(index, dict) else (None, None)
    )
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end:
        return ""
    return text.encode()[start:end].decode(errors="ignore")
