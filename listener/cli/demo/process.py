"""
The daemon of the demo: a process of its own, so that what it does and what it weighs is its own, too.

Starts `listener.cli.demo.daemon` and stops it; used by `running`. Ctrl-C at the terminal does not reach it (it has a session
of its own): it is told to stop once the demo has read what it still had to say.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from listener.errors import ListenerError
from listener.simulation.clock import ScaledClock

PROGRAM: Final = (sys.executable, "-m", "listener.cli.demo.daemon")
STOP_S: Final = 20.0
"""Chosen: a daemon that takes longer to stop is killed, and the demo fails."""


class DaemonEnded(ListenerError):
    """
    The daemon of the demo did not start, or ended by itself; raised here, ends the command with the daemon's exit code.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code or 1  # type: ignore[misc]  # that of the daemon, not of the class


@dataclass(slots=True)
class Child:
    """
    A daemon that serves.

    Args:
        address: Of its API.
        process: Its process.
    """

    address: str
    process: subprocess.Popen[str]

    def peak_mb(self) -> float | None:
        """
        The most memory it ever held, in MB of 1,000,000 bytes; None where the system does not say (`VmHWM` of Linux).
        """
        with suppress(OSError):
            status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii", errors="replace")
            if found := re.search(r"VmHWM:\s+(\d+) kB", status):
                return int(found[1]) * 1024 / 1e6
        return None

    def check(self) -> None:
        """
        Raises:
            DaemonEnded: it does not run any more.
        """
        code = self.process.poll()
        if code is not None:
            raise DaemonEnded(f"the daemon ended by itself (exit code {code}); its log says why", code)


@asynccontextmanager
async def daemon(
    config: Path, log: Path, clock: ScaledClock, *, program: tuple[str, ...] = PROGRAM
) -> AsyncIterator[Child]:
    """
    The daemon of this configuration, serving, until the block ends.

    Args:
        config: With its lock beside it.
        log: Where it logs.
        clock: Shared with it.
        program: What is started.

    Raises:
        DaemonEnded: it does not start.
    """
    import anyio.to_thread

    words = (
        *(str(config), "--factor", str(clock.factor), "--start", clock.start_at.isoformat()),
        *("--origin", str(clock.origin_s), "--log", str(log), "--with-parent"),
    )
    process = await anyio.to_thread.run_sync(_started, (*program, *words))
    try:
        address = await anyio.to_thread.run_sync(_address, process, abandon_on_cancel=True)
        yield Child(address, process)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(_stop, process)


def _started(words: tuple[str, ...]) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603  our own module
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    assert process.stderr is not None
    address = process.stdout.readline().strip()
    if not address:
        raise DaemonEnded(process.stderr.read().strip() or "the daemon did not start", process.wait())
    return address


def _stop(process: subprocess.Popen[str]) -> None:
    """
    Told to; killed where that does not help.
    """
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        process.communicate(timeout=STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
