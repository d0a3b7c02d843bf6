"""
Files of the installation: those of the data folder are of a closed list, secrets are for their owner only, the list of
objections holds keyed hashes only, the statement was accepted, and no watch is past its review.

Names of files that are not expected are counted, never repeated: somebody may have named one after a person.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

from listener.audit.findings import Check, Tally
from listener.errors import ConfigError, NotAccepted
from listener.keys import NAME_BYTES
from listener.queues import file_of
from listener.settings import Settings, lock_path, require_accepted

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_WRITERS: Final = stat.S_IWGRP | stat.S_IWOTH
_HASH: Final = re.compile(rf"[0-9a-fA-F]{{{2 * NAME_BYTES}}}")


def database_files(settings: Settings) -> tuple[Path, ...]:
    """
    The database and its log, where the engine keeps any; whether or not they are there.
    """
    file = file_of(settings.queue.url, base_dir=settings.base_dir)
    return () if file is None else (file, file.with_name(f"{file.name}-wal"))


def folder_check(settings: Settings) -> Check:
    """
    What lies in the data folder, and who may read it.
    """
    tally = Tally("files of the data folder are those of the closed list, and nobody else may read them")
    if not settings.data_dir.is_dir():
        return tally.check()
    tally.looked_at += 1
    if settings.data_dir.stat().st_mode & _WRITERS:
        tally.found("the data folder", "others may write", todo="chmod 700 the folder")
    private = {*_database(settings), *settings.privacy.secret_files}
    known = {
        *private,
        settings.control_socket,
        settings.file,
        lock_path(settings.file),
        settings.privacy.objections_file,
    }
    for path in (*settings.data_dir.iterdir(), *_elsewhere(settings, private)):
        tally.looked_at += 1
        _look(
            tally, path, known=path in known, private=path in private, socket=path == settings.control_socket
        )
    return tally.check()


def objections_check(settings: Settings) -> Check:
    """
    The list of who objected holds keyed hashes; a comment is none.
    """
    tally = Tally("the list of objections holds keyed hashes only")
    file = settings.privacy.objections_file
    if file is None or not file.exists():
        return tally.check()
    with file.open("rb") as lines:
        for line in lines:
            text = line.strip().decode("utf-8", "replace")
            tally.looked_at += 1
            if text and not _HASH.fullmatch(text):
                kind = "a comment" if text.startswith("#") else "no keyed hash"
                tally.found(
                    "the list of objections", kind, todo="take the line out; `listener object` adds people"
                )
    return tally.check()


def statement_check(settings: Settings, *, today: date) -> Check:
    """
    Somebody signed for all this, and looked at each watch in time.
    """
    tally = Tally("the statement was accepted and every watch was reviewed")
    tally.looked_at = 1 + len(settings.watches)
    try:
        require_accepted(settings, lock_path(settings.file))
    except NotAccepted:
        tally.found(
            "the privacy statement",
            "not accepted as it stands",
            todo="`listener check`, then `listener accept`",
        )
    except ConfigError:
        tally.found(
            "the privacy statement",
            "its lock cannot be trusted",
            todo="restore it, or `listener accept` anew",
        )
    if late := len([watch for watch in settings.watches if watch.review_by < today]):
        tally.found(
            "watches", "past their review", todo="review them; `listener check` names them", count=late
        )
    return tally.check()


def _database(settings: Settings) -> tuple[Path, ...]:
    files = database_files(settings)
    return (*files, files[0].with_name(f"{files[0].name}.reserve")) if files else ()


def _elsewhere(settings: Settings, private: set[Path]) -> Iterator[Path]:
    """
    Private files that lie outside the data folder.
    """
    yield from (path for path in sorted(private) if path.parent != settings.data_dir and path.exists())


def _look(tally: Tally, path: Path, *, known: bool, private: bool, socket: bool) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return  # a log that was just emptied
    if not known:
        tally.found("the data folder", "an unknown file", todo="find out whose it is, and take it away")
    elif not (stat.S_ISSOCK(mode) if socket else stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
        tally.found(
            "the data folder", "a file of another kind", todo="find out who made it, and take it away"
        )
    elif private and path.exists() and path.stat().st_mode & _OTHERS:
        tally.found("a secret or the database", "others may read it", todo="chmod 600 the file")
