"""
The labels of the lines, held beside sources that are not the generator's: python-stdnum, libphonenumber's matcher, and the judge's own reading.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest
from stdnum import iban, luhn
from stdnum.ca import sin
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.nl import bsn

from tests.masking import harmless, numbers
from tests.masking.judge import folded, survives
from tests.masking.languages import LANGUAGES
from tests.masking.lines import DEVELOPMENT_SEED, PERSONAL, lines


@pytest.mark.parametrize(
    ("draw", "valid"),
    [
        (numbers.sin, sin.is_valid),
        (numbers.nir, nir.is_valid),
        (numbers.bsn, bsn.is_valid),
        (numbers.dni, dni.is_valid),
        (numbers.nie, nie.is_valid),
        (numbers.iban, iban.is_valid),
        (numbers.card, luhn.is_valid),
    ],
)
def test_what_is_planted_as_a_number_is_one(draw: numbers.Draw, valid: object) -> None:
    """Another library calls every generated identity number, account and card valid."""
    assert callable(valid)
    chance = random.Random(DEVELOPMENT_SEED)
    drawn = [draw(chance)[0] for _ in range(200)]

    assert [number for number in drawn if not valid(number)] == []


def test_numbers_that_fail_are_no_number() -> None:
    """No library calls a number among the clean lines an identity number or a card of its length."""
    chance = random.Random(DEVELOPMENT_SEED)
    drawn = [harmless.not_somebodys(chance, count) for count in (9, 14, 15, 16) for _ in range(100)]
    checks = (sin.is_valid, nir.is_valid, bsn.is_valid, luhn.is_valid)

    assert [number for number in drawn if any(check(number) for check in checks)] == []


def test_what_is_planted_can_be_read() -> None:
    """The judge finds every planted string in the line before it is masked, and none in the bare sentences."""
    forms = (
        form
        for words in LANGUAGES.values()
        for form in (*words.greet, *words.write, *words.call, *words.see, *words.number)
    )
    bare = folded("\n".join(forms))
    seen: Counter[str] = Counter()
    unread, told = [], []
    for line in lines(DEVELOPMENT_SEED, each=1):
        seen[line.kind] += 1
        unread += [line for planted in line.planted if not survives(planted, line.text)]
        if line.kind not in ("clean", "own"):
            told += [planted for planted in line.planted if folded(planted) in bare]
            assert line.planted

    assert unread == []
    assert told == []
    assert set(seen) == {*PERSONAL, "phone", "clean", "own"}


def test_the_same_seed_gives_the_same_lines() -> None:
    """A measurement can be repeated by its seed, and another seed gives other lines."""
    first = list(lines(7, each=1))
    mailboxes = {line.text for line in first if line.trick == "e-mail"}

    assert first == list(lines(7, each=1))
    assert mailboxes.isdisjoint(line.text for line in lines(8, each=1))


@pytest.mark.parametrize(
    ("planted", "text"),
    [
        ("mariko", "@MA\u200bRIKO"),
        ("mariko", "＠ｍａｒｉｋｏ"),
        ("mariko", "x.com/m%61riko"),
        ("маріяк", "youtube.com/@%D0%BC%D0%B0%D1%80%D1%96%D1%8F%D0%BA"),
        ("straße", "STRASSE"),
        ("55501", "(780) 555-0199"),
        ("55501", "٥٥٥ ٠١٩٩"),
    ],
)
def test_no_disguise_hides_from_the_judge(planted: str, text: str) -> None:
    """Case, width, invisible characters, percent-encoding, other scripts' digits and separators hide nothing."""
    assert survives(planted, text)
    assert not survives(planted, "‹@› ‹☎› 780")
