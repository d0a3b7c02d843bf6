"""
The deletion matrix over every engine: each way a body is taken away, killed at each fail-point it passes, and again while the
next start cleans up. Whoever starts after that finishes it.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Final

import anyio
import pytest
from msgspec import structs

from listener.failpoints import POINTS
from listener.queues.base import Queue
from listener.testing.queue_contract import page, until_erased
from listener.testing.virtual_clock import VirtualClock
from tests.crash.erase_matrix import (
    ENGINES,
    LEASE,
    RESTARTED_AT,
    WAYS,
    CrashEngine,
    Way,
    old_words,
    prepare,
    told_of,
)
from tests.fakes.thorough import THOROUGH

ROOT: Final = Path(__file__).parents[2]


def _cells(engine: CrashEngine, way: Way) -> list[tuple[str, str]]:
    """
    Where it is killed, and where the next start is; nothing: it is not. Ways of one kind pass the same points and share them,
    each point taken by one way at least, and starts after commits stand for all; when there is time, each way is killed at all.
    """
    points = engine.points[way.kind]
    left = [point for point in points if point in engine.durable]
    cells = [(point, "") for point in points]
    again = [(point, then) for point in left for then in engine.opening]
    if THOROUGH:
        return cells + again
    alike = [each for each in WAYS.values() if each.kind == way.kind]
    if way.kind == "commit":
        cells += again
    return cells[alike.index(way) % 4 :: min(4, len(alike))]


MATRIX: Final = [(engine, way) for engine in ENGINES for way in WAYS]


@pytest.fixture(scope="module")
def runner() -> Iterator[subprocess.Popen[str]]:
    """
    See erase_runner.
    """
    command = [sys.executable, "-m", "tests.crash.erase_runner"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        _pipe(process.stdin).close()
        process.wait(20)


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """
    Of each engine a queue in which everything is held.
    """
    found = {name: tmp_path_factory.mktemp(name) / "base" for name in ENGINES}
    for name, folder in found.items():
        folder.mkdir()
        anyio.run(prepare, ENGINES[name], folder)
    return found


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize(("engine_name", "called"), MATRIX)
async def test_a_body_that_goes_is_gone_whatever_happens(
    runner: subprocess.Popen[str], bases: dict[str, Path], tmp_path: Path, engine_name: str, called: str
) -> None:
    """
    Killed anywhere, and anywhere again: who starts next finds the body whole and untold, or not a byte of it in any file; once
    the work is done, consumers are told what is owed, once; the first words do not come back; `erased` never lied; how long it
    took is told with its true age.
    """
    engine, way = ENGINES[engine_name], WAYS[called]
    for number, (point, then) in enumerate(_cells(engine, way)):
        folder = tmp_path / str(number)
        engine.copy(bases[engine_name], folder)
        _pipe(runner.stdin).write(f"{engine_name}\t{called}\t{folder}\t{point}\t{then}\n")
        _pipe(runner.stdin).flush()
        signals = [int(each) for each in _pipe(runner.stdout).readline().split()]
        said = folder.with_suffix(".said")

        assert signals == [signal.SIGKILL] * (1 + bool(then)), (point, then)
        assert not said.exists() or said.read_text() == "erased", point
        told = await _check_recovery(engine, way, folder, durable=point in engine.durable and not then)
    queue = await engine.open(folder, clock=VirtualClock(RESTARTED_AT))
    assert await told_of(queue, way) == told
    await queue.aclose()


async def _check_recovery(engine: CrashEngine, way: Way, folder: Path, *, durable: bool) -> list[str]:
    words, told_s = old_words(way.native), list[float]()
    queue = await engine.open(folder, clock=VirtualClock(RESTARTED_AT), tell_erased=told_s.extend)
    try:
        held = words in engine.stored(folder)
        before = await told_of(queue, way)
        assert before == ([] if held or way.told == "nothing" else [way.told])
        assert await queue.erased(way.key)
        assert not (held and durable)
        await way.act(queue)
        await until_erased(queue, way.key)
        assert words not in engine.stored(folder)
        assert await told_of(queue, way) == ([] if way.told == "nothing" else [way.told])
        assert told_s == ([way.since_s] if held or durable else told_s[:1])
        assert await _comes_late(queue, way) == way.late
        assert (words in engine.stored(folder)) == (way.late == "created")
        return await told_of(queue, way)
    finally:
        await queue.aclose()


async def _comes_late(queue: Queue, way: Way) -> str:
    """
    What becomes of the first body, shown again by a cache that has not heard.
    """
    event = structs.replace(way.stored.event, source=f"/feed/{way.late_source}")
    late = page(LEASE, replace(way.stored, event=event), at=RESTARTED_AT, source=way.late_source)
    (outcome,) = await queue.commit(late)
    return outcome


def test_no_point_is_left_out() -> None:
    """
    Every fail-point of a queue is passed on the way of some body that goes.
    """
    passed = {point for engine in ENGINES.values() for points in engine.points.values() for point in points}

    assert passed == {point for point in POINTS if not point.startswith("reload.")}


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
