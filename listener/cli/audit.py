"""
`listener audit`: look for people in everything that is stored, and sign what came of it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from listener.cli.options import CONFIG, ConfigOption, JsonOption

if TYPE_CHECKING:
    from listener.audit import Check, EventAudit, RawAudit, Report
    from listener.keys import KeyRing
    from listener.settings import Settings
    from listener.status import Holdings

FOUND: Final = 1

_TELL_EVERY: Final = 1000
"""Chosen: events between two lines of progress."""


def audit(
    out: Path | None = typer.Option(None, "--out", help="Write the signed report there.", metavar="FILE"),
    verify: Path | None = typer.Option(
        None, "--verify", help="Look at a report instead: is it as written, and by us?", metavar="FILE"
    ),
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """
    Look for people in what is stored.

    Every file, table, column and event, the bytes of the database, the age of everything, and who signed. Findings tell place, kind, number and what to do; nothing is
    quoted. Asks the running daemon, or opens the queue itself where none runs. The report is signed under the installation's secret.

    \b
    Example:
      listener audit --out audit-2026-11.json
      listener audit --verify audit-2026-11.json
    \b
    Exit codes:
      0 nothing found, or the report is as written · 1 something found, or the report is not · 2 configuration · 4 queue
    """
    from listener import settings
    from listener.audit import verified
    from listener.secret_files import key_ring

    loaded = settings.load(config, environ=os.environ)
    keys = key_ring(loaded.privacy.secret_files, create=False)
    content = _readable(loaded, keys, config) if verify is None else _content(verify)
    report = verified(content, keys)
    if out is not None:
        _write(out, content)
    if as_json:
        print(content.decode(), end="")
    else:
        _print(report)
    if verify is None:
        raise typer.Exit(FOUND if report.verdict == "found" else 0)
    if not as_json:
        print(f"as it was written, by this installation, at {report.at}")


def _readable(settings: Settings, keys: KeyRing, config: Path) -> bytes:
    from listener.errors import ConfigError, Fault

    try:
        return _audited(settings, keys, config)
    except PermissionError as error:
        problem = "holds files that this user may not read"
        fault = Fault(
            "the installation", "data_dir", problem, allowed="run this as the user of the daemon, or as root"
        )
        raise ConfigError([fault]) from error


def _audited(settings: Settings, keys: KeyRing, config: Path) -> bytes:
    from listener import __version__
    from listener.audit import EventAudit, RawAudit, database_files, written
    from listener.clock import SystemClock
    from listener.errors import ConfigError, NoDaemon
    from listener.gate.redact import folded_handles
    from listener.settings import lock_path, read_lock

    raw = RawAudit(
        database_files(settings),
        own=folded_handles(settings.organisation.own_handles),
        progress=lambda count: _progress("MiB of the database", count >> 20),
    )
    raw.search()
    events, daemon = EventAudit(settings, keys), True
    try:
        holdings = _ask_daemon(config, events, raw)
    except NoDaemon:
        holdings, daemon = _ask_queue(settings, keys, events, raw), False
    now = SystemClock().now()
    checks = _checks(settings, holdings, events, raw)
    _progress("", 0)
    try:
        lock = read_lock(lock_path(settings.file))
    except ConfigError:
        lock = None  # told by its check
    statement = None if lock is None else lock.digest
    return written(checks, keys=keys, at=now, version=__version__, daemon=daemon, statement=statement)


def _checks(settings: Settings, holdings: Holdings, events: EventAudit, raw: RawAudit) -> tuple[Check, ...]:
    from datetime import timedelta

    from listener.audit import folder_check, layout_check, objections_check, statement_check, time_check
    from listener.clock import SystemClock

    now = SystemClock().now()
    return (
        folder_check(settings),
        layout_check(holdings),
        *events.checks(),
        raw.check(),
        time_check(holdings, now=now, retention=timedelta(days=settings.privacy.retention_days)),
        objections_check(settings),
        statement_check(settings, today=now.date()),
    )


# ------------------------------------------------------------------------------------------------------- looking


def _ask_daemon(config: Path, events: EventAudit, raw: RawAudit) -> Holdings:
    import msgspec

    from listener.cli.client import call, daemon
    from listener.cli.tail import Wanted, pages
    from listener.status import Holdings

    where = daemon(config)
    holdings = msgspec.convert(call(where, "GET", "/v1/holdings"), Holdings)
    for number, line in enumerate(pages(where, Wanted((), "start")), 1):
        _look(line.encode(), number, events, raw)
    return holdings


def _ask_queue(settings: Settings, keys: KeyRing, events: EventAudit, raw: RawAudit) -> Holdings:
    import anyio

    from listener.clock import SystemClock
    from listener.control import holdings_of
    from listener.queues import file_of, open_queue
    from listener.status import Holdings

    async def read() -> Holdings:
        clock = SystemClock()
        queue = await open_queue(
            settings.queue.url, base_dir=settings.base_dir, fingerprints=keys.fingerprints, clock=clock
        )
        try:
            batch, number = await queue.read(None), 0
            while batch.entries:
                for entry in batch.entries:
                    number += 1
                    _look(entry.line, number, events, raw)
                batch = await queue.read(batch.next)
            return await holdings_of(queue, clock.now())
        finally:
            await queue.aclose()

    file = file_of(settings.queue.url, base_dir=settings.base_dir)
    if file is not None and not file.exists():  # opening would make it
        return Holdings(
            layout={},
            sealing_days=(),
            overdue=0,
            posts=0,
            keys=0,
            oldest_body_at=None,
            erasures_pending=0,
            erasures_since_at=None,
        )
    return anyio.run(read)


def _look(line: bytes, number: int, events: EventAudit, raw: RawAudit) -> None:
    events.look(line)
    raw.living(line)
    if number % _TELL_EVERY == 0:
        _progress("events", number)


def _progress(what: str, count: int) -> None:
    """
    One line that is written over, where somebody looks; nothing of what is looked at.
    """
    if sys.stderr.isatty():
        print(
            f"\r\x1b[Klooked at {count:,} {what}" if what else "\r\x1b[K", end="", file=sys.stderr, flush=True
        )


# --------------------------------------------------------------------------------------------------------- files


def _content(file: Path) -> bytes:
    from listener.audit import FILE_MOST_BYTES
    from listener.errors import ConfigError, Fault

    try:
        with file.open("rb") as opened:
            return opened.read(FILE_MOST_BYTES + 1)
    except OSError as error:
        problem = f"cannot be read ({error.strerror or type(error).__name__})"
        raise ConfigError([Fault("command line", "--verify", problem)]) from error


def _write(file: Path, content: bytes) -> None:
    from listener.errors import ConfigError, Fault

    try:
        file.write_bytes(content)
    except OSError as error:
        problem = f"cannot be written ({error.strerror or type(error).__name__})"
        raise ConfigError(
            [Fault("command line", "--out", problem, allowed="a file in a folder of yours")]
        ) from error


def _print(report: Report) -> None:
    from listener.cli.screen import print_table

    print_table(
        ("check", "looked at", "found", "verdict"),
        [(check.name, f"{check.looked_at}", f"{check.found}", check.verdict) for check in report.checks],
    )
    for check in report.checks:
        for one in check.findings:
            keys = f" ({', '.join(one.keys)})" if one.keys else ""
            print(f"- {one.place}: {one.kind}, {one.count}{keys}. To do: {one.todo}")


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command()(audit)
