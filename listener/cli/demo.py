"""
`listener demo`: the shipped daemon against a simulated city on loopback; no network, no credentials.

Simulators are found through the adapters' specs. At the end a consumer outside the daemon and the simulators' own
books are compared: every post is exactly one of queued, not ours, withheld, rejected, removed before it was read, or
never shown; a post that is none of these, or one that was queued although it is nobody's business, fails the command.
"""

from __future__ import annotations

import importlib
import json
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import typer

from listener.errors import ListenerError

if TYPE_CHECKING:
    from listener.simulation.clock import ScaledClock
    from listener.simulation.world import World

DRAIN_S: Final = 20.0
"""Chosen: longest wait, in real time, for what was read last to become durable and to be seen."""

FOR_GOOD_S: Final = 10 * 365 * 86_400.0
HASHTAGS: Final = ("#yyc",)
POSTS_A_SECOND: Final = 0.7
POSTS_AT_MOST: Final = 400
"""Chosen: a page of a demo that one can still read."""

_WORDS: Final = {
    "queued": "queued, and seen by a consumer outside",
    "not_ours": "not ours: no watch asks for it",
    "withheld": "withheld at the gate",
    "rejected": "rejected: could not be read",
    "removed_before_reading": "removed before it was read",
    "in_gap": "inside a gap that was reported",
    "never_shown": "not shown yet by its blog",
    "missing": "MISSING: shown, ours, and not in the queue",
    "unexpected": "UNEXPECTED: in the queue, and not ours",
}


class Unbalanced(ListenerError):
    """
    A post is missing, or one is there that should not be. Raised and caught here; the command exits with 1.
    """


@dataclass(slots=True)
class Seen:
    """
    What the consumer outside was given.

    Args:
        links: Addresses of posts, origins cut off.
        keys: Keys of posts that were given with a body.
        unmet: Removals of posts that were removed before the consumer met them.
        events: How many events in all.
        after: Position to go on from.
    """

    links: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    unmet: int = 0
    events: int = 0
    after: str = "start"

    def take(self, event: dict[str, Any]) -> None:
        """
        One event more.
        """
        self.events += 1
        if event["type"] in ("listener.post.created", "listener.post.updated"):
            self.keys.add(event["subject"])
            link = urlsplit(event["data"]["link"] or "")
            self.links.add(link._replace(scheme="", netloc="").geturl())
        elif event["type"] == "listener.post.removed" and event["subject"] not in self.keys:
            self.unmet += 1


def demo(
    duration: float = typer.Option(60.0, min=5.0, help="Real seconds it runs.", metavar="SECONDS"),
    speed: float = typer.Option(120.0, min=1.0, max=600.0, help="How many times faster than life."),
    seed: int = typer.Option(7, help="Of the simulated day; the same seed is the same day."),
    port: int = typer.Option(0, min=0, max=65535, help="Of the API; 0 takes any free one."),
    keep: Path | None = typer.Option(None, help="Keep configuration, queue and log there.", metavar="DIR"),
) -> None:
    """
    Run everything here, against a small simulated city.

    Blogs with comments, edits, deletions and outages are served on loopback; the shipped daemon reads them and the events appear as they are queued. Ends with a balance of every post.

    \b
    Example:
      listener demo --duration 30 --speed 120
    \b
    Exit codes:
      0 every post is accounted for · 1 one is missing · 5 port in use · 130 interrupted before anything ran
    """
    import anyio

    folder = keep or Path(tempfile.mkdtemp(prefix="listener-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        anyio.run(_demo, folder, duration, speed, seed, port)
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


async def _demo(folder: Path, duration_s: float, speed: float, seed: int, port: int) -> None:
    import anyio

    from listener import registry
    from listener.simulation.clock import ScaledClock

    clock, seen = ScaledClock(speed), Seen()
    module = importlib.import_module((registry.spec("feed").simulator or "").partition(":")[0])
    async with module.serve(_city(clock, seed, duration_s)) as blogs:
        config = folder / "listener.toml"
        config.write_text(module.configuration(blogs, folder / "data", http_port=port), encoding="utf-8")
        async with _daemon(config, folder / "log.jsonl", clock) as address:
            _greet(address, folder, speed, duration_s)
            with anyio.move_on_after(duration_s) as end:
                await _until_interrupted(address, seen)
            for place in blogs.world.places:  # nothing more is shown, and what is under way arrives
                blogs.world.disturb(place.name, "503", FOR_GOOD_S)
            await _drain(address, seen)
        _balance(blogs.world.ledger, seen, interrupted=not end.cancelled_caught)


def _city(clock: ScaledClock, seed: int, duration_s: float) -> World:
    """
    A day that began hours ago and goes on, lively enough that something happens every few seconds.
    """
    from listener.simulation.scenario import ordinary_day
    from listener.simulation.world import World

    begun_h, to_come_h = 6.0, duration_s * clock.factor / 3600
    hours = begun_h + to_come_h
    posts = round(hours / to_come_h * POSTS_A_SECOND * duration_s)
    start_at = clock.now() - timedelta(hours=begun_h)
    day = ordinary_day(
        seed, hashtags=HASHTAGS, start_at=start_at, hours=hours, posts=min(posts, POSTS_AT_MOST)
    )
    return World.of(day, clock, hashtags=HASHTAGS)


@asynccontextmanager
async def _daemon(config: Path, log: Path, clock: Any) -> AsyncIterator[str]:
    """
    The shipped daemon, its statement signed by the demo, its log in a file; gives the address of its API.
    """
    import anyio

    from listener import settings
    from listener.app import Daemon
    from listener.telemetry import Telemetry, take_over_process

    with log.open("w", encoding="utf-8") as out:
        telemetry = Telemetry(out)
        take_over_process(telemetry)
        loaded = settings.load(config, environ={})
        settings.write_lock(
            settings.lock_path(config),
            settings.statement(loaded),
            accepted_by="the demo",
            reason="synthetic people only",
            accepted_at=clock.now(),
        )
        daemon = Daemon(config, {}, clock=clock, telemetry=telemetry)
        async with anyio.create_task_group() as group:
            ready = anyio.Event()
            address: list[str] = []

            def on_ready(at: str) -> None:
                address.append(at)
                ready.set()

            async def run() -> None:
                await daemon.run(on_ready=on_ready, signals=False)

            group.start_soon(run)
            await ready.wait()
            yield address[0]
            daemon.stop()


async def _until_interrupted(address: str, seen: Seen) -> None:
    """
    Show events as they come, until Ctrl-C or cancelled.
    """
    import signal

    import anyio

    async with anyio.create_task_group() as group:

        async def watch() -> None:
            with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
                async for _ in signals:
                    group.cancel_scope.cancel()
                    return

        group.start_soon(watch)
        while True:
            await _look(address, seen)
            await anyio.sleep(0.2)


async def _look(address: str, seen: Seen) -> int:
    """
    Ask the daemon for what is new, as any consumer would, and show it; how many events that were.
    """
    import anyio.to_thread

    from listener.cli.client import Where, call
    from listener.cli.tail import readable

    def ask() -> dict[str, Any]:
        found: dict[str, Any] = call(Where(url=address), "GET", f"/v1/events?limit=500&after={seen.after}")
        return found

    page = await anyio.to_thread.run_sync(ask)
    seen.after = page["next"]
    for event in page["events"]:
        seen.take(event)
        _show(readable(event) if sys.stdout.isatty() else json.dumps(event, ensure_ascii=False))
    return len(page["events"])


def _show(line: str) -> None:
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        line = line if len(line) <= width else line[: width - 1] + "…"
    print(line, flush=True)


async def _drain(address: str, seen: Seen) -> None:
    """
    The blogs are silent now: wait until the daemon has nothing new for a while.
    """
    import anyio

    quiet = 0
    with anyio.move_on_after(DRAIN_S):
        while quiet < 5:
            quiet = quiet + 1 if await _look(address, seen) == 0 else 0
            await anyio.sleep(0.2)


def _greet(address: str, folder: Path, speed: float, duration_s: float) -> None:
    lines = (
        f"A small city is simulated on this machine, {speed:g} times as fast as life, for {duration_s:g} seconds.",
        "The daemon that listens to it is the one that ships. Ctrl-C ends it early.",
        f"  events   {address}/v1/events    {address}/v1/events/stream",
        f"  sources  {address}/v1/sources   metrics  {address}/metrics",
        f"  log      {folder / 'log.jsonl'}",
        "",
    )
    print("\n".join(lines), file=sys.stderr, flush=True)


def _balance(ledger: Any, seen: Seen, *, interrupted: bool) -> None:
    """
    Print what became of every post.

    Raises:
        Unbalanced: one is missing, or one is there that should not be.
    """
    from listener.cli.screen import print_table
    from listener.simulation.ledger import tally

    fates = ledger.partition(
        seen.links, read_by=lambda row: row.kind != "comment" or row.place == "city-newsroom"
    )
    unmet = seen.unmet
    for post, fate in fates.items():
        if fate == "missing" and unmet and ledger.posts[post].deleted_at is not None:
            fates[post] = "removed_before_reading"
            unmet -= 1
    counted = tally(fates.values())
    print(file=sys.stderr)
    print_table(
        ("posts", "what became of them"),
        [(str(count), _WORDS[fate]) for fate, count in counted.items()]
        + [(str(len(fates)), "published in all")],
    )
    wrong = counted.get("missing", 0) + counted.get("unexpected", 0)
    if wrong:
        raise Unbalanced(
            f"{wrong} posts are not where they belong; run again with --keep DIR and look at its log"
        )
    end = "ended early" if interrupted else "ended"
    print(f"The demo {end}; every post is accounted for, {seen.events} events were seen.", file=sys.stderr)


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command()(demo)
