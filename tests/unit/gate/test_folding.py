"""
Folding for masking: two halves that agree, and a way back that loses nothing.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.gate.folding import fold_for_masking, folded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Snow", "snow"),
        ("ＢＯＢ＠ｅｘ．ｃｏｍ", "bob@ex.com"),
        ("b\u200bo\u00adb\ufe0f", "bob"),
        ("𝓑𝔬𝚋", "bob"),
        ("Ⓑⓞⓑ", "bob"),
        ("ZOÉ zoe\u0301", "zoe zoe"),
        ("IŞIL İstanbul ışık", "isil istanbul isik"),
        ("GROẞ groß", "gross gross"),
        ("ΝΊΚΟΣ νίκος", "νικοσ νικοσ"),
        ("Ёлка", "елка"),
        ("ｶﾞ が", "ガ が".replace("ガ", "カ\u3099")),
        ("김철수", "김철수"),
        ("भारत", "भारत"),
        ("½…", "1⁄2..."),
    ],
)
def test_spellings_that_read_alike_fold_alike(text: str, expected: str) -> None:
    """
    Width, case, style, Latin accents and what is invisible make no difference.
    """
    assert fold_for_masking(text) == expected


@given(st.text())
def test_both_halves_agree_and_folding_is_final(text: str) -> None:
    """
    The cheap fold and the one with the way back read the same, and folding again changes nothing.
    """
    view = folded(text)

    assert view.text == fold_for_masking(text)
    assert view.starts is None or len(view.starts) == len(view.text)
    assert fold_for_masking(view.text) == view.text


@given(st.text(), st.integers(0, 50), st.integers(1, 50))
def test_the_way_back_covers_what_was_found(text: str, start: int, length: int) -> None:
    """
    The original behind a folded span folds to that span, or to more where one character became several.
    """
    view = folded(text)
    end = min(start + length, len(view.text))
    if start >= end:
        return

    first, last = view.span(start, end)

    assert 0 <= first < last <= len(text)
    assert view.text[start:end] in fold_for_masking(text[first:last])
