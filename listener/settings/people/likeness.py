"""
Whether a term looks like a person's name, and by which of a few rules that can be told to whoever wrote it.

Takes words from `words`, names from `known` and what tells a place from a person from `cues.toml`; gives a sentence's part or
None to `checks`. Names in scripts without spaces are judged by `unspaced`.

What no rule can know: "Jordan Lake" is a lake and somebody. Where a word says that a thing is meant (Lake, Rue, Festival),
the thing is believed; where none does, the person is. A given name that no list holds is not seen, and lists hold less of
some cultures than of others: the tests print how much. So this is a net under the officer who signs, not instead of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from tomllib import loads
from typing import Final

from listener.settings.people.known import Known
from listener.settings.people.unspaced import Signs, unspaced_name
from listener.settings.people.words import Word, folded, in_humps, words_of

BOTH: Final = "a given name and a family name"
GIVEN: Final = "a given name and a word that may be a family's"
FAMILY: Final = "a family name after a word that may be given"
TITLE: Final = "a title and a name"
INITIALS: Final = "initials and a name"

_MOST_WORDS: Final = 6
"""Chosen: four names and two particles; what is longer is a sentence."""
_FAMILY_ENDS: Final = re.compile(
    r".{3,}(?:enko|chuk|czuk|ovich|evich|ovych|ovsk[yi]|ewsk[yia]|owsk[yia]|dottir|sson|poulos|opoulou|akis|adaki|yan|dze|shvili|oglu"
    r"|енко|чук|щук|ович|евич|івна|овна|евна|ський|ська|ский|ская|πουλος|ακης|ιδης|υαν|սյան|յան)"
)
"""How family names and patronymics end that no list holds all of: Ukrainian, Russian, Polish, Icelandic, Swedish, Greek,
Armenian, Georgian, Turkish."""
_RUN_LEAST: Final = (4, 4, 9)
"""Chosen: letters of a given name, of a family name and of both, before two names are seen in `oksanamelnyk`."""
_DROPPED: Final = frozenset(["real", "official", "the", "not", "its", "iam", "im"])
"""What people put before their name in an account."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """
    The judge, with its lists. Made when a configuration is checked and let go afterwards.

    Args:
        known: Words that are names.
        cues: `cues.toml`: key to words.
        signs: For scripts without spaces.
    """

    known: Known
    cues: Mapping[str, frozenset[str]]
    signs: Signs

    @classmethod
    def read(cls) -> Likeness:
        """
        With what is shipped.
        """
        text = files("listener.settings.people").joinpath("cues.toml").read_text(encoding="utf-8")
        cues = {key: frozenset(words.split()) for key, words in loads(text).items()}
        signs = Signs(
            things=frozenset("".join(cues["signs"])),
            things_hangul=frozenset("".join(cues["signs_hangul"])),
            titles=cues["titles_east"],
        )
        return cls(Known.read(), cues, signs)

    def of_phrase(self, phrase: str) -> str | None:
        """
        What a phrase looks like, if it looks like a person's name.
        """
        if len(phrase.split()) == 1:
            return self.of_tag(phrase)
        last, comma, first = phrase.partition(",")
        turned = f"{first} {last}" if comma and first.strip() else phrase
        return unspaced_name(phrase, self.known, self.signs) or self._of_words(words_of(turned))

    def of_tag(self, tag: str) -> str | None:
        """
        The same of a hashtag or of the name of an account, in which words may have grown together.
        """
        plain = tag.strip().lstrip("#＃@＠")
        apart = in_humps(plain)
        by_words = unspaced_name(plain, self.known, self.signs) or self._of_words(words_of(apart))
        return by_words or (None if " " in apart else self._of_run(folded(plain)))

    def of_account(self, handle: str) -> str | None:
        """
        The same of a handle, whatever server it is on, without the number that many end with.
        """
        name = handle.strip().lstrip("@＠").partition("@")[0]
        label = name.partition(".")[
            0
        ]  # where the handle is a domain; where it is not, both readings are judged
        return self._of_account_name(name) or (self._of_account_name(label) if label != name else None)

    def _of_account_name(self, name: str) -> str | None:
        words = words_of(in_humps(name.rstrip("0123456789")))
        words = tuple(word for word in words if word.key not in _DROPPED)
        if len(words) != 1:
            return self._of_words(tuple(replace(word, always_capital=True) for word in words))
        return unspaced_name(words[0].text, self.known, self.signs) or self._of_run(_undropped(words[0].key))

    # ------------------------------------------------------------------------------------------------ by words

    def _of_words(self, words: Sequence[Word]) -> str | None:
        words = self._without_slogan(words)
        if not 1 < len(words) <= _MOST_WORDS or any(word.text[0].isdigit() for word in words):
            return None
        if words[0].key in self.cues["articles"] and words[1].key in self.cues["titles"]:
            words = words[1:]
        if words[0].key in self.cues["titles"]:
            return self._after_title(words[1:])
        return None if self._is_thing(words) else self._of_names(words)

    def _after_title(self, words: Sequence[Word]) -> str | None:
        while len(words) > 1 and words[0].key in self.cues["titles"]:
            words = words[1:]
        if not words or words[0].key in self.cues["particles"] or self._is_thing(words):
            return None  # "the mayor of", "maire de", "chief executive's office"
        if any(word.capital or self._named(word) for word in words):
            return TITLE
        return None

    def _of_names(self, words: Sequence[Word]) -> str | None:
        names = [word for word in words if not word.initial and word.key not in self.cues["particles"]]
        initials = sum(word.initial for word in words)
        if len(names) == 1 and initials and words[0].initial:
            return INITIALS if names[0].capital and (initials > 1 or self._named(names[0])) else None
        if not 2 <= len(names) <= 4:
            return None
        first, last = names[0], names[-1]
        capital = first.capital and last.capital
        family = self._is(last, "family") or (capital and bool(_FAMILY_ENDS.fullmatch(last.key)))
        if self._is(first, "given") and family:
            return BOTH
        if self._is(last, "given") and (self._is(first, "family") or _FAMILY_ENDS.fullmatch(first.key)):
            return BOTH
        if capital and self._is(first, "given") and len(last.key) > 2:
            return GIVEN
        if capital and self.known.stands_first(first.key):
            return BOTH
        if capital and family and len(names) > 1:
            return FAMILY
        return None

    def _is_thing(self, words: Sequence[Word]) -> bool:
        """
        Whether a word says that something else than a person is meant.
        """
        keys = [word.key for word in words]
        return (
            not self.cues["things"].isdisjoint(keys)
            or any(
                key in self.cues["function"] and not word.initial and word.text.islower()
                for key, word in zip(keys, words, strict=True)
                if key not in self.cues["particles"]
            )
            or keys[-1] in self.cues["last"]
            or (keys[0] in self.cues["first"] and not words[0].initial)
        )

    def _without_slogan(self, words: Sequence[Word]) -> Sequence[Word]:
        at = 0
        while at < len(words) - 2 and words[at].key in self.cues["slogans"]:
            at += 1
        first = words[at] if words else None
        if at and first is not None and first.key.startswith("ل"):  # Arabic grows "for" onto the name
            return (replace(first, key=first.key[1:]), *words[at + 1 :])
        return words[at:]

    def _named(self, word: Word) -> bool:
        return self._is(word, "given") or self._is(word, "family")

    def _is(self, word: Word, use: str) -> bool:
        return self.known.is_name(word.key, "given" if use == "given" else "family")

    # -------------------------------------------------------------------------------------------------- by runs

    def _of_run(self, run: str) -> str | None:
        """
        Two names that grew together in lower case, after a slogan or a title or not.
        """
        if not run.isalpha():
            return None
        for slogan in ("", *sorted(self.cues["slogans"] | self.cues["titles"], key=len, reverse=True)):
            if (slogan == "" or (len(slogan) > 2 and run.startswith(slogan))) and self._two_names(
                run[len(slogan) :]
            ):
                return BOTH
        return None

    def _two_names(self, run: str) -> bool:
        given, family, least = _RUN_LEAST
        if len(run) < least or self.known.is_name(run, "given") or self.known.is_name(run, "family"):
            return False  # one name alone is not somebody
        if any(len(thing) > 3 and run.endswith(thing) for thing in self.cues["things"]):
            return False
        for at in range(given, len(run) - given + 1):
            first, last = run[:at], run[at:]
            if first in self.cues["first"] or last in self.cues["last"]:
                continue
            if self.known.is_name(first, "given") and any(
                len(each) >= family and each not in self.cues["last"] and self.known.is_name(each, "family")
                for each in self._unparticled(last)
            ):
                return True
            if (
                len(first) >= family
                and self.known.is_name(first, "family")
                and self.known.is_name(last, "given")
            ):
                return True
        return False

    def _unparticled(self, run: str) -> list[str]:
        """
        `vandijk`, and `dijk`.
        """
        cut = [
            run.removeprefix(each)
            for each in self.cues["particles"]
            if len(each) > 1 and run.startswith(each)
        ]
        return [run, *cut]


def _undropped(run: str) -> str:
    """
    Without what people put before their name, such as `thereal`.
    """
    while front := next((each for each in _DROPPED if run.startswith(each)), None):
        run = run.removeprefix(front)
    return run
