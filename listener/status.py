"""
What the daemon is doing, in values that intake fills and that the API, the CLI and the logs show.

`Control` is the one door for commands that read the daemon's state or write through it: `listener.control`
implements it, `listener.tell.api` serves it, the CLI calls it over the Unix socket.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

SourceStateName = Literal["reading", "waiting", "failing", "denied", "held", "paused", "not_ours"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """
    One source, as an operator wants to see it. Nobody is in it.

    Args:
        name: From the configuration.
        network: Adapter name.
        relation: `own` or `public`.
        keep: `counts`, `links` or `text`.
        state: What it is doing.
        reason: Why it waits, in a sentence.
        next_due_at: When it will be read again; None while it is not scheduled.
        last_read_at: When an answer last came; None if never.
        last_new_at: When an answer last brought something new; None if never.
        failures: Reads that failed in a row.
        error_code: Of the last failure, from a closed set; None while it answers.
        received: Items read since the daemon started.
        queued: Items committed as created, updated or removed since the daemon started.
    """

    name: str
    network: str
    relation: str
    keep: str
    state: SourceStateName
    reason: str
    next_due_at: datetime | None
    last_read_at: datetime | None
    last_new_at: datetime | None
    failures: int
    error_code: str | None
    received: int
    queued: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """
    Whether a post is held, without a word of it.

    Args:
        key: Its key.
        state: `live`, `removed`, `expired` or `seen`.
        source: `/<network>/<source>` of a live post.
        expires_at: When its body ends here.
        key_until_at: When its key ends here.
        erased: No file holds bytes of an earlier body.
    """

    key: str
    state: str
    source: str | None
    expires_at: datetime | None
    key_until_at: datetime
    erased: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgot:
    """
    What `forget` did.

    Args:
        keys: Posts whose bodies were taken away.
        erased: Whether the bytes of all of them are gone from every file already.
    """

    keys: tuple[str, ...]
    erased: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """
    Whether the daemon can do its work; never failed by a source.

    Args:
        ready: Intake runs and the queue takes commits.
        reasons: What is in the way, in sentences.
    """

    ready: bool
    reasons: tuple[str, ...]


class Control(Protocol):
    """
    The commands an operator has. One writer: the process that holds the queue.
    """

    def sources(self) -> tuple[SourceView, ...]:
        """
        Every configured source, in the order of the configuration.
        """
        ...

    def readiness(self) -> Readiness:
        """
        Now.
        """
        ...

    async def find(self, link: str) -> tuple[Held, ...]:
        """
        Every post that goes by this address or native identity, on any configured network.
        """
        ...

    async def forget(self, link: str) -> Forgot:
        """
        Erase every such post here, and refuse it if it is shown again.
        """
        ...

    async def reload(self) -> str:
        """
        Read the configuration again, as SIGHUP does; one line saying what came of it.

        Raises:
            ConfigError, NotAccepted: the running configuration goes on.
        """
        ...
