"""
The public notice: every sentence of two configurations as people read it, and what changes a sentence.

The pages stand in `golden/`, one for each configuration and language, and were read by a person; LISTENER_WRITE_GOLDEN=1 writes them again.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import pytest

from listener import settings
from listener.notice import Board, Figures, Notice, Removals, compose, written
from listener.settings import Lock, Settings
from listener.testing.virtual_clock import VirtualClock

HERE: Final = Path(__file__).parent
WRITE: Final = os.environ.get("LISTENER_WRITE_GOLDEN") == "1"
TODAY: Final = date(2026, 11, 25)
ACCEPTED: Final = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
FIGURES: Final = Figures(
    date(2026, 11, 20), Removals(deleted=15, withdrawn=None, forgotten=5, not_wanted=None)
)

Loads = Callable[..., tuple[Settings, Path]]


@pytest.fixture
def loads(tmp_path: Path) -> Loads:
    """A configuration of this folder, or one that differs from it by a replaced piece of text."""

    def loaded(name: str, *changes: tuple[str, str]) -> tuple[Settings, Path]:
        text = (HERE / f"{name}.toml").read_text("utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        config = tmp_path / "listener.toml"
        config.write_text(text, "utf-8")
        (tmp_path / "token").write_text("t" * 40)
        (tmp_path / "token").chmod(0o600)
        (tmp_path / "objections.txt").touch()
        return settings.load(config, environ={}), config

    return loaded


def accepted(now: Settings, config: Path) -> Lock:
    """Signed for on a day of its own."""
    return settings.write_lock(
        settings.lock_path(config),
        settings.statement(now),
        accepted_by="Jane Officer",
        reason="PIA-12",
        accepted_at=ACCEPTED,
    )


def said(notice: Notice, language: str = "en", *, form: str = "markdown") -> str:
    return written(notice, language, form, served=False)  # type: ignore[arg-type]  # what the tests write down is one of them


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", ["small", "full"])
def test_every_sentence(name: str, language: str, loads: Loads) -> None:
    """The whole page: of a village that reads its own blog and signed nothing, and of a town with every network that signed."""
    now, config = loads(name)
    lock, figures = (accepted(now, config), FIGURES) if name == "full" else (None, None)
    page = said(compose(now, lock, today=TODAY, figures=figures), language)
    golden = HERE / "golden" / f"{name}.{language}.md"
    if WRITE:
        golden.write_text(page, "utf-8")

    assert page == golden.read_text("utf-8")


def test_neither_who_signed_nor_what_is_secret_is_told(loads: Loads) -> None:
    """Names of who accepted and of tokens, reasons, queries of addresses and references of files are in no form of it."""
    now, config = loads("full", ('name = "dashboard"', 'name = "board-of-jane"'))
    notice = compose(now, accepted(now, config), today=TODAY, figures=FIGURES)
    pages = [
        said(notice, language, form=form)
        for language in ("en", "fr")
        for form in ("html", "markdown", "json")
    ]

    hidden = [
        "Jane Officer",
        "PIA-12",
        "in-a-query",
        "board-of-jane",
        "token_file",
        "key_file",
        "t" * 40,
        str(config.parent),
    ]
    assert [each for each in hidden if any(each in page for page in pages)] == []
    assert all("blog.rivertown.example" in page for page in pages)


def test_the_page_and_markdown_say_the_same(loads: Loads) -> None:
    """Each word of the page stands in the Markdown, in its order."""
    now, config = loads("full")
    notice = compose(now, accepted(now, config), today=TODAY, figures=FIGURES)
    page = said(notice, form="html")
    body = re.sub(r"<(style|script).*?</\1>", " ", page[page.index("<main") :], flags=re.DOTALL)
    words = re.findall(r"[A-Za-z]{3,}", re.sub(r"<[^>]+>|&[a-z#0-9]+;", " ", body))
    markdown = re.sub(r"\]\(<[^>]*>\)|\]\(#\w+\)|<a id=\S+></a>", " ", said(notice))
    rest = iter(re.findall(r"[A-Za-z]{3,}", markdown))

    assert len(words) > 900
    assert [word for word in words if word not in rest][:10] == []


def test_since_when_is_told_from_the_signature_on(loads: Loads) -> None:
    """Each source and list has its own day: what is added later has its own, what stays keeps its first."""
    now, config = loads("full", ('name = "hill-blog"', 'name = "dale-blog"'))
    accepted(now, config)
    later, _ = loads("full")
    lock = settings.write_lock(
        settings.lock_path(config),
        settings.statement(later),
        accepted_by="x",
        reason="y",
        accepted_at=datetime(2026, 11, 20, tzinfo=UTC),
    )
    places = compose(later, lock, today=TODAY).places

    days = {where.name: where.since for place in places for where in place.where}
    assert days.pop("hill-blog") == date(2026, 11, 20)
    assert set(days.values()) == {ACCEPTED.date()}


def test_what_nobody_signed_is_said_to_be_so(loads: Loads) -> None:
    """A configuration that grew beyond its signature says that it does not run, and tells no number of a statement."""
    small, config = loads("full", ("retention_days = 30", "retention_days = 29"))
    lock = accepted(small, config)
    grown, _ = loads("full")
    page = said(compose(grown, lock, today=TODAY))

    assert "Nobody has signed for all that stands here yet." in page
    assert "The number of the statement" not in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            ("review_by = 2027-06-30", "review_by = 2026-11-24"),
            "- **To be reviewed by:** November 24, 2026. That day is past",
        ),
        (("mentions = true", "mentions = false"), "- **Words:** #rivertown, ⁨#العربية⁩, “River Transit”\n"),
        (('public_url = "https://listen.rivertown.example"', ""), None),
        (("retention_days = 14", "retention_days = 1"), "- **Kept for:** 1 day at most"),
        (('scopes = ["read"]', 'scopes = ["read", "open"]'), "- to open sealed links: 1"),
        (
            ('more = "We began in 2026."', 'more = "# We *began* <b>2026</b>"'),
            "\\# We \\*began\\* \\<b\\>2026\\</b\\>",
        ),
        (("[notice]", '[queue]\nurl = "sqlite:///queue.sqlite"\n\n[notice]'), "(SQLite)."),
    ],
    ids=["paused", "no mentions", "no address", "one day", "scopes", "markup", "engine"],
)
def test_a_sentence_follows_the_configuration(
    change: tuple[str, str], sentence: str | None, loads: Loads
) -> None:
    """What is set is what is said."""
    now, _ = loads("full", change)
    page = said(compose(now, None, today=TODAY))

    if sentence is None:
        assert "Sealed links" not in page
    else:
        assert sentence in page


def test_numbers_by_program(loads: Loads) -> None:
    """`--json` carries the same as values."""
    now, config = loads("small")
    told = json.loads(said(compose(now, accepted(now, config), today=TODAY, figures=FIGURES), form="json"))

    assert told["figures"] == {
        "since": "2026-11-20",
        "removals": {"deleted": 15, "withdrawn": None, "forgotten": 5, "not_wanted": None},
    }
    assert (told["organisation"]["said"], told["accepted"], told["written_on"]) == (
        "Hill & Dale",
        True,
        "2026-11-25",
    )
    assert [place["where"] for place in told["places"]] == [
        [{"name": "blog", "address": "https://blog.hill.example/feed/", "since": "2026-11-01"}]
    ]


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_crowd_costs_one_page_a_minute(loads: Loads) -> None:
    """It is put together once a minute, and at once after `renew`; each reader has it in their language and form."""
    now, _ = loads("small")
    clock, made = VirtualClock(), list[date]()

    def again() -> Notice:
        made.append(clock.now().date())
        return compose(now, None, today=TODAY)

    board = Board(again, clock)
    first = {
        board.read(language, form)
        for _ in range(50)
        for language in ("en", "fr")
        for form in ("html", "json")
    }
    await clock.advance(59.9)
    board.read("en", "markdown")
    costs = [len(made)]
    await clock.advance(0.2)
    board.read("en", "html")
    costs.append(len(made))
    board.renew()
    board.read("en", "html")

    assert (len(first), [*costs, len(made)]) == (3, [1, 2, 3])
