"""
The ordeal of a network: people go on writing, editing and deleting, lines are cut, hosts fail, the daemon is killed.

Takes a `World`, which knows the network, and holds the shipped daemon to every post of its book. In the end the machine
is off for a day, so that whatever was missed has to be asked about again (the clock of re-checks is a day).
"""

from __future__ import annotations

import random
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol

import anyio
import anyio.from_thread

from listener.simulation.clock import ScaledClock
from listener.simulation.ledger import Ledger
from tests.endurance.lines import CUTS, Line
from tests.endurance.lives import Consumer, start
from tests.endurance.told import Told, amiss, left_over, partition
from tests.pipeline.daemon_process import Installed

OFF: Final = timedelta(hours=25)
SETTLED_S: Final = 120.0
START_S: Final = 20.0
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

    def calm(self) -> None:
        """None does any more."""

    def is_heard(self) -> bool:
        """Whether the daemon hears what is said from now on."""


@dataclass
class Ordeal:
    """
    Args:
        name: Of the network.
        kills, cuts: At least so many.
        cut_every_s: Real seconds between two cuts, on average.
        off: How long the machine is off in the end.
        begun: The daemon hears the network: people may begin to speak.
        enough: Nothing happens any more, and nothing fails.
    """

    name: str
    world: World
    folder: Path
    seed: int
    kills: int
    cuts: int
    cut_every_s: float = CUT_EVERY_S
    off: timedelta = OFF
    begun: bool = False
    enough: bool = False
    killed: int = 0
    lines: list[Line] = field(default_factory=list)
    _daemon: Installed = field(init=False)
    _consumer: Consumer = field(init=False)
    _began_s: float = 0.0
    _portal: anyio.from_thread.BlockingPortal = field(init=False)

    def __post_init__(self) -> None:
        self.told = Told()
        self._daemon = Installed(self.folder)
        self._consumer = Consumer(self._daemon.where, self.told)
        self._log = self.folder / "log.jsonl"

    def run(self) -> dict[str, str]:
        """Everything, and what became of every post."""
        self._began_s = time.monotonic()
        print(f"\n{self.name}: seed {self.seed}, {self.kills} kills, {self.cuts} cuts", flush=True)
        with (
            anyio.from_thread.start_blocking_portal() as self._portal,
            self._portal.wrap_async_context_manager(self._living()) as text,
        ):
            self._daemon.config.write_text(text, "utf-8")
            self._daemon.accept()
            self._suffer(random.Random(f"kills/{self.seed}"))
            self._portal.call(self._end)
            self._settle()
        fates = partition(self.world.ledger, self.told)
        counted = ", ".join(f"{count} {fate}" for fate, count in Counter(fates.values()).most_common())
        print(
            f"{self.name}: {self.killed} kills, {self.cut_count} cuts ({dict(self.manners)}), "
            f"{time.monotonic() - self._began_s:.0f} s; {self.told.events} events, {len(self.told.gaps)} gaps told, "
            f"{self.told.setbacks} setbacks; "
            f"{len(fates)} posts: {counted}",
            flush=True,
        )
        return fates

    @property
    def cut_count(self) -> int:
        """Cuts that met a connection."""
        return sum(self.manners.values())

    @property
    def manners(self) -> Counter[str]:
        """These, by how."""
        return Counter(manner for line in self.lines for manner in line.cuts.elements())

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

    # --------------------------------------------------------------------------- for an ordeal that asks more

    def _look(self) -> int:
        """The consumer reads what there is; as `Consumer.look`."""
        return self._consumer.look()

    def _between(self, chance: random.Random) -> None:
        """One life has ended, and the next has not begun."""

    def _is_amiss(self) -> bool:
        """Whether anything that must be told is not told yet."""
        return bool(amiss(partition(self.world.ledger, self.told)))

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
            await anyio.sleep(chance.expovariate(1 / ACT_EVERY_S))
            if self.begun and not self.enough:
                self.world.act(chance)

    async def _cut(self) -> None:
        chance = random.Random(f"cuts/{self.seed}")
        while not self.enough:
            await anyio.sleep(chance.expovariate(1 / self.cut_every_s))
            if self._is_rough:
                manner, line = chance.choice(CUTS), chance.choice(self.lines)
                line.cut(manner, chance)

    async def _fail(self) -> None:
        chance = random.Random(f"troubles/{self.seed}")
        while not self.enough:
            await anyio.sleep(chance.expovariate(1 / TROUBLE_EVERY_S))
            if self._is_rough:
                self.world.trouble(chance)

    @property
    def _is_rough(self) -> bool:
        """Not before anything was told: a stream that was never heard has no place to go on from."""
        return self.told.events > 0 and not self.enough

    async def _end(self) -> None:
        self.enough = True
        self.world.calm()
        for line in self.lines:
            line.calm()

    # ---------------------------------------------------------------------------------------------- the daemon

    def _suffer(self, chance: random.Random) -> None:
        """Killed so often; then it lives on until the lines were cut so often, and is killed once more."""
        with self._one_life() as process:
            self._until(process, START_S, self.world.is_heard)
            self.begun = True
            self._until(process, START_S, lambda: self.told.events > 0)
        self.killed = 1
        while self.killed < self.kills - 1:
            self._between(chance)
            self._live(chance)
            self.killed += 1
            if self.killed % 10 == 0:
                print(f"  {self.killed} kills, {self.cut_count} cuts, {self.told.events} events", flush=True)
        with self._one_life() as process:
            self._until(process, self.cuts * self.cut_every_s * 4, lambda: self.cut_count >= self.cuts)
            self._until(process, chance.uniform(0, 2))
        self.killed += 1

    def _live(self, chance: random.Random) -> None:
        """One life in three ends while it starts; the others some time after the daemon has answered."""
        with self._one_life() as process:
            if chance.random() < 1 / 3:
                self._until(process, chance.uniform(0.2, 1.2))
            else:
                self._until(process, START_S, lambda: self._look() >= 0)
                self._until(process, chance.choice((0.1, 0.5, 1.0, 3.0)) * (0.5 + chance.random()))

    def _until(
        self, process: subprocess.Popen[bytes], lasts_s: float, done: Callable[[], bool] = lambda: False
    ) -> None:
        """So long, or until it is done, the consumer reads what there is; the daemon never ends by itself."""
        until = time.monotonic() + lasts_s
        while time.monotonic() < until and not done():
            assert process.poll() is None, self._log.read_text("utf-8")[-3000:]
            self._look()
            time.sleep(0.05)

    @contextmanager
    def _one_life(self) -> Iterator[subprocess.Popen[bytes]]:
        process = start(self._daemon, self.world.clock, self._log)
        try:
            yield process
        finally:
            process.kill()
            process.wait(30)

    def _settle(self) -> None:
        """The machine was off for a day; it hears what it missed, has nothing more to say, and is told to stop."""
        print(f"  settling after {time.monotonic() - self._began_s:.0f} s", flush=True)
        self.world.clock.start_at += self.off
        with self._one_life() as process:
            until, quiet_at, news = time.monotonic() + SETTLED_S, time.monotonic() + QUIET_S, -1
            while time.monotonic() < min(until, quiet_at):
                assert process.poll() is None, self._log.read_text("utf-8")[-3000:]
                news = self._look()
                if news or self._is_amiss():
                    quiet_at = time.monotonic() + QUIET_S
                time.sleep(0.2)
            assert news >= 0
            process.terminate()
            assert process.wait(30) == 0
