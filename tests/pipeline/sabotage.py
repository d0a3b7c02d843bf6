"""
The shipped command with one line of the gate or of the feed adapter taken out, to show that the canary would be missed
if it were.

Run as `python tests/pipeline/sabotage.py PIECE COMMAND…`; a piece is `mask` (text is not masked), `link` (an address that
names somebody passes) or `comments` (their titles stay as they are, and the sentence that says whom they answer).
"""

from __future__ import annotations

import sys

from adapters.feed import comments, normalise
from listener.cli import main
from listener.gate import clear


def take_out(piece: str) -> None:
    """Replace one step by nothing."""
    if piece == "mask":
        clear.mask_read = lambda text, **_: clear.Masked(text)  # type: ignore[attr-defined]
    elif piece == "link":
        clear.public_link_read = lambda link, **_: link  # type: ignore[attr-defined]
    elif piece == "comments":
        normalise.without_commenter = lambda title, _: comments.Found(title)  # type: ignore[assignment,attr-defined]
        normalise.without_parent = lambda text: comments.Found(text)  # type: ignore[attr-defined]
        normalise.without_parent_name = lambda text: text  # type: ignore[attr-defined]
    else:
        raise SystemExit(f"no piece {piece!r}")


if __name__ == "__main__":
    take_out(sys.argv[1])
    main(sys.argv[2:])
