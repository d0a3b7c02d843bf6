"""
One run of the shipped daemon before a network in which everything happens to posts that can: to each post one thing, all
at one moment of the daemon's life (`PHASES`), and then the re-check clock of the network runs out.

Takes a scene of `deletion_scenes`; gives what a consumer was told of each post, who looked every few minutes, and what the
queue's files hold of it in the end. Used by `test_deletion_matrix`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import anyio

from listener import settings
from listener.events import PostKey
from listener.gate.consent import ConsentMode, objection_names
from listener.secret_files import key_ring
from listener.testing.rig import Rig, rig
from tests.pipeline.deletion_scenes import DELETED, OBJECTED, Scene, new_word, old_word

BEFORE = "before the daemon read it"
RUNNING = "while the daemon runs"
DOWN = "during an outage of the daemon"
CUT_OFF = "during an outage of the network"
AFTERWARDS = "after an outage of the network"
PHASES: Final = (BEFORE, RUNNING, DOWN, CUT_OFF, AFTERWARDS)

HOUR_S: Final = 3600.0
DOWN_S: Final = 22 * HOUR_S
"""Shorter than Jetstream's look-back (36 h)."""

CUT_OFF_S: Final = 3 * HOUR_S
SLOT_S: Final = 900.0
"""How often the consumer looks."""

ERASED_WITHIN_S: Final = 5.0
BARE: Final = {"network", "observed_at", "reason"}


@dataclass(frozen=True, slots=True)
class Ending:
    """
    What became of one post.

    Args:
        told: Types of its events in the order in which the consumer got them, removals with their reason; what a removal
            holds beside network, reason and time is named.
        was_held: Its first words stood in the queue's files when the change was made.
        old: They do in the end.
        new: Its second words do.
    """

    told: tuple[str, ...]
    was_held: bool
    old: bool
    new: bool


@dataclass(slots=True)
class Run:
    """
    Args:
        endings: By change.
        strays: Events of posts that the consumer had never been told of.
        created: Posts that the daemon took for news, by its own count.
        erased_s: From the deletion of a post to the moment at which no file held its words; None where nothing is told.
    """

    endings: dict[str, Ending] = field(default_factory=dict)
    strays: list[str] = field(default_factory=list)
    created: int = 0
    erased_s: float | None = None


class Consumer:
    """Follows the events from the first on, and remembers which post each is about."""

    def __init__(self, house: Rig, scene: Scene, changes: Iterable[str]) -> None:
        self.house, self.scene = house, scene
        self.told: dict[str, list[str]] = {change: [] for change in changes}
        self.keys: dict[str, PostKey] = {}
        self.strays: list[str] = []
        self._after = "start"

    async def look(self) -> None:
        """Whatever came since the last look."""
        while True:
            page = json.loads(await self.house.get(f"/v1/events?limit=500&after={self._after}"))
            self._after = page["next"]
            for event in page["events"]:
                self._take(event)
            if not page["more"]:
                return

    def _take(self, event: dict[str, Any]) -> None:
        kind, key = event["type"], PostKey(event.get("subject", ""))
        if not kind.startswith("listener.post."):
            return
        data = event["data"]
        text = f"{data.get('title')} {data.get('text')}"
        for change in self.told:
            linked = data.get("link") is not None and data["link"] == self.scene.link(change)
            if linked or old_word(change) in text or new_word(change) in text:
                self.keys[change] = key
        about = next((change for change, known in self.keys.items() if known == key), None)
        told = kind.rpartition(".")[2]
        if told == "removed":
            more = sorted({*event["data"]} - BARE)
            told = " ".join([told, event["data"]["reason"], *more])
        if about is None:
            self.strays.append(told)
        else:
            self.told[about].append(told)


class Story:
    """
    Args:
        phase: When the changes are made.
        changes: Which.
        mode: Of consent.
    """

    def __init__(self, scene: Scene, phase: str, changes: Iterable[str], mode: ConsentMode) -> None:
        self.scene, self.phase, self.changes = scene, phase, tuple(changes)
        self._objections = scene.folder / "objections"
        self._objections.touch()
        privacy = f'[privacy]\nconsent = "{mode}"\nobjections_file = "{self._objections}"\n'
        self._tables = (privacy, scene.table)
        self._run = Run()
        self._held: bytes = b""
        self._is_up = True

    async def told(self) -> Run:
        """From the first start of the daemon to its end."""
        async with rig(*self._tables, hosts=self.scene.routes, clock=self.scene.clock) as self.house:
            self.consumer = Consumer(self.house, self.scene, self.changes)
            await self._pass(30)
            self.scene.stir()
            await self._pass(30)
            if self.phase != BEFORE:
                self._say()
                await self._pass(self.scene.read_within_s + 120)
                self.scene.stir()  # or a cursor would stand still, and the posts be met again by chance
                await self._pass(120)
                self._held = self._stored()
            await self._live()
            await self._erased(self.consumer.keys.values())
            self._close()
        return self._run

    async def _live(self) -> None:
        """What happens, and when."""
        scene = self.scene
        match self.phase:
            case "before the daemon read it":
                await self._stop()
                self._say()
                await self._pass(60)
                await self._change()
                await self._pass(HOUR_S)
                await self._start()
                await self._pass(max(scene.read_within_s, HOUR_S))
            case "while the daemon runs":
                await self._change()
                await self._run_out(scene.clock_s)
            case "during an outage of the daemon":
                await self._stop()
                await self._pass(600)
                await self._change()
                await self._pass(DOWN_S)
                await self._start()
                await self._pass(scene.clock_s - DOWN_S)
            case "during an outage of the network":
                scene.cut_off(CUT_OFF_S)
                await self._pass(600)
                await self._change()
                await self._pass(CUT_OFF_S)
                await self._run_out(scene.clock_s - CUT_OFF_S)
            case _:
                scene.cut_off(CUT_OFF_S)
                await self._pass(2 * CUT_OFF_S)
                await self._change()
                await self._run_out(scene.clock_s)

    async def _run_out(self, seconds: float) -> None:
        """
        The rest of the clock. A daemon that hears a stream, or reads often, is down for most of it, which simulates faster and gives
        re-check less time: what was not told has to be found in the first hour or the last.
        """
        if not self.scene.restless:
            await self._pass(seconds)
            return
        await self._pass(HOUR_S)
        await self._stop()
        await self._pass(seconds - 2 * HOUR_S)
        await self._start()
        await self._pass(HOUR_S)

    # ------------------------------------------------------------------------------------------------ what happens

    def _say(self) -> None:
        for change in self.changes:
            self.scene.say(change)

    async def _change(self) -> None:
        if self.phase == RUNNING and self.scene.streams and DELETED in self.changes:
            await self._delete_on_the_clock()
        for change in self.changes:
            if change == OBJECTED:
                await self._object(self.scene.author(change))
            elif change != DELETED or self._run.erased_s is None:
                self.scene.changes[change]()

    async def _object(self, person: str) -> None:
        """As `listener object` does it, and a reload where there is anybody to reload."""
        loaded = settings.load(self.house.config, environ={})
        keys = key_ring(loaded.privacy.secret_files, create=False)
        names = objection_names(keys, self.scene.network, person)
        self._objections.write_text("".join(f"{name.hex()}\n" for name in names))
        if self._is_up:
            await self.house.configure(*self._tables)

    async def _delete_on_the_clock(self) -> None:
        """
        One post is deleted while the daemon listens. Seconds of the network until the removal is told, and real ones until
        the files are clean: the disk is a real one.
        """
        began_s = self.scene.clock.monotonic()
        self.scene.changes[DELETED]()
        told = self.consumer.told[DELETED]
        while told[-1:] == ["created"] and self.scene.clock.monotonic() - began_s < ERASED_WITHIN_S:
            await self._pass(0.25)
        at_s = time.monotonic()
        await self._erased([self.consumer.keys[DELETED]])
        self._run.erased_s = self.scene.clock.monotonic() - began_s + time.monotonic() - at_s
        if old_word(DELETED).encode() in self._stored():
            self._run.erased_s = float("inf")

    # ---------------------------------------------------------------------------------------------- the daemon

    async def _pass(self, seconds: float) -> None:
        """Time goes by, and the consumer looks now and then."""
        while seconds > 0:
            slot_s = min(seconds, SLOT_S)
            await self.house.pass_s(slot_s)
            seconds -= slot_s
            if self._is_up:
                await self.consumer.look()

    async def _stop(self) -> None:
        await self.house.stop()
        self._is_up = False

    async def _start(self) -> None:
        await self.house.start()
        self._is_up = True

    async def _erased(self, keys: Iterable[PostKey]) -> None:
        """The files are clean of what was removed or replaced, or the time for it is over."""
        daemon = self.house._daemon
        assert daemon is not None
        removed = [
            self.consumer.keys[change]
            for change, told in self.consumer.told.items()
            if told and told[-1].startswith("removed") and self.consumer.keys[change] in set(keys)
        ]
        with anyio.move_on_after(ERASED_WITHIN_S):
            for key in removed:
                while not await daemon._queue.erased(key):  # noqa: ASYNC110 an engine may be asked, it does not tell
                    await anyio.sleep(0.02)

    # ------------------------------------------------------------------------------------------------- the end

    def _close(self) -> None:
        stored, run = self._stored(), self._run
        run.strays = self.consumer.strays
        run.created = sum(line["created"] for line in self.house.log("page.walked"))
        for change, told in self.consumer.told.items():
            old, new = old_word(change).encode(), new_word(change).encode()
            run.endings[change] = Ending(tuple(told), old in self._held, old in stored, new in stored)

    def _stored(self) -> bytes:
        """Every byte of every file of the daemon's."""
        files: list[Path] = [file for file in (self.house.folder / "data").rglob("*") if file.is_file()]
        return b"".join(file.read_bytes() for file in files)
