"""
The shipped command with some lines of the gate, of an adapter or of the telemetry taken out, to show that the canary would
be heard if they were.

Run as `python tests/pipeline/sabotage.py PIECE[,PIECE…] COMMAND…`; `PIECES` says what each takes out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Final

from adapters.bluesky import facets
from adapters.feed import comments
from adapters.feed import normalise as feed
from adapters.mastodon import frames
from adapters.mastodon import normalise as mastodon
from listener.cli import main
from listener.gate import clear, redact
from listener.gate.cuts import Masked
from listener.gate.links import public_link_read
from listener.hear import keeping
from listener.keys import Sealer


def put(owner: object, name: str, instead: object) -> None:
    """Replace one step."""
    assert hasattr(owner, name), f"there is no {name} to take out any more"
    setattr(owner, name, instead)


def mask() -> None:
    """Text is not masked."""
    put(clear, "mask_read", lambda text, **_: Masked(text))


def link() -> None:
    """An address that names somebody passes."""
    put(clear, "public_link_read", lambda link, **_: link)


def comments_() -> None:
    """Titles of comments stay as they are, and the sentence that says whom they answer."""
    put(feed, "without_commenter", lambda title, _: comments.Found(title))
    put(feed, "without_parent", lambda text: comments.Found(text))
    put(feed, "without_parent_name", lambda text: text)


def handles() -> None:
    """Handles in a text are not looked for."""
    put(redact, "handle_spans", lambda *_, **__: iter(()))


def facets_() -> None:
    """What a mention of Bluesky shows stands in the text, whatever it is."""
    put(facets, "_masked", lambda *_: iter(()))


def links() -> None:
    """Of the addresses of a status the one with the handle is taken, and the gate lets it pass."""
    put(mastodon, "link_of", lambda status: status.url)
    put(clear, "public_link_read", lambda at, **how: at if at and "/@" in at else public_link_read(at, **how))


def frames_() -> None:
    """A frame is printed as it comes."""
    said = frames.items_of_event

    def loud(name: str, payload: bytes, place: mastodon.Place) -> object:
        print(name, payload, file=sys.stderr, flush=True)
        return said(name, payload, place)

    put(frames, "items_of_event", loud)


def asks() -> None:
    """By what a post is asked for again is kept as it is."""
    put(Sealer, "seal", lambda _, plain, *, purpose: plain.encode())


def errors() -> None:
    """Where an error was raised is told with what it says."""
    put(keeping, "place_of", lambda error: f"{error}")


PIECES: Final[Mapping[str, Callable[[], None]]] = {
    "mask": mask,
    "link": link,
    "comments": comments_,
    "handles": handles,
    "facets": facets_,
    "links": links,
    "frames": frames_,
    "asks": asks,
    "errors": errors,
}


if __name__ == "__main__":
    for piece in sys.argv[1].split(","):
        PIECES[piece]()
    main(sys.argv[2:])
