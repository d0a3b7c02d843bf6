"""
The shipped command with one line of the gate taken out, to show that the canary would be missed if it were.

Run as `python tests/pipeline/sabotage.py PIECE COMMAND…`; a piece is `mask` (text is not masked) or `link` (an address that
names somebody passes).
"""

from __future__ import annotations

import sys

from listener.cli import main
from listener.gate import clear


def take_out(piece: str) -> None:
    """Replace one step of the gate by nothing."""
    if piece == "mask":
        clear.mask_read = lambda text, **_: clear.Masked(text)  # type: ignore[attr-defined]
    elif piece == "link":
        clear.public_link_read = lambda link, **_: link  # type: ignore[attr-defined]
    else:
        raise SystemExit(f"no piece {piece!r}")


if __name__ == "__main__":
    take_out(sys.argv[1])
    main(sys.argv[2:])
