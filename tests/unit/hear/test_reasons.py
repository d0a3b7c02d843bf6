"""Why a source waits, in sentences."""

from __future__ import annotations

from typing import get_args

import pytest

from listener.hear.reasons import failure, sentence, span
from listener.status import Why


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (45, "45 s"),
        (90, "90 s"),
        (900, "15 min"),
        (5400, "90 min"),
        (7200, "2 h"),
        (86_400, "24 h"),
        (777_600, "9 days"),
    ],
)
def test_spans_are_told_as_people_say_them(seconds: float, expected: str) -> None:
    """In the largest unit that is still exact enough."""
    assert span(seconds) == expected


def test_every_reason_has_a_sentence() -> None:
    """No word of the closed set is shown as itself."""
    told = {why: sentence(why, wait_s=7200.0, rhythm_s=86_400.0) for why in get_args(Why)}

    assert all(" " in text and text[0].islower() for text in told.values())
    assert told["rhythm"] == "it writes about every 24 h, so it is read every 2 h"
    assert told["server"] == "the site asks to be left alone for 2 h"
    assert told["interval"] == "it is read every 2 h"
    assert told["held"] == "the server asked for a pause of 2 h"


def test_a_failure_says_what_to_do() -> None:
    """A reason from an adapter's own set is a document that cannot be read."""
    assert failure("refused").startswith("our own guard")
    assert failure("not_well_formed") == failure("anything")
