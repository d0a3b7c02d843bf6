"""
What the watches ask for, in the query language of X. Pure.

Takes the terms of each watch from the interest, gives `Query`s to `client`. A query is `(a OR b OR c) -is:retweet`: AND
binds before OR, so the terms always stand in parentheses, and a group cannot be negated.

What cannot be said in that language is not left out silently: `Plan.unasked` counts it. What can only be said more widely
(a phrase with an emoji or a `$` in it) is asked for by its words; of posts the core's watch has the last word.

Retweets: since the search index of 2026-05-04 keyword search returns none. The operator stays, because it is documented,
costs twelve characters, and keeps numbers from meaning something else than posts.

Source: docs.x.com, posts/search/integrate/operators and build-a-query; changelog, May 4, 2026 (platform facts, 1.1).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from listener.adapter import Terms
from listener.events import WatchName

NO_RETWEETS: Final = " -is:retweet"

_HANDLE: Final = re.compile(r"[a-z0-9_]{1,15}", re.ASCII)
_IN_A_TAG: Final = "_·・\u200c"
"""Beside letters, digits and marks. Source: `hashtagSpecialChars` of twitter-text, read 2026-11-24."""

_IN_A_PHRASE: Final = "_'’-.&"
"""Signs that stay in a quoted phrase: none of them is an operator, a quote or a cashtag. Chosen."""


@dataclass(frozen=True, slots=True)
class Query:
    """
    One query of one watch.

    Args:
        watch: Its name.
        text: As X reads it.
    """

    watch: WatchName
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What is asked.

    Args:
        by_watch: Queries of each watch that can be asked for at all, in a fixed order.
        unasked: Terms that the query language cannot say, or not whole.
    """

    by_watch: Mapping[WatchName, tuple[Query, ...]]
    unasked: int = 0


def plan_for(watches: Mapping[WatchName, Terms], *, own: frozenset[str], most: int) -> Plan:
    """
    The queries of every watch; the same for the same terms, whatever order they come in.

    Args:
        own: Handles of the organisation on X, folded; empty: any handle of a watch that X could have.
        most: Characters of one query.
    """
    by_watch: dict[WatchName, tuple[Query, ...]] = {}
    unasked = 0
    for watch in sorted(watches):
        asked: set[str] = set()
        for wanted, exact in _operands(watches[watch], own):
            fits = wanted is not None and _size(f"({wanted}){NO_RETWEETS}") <= most
            unasked += not (fits and exact)
            if fits and wanted is not None:
                asked.add(wanted)
        if asked:
            by_watch[watch] = tuple(Query(watch, text) for text in _packed(sorted(asked), most))
    return Plan(by_watch, unasked)


def handles_of_x(handles: Iterable[str]) -> frozenset[str]:
    """
    Those that X could have; `city@host.example` belongs to another network.
    """
    return frozenset(handle for handle in handles if _HANDLE.fullmatch(handle))


def _operands(terms: Terms, own: frozenset[str]) -> Iterator[tuple[str | None, bool]]:
    """
    Each term as X writes it, None where it cannot; and whether that says just the same.
    """
    for tag in terms.hashtags:
        yield (f"#{tag}", True) if _is_tag(tag) else (None, False)
    for handle in handles_of_x(terms.handles):
        if not own or handle in own:
            yield f"@{handle}", True
    for phrase in terms.phrases:
        said = " ".join("".join(char if _stays(char) else " " for char in phrase).split())
        if any(map(str.isalnum, said)):
            yield f'"{said}"', all(_stays(char) or char in _QUIET for char in phrase)
        else:
            yield None, False


_QUIET: Final = ' ,;:!?()[]"“”«»'
"""What X leaves out of a phrase by itself, as far as punctuation goes."""


def _is_tag(tag: str) -> bool:
    return any(map(str.isalpha, tag)) and all(_is_letter(char) or char in _IN_A_TAG for char in tag)


def _stays(char: str) -> bool:
    return _is_letter(char) or char in _IN_A_PHRASE


def _is_letter(char: str) -> bool:
    return char.isalnum() or (unicodedata.category(char)[0] == "M" and char != "\ufe0f")


def _packed(operands: list[str], most: int) -> Iterator[str]:
    """
    As few queries as it takes, in the order of the operands.
    """
    held: list[str] = []
    for operand in operands:
        if held and _size(_query([*held, operand])) > most:
            yield _query(held)
            held = []
        held.append(operand)
    yield _query(held)


def _query(operands: list[str]) -> str:
    return f"({' OR '.join(operands)}){NO_RETWEETS}"


def _size(text: str) -> int:
    """
    In units of UTF-16: X counts some characters twice, and does not say which.
    """
    return len(text.encode("utf-16-le")) // 2
