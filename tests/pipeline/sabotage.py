"""
The shipped command with some lines of the gate, of an adapter or of the telemetry taken out, to show that the canary would
be heard if they were.

Run as `python tests/pipeline/sabotage.py PIECE[,PIECE…] COMMAND…`; `PIECES` says what each takes out. A piece imports what it
changes when it is asked for: a story starts twenty processes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from listener.cli import main

if TYPE_CHECKING:
    from adapters.youtube import wire
    from listener.errors import SourceUnavailable


def put(owner: object, name: str, instead: object) -> None:
    """Replace one step."""
    assert hasattr(owner, name), f"there is no {name} to take out any more"
    setattr(owner, name, instead)


def mask() -> None:
    """Text is not masked."""
    from listener.gate import clear
    from listener.gate.cuts import Masked

    put(clear, "mask_read", lambda text, **_: Masked(text))


def link() -> None:
    """An address that names somebody passes."""
    from listener.gate import clear

    put(clear, "public_link_read", lambda link, **_: link)


def comments_() -> None:
    """Titles of comments stay as they are, and the sentence that says whom they answer."""
    from adapters.feed import comments
    from adapters.feed import normalise as feed

    put(feed, "without_commenter", lambda title, _: comments.Found(title))
    put(feed, "without_parent", lambda text: comments.Found(text))
    put(feed, "without_parent_name", lambda text: text)


def handles() -> None:
    """Handles in a text are not looked for."""
    from listener.gate import redact

    put(redact, "handle_spans", lambda *_, **__: iter(()))


def facets_() -> None:
    """What a mention of Bluesky shows stands in the text, whatever it is."""
    from adapters.bluesky import facets

    put(facets, "_masked", lambda *_: iter(()))


def links() -> None:
    """Of the addresses of a status the one with the handle is taken, and the gate lets it pass."""
    from adapters.mastodon import normalise as mastodon
    from listener.gate import clear
    from listener.gate.links import public_link_read

    put(mastodon, "link_of", lambda status: status.url)
    put(clear, "public_link_read", lambda at, **how: at if at and "/@" in at else public_link_read(at, **how))


def frames_() -> None:
    """A frame is printed as it comes."""
    from adapters.mastodon import frames

    said = frames.items_of_event

    def loud(name: str, payload: bytes, place: Any) -> object:
        print(name, payload, file=sys.stderr, flush=True)
        return said(name, payload, place)

    put(frames, "items_of_event", loud)


def asks() -> None:
    """By what a post is asked for again is kept as it is."""
    from listener.keys import Sealer

    put(Sealer, "seal", lambda _, plain, *, purpose: plain.encode())


def errors() -> None:
    """Where an error was raised is told with what it says."""
    from listener.hear import keeping

    put(keeping, "place_of", lambda error: f"{error}")


def authors() -> None:
    """YouTube is asked who wrote a comment, and the comment says so."""
    from adapters.youtube import api as youtube
    from adapters.youtube import wire

    read = wire.Kind.read

    def with_authors(found: dict[str, Any]) -> dict[str, Any]:
        if "textDisplay" in found and "authorDisplayName" in found:
            found["textDisplay"] = f"{found['authorDisplayName'].removeprefix('@')}: {found['textDisplay']}"
        return found

    def loud(kind: wire.Kind[Any], body: bytes) -> object:
        return read(kind, json.dumps(json.loads(body, object_hook=with_authors)).encode())

    put(wire.Kind, "read", loud)
    for name in ("THREAD_FIELDS", "COMMENT_FIELDS"):
        asked: str = getattr(youtube, name)
        put(youtube, name, asked.replace("textDisplay", "authorDisplayName,textDisplay"))


def key() -> None:
    """The key of YouTube stands in the address."""
    from adapters.youtube import api as youtube

    listed = youtube.Api._listed

    async def loud(api: Any, kind: Any, call: str, asked: Mapping[str, str], **how: Any) -> object:
        return await listed(api, kind, call, {**asked, "key": api._config.key.get_secret_value()}, **how)

    put(youtube.Api, "_listed", loud)


def repeats() -> None:
    """A repeat on X is a post like any other."""
    from adapters.x import normalise as x

    put(x, "_is_retweet", lambda *_: False)


def said() -> None:
    """What X says in an error is told."""
    from adapters.x import api as x_api
    from listener.errors import SourceUnavailable

    def loud(reply: Any, *_: object) -> SourceUnavailable:
        print(reply.body, file=sys.stderr, flush=True)
        return SourceUnavailable("X could not answer", status=reply.status)

    put(x_api, "error_of", loud)


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
    "authors": authors,
    "key": key,
    "repeats": repeats,
    "said": said,
}


if __name__ == "__main__":
    for piece in sys.argv[1].split(","):
        PIECES[piece]()
    main(sys.argv[2:])
