"""
Which words may not be looked for on X: what its terms call sensitive events, by a dated list in English and French.

Takes the terms of a watch from the settings (`AdapterSpec.unlawful`); gives those that the list holds, each with the clause. Pure.
The list is data: `sensitive_terms.toml`, with what looks like a sensitive word and is none ("rally" the sport).

What a list cannot do. It knows words, not meanings: a protest that is called by its street, its day or the name of a movement
that is younger than the list is not found, nor is one in a third language, nor is a watch whose *purpose* is to follow one by
innocent words; that is for the officer who signs the statement, where purpose and words are printed side by side. And it is
stricter than a person would be: "strike" alone is refused although it may be bowling; a second word says which is meant.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Final

from listener.adapter import Clause, Terms, Unlawful
from listener.text import fold

_ELISION: Final = re.compile(r"\b([cdjlmnst]|qu)'(?=\w)")
"""What French leaves of a word before a vowel, as in `l'occupation`: a word of its own. Any other apostrophe is dropped, so that
`women's` is `womens`, as in a hashtag."""

_WORD: Final = re.compile(r"#?[^\W_]+")
_NO_LETTERS: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class _Entries:
    """
    Args:
        meanings: Of sensitive entries, what they mean; of innocent ones, None.
        longest: Items of the longest entry: words of a text, characters of a tag.
    """

    meanings: Mapping[tuple[str, ...], str | None]
    longest: int

    def found(self, items: Sequence[str]) -> str | None:
        """
        What the first sensitive entry in a row of items means. At each place the longest entry decides, and what it takes in
        is read no second time: so `rally cross` hides its `rally`, and `protest rally` does not.
        """
        place = 0
        while place < len(items):
            longest = min(self.longest, len(items) - place)
            for end in range(place + longest, place, -1):
                entry = tuple(items[place:end])
                if entry in self.meanings:
                    if (meaning := self.meanings[entry]) is not None:
                        return meaning
                    place = end - 1
                    break
            place += 1
        return None


@dataclass(frozen=True, slots=True)
class SensitiveList:
    """
    `sensitive_terms.toml`, read.

    Args:
        clause: What forbids it.
        checked_on: When somebody last went through the list.
    """

    clause: Clause
    checked_on: date
    words: _Entries
    tags: _Entries


def unlawful(terms: Terms) -> tuple[Unlawful, ...]:
    """
    The hashtags and phrases that X's terms forbid to look for, in the order of the alphabet, hashtags first.

    A word of the list makes a phrase unlawful wherever it stands in it; a hashtag also where it is joined to others
    (`#climatestrike`), because whoever writes one joins its words.
    """
    found = [(tag, _in_tag(tag)) for tag in sorted(terms.hashtags)]
    found += [(phrase, _in_phrase(phrase)) for phrase in sorted(terms.phrases)]
    return tuple(Unlawful(term=term, because=_because(meaning)) for term, meaning in found if meaning)


def clauses() -> tuple[Clause, ...]:
    """
    What forbids it, as of the day on which page or list was last gone through, whichever is longer ago: whoever reads the
    page again goes through the list, too.
    """
    known = sensitive_list()
    return (replace(known.clause, checked_on=min(known.clause.checked_on, known.checked_on)),)


@cache
def sensitive_list() -> SensitiveList:
    """
    The list. Read once.
    """
    text = files("adapters.x").joinpath("sensitive_terms.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    words: dict[tuple[str, ...], str | None] = {}
    tags: dict[tuple[str, ...], str | None] = {}
    for group in document["sensitive"]:
        _enter(group, group["meaning"], words, tags)
        tags |= {tuple(_joined(word)): group["meaning"] for word in group["words"] if " " in word}
    for group in document["innocent"]:  # last: of entries of one length, the innocent one wins
        _enter(group, None, words, tags)
        tags |= dict.fromkeys((tuple(_joined(word)) for word in group["words"]), None)
    clause = document["clause"]
    return SensitiveList(
        clause=Clause(says=clause["says"], address=clause["address"], checked_on=clause["read_on"]),
        checked_on=document["checked_on"],
        words=_entries(words),
        tags=_entries(tags),
    )


def _enter(
    group: Mapping[str, Iterable[str]],
    meaning: str | None,
    words: dict[tuple[str, ...], str | None],
    tags: dict[tuple[str, ...], str | None],
) -> None:
    words.update(dict.fromkeys((tuple(word.split()) for word in group["words"]), meaning))
    tags.update(dict.fromkeys(map(tuple, group["tags"]), meaning))


def _entries(meanings: Mapping[tuple[str, ...], str | None]) -> _Entries:
    return _Entries(meanings, max(map(len, meanings)))


def _because(meaning: str) -> str:
    found = sensitive_list()
    return f"{found.clause}; by our list of {found.checked_on} the term is one for {meaning}"


# ------------------------------------------------------------------------------------------------------- reading


def _in_phrase(phrase: str) -> str | None:
    """
    What a phrase asks for that it must not; a hashtag in it is read as one.
    """
    for reading in _readings(phrase):
        said = _WORD.findall(reading)
        found = sensitive_list().words.found([word.removeprefix("#") for word in said])
        found = found or next(filter(None, (_in_tag(word[1:]) for word in said if word[0] == "#")), None)
        if found is not None:
            return found
    return None


def _in_tag(tag: str) -> str | None:
    """
    What a hashtag asks for: by the words that `_` and digits part, and by what is joined in it.
    """
    plain = _plain(tag)
    joined, parted = _joined(plain), re.sub(r"[\W\d_]+", " ", plain).split()
    known = sensitive_list()
    return known.words.found(parted) or known.words.found([joined]) or known.tags.found(joined)


def _readings(phrase: str) -> Iterator[str]:
    """
    With a space for each hyphen, and without: `sit-in` is a word of its own, `anti-protest` is two.
    """
    plain = _plain(phrase)
    yield plain.replace("-", " ")
    if "-" in plain:
        yield plain.replace("-", "")


def _plain(text: str) -> str:
    """
    Folded, without accents, as X's search reads; ligatures apart, elisions parted, apostrophes gone.
    """
    folded = fold(text).replace("œ", "oe").replace("æ", "ae")
    bare = "".join(
        char for char in unicodedata.normalize("NFD", folded) if unicodedata.category(char) != "Mn"
    )
    return _ELISION.sub(r"\1 ", bare).replace("'", "")


def _joined(text: str) -> str:
    return _NO_LETTERS.sub("", text)
