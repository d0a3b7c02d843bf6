"""
Opening a SQLite file so that its promises hold: settings proved, tables made or migrated, foreign files refused.

Used by sqlite_writer, in the one thread that ever touches the connection. Everything that can be wrong with a
file ends here as `QueueUnavailable` with what to do about it.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

import apsw

from listener.errors import QueueUnavailable

APPLICATION_ID: Final = 0x4C53544E
"""Chosen: "LSTN"; `file(1)` and we recognise our own by it."""

PAGE_BYTES: Final = 4096

_LAYOUT: Final = (("page_size", str(PAGE_BYTES)), ("auto_vacuum", "INCREMENTAL"), ("journal_mode", "WAL"))
"""Only of a new file, before its first table: setting them again is a write, and the disk may be full."""

MOST_PAGES: Final = 2**24 - 1
"""64 GiB: with larger page numbers `sqlite_erase` could not tell an overflow page from a tree page. A file that has
grown to it is full, as a disk would be."""

_SETTINGS: Final = (
    ("max_page_count", str(MOST_PAGES)),
    ("synchronous", "FULL"),
    ("fullfsync", "ON"),  # macOS only: its fsync leaves the bytes in the drive
    ("secure_delete", "ON"),
    ("temp_store", "MEMORY"),
    ("trusted_schema", "OFF"),
    ("cell_size_check", "ON"),
    ("mmap_size", "0"),
    ("cache_size", "-16384"),
)
_PROOF: Final = (
    ("max_page_count", MOST_PAGES),
    ("page_size", PAGE_BYTES),
    ("auto_vacuum", 2),
    ("journal_mode", "wal"),
    ("synchronous", 2),
    ("secure_delete", 1),
    ("temp_store", 2),
    ("locking_mode", "exclusive"),
)

_VERSION_1: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
-- A sequence is never reused. `ask` and `names` are private: found by the engine, read by no consumer.
CREATE TABLE log (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  key BLOB,              -- null for a note
  at INTEGER NOT NULL,
  expiry INTEGER,        -- of a body or a note; null for a removal notice
  until INTEGER,         -- of a removal notice
  type TEXT NOT NULL,
  source TEXT NOT NULL,
  digest BLOB,
  names BLOB,            -- aliases, 16 bytes each: what to take out of `names` when the body goes
  ask BLOB,              -- sealed with the day's key
  body BLOB NOT NULL
);
CREATE INDEX log_expiry ON log (expiry) WHERE expiry IS NOT NULL;
CREATE TABLE keys (
  key BLOB PRIMARY KEY, seq INTEGER, state INTEGER NOT NULL, until INTEGER NOT NULL, revision INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX keys_ended ON keys (until) WHERE state <> 0;
CREATE TABLE names (name BLOB, key BLOB, PRIMARY KEY (name, key)) WITHOUT ROWID;
CREATE TABLE notes (id TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE source (
  name TEXT PRIMARY KEY, cursor BLOB, due INTEGER NOT NULL, memo BLOB NOT NULL,
  commit_id TEXT NOT NULL, outcomes BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE state (kind TEXT, name TEXT, value BLOB NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;
CREATE TABLE lease (
  name TEXT PRIMARY KEY, node TEXT NOT NULL, fence INTEGER NOT NULL, until INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE position (consumer TEXT PRIMARY KEY, position TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sealing (day INTEGER PRIMARY KEY, key BLOB NOT NULL);
"""

_VERSION_2: Final = """
ALTER TABLE keys RENAME TO keys_1;
ALTER TABLE names RENAME TO names_1;
DROP INDEX keys_ended;
-- See sqlite_keys: what of the recent keys the log does not tell, until they go into sorted runs.
CREATE TABLE recent (
  n INTEGER PRIMARY KEY, key BLOB NOT NULL, seq INTEGER, state INTEGER NOT NULL, until INTEGER NOT NULL,
  revision INTEGER NOT NULL
);
CREATE TABLE keys (
  run INTEGER DEFAULT 0, key BLOB, seq INTEGER, state INTEGER NOT NULL, until INTEGER NOT NULL,
  revision INTEGER NOT NULL, PRIMARY KEY (run, key)
) WITHOUT ROWID;
CREATE INDEX keys_ended ON keys (until) WHERE state <> 0;
CREATE TABLE names (run INTEGER DEFAULT 0, name BLOB, key BLOB, PRIMARY KEY (run, name, key)) WITHOUT ROWID;
-- By the first half-byte of the key: sixteen runs of equal size, each written from its beginning to its end.
INSERT INTO keys (run, key, seq, state, until, revision)
  SELECT instr('123456789ABCDEF', substr(hex(substr(key, 1, 1)), 1, 1)) * 4, key, seq, state, until, revision
  FROM keys_1 ORDER BY key;
INSERT INTO names (run, name, key)
  SELECT instr('123456789ABCDEF', substr(hex(substr(key, 1, 1)), 1, 1)) * 4, name, key FROM names_1 ORDER BY name;
DROP TABLE keys_1;
DROP TABLE names_1;
INSERT INTO meta (name, value) VALUES ('seals', 0), ('sealed', (SELECT coalesce(max(seq), 0) FROM log));
"""

_VERSION_3: Final = """
-- When its source was asked about a post last, or the post was written; null where it cannot be asked.
ALTER TABLE log ADD COLUMN asked INTEGER;
UPDATE log SET asked = at WHERE ask IS NOT NULL;
CREATE INDEX log_asked ON log (source, asked) WHERE asked IS NOT NULL;
"""

MIGRATIONS: Final[tuple[str, ...]] = (_VERSION_1, _VERSION_2, _VERSION_3)
"""Script n makes version n out of n - 1. Add to the end, never change one that was released."""


def open_connection(path: Path, *, vfs: str, fingerprints: tuple[str, ...]) -> apsw.Connection:
    """
    A connection whose file is ours alone, verified, and of the present schema.

    The lock mode comes before the first read: it keeps the index of the WAL in memory, so that there is no -shm file
    and no second reader.

    Raises:
        QueueUnavailable: see the messages.
    """
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE, vfs=vfs or None)
    except apsw.Error as error:
        raise unavailable(error, path) from error
    try:
        _pragma(connection, "locking_mode", "EXCLUSIVE")
        version = _recognise(connection, path)
        _set_up(connection, path, () if version else _LAYOUT)
        _migrate(connection, version, fingerprints[0])
        _prove(connection, path)
        _know_secret(connection, path, fingerprints)
    except apsw.Error as error:
        connection.close()
        raise unavailable(error, path) from error
    except QueueUnavailable:
        connection.close()
        raise
    return connection


def unavailable(error: apsw.Error, path: Path) -> QueueUnavailable:
    """
    What a database error means to an operator, and what to do.
    """
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return QueueUnavailable(
            f"{path} is locked: another listener holds it; use the CLI, which talks to the running daemon, or stop it"
        )
    if isinstance(error, apsw.NotADBError):
        return QueueUnavailable(
            f"{path} is not a SQLite database: move it away, or give the queue another path"
        )
    if isinstance(error, apsw.CorruptError):
        return QueueUnavailable(f"{path} is damaged: move it away and restore a backup, or start afresh")
    if isinstance(error, apsw.FullError):
        return QueueUnavailable(f"no room for {path}: free some space on its disk, then start again")
    if isinstance(error, apsw.CantOpenError | apsw.ReadOnlyError | apsw.PermissionsError):
        return QueueUnavailable(
            f"{path} cannot be written: give this user read and write access to the file and its folder"
        )
    return QueueUnavailable(
        f"{path} failed ({type(error).__name__}): look for disk errors in the system log, then start again"
    )


def _recognise(connection: apsw.Connection, path: Path) -> int:
    """
    Schema version of a file that is empty or ours, before anything is written to it.
    """
    version = int(str(_pragma(connection, "user_version")))
    identity = _pragma(connection, "application_id")
    if identity != APPLICATION_ID and (version or _has_tables(connection)):
        raise QueueUnavailable(f"{path} belongs to another program: give the queue another path")
    if version > len(MIGRATIONS):
        raise QueueUnavailable(
            f"{path} was written by a newer listener (schema {version}, this one knows {len(MIGRATIONS)}):"
            " install that version again, or give the queue another path"
        )
    return version


def _set_up(connection: apsw.Connection, path: Path, layout: tuple[tuple[str, str], ...]) -> None:
    for name, value in (*layout, *_SETTINGS):
        _pragma(connection, name, value)
    # Checkpoints are ours, the one of closing too: sqlite_erase has to clean pages before a WAL starts again.
    connection.wal_autocheckpoint(0)
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    if _pragma(connection, "quick_check(1)") != "ok":
        raise unavailable(apsw.CorruptError(), path)


def _migrate(connection: apsw.Connection, version: int, fingerprint: str) -> None:
    if version == len(MIGRATIONS):
        return
    with connection:
        for script in MIGRATIONS[version:]:
            connection.execute(script)
        if version == 0:
            connection.executemany(
                "INSERT INTO meta (name, value) VALUES (?, ?)",
                [("epoch", secrets.token_hex(4)), ("floor", 0), ("fingerprint", fingerprint)],
            )
        _pragma(connection, "application_id", str(APPLICATION_ID))
        _pragma(connection, "user_version", str(len(MIGRATIONS)))


def _prove(connection: apsw.Connection, path: Path) -> None:
    """
    The file system and whoever made the file left us the settings that the promises rest on.
    """
    for name, expected in _PROOF:
        if (found := _pragma(connection, name)) != expected:
            raise QueueUnavailable(
                f"{path}: SQLite's {name} is {found} and has to be {expected}: give the queue another path"
            )


def _know_secret(connection: apsw.Connection, path: Path, fingerprints: tuple[str, ...]) -> None:
    row = connection.execute("SELECT value FROM meta WHERE name = 'fingerprint'").fetchall()
    if not row or row[0][0] not in fingerprints:
        raise QueueUnavailable(
            f"{path} was written under another secret: restore that secret, or list it after the present one"
        )
    if row[0][0] != fingerprints[0]:
        connection.execute("UPDATE meta SET value = ? WHERE name = 'fingerprint'", (fingerprints[0],))


def _has_tables(connection: apsw.Connection) -> bool:
    return bool(connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall())


def _pragma(connection: apsw.Connection, name: str, value: str | None = None) -> object:
    rows = connection.execute(f"PRAGMA {name}" if value is None else f"PRAGMA {name} = {value}").fetchall()
    return rows[0][0] if rows else None


# ------------------------------------------------------------------------------------------------- before SQLite


class Hold:
    """
    One open descriptor of the database file for as long as SQLite has it open.

    POSIX drops a process's locks on a file when *any* of its descriptors is closed, so the one that cleans pages is
    opened before SQLite and closed after it, and a second opening in this process is refused before it opens one.
    """

    __slots__ = ("_identity", "descriptor")

    _held: Final[set[tuple[int, int]]] = set()

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and _identity(path) in Hold._held:
                raise unavailable(apsw.BusyError(), path)
            self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unreachable(error, path) from error
        self._identity = _identity(path)
        Hold._held.add(self._identity)

    def close(self) -> None:
        """
        Only after SQLite has closed the file.
        """
        Hold._held.discard(self._identity)
        os.close(self.descriptor)


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _unreachable(error: OSError, path: Path) -> QueueUnavailable:
    if isinstance(error, IsADirectoryError):
        return QueueUnavailable(f"{path} is a folder: name a file in it as the queue's path")
    if isinstance(error, FileExistsError | NotADirectoryError):
        return QueueUnavailable(f"{path.parent} is not a folder: give the queue another path")
    return QueueUnavailable(
        f"{path} cannot be opened ({os.strerror(error.errno or 0)}):"
        " give this user read and write access to the file and its folder"
    )
