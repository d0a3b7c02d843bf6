"""
What `listener check --live` found out, before it is printed. Filled by `recording` and `running`, printed by `shown`.

No field holds a value of an answer, an address or the message of an error.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Literal

from listener.cli.live.documents import Body

ContentType = Literal["json", "xml", "html", "text", "events", "other", "none"]
Method = Literal["GET", "GET (stream)", "WebSocket", "POST"]
Verdict = Literal["as documented", "differs", "denied", "limited", "unreachable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    One request and the shape of its answer.

    Args:
        method: How it was asked.
        host: As the spec declares it.
        pattern: See `patterns`.
        status: Of the answer; None where none came.
        hops: Of each redirect followed, its status and whether it stayed at the host.
        content_type: As its header says, from a closed list.
        limits: Headers about limits by name, with their number where it is a small one.
        caching: Names of headers that make the next request cheaper.
        body_bytes: Decoded; of a connection, all that came.
        took_s: Waiting for a turn included.
        cost: What was charged, by budget; what it cost where the adapter found that out.
        failure: Class of the error that came instead of an answer.
        body: None where none was read.
    """

    method: Method
    host: str
    pattern: str
    status: int | None
    hops: tuple[tuple[int, Literal["same host", "another host"]], ...] = ()
    content_type: ContentType = "none"
    limits: dict[str, int | None] = field(default_factory=dict)
    caching: tuple[str, ...] = ()
    body_bytes: int = 0
    took_s: float = 0.0
    cost: dict[str, float] = field(default_factory=dict)
    failure: str | None = None
    body: Body | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """
    Why a reading ended.

    Args:
        error: Class of the error.
        code: From a closed set; None where the adapter has no word for it.
        meaning: In a sentence that says what to do.
        status: HTTP status, where that says more.
        wait_s: What the server asked for.
    """

    error: str
    code: str | None
    meaning: str
    status: int | None = None
    wait_s: float | None = None


@dataclass(slots=True, kw_only=True)
class Made:
    """
    What the adapter made of it.

    Args:
        pages: Given by the adapter.
        items: By class.
        rejected: Items that cannot be read, by reason.
        filled: How many posts have something in a field, by field of `Post`.
        kinds: Posts by kind.
        gate: What would become of the posts, `passed` or why not.
        watches: Of those that passed, by the watch that asks for them.
        notes: Of pages, from the adapter's closed set.
        rechecked: State of the one post that was asked about again; None where none was.
    """

    pages: int = 0
    items: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    filled: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    gate: Counter[str] = field(default_factory=Counter)
    watches: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    rechecked: str | None = None


@dataclass(slots=True, kw_only=True)
class Looked:
    """
    One source.

    Args:
        name, adapter, relation, keep: As configured.
        way: Whether it is asked or speaks by itself.
        asked: Every request, in order; the first `MOST_ASKED`.
        more_asked: How many more.
        failure: None where the reading went well.
        verdict, why: What it comes to; `why` says how it differs.
    """

    name: str
    adapter: str
    relation: str
    keep: str
    way: Literal["polled", "streamed"] = "polled"
    asked: list[Asked] = field(default_factory=list)
    more_asked: int = 0
    made: Made = field(default_factory=Made)
    failure: Failure | None = None
    verdict: Verdict = "as documented"
    why: str | None = None


MOST_ASKED: Final = 60
"""Chosen: of one source, as many requests as are told one by one."""


@dataclass(slots=True, kw_only=True)
class Live:
    """
    All of it.

    Args:
        daemon_runs: A daemon works with the same data folder.
        looked: Sources in the order of the configuration.
        not_looked_at: Names of those that an interrupt left out.
    """

    daemon_runs: bool
    looked: list[Looked] = field(default_factory=list)
    not_looked_at: tuple[str, ...] = ()

    @property
    def interrupted(self) -> bool:
        """
        Whether Ctrl-C ended it.
        """
        return bool(self.not_looked_at)

    @property
    def exit_code(self) -> int:
        """
        See `listener check --help`.
        """
        if self.interrupted:
            return 130
        return 0 if all(each.verdict == "as documented" for each in self.looked) else 1
