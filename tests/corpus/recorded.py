"""
Where recorded documents are, and how a document looks to feedparser. Shared by the tests of this folder.
"""

from __future__ import annotations

import calendar
import json
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from listener.gate import Gate
from listener.keys import KeyRing
from listener.text import clean, html_to_text

ADDRESS = "https://feed.example/feed"
"""Where the documents are said to come from; relative addresses are resolved against it."""

NEEDS_CORPUS = pytest.mark.skipif(
    "LISTENER_CORPUS" not in os.environ, reason="LISTENER_CORPUS names no folder of recorded documents"
)


def documents() -> list[Path]:
    """
    Every document of the corpus's `rss` folder, whatever its name.
    """
    return sorted(path for path in (Path(os.environ["LISTENER_CORPUS"]) / "rss").rglob("*") if path.is_file())


def objects_in(value: Any, is_one: Callable[[dict[str, Any]], bool]) -> Iterator[dict[str, Any]]:
    """
    Every object in a JSON value that is one, however deep; JSON within a string is looked into, too.
    """
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str) and part[:1] == "{":
            try:
                waiting.append(json.loads(part))
            except ValueError:
                continue
        elif isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, dict):
            if is_one(part):
                yield part
            waiting.extend(part.values())


def gate(own_handle: str) -> Gate:
    """
    That lets through whoever did not object.
    """
    return Gate(
        keys=KeyRing([b"k" * 32]),
        own_handles=(own_handle,),
        country="CA",
        consent="objection",
        nobot_tags=("nobot",),
        objections=frozenset(),
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """
    An entry as feedparser gives it: plain words, resolved link, instant.
    """

    identity: str | None
    title: str
    link: str | None
    published: datetime | None
    stated: str
    text: str


def by_feedparser(body: bytes, *, sanitise: bool = True) -> list[Seen] | None:
    """
    The entries feedparser finds; None where it raises.
    """
    import feedparser  # type: ignore[import-untyped]  # ships no types

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = feedparser.parse(
                body, response_headers={"content-location": ADDRESS}, sanitize_html=sanitise
            )
        except Exception:  # noqa: BLE001 - it raises on some input, whatever it likes
            return None
        return [_seen(entry) for entry in found.entries]


def _seen(entry: Any) -> Seen:
    contents = entry.get("content") or [None]
    return Seen(
        identity=entry.get("id"),
        title=_words(entry.get("title_detail")),
        link=entry.get("link") or None,
        published=_instant(entry),
        stated=dict.get(entry, "published") or dict.get(entry, "updated") or "",
        text=_words(contents[0]) or _words(entry.get("summary_detail")),
    )


def _words(detail: Any) -> str:
    """
    Without its white space, of which each has an own opinion.
    """
    if not detail:
        return ""
    value = detail.get("value") or ""
    return plain_words(html_to_text(value) if "html" in (detail.get("type") or "") else clean(value))


def plain_words(text: str | None) -> str:
    return " ".join((text or "").split())


def _instant(entry: Any) -> datetime | None:
    stated = (
        dict.get(entry, "published_parsed")
        or dict.get(entry, "updated_parsed")
        or entry.get("created_parsed")
    )
    try:
        return datetime.fromtimestamp(calendar.timegm(stated), UTC) if stated else None
    except (OverflowError, ValueError):
        return None
