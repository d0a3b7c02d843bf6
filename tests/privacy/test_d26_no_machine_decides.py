"""
D26: there is no automated system, and the public is told so; if there ever is one, nobody can forget to say it.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import pytest

from listener import settings
from listener.notice import Notice, compose, written
from tests.unit.cli.test_cli_notice import CONFIG

LOCK: Final = Path(__file__).resolve().parents[2] / "deploy" / "requirements.lock"
MODELS: Final = frozenset({
    "anthropic", "fasttext", "flair", "gensim", "gliner", "google-generativeai", "keras", "langchain", "langdetect", "lightgbm",
    "llama-cpp-python", "mistralai", "nltk", "onnxruntime", "openai", "presidio-analyzer", "scikit-learn", "sentence-transformers",
    "spacy", "stanza", "tensorflow", "textblob", "torch", "transformers", "vadersentiment", "xgboost",
})  # fmt: skip
"""Chosen: what a program would carry that guesses, scores or generates."""
SAYS: Final = {
    "en": "No. The program does not feed anything that people wrote into a system that writes texts, makes decisions",
    "fr": "Non. Le programme ne donne rien de ce que les gens écrivent à un système qui écrit des textes, prend des décisions",
}


@pytest.fixture
def notice(tmp_path: Path) -> Notice:
    """Of a city."""
    config = tmp_path / "listener.toml"
    config.write_text(CONFIG, "utf-8")
    return compose(settings.load(config, environ={}), None, today=date(2026, 11, 25))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_d26_the_notice_says_that_no_machine_decides(language: str, notice: Notice) -> None:
    """The generated notice has a section of its own for it in each language, and values for programs."""
    page = written(notice, language, "markdown", served=False)  # type: ignore[arg-type]  # one of the two

    assert SAYS[language] in page
    assert json.loads(written(notice, "en", "json", served=False))["automated"] == []


def test_d26_a_notice_without_words_for_an_automated_system_is_not_written(notice: Notice) -> None:
    """Whoever adds one cannot leave the sentence that there is none."""
    with pytest.raises(NotImplementedError):
        written(replace(notice, automated=("summaries",)), "en", "html", served=True)


def test_d26_nothing_is_installed_that_guesses_or_generates() -> None:
    """None of the packages that are shipped runs a model."""
    shipped = set(re.findall(r"^([a-z0-9._-]+)==", LOCK.read_text("utf-8"), re.MULTILINE))

    assert len(shipped) > 20
    assert shipped & MODELS == set()
