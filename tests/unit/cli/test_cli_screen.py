"""
What reaches a terminal cannot steer it, and what reaches a program is what the daemon said.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.cli.screen import clean, clean_json
from listener.cli.tail import readable

STEERING = {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), *"\u061c\u200e\u200f\u2028\u2029"} | {
    chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
}


@given(st.text(st.one_of(st.sampled_from(sorted(STEERING)), st.characters()), max_size=40))
def test_nothing_steers(text: str) -> None:
    """
    Whatever the text, no control character is left, and what was none is still there.
    """
    shown = clean(text)

    assert not STEERING & set(shown)
    assert [letter for letter in shown if letter.isalnum()] == [letter for letter in text if letter.isalnum()]


@given(st.text(st.one_of(st.sampled_from(sorted(STEERING)), st.characters(codec="utf-8")), max_size=40))
def test_json_says_the_same(text: str) -> None:
    """
    Escaped JSON means what it meant, and holds nothing that steers.
    """
    line = json.dumps({"text": text}, ensure_ascii=False)

    shown = clean_json(line)

    assert json.loads(shown) == {"text": text}
    assert not STEERING & set(shown)


POST = {
    "title": None,
    "text": "the path\nis \x1b[31mopen\u202e",
    "hashtags": ["yyc", "bow"],
    "addressed": True,
    "link": "https://blog.example/1",
}


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("post.created", POST, "to us  the path is [31mopen  #yyc #bow  https://blog.example/1"),
        (
            "post.updated",
            POST | {"title": "River", "text": None, "hashtags": [], "addressed": False, "link": None},
            "River",
        ),
        ("post.removed", {"reason": "deleted"}, "deleted"),
        (
            "topic.counted",
            {
                "watch": "river",
                "count": 3,
                "start_at": "2026-01-05T12:00:00Z",
                "end_at": "2026-01-05T13:00:00Z",
            },
            "river  3 posts  2026-01-05 12:00:00 to 2026-01-05 13:00:00",
        ),
        (
            "source.gap",
            {"suspected": True, "cause": "outage", "start_at": None, "end_at": "2026-01-05T13:00:00Z"},
            "missed, perhaps  outage  ? to 2026-01-05 13:00:00",
        ),
        ("source.moved", {"note": "permanent"}, "permanent"),
        (
            "queue.resync",
            {"reason": "unknown_epoch", "oldest": "m1-0"},
            "unknown_epoch  reading again from m1-0",
        ),
    ],
)
def test_readable(kind: str, data: dict[str, object], expected: str) -> None:
    """
    Each kind of event is one line that says what happened.
    """
    event = {
        "type": f"listener.{kind}",
        "time": "2026-01-05T11:55:00.5Z",
        "source": "/feed/blog",
        "data": data,
    }

    assert readable(event) == f"2026-01-05 11:55:00  {kind}  /feed/blog  {expected}"
