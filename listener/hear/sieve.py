"""
Which raw frames cannot hold any of many terms: one pass over the bytes, before anything is decoded.

`hear.interest` asks it first and reads carefully whatever it lets through. Of each term it looks for one stretch, in every
spelling that has a single character for each of its own; where a frame holds anything else that might become part of such a
stretch (an escape, a tag, an entity, a mark, a ligature, a full-width letter), it lets the frame pass instead of deciding.
So it may let pass wrongly, never stop wrongly; but a stretch stands within one string of the frame, so an adapter that asks it must
not make one phrase of a script without spaces out of two strings. Pure.

The pass is Rust's `regex`, which Pydantic brings with it: linear in the frame, and nearly as fast for three hundred terms as
for ten. Python's own `re` tries the terms one after the other.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final

from pydantic import ConfigDict, StringConstraints, TypeAdapter

from listener.text import words
from listener.text.spellings import Spellings, composed_of, spellings

_STRETCH_MAX: Final = 8
"""Most characters of a stretch that is not ASCII (chosen): more would hardly stop more, and each has many spellings."""
_WORD_MAX: Final = 64
"""Letters of a word that is looked for (chosen): the tree of words is as deep. A term of longer ones is read carefully."""
_AT_ONCE: Final = 300
"""
Stretches of one expression. Measured 2026-11-24: where words of the text begin like many terms, an automaton of 600 outgrows its
cache (2 MB) and costs five times what one of 300 does.
"""
_MOST_WORDS: Final = 1_500
"""
Words of ASCII beyond which cutting a frame of ASCII into words is cheaper than so many passes. Measured 2026-11-24, where words of
the text begin like many terms: 10 us with 700, 16 with 1,400, 23 with 2,800; cutting costs 17, whatever the number.
"""
_MOST: Final = 2_000
"""
Stretches in all beyond which any other frame is read instead. Measured 2026-11-24: 37 us with 2,000, 65 with 4,000, reading some
110; but each expression may take 2 MB for its automaton, and 4,000 take three quarters of a second to draw up.
"""

_PICTURES: Final = (("\u2190", "\u2bff"), ("\U0001f000", "\U0001faff"))
"""Arrows, signs and emoji: what variation selectors and joiners ordinarily stand behind."""

_BEGINNING: Final = r"(?:(?-u:\b)|\\[bfnrt]|\\u00(?:26|3[CcEe]))"
"""Of an ASCII word; the last letter of an escape is no part of it."""
_END: Final = r"(?-u:\b)"

_ESCAPES: Final = r"\\[\\b]|\\u(?:[^0]|0[^0]|00[^23]|002[^6]|003[^CcEe])"
"""What may stand for a letter, or for something that is dropped; not the three signs that Go and Rails always escape."""
_MARKUP: Final = r'(?:[<&]|\\u00(?:26|3[Cc]))[^ 0-9"=.,-]'
"""What may begin a tag or an entity: not a heart, an arrow, or a sign that stands alone."""


_Seeker = Callable[[bytes | str], bool]


class RawSieve:
    """
    Args:
        terms: Each as the words of which it is made (`listener.text.words`), folded.

    Attributes:
        passes_folded: Whether a text could hold a term that is clean and folded, free of escapes, tags and entities.
    """

    __slots__ = ("_passes_ascii", "_passes_other", "passes_folded")

    def __init__(self, terms: Iterable[list[str]]) -> None:
        stretches = _stretches(terms)
        self._passes_ascii: Final = _ascii_seeker(stretches)
        self._passes_other: Final = _seeker(stretches, spelled=True)
        self.passes_folded: Final = _seeker(stretches, spelled=False)

    def passes(self, frame: bytes) -> bool:
        """
        Whether a JSON frame could hold a term, in whatever spelling. One that is not UTF-8 holds none.
        """
        return self._passes_ascii(frame) if frame.isascii() else self._passes_other(frame)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """
    Part of a term that a text must hold for the term to be in it.

    Args:
        chars: Folded.
        kind: `word` is a whole word of ASCII; `start` begins one with an ASCII letter; `part` stands anywhere; between the
            characters of `spaced`, each a word of its own, white space may stand.
    """

    chars: str
    kind: str

    def weight(self) -> int:
        return len(self.chars) * (1 if self.chars.isascii() else 2)


def _stretches(terms: Iterable[list[str]]) -> frozenset[_Stretch] | None:
    """
    One of each term, the one that fewest terms share, then the longest. None where a term has none.
    """
    known = spellings()
    offered = [tuple(dict.fromkeys(_offered(term, known))) for term in terms if term]
    if not all(offered):
        return None
    common = Counter(itertools.chain.from_iterable(offered))
    return frozenset(
        min(of_term, key=lambda one: (common[one], -one.weight(), one.chars)) for of_term in offered
    )


def _offered(term: list[str], known: Spellings) -> Iterator[_Stretch]:
    alone = ""
    for word in term:
        if len(word) == 1 and word.isalpha() and words(word * 2) == [word, word] and _is_firm(word, known):
            alone += word
            continue
        if alone:
            yield _Stretch(alone[:_STRETCH_MAX], "spaced")
        alone = ""
        if not word.isascii():
            yield from _parts(word, known)
        elif len(word) <= _WORD_MAX and (word.isalnum() or "_" in word):
            yield _Stretch(word, "word")
    if alone:
        yield _Stretch(alone[:_STRETCH_MAX], "spaced")


def _parts(word: str, known: Spellings) -> Iterator[_Stretch]:
    place = 0
    for kind, run in itertools.groupby(word, lambda char: _is_firm(char, known) * (1 + _is_picture(char))):
        part = "".join(run)
        if kind == 1:
            yield _Stretch(part[:_STRETCH_MAX], "start" if place == 0 and part[0].isascii() else "part")
        elif kind == 2:  # between two pictures a joiner may stand or not, so each is a stretch of its own
            yield from (_Stretch(char, "part") for char in part)
        place += len(part)


def _is_firm(char: str, known: Spellings) -> bool:
    """
    Whether it stands in a folded text where it stood in the text: marks may change places, and join.
    """
    return char not in known.joining and char not in known.folded and char not in known.vanishing


def _is_picture(char: str) -> bool:
    return any(first <= char <= last for first, last in _PICTURES)


# ------------------------------------------------------------------------------------------------------ expressions


def _seeker(stretches: frozenset[_Stretch] | None, *, spelled: bool) -> _Seeker:
    """
    Whether a text holds one of the stretches; always, where there is a term without one, or they are too many.

    Args:
        spelled: In any spelling, or something that may hide one.
    """
    if stretches is None or len(stretches) > _MOST:
        return _anything
    known = spellings()
    chars = frozenset("".join(one.chars for one in stretches))
    spelled_as = _spelled_as(chars, known if spelled else None)
    in_order = sorted(stretches, key=lambda one: (one.kind, one.chars))
    expressions = [
        "|".join(_expressions(in_order[start : start + _AT_ONCE], spelled_as))
        for start in range(0, len(in_order), _AT_ONCE)
    ]
    if spelled and expressions:
        expressions[0] += f"|{_ESCAPES}|{_MARKUP}|{_gap(known)}|{_set(_doubtful(stretches, known))}"
    return _any_of([_compiled(expression) for expression in expressions])


def _ascii_seeker(stretches: frozenset[_Stretch] | None) -> _Seeker:
    """
    The same for frames of ASCII, of which two in three are: nothing is spelled otherwise there but by escapes and entities.
    """
    whole = sorted(one.chars for one in stretches or () if one.kind == "word")
    if stretches is None or len(whole) > _MOST_WORDS:
        return _anything
    hiding = "|".join((_ESCAPES, _MARKUP, r"\x7f"))
    batches = [whole[start : start + _AT_ONCE] for start in range(0, len(whole), _AT_ONCE)]
    expressions = [f"{_words(batch)}|{hiding}" for batch in batches[:1]] + list(map(_words, batches[1:]))
    return _any_of([_compiled(expression) for expression in expressions or [hiding] * bool(stretches)])


def _compiled(expression: str) -> _Seeker:
    adapter = TypeAdapter(
        Annotated[str, StringConstraints(pattern=expression)], config=ConfigDict(regex_engine="rust-regex")
    )
    return adapter.validator.isinstance_python


def _anything(_text: bytes | str) -> bool:
    return True


def _any_of(seekers: list[_Seeker]) -> _Seeker:
    if len(seekers) == 1:
        return seekers[0]
    return lambda text: any(seeks(text) for seeks in seekers)


def _expressions(stretches: list[_Stretch], spelled_as: Mapping[str, str]) -> Iterator[str]:
    for kind, of_kind in itertools.groupby(stretches, lambda one: one.kind):
        chars = [one.chars for one in of_kind]
        if kind == "word":
            yield _words(chars)
            continue
        parts = _tree(chars).parts(spelled_as, spelled_as[" "] if kind == "spaced" else "")
        yield f"{_BEGINNING}{parts}" if kind == "start" else parts


def _words(whole: list[str]) -> str:
    return f"{_BEGINNING}(?i-u:{_tree(whole).words()}){_END}"


@dataclass(slots=True)
class _Tree:
    """
    Stretches by what they begin with: without it, the automaton would have to follow all of them from every byte.
    """

    ends: bool = False
    following: dict[str, _Tree] = field(default_factory=dict)

    def words(self) -> str:
        branches = [char + tree.words() for char, tree in self.following.items()]
        return _either([*branches, ""] if self.ends and branches else branches)

    def parts(self, spelled_as: Mapping[str, str], gap: str) -> str:
        if self.ends:  # what goes on from here holds what ends here
            return ""
        gaps = {
            char: gap if tree.following and not tree.ends else "" for char, tree in self.following.items()
        }
        return _either(
            [
                spelled_as[char] + gaps[char] + tree.parts(spelled_as, gap)
                for char, tree in self.following.items()
            ]
        )


def _tree(stretches: list[str]) -> _Tree:
    root = _Tree()
    for chars in stretches:
        tree = root
        for char in chars:
            tree = tree.following.setdefault(char, _Tree())
        tree.ends = True
    return root


def _either(branches: list[str]) -> str:
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})" if branches else ""


def _in_another_case(source: str, char: str) -> bool:
    return not char.isascii() and source.lower() == char


def _spelled_as(chars: Collection[str], known: Spellings | None) -> Mapping[str, str]:
    """
    Each character of a stretch, and white space, to an expression for what it may stand as.
    """
    sources: dict[str, list[str]] = {char: [char] for char in chars}
    for source, char in known.folded.items() if known else ():
        if char in sources and _in_another_case(source, char):
            sources[char].append(source)
    spelled_as = {
        char: _set([char, char.upper()] if char.isascii() else all_of_it)
        for char, all_of_it in sources.items()
    }
    white = _set(["\t", "\n", " ", *(known.spaces if known else ())])
    return {**spelled_as, " ": rf"(?:{white}|\\[nrtf])*"}


# ---------------------------------------------------------------------------------------------- what may hide a stretch


def _doubtful(stretches: Collection[_Stretch], known: Spellings) -> Iterator[str]:
    """
    Characters that become part of a stretch in another way than by their case: widths, styles, ligatures, and what composes.
    """
    attached = {part for one in stretches for char in one.chars for part in composed_of(char)}
    overlap = _Overlap(stretches)
    for source, to in known.folded.items():
        if not _in_another_case(source, to) and overlap.holds(to):
            yield source
    for source, parts in known.joining.items():
        if not attached.isdisjoint(parts):
            yield source


class _Overlap:
    """
    Which strings may lie, in whole or in part, within one of the stretches, or hold one.
    """

    def __init__(self, stretches: Collection[_Stretch]) -> None:
        self._whole = {one.chars for one in stretches}
        self._begins = {chars[:end] for chars in self._whole for end in range(1, len(chars) + 1)}
        self._ends = {chars[start:] for chars in self._whole for start in range(len(chars))}
        self._within = {end[:stop] for end in self._ends for stop in range(1, len(end) + 1)}

    def holds(self, text: str) -> bool:
        text = "".join(text.split())  # white space may stand between the characters of some
        places = range(len(text))
        return text in self._within or any(
            text[place:] in self._begins
            or text[: place + 1] in self._ends
            or any(text[place:end] in self._whole for end in range(place + 1, len(text)))
            for place in places
        )


def _gap(known: Spellings) -> str:
    """
    Something that vanishes, and then a letter. Before pictures, signs and spaces it does so without consequence.
    """
    vanishing = _set(known.vanishing)
    pictures = "".join(f"{first}-{last}" for first, last in _PICTURES)
    return rf"{vanishing}[^\x00-/:-@\[-\^`{{-\x7f{pictures}{vanishing[1:-1]}]"


def _set(chars: Iterable[str]) -> str:
    """
    A class of an expression; one that holds nothing, of no characters.
    """
    spans: list[list[int]] = []
    for code in sorted(set(map(ord, chars))):
        if spans and spans[-1][1] == code - 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return (
        "[" + "".join(rf"\x{{{first:x}}}-\x{{{last:x}}}" for first, last in spans) + "]"
        if spans
        else r"[^\s\S]"
    )
