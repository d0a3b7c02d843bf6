"""
The author's own names, and where they occur in a folded text.

Used by redact.py for text and titles, by links.py for addresses, by clear.py for hashtags.

What is masked: a name of several words, wherever the words follow each other; a single word of three characters or
more (two in scripts written without spaces) that is not in the dated list of common words; an account number of five
digits or more; a name of four or more signs without a word, such as emoji, as it stands. A common word, or one of two letters, is masked only where a name stands: as the whole text, after a
word such as "by" at the end of a line, or on a signature line. So an author called "City" leaves "City of Calgary"
readable, and "Comment on Snow by City" still loses its last word. Inflected forms are not recognised.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final
from urllib.parse import unquote

from listener.events import Author
from listener.gate.folding import WORD, fold_for_masking, is_unspaced, stands_free

_TOKEN: Final = re.compile(f"[{WORD}]+")
_TOKENS_MAX: Final = 12
"""Chosen: a name of more words is a sentence, and is masked by its first dozen."""

_NAME_MAX: Final = 300
"""Chosen: longer than any network allows a name to be."""

_SEPARATORS_MAX: Final = 3
"""Chosen: characters that may stand between two words of a name, as in `Doe, J. R.`"""

_AGENCY_JOINT: Final = ". / "
"""What else may: newspapers sign `J. R. / NEWS`."""

_DIGITS_MIN: Final = 5
"""Chosen: a shorter number is a year, a price or a bus line far more often than an account."""

_SYMBOLS_MIN: Final = 4
"""Chosen: a name without a single word is looked for as it stands from so many characters on; one emoji may be made of
three, and says something in a text far more often than it names its author."""

_ASIDE: Final = re.compile(r"\s*[(\[{|/•·,:~–—].*", re.DOTALL)
"""What people append to a display name: pronouns, titles, places."""


@dataclass(frozen=True, slots=True, repr=False)
class AuthorNames:
    """
    An author's names, folded and taken apart; in memory for the length of one post.

    Args:
        phrases: Masked wherever they stand free, each as its words in order.
        positional: Masked only where a name stands.
    """

    phrases: tuple[tuple[str, ...], ...] = ()
    positional: tuple[tuple[str, ...], ...] = ()

    def compacts(self) -> frozenset[str]:
        """
        The distinctive names without anything between their words, as they occur in hashtags and paths.
        """
        return frozenset("".join(phrase).replace("_", "") for phrase in self.phrases)


NOBODY: Final = AuthorNames()


def word_file() -> Mapping[str, Any]:
    """
    The dated word list as it stands in the file.
    """
    return tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))


@functools.cache
def words(kind: str) -> frozenset[str]:
    """
    One list of the word file, folded.
    """
    return frozenset(map(fold_for_masking, word_file()[kind]))


def any_of(alternatives: frozenset[str]) -> str:
    """
    A pattern for any of them, the longest first.
    """
    return "|".join(re.escape(word) for word in sorted(alternatives, key=lambda word: (-len(word), word)))


Readings = tuple[tuple[str, ...], ...]
"""Every way in which an author may be written, each as its words in order, folded; what `names_in` searches."""


def readings_of(author: Author | None) -> Readings:
    """
    The ways in which an author's names may be written. Taken once per post.
    """
    if author is None:
        return ()
    return tuple(dict.fromkeys([tokens for name in author.names for tokens in _readings(name)]))


def names_in(text: str, readings: Readings) -> AuthorNames:
    """
    What to look for in a folded text: `NOBODY` where no reading's first word occurs, which costs next to nothing.
    """
    for tokens in readings:
        if tokens[0] in text:
            return names_of(readings)
    return NOBODY


def names_of(readings: Readings) -> AuthorNames:
    """
    The readings by where they are masked.
    """
    distinctive = [tokens for tokens in readings if _is_distinctive(tokens)]
    return AuthorNames(
        tuple(sorted(distinctive, key=lambda tokens: -sum(map(len, tokens)))),
        tuple(tokens for tokens in readings if tokens not in distinctive),
    )


def _readings(name: str) -> Iterator[tuple[str, ...]]:
    """
    The ways in which one string may be written: whole, without what is appended, last name first; of an address
    or a handle the part that names the account.
    """
    plain = fold_for_masking(name[:_NAME_MAX]).strip()
    if "://" in plain:
        yield from _readings_of_address(plain)
        return
    local, at, _ = plain.removeprefix("@").removeprefix("acct:").partition("@")
    if at and " " not in plain:
        plain = local
    aside = _ASIDE.search(plain)
    for form in (plain, plain[: aside.start()]) if aside else (plain,):
        tokens = tuple(_TOKEN.findall(form)[:_TOKENS_MAX])
        if len(tokens) == 2:
            yield tokens
            yield tokens[::-1]
        elif len(tokens) > 2 or (tokens and len(tokens[0]) > 1):
            yield tokens
    if len(plain) >= _SYMBOLS_MIN and not _TOKEN.search(plain):
        yield (plain,)


def _readings_of_address(address: str) -> Iterator[tuple[str, ...]]:
    """
    The last word of the path; a bare host is a publication as often as a person and says nothing.
    """
    path = unquote(address).partition("://")[2].partition("?")[0].partition("#")[0].rstrip("/")
    tokens = tuple(_TOKEN.findall(path.rpartition("/")[2])[:_TOKENS_MAX]) if "/" in path else ()
    if len(tokens) > 1 or (tokens and len(tokens[0]) > 1):
        yield tokens


def _is_distinctive(tokens: tuple[str, ...]) -> bool:
    if len(tokens) > 1:
        return len("".join(tokens)) > 3 and not all(token.isdigit() for token in tokens)
    (token,) = tokens
    if token.isdigit():
        return len(token) >= _DIGITS_MIN
    return token not in words("common") and (len(token) > 2 or is_unspaced(token[0]))


def occurrences(text: str, names: AuthorNames) -> Iterator[tuple[int, int]]:
    """
    Where in a folded text the author is named; spans may overlap.
    """
    for tokens in names.phrases:
        yield from (span for span in _phrase_spans(text, tokens) if stands_free(text, *span))
    for tokens in names.positional:
        for span in _phrase_spans(text, tokens):
            if stands_free(text, *span) and _stands_as_name(text, *span):
                yield span


def _phrase_spans(text: str, tokens: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    start = text.find(tokens[0])
    while start >= 0:
        end = _end_of_phrase(text, start + len(tokens[0]), tokens)
        if end is not None:
            yield start, end
        start = text.find(tokens[0], start + 1)


def _end_of_phrase(text: str, end: int, tokens: tuple[str, ...]) -> int | None:
    """
    Where the rest of the words ends, each a few separators behind the one before.
    """
    for token in tokens[1:]:
        limit, at = end + _SEPARATORS_MAX, end
        while at < limit and at < len(text) and (text[at] == "_" or not text[at].isalnum()):
            at += 1
        if text.startswith(_AGENCY_JOINT, end):
            at = end + len(_AGENCY_JOINT)
        if not text.startswith(token, at) or (at == end and not is_unspaced(token[0])):
            return None
        end = at + len(token)
    return end


_LINE_MAX: Final = 60
"""Chosen: characters looked at on either side; keeps the cost of a text full of one word linear."""

_SIGNATURE: Final = re.compile(r"\s*[-–—~*•]+\s*")
_LAST_WORD: Final = re.compile(f"([{WORD}]+)[^{WORD}\n]*$")


def _stands_as_name(text: str, start: int, end: int) -> bool:
    """
    Whether the line ends here and begins in a way that announces a name.
    """
    line_end = text.find("\n", end, end + _LINE_MAX)
    if line_end < 0 and len(text) > end + _LINE_MAX:
        return False
    if _TOKEN.search(text, end, line_end if line_end >= 0 else len(text)):
        return False
    floor = max(0, start - _LINE_MAX)
    head = text[max(text.rfind("\n", floor, start) + 1, floor) : start]
    if not _TOKEN.search(head):
        alone = not _TOKEN.search(text, 0, start) and not _TOKEN.search(text, end)
        return alone or bool(_SIGNATURE.fullmatch(head))
    last = _LAST_WORD.search(head)
    return last is not None and last[1] in words("by")


def in_address_part(part: str, names: AuthorNames) -> bool:
    """
    Whether a folded path segment or query value is, or holds as whole words, one of the distinctive names.
    """
    tokens = _TOKEN.findall(part.replace("_", " "))
    if not tokens:
        return False
    joined = f" {' '.join(tokens)} "
    return "".join(tokens) in names.compacts() or any(
        f" {' '.join(phrase)} " in joined for phrase in names.phrases if len(phrase) > 1
    )


def in_tag(tag: str, names: AuthorNames) -> bool:
    """
    Whether a folded hashtag is, or (from four characters on) contains, one of the distinctive names.
    """
    plain = tag.replace("_", "")
    return any(name == plain or (len(name) >= 4 and name in plain) for name in names.compacts())


def may_be_in_tag(tags: str, readings: Readings) -> bool:
    """
    False only where `in_tag` finds nobody in any of the folded tags, which are joined by anything.
    """
    plain = tags.replace("_", "")
    return any(tokens[0].replace("_", "") in plain for tokens in readings)


def any_in(parts: Iterable[str], names: AuthorNames) -> bool:
    """
    `in_address_part` for any of them.
    """
    return bool(names.phrases) and any(in_address_part(part, names) for part in parts)
