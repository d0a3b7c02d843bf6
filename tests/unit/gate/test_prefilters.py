"""
What spares the gate work never spares a person: each short cut beside what it stands for.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.events import Author, Cleared, Post
from listener.gate import Gate, Place
from listener.gate.folding import fold_for_masking, folded
from listener.gate.handles import handle_spans, may_hold_handle
from listener.gate.mail import mail_spans, may_hold_mail
from listener.gate.numbers import may_hold_number, number_spans
from listener.gate.phones import may_hold_phone, phone_spans
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


SIGNS = st.lists(
    st.sampled_from(
        ["4", "12", "123", "456", "782", "4111", "11", "1112", "54362315", "2482300", "x", "k", "gb", "29", "nwbk", "2a", " ", "-", ".", "/", "+", "u/", "bob",
         "at", "dot", "a cong", "(", ")", "_", "example", "com", "gmail.com", "%40", "\n", "\t", "€", "é", "٤", "姓", "npub1", "did:plc:abcdef"]
    ),
    max_size=14,
).map("".join)  # fmt: skip


@given(SIGNS)
def test_no_step_finds_what_its_question_denied(text: str) -> None:
    """
    A text of which it is said that it holds no mailbox, handle, number or telephone holds none: the step finds nothing there.
    """
    plain = fold_for_masking(text)

    assert may_hold_mail(plain) or not list(mail_spans(plain, own=frozenset()))
    assert may_hold_handle(plain) or not list(handle_spans(plain, own=frozenset()))
    assert may_hold_number(plain) or not [*number_spans(plain), *phone_spans(plain, country="CA")]
    assert may_hold_phone(plain) or not list(phone_spans(plain, country="CA"))


@pytest.mark.parametrize(
    "text",
    [
        "gb29 nwbk 6016 1331 9268 19",
        "54362315k",
        "x2482300w",
        "1 85 05 2a 004 084 36",
        "4111111111111111",
        "123-456-782",
    ],
)
def test_the_shortest_forms_of_a_number_are_looked_at(text: str) -> None:
    """
    What is grouped or lettered most sparsely still passes the question that comes before the search.
    """
    assert may_hold_number(text)


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
