"""
`listener demo` with a daemon that is made wrong, to show that the balance hears of it.

`python tests/pipeline/demo_sabotage.py PIECE demo …` runs the shipped command; its daemon is this file again, with that piece
out of order: `event` loses one post of the queue and says it was created; `counter` counts one repeat as a post that was created.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

DAEMON: Final = "--daemon"
PATIENCE_S: Final = 3.0
"""What is wrong stays wrong: nobody needs to wait long for it."""


def put(owner: object, name: str, instead: object) -> None:
    """Replace one piece."""
    assert hasattr(owner, name), f"there is no {name} to take out any more"
    setattr(owner, name, instead)


def event() -> None:
    """The first post that is made is in no table, whenever it comes; to the daemon it looks as if it were."""
    from listener.events import Cleared
    from listener.queues.base import Commit, Outcome
    from listener.queues.sqlite import SqliteQueue

    whole, lost = SqliteQueue.commit, list[str]()

    async def commit(queue: SqliteQueue, page: Commit) -> tuple[Outcome, ...]:
        made = [
            item
            for item in page.items
            if isinstance(item, Cleared) and item.event.source.startswith("/bluesky")
        ]
        if made and not lost:
            lost.append(made[0].event.subject)
        kept = [not (isinstance(item, Cleared) and item.event.subject in lost) for item in page.items]
        items = tuple(item for item, keep in zip(page.items, kept, strict=True) if keep)
        outcomes = iter(await whole(queue, replace(page, items=items)))
        return tuple(next(outcomes) if keep else "created" for keep in kept)

    put(SqliteQueue, "commit", commit)


def counter() -> None:
    """One repeat is counted as a post that was created, once."""
    from listener.telemetry import Telemetry

    whole, done = Telemetry.page_walked, list[bool]()

    def page_walked(self: Telemetry, *, created: int, repeat: int, **others: Any) -> None:
        taken = int(repeat > 0 and not done)
        done.extend([True] * taken)
        whole(self, created=created + taken, repeat=repeat - taken, **others)

    put(Telemetry, "page_walked", page_walked)


PIECES: Final[Mapping[str, Callable[[], None]]] = {"event": event, "counter": counter}


def main(piece: str, *arguments: str) -> None:
    """The command, with a daemon of ours."""
    from listener.cli import main as listener
    from listener.cli.demo import process, running

    put(process, "PROGRAM", (sys.executable, __file__, DAEMON, piece))
    put(running, "DRAIN_S", PATIENCE_S)
    listener(arguments)


if __name__ == "__main__":
    if sys.argv[1] == DAEMON:
        from listener.cli.demo import daemon

        PIECES[sys.argv[2]]()
        sys.exit(daemon.main(sys.argv[3:]))
    main(*sys.argv[1:])
