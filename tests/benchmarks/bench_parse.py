"""
Documents to posts: this adapter beside feedparser, fastfeedparser and sfeed, interleaved in one run, in CPU time.

    PYTHONPATH=. python tests/benchmarks/bench_parse.py [rounds]

Prints entries per second (median over the rounds), the ratio to each peer (median of the ratios of each round, which
a drifting machine does not move), and what each makes of broken documents. A peer that is not installed is left out
(`pip install '.[benchmarks]'`; sfeed is a Debian package). fastfeedparser makes no plain text: the row "+ plain text" hands its
texts to `html_to_text`, so that equal work can be compared.
"""

from __future__ import annotations

import importlib
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from adapters.feed.config import FeedConfig
from adapters.feed.documents import read_document
from adapters.feed.normalise import items_from
from listener.errors import DocumentRefused
from listener.events import Post
from listener.text import html_to_text
from tests.benchmarks import feed_documents as shapes
from tests.benchmarks.lenient_documents import CASES

ADDRESS: Final = "https://feed.example/feed"
CONFIG: Final = FeedConfig(address=ADDRESS)
ROUNDS: Final = 7
SEED: Final = 3
SLOWER: Final = 12
"""feedparser is shown one document in so many: it would take minutes otherwise."""
GOALS: Final = {"feedparser": 50.0, "fastfeedparser": 0.7}
"""Issue 3: ours is at least so many times as fast."""

Parse = Callable[[bytes], int]


def ours(body: bytes) -> int:
    """
    Documents to posts, as the daemon reads them.
    """
    return len(items_from(read_document(body, address=ADDRESS), CONFIG))


def peer(name: str) -> Any | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def parsers() -> dict[str, Parse]:
    """
    Ours and every peer that is installed, by name.
    """
    found: dict[str, Parse] = {"listener": ours}
    fast, slow = peer("fastfeedparser"), peer("feedparser")
    if fast is not None:

        def with_text(body: bytes) -> int:
            entries = fast.parse(body).entries
            for entry in entries:
                html_to_text(entry.get("title") or "")
                content = entry.get("content")
                html_to_text(content[0]["value"] if content else entry.get("description") or "")
            return len(entries)

        found["fastfeedparser"] = lambda body: len(fast.parse(body).entries)
        found["fastfeedparser + plain text"] = with_text
    if slow is not None:
        found["feedparser"] = lambda body: len(slow.parse(body).entries)
    return found


def datasets() -> dict[str, list[bytes]]:
    """
    Identical files repeated, and feeds that have not one date in common.
    """
    make = shapes.Maker(SEED)
    same = {
        "WordPress 10, full": make.feed(shapes.wordpress, entries=10, html_bytes=3000, language="en"),
        "WordPress 9, 20 KB": make.feed(shapes.wordpress, entries=9, html_bytes=900, language="en"),
        "WordPress 100, full": make.feed(shapes.wordpress, entries=100, html_bytes=3000, language="en"),
        "RSS 50, summaries": make.feed(shapes.summaries, entries=50, html_bytes=200, language="en"),
        "Atom 25": make.feed(shapes.blogger, entries=25, html_bytes=3000, language="en"),
        "Atom 100": make.feed(shapes.blogger, entries=100, html_bytes=3000, language="en"),
    }
    repeated = {name: [body] * max(SLOWER, 400_000 // len(body)) for name, body in same.items()}
    return repeated | {"300 distinct feeds": make.distinct(300, 16_800_000)}


def rate(parse: Parse, documents: Sequence[bytes]) -> float:
    """
    Entries per second of CPU.
    """
    began = time.process_time()
    entries = sum(map(parse, documents))
    return entries / (time.process_time() - began)


def measured(documents: Sequence[bytes], rounds: int) -> dict[str, list[float]]:
    """
    Each parser once per round, one after the other.
    """
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, parse in parsers().items():
            shown = documents[::SLOWER] if name == "feedparser" else documents
            found.setdefault(name, []).append(rate(parse, shown))
    return found


def rate_of_sfeed(documents: Sequence[bytes]) -> float | None:
    """
    The same of sfeed, which is a program: its own CPU time, of which starting it is a part.
    """
    program = shutil.which("sfeed")
    if program is None:
        return None
    entries = 0
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for body in documents:
        entries += subprocess.run([program], input=body, capture_output=True, check=True).stdout.count(b"\n")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return entries / (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def print_dataset(name: str, documents: Sequence[bytes], rounds: int) -> dict[str, float]:
    """
    The rows of one data set; returns ours against each peer.
    """
    size = sum(map(len, documents)) / sum(map(ours, documents))
    print(f"\n{name}: {len(documents)} documents, {size:.0f} bytes an entry")
    rates = measured(documents, rounds)
    against: dict[str, float] = {}
    for parser, each in rates.items():
        pairs = zip(rates["listener"], each, strict=True)
        against[parser] = statistics.median(mine / theirs for mine, theirs in pairs)
        speed = statistics.median(each)
        note = "" if parser == "listener" else f"listener is {against[parser]:6.2f} x"
        print(f"  {parser:28} {speed:9.0f} entries/s {speed * size / 1e6:7.1f} MB/s   {note}")
    sfeed = rate_of_sfeed(documents[:100])
    if sfeed is not None:
        print(f"  {'sfeed (with its start)':28} {sfeed:9.0f} entries/s {sfeed * size / 1e6:7.1f} MB/s")
    return against


# ---------------------------------------------------------------------------------------------------- broken ones


def our_titles(body: bytes) -> list[str | None]:
    items = items_from(read_document(body, address=ADDRESS), CONFIG)
    return [item.title for item in items if isinstance(item, Post)]


def verdict(read: Callable[[bytes], list[str | None]], body: bytes, titles: tuple[str, ...] | None) -> str:
    """
    `right`, or what was made of it instead.
    """
    try:
        found = read(body)
    except DocumentRefused as refused:
        return "right" if titles is None else f"refused: {refused.reason}"
    except Exception as error:  # noqa: BLE001 - a peer raises whatever it likes
        return "right" if titles is None else type(error).__name__
    shown = [" ".join((title or "").split()) for title in found]
    if titles is None:
        return "right" if all(len(title) < 100 and "root:" not in title for title in shown) else "expanded"
    return (
        "right"
        if shown == list(titles)
        else ", ".join(title[:20] or "(empty)" for title in shown) or "nothing"
    )


def print_broken() -> int:
    """
    The table of broken documents; returns how many of them we get wrong.
    """
    readers: dict[str, Callable[[bytes], list[str | None]]] = {"listener": our_titles}
    for name in ("fastfeedparser", "feedparser"):
        module = peer(name)
        if module is not None:
            readers[name] = lambda body, module=module: [  # type: ignore[misc]  # mypy cannot infer a lambda's default
                entry.get("title") for entry in module.parse(body).entries
            ]
    print("\n" + f"{'broken documents':30}" + "".join(f"{name:28}" for name in readers))
    wrong = 0
    for case in CASES:
        verdicts = {name: verdict(read, case.body, case.titles) for name, read in readers.items()}
        wrong += verdicts["listener"] != "right"
        print(f"  {case.name:28}" + "".join(f"{each[:26]:28}" for each in verdicts.values()))
    return wrong


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    against: dict[str, float] = {}
    for name, documents in datasets().items():
        against = print_dataset(name, documents, rounds)
    wrong = print_broken()
    print()
    missed = wrong > 0
    for name, goal in GOALS.items():  # of the last and hardest set: distinct feeds
        if name in against:
            missed = missed or against[name] < goal
            print(f"{name}: {against[name]:.2f} x on distinct feeds, goal {goal} x")
    print(f"broken documents read wrongly: {wrong} of {len(CASES)}")
    return missed


if __name__ == "__main__":
    raise SystemExit(main())
