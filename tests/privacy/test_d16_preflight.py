"""
D16: an engine proves before it serves that it can erase, or it does not serve.

What else may be wrong with a file, and what an operator is told: tests/unit/queues/test_sqlite_open. Engines beside SQLite do not
exist yet; their half (`max_age`, eviction, append-only settings, refused by name) comes with them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import apsw
import pytest

from listener.errors import QueueUnavailable
from listener.queues import open_queue, sqlite_schema
from listener.queues.base import Queue
from listener.testing.queue_contract import GROUP, LOOK_BACK, PRESENT, cleared, key, name, page, until_erased
from listener.testing.virtual_clock import START, VirtualClock

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]

FILE: Final = "listener.db"


async def opened(folder: Path, url: str = f"sqlite:///{FILE}") -> Queue:
    """As the daemon opens it."""
    return await open_queue(url, base_dir=folder, fingerprints=PRESENT, clock=VirtualClock())


def stored(folder: Path) -> bytes:
    """Every byte of every file."""
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def made(folder: Path) -> None:
    """A queue with one post in it, closed."""
    queue = await opened(folder)
    lease = await queue.lease(GROUP, "node-1", ttl_s=60, now=START)
    assert lease is not None
    await queue.commit(page(lease, cleared("1", "planted words")))
    await queue.aclose()


def weakened(*statements: str) -> Callable[[Path], None]:
    """What another program did to the file."""

    def act(folder: Path) -> None:
        other = apsw.Connection(str(folder / FILE))
        for statement in statements:
            other.execute(statement).fetchall()
        other.close()

    return act


REFUSED: Final[dict[str, tuple[Callable[[Path], None], str]]] = {
    "its journal": (
        weakened("PRAGMA journal_mode = DELETE"),
        "SQLite's journal_mode is delete and has to be wal",
    ),
    "its pages": (
        weakened(
            "PRAGMA journal_mode = DELETE", "PRAGMA page_size = 8192", "VACUUM", "PRAGMA journal_mode = WAL"
        ),
        "SQLite's page_size is 8192 and has to be 4096",
    ),
    "its way to shrink": (
        weakened("PRAGMA auto_vacuum = NONE", "VACUUM"),
        "SQLite's auto_vacuum is 0 and has to be 2",
    ),
    "its schema": (weakened("PRAGMA user_version = 99"), "was written by a newer listener (schema 99"),
    "whose it is": (
        weakened("UPDATE meta SET value = 'f0e1f0e1' WHERE name = 'fingerprint'"),
        "was written under another secret",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_d16_a_file_that_was_weakened_is_refused_by_name(tmp_path: Path, what: str) -> None:
    """A database whose settings another program changed, or that was copied over from elsewhere, is refused with what is wrong and
    what to do, and left as it is."""
    await made(tmp_path)
    act, expected = REFUSED[what]
    act(tmp_path)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(QueueUnavailable) as refused:
        await opened(tmp_path)

    assert expected in str(refused.value)
    assert ": " in str(refused.value).partition(expected)[2]
    assert (tmp_path / FILE).read_bytes() == before


@pytest.mark.parametrize("setting", ["secure_delete", "temp_store", "synchronous"])
async def test_d16_a_library_that_does_not_take_a_setting_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    """Settings that SQLite keeps for one connection only are put right at each start, and proved: where it says another value
    afterwards, nothing is stored."""
    weaker = {"secure_delete": "OFF", "temp_store": "FILE", "synchronous": "OFF"}
    changed = tuple(
        (known, weaker.get(known, value) if known == setting else value)
        for known, value in sqlite_schema._SETTINGS
    )
    monkeypatch.setattr(sqlite_schema, "_SETTINGS", changed)
    with pytest.raises(QueueUnavailable, match=f"SQLite's {setting} is "):
        await opened(tmp_path)


async def test_d16_a_file_that_was_elsewhere_is_put_right(tmp_path: Path) -> None:
    """A file that lay under another program with the deletion of bytes switched off serves again, and from then on erases as
    promised."""
    await made(tmp_path)
    weakened("PRAGMA secure_delete = OFF", "PRAGMA synchronous = OFF", "PRAGMA user_version")(tmp_path)
    queue = await opened(tmp_path)
    await queue.forget([name("1")], reason="forgotten", at=START, keys_until_at=START + LOOK_BACK)
    await until_erased(queue, key("1"))
    left = stored(tmp_path)
    await queue.aclose()

    assert b"planted words" not in left


@pytest.mark.parametrize("url", ["nats://broker.example:4222", "redis://broker.example/0", "memory:"])
async def test_d16_an_engine_that_cannot_prove_itself_is_none(tmp_path: Path, url: str) -> None:
    """Whatever is not known to erase is refused before anything is read; so are NATS and Redis until they can prove it."""
    with pytest.raises(QueueUnavailable, match="no queue engine for"):
        await opened(tmp_path, url)


async def test_d16_an_old_copy_under_a_log_of_today_is_refused(tmp_path: Path) -> None:
    """A backup that is copied over the database of a daemon that was killed, its log left beside it, is a mixture of then and now:
    it is refused, so that nothing that was erased meanwhile is served from it."""
    (tmp_path / "then").mkdir()
    queue = await opened(tmp_path / "then")
    lease = await queue.lease(GROUP, "node-1", ttl_s=60, now=START)
    assert lease is not None
    await queue.commit(page(lease, *(cleared(str(number), "words " * 20) for number in range(300))))
    await queue.aclose()
    shutil.copytree(tmp_path / "then", tmp_path / "now")
    queue = await opened(tmp_path / "now")
    lease = await queue.lease(GROUP, "node-1", ttl_s=60, now=START)
    assert lease is not None
    names = [name(str(number)) for number in range(0, 300, 2)]
    await queue.forget(names, reason="forgotten", at=START, keys_until_at=START + LOOK_BACK)
    for number in range(3):
        await queue.commit(page(lease, *(cleared(f"{number}.{each}", "new " * 20) for each in range(20))))
    shutil.copytree(tmp_path / "now", tmp_path / "killed")
    await queue.aclose()
    shutil.copy(tmp_path / "then" / FILE, tmp_path / "killed" / FILE)

    with pytest.raises(QueueUnavailable, match="is damaged: move it away and restore a backup"):
        await opened(tmp_path / "killed")
