"""
Where a request went, in words that hold nothing out of the configuration: host, and the pattern its adapter declared.

Pure; used by `recording`. A pattern is code, but an adapter may have put an id or a name from its configuration
into it: parts of it that occur there are not told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from listener.adapter import Reach
from listener.cli.live.vocabulary import WORDS

NOWHERE: Final = "(outside its reach)"
EXCHANGE: Final = "(exchange)"

_PART: Final = re.compile(r"[^/?&=#\s@,;]+")
_LONG_NUMBER: Final = re.compile(r"\d{5,}")
_HIDDEN: Final = "(configured)"


class Patterns:
    """
    The reaches of one source.

    Args:
        reaches: As its spec declares them.
        config: Of the source; whatever text and numbers it holds are not told.
    """

    def __init__(self, reaches: Sequence[Reach], config: Any) -> None:
        own = frozenset(_parts(config)) - WORDS
        self._known = tuple(
            (reach.host, re.compile(reach.path), _without(reach.path, own)) for reach in reaches
        )

    def of(self, address: str) -> tuple[str, str]:
        """
        Host and pattern of an address.
        """
        try:
            parts = urlsplit(address)
            host, path = parts.hostname or "", parts.path or "/"
        except ValueError:
            return "", NOWHERE
        for at, pattern, shown in self._known:
            if at == host and pattern.fullmatch(path):
                return host, shown
        return "", NOWHERE


def _without(pattern: str, own: frozenset[str]) -> str:
    """
    The pattern, each segment with something of the configuration in it put out of sight.
    """
    shown = []
    for segment in pattern.split("/"):
        said = segment.replace("\\", "").lower()
        hidden = _LONG_NUMBER.search(said) is not None or any(part in said for part in own)
        shown.append(_HIDDEN if hidden else segment)
    return "/".join(shown)


def _parts(value: Any) -> Iterator[str]:
    """
    Every part of a configuration that could name something, lower case: segments of paths, and what stands before the
    first dot of each; of addresses only what follows the host.
    """
    if hasattr(value, "model_dump"):
        value = value.model_dump()
    if isinstance(value, Mapping):
        for below in value.values():
            yield from _parts(below)
    elif isinstance(value, list | tuple | set | frozenset):
        for below in value:
            yield from _parts(below)
    elif value is not None and not isinstance(value, bool):
        said = value.get_secret_value() if hasattr(value, "get_secret_value") else value
        text = str(said)
        if "://" in text:
            text = text.partition("://")[2].partition("/")[2]
        for part in _PART.findall(text.lower()):
            yield from (each for each in (part, part.partition(".")[0]) if len(each) > 2)
