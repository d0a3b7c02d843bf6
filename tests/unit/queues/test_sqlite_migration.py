"""
A file of an older schema becomes one of ours with everything in it, or stays as it was.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Final

import apsw
import pytest

from listener.events import encode_event
from listener.queues import open_queue
from listener.queues.base import Expired, Lease, Queue
from listener.queues.sqlite_page import micros
from listener.queues.sqlite_schema import _LAYOUT, APPLICATION_ID, MIGRATIONS
from listener.testing.queue_contract import (
    GROUP,
    LOOK_BACK,
    PRESENT,
    RETENTION,
    cleared,
    key,
    name,
    page,
    retraction,
)
from listener.testing.virtual_clock import START, VirtualClock

pytestmark = pytest.mark.anyio

ENDS: Final = micros(START + LOOK_BACK)
LIVE: Final = tuple(str(number) for number in range(200))


def version_1(path: Path) -> None:
    """
    Two hundred live posts with an alias each, one of them updated; a removed key, an expired one and one never shown.
    """
    connection = apsw.Connection(str(path))
    for pragma, value in (*_LAYOUT, ("secure_delete", "ON")):
        connection.execute(f"PRAGMA {pragma} = {value}").fetchall()
    connection.execute(MIGRATIONS[0])
    with connection:
        connection.executemany(
            "INSERT INTO meta (name, value) VALUES (?, ?)",
            [("epoch", "0123abcd"), ("floor", 0), ("fingerprint", PRESENT[0])],
        )
        for seq, native in enumerate(LIVE, start=1):
            event = cleared(native, f"WORDS {native}.").event
            expiry = micros(START + RETENTION)
            digest = cleared(native, f"WORDS {native}.").digest
            connection.execute(
                "INSERT INTO log (seq, key, at, expiry, type, source, digest, names, body)"
                " VALUES (?, ?, ?, ?, 'listener.post.created', ?, ?, ?, ?)",
                (seq, name(native), micros(START), expiry, event.source, digest, name(f"a{native}"), encode_event(event)),
            )  # fmt: skip
            revision = 2 if native == "7" else 1
            connection.execute("INSERT INTO keys VALUES (?, ?, 0, ?, ?)", (name(native), seq, ENDS, revision))
            connection.execute("INSERT INTO names VALUES (?, ?)", (name(f"a{native}"), name(native)))
        for state, native in ((1, "removed"), (2, "expired"), (3, "seen")):
            connection.execute("INSERT INTO keys VALUES (?, NULL, ?, ?, 1)", (name(native), state, ENDS))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}").fetchall()
    connection.execute("PRAGMA user_version = 1").fetchall()
    connection.close()


async def opened(folder: Path) -> tuple[Queue, Lease]:
    """
    As the daemon opens it.
    """
    queue = await open_queue(
        "sqlite:///listener.db", base_dir=folder, fingerprints=PRESENT, clock=VirtualClock()
    )
    lease = await queue.lease(GROUP, "node-1", ttl_s=10_000_000, now=START)
    assert lease is not None
    return queue, lease


async def test_everything_is_still_known(tmp_path: Path) -> None:
    """
    Live posts, their words, aliases and revisions, and keys without a body are what they were.
    """
    version_1(tmp_path / "listener.db")
    queue, lease = await opened(tmp_path)
    stats = await queue.stats()
    states = [(await queue.find([name(native)]))[0].state for native in ("3", "removed", "expired", "seen")]
    by_alias = [[found.key for found in await queue.find([name(f"a{native}")])] for native in LIVE]
    shown_again = [cleared(native, f"WORDS {native}.", aliases=[f"a{native}"]) for native in LIVE]
    outcomes = await queue.commit(
        page(lease, *shown_again, cleared("removed"), cleared("expired"), cleared("seen"), retraction("a9"))
    )
    updated = await queue.commit(page(lease, cleared("7", "NEW WORDS")))
    entries = (await queue.read(None, limit=1000)).entries
    await queue.aclose()

    assert (stats.posts, stats.keys) == (200, 3)
    assert states == ["live", "removed", "expired", "seen"]
    assert by_alias == [[key(native)] for native in LIVE]
    assert outcomes == (*["repeat"] * 200, "refused", "repeat", "repeat", "removed")
    assert (updated, b'"%s.3"' % key("7").encode() in entries[-1].line) == (("updated",), True)


async def test_what_is_erased_after_it_is_gone(tmp_path: Path) -> None:
    """
    Expiry and forgetting take bodies of old rows off the disk, and the old tables have left nothing behind.
    """
    version_1(tmp_path / "listener.db")
    queue, _ = await opened(tmp_path)
    await queue.forget([name("a5")], reason="forgotten", at=START, keys_until_at=START + LOOK_BACK)
    after_forgetting = _stored(tmp_path)
    expired = await queue.expire(START + RETENTION)
    ended = await queue.expire(START + LOOK_BACK + timedelta(days=8))
    await queue.aclose()
    stored = _stored(tmp_path)

    assert (b"WORDS 5." in after_forgetting, b"WORDS 6." in after_forgetting) == (False, True)
    assert (expired, b"WORDS" in stored) == (Expired(199, 0), False)
    assert ended == Expired(0, 204)
    assert [native for native in LIVE if bytes(name(native)) in stored] == []


async def test_what_was_never_asked_about_was_asked_when_it_came(tmp_path: Path) -> None:
    """
    A file of version 2 becomes one whose posts with an ask are in line for re-check, by the time they were committed.
    """
    version_1(tmp_path / "listener.db")
    older = apsw.Connection(str(tmp_path / "listener.db"))
    with older:
        older.execute(MIGRATIONS[1])
        older.execute("UPDATE log SET ask = 'ASK', at = at + seq WHERE seq IN (4, 2)")
    older.execute("PRAGMA user_version = 2").fetchall()
    older.close()
    queue, lease = await opened(tmp_path)
    asks = await queue.asks("/feed/blog", asked_before=START + RETENTION, limit=10)
    outcomes = await queue.commit(page(lease, cleared("9", "WORDS 9.", aliases=["a9"])))
    await queue.aclose()

    moment = timedelta(microseconds=1)
    assert [(each.key, each.at - START) for each in asks] == [(key("1"), 2 * moment), (key("3"), 4 * moment)]
    assert outcomes == ("repeat",)


@pytest.mark.parametrize("statement", range(1, 13))
async def test_a_migration_that_is_killed_has_not_happened(tmp_path: Path, statement: int) -> None:
    """
    Killed at any of its statements, the file is one of version 1, and the next start does all of it.
    """
    version_1(tmp_path / "listener.db")
    status = _killed_at(tmp_path, statement)
    left = apsw.Connection(str(tmp_path / "listener.db"))
    version = left.execute("PRAGMA user_version").fetchall()
    tables = left.execute("SELECT count(*) FROM sqlite_schema WHERE name IN ('recent', 'keys_1')").fetchall()
    left.close()
    queue, _ = await opened(tmp_path)
    stats = await queue.stats()
    found = await queue.find([name("a9")])
    await queue.aclose()

    assert (status, version, tables) == (-signal.SIGKILL, [(1,)], [(0,)])
    assert (stats.posts, stats.keys, [each.key for each in found]) == (200, 3, [key("9")])


def _killed_at(folder: Path, statement: int) -> int:
    """
    How a process ended that was killed after so many statements of the migration.
    """
    program = (
        "import os, signal, sys; from pathlib import Path; from listener.queues import sqlite_schema\n"
        "parts = [part for part in sqlite_schema._VERSION_2.split(';') if part.strip()]\n"
        f"half = ';'.join(parts[:{statement}]) + '; SELECT die();'\n"
        "sqlite_schema.MIGRATIONS = (sqlite_schema._VERSION_1, half)\n"
        "made = sqlite_schema._migrate\n"
        "def migrate(connection, *rest):\n"
        "    connection.create_scalar_function('die', lambda: os.kill(os.getpid(), signal.SIGKILL))\n"
        "    made(connection, *rest)\n"
        "sqlite_schema._migrate = migrate\n"
        f"sqlite_schema.open_connection(Path(sys.argv[1]), vfs='', fingerprints={PRESENT!r})\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(folder / "listener.db")],
        cwd=Path(__file__).parents[3],
        check=False,
        env={**os.environ, "PYTHONPATH": "."},
        timeout=30,
    )
    return ran.returncode


def _stored(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())
