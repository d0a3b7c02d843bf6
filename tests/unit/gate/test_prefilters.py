"""
What spares the gate work never spares a person: each short cut beside what it stands for.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from listener.events import Author, Cleared, Post
from listener.gate import Gate, Place
from listener.gate.folding import fold_for_masking, folded
from listener.gate.phones import may_hold_phone
from listener.keys import KeyRing, Sealer

NOW = datetime(2026, 5, 12, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
GATE = Gate(
    keys=KeyRing([b"current secret of some length"]),
    own_handles=(),
    country="CA",
    consent="objection",
    nobot_tags=(),
    objections=frozenset(),
)
PLACE = Place(network="feed", source="blog", keep="text", retention=DAY, emit_from=DAY)


def kept_tags(*tags: str, author: str) -> tuple[str, ...]:
    post = Post(native="x", kind="post", text="", tags=tags, author=Author((author,)))
    cleared = GATE.clear(
        post, place=PLACE, watches=(), shortest=None, sealer=Sealer(NOW.date(), b"k" * 32), now=NOW
    )
    assert isinstance(cleared, Cleared)
    return cleared.event.data.hashtags


@given(st.text(max_size=40) | st.text("aéÉßΣſ＠𝐀𝔄ﷺ\u200bᎠ", max_size=40))
def test_both_folds_agree(text: str) -> None:
    """
    However few or many characters change, the text alone is the text that has a way back.
    """
    assert fold_for_masking(text) == folded(text).text


def test_seven_digits_of_any_script_are_looked_at() -> None:
    """
    No decimal digit of Unicode is overlooked by the count that comes before the search.
    """
    digits = [char for char in map(chr, range(sys.maxunicode + 1)) if char.isdecimal()]

    assert len(digits) > 600
    assert [digit for digit in digits if not may_hold_phone(f"на {digit * 7}")] == []


def test_a_person_among_plain_tags_goes_alone() -> None:
    """
    One tag that names the author, a handle or a mailbox is left out; the plain ones beside it stay.
    """
    tags = ("snow", "mira_quill", "see @bob", "bob at gmail.com", "bridge", "4035550123", "Q_Mira_Quill")

    assert kept_tags(*tags, author="Mira Quill") == ("bridge", "snow")
