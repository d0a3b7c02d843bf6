"""
The masker on the development half of the labelled lines: every fourth here, all in `.ci/run`.
"""

from __future__ import annotations

from tests.fakes.thorough import sample
from tests.masking.lines import Line, development
from tests.masking.measure import LEAST, Cell, below, measured, right, share


def test_the_masker_recalls_what_was_planted_and_spares_the_rest() -> None:
    """No trick and no language is below its kind's threshold, on lines that were written before the masker."""
    cells = measured(sample(development()))

    assert below(cells) == []
    assert {cell.kind for cell in cells} == set(LEAST)


def test_a_surviving_name_is_a_miss_and_a_changed_clean_line_is_one() -> None:
    """The measurement tells a leak and a false mask from what is right."""
    leak = Line("a name in free text: mariko", ("mariko",), "handle", "X", "en")
    false = Line("@somebody is not clean", (), "clean", "prices", "en")
    good = Line("thanks @mariko", ("mariko",), "handle", "X", "en")

    assert [right(line) for line in (leak, false, good)] == [False, False, True]


def test_one_miss_in_a_thousand_is_the_bar_for_handles() -> None:
    """A trick with a miss among 999 lines is below, with one among 1000 is not."""

    def cells(lines: int) -> list[Cell]:
        return [Cell("handle", "X", "en", lines, (3,))]

    assert below(cells(1000)) == []
    assert below(cells(999)) == [
        "handle, X: 1 of 999 (99.90%, at least 99.9%)",
        "handle, in en: 1 of 999 (99.90%, at least 99.9%)",
    ]
    assert share(cells(999)).missed == 1
