"""A small world of blogs, served from another thread, with a daemon's installation beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio.from_thread

from adapters.feed import simulator
from listener.clock import SystemClock
from listener.simulation.people import people
from listener.simulation.scenario import Place
from listener.simulation.world import World

PLACES = (
    Place("office", "Office", "en", own=True),
    Place("north", "North", "en"),
    Place("south", "South", "en"),
)


@dataclass
class City:
    """
    Args:
        served: The simulator.
        text: A configuration that reads all of it.
    """

    served: simulator.Blogs
    text: str

    def publish(self, place: str, text: str) -> str:
        """A new article; gives its identity."""
        author = people(seed=3, count=1)[0]
        return self.served.world.publish(place, author, text, title="News").post


@contextmanager
def city(folder: Path) -> Iterator[City]:
    """The world while the block runs; `listener.toml` in the folder reads it."""
    world = World(PLACES, SystemClock(), ("#yyc", "#snow"))
    with anyio.from_thread.start_blocking_portal() as portal:
        serving = simulator.serve(world, hashtags=("#yyc", "#snow"))
        with portal.wrap_async_context_manager(serving) as served:
            text = simulator.configuration(served, folder / "data", hashtags=("#yyc",))
            (folder / "listener.toml").write_text(text, "utf-8")
            yield City(served, text)
