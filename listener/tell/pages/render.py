"""
Templates and words become a page; a page becomes an answer with the policy that its bytes need.

Takes names and values from whoever shows something; `templates/` holds one file a page, `words/` one file a language
with a table a page, so that a sentence is never in a template. A page holds no script, loads nothing, and is whole in one
file: its style stands in it and is allowed by its hash. Escaping is on everywhere, a value that is missing raises.
"""

from __future__ import annotations

import base64
import hashlib
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Literal

from starlette.requests import Request
from starlette.responses import Response

if TYPE_CHECKING:
    from jinja2 import Environment

Language = Literal["en", "fr"]

LANGUAGES: Final[tuple[Language, ...]] = ("en", "fr")
"""The first one is shown to whoever asks for none of them."""


def render(template: str, language: Language, **values: object) -> str:
    """
    A whole page.

    Args:
        template: Name of a file in `templates/`, without its ending, and of the table in `words/`.
        values: What the template shows; anything that may come from outside is escaped.

    Raises:
        jinja2.UndefinedError: the template shows what was not given.
    """
    return (
        _environment()
        .get_template(f"{template}.html")
        .render(
            language=language,
            other=next(each for each in LANGUAGES if each != language),
            style=_style(),
            words=_words(language)[template],
            common=_words(language)["common"],
            **values,
        )
    )


def sentences(page: str, language: Language) -> Mapping[str, Any]:
    """
    What `words/` has for a page.
    """
    return _words(language)[page]


def respond(page: str, *, language: Language, status: int = 200) -> Response:
    """
    The answer that carries a page. Nothing in it runs or is loaded, whatever its text says.
    """
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    return Response(
        page,
        status_code=status,
        media_type="text/html",
        headers={
            "content-security-policy": policy,
            "content-language": language,
            "vary": "accept-language",
        },
    )


def language_of(request: Request) -> Language:
    """
    `?lang=` where it is one of ours, else the first of ours that the browser accepts (RFC 9110, section 12.5.4).
    """
    asked = request.query_params.get("lang")
    wanted = [asked] if asked is not None else _accepted(request.headers.get("accept-language", ""))
    for each in wanted:
        for language in LANGUAGES:
            if each == language:
                return language
    return LANGUAGES[0]


def _accepted(header: str) -> list[str]:
    """
    Primary subtags, the best liked first; what is not liked at all left out.
    """
    liked: list[tuple[float, str]] = []
    for part in header.lower().split(","):
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if quality > 0:
            liked.append((-quality, tag.strip().partition("-")[0]))
    return [tag for _, tag in sorted(liked, key=lambda each: each[0])]


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # only whoever shows a page needs it

    return Environment(
        loader=PackageLoader("listener.tell.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style() -> str:
    return files(__package__).joinpath("style.css").read_text("utf-8")


@cache
def _words(language: Language) -> Mapping[str, Mapping[str, Any]]:
    folder, words = files(__package__).joinpath("words"), dict[str, Mapping[str, Any]]()
    for file in (f"{language}.toml", f"pia.{language}.toml"):
        words |= tomllib.loads(folder.joinpath(file).read_text("utf-8"))
    return words
