"""
The shipped daemon in a process of its own, on a clock that it shares with the process that started it:
`python -m listener.cli.demo.daemon CONFIG --factor N --start INSTANT --origin SECONDS --log FILE`.

Started by `process`, and by tests that kill it. Prints the address of its API on stdout once it serves, and what kept it
from serving on stderr. With `--with-parent` it ends when its stdin does, so that it never outlives who started it.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from listener.errors import ListenerError


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Serve until told to stop.

    Returns:
        Exit code, as `listener run` has it.
    """
    import anyio

    from listener.cli.run import without
    from listener.simulation.clock import ScaledClock

    with without("rich", "pygments"):
        from listener.app import Daemon
        from listener.telemetry import Telemetry, take_over_process

    asked = _parser().parse_args(arguments)
    if asked.with_parent:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    clock = ScaledClock(asked.factor, asked.start, origin_s=asked.origin)
    with asked.log.open("a", encoding="utf-8") as log:
        telemetry = Telemetry(log)
        take_over_process(telemetry)
        daemon = Daemon(asked.config, {}, clock=clock, telemetry=telemetry)

        async def serve() -> None:
            await daemon.run(on_ready=lambda address: print(address, flush=True))

        try:
            anyio.run(serve)
        except ListenerError as error:
            print(error, file=sys.stderr, flush=True)
            return error.exit_code
    return 0


def _end_with_stdin() -> None:
    """
    Whoever holds the other end is gone, however they ended. Read below `sys.stdin`, whose lock would be missed by an
    interpreter that ends meanwhile.
    """
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="listener.cli.demo.daemon")
    parser.add_argument("config", type=Path)
    parser.add_argument("--factor", type=float, required=True, help="Seconds of its clock in a real one.")
    parser.add_argument(
        "--start", type=datetime.fromisoformat, required=True, help="The clock's time at its origin."
    )
    parser.add_argument(
        "--origin", type=float, required=True, help="Monotonic seconds of the machine at the origin."
    )
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--with-parent", action="store_true", help="End when stdin ends.")
    return parser


if __name__ == "__main__":
    sys.exit(main())
