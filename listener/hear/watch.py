"""
Is it ours? Takes posts from adapters, gives the names of the watches that ask for them to the gate.

`Watcher.match` has the last word on a decoded post. `Watcher.interest.maybe` has the first on a raw frame, so that a firehose
is sieved before it is decoded (see `hear.sieve`): it may say yes wrongly, never no wrongly. Both read a text once, as words,
and look the words up in tables, so that ten thousand terms cost what ten cost. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, TypeVar

import orjson

from listener.adapter import Terms
from listener.events import Post, WatchName
from listener.hear.sieve import RawSieve
from listener.text import clean, fold, handles, hashtags, html_to_text, words
from listener.text.vocabulary import unescaped

_Term = TypeVar("_Term", str, tuple[str, ...])


@dataclass(frozen=True, slots=True)
class WatchTerms:
    """
    What one watch asks for; any of its terms is enough. A watch without terms matches nothing.

    Args:
        name: Of the watch.
        hashtags: With or without the sign, in any case or width.
        phrases: Words in this order, with nothing between them but white space; whole words, except in scripts
            that are written without spaces (see `listener.text.words`), where a phrase is found anywhere.
        mentions: Whether naming one of the organisation's own handles is enough.
    """

    name: WatchName
    hashtags: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    mentions: bool = False


class Watcher:
    """
    All watches that are not paused, as one matcher. Built anew when the settings change.

    Args:
        watches: In any order.
        own_handles: The organisation's own, with or without the sign. `city@host.example` is also heard as `@city`,
            because Mastodon shows mentions without their host; `city` is not heard in `@city@elsewhere.example`, which is
            somebody else.
    """

    def __init__(self, watches: Iterable[WatchTerms], own_handles: Iterable[str]) -> None:
        watches = tuple(watches)
        self._tags = _names_by_term(watches, lambda watch: filter(None, map(_tag, watch.hashtags)))
        phrases = _names_by_term(watches, lambda watch: filter(None, map(_phrase, watch.phrases)))
        self._root = _tree(phrases)
        self._mentioned = tuple(sorted({watch.name for watch in watches if watch.mentions}))
        self._handles = frozenset(_own_forms(own_handles) if self._mentioned else ())
        self.interest: Final = RawInterest(
            Terms(
                hashtags=frozenset(self._tags),
                handles=self._handles,
                phrases=frozenset(
                    " ".join(_readable(phrase).split()) for watch in watches for phrase in watch.phrases
                )
                - {""},
            )
        )

    def match(self, post: Post) -> tuple[WatchName, ...]:
        """
        Names of the watches that ask for this post, sorted, each once; empty where it is nobody's business.
        """
        names: set[WatchName] = set()
        if self._tags:
            for tag in post.tags:
                names.update(self._tags.get(_tag(tag), ()))
        for text in (post.title, post.text):
            if text:
                self._match_text(_readable(text), names)
        return tuple(sorted(names))

    def _match_text(self, text: str, names: set[WatchName]) -> None:
        if self._tags:
            for tag in hashtags(text):
                names.update(self._tags.get(tag, ()))
        if self._handles and any(span.value in self._handles for span in handles(text)):
            names.update(self._mentioned)
        if self._root.following:
            self._match_phrases(words(text), names)

    def _match_phrases(self, found: list[str], names: set[WatchName]) -> None:
        beginnings = self._root.following
        if beginnings.keys().isdisjoint(found):
            return
        for place, word in enumerate(found):
            node = beginnings.get(word)
            while node is not None:
                names.update(node.names)
                place += 1
                node = node.following.get(found[place]) if place < len(found) else None


class RawInterest:
    """
    `listener.adapter.Interest` over all terms of a `Watcher`.
    """

    def __init__(self, terms: Terms) -> None:
        self.terms: Final = terms
        whole = [*map(words, terms.hashtags), *map(words, terms.phrases)]
        local = [words(handle.partition("@")[0]) for handle in terms.handles]
        self._said = _Sieve(whole)
        self._named = _Sieve(local)
        self._terms = (*whole, *local)

    @cached_property
    def _raw(self) -> RawSieve:
        # Made when the first frame comes: a deployment that only polls need not wait for it.
        return RawSieve(self._terms)

    def maybe(self, frame: bytes) -> bool:
        """
        Whether a raw JSON frame (UTF-8) could hold a post that some watch matches.

        Most frames hold no term in any spelling, which one pass over the bytes tells (`RawSieve`). What is left is read as
        one text where it has no markup and no escapes that stand for a letter; else it is decoded, and its strings
        are read as text, as markup and as JSON within JSON. A frame that has to be decoded and is not JSON is let
        through: the adapter says what is wrong with it.
        """
        return self._raw.passes(frame) and self._maybe_read(frame)

    def _maybe_read(self, frame: bytes) -> bool:
        for escape, sign in _SIGNS:
            frame = frame.replace(escape, sign)
        if any(escape in frame for escape in _TELLING):
            return self._maybe_decoded(frame)
        try:
            # Before folding, which makes a backslash of a full-width one.
            text = clean(_SPACING.sub("\n", frame.decode()))
        except UnicodeDecodeError:
            return False
        text = "\n".join(_dereferenced(text))
        if _TAG.search(text):
            return self._maybe_decoded(frame)
        return self._maybe_said(fold(text))

    def _maybe_decoded(self, frame: bytes) -> bool:
        try:
            document = orjson.loads(frame)
        except orjson.JSONDecodeError:
            return True
        with suppress(orjson.JSONEncodeError):  # nested deeper than it writes
            # Most of what is escaped says no term, which shows once it is written without escapes.
            if not self._raw.passes(orjson.dumps(document)):
                return False
        return self._maybe_said(_readable("\n".join(_readings(document))))

    def _maybe_said(self, text: str) -> bool:
        if not self._raw.passes_folded(text):
            return False
        found = words(text)
        return self._said.passes(found) or ("@" in found and self._named.passes(found))


_SIGNS: Final = tuple(
    (rf"\u00{code}".encode(), sign)
    for code, sign in (("26", b"&"), ("3c", b"<"), ("3C", b"<"), ("3e", b">"), ("3E", b">"))
)
"""Signs that many encoders escape for fear of scripts, and do not mean anything by it."""
_TELLING: Final = (b"\\u", b"\\\\", b"\\b")
"""Escapes that may stand for a letter, JSON within JSON, and a control that `clean` drops from inside a word."""
_SPACING: Final = re.compile(r"\\[ntrf]")
_TAG: Final = re.compile('<[^ 0-9"=.,-]')
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


def _tag(term: str) -> str:
    return _readable(term).strip().lstrip("#").strip()


def _phrase(term: str) -> tuple[str, ...]:
    return tuple(words(_readable(term)))


def _own_forms(own_handles: Iterable[str]) -> Iterator[str]:
    for handle in own_handles:
        name = _readable(handle).strip().lstrip("@")
        if local := name.partition("@")[0]:
            yield name
            yield local


def _names_by_term(
    watches: Iterable[WatchTerms], terms_of: Callable[[WatchTerms], Iterable[_Term]]
) -> Mapping[_Term, frozenset[WatchName]]:
    names: dict[_Term, set[WatchName]] = {}
    for watch in watches:
        for term in terms_of(watch):
            names.setdefault(term, set()).add(watch.name)
    return {term: frozenset(asking) for term, asking in names.items()}


@dataclass(slots=True)
class _Node:
    """
    A place in the tree of phrases: which watches ask for the words that led here, and which words lead on.
    """

    names: frozenset[WatchName] = frozenset()
    following: dict[str, _Node] = field(default_factory=dict)


def _tree(phrases: Mapping[tuple[str, ...], frozenset[WatchName]]) -> _Node:
    root = _Node()
    for phrase, names in phrases.items():
        node = root
        for word in phrase:
            node = node.following.setdefault(word, _Node())
        node.names = names
    return root


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


def _dereferenced(text: str) -> Iterator[str]:
    """
    A text, and what it says where its entities are read, and those within them.
    """
    yield text
    for _ in range(2):
        if "&" not in text:
            return
        text = clean(unescaped(text))
        yield text


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
