"""
Names of sources, made from where they are read. Pure.

A name stands in every event and log line, so it is made of host and path alone and never of a title, which may name a
person; a part of a path that marks somebody's own corner (`~`, `@`) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote, urlsplit

MOST_CHARS: Final = 63
"""What `settings.kinds.Slug` allows."""

_SAYS_NOTHING: Final = frozenset(
    [
        "feed",
        "feeds",
        "rss",
        "rss2",
        "atom",
        "rdf",
        "xml",
        "json",
        "index",
        "default",
        "posts",
        "blog",
        "www",
        "html",
        "htm",
        "php",
        "aspx",
        "full",
        "alt",
    ]
)
"""Words that stand in the address of nearly every feed."""


class Names:
    """
    Gives names that nobody has.

    Args:
        taken: By sources that are there.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._next: dict[str, int] = {}

    def of(self, address: str) -> str:
        """
        A name for a source, taken from then on.

        Args:
            address: Of the page or feed that the name should remind of.
        """
        base = slug(address)
        name, number = base, self._next.get(base, 2)
        while name in self._taken:
            suffix = f"-{number}"
            name = base[: MOST_CHARS - len(suffix)].rstrip("-") + suffix
            number += 1
        self._next[base] = number
        self._taken.add(name)
        return name


def slug(address: str) -> str:
    """
    `https://www.river.example/north/feed.xml` is `river-example-north`.
    """
    parts = urlsplit(address)
    host = (parts.hostname or "").removeprefix("www.")
    steps = [step for step in unquote(parts.path).split("/") if not step.startswith(("~", "@"))]
    words = re.findall(r"[a-z0-9]+", " ".join(steps).lower())
    told = [*re.findall(r"[a-z0-9]+", host), *(word for word in words if word not in _SAYS_NOTHING)]
    return "-".join(told)[:MOST_CHARS].rstrip("-") or "source"
