"""
Each network heard by the shipped daemon for some hours, and everything it asked for written down: what the named tests of
privacy.md look at. One run a network, made once.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from prometheus_client.parser import text_string_to_metric_families

from listener import settings
from listener.adapter import Reach
from listener.simulation.internet import Asked
from listener.testing.rig import rig
from tests.pipeline.deletion_scenes import ALONE, DELETED, EDITED, SCENES, Scene
from tests.pipeline.deletion_story import HOUR_S

_LONG_S: Final = 26 * HOUR_S
"""Every stored post is asked about again within a day; a network that tells of deletions itself is heard for two hours."""


SAID: Final = (ALONE, DELETED, EDITED)
"""The posts of a run, by what becomes of them."""


@dataclass(frozen=True, slots=True)
class Heard:
    """
    Args:
        asked: Every request, in order.
        reaches: What the configured sources declare that they read, and the paths of what they trade a token at.
        exchanges: Declared addresses at which a token is traded.
        dialled: Ports of this machine that the process connected to, with the daemon's own left out.
        served: Ports behind which the simulated internet stands.
        events: What a consumer was given.
        stored: Every byte of every file of the data folder, at the end.
        log: Every log line, at DEBUG.
        metrics: As Prometheus is told them.
        people: Who wrote the posts, as their network calls them.
    """

    asked: tuple[Asked, ...]
    reaches: frozenset[Reach]
    exchanges: frozenset[str]
    dialled: frozenset[int]
    served: frozenset[int]
    events: tuple[dict[str, Any], ...]
    stored: bytes
    log: str
    metrics: str
    people: tuple[str, ...]


@cache
def heard(network: str) -> Heard:
    """
    Posts are said, one is edited, one is deleted, and the daemon finds out.

    Args:
        network: From `SCENES`.
    """
    with TemporaryDirectory() as folder:
        return asyncio.run(_heard(SCENES[network](Path(folder))))


async def _heard(scene: Scene) -> Heard:
    with _dialled() as dialled:
        async with rig(scene.table, hosts=scene.routes, clock=scene.clock) as house:
            await house.pass_s(30)
            for change in SAID:
                scene.say(change)
            people = tuple(scene.author(change).removeprefix("@").partition("@")[0] for change in SAID)
            await house.pass_s(scene.read_within_s)
            for change in (DELETED, EDITED):
                scene.changes[change]()
            scene.stir()
            await house.pass_s(2 * HOUR_S if scene.streams else _LONG_S)
            loaded = settings.load(house.config, environ={})
            events = tuple(await house.events())
            metrics = (await house.get("/metrics")).decode()
            own = int(house._address.rpartition(":")[2])
            served = frozenset(house.net.ports.values())
            stored = b"".join(
                file.read_bytes() for file in (house.folder / "data").rglob("*") if file.is_file()
            )
            return Heard(
                asked=tuple(house.net.asked),
                reaches=frozenset(
                    reach for source in loaded.sources for reach in source.spec.reaches(source.config)
                ),
                exchanges=frozenset(
                    address for source in loaded.sources for address in source.spec.exchanges(source.config)
                ),
                dialled=frozenset(dialled) - {own},
                served=served,
                events=events,
                stored=stored,
                log=house.out.getvalue(),
                metrics=metrics,
                people=people,
            )


_listening: list[list[int]] = []


def _on_connect(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _listening and isinstance(args[1], tuple):
        host, port = args[1][:2]
        _listening[-1].append(port if host in ("127.0.0.1", "::1") else -1)


@contextmanager
def _dialled() -> Iterator[list[int]]:
    """
    Ports of this machine that anything in this process connects to meanwhile, asked of the interpreter itself; -1 stands
    for a port of any other machine.
    """
    if not _hooked:
        sys.addaudithook(
            _on_connect
        )  # there is no way to take one away again; it looks only while somebody listens
        _hooked.append(True)
    ports: list[int] = []
    _listening.append(ports)
    try:
        yield ports
    finally:
        _listening.remove(ports)


_hooked: list[bool] = []


def metric(page: bytes, name: str, **labels: str) -> float:
    """
    The sum of the samples of that name that carry these labels.
    """
    return sum(
        sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )
