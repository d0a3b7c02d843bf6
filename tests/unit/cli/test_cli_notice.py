"""
`listener notice`: the page from the configuration, with the figures of a daemon where one runs.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from listener import settings
from tests.pipeline.daemon_process import Installed
from tests.unit.cli.test_cli_daemon import told

CONFIG = """
[organisation]
name = "City of Example"
contact = "https://city.example/listening"
country = "CA"

[[source]]
name = "blog"
adapter = "feed"
relation = "own"
take = "all"
address = "http://127.0.0.1:9/feed/"

[reader]
allow_addresses = ["127.0.0.0/8"]

[http]
port = 0
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A city that reads its blog."""
    path = tmp_path / "listener.toml"
    path.write_text(CONFIG, "utf-8")
    return path


def test_it_is_printed_or_written(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Markdown in English where nothing is said; a whole page into a file; values for programs."""
    plain = told(capsys, "notice", "-c", config)
    out = config.with_name("avis.html")
    written = told(capsys, "notice", "-c", config, "--lang", "fr", "--format", "html", "--out", out)
    values = told(capsys, "notice", "-c", config, "--json")

    assert (plain[0], plain[1].splitlines()[0]) == (0, "# How City of Example listens to public posts")
    assert "because the program was not running when this page was made" in plain[1]
    page = out.read_text("utf-8")
    assert written == (0, "", "")
    assert page.startswith("<!DOCTYPE html>\n")
    assert '<html lang="fr"' in page
    assert "Comment City of Example écoute les messages publics" in page
    assert "?lang=" not in page  # in a file no other language is a link away
    assert (json.loads(values[1])["digest"], json.loads(values[1])["figures"]) == (
        settings.statement(settings.load(config, environ={})).digest,
        None,
    )


def test_faults_are_told_and_nothing_is_written(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A configuration with faults, and a place where nothing can be written."""
    nowhere = config.parent / "missing" / "notice.md"
    refused = told(capsys, "notice", "-c", config, "--out", nowhere)
    config.write_text(CONFIG.replace('contact = "https://city.example/listening"', ""), "utf-8")
    broken = told(capsys, "notice", "-c", config, "--out", config.with_name("notice.md"))

    assert refused == (
        2,
        "",
        "listener: command line: --out: cannot be written (No such file or directory); allowed: a file in a folder of yours\n",
    )
    assert (broken[0], "organisation.contact" in broken[2], config.with_name("notice.md").exists()) == (
        2,
        True,
        False,
    )


def test_a_daemon_tells_its_figures(config: Path) -> None:
    """Beside a running daemon the command has the daemon's figures, and says the same as its page."""
    daemon = Installed(config.parent)
    daemon.accept()
    daemon.start()
    try:
        beside = daemon.command("notice", "--json")
        served = daemon.ask("/notice?format=json")
    finally:
        daemon.stop()

    assert json.loads(beside) == served
    assert served["figures"]["removals"] == dict.fromkeys(("deleted", "withdrawn", "forgotten", "not_wanted"))
    assert served["accepted"] is True
