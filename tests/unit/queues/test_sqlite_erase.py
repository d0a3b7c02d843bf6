"""
Erased means gone: what SQLite leaves behind when it moves cells between pages is cleared too.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from listener.queues import sqlite_erase
from listener.queues.sqlite_erase import Erasure, clear_middle, sync_file
from listener.queues.sqlite_schema import Hold, open_connection

PAGE = 4096


def test_the_middle_of_a_page_is_cleared(tmp_path: Path) -> None:
    """
    Bytes between the cell pointers and the cells become zeros; nothing else changes, and a clean page is left alone.
    """
    file = tmp_path / "pages"
    head = bytes([13, 0, 0, 0, 2, 0x0F, 0x00, 0]) + bytes([0x0F, 0x80, 0x0F, 0x00])
    cells = bytes([7]) * (PAGE - 0x0F00)
    page = head + b"REMAINS " * ((0x0F00 - len(head)) // 8) + b"rest" + cells
    file.write_bytes(bytes(2 * PAGE) + page[:PAGE])
    descriptor = os.open(file, os.O_RDWR)
    answers = [clear_middle(descriptor, 3), clear_middle(descriptor, 3)]
    os.close(descriptor)

    assert file.read_bytes() == bytes(2 * PAGE) + head + bytes(0x0F00 - len(head)) + cells
    assert answers == [True, False]


@pytest.mark.parametrize("first", [0, 1, 3, 4])
def test_other_pages_are_left_alone(tmp_path: Path, first: int) -> None:
    """
    Overflow, free and pointer-map pages hold nothing that could be cleared this way.
    """
    file = tmp_path / "pages"
    content = bytes([first]) + b"x" * (3 * PAGE - 1)
    file.write_bytes(content)
    descriptor = os.open(file, os.O_RDWR)
    answers = [clear_middle(descriptor, number) for number in (0, 1, 2, 3, 9)]
    os.close(descriptor)

    assert (answers, file.read_bytes()) == ([False] * 5, content)


def test_pointer_maps_are_never_taken_for_trees(tmp_path: Path) -> None:
    """
    A pointer map may begin with a byte that also begins a b-tree page; its place tells them apart.
    """
    file = tmp_path / "pages"
    content = b"\x05" + b"\0" * 7 + b"\x01\0\0\0\0" * 800
    file.write_bytes(bytes(PAGE) + content + bytes(PAGE - len(content)))
    descriptor = os.open(file, os.O_RDWR)
    cleared = clear_middle(descriptor, 2)
    os.close(descriptor)

    assert cleared is False


def _bodies_left(path: Path, seed: int) -> tuple[int, int]:
    """
    How many deleted bodies some file still holds after the clean-up that followed, of how many.
    """
    dice = random.Random(seed)
    hold = Hold(path)
    connection = open_connection(path, vfs="", fingerprints=("5ec2e700",))
    connection.execute("PRAGMA synchronous = OFF")
    erasure = Erasure(connection, path, hold.descriptor, lambda _: None)
    live: dict[int, bytes] = {}
    dead: set[bytes] = set()
    left: set[bytes] = set()
    seq = 0
    for turn in range(45):
        with connection:
            for _ in range(300):
                if dice.random() < 0.55 or not live:
                    seq += 1
                    live[seq] = f"<{dice.getrandbits(128):032x}>".encode()
                    body = live[seq] * dice.choice([1, 5, 15, 30, 80, 600])
                    connection.execute(
                        "INSERT INTO log (seq, key, at, type, source, body) VALUES (?, ?, 0, '', '', ?)",
                        (seq, live[seq], body),
                    )
                    connection.execute("INSERT INTO names (name, key) VALUES (?, ?)", (live[seq], live[seq]))
                else:
                    gone = dice.choice(list(live)) if dice.random() < 0.7 else min(live)
                    dead.add(live[gone])
                    connection.execute("DELETE FROM log WHERE seq = ?", (gone,))
                    connection.execute("DELETE FROM names WHERE name = ?", (live.pop(gone),))
            if turn % 5 == 0:
                connection.execute("PRAGMA incremental_vacuum(20)").fetchall()
        erasure.settle()
        left |= set(re.findall(rb"<[0-9a-f]{32}>", path.read_bytes())) & dead
    healthy = connection.execute("PRAGMA integrity_check").fetchall()
    connection.close()
    hold.close()
    assert healthy == [("ok",)]
    return len(left), len(dead)


def test_no_deleted_body_survives_rebalancing(tmp_path: Path) -> None:
    """
    Thousands of rows of all sizes come and go, pages split and merge, and no byte of a deleted one is ever left.
    """
    left, dead = _bodies_left(tmp_path / "listener.db", seed=2)

    assert left == 0
    assert dead > 4000


def test_secure_delete_alone_is_not_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Why this module exists: the same without it leaves bodies behind. Should this fail one day, SQLite has learned it.
    """
    never: Callable[[int, int], bool] = lambda _descriptor, _number: False  # noqa: E731 one line is clearer here
    monkeypatch.setattr(sqlite_erase, "clear_middle", never)

    assert any(_bodies_left(tmp_path / f"{seed}.db", seed=seed)[0] > 0 for seed in (2, 3, 4))


def test_an_open_reader_is_no_silent_failure(tmp_path: Path) -> None:
    """
    While a statement is open the WAL cannot be emptied, and that is said.
    """
    path = tmp_path / "listener.db"
    hold = Hold(path)
    connection = open_connection(path, vfs="", fingerprints=("5ec2e700",))
    erasure = Erasure(connection, path, hold.descriptor, sync_file)
    reader = connection.execute("SELECT value FROM (SELECT 1 AS value UNION ALL SELECT value FROM meta)")
    next(reader)
    with pytest.raises(apsw.Error):
        erasure.settle()
    reader.close(True)
    erasure.settle()
    size = path.with_name("listener.db-wal").stat().st_size
    connection.close()
    hold.close()

    assert size == 0


def test_syncing_a_file_that_is_not_there(tmp_path: Path) -> None:
    """
    There is nothing to make durable.
    """
    sync_file(tmp_path / "missing-wal")

    assert list(tmp_path.iterdir()) == []
