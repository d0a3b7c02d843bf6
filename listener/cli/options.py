"""
Options that several commands share, so that one idea has one spelling.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="LISTENER_CONFIG", help="The configuration.", metavar="FILE"),
]
CONFIG = Path("listener.toml")

JsonOption = Annotated[bool, typer.Option("--json", help="For programs: JSON on stdout.")]
