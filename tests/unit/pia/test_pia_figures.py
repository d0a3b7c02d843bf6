"""
What the annex claims is so: its figures are those that were measured, its tests exist, every item has a safeguard with words.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from listener.pia.figures import figures
from listener.pia.safeguards import SAFEGUARDS
from listener.tell.pages import LANGUAGES, sentences

ROOT = Path(__file__).resolve().parents[3]
MEASURED = (ROOT / "deploy" / "measured.md").read_text("utf-8")

NOT_HERE = {"D7", "D8", "D9", "D17"}
"""Pseudonyms and an author dimension there are none of."""


def row(name: str) -> list[str]:
    """The cells of a row of `deploy/measured.md` behind its name."""
    (found,) = re.findall(rf"^\| {re.escape(name)} \|(.*)\|$", MEASURED, re.MULTILINE)
    return [cell.strip() for cell in found.split("|")]


def test_masking_is_told_as_it_was_measured() -> None:
    """Lines, share and goal of each kind are those of the table."""
    told = {
        each.kind: [f"{each.lines:,}", f"{each.right:g} %", f"{each.wanted:g} %"]
        for each in figures().masking
    }

    assert len(told) >= 7
    assert told == {kind: row(kind)[:3] for kind in told}


def test_erasure_is_told_as_it_was_measured() -> None:
    """So are the milliseconds."""
    told = {
        each.case: [
            f"{value:,g}"
            for value in (each.half, each.slowest, each.half_of_a_million, each.slowest_of_a_million)
        ]
        for each in figures().erasure
    }

    assert len(told) == 6
    assert told == {case: row(case) for case in told}


def test_the_lint_of_names_is_told_as_it_was_measured() -> None:
    """On the lists and on names by another route, the worse figure included."""
    lint = figures().lint
    persons, places = (
        row("persons, their accounts and addresses"),
        row("places, topics, events, institutions"),
    )

    assert persons[:2] == [str(lint.persons), f"{lint.refused} ({100 * lint.refused / lint.persons:.0f} %)"]
    assert places[:2] == [str(lint.places), f"{lint.wrongly} ({100 * lint.wrongly / lint.places:.1f} %)"]
    assert f"of {lint.others} well-known people typed from memory by another route {lint.seen} (" in MEASURED


def test_every_test_that_is_named_exists() -> None:
    """What proves a safeguard is a function of the file it is said to be in."""
    named = [test for each in SAFEGUARDS for test in each.tests]
    missing = []
    for test in named:
        file, _, function = test.partition("::")
        tree = ast.parse((ROOT / "tests" / file).read_text("utf-8"))
        if function not in {
            node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }:
            missing.append(test)

    assert (len(named) >= 20, missing) == (True, [])


def test_every_item_has_a_safeguard_and_every_safeguard_has_words() -> None:
    """D1 to D26, but for those that do not apply or are not the annex's; in both languages, and no word too many."""
    items = {item for each in SAFEGUARDS for item in each.items}
    keys = {each.key for each in SAFEGUARDS}

    assert items == {f"D{number}" for number in range(1, 27)} - NOT_HERE
    assert [set(sentences("pia", language)["safeguards"]["says"]) for language in LANGUAGES] == [keys, keys]
