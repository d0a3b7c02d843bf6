"""
Is it ours? Takes posts from adapters, gives the names of the watches that ask for them to the gate.

`Watcher.match` has the last word on a decoded post; `hear.interest` has the first on a raw frame. It reads a text once, as words,
and looks the words up in tables, so that ten thousand terms cost what ten cost. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from listener.adapter import Terms
from listener.events import Post, WatchName
from listener.hear.interest import RawInterest
from listener.text import clean, fold, handles, hashtags, words

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
        self.by_watch: Final = {watch.name: _terms((watch,), self._handles) for watch in watches}
        self.interest: Final = RawInterest(_terms(watches, self._handles))

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


def together(terms: Iterable[Terms]) -> Terms:
    """
    What several ask for.
    """
    each = tuple(terms)
    return Terms(
        hashtags=frozenset().union(*(one.hashtags for one in each)),
        handles=frozenset().union(*(one.handles for one in each)),
        phrases=frozenset().union(*(one.phrases for one in each)),
    )


def _terms(watches: Iterable[WatchTerms], handles: frozenset[str]) -> Terms:
    """
    What these ask for together.
    """
    watches = tuple(watches)
    phrases = (" ".join(_readable(phrase).split()) for watch in watches for phrase in watch.phrases)
    return Terms(
        hashtags=frozenset(filter(None, (_tag(tag) for watch in watches for tag in watch.hashtags))),
        handles=handles if any(watch.mentions for watch in watches) else frozenset(),
        phrases=frozenset(filter(None, phrases)),
    )


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
