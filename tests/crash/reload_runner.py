"""The shipped command with one fail-point armed: `python tests/crash/reload_runner.py POINT COMMAND…`."""

from __future__ import annotations

import sys

from listener import failpoints
from listener.cli import main

if __name__ == "__main__":
    if sys.argv[1] != "none":
        failpoints.arm(sys.argv[1])
    main(sys.argv[2:])
