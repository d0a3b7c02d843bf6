"""
Is it ours? Takes posts from adapters, gives the names of the watches that ask for them to the gate.

`Watcher.match` has the last word on a decoded post. `Watcher.interest.maybe` has the first on a raw frame, so that a firehose
is sieved before it is decoded: it may say yes wrongly, never no wrongly. Both read a text once, as words, and look the
words up in tables, so that ten thousand terms cost what ten cost. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

import orjson

from listener.adapter import Terms
from listener.events import Post, WatchName
from listener.text import clean, fold, handles, hashtags, html_to_text, words

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
