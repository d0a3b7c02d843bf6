"""
The annex: whole in both languages, from the configuration alone, and words from outside stay words.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from listener.pia import Annex, written
from listener.pia.elements import elements
from listener.pia.facts import Approved, Asked, Assessed, Signed
from listener.pia.figures import Masking
from listener.pia.page import annex_page
from listener.pia.risks import risks
from listener.tell.pages import LANGUAGES, Language
from listener.tell.pages.document import Drawing, Entry, Table
from tests.unit.pia.conftest import SMALL, every_network, loaded
from tests.unit.tell.test_pages import _shape, _values

SECTIONS = [
    "use",
    "who",
    "purposes",
    "sources",
    "dropped",
    "flow",
    "elements",
    "safeguards",
    "figures",
    "risks",
    "officer",
]


def test_a_small_annex_in_values(small: Annex) -> None:
    """One blog: what may be asked is its host, with redirects; nothing was signed; the address of the page tells no secret."""
    (exchange,) = small.exchanges

    assert (small.program, small.signed, small.approved) == ("listener 0.1.0", None, ())
    assert small.assessed == (Assessed("river", None),)
    assert (exchange.network, exchange.asked) == ("feed", (Asked(".*", ("blog.example",), True),))
    assert [shape.shape for shape in exchange.decoded][:2] == ["Text", "WireEntry"]
    assert "authors" in exchange.decoded[1].fields
    assert [each.key for each in elements(small)] == [
        "words", "about", "link", "code", "ask", "export", "author", "log",
    ]  # fmt: skip
    assert risks(small.notice) == (
        "name_in_text", "found_again", "unknown_hosts", "late", "backups", "downstream", "sensitive", "watching",
        "operators",
    )  # fmt: skip


def test_a_full_annex_in_values(full: Annex) -> None:
    """Every network: each host and path is told as the reader has it, who signed stands there, and what else is at risk."""
    asked = {each.network: each.asked for each in full.exchanges}

    assert full.signed == Signed(by="Privacy Office", reason="PIA-12", on=full.notice.accepted_on)  # type: ignore[arg-type]
    assert full.assessed == (Assessed("river", "PIA-7"),)
    assert list(asked) == ["bluesky", "feed", "mastodon", "x", "youtube"]
    assert asked["bluesky"] == (
        Asked("/subscribe", ("jetstream1.us-east.bsky.network", "jetstream2.us-west.bsky.network")),
        Asked(r"/xrpc/app\.bsky\.feed\.getPosts", ("public.api.bsky.app",)),
    )
    assert [each.key for each in elements(full)] == [
        "words", "about", "link", "sealed", "numbers", "code", "ask", "export", "author", "log",
    ]  # fmt: skip
    assert {"signed", "sealed"} <= set(risks(full.notice))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("which", ["small", "full"])
def test_the_annex_is_whole(which: str, language: Language, request: pytest.FixtureRequest) -> None:
    """Every section in its order, lines of tables as long as their heads, a cell never empty, and lines to write on."""
    annex: Annex = request.getfixturevalue(which)
    document = annex_page(annex, language)
    blocks = [block for section in document.sections for block in section.blocks]
    tables = [block for block in blocks if isinstance(block, Table)]
    tables += [
        within
        for block in blocks
        if isinstance(block, Entry)
        for within in block.blocks
        if isinstance(within, Table)
    ]
    text = written(annex, language, "markdown")

    assert [section.name for section in document.sections] == SECTIONS
    assert [
        (table.caption, line) for table in tables for line in table.lines if len(line) != len(table.head)
    ] == []
    assert [table.caption for table in tables for line in table.lines if () in line or ("",) in line] == []
    assert len(re.findall("_{16,}", text)) == 1 + 3 * len(risks(annex.notice)) + 13 + (which == "small")
    assert re.findall(r"\{[a-z_]+\}", text) == []


def test_the_annex_says_when_a_deletion_is_known(full: Annex) -> None:
    """For every network that is kept, by which way and within how many hours, in the table and among the risks."""
    text = written(full, "en", "markdown")

    assert (
        "asks again about each stored post where a network does not tell: YouTube: only by asking again, within 24 hours "
        "(its terms: within 168 hours); Bluesky: as the network tells, and by asking within 24 hours; "
        "Blogs and news pages: only if the feed says so; else at the end of 30 days; Mastodon: only by asking again, within "
        "24 hours."
    ) in text
    assert "A name signed under one’s own post on YouTube" in text


def test_figures_read_as_each_language_writes_them(small: Annex) -> None:
    """With a point in English, with a comma in French."""
    masking = (Masking("handles", 4862, 95.5, 100.0),)
    annex = replace(small, figures=msgspec.structs.replace(small.figures, masking=masking))

    assert "| Handles | 4,862 | 95.5 % | 100 % |" in written(annex, "en", "markdown")
    assert "| Comptes | 4\N{NO-BREAK SPACE}862 | 95,5 % | 100 % |" in written(annex, "fr", "markdown")


@pytest.mark.parametrize("form", ["html", "markdown", "json"])
@pytest.mark.parametrize("which", ["small", "full"])
def test_no_secret_is_in_it(which: str, form: str, request: pytest.FixtureRequest) -> None:
    """Neither a token nor what stands in the query of an address."""
    text = written(request.getfixturevalue(which), "en", form)  # type: ignore[arg-type]

    assert [each for each in ("canary-in-query", "0123456789abcdef0123") if each in text] == []


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    """Markup makes nothing in the page, in the picture or in the table; a bar does not end a cell of Markdown."""
    evil = "Blogs of the evil city </svg><script>x</script>|<img src=x>"
    text = SMALL.replace("Blogs about the city, by anybody", evil).replace("Communications Office", evil)
    annex = loaded(tmp_path, text)
    page, plain = written(annex, "en", "html"), written(annex, "en", "markdown")

    assert ("<script" in page, "<img" in page, page.count("</svg>")) == (False, False, 1)
    assert [line for line in plain.splitlines() if "evil" in line and re.search(r"(?<!\\)[<>]", line)] == []
    assert [
        len(re.findall(r"(?<!\\)\|", line)) for line in plain.splitlines() if line.startswith("| blog |")
    ] == [7]


def test_the_picture_is_a_picture(full: Annex) -> None:
    """It is one well-formed image with name and description, loads nothing, and every step of it stands below in words."""
    (drawing,) = [
        block
        for section in annex_page(full, "fr").sections
        for block in section.blocks
        if isinstance(block, Drawing)
    ]
    root = ElementTree.fromstring(drawing.svg)
    names = {element.tag.rpartition("}")[2] for element in root.iter()}

    assert (root.get("role"), names) == ("img", {"svg", "title", "desc", "rect", "text", "path"})
    assert [step[0] for step in drawing.says] == [
        "Sources",
        "Lecteur (mémoire)",
        "Filtre (mémoire)",
        "File (conservée)",
        "Destinataires",
    ]


def test_approvals_are_shown(small: Annex) -> None:
    """Who said that what looks like a name is none, and why."""
    annex = replace(small, approved=(Approved("river", "Mary Lake", "Privacy Office", "A lake"),))

    assert "| Mary Lake | river | Privacy Office | A lake |" in written(annex, "en", "markdown")


def test_both_languages_say_the_same_things() -> None:
    """No sentence is missing in one of them, and none is empty."""
    english, french = (
        tomllib.loads(files("listener.tell.pages").joinpath(f"words/pia.{language}.toml").read_text("utf-8"))
        for language in LANGUAGES
    )

    assert _shape(english) == _shape(french)
    assert "" not in {*_values(english), *_values(french)}


def test_for_programs_it_is_json(full: Annex) -> None:
    """The same values, with what may be asked and what proves each safeguard."""
    told = json.loads(written(full, "en", "json"))

    assert list(told) == [
        "notice", "program", "signed", "assessed", "approved", "exchanges", "http_host", "public_url", "safeguards", "figures",
    ]  # fmt: skip
    assert told["safeguards"][0]["items"] == ["D24"]


def test_every_network_that_ships_is_in_the_full_one() -> None:
    """The full configuration grows with the networks."""
    assert re.findall(r'^adapter = "(.*)"$', every_network(), re.MULTILINE) == [
        "bluesky",
        "feed",
        "mastodon",
        "x",
        "youtube",
    ]
