"""
`listener pia`: writes the annex from a configuration alone, in either language and every form, or says why not.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from listener import cli
from tests.unit.pia.conftest import SMALL


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A small one; no daemon, no lock."""
    file = tmp_path / "listener.toml"
    file.write_text(SMALL, "utf-8")
    return file


def told(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    code = 0
    try:
        cli.main(["pia", *map(str, words)])
    except SystemExit as ended:
        code = int(ended.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def test_it_writes_each_form(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Markdown to the terminal, a page to a file, values for a program."""
    page = config.parent / "annexe.html"
    plain = told(capsys, "-c", config)
    french = told(capsys, "-c", config, "--lang", "fr", "--format", "html", "--out", page)
    values = told(capsys, "-c", config, "--json")

    assert (plain[0], plain[1].splitlines()[0], plain[2]) == (
        0,
        "# Annex to the privacy impact assessment of City of Example: listening to public posts",
        "",
    )
    assert french == (0, "", "")
    assert page.read_text("utf-8").startswith('<!DOCTYPE html>\n<html lang="fr">')
    assert json.loads(values[1])["notice"]["accepted"] is False


def test_a_placeholder_is_refused(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What nobody answers for with words is not put before an officer; nothing is written."""
    config.write_text(SMALL.replace("Answer questions about the river", "TODO"), "utf-8")
    page = config.parent / "annex.html"
    code, out, err = told(capsys, "-c", config, "--out", page)

    assert (code, out, page.exists()) == (2, "", False)
    assert "watch[0].purpose: is a placeholder" in err


def test_a_file_that_cannot_be_written_is_told(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says which option, and ends as other faults of the operator do."""
    code, out, err = told(capsys, "-c", config, "--out", config.parent / "nowhere" / "annex.html")

    assert (code, out) == (2, "")
    assert "--out: cannot be written (No such file or directory)" in err
