"""
The installed daemon, a process of its own in real time, with the configuration that the simulator writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio.from_thread

from adapters.bluesky import simulator
from adapters.bluesky.simulated_network import Network
from listener.clock import SystemClock
from tests.pipeline.daemon_process import Installed


@contextmanager
def network(folder: Path) -> Iterator[tuple[Network, anyio.from_thread.BlockingPortal]]:
    """Two accounts, served from another thread; `listener.toml` in the folder hears them."""
    here = Network(SystemClock(), 7, frozenset({"yyc"}))
    here.own.add(here.join(handle="city.bsky.example").did)
    here.join()
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(simulator.serve(here)) as served,
    ):
        text = simulator.configuration(served, folder / "data")
        (folder / "listener.toml").write_text(text, "utf-8")
        yield here, portal


def test_the_installed_daemon_hears_and_forgets(tmp_path: Path) -> None:
    """What is posted with the hashtag is there, what is deleted is not any more, and no line of the log says who wrote it."""
    with network(tmp_path) as (here, portal):
        someone = list(here.accounts)[1]

        def say(text: str) -> str:
            return portal.call(lambda: here.post(someone, text).uri)

        def texts() -> Counter[str]:
            events = daemon.ask("/v1/events?after=start&limit=500")["events"]
            return Counter(
                event["data"]["text"] for event in events if event["type"] == "listener.post.created"
            )

        daemon = Installed(tmp_path)
        daemon.accept()
        daemon.start()
        try:
            daemon.wait(lambda: here.ledger.requests)
            gone = say("soon gone #yyc")
            say("of no concern")
            daemon.wait(lambda: texts() == Counter({"soon gone #yyc": 1}))
            portal.call(here.delete, gone)
            say("stays #yyc")
            daemon.wait(lambda: texts() == Counter({"stays #yyc": 1}))
        finally:
            stopped = daemon.stop()

    assert stopped == 0
    assert someone not in daemon.logs()
