"""
One demo from its first snowflake to its balance: serves the city, starts the daemon, lets the story happen, reads along as a
consumer outside, waits for what is under way, and compares.

Hands out `Balance`. Invariant: every wait ends by a condition, or by a patience of real seconds after which what is still
open counts as wrong: nothing here depends on how fast the machine is.
"""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Final

import anyio
import anyio.to_thread

from listener import settings
from listener.cli.client import Where, call
from listener.cli.demo import process
from listener.cli.demo.balance import Balance
from listener.cli.demo.comparing import compare
from listener.cli.demo.process import Child, DaemonEnded
from listener.cli.demo.screen import Screen, greeting
from listener.cli.demo.told import Told
from listener.cli.demo.town import Town, day_of, served
from listener.errors import ListenerError
from listener.simulation.clock import ScaledClock
from listener.simulation.snowstorm import planted

LOOK_S: Final = 0.2
HEARD_S: Final = 60.0
"""Chosen: a daemon that has not connected by then will not."""

DRAIN_S: Final = 60.0
"""Chosen: longest wait for what is under way; a quiet machine needs three seconds."""

SOON_S: Final = 5.0
"""Chosen: what a source shows within so many real seconds is waited for; what comes later is told as not shown."""

QUIET_LOOKS: Final = 4


class Interrupted(ListenerError):
    """
    Ctrl-C for the second time. Raised by the task that hears signals, ends the command with 130, as a shell expects.
    """

    exit_code: ClassVar[int] = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """
    What was asked for on the command line.

    Args:
        duration_s: Real seconds.
        speed: Seconds of the city in a real one.
        seed: Of the day.
        port: Of the API.
    """

    duration_s: float
    speed: float
    seed: int
    port: int


@dataclass(slots=True)
class Running:
    """
    A demo that runs.
    """

    wish: Wish
    folder: Path
    screen: Screen
    told: Told = field(default_factory=Told)
    early: bool = False
    _enough: anyio.Event = field(default_factory=anyio.Event)
    _late: timedelta = timedelta()

    async def run(self) -> Balance:
        """
        All of it.

        Raises:
            DaemonEnded: the daemon did not start, or ended by itself.
            Interrupted: somebody wants to be rid of it before its balance.
        """
        try:
            return await self._run()
        except BaseExceptionGroup as group:
            raise _first(group) from group

    async def _run(self) -> Balance:
        clock = ScaledClock(self.wish.speed)
        day = day_of(clock, seed=self.wish.seed, duration_s=self.wish.duration_s)
        self.told.planted = planted(day.seed)
        async with anyio.create_task_group() as group, served(day, clock, self.folder) as town:
            group.start_soon(self._signals)
            config = self._install(town)
            for quarter, moment in town.earlier:
                quarter.happen(moment)
            async with process.daemon(
                config, self.folder / "log.jsonl", clock, program=process.PROGRAM
            ) as child:
                await self._greet(town, child)
                await self._live(town, child)
                balance = await self._drain(town, child)
            for quarter in town.quarters:
                (self.folder / f"book-{quarter.network}.json").write_bytes(quarter.ledger.as_json())
            group.cancel_scope.cancel()
        return balance

    async def _greet(self, town: Town, child: Child) -> None:
        where = Where(url=child.address)
        described = await anyio.to_thread.run_sync(call, where, "GET", "/openapi.json")
        networks = tuple(quarter.network for quarter in town.quarters)
        self.screen.say(
            greeting(
                child.address,
                self.folder,
                networks,
                town.clock.factor,
                self.wish.duration_s,
                paths=described["paths"],
            )
        )

    async def _signals(self) -> None:
        """
        Ctrl-C ends the day, a second one the demo.
        """
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async for _ in signals:
                if self.early:
                    raise Interrupted("interrupted before its balance")
                self.early = True
                self._enough.set()

    def _install(self, town: Town) -> Path:
        """
        Configuration, objections, and a statement that the demo signs.
        """
        from listener.gate.consent import objection_names
        from listener.secret_files import key_ring
        from listener.settings.objections import add_objections

        config = self.folder / "listener.toml"
        config.write_text(town.configuration(self.folder, port=self.wish.port), encoding="utf-8")
        loaded = settings.load(config, environ={})
        settings.write_lock(
            settings.lock_path(config),
            settings.statement(loaded),
            accepted_by="the demo",
            reason="synthetic people only",
            accepted_at=town.clock.now(),
        )
        keys = key_ring(loaded.privacy.secret_files, create=True)
        file = loaded.privacy.objections_file
        assert file is not None
        listed = [
            objection_names(keys, quarter.network, name)[0]
            for quarter in town.quarters
            for name in quarter.objectors
        ]
        add_objections(file, listed)
        return config

    # ------------------------------------------------------------------------------------------------- the day

    async def _live(self, town: Town, child: Child) -> None:
        """
        From the moment everything is heard until the end of the day, or until somebody has seen enough.
        """
        await self._heard(town, child)
        self._late = max(timedelta(), town.clock.now() - town.day.begin_at)
        end_at = town.day.end_at + self._late
        async with anyio.create_task_group() as group:
            group.start_soon(self._story, town)
            while town.clock.now() < end_at and not self._enough.is_set():
                await self._look(child)
                now = town.clock.now()
                share = 1 - (end_at - now).total_seconds() / town.day.length_s
                self.screen.at(now, min(1.0, share), self.told.events)
                with anyio.move_on_after(LOOK_S):
                    await self._enough.wait()
            group.cancel_scope.cancel()
        for quarter in town.quarters:
            quarter.calm()

    async def _heard(self, town: Town, child: Child) -> None:
        until = time.monotonic() + HEARD_S
        while not all(quarter.is_heard() for quarter in town.quarters):
            child.check()
            if time.monotonic() > until:
                deaf = [quarter.network for quarter in town.quarters if not quarter.is_heard()]
                raise DaemonEnded(f"the daemon does not hear {', '.join(deaf)}; its log says why", 1)
            await anyio.sleep(0.05)

    async def _story(self, town: Town) -> None:
        """
        Whatever happens, each in its time.
        """
        for quarter, moment in town.later:
            due = replace(moment, at=moment.at + self._late)
            await town.clock.sleep((due.at - town.clock.now()).total_seconds())
            quarter.happen(replace(due, at=town.clock.now()))

    async def _look(self, child: Child) -> int:
        """
        Ask for what is new, as any consumer would, and show it; how many events that were.
        """
        child.check()
        count = 0
        while True:
            page: dict[str, Any] = await anyio.to_thread.run_sync(
                call, Where(url=child.address), "GET", f"/v1/events?limit=500&after={self.told.after}"
            )
            for event in page["events"]:
                self.told.take(event)
                self.screen.event(event)
            self.told.after, count = page["next"], count + len(page["events"])
            if not page["more"]:
                return count

    # ----------------------------------------------------------------------------------------------- the balance

    async def _drain(self, town: Town, child: Child) -> Balance:
        """
        Nothing happens any more: wait until what is under way has arrived, and nothing is left to be explained.
        """
        until, quiet = time.monotonic() + DRAIN_S, 0
        soon = timedelta(seconds=SOON_S * town.clock.factor)
        while True:
            quiet = 0 if await self._look(child) else quiet + 1
            self.screen.at(town.clock.now(), 1.0, self.told.events, draining=True)
            if quiet >= QUIET_LOOKS or time.monotonic() > until:
                balance = await compare(town, child, self.told, early=self.early)
                if time.monotonic() > until or (
                    balance.holds and not balance.is_about_to_hear(town.clock.now() + soon)
                ):
                    self.screen.done()
                    return balance
            await anyio.sleep(LOOK_S)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """
    The error that ended a task group: ours, if one of ours is in it, because it says what to do.
    """
    leaves: list[BaseException] = []
    waiting: list[BaseException] = [group]
    while waiting:
        error = waiting.pop()
        if isinstance(error, BaseExceptionGroup):
            waiting.extend(error.exceptions)
        else:
            leaves.append(error)
    return next((leaf for leaf in leaves if isinstance(leaf, ListenerError)), leaves[0])
