"""
A scripted life of a queue, step by step, and what must be there after each step; shared by the crash matrix and the
power cuts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import apsw

from listener.events import PostCreated, PostUpdated, decode_event
from listener.queues.base import Commit, Item, Lease, Position, Queue, Scope
from listener.queues.sqlite import open_sqlite
from listener.queues.sqlite_keys import RECENT_MOST
from listener.queues.sqlite_reserve import Reserve
from listener.queues.sqlite_writer import Options
from listener.testing.queue_contract import (
    GROUP,
    LOOK_BACK,
    cleared,
    gap,
    key,
    name,
    page,
    retraction,
    withdrawal,
)
from listener.testing.virtual_clock import START, VirtualClock

LATER: Final = START + timedelta(days=2)
LEASE: Final = Lease(GROUP, "node-1", 1, START + timedelta(days=100))
DAYS: Final = tuple(date(2026, 1, day) for day in range(1, 9))
NATIVES: Final = (*(str(number) for number in range(1, 15)), "link-3", "late-2", "late-1", "late-13")

Step = Callable[[Queue], Awaitable[object]]


def word(native: str, version: int = 1) -> str:
    """
    Words that occur in one state of one post and nowhere else.
    """
    return f"WORD.{native}.{version}."


def _post(
    native: str, version: int = 1, *, times: int = 1, days: float = 30, aliases: tuple[str, ...] = ()
) -> Item:
    return cleared(
        native,
        word(native, version) * times,
        aliases=aliases,
        expires_at=START + timedelta(days=days),
        ask=f"ASK.{native}.".encode(),
    )


def _commit(
    number: int, *items: Item, source: str = "blog", at_later: bool = False, asked: tuple[str, ...] = ()
) -> Step:
    at = LATER if at_later else START
    commit: Commit = replace(
        page(
            LEASE,
            *items,
            source=source,
            cursor=f"cursor-{number}".encode(),
            at=at,
            commit_id=f"commit-{number}",
        ),
        states={Scope("host", GROUP): f"state-{number}".encode()},
        asked=tuple(map(key, asked)),
    )
    return lambda queue: queue.commit(commit)


async def _take_lease(queue: Queue) -> object:
    return await queue.lease(GROUP, "node-1", ttl_s=timedelta(days=100).total_seconds(), now=START)


def _make_key(day: date) -> Step:
    return lambda queue: queue.sealing_key(day)


async def _forget_by_key(queue: Queue) -> object:
    names = [name("4"), name("14")]
    return await queue.forget(names, reason="forgotten", at=START, keys_until_at=START + LOOK_BACK)


async def _expire(queue: Queue) -> object:
    return await queue.expire(LATER)


async def _destroy_keys(queue: Queue) -> object:
    return await queue.destroy_sealing_keys(before=DAYS[5])


async def _forget_by_alias(queue: Queue) -> object:
    return await queue.forget([name("late-2")], reason="forgotten", at=LATER, keys_until_at=LATER + LOOK_BACK)


STEPS: Final[tuple[Step, ...]] = (
    _take_lease,
    _commit(1, *(_post(str(n)) for n in (1, 2, 4)), _post("3", times=900, aliases=("link-3",)), gap(1)),
    _commit(
        2, _post("2", 2, aliases=("late-2",)), _post("5", times=40), retraction("link-3"), gap(1), gap(2)
    ),
    *(_make_key(day) for day in DAYS),
    _forget_by_key,
    _commit(3, *(_post(str(n), days=1, times=n * 9) for n in range(6, 12)), source="other"),
    lambda queue: queue.set_position("tail", Position("somewhere")),
    _expire,
    _commit(4, _post("3"), _post("4"), _post("1"), _post("6", 2), _post("12"), at_later=True),
    _destroy_keys,
    _commit(5, _post("12", 2), _post("13", times=300), _post("14"), at_later=True),
    _forget_by_alias,
    _commit(6, withdrawal("13"), withdrawal("never-seen"), asked=("1", "12"), at_later=True),
    _commit(7, _post("13", 2, aliases=("late-13",)), at_later=True),
    _commit(8, withdrawal("late-13"), _post("1", aliases=("late-1",)), source="other", at_later=True),
)
"""Nothing here is random, so that a step which is done again after a crash is the same step."""

SETTLING: Final = frozenset(
    number
    for number, step in enumerate(STEPS)
    if step in {_forget_by_key, _expire, _destroy_keys, _forget_by_alias}
)
"""Steps that return only when the bytes are gone."""


@dataclass(frozen=True, slots=True)
class Dump:
    """
    Everything a queue can be asked, without what differs from one log to another.
    """

    entries: tuple[tuple[str, bytes], ...]
    found: tuple[object, ...]
    sources: tuple[object, ...]
    state: bytes | None
    position: Position | None
    days: tuple[date, ...]
    counts: tuple[int, int]
    asks: tuple[object, ...]

    def live_words(self) -> set[str]:
        """
        Words that may be in a file.
        """
        said = [decode_event(line) for _, line in self.entries]
        return {
            _first_word(event.data.text or "")
            for event in said
            if isinstance(event, PostCreated | PostUpdated)
        }


def _first_word(text: str) -> str:
    return ".".join(text.split(".")[:3]) + "."


async def dump(queue: Queue) -> Dump:
    """
    What is there.
    """
    batch = await queue.read(None, limit=1000)
    stats = await queue.stats()
    return Dump(
        entries=tuple((entry.position.partition("-")[2], entry.line) for entry in batch.entries),
        found=tuple([await queue.find([name(native)]) for native in NATIVES]),
        sources=tuple([await queue.source_state(source) for source in ("blog", "other")]),
        state=await queue.state(Scope("host", GROUP)),
        position=await queue.position("tail"),
        days=tuple(await queue.sealing_keys()),
        counts=(stats.posts, stats.keys),
        asks=tuple(
            [
                (each.key, each.sealed_ask, each.at)
                for each in await queue.asks("/feed/blog", asked_before=LATER + timedelta(days=1), limit=100)
            ]
        ),
    )


class Careless(apsw.VFS):
    """
    A disk that never waits: for recoveries, where no power is cut any more.
    """

    def __init__(self) -> None:
        super().__init__("careless", "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        return _CarelessFile("", name, flags)


class _CarelessFile(apsw.VFSFile):
    def xSync(self, flags: int) -> None:  # noqa: N802
        """
        Nothing.
        """


_CARELESS: Final = Careless()
CARELESS: Final = Options(vfs="careless", sync=lambda _: None)


async def open_queue_in(folder: Path, options: Options) -> Queue:
    """
    The queue of a run; its reserve is small because there are many runs.
    """
    reserve = Reserve(folder / "listener.db.reserve", size_bytes=4096)
    return await open_sqlite(
        folder / "listener.db",
        fingerprints=("5ec2e700",),
        clock=VirtualClock(),
        options=replace(options, reserve=reserve),
    )


async def undisturbed(folder: Path) -> tuple[Dump, ...]:
    """
    What is there before the first step and after each.
    """
    queue = await open_queue_in(folder, CARELESS)
    dumps = [await dump(queue)]
    for step in STEPS:
        await step(queue)
        dumps.append(await dump(queue))
    await queue.aclose()
    return tuple(dumps)


def stored_words(folder: Path) -> set[str]:
    """
    Every word of every state of every post that stands in some file.
    """
    stored = b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())
    words = {word(native, version) for native in NATIVES for version in (1, 2)}
    return {each for each in words if each.encode() in stored}


async def check_recovery(
    folder: Path, done: int, dumps: tuple[Dump, ...], *, recent_most: int = RECENT_MOST
) -> None:
    """
    After `done` acknowledged steps and a sudden end: nothing acknowledged is lost or there twice, erased bytes are
    gone, and going on from there ends where an undisturbed run ends.
    """
    settled = max((step for step in SETTLING if step < done), default=None)
    if settled is not None:
        ever, since = (
            {each for held in some for each in held.live_words()} for some in (dumps, dumps[settled + 1 :])
        )
        gone_for_good = ever - since
        assert stored_words(folder) & gone_for_good == set(), (
            "erased words are there before anybody opened the file"
        )
    queue = await open_queue_in(folder, replace(CARELESS, recent_most=recent_most))
    try:
        recovered = await dump(queue)
        assert recovered in dumps[done : done + 2]
        assert stored_words(folder) <= recovered.live_words()
        await _take_lease(queue)  # as every reader does after a start; the one before may have been lost
        for step in STEPS[done:]:
            await step(queue)
        finished = await dump(queue)
    finally:
        await queue.aclose()

    assert finished == dumps[-1]
    assert stored_words(folder) <= finished.live_words()
