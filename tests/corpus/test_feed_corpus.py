"""
Real documents of other projects' fixtures, read from where LISTENER_CORPUS points; never copied here.

    LISTENER_CORPUS=folder python -m pytest -s tests/corpus/test_feed_corpus.py
"""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.feed.config import FeedConfig
from adapters.feed.documents import REASONS, read_document
from adapters.feed.normalise import items_from
from adapters.feed.wire import WireFeed
from listener.adapter import Item
from listener.errors import DocumentRefused
from listener.events import Post, Rejected

CORPUS = os.environ.get("LISTENER_CORPUS")
ADDRESS = "https://feed.example/feed"
CONFIG = FeedConfig(address=ADDRESS)

FEWEST_READ = 480
"""Of the 577 documents, as measured on 2026-11-24; the rest are fixtures that are no feed."""


def documents() -> Iterator[Path]:
    assert CORPUS, "LISTENER_CORPUS names no folder"
    return (path for path in sorted((Path(CORPUS) / "rss").rglob("*")) if path.is_file())


def ours(body: bytes) -> WireFeed | str:
    """
    The feed, or the reason why it was refused.
    """
    try:
        return read_document(body, address=ADDRESS)
    except DocumentRefused as refused:
        return refused.reason


def theirs(body: bytes) -> int | None:
    """
    How many entries feedparser finds; None where it raises.
    """
    import feedparser  # type: ignore[import-untyped]  # ships no types

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return len(feedparser.parse(body).entries)
        except Exception:  # noqa: BLE001 - the oracle raises on some input, whatever it likes
            return None


def test_every_document_is_read_or_refused() -> None:
    """No document ends in an unclassified error; a table says what became of them, beside feedparser."""
    outcomes: Counter[str] = Counter()
    items: Counter[str] = Counter()
    differ: list[str] = []
    for path in documents():
        body = path.read_bytes()
        feed = ours(body)
        count = 0
        if isinstance(feed, str):
            outcomes[f"refused: {feed}"] += 1
        else:
            outcomes["read"] += 1
            count = len(feed.entries)
            items.update(_outcome(item) for item in items_from(feed, CONFIG))
        oracle = theirs(body)
        if oracle is not None and oracle > count:
            differ.append(f"{path.parent.name}/{path.name}: ours {count}, feedparser {oracle}")
    _print_table("documents", outcomes)
    _print_table("entries", items)
    print("\nfewer entries than feedparser:", *differ, sep="\n  ")

    assert {outcome for outcome in outcomes if outcome != "read"} <= {
        f"refused: {reason}" for reason in REASONS
    }
    assert outcomes["read"] >= FEWEST_READ


@pytest.mark.parametrize("share", [1, 2, 3])
def test_every_document_cut_off(share: int) -> None:
    """Cut at a quarter, half and three quarters, each document is still a feed or refused."""
    found = [ours(body[: len(body) * share // 4]) for body in (path.read_bytes() for path in documents())]
    feeds = [feed for feed in found if not isinstance(feed, str)]

    assert {reason for reason in found if isinstance(reason, str)} <= REASONS
    assert all(item.native for feed in feeds for item in items_from(feed, CONFIG) if isinstance(item, Post))


def _outcome(item: Item) -> str:
    return f"rejected: {item.reason}" if isinstance(item, Rejected) else type(item).__name__.lower()


def _print_table(title: str, counts: Counter[str]) -> None:
    print(f"\n{title}")
    for outcome, count in counts.most_common():
        print(f"  {count:6}  {outcome}")
    print(f"  {counts.total():6}  in all")
