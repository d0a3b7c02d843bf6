"""
On real documents too, the fast ways read what the careful ones read. Read from where LISTENER_CORPUS points.

    LISTENER_CORPUS=folder python -m pytest -s tests/corpus/test_fast_ways_on_recorded_feeds.py
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.feed import documents as reading
from adapters.feed.documents import read_document
from adapters.feed.quick import parse_quickly
from adapters.feed.wire import WireEntry, WireFeed
from listener.errors import DocumentRefused
from listener.text import html_to_text
from listener.text.markup import read_carefully

CORPUS = os.environ.get("LISTENER_CORPUS")
ADDRESS = "https://feed.example/feed"


def bodies() -> Iterator[bytes]:
    assert CORPUS, "LISTENER_CORPUS names no folder"
    return (path.read_bytes() for path in sorted((Path(CORPUS) / "rss").rglob("*")) if path.is_file())


def declined(body: bytes, *, base: str) -> None:
    """The fast path, switched off."""


def read(body: bytes) -> WireFeed | str:
    try:
        return read_document(body, address=ADDRESS)
    except DocumentRefused as refused:
        return refused.reason


def test_every_document_is_the_same_feed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the strict fast path and without it, each document is the same feed or refused for the same reason."""
    taken: Counter[bool] = Counter()

    def watched(body: bytes, *, base: str, way: Callable[..., object] = parse_quickly) -> object:
        root = way(body, base=base)
        taken[root is not None] += 1
        return root

    monkeypatch.setattr(reading, "parse_quickly", watched)
    quick = [read(body) for body in bodies()]
    monkeypatch.setattr(reading, "parse_quickly", declined)
    slow = [read(body) for body in bodies()]
    print(f"\nread by the fast path: {taken[True]} of {taken.total()} XML documents")

    assert quick == slow
    assert taken[True] > 100


def test_every_text_is_the_same() -> None:
    """Each text of each entry is, as HTML, what the careful reader makes of it."""
    feeds = [feed for feed in map(read, bodies()) if isinstance(feed, WireFeed)]
    entries = [entry for feed in feeds for entry in feed.entries if isinstance(entry, WireEntry)]
    texts = {
        text.value
        for entry in entries
        for text in (entry.title, entry.content, entry.summary)
        if text is not None
    }
    differ = sum(html_to_text(text) != read_carefully(text) for text in texts)
    print(f"\n{len(texts)} texts")

    assert (differ, len(texts) > 1000) == (0, True)
