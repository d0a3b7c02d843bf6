"""The shipped daemon on a scaled clock shared with its parent: `python -m tests.endurance.scaled_daemon CONFIG FACTOR START ORIGIN`."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import anyio

from listener.app import Daemon
from listener.simulation.clock import ScaledClock
from listener.telemetry import Telemetry, take_over_process


def main(config: str, factor: str, start: str, origin_s: str) -> None:
    """Run until killed or told to stop."""
    clock = ScaledClock(float(factor), datetime.fromisoformat(start), origin_s=float(origin_s))
    telemetry = Telemetry(sys.stdout)
    take_over_process(telemetry)
    anyio.run(Daemon(Path(config), {}, clock=clock, telemetry=telemetry).run)


if __name__ == "__main__":
    main(*sys.argv[1:])
