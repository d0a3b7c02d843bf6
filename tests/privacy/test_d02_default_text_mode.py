"""
D2, the default text mode: what a post says reaches a consumer without the people in it.

Through the shipped daemon with nothing set, one labelled line of each kind. How much is recalled of every trick in seventeen languages is
measured in `tests/masking/test_masking_measured.py`, on lines drawn anew in `tests/endurance/test_masking_drawn.py`, on recorded data
in `tests/corpus/test_nobody_stated_is_left.py`; which fields an event has, in `test_d01_to_d06_collect_less.py`.
"""

from __future__ import annotations

from email.utils import format_datetime
from html import escape
from typing import Final

import pytest

from listener.simulation.exchange import Request, Response
from listener.testing.rig import rig, source
from listener.testing.virtual_clock import START
from tests.masking.judge import survives
from tests.masking.lines import COUNTRY, DEVELOPMENT_SEED, Line, lines

pytestmark = pytest.mark.anyio

WRITER: Final = "Mariella Quillfeather"
MAILBOX: Final = "mariella.quillfeather@example.org"
HARMLESS: Final = f"The pool opens at 9:30 on 24 November, $7.50, 10250 – 101 Street NW. By {WRITER}"


def one_of_each_kind() -> dict[str, Line]:
    """The first Canadian line of every kind that names somebody, in the order of the generator."""
    found: dict[str, Line] = {}
    for line in lines(DEVELOPMENT_SEED, each=1):
        if line.planted and line.country == COUNTRY:
            found.setdefault(line.kind, line)
    return found


def entry(number: int, text: str, *, path: str) -> str:
    """As a blog gives it: its author by name and mailbox, its link as somebody shared it."""
    return (
        f"<item><guid>urn:{number}</guid><link>http://blog.example/{path}?utm_source=share&amp;page=2</link>"
        f"<author>{MAILBOX} ({WRITER})</author><description>{escape(escape(text))}</description>"
        f"<pubDate>{format_datetime(START)}</pubDate></item>"
    )


async def test_d02_what_people_write_arrives_without_people() -> None:
    """Handles, mailboxes, profiles, numbers of people and the author's name are gone from text and link; the rest is word for word."""
    planted = one_of_each_kind()
    said = [HARMLESS, *(line.text for line in planted.values())]
    items = "".join(entry(number, text, path=f"news/{number}") for number, text in enumerate(said))

    async def feed(_request: Request) -> Response:
        body = f'<rss version="2.0"><channel><title>Pool</title>{items}</channel></rss>'
        return Response(headers=(("Content-Type", "application/rss+xml"),), body=body.encode())

    async with rig(source("blog", "http://blog.example/feed"), hosts={"blog.example": feed}) as house:
        await house.pass_s(60)
        posts = [event["data"] for event in await house.events() if event["type"] == "listener.post.created"]
    told = {int(post["link"].partition("news/")[2].partition("?")[0]): post for post in posts}
    harmless = told.pop(0)
    left = [
        (line.kind, part)
        for number, line in enumerate(planted.values(), 1)
        for part in ("text", "title", "link")
        if any(survives(each, told[number].get(part) or "") for each in line.planted)
    ]

    assert set(planted) == {"handle", "email", "profile", "id", "card", "phone"}
    assert left == []
    assert [sum(post["masked"].values()) for _, post in sorted(told.items())] == [1] * len(planted)
    assert harmless["text"] == HARMLESS.replace(WRITER, "‹@›")
    assert harmless["link"] == "http://blog.example/news/0?page=2"
    assert harmless["masked"] == {"author": 1}
    assert not survives(WRITER, str(posts))
    assert not survives(MAILBOX, str(posts))
