"""
The cheap ways through a usual text beside the patterns that they stand for.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.x.normalise import Place, instant, item_from
from adapters.x.wire import WireEntities, WireMention, WirePost, WireUrl
from listener.events import Post

KNOWN: Final = {
    "https://t.co/a1": "https://map.example/a",
    "https://t.co/a12": "https://map.example/b",
    "http://t.co/a1": "http://map.example/c",
    "https://t.co/p": "https://X.com/jo_fenn/STATUS/77?s=20",
    "https://t.co/own": "https://twitter.com/jo_fenn/status/1/photo/1",
    "https://t.co/odd": "https://x.com/jo_fenn/statuses",
}
WRITTEN: Final = {
    **KNOWN,
    "https://t.co/p": "https://x.com/i/web/status/77",
    "https://t.co/own": "",
}
ENTITIES: Final = WireEntities(urls=tuple(WireUrl(short, whole) for short, whole in KNOWN.items()))
PIECES: Final = [*KNOWN, "https", "http", "s", "://t.co/", "a1", "2", "_", "é", ".", " ", "\n", "words"]


def text_of(text: str, entities: WireEntities) -> str | None:
    item = item_from(WirePost("1", text=text, entities=entities), Place())
    return item.text if isinstance(item, Post) else None


@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join))
@example("words https://t.co/a1")
@example("words https://t.co/a12_")
@example("https://t.co/pé")
@example("https://t.co/own")
@example("https://t.co/a1https://t.co/a1")
def test_short_addresses_are_written_out_wherever_they_stand(text: str) -> None:
    """One at the end, as in most posts, as any other: known by the whole of what could belong to it."""
    written = re.sub(r"https?://t\.co/[0-9A-Za-z_]+", lambda found: WRITTEN.get(found[0], found[0]), text)

    assert text_of(text, ENTITIES) == (written.strip() or None)


@given(st.text(alphabet="a9_é字.-# \n@＠jo", max_size=12))
@example("RT@jo")
@example("rt:@jo")
@example("@jo")
@example("＠＠jo")
@example("_＠jo")
def test_a_sign_is_parted_from_what_stands_before_it(text: str) -> None:
    """Behind a letter, a digit or `_` in any script, before a handle that the entities name; nowhere else."""
    parted = re.sub(r"(?<=\w)(?=[@＠]jo(?!\w))", " ", text)

    assert text_of(text, WireEntities(mentions=(WireMention("jo"),))) == (parted.strip() or None)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("2026-03-01T10:00:00.000Z", timedelta()),
        ("2026-03-01T10:00:00+00:00", timedelta()),
        ("2026-03-01T12:00:00+02:00", timedelta()),
        ("2026-03-01T10:00:00", timedelta()),
        ("2026-03-01T09:00:00.5-01:00", timedelta(seconds=0.5)),
    ],
)
def test_an_instant_is_in_utc_however_it_is_stated(stated: str, expected: timedelta) -> None:
    """With a `Z`, an offset, or nothing."""
    found = instant(stated)

    assert found is not None
    assert (found, found.tzinfo) == (datetime(2026, 3, 1, 10, tzinfo=UTC) + expected, UTC)
