"""
Engines behind one contract (`base`). An engine is chosen by the scheme of its URL and imported only then.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from listener.clock import Clock
from listener.errors import QueueUnavailable
from listener.queues.base import Queue, TellErased, tell_nobody

_SQLITE: Final = "sqlite:///"


def file_of(url: str, *, base_dir: Path) -> Path | None:
    """
    Where an embedded queue lies, whether or not there is one yet; None for any other engine. Arguments as `open_queue`.
    """
    return base_dir / url.removeprefix(_SQLITE) if url.startswith(_SQLITE) and url != _SQLITE else None


async def open_queue(
    url: str,
    *,
    base_dir: Path,
    fingerprints: tuple[str, ...],
    clock: Clock,
    tell_erased: TellErased = tell_nobody,
) -> Queue:
    """
    The queue at this address, verified and ours.

    Args:
        url: `sqlite:///` and a path, relative to `base_dir` or absolute (`sqlite:////data/listener.db`).
        base_dir: Folder of the configuration.
        fingerprints: Of the secrets in use, current first; see `KeyRing.fingerprints`.
        clock: See `listener.clock`.
        tell_erased: Called in the event loop; see there.

    Raises:
        QueueUnavailable: it cannot be opened, verified or trusted; the message says what to do.
    """
    file = file_of(url, base_dir=base_dir)
    if file is None:
        raise QueueUnavailable(
            f"no queue engine for {url.partition(':')[0]!r}: write [queue] url as sqlite:///listener.db"
        )
    from listener.queues.sqlite import open_sqlite

    return await open_sqlite(file, fingerprints=fingerprints, clock=clock, tell_erased=tell_erased)
