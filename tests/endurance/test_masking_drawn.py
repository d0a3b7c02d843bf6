"""
The masker on lines that nobody has seen: the seed is drawn as the test starts, and printed.

`LISTENER_ENDURANCE_SEED` repeats a run; `python -m tests.masking.measure --seed N` tells what was missed.
"""

from __future__ import annotations

import pytest

from tests.endurance.budget import SEED
from tests.masking.lines import lines
from tests.masking.measure import below, examples, measured, table

EACH = 26
"""Twice the development half: more than four hundred lines a trick."""


def test_lines_drawn_anew_are_masked_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    """What holds on the lines the masker was developed on holds on lines drawn at run time."""
    drawn = list(lines(SEED, each=EACH))
    cells = measured(drawn)
    with capsys.disabled():
        print(f"\nLISTENER_ENDURANCE_SEED={SEED}\n{table(cells)}\n\n{examples(drawn, cells)}")

    assert below(cells) == []
