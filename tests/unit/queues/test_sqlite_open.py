"""
What can be wrong with a queue file is refused with a message that says what to do.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from listener.errors import QueueFull, QueueUnavailable
from listener.queues import open_queue, sqlite_schema
from listener.queues.base import Queue
from listener.queues.sqlite_schema import APPLICATION_ID, MIGRATIONS
from listener.testing.queue_contract import GROUP, PRESENT, cleared, events, page
from listener.testing.virtual_clock import START, VirtualClock

pytestmark = pytest.mark.anyio


async def opened(folder: Path, url: str = "sqlite:///listener.db") -> Queue:
    """
    As the daemon opens it.
    """
    return await open_queue(url, base_dir=folder, fingerprints=PRESENT, clock=VirtualClock())


async def refusal(folder: Path, url: str = "sqlite:///listener.db") -> str:
    """
    What an operator reads, without the folder.
    """
    with pytest.raises(QueueUnavailable) as refused:
        await opened(folder, url)
    return str(refused.value).replace(f"{folder}/", "").replace(str(folder), "folder")


@contextmanager
def foreign_folder() -> Iterator[Path]:
    """
    A folder that a user without privileges can reach.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def unprivileged() -> Iterator[None]:
    """
    Permissions count for root too, as long as this lasts.
    """
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(mine)


async def test_the_file_is_ours_alone(tmp_path: Path) -> None:
    """
    Missing folders are made; the database, its WAL and its reserve are readable by nobody else.
    """
    queue = await opened(tmp_path, "sqlite:///deep/er/listener.db")
    folder = tmp_path / "deep" / "er"
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    await queue.aclose()

    assert modes == dict.fromkeys(["listener.db", "listener.db-wal", "listener.db.reserve"], 0o600)


async def test_an_absolute_path(tmp_path: Path) -> None:
    """
    Four slashes name a path from the root.
    """
    queue = await opened(tmp_path / "elsewhere", f"sqlite:///{tmp_path}/listener.db")
    await queue.aclose()

    assert (tmp_path / "listener.db").exists()
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("url", ["mysql://localhost/x", "sqlite:///", "listener.db", ""])
async def test_an_unknown_engine(tmp_path: Path, url: str) -> None:
    """
    The message names the scheme and the way to write it.
    """
    assert await refusal(tmp_path, url) == (
        f"no queue engine for {url.partition(':')[0]!r}: write [queue] url as sqlite:///listener.db"
    )


async def test_the_same_process_cannot_open_it_twice(tmp_path: Path) -> None:
    """
    The second opening is refused, and the first goes on and still keeps others out.
    """
    queue = await opened(tmp_path)
    message = await refusal(tmp_path)
    await queue.lease(GROUP, "node-1", ttl_s=60, now=START)
    other = _open_elsewhere(tmp_path)
    await queue.aclose()

    expected = "listener.db is locked: another listener holds it; use the CLI, which talks to the running daemon, or stop it"
    assert (message, other) == (expected, expected)
    await (await opened(tmp_path)).aclose()


def _open_elsewhere(folder: Path) -> str:
    """
    What a second process is told.
    """
    program = (
        "import anyio, sys; from pathlib import Path; from listener.queues import open_queue;"
        " from listener.clock import SystemClock; from listener.errors import QueueUnavailable\n"
        "async def main():\n"
        f"    try: await open_queue('sqlite:///listener.db', base_dir=Path(sys.argv[1]), fingerprints={PRESENT!r}, clock=SystemClock())\n"
        "    except QueueUnavailable as error: print(error)\n"
        "anyio.run(main)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
        timeout=30,
    )
    return ran.stdout.strip().replace(f"{folder}/", "")


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """
    It is left as it was.
    """
    (tmp_path / "listener.db").write_bytes(b"a letter to the mayor\n" * 1000)
    message = await refusal(tmp_path)

    assert message == "listener.db is not a SQLite database: move it away, or give the queue another path"
    assert (tmp_path / "listener.db").read_bytes() == b"a letter to the mayor\n" * 1000


async def test_a_database_of_another_program(tmp_path: Path) -> None:
    """
    It is refused before anything of it is changed.
    """
    file = tmp_path / "listener.db"
    other = apsw.Connection(str(file))
    other.execute("CREATE TABLE recipes (name)")
    other.close()
    before = file.read_bytes()
    message = await refusal(tmp_path)

    assert message == "listener.db belongs to another program: give the queue another path"
    assert file.read_bytes() == before


async def test_a_newer_schema(tmp_path: Path) -> None:
    """
    A file of a later version is refused and left alone.
    """
    await (await opened(tmp_path)).aclose()
    newer = apsw.Connection(str(tmp_path / "listener.db"))
    newer.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    newer.close()
    message = await refusal(tmp_path)

    assert message == (
        "listener.db was written by a newer listener (schema 4, this one knows 3):"
        " install that version again, or give the queue another path"
    )


async def test_a_damaged_file(tmp_path: Path) -> None:
    """
    A page of noise in the middle is found at the start, not when somebody reads it.
    """
    queue = await opened(tmp_path)
    lease = await queue.lease(GROUP, "node-1", ttl_s=60, now=START)
    assert lease is not None
    await queue.commit(page(lease, *[cleared(str(number), "words " * 50) for number in range(300)]))
    await queue.aclose()
    file = tmp_path / "listener.db"
    content = bytearray(file.read_bytes())
    content[20 * 4096 : 24 * 4096] = b"\x0d\xff" * 8192
    file.write_bytes(content)
    message = await refusal(tmp_path)

    assert message == "listener.db is damaged: move it away and restore a backup, or start afresh"


async def test_a_folder_in_its_place(tmp_path: Path) -> None:
    """
    The path names a folder.
    """
    (tmp_path / "listener.db").mkdir()

    assert await refusal(tmp_path) == "listener.db is a folder: name a file in it as the queue's path"


async def test_a_file_in_place_of_its_folder(tmp_path: Path) -> None:
    """
    A part of the path is a file.
    """
    (tmp_path / "data").write_bytes(b"")

    assert await refusal(tmp_path, "sqlite:///data/listener.db") == (
        "data is not a folder: give the queue another path"
    )


async def test_an_unreadable_file() -> None:
    """
    The file is somebody else's.
    """
    with foreign_folder() as folder:
        await (await opened(folder)).aclose()
        (folder / "listener.db").chmod(0o000)
        with unprivileged():
            message = await refusal(folder)

    assert message == (
        "listener.db cannot be opened (Permission denied):"
        " give this user read and write access to the file and its folder"
    )


async def test_a_folder_that_is_closed_to_us() -> None:
    """
    Not even the names in it can be seen.
    """
    with foreign_folder() as folder:
        folder.chmod(0o000)
        with unprivileged():
            message = await refusal(folder)
        folder.chmod(0o755)

    assert message == (
        "listener.db cannot be opened (Permission denied):"
        " give this user read and write access to the file and its folder"
    )


async def test_a_read_only_folder() -> None:
    """
    No file can be made in it.
    """
    with foreign_folder() as folder:
        folder.chmod(0o555)
        with unprivileged():
            message = await refusal(folder)
        folder.chmod(0o755)

    assert message == (
        "listener.db cannot be opened (Permission denied):"
        " give this user read and write access to the file and its folder"
    )


async def test_a_read_only_folder_around_a_writable_file() -> None:
    """
    The WAL has to be written beside the database.
    """
    with foreign_folder() as folder:
        await (await opened(folder)).aclose()
        (folder / "listener.db").chmod(0o666)
        (folder / "listener.db-wal").unlink()
        folder.chmod(0o555)
        with unprivileged():
            message = await refusal(folder)
        folder.chmod(0o755)

    assert message == (
        "listener.db cannot be written: give this user read and write access to the file and its folder"
    )


async def test_an_unfinished_creation_is_begun_again(tmp_path: Path) -> None:
    """
    A crash before the first table leaves an empty file, which is ours to use.
    """
    (tmp_path / "listener.db").write_bytes(b"")
    queue = await opened(tmp_path)
    batch = await queue.read(None)
    await queue.aclose()
    made = apsw.Connection(str(tmp_path / "listener.db"))
    identity = made.execute("PRAGMA application_id").fetchall()
    made.close()

    assert (events(batch), identity) == ([], [(APPLICATION_ID,)])


async def test_another_page_size_is_refused(tmp_path: Path) -> None:
    """
    The settings that erasure rests on are proved, not assumed.
    """
    other = apsw.Connection(str(tmp_path / "listener.db"))
    other.execute("PRAGMA page_size = 8192")
    other.execute("VACUUM")
    other.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    other.close()

    assert await refusal(tmp_path) == (
        "listener.db: SQLite's page_size is 8192 and has to be 4096: give the queue another path"
    )


def largest(monkeypatch: pytest.MonkeyPatch, pages: int) -> None:
    """
    As if so many pages were the most that can be cleaned.
    """
    rest = tuple(row for row in sqlite_schema._PROOF if row[0] != "max_page_count")
    monkeypatch.setattr(
        sqlite_schema, "_SETTINGS", (*sqlite_schema._SETTINGS, ("max_page_count", str(pages)))
    )
    monkeypatch.setattr(sqlite_schema, "_PROOF", (*rest, ("max_page_count", pages)))


async def test_a_file_never_outgrows_what_can_be_cleaned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    At the largest size a queue is full, as on a full disk; a file that is larger already is refused.
    """
    largest(monkeypatch, 200)
    queue = await opened(tmp_path)
    try:
        lease = await queue.lease(GROUP, "node-1", ttl_s=60, now=START)
        assert lease is not None
        with pytest.raises(QueueFull):
            await queue.commit(page(lease, *[cleared(str(number), "x" * 4000) for number in range(300)]))
        outcomes = await queue.commit(page(lease, cleared("one", "x")))
    finally:
        await queue.aclose()
    largest(monkeypatch, 5)

    assert outcomes == ("created",)
    assert "max_page_count" in await refusal(tmp_path)
