"""
Feeds nobody would write, for as long as asked: hypothesis first, then a fuzzer that follows the coverage.

    LISTENER_FUZZ_S=1800 python -m tests.endurance.fuzz_feeds

LISTENER_FUZZ_S is CPU seconds (60; under atheris seconds of the clock), LISTENER_FUZZ_SEED which run (drawn and printed
otherwise); LISTENER_CORPUS adds recorded documents to the synthetic seeds. Where the package `atheris` can be imported, it is the second fuzzer
(libFuzzer, with this project's own mutations); otherwise a smaller one here, which keeps every input that reaches a
new line of `adapters/feed` or `listener/text` and mutates those. Prints executions, new paths and the slowest input.

A failure is an exception other than `DocumentRefused` with a known reason, an item that is none, or more than 2 s of
CPU for less than 100 KB. Its input is written to the folder that is printed, and the exit status is 1.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from types import FrameType
from typing import Any, Final, get_args

ROOT: Final = Path(__file__).parents[2]
BUDGET_S: Final = float(os.environ.get("LISTENER_FUZZ_S", "60"))
SEED: Final = int(os.environ.get("LISTENER_FUZZ_SEED") or secrets.randbelow(2**31))
ADDRESS: Final = "https://river.example/feed/"
SLOW_S: Final = 2.0
SMALL_BYTES: Final = 100_000
SEED_BYTES: Final = 20_000
"""Larger recorded documents are left out: they make every run slower and no run different."""

CHILD: Final = "--under-atheris"

try:
    import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]  # not installed with the project
except ImportError:
    atheris = None

with (
    atheris.instrument_imports(include=["adapters.feed", "listener.text"])
    if (atheris and CHILD in sys.argv)
    else contextlib.nullcontext()
):
    from adapters.feed.config import FeedConfig
    from adapters.feed.documents import REASONS, read_document
    from adapters.feed.normalise import TEXT_MAX, TITLE_MAX, items_from
    from listener.errors import DocumentRefused
    from listener.events import Post, Rejected, RejectedReason, Removal
    from listener.text import same_address

CONFIG: Final = FeedConfig(address=ADDRESS)
SCOPE: Final = same_address(ADDRESS) + "\n"


class Failure(Exception):
    """An answer that no input may get."""


# ---------------------------------------------------------------------------------------------------- what must hold


def check(body: bytes) -> float:
    """
    CPU seconds that reading this body took.

    Raises:
        Failure: an item that is none, an unknown reason, or too long a time.
        Exception: whatever else was raised while reading.
    """
    started = time.process_time()
    with _at_most(5 * SLOW_S):
        try:
            items = items_from(read_document(body, address=ADDRESS), CONFIG)
        except DocumentRefused as refused:
            if refused.reason not in REASONS:
                raise Failure(f"refused for {refused.reason!r}") from refused
            items = ()
    spent = time.process_time() - started
    for item in items:
        _check_item(item)
    if spent > SLOW_S and len(body) < SMALL_BYTES:
        raise Failure(f"{spent:.1f} s for {len(body)} bytes")
    return spent


def _check_item(item: object) -> None:
    if isinstance(item, Rejected):
        _require(item.reason in get_args(RejectedReason), "a reason nobody knows")
        return
    if isinstance(item, Removal):
        _require(item.name.startswith(SCOPE), "a removal of nothing")
        return
    _require(isinstance(item, Post), f"a {type(item).__name__}")
    assert isinstance(item, Post)
    _require(item.native.startswith(SCOPE), "an identity outside its feed")
    _require(bool(item.text or item.title), "a post that says nothing")
    _require(len(item.text) <= TEXT_MAX and len(item.title or "") <= TITLE_MAX, "longer than allowed")
    _require(item.link is None or item.link.startswith(("http://", "https://")), "a link that is none")
    for instant in (item.published_at, item.edited_at):
        _require(instant is None or instant.tzinfo is UTC, "an instant in no zone")
    for text in (item.text, item.title or "", *item.tags):
        _require(not re.search("[\x00-\x08\ud800-\udfff]", text), "characters nobody can store")


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Failure(otherwise)


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Ends a hang after so much CPU; even the regular expressions of the standard library listen to it."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Failure(f"still reading after {seconds} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


# ------------------------------------------------------------------------------------------------ seeds and mutations

WORDS: Final = (
    "<rss>", "</rss>", "<channel>", "</channel>", "<item>", "</item>", "<entry>", "</entry>", "<title>", "</title>",
    "<feed xmlns='http://www.w3.org/2005/Atom'>", "</feed>", "<rdf:RDF>", "<content type='xhtml'>", "</content>",
    "<content type='x/y' mode='base64'>", "<![CDATA[", "]]>", "<!--", "-->", "<!DOCTYPE a [", "<!ENTITY b 'c'>",
    "<!ENTITY d SYSTEM 'e'>", "]>", "&b;", "&d;", "&amp;", "&", "&#0;", "&#x110000;", "&nbsp;", "&#55296;", "<br>",
    "<html>", "<body>", "<div xmlns='http://www.w3.org/1999/xhtml'>", "</div>", "<media:group>", "</media:group>",
    "<source>", "</source>", "<author>", "</author>", "<name>", "<link href='/x' rel=alternate>", "<guid>", "<id>",
    " xml:base='//['", " xml:lang='\x85'", " a=b", " xmlns='urn:x'", " xmlns:x=''", "xmlns:a='http://purl.org/dc/terms/'",
    "<at:deleted-entry ref='1' when='2026'>", "<pubDate>", "Mon, 31 Feb 2026 24:61:61 +9999", "9999-12-31T23:59:60Z",
    "<skipHours><hour>", "<ttl>99999999999", "<wfw:commentRss>", "<slash:comments>", "http://[", "https://a.example/",
    '{"version":"https://jsonfeed.org/version/1.1","items":[', "]}", '{"id":1e999}', '"expired":true', "[[[[", "\\ud800",
    "Comment on A by B", "<p>In reply to <a href='https://r.example/#comment-1'>C</a>.</p>", "é", "Ã©", "\ufeff", "\ufffe",
    "\x00", "\u0301" * 40, "<script>", "<pre>", "<table><td>", "<a href='[//'>",
)  # fmt: skip
PIECES: Final = (
    *(word.encode() for word in WORDS),
    b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xe4", b"<?xml version='1.0' encoding='utf-7'?>", b"<?xml encoding='koi8-r'?>",
)  # fmt: skip

CODECS: Final = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "cp1252", "koi8-r", "shift-jis")


def seeds() -> list[bytes]:
    """Synthetic documents, and recorded ones where LISTENER_CORPUS names them."""
    found = [path.read_bytes() for path in sorted((ROOT / "tests/adapters/feed/payloads").iterdir())]
    corpus = os.environ.get("LISTENER_CORPUS")
    recorded = sorted((Path(corpus) / "rss").rglob("*")) if corpus else []
    found.extend(
        path.read_bytes() for path in recorded if path.is_file() and path.stat().st_size <= SEED_BYTES
    )
    return found


def mutated(body: bytes, other: bytes, chance: random.Random) -> bytes:
    """One to six changes, of bytes, tags or the whole document."""
    for _ in range(chance.randint(1, 6)):
        body = chance.choice(MUTATIONS)(body, other, chance)
    return body[:SMALL_BYTES]


def _cuts(body: bytes, chance: random.Random) -> tuple[int, int]:
    """Two places, mostly at tags."""
    if chance.random() < 0.7:
        places = [found.start() for found in re.finditer(rb"[<>&]", body)] or [0]
        pair = sorted((chance.choice(places), chance.choice(places)))
    else:
        pair = sorted((chance.randint(0, len(body)), chance.randint(0, len(body))))
    return pair[0], pair[1]


def _insert(body: bytes, other: bytes, chance: random.Random) -> bytes:
    at, _ = _cuts(body, chance)
    return body[:at] + chance.choice(PIECES) + body[at:]


def _drop(body: bytes, other: bytes, chance: random.Random) -> bytes:
    start, end = _cuts(body, chance)
    return body[:start] + body[min(end, start + chance.choice((1, 10, 100, 10_000))) :]


def _repeat(body: bytes, other: bytes, chance: random.Random) -> bytes:
    start, end = _cuts(body, chance)
    end = min(end, start + chance.choice((1, 20, 300)))
    return body[:end] + body[start:end] * chance.choice((1, 2, 30, 1000)) + body[end:]


def _splice(body: bytes, other: bytes, chance: random.Random) -> bytes:
    start, end = _cuts(other, chance)
    at, _ = _cuts(body, chance)
    return body[:at] + other[start : min(end, start + 5000)] + body[at:]


def _cut(body: bytes, other: bytes, chance: random.Random) -> bytes:
    return body[: chance.randint(0, len(body))]


def _flip(body: bytes, other: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(body) or 1)
    return body[:at] + bytes([chance.randrange(256)]) + body[at + 1 :]


def _recode(body: bytes, other: bytes, chance: random.Random) -> bytes:
    return body.decode("utf-8", "replace").encode(chance.choice(CODECS), "replace")


def _case(body: bytes, other: bytes, chance: random.Random) -> bytes:
    start, end = _cuts(body, chance)
    return body[:start] + body[start:end].swapcase() + body[end:]


MUTATIONS: Final[tuple[Callable[[bytes, bytes, random.Random], bytes], ...]] = (
    _insert, _insert, _insert, _drop, _drop, _repeat, _splice, _splice, _cut, _flip, _flip, _recode, _case,
)  # fmt: skip


# -------------------------------------------------------------------------------------------------------- the fuzzers


@dataclass
class Run:
    """What became of it so far."""

    folder: Path
    executions: int = 0
    paths: int = 0
    slowest_s: float = 0.0
    slowest_bytes: int = 0
    failures: list[str] = field(default_factory=list)

    def one(self, body: bytes) -> None:
        """Checks one input; keeps it where it fails or is the slowest."""
        self.executions += 1
        try:
            spent = check(body)
        except Exception:  # noqa: BLE001 - whatever it is, it is what we look for
            sys.settrace(
                None
            )  # following the lines takes ten times as long: only what fails without it has failed
            try:
                spent = check(body)
            except Exception as error:  # noqa: BLE001 - as above
                path = self.keep(body, "failed")
                self.failures.append(f"{type(error).__name__}: {error} ({path})")
                return
        if spent > self.slowest_s:
            self.slowest_s, self.slowest_bytes = spent, len(body)
            (self.folder / "slowest.bin").write_bytes(body)

    def keep(self, body: bytes, why: str) -> Path:
        path = self.folder / f"{why}-{hashlib.sha256(body).hexdigest()[:16]}.bin"
        path.write_bytes(body)
        return path


def by_hypothesis(run: Run, until_s: float) -> None:
    """Random trees of fields and random mutations of the seeds, drawn by hypothesis."""
    from hypothesis import HealthCheck, given, settings
    from hypothesis import seed as seeded
    from hypothesis import strategies as st

    found = seeds()
    chance = st.integers(0, 2**32).map(random.Random)
    mutants = st.builds(mutated, st.sampled_from(found), st.sampled_from(found), chance)
    soups = st.lists(st.sampled_from(PIECES) | st.binary(max_size=8), max_size=60).map(b"".join)
    number = 0
    while time.process_time() < until_s and len(run.failures) < 10:
        number += 1

        @seeded(SEED + number)
        @settings(max_examples=300, database=None, deadline=None, suppress_health_check=list(HealthCheck))
        @given(mutants | soups | st.binary(max_size=200))
        def batch(body: bytes) -> None:
            run.one(body)

        batch()


def by_coverage(run: Run, until_s: float) -> None:
    """
    Mutants of whatever reached a line, or a jump between two lines, that nothing had reached before.
    """
    chance = random.Random(SEED)
    pool, reached = seeds(), set[tuple[str, int, int]]()
    for body in pool:
        reached |= _traced(run, body)
    while time.process_time() < until_s and len(run.failures) < 10:
        body = mutated(chance.choice(pool), chance.choice(pool), chance)
        fresh = _traced(run, body) - reached
        if fresh:
            reached |= fresh
            run.paths += 1
            pool.append(body)


def _traced(run: Run, body: bytes) -> set[tuple[str, int, int]]:
    reached: set[tuple[str, int, int]] = set()
    last = 0

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal last
        if event == "line":
            reached.add((frame.f_code.co_filename, last, frame.f_lineno))
            last = frame.f_lineno
        return line

    def call(frame: FrameType, event: str, argument: Any) -> Any:
        return line if _is_ours(frame.f_code.co_filename) else None

    sys.settrace(call)
    try:
        run.one(body)
    finally:
        sys.settrace(None)
    return reached


def _is_ours(path: str) -> bool:
    return "/adapters/feed/" in path or "/listener/text/" in path


def by_atheris(run: Run, seconds: float) -> None:
    """The same under libFuzzer, in a process of its own, which ends with the first failure."""
    inputs = run.folder / "inputs"
    inputs.mkdir()
    for body in seeds():
        (inputs / hashlib.sha256(body).hexdigest()[:16]).write_bytes(body)
    child = subprocess.run(
        [
            sys.executable, "-m", "tests.endurance.fuzz_feeds", CHILD, str(inputs), f"-max_total_time={int(seconds)}",
            f"-seed={SEED or 1}", "-print_final_stats=1", f"-artifact_prefix={run.folder}/failed-", "-timeout=30",
            f"-max_len={SMALL_BYTES}", "-rss_limit_mb=4096",
        ],
        cwd=ROOT, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    stats = dict(re.findall(r"stat::(\w+):\s+(\d+)", child.stderr + child.stdout))
    run.executions += int(stats.get("number_of_executed_units", 0))
    run.paths += int(stats.get("new_units_added", 0))
    if child.returncode:
        run.failures.append("\n".join((child.stdout + child.stderr).splitlines()[-40:]))


def under_atheris() -> None:
    """The child: never returns."""
    assert atheris is not None
    pool = seeds()

    def mutate(body: bytes, most: int, number: int) -> bytes:
        chance = random.Random(number)
        if chance.random() < 0.3:
            mutant: bytes = atheris.Mutate(body, most)
            return mutant
        return mutated(body, chance.choice(pool), chance)[:most]

    atheris.Setup([one for one in sys.argv if one != CHILD], check, custom_mutator=mutate)
    atheris.Fuzz()


def main() -> int:
    """Both fuzzers, a third of the time and the rest."""
    run = Run(Path(tempfile.mkdtemp(prefix="listener-fuzz-")))
    print(f"seed {SEED}, {BUDGET_S:.0f} s of CPU, inputs that fail in {run.folder}")
    until_s = time.process_time() + BUDGET_S
    by_hypothesis(run, time.process_time() + BUDGET_S / 3)
    print(
        f"hypothesis: {run.executions} executions, slowest {run.slowest_s:.2f} s for {run.slowest_bytes} bytes"
    )
    before, left_s = run.executions, until_s - time.process_time()
    if atheris is not None:
        by_atheris(run, left_s)
    else:
        by_coverage(run, until_s)
    print(
        f"{'atheris' if atheris else 'by coverage'}: {run.executions - before} executions, {run.paths} new paths, "
        f"slowest {run.slowest_s:.2f} s for {run.slowest_bytes} bytes"
    )
    for failure in run.failures:
        print("FAILED", failure)
    print("failures:", len(run.failures))
    return 1 if run.failures else 0


if __name__ == "__main__":
    if CHILD in sys.argv:
        under_atheris()
    sys.exit(main())
