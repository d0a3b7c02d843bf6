"""
`listener export`: what is held, in a sealed file for a records officer.

Takes lines from the daemon, or from the queue itself where none runs; gives a file that is whole or not there.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

import typer

from listener.cli.options import CONFIG, ConfigOption, JsonOption
from listener.errors import ConfigError, Fault, FileRefused, NoDaemon

if TYPE_CHECKING:
    from listener.cli.client import Where
    from listener.status import ExportAsk


def export(
    reason: str = typer.Option(help="Why, for the record; one line.", metavar="TEXT"),
    out: Path = typer.Option(help="The file; never overwritten.", metavar="FILE"),
    watch: list[str] = typer.Option([], help="Only of this watch; may be repeated.", metavar="NAME"),
    since: str | None = typer.Option(
        None, help="Only what was published from then on, with its time zone.", metavar="TIME"
    ),
    by: str | None = typer.Option(None, help="Who asks: a name or an office.", metavar="TEXT"),
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """
    Write what is held into a sealed file.

    For records officers. Only this deployment reads the file, with `listener unseal`, and no word of it for longer than the
    queue itself holds that post: what is removed, edited or over is told as that. Posts of a network whose terms let only
    addresses be handed on are told by those. Asks the running daemon, or opens the queue itself where none runs; either
    notes who exported what and why.

    \b
    Example:
      listener export --reason "access request 2026-17" --watch river --out river.export
      listener export --reason "records review" --since 2026-11-01T00:00:00-07:00 --by "Records" --out all.export
    \b
    Exit codes:
      0 written · 1 broke off, nothing kept · 2 command line or configuration · 4 queue
    """
    from listener.cli.screen import print_json

    since_at = _instant(since)
    if out.exists():
        raise ConfigError([Fault("command line", "--out", "is there already, and is never overwritten")])
    ended = _write(config, out, reason=reason, watches=tuple(watch), since_at=since_at, by=by)
    if as_json:
        print_json(ended)
        return
    print(f"{_events(ended['count'])} sealed into {out}; read it with `listener unseal`")
    if ended["left_out"]:
        print(f"{_events(ended['left_out'])} left out: over within a day, before any key is")


def _write(
    config: Path,
    out: Path,
    *,
    reason: str,
    watches: tuple[str, ...],
    since_at: datetime | None,
    by: str | None,
) -> dict[str, int]:
    """
    What the last line says, once the file is whole.
    """
    import anyio

    from listener.cli.client import daemon
    from listener.status import ExportAsk

    ask = ExportAsk(reason=reason, watches=watches, since_at=since_at, by=by)
    with _whole(out) as file:
        try:
            last = _from_daemon(daemon(config), ask, file)
        except NoDaemon:
            last = anyio.run(_alone, config, ask, file)
        return _end(last)


def _from_daemon(where: Where, ask: ExportAsk, file: IO[bytes]) -> bytes:
    from http.client import HTTPException

    from listener.cli.client import ANSWER_WITHIN_S, opened

    body = {
        "reason": ask.reason,
        "watches": list(ask.watches),
        "since": None if ask.since_at is None else ask.since_at.isoformat(),
        "by": ask.by,
    }
    last = b""
    with opened(where, "POST", "/v1/export", body=body, within_s=ANSWER_WITHIN_S) as answer:
        try:
            for last in answer:
                file.write(last)
        except (OSError, HTTPException) as error:
            raise FileRefused("the export broke off; nothing was kept") from error
    return last


async def _alone(config: Path, ask: ExportAsk, file: IO[bytes]) -> bytes:
    from listener import settings
    from listener.control import offline

    last = b""
    async with offline(settings.load(config, environ=os.environ)) as control:
        async for last in await control.export(ask):
            file.write(last)
    return last


def _end(line: bytes) -> dict[str, int]:
    import json

    try:
        ended: dict[str, int] = json.loads(line)["end"]
    except (ValueError, KeyError, TypeError) as error:
        raise FileRefused("the export broke off; nothing was kept") from error
    return ended


@contextmanager
def _whole(out: Path) -> Iterator[IO[bytes]]:
    """
    A file for its owner alone that gets its name when the block ends well, and is gone when it does not.
    """
    part = out.with_name(f".{out.name}.{secrets.token_hex(4)}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.link(part, out)  # as renaming, but for a file that came to be there meanwhile
        finally:
            part.unlink()
    except OSError as error:
        problem = f"cannot be written ({error.strerror})"
        raise ConfigError([Fault("command line", "--out", problem)]) from error


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        allowed = "a time with its zone, such as 2026-11-01T00:00:00-07:00"
        raise ConfigError([Fault("command line", "--since", "is no time with a zone", allowed=allowed)])
    return found


def _events(count: int) -> str:
    return f"{count} event{'' if count == 1 else 's'}"


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command()(export)
