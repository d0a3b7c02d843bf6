"""
The ordeal of a network: people go on writing, editing and deleting, lines are cut, hosts fail, the daemon is killed.

Takes a `World`, which knows the network, and holds the shipped daemon to every post of its book. In the end the machine
is off for a day, so that whatever was missed has to be asked about again (the clock of re-checks is a day).
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol

import anyio
import anyio.from_thread

from listener.simulation.clock import ScaledClock
from listener.simulation.ledger import Ledger
from tests.endurance.lines import CUTS, Line
from tests.endurance.lives import Consumer, live_and_die, start
from tests.endurance.told import Told, amiss, left_over, partition
from tests.pipeline.daemon_process import Installed

OFF: Final = timedelta(hours=25)
SETTLED_S: Final = 120.0
QUIET_S: Final = 4.0
ACT_EVERY_S, CUT_EVERY_S, TROUBLE_EVERY_S = 0.25, 0.8, 4.0
"""Real seconds, on average."""


class World(Protocol):
    """
    A simulated network, and what happens in it.
    """

    @property
    def clock(self) -> ScaledClock: ...

    @property
    def ledger(self) -> Ledger: ...

    def serving(self, folder: Path) -> AbstractAsyncContextManager[tuple[str, list[Line]]]:
        """Served until the block ends: the configuration of a daemon that hears it, and the lines in between."""

    def act(self, chance: random.Random) -> None:
        """Somebody does something."""

    def trouble(self, chance: random.Random) -> None:
        """A host fails for a while."""


@dataclass
class Ordeal:
    """
    Args:
        name: Of the network.
        kills, cuts: At least so many.
        enough: Nothing happens any more, and nothing fails.
    """

    name: str
    world: World
    folder: Path
    seed: int
    kills: int
    cuts: int
    enough: bool = False
    killed: int = 0
    manners: Counter[str] = field(default_factory=Counter)
    lines: list[Line] = field(default_factory=list)
    _daemon: Installed = field(init=False)
    _consumer: Consumer = field(init=False)

    def __post_init__(self) -> None:
        self.told = Told()
        self._daemon = Installed(self.folder)
        self._consumer = Consumer(self._daemon.where, self.told)
        self._log = self.folder / "log.jsonl"

    def run(self) -> dict[str, str]:
        """Everything, and what became of every post."""
        began_s = time.monotonic()
        print(f"\n{self.name}: seed {self.seed}, {self.kills} kills, {self.cuts} cuts", flush=True)
        with (
            anyio.from_thread.start_blocking_portal() as portal,
            portal.wrap_async_context_manager(self._living()) as text,
        ):
            self._daemon.config.write_text(text, "utf-8")
            self._daemon.accept()
            self._suffer(random.Random(f"kills/{self.seed}"))
            portal.call(self._end)
            self._settle()
        fates = partition(self.world.ledger, self.told)
        counted = ", ".join(f"{count} {fate}" for fate, count in Counter(fates.values()).most_common())
        print(
            f"{self.name}: {self.killed} kills, {self.cut_count} cuts ({dict(self.manners)}), "
            f"{time.monotonic() - began_s:.0f} s; {self.told.events} events, {len(self.told.gaps)} gaps told; "
            f"{len(fates)} posts: {counted}",
            flush=True,
        )
        return fates

    @property
    def cut_count(self) -> int:
        """Cuts that met a connection."""
        return sum(line.cut_count for line in self.lines)

    @property
    def created_twice(self) -> dict[str, int]:
        """Posts that were announced more than once."""
        return {key: count for key, count in self._consumer.created.items() if count > 1}

    @property
    def told_twice(self) -> dict[str, int]:
        """Events that came more than once."""
        return {each: count for each, count in self._consumer.ids.items() if count > 1}

    def left_over(self) -> list[tuple[int, int]]:
        """Words in the daemon's files that may be in none."""
        return left_over(self.world.ledger, self.folder)

    # ------------------------------------------------------------------------------------ around the daemon

    @asynccontextmanager
    async def _living(self) -> AsyncIterator[str]:
        async with self.world.serving(self.folder) as (text, self.lines), anyio.create_task_group() as group:
            group.start_soon(self._happen)
            group.start_soon(self._cut)
            group.start_soon(self._fail)
            yield text
            group.cancel_scope.cancel()

    async def _happen(self) -> None:
        chance = random.Random(f"acts/{self.seed}")
        while not self.enough:
            self.world.act(chance)
            await anyio.sleep(chance.expovariate(1 / ACT_EVERY_S))

    async def _cut(self) -> None:
        chance = random.Random(f"cuts/{self.seed}")
        while not self.enough:
            await anyio.sleep(chance.expovariate(1 / CUT_EVERY_S))
            manner, line = chance.choice(CUTS), chance.choice(self.lines)
            self.manners[manner] += line.cut(manner, chance)

    async def _fail(self) -> None:
        chance = random.Random(f"troubles/{self.seed}")
        while not self.enough:
            await anyio.sleep(chance.expovariate(1 / TROUBLE_EVERY_S))
            self.world.trouble(chance)

    async def _end(self) -> None:
        self.enough = True

    # ---------------------------------------------------------------------------------------------- the daemon

    def _suffer(self, chance: random.Random) -> None:
        """Killed so often; then it lives on until the lines were cut so often, and is killed once more."""
        for self.killed in range(1, self.kills):
            live_and_die(self._daemon, self.world.clock, self._log, self._consumer, chance)
            if self.killed % 10 == 0:
                print(f"  {self.killed} kills, {self.cut_count} cuts, {self.told.events} events", flush=True)
        process = start(self._daemon, self.world.clock, self._log)
        until = time.monotonic() + 30 + self.cuts * CUT_EVERY_S * 4
        try:
            while self.cut_count < self.cuts and time.monotonic() < until:
                assert process.poll() is None, self._log.read_text("utf-8")[-3000:]
                self._consumer.look()
                time.sleep(0.05)
            time.sleep(chance.uniform(0, 2))
        finally:
            process.kill()
            process.wait(30)
        self.killed += 1

    def _settle(self) -> None:
        """The machine was off for a day; it hears what it missed, has nothing more to say, and is told to stop."""
        self.world.clock.start_at += OFF
        process = start(self._daemon, self.world.clock, self._log)
        until, answered, quiet_at = time.monotonic() + SETTLED_S, False, time.monotonic() + QUIET_S
        try:
            while time.monotonic() < min(until, quiet_at):
                news = self._consumer.look()
                answered = news >= 0
                if news or amiss(partition(self.world.ledger, self.told)):
                    quiet_at = time.monotonic() + QUIET_S
                time.sleep(0.2)
            assert answered, self._log.read_text("utf-8")[-3000:]
            process.terminate()
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait(30)
