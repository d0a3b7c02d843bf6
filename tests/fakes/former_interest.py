"""
`RawInterest` as it was before there was a sieve: every frame is cut into words, or decoded. Kept as what the present one is
measured against, in answers (`tests/unit/hear/test_sieve.py`) and in time (`tests/benchmarks/bench_watch.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Final

import orjson

from listener.adapter import Terms
from listener.testing.canned import Unwatched
from listener.text import clean, fold, html_to_text, words


class FormerInterest(Unwatched):
    """
    `listener.adapter.Interest` without a sieve.
    """

    def __init__(self, terms: Terms) -> None:
        self.terms: Final = terms
        whole = [*map(words, terms.hashtags), *map(words, terms.phrases)]
        local = [words(handle.partition("@")[0]) for handle in terms.handles]
        self._said = _Sieve(whole)
        self._named = _Sieve(local)
        # What is not ASCII cannot stand in an ASCII frame without escapes, so the fast path need not know of it.
        self._said_ascii = _Sieve(filter(_is_ascii, whole))
        self._named_ascii = _Sieve(filter(_is_ascii, local))

    def maybe(self, frame: bytes) -> bool:
        """
        Whether a raw JSON frame (UTF-8) could hold a post that some watch matches.

        A frame of plain ASCII, without markup, entities or escapes that stand for a letter, is cut into words by one
        `translate` and one `split`. Any other is decoded and its strings are read as text, as markup and as JSON
        within JSON. A frame that is not JSON is let through: the adapter says what is wrong with it.
        """
        if not frame.isascii() or any(sign in frame for sign in _NOT_PLAIN):
            return self._maybe_decoded(frame)
        if b"\\" in frame:
            for escape in _SPACING:
                frame = frame.replace(escape, b" ")
        found = frame.translate(_WORDS_ONLY).decode("ascii").split()
        return self._said_ascii.passes(found) or (b"@" in frame and self._named_ascii.passes(found))

    def _maybe_decoded(self, frame: bytes) -> bool:
        try:
            document = orjson.loads(frame)
        except orjson.JSONDecodeError:
            return True
        text = "\n".join(_readings(document))
        found = words(_readable(text))
        return self._said.passes(found) or ("@" in found and self._named.passes(found))


_NOT_PLAIN: Final = (b"\\u", b"\\\\", b"\\b", b"<", b"&", b"\x7f")
"""
What sends a frame to the decoder: escapes that may stand for a letter, JSON within JSON, controls that `clean`
drops from inside a word, markup and entities.
"""
_SPACING: Final = (b"\\n", b"\\t", b"\\r", b"\\f")
_WORDS_ONLY: Final = bytes(
    ord(chr(code).lower()) if chr(code).isascii() and (chr(code).isalnum() or chr(code) == "_") else 0x20
    for code in range(256)
)
_CROWD: Final = 64
"""Terms that may hang on one word before that word alone lets a frame pass (chosen): keeps the cost flat."""


class _Sieve:
    """
    Which collections of words could hold one of many terms: every word of the term must occur, in whatever order.
    Order is not asked for, because an adapter may join the strings of a frame in another one.
    """

    __slots__ = ("_alone", "_always", "_anchors", "_companions")

    def __init__(self, terms: Iterable[list[str]]) -> None:
        # Signs are dropped: the fast path does not keep them. A term of nothing but signs lets everything pass.
        wanted = {frozenset(filter(_is_word, term)) or frozenset(term) for term in terms if term}
        self._always = any(_is_ascii(term) and not any(map(_is_word, term)) for term in wanted)
        common = Counter(word for term in wanted for word in term)
        by_anchor: dict[str, list[frozenset[str]]] = {}
        for term in wanted:
            by_anchor.setdefault(min(term, key=lambda word: (common[word], -len(word), word)), []).append(
                term
            )
        self._alone = frozenset(
            word for word, group in by_anchor.items() if len(group) > _CROWD or frozenset((word,)) in group
        )
        self._companions = {
            word: tuple(group) for word, group in by_anchor.items() if word not in self._alone
        }
        self._anchors = self._companions.keys()

    def passes(self, found: list[str]) -> bool:
        if self._always or not self._alone.isdisjoint(found):
            return True
        if self._anchors.isdisjoint(found):
            return False
        present = frozenset(found)
        return any(
            companions <= present
            for anchor in self._anchors & present
            for companions in self._companions[anchor]
        )


def _is_word(word: str) -> bool:
    return not word.isascii() or word.isalnum() or "_" in word


def _is_ascii(term: Collection[str]) -> bool:
    return all(word.isascii() for word in term)


def _readable(text: str) -> str:
    return fold(clean(text))


def _readings(document: object) -> Iterator[str]:
    """
    Every string of a JSON document as an adapter might read it: as it is, as markup (also markup escaped within
    markup), as JSON. A stack of our own, because a document may nest deeper than Python calls may.
    """
    waiting = [document]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield from _as_markup(part)
            if part.lstrip()[:1] in ("{", "["):
                waiting.append(_as_json(part))
        elif isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, dict):
            waiting.extend(part.values())


def _as_markup(text: str) -> Iterator[str]:
    yield text
    for _ in range(2):
        if "<" not in text and "&" not in text:
            return
        text = html_to_text(text)
        yield text


def _as_json(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
