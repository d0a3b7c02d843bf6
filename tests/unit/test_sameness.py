"""
Two readings of the same words are the same, whatever software did to them; a word of difference is one.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.text import as_read, same_address


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("https://a.example/x", "http://a.example/x"),
        ("https://A.Example/x/", "http://a.example/x"),
        ("https://a.example/", "http://a.example"),
        ("https://a.example/?p=1", "http://a.example?p=1"),
        ("https://a.example/x/?utm_source=feed&p=1&fbclid=2#c3", "http://a.example/x?p=1#c3"),
        ("https://a.example/x?utm_source=feed", "http://a.example/x"),
        ("https://a.example/X", "http://a.example/X"),
        ("tag:a.example,2026:1/", "tag:a.example,2026:1/"),
        ("", ""),
    ],
)
def test_one_spelling_for_one_page(written: str, same: str) -> None:
    """Scheme, case of the host, a slash at the end and marks of a visit name no other page; all else does."""
    assert same_address(written) == same
    assert same_address(same) == same


SAME = [
    ("Snow  on\n\nBow Trail", "Snow on Bow Trail"),
    ("It’s “late” – again…", 'It\'s "late" - again...'),
    ("caf\u0065\u0301 \u200bopen", "café open"),
    ("posted 3 hours ago", "posted 5 hours ago"),
    ("posted an hour ago", "posted 2 hours ago"),
    ("vor 3 Stunden", "vor 4 Stunden"),
    ("il y a 1 heure", "il y a 2 heures"),
    ("3 дня назад", "5 дней назад"),
    ("3時間前", "4時間前"),
    ("1,204 views", "1,377 views"),
    ("No comments", "1 comment"),
    ("Comments (3)", "Comments (4)"),
    ("Views: 17k", "Views: 18k"),
    ("Ad <https://ad.example/c?cb=17&zone=3>", "Ad <https://ad.example/c?cb=18&zone=3>"),
    ("[x] <https://i.example/p.jpg?e=1764000000&w=9>", "[x] <https://i.example/p.jpg?e=1764009999&w=9>"),
    ("see http://a.example/x/?utm_medium=rss", "see https://a.example/x"),
]
OTHER = [
    ("Meeting at 7", "Meeting at 8"),
    ("12 days left", "11 days left"),
    ("Room 12: 14 people", "Room 12: 15 people"),
    ("see https://v.example/w?v=abc", "see https://v.example/w?v=abd"),
    ("open", "Open"),
    ("1 view from the bridge", "a view from the bridge"),
    ("fined $500", "fined $5000"),
]


@pytest.mark.parametrize(("first", "second"), SAME)
def test_what_moves_by_itself_is_no_edit(first: str, second: str) -> None:
    """White space, spelling of signs, times told from now, counters and addresses made anew each time."""
    assert as_read(first) == as_read(second)


@pytest.mark.parametrize(("first", "second"), OTHER)
def test_a_word_or_a_number_of_difference_is_one(first: str, second: str) -> None:
    """A number that counts nothing is news: an hour, a day, a fine."""
    assert as_read(first) != as_read(second)


@pytest.mark.parametrize(
    "piece", ["1 ", "111 ", "1,111,", "1 view ", "vor 1 ", "comments: (1 ", "https://a.example/?1=1&"]
)
def test_no_text_takes_longer_than_its_length(piece: str) -> None:
    """Four times the text takes some four times as long, never sixteen."""

    def took(text: str) -> float:
        started = time.process_time()
        as_read(text)
        return time.process_time() - started

    as_read(piece * 10)
    short = min(took(piece * 2_000) for _ in range(3))
    assert min(took(piece * 8_000) for _ in range(3)) < 10 * max(short, 0.001)


PIECES = st.lists(
    st.text(max_size=5)
    | st.sampled_from(
        ["http://", "https://A.b", "/", "?", "#", "&", "utm_x=1", "p=1", "3 hours ago", "İ", "\ud800", "\n"]
    )
)


@given(PIECES.map("".join))
def test_any_text_has_one_spelling(text: str) -> None:
    """No text is refused, and a common spelling is its own; white space around words is nothing."""
    assert same_address(same_address(text)) == same_address(text)
    assert as_read(f"\n {text}\t") == as_read(text)
