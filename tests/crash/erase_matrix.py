"""
Every way a body is taken away, as the rooms before the queue do it, and the engines it is tried on.

Used by the deletion matrix (test_erase_crash) and its children (erase_runner). Written against `queues.base`: an engine joins by
an entry in `ENGINES`, which says how it is opened, what it has on disk, and which fail-points it passes.
"""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal, Protocol

from msgspec import structs

from listener.events import Cleared, PostKey, PostRemoved, Retraction, decode_event
from listener.hear.upkeep import Upkeep, Wanted
from listener.queues.base import Item, Lease, Outcome, Queue, TellErased, tell_nobody
from listener.queues.sqlite import open_sqlite
from listener.queues.sqlite_reserve import Reserve
from listener.telemetry import Telemetry
from listener.testing.queue_contract import GROUP, LOOK_BACK, cleared, key, name, page, retraction
from listener.testing.virtual_clock import START, VirtualClock
from tests.crash.queue_workload import CARELESS

ACTED_AT: Final = START + timedelta(days=2)
"""When the body is taken away; one of them ended a day before."""
RESTARTED_AT: Final = ACTED_AT + timedelta(hours=1)
LEASE: Final = Lease(GROUP, "node-1", 1, START + timedelta(days=100))
CONSUMER: Final = "dashboard"

Kind = Literal["commit", "forget", "expire"]


def old_words(native: str) -> bytes:
    """Words of that post's first body; they stand in it forty times and nowhere else."""
    return f"OLD.{native}.WORDS.".encode()


def _post(native: str, *, days: float = 30, source: str = "blog", watch: str = "city") -> Cleared:
    item = cleared(
        native,
        old_words(native).decode() * 40,
        aliases=(f"link-{native}",),
        expires_at=START + timedelta(days=days),
        ask=f"ASK.{native}.".encode(),
        source=source,
    )
    data = structs.replace(item.event.data, watches=(watch,))
    return replace(item, event=structs.replace(item.event, data=data), edited_at=START)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """
    How a body is taken away.

    Args:
        native: Of the post.
        kind: Which fail-points are passed.
        stored: The post as it was committed.
        act: Takes the body away; done again after a restart, as the daemon or the operator would.
        told: What a consumer is owed: `updated`, the reason of a removal, or `nothing`.
        late: What becomes of the first body, if a source shows it afterwards.
        late_source: Where it is shown.
        since_s: Seconds, at `RESTARTED_AT`, since it is known that the body must go.
    """

    native: str
    kind: Kind
    stored: Cleared
    act: Callable[[Queue], Awaitable[object]]
    told: str
    late: Outcome
    late_source: str = "blog"
    since_s: float = 3600.0

    @property
    def key(self) -> PostKey:
        """Of the post."""
        return key(self.native)


def _commit(
    *items: Item, answers: Mapping[PostKey, bytes] | None = None
) -> Callable[[Queue], Awaitable[object]]:
    commit = page(LEASE, *items, at=ACTED_AT)

    async def act(queue: Queue) -> object:
        await queue.lease(GROUP, "node-1", ttl_s=timedelta(days=100).total_seconds(), now=START)
        again = replace(commit, commit_id=page(LEASE).commit_id, answers=answers)
        return await queue.commit(again)

    return act


def _gone(native: str, **changed: object) -> Retraction:
    return replace(retraction(native, at=ACTED_AT), **changed)  # type: ignore[arg-type]  # fields of one frozen class


async def _forget(queue: Queue) -> object:
    return await queue.forget(
        [name("link-by-link")], reason="forgotten", at=ACTED_AT, keys_until_at=ACTED_AT + LOOK_BACK
    )


def _sweep(*, sources: tuple[str, ...], watches: tuple[str, ...]) -> Callable[[Queue], Awaitable[None]]:
    """As upkeep does after a start or a reload."""

    async def act(queue: Queue) -> None:
        upkeep = Upkeep(
            queue=queue,
            clock=VirtualClock(ACTED_AT),
            telemetry=Telemetry(),
            retention=timedelta(days=30),
            keys_for=LOOK_BACK,
            at_review=lambda _: None,
        )
        wanted = Wanted(dict.fromkeys((f"/feed/{source}" for source in sources), False), frozenset(watches))
        await upkeep.sweep(wanted)

    return act


_EDITED: Final = replace(
    _post("edited"),
    digest=b"of the new words",
    edited_at=ACTED_AT,
)
_NEW: Final = replace(
    _EDITED,
    event=structs.replace(
        _EDITED.event, data=structs.replace(_EDITED.event.data, text="New words of the same post.")
    ),
)

WAYS: Final[Mapping[str, Way]] = {
    "a removal that the source tells": Way(
        native="told",
        kind="commit",
        stored=_post("told"),
        act=_commit(_gone("told")),
        told="deleted",
        late="refused",
    ),
    "an edit": Way(
        native="edited",
        kind="commit",
        stored=_post("edited"),
        act=_commit(_NEW),
        told="updated",
        late="repeat",
    ),
    "an edit that leaves every watch": Way(
        native="edited-out",
        kind="commit",
        stored=_post("edited-out"),
        act=_commit(_gone("edited-out", reason="watch_removed", held_only=True)),
        told="watch_removed",
        late="created",
    ),
    "an objection": Way(
        native="objected",
        kind="commit",
        stored=_post("objected"),
        act=_commit(_gone("objected", reason="withdrawn", held_only=True)),
        told="withdrawn",
        late="refused",
        late_source="other",
    ),
    "a source that is asked again": Way(
        native="asked",
        kind="commit",
        stored=_post("asked"),
        act=_commit(_gone("asked"), answers={key("asked"): b"ASK.asked."}),
        told="deleted",
        late="refused",
    ),
    "forget by link": Way(
        native="by-link",
        kind="forget",
        stored=_post("by-link"),
        act=_forget,
        told="forgotten",
        late="refused",
    ),
    "a watch that is removed": Way(
        native="unwatched",
        kind="forget",
        stored=_post("unwatched", watch="roads"),
        act=_sweep(sources=("blog", "old"), watches=("city",)),
        told="watch_removed",
        late="refused",
    ),
    "a source that is removed": Way(
        native="unread",
        kind="forget",
        stored=_post("unread", source="old"),
        act=_sweep(sources=("blog",), watches=("city", "roads")),
        told="source_removed",
        late="refused",
        late_source="old",
    ),
    "its end": Way(
        native="ended",
        kind="expire",
        stored=_post("ended", days=1),
        act=lambda queue: queue.expire(ACTED_AT),
        told="nothing",
        late="repeat",
        since_s=25 * 3600.0,
    ),
}


# ------------------------------------------------------------------------------------------------------- engines


class CrashEngine(Protocol):
    """
    An engine whose process is killed.
    """

    @property
    def points(self) -> Mapping[Kind, tuple[str, ...]]:
        """What each kind passes, in order."""
        ...

    @property
    def opening(self) -> tuple[str, ...]:
        """What whoever opens it after a crash passes."""
        ...

    @property
    def durable(self) -> frozenset[str]:
        """Of these, the ones after which the removal is there to stay and the bytes are, too: whoever opens next erases them."""
        ...

    async def open(
        self, folder: Path, *, clock: VirtualClock, tell_erased: TellErased = tell_nobody
    ) -> Queue:
        """The queue of a run."""
        ...

    def copy(self, base: Path, folder: Path) -> None:
        """A queue of its own with the same in it."""
        ...

    def stored(self, folder: Path) -> bytes:
        """All that this engine has on disk: databases, logs, temporary files."""
        ...


_SETTLE: Final = ("settle.begun", "settle.checkpointed", "settle.cleared", "settle.truncated")


class SqliteUnderCrash:
    """
    The embedded engine. A killed process loses nothing that it wrote, synced or not, so the disk need not be waited for; power
    cuts have a test of their own.
    """

    points: Mapping[Kind, tuple[str, ...]] = {
        "commit": (
            "commit.begun",
            "commit.items_written",
            "commit.states_written",
            "commit.before_sync",
            "commit.synced",
            *_SETTLE,
        ),
        "forget": ("erase.begun", "erase.rows_deleted", "erase.synced", *_SETTLE, "erase.checkpointed"),
        "expire": ("expire.begun", "expire.rows_deleted", "expire.synced", *_SETTLE, "expire.checkpointed"),
    }
    opening = _SETTLE
    durable = frozenset({"commit.synced", "erase.synced", "expire.synced", "settle.begun"})

    async def open(
        self, folder: Path, *, clock: VirtualClock, tell_erased: TellErased = tell_nobody
    ) -> Queue:
        return await open_sqlite(
            folder / "listener.db",
            fingerprints=("5ec2e700",),
            clock=clock,
            options=replace(
                CARELESS,
                settle_after_s=0.005,
                reserve=Reserve(folder / "listener.db.reserve", size_bytes=4096),
            ),
            tell_erased=tell_erased,
        )

    def copy(self, base: Path, folder: Path) -> None:
        shutil.copytree(base, folder)

    def stored(self, folder: Path) -> bytes:
        return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


ENGINES: Final[Mapping[str, CrashEngine]] = {"sqlite": SqliteUnderCrash()}
"""NATS and Redis join here."""


async def prepare(engine: CrashEngine, folder: Path) -> None:
    """Every post is held, and the consumer has read them."""
    queue = await engine.open(folder, clock=VirtualClock(START))
    await queue.lease(GROUP, "node-1", ttl_s=timedelta(days=100).total_seconds(), now=START)
    await queue.commit(page(LEASE, *(way.stored for way in WAYS.values())))
    await queue.set_position(CONSUMER, (await queue.stats()).newest)
    await queue.aclose()


async def told_of(queue: Queue, way: Way) -> list[str]:
    """What the consumer finds past its position: of this post how it was told, of any other that it was."""
    batch = await queue.read(await queue.position(CONSUMER), limit=1000)
    told = []
    for entry in batch.entries:
        event = decode_event(entry.line)
        how = event.data.reason if isinstance(event, PostRemoved) else entry.type.rpartition(".")[2]
        told.append(how if event.subject == way.key else f"{how} {event.subject}")
    return told
