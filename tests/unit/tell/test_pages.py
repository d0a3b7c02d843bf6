"""
Pages: in the language of whoever looks, whole in one file, and nothing in them runs.
"""

from __future__ import annotations

import base64
import hashlib
import re
import tomllib
from importlib.resources import files
from typing import Any

import pytest
from starlette.requests import Request

from listener.tell.pages import LANGUAGES, language_of, respond


def asking(query: str = "", accept: str = "") -> Request:
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/",
            "query_string": query.encode(),
            "headers": [(b"accept-language", accept.encode())],
        }
    )


@pytest.mark.parametrize(
    ("query", "accept", "language"),
    [
        ("", "", "en"),
        ("lang=fr", "en", "fr"),
        ("lang=en", "fr", "en"),
        ("lang=de", "fr", "en"),
        ("", "fr-CA, en;q=0.8", "fr"),
        ("", "en;q=0.3, fr;q=0.9", "fr"),
        ("", "fr;q=0, en", "en"),
        ("", "fr;q=lots, de", "en"),
        ("", "uk, FR;q=0.5", "fr"),
    ],
)
def test_a_page_speaks_the_language_that_was_asked_for(query: str, accept: str, language: str) -> None:
    """The address decides, then the browser, then the first language there is."""
    assert language_of(asking(query, accept)) == language


def test_both_languages_say_the_same_things() -> None:
    """No sentence is missing in one of them, and none is empty."""
    english, french = (
        tomllib.loads(files("listener.tell.pages").joinpath(f"words/{language}.toml").read_text("utf-8"))
        for language in LANGUAGES
    )

    assert _shape(english) == _shape(french)
    assert "" not in {*_values(english), *_values(french)}


def test_the_style_of_a_page_is_what_its_policy_allows() -> None:
    """The hash in the policy is that of the style in the page; nothing else is allowed but a form to ourselves."""
    page = "<style>" + files("listener.tell.pages").joinpath("style.css").read_text("utf-8") + "</style>"
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    answer = respond(page, language="fr", status=404)

    assert (answer.status_code, dict(answer.headers)) == (
        404,
        {
            "content-security-policy": f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none';"
            " frame-ancestors 'none'",
            "content-language": "fr",
            "vary": "accept-language",
            "content-length": str(len(page.encode())),
            "content-type": "text/html; charset=utf-8",
        },
    )


def _shape(words: Any, at: str = "") -> list[str]:
    if isinstance(words, dict):
        return sorted(place for key, value in words.items() for place in _shape(value, f"{at}.{key}"))
    if isinstance(words, list):
        return [f"{at} × {len(words)}"]
    return [f"{at}: {sorted(re.findall(r'{[a-z_]*}', words))}"]


def _values(words: Any) -> list[str]:
    if isinstance(words, dict):
        return [text for value in words.values() for text in _values(value)]
    return [text for each in words for text in _values(each)] if isinstance(words, list) else [words]
