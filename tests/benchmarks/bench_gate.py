"""
Posts through the gate: how many a second of CPU, and where the time goes.

    PYTHONPATH=. python tests/benchmarks/bench_gate.py [rounds]

The posts are those of the distinct feeds of `bench_parse`: articles in several languages, with authors, tags and links.
"""

from __future__ import annotations

import cProfile
import pstats
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.feed.config import FeedConfig
from adapters.feed.documents import read_document
from adapters.feed.normalise import items_from
from listener.events import Post
from listener.gate import Gate, Place
from listener.keys import KeyRing, Sealer
from tests.benchmarks.feed_documents import Maker

ADDRESS: Final = "https://feed.example/feed"
ROUNDS: Final = 7
SEED: Final = 3
STEPS: Final = 30
NOW: Final = datetime(2026, 5, 12, 9, 30, tzinfo=UTC)


def posts() -> list[Post]:
    config = FeedConfig(address=ADDRESS)
    documents = Maker(SEED).distinct(150, 2_800_000)
    items = [item for body in documents for item in items_from(read_document(body, address=ADDRESS), config)]
    return [item for item in items if isinstance(item, Post)]


def clear_all(gate: Gate, shown: list[Post]) -> None:
    month = timedelta(days=30)
    place = Place(network="feed", source="blog", keep="text", retention=month, emit_from=month)
    sealer = Sealer(NOW.date(), b"k" * 32)
    for post in shown:
        gate.clear(post, place=place, watches=(), shortest=None, sealer=sealer, now=NOW)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    gate = Gate(
        keys=KeyRing([b"current secret of some length"]),
        own_handles=("@cityofex",),
        country="CA",
        consent="objection",
        nobot_tags=("nobot",),
        objections=frozenset(),
    )
    shown = posts()
    clear_all(gate, shown)  # builds the tables
    spent = []
    for _ in range(rounds):
        began = time.process_time()
        clear_all(gate, shown)
        spent.append(time.process_time() - began)
    each = statistics.median(spent) / len(shown)
    size = sum(len(post.text) for post in shown) / len(shown)
    print(
        f"{len(shown)} posts of {size:.0f} characters: {1 / each:.0f} a second, {each * 1e6:.0f} µs each (median)"
    )
    profile = cProfile.Profile()
    profile.runcall(clear_all, gate, shown)
    pstats.Stats(profile).sort_stats("cumulative").print_stats(r"listener.(gate|text|keys)", STEPS)


if __name__ == "__main__":
    main()
