"""
What the daemon is doing, in values that intake fills and that the API, the CLI and the logs show.

`Control` is the one door for commands that read the daemon's state or write through it: `listener.control`
implements it, `listener.tell.api` serves it, the CLI calls it over the Unix socket.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

Language = Literal["en", "fr"]
"""Of what people read: pages, and the public notice."""

NoticeFormat = Literal["html", "markdown", "json"]
"""In which the public notice is written."""

DerivedMetrics = Literal["free", "agreed", "not_agreed"]
"""Whether numbers and classes may be made of what a source brings: its terms leave it free; they ask for an agreement, which
the operator has accepted; or has not."""

SourceStateName = Literal["reading", "waiting", "failing", "denied", "held", "paused", "not_ours", "gone"]

Why = Literal[
    "first",  # not read yet
    "interval",  # asked for by the operator, or the shortest allowed
    "rhythm",  # it writes that seldom
    "server",  # cache headers or hints in the document
    "skipped",  # the document asks to be spared at these hours or days
    "no_validators",  # an unconditional answer costs the site a whole document
    "ceiling",  # the hint was longer than the longest wait
    "overrun",  # more came than the source shows at once
    "held",  # 429, or 503 with Retry-After
    "denied",
    "failing",
    "full",  # the queue has no room
    "not_ours",
    "gone",  # 410, three times in two days
    "by_hand",
    "consent",  # whether somebody in the page wants to be read cannot be looked up now
    "afforded",  # its budget may have more than when it was told to wait
    "budget",  # what its credential may spend has to last until its window turns
    "reading",
]
"""Why a source waits, in a word from a closed set."""


@dataclass(frozen=True, slots=True)
class Read:
    """
    One turn of a source.

    Args:
        at: When it ended.
        status: HTTP status of the last answer; 0 where none came.
        bytes: Of all bodies, on the wire.
        new: Entries that became events.
        note: What was odd, or the error code; None mostly.
    """

    at: datetime
    status: int
    bytes: int
    new: int
    note: str | None


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
        why: Why it waits, in a word.
        reason: The same in a sentence.
        next_due_at: When it will be read again; None while it is not scheduled.
        last_read_at: When an answer last came; None if never.
        last_new_at: When an answer last brought something new; None if never.
        failures: Reads that failed in a row.
        error_code: Of the last failure, from a closed set; None while it answers.
        received: Items read since the daemon started.
        queued: Items committed as created, updated or removed since the daemon started.
        moved: It is read at an address it moved to, not at the configured one.
        note: What was odd in its last answer, from its adapter's closed set; None mostly.
        silent_since: When it last brought anything, where that is far longer ago than it ever was at such hours.
        other_withheld: Posts that passed since the daemon started, repeats included, and that the consent mode which is
            not in force would have withheld.
        other_let_through: The other way round.
        derived_metrics: Whether numbers and classes may be made of its posts. Whoever shows counts, shares, moods or topics
            leaves out every source that says `not_agreed`.
        terms_read_on: When somebody last read that page of its network's terms which nobody has read for longest; None where
            there is no such page.
        reads: Its latest reads, newest first; empty unless they were asked for.
    """

    name: str
    network: str
    relation: str
    keep: str
    state: SourceStateName
    why: Why
    reason: str
    next_due_at: datetime | None
    last_read_at: datetime | None
    last_new_at: datetime | None
    failures: int
    error_code: str | None
    received: int
    queued: int
    derived_metrics: DerivedMetrics
    terms_read_on: date | None
    moved: bool = False
    note: str | None = None
    silent_since: datetime | None = None
    other_withheld: int = 0
    other_let_through: int = 0
    reads: tuple[Read, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckView:
    """
    How one source is asked again about what it does not announce. Nobody is in it.

    Args:
        name: Of the source.
        stored: Posts of it that can be asked about.
        overdue: Those that were not asked about within the clock.
        oldest_at: When the one that waits longest was asked about last; None where there is none.
        within_s: The clock: each post is asked about once in so many seconds.
        capacity: Posts that can be asked about within the clock, at most.
        beyond: Posts that are stored beyond that; 0 where the clock can be kept.
        round_s: How long asking about every stored post once takes.
        next_at: When the source is asked next, or the plan is looked at again; None where no daemon runs.
        early: Everything is asked about out of turn, because the gate lets other people through than before.
        failures: Questions that failed in a row.
        error_code: Of the last failure, from a closed set; None while it answers.
    """

    name: str
    stored: int
    overdue: int
    oldest_at: datetime | None
    within_s: float
    capacity: int
    beyond: int
    round_s: float
    next_at: datetime | None = None
    early: bool = False
    failures: int = 0
    error_code: str | None = None


BudgetStage = Literal["open", "slowed", "spent"]
"""Whether sources may spend as they like, are slowed so that the rest lasts, or have nothing left to spend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetPart:
    """
    What one account spent in the present window.

    Args:
        source: From the configuration.
        watch: On whose account within the source, such as a watch; empty where nobody was named.
        recheck: Spent on asking again.
        spent: In the unit of the budget.
        back_at: When what it was last refused may be had; None while it waits for nothing.
    """

    source: str
    watch: str
    recheck: bool
    spent: float
    back_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetView:
    """
    How one budget of a credential stands. The credential is not in it, nor is a digest of it.

    Args:
        network: Adapter name.
        name: As its adapter calls it.
        sources: Who shares it, in the order of their names.
        unit: Such as `units`, `calls`, `USD`.
        start, end: Of the present window; at `end` it is renewed.
        limit: For one window.
        spent: In it so far, what is on its way at most included.
        reserved: Of that, what was written down before a crash and cannot be told apart any more.
        allowed: What may have been spent by now, so that it lasts.
        forecast: What would be spent at the end of the window, if it went on like in the last hours and nobody slowed it.
        stage: In a word.
        back_at: When the first of those who wait may go on; None where nobody waits.
        parts: By account.
    """

    network: str
    name: str
    sources: tuple[str, ...]
    unit: str
    start: datetime
    end: datetime
    limit: float
    spent: float
    reserved: float
    allowed: float
    forecast: float
    stage: BudgetStage
    back_at: datetime | None
    parts: tuple[BudgetPart, ...]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """
    What came of asking for a read by hand.

    Args:
        due_at: When the source will be read; later than now where politeness asks for it.
        reason: Why then, in a sentence.
    """

    due_at: datetime
    reason: str


OpenedState = Literal["opened", "gone", "ended", "unknown"]
"""What came of a sealed link: its post is here; its post was removed; its time is over; it is none of ours."""


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """
    Where a sealed link leads. Prints nothing of itself.

    Args:
        state: See `OpenedState`.
        source: `/<network>/<source>` of the post; None unless it was held a moment ago.
        target: The address; None unless `opened`.
    """

    state: OpenedState
    source: str | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportAsk:
    """
    What a records officer wants in a file.

    Args:
        reason: Why, for the record; one line, at most 200 characters.
        watches: Names of configured watches; all where empty.
        since_at: Posts published from then on, aware; None from the oldest that is kept.
        by: Who asks: a name or an office; None where nobody said.
    """

    reason: str
    watches: tuple[str, ...] = ()
    since_at: datetime | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class ExportPart:
    """
    Some lines of an export, with what tells which.

    Args:
        head, end: Its first line and its last.
        lines: Some of those between, in order.
        first: Number of the first of them, from 0.
    """

    head: str
    end: str
    lines: tuple[str, ...]
    first: int


UnsealedState = Literal["live", "edited", "removed", "expired", "sealed", "altered"]
"""What became of an event in a file: it is so to this day; it has other words now, was taken away, or its time is over; the key of its
day was destroyed; or the line is not what was written there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsealed:
    """
    One line of an export, read now.

    Args:
        state: See there.
        key: Of the post (or the subject of another event); None where the line could not be opened.
        type: CloudEvents type; None likewise.
        event: As CloudEvents JSON where it is live; else None.
    """

    state: UnsealedState
    key: str | None = None
    type: str | None = None
    event: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """
    What is held, as an audit asks for it: names, days and numbers.

    Args:
        layout: Every table with its columns, or what the engine has in their place.
        sealing_days: Days whose keys live.
        overdue: Bodies and notes that are stored although their time was over an hour ago.
        posts, keys: Live posts, and keys without a body.
        oldest_body_at: When the oldest body was committed; None where there is none.
        erasures_pending, erasures_since_at: See `QueueStats`.
    """

    layout: Mapping[str, tuple[str, ...]]
    sealing_days: tuple[date, ...]
    overdue: int
    posts: int
    keys: int
    oldest_body_at: datetime | None
    erasures_pending: int
    erasures_since_at: datetime | None


class Control(Protocol):
    """
    The commands an operator has. One writer: the process that holds the queue.
    """

    def sources(self, names: frozenset[str] = frozenset(), *, reads: bool = False) -> tuple[SourceView, ...]:
        """
        Configured sources, in the order of the configuration.

        Args:
            names: Only these; all where empty.
            reads: With the latest reads of each.
        """
        ...

    async def rechecks(self) -> tuple[RecheckView, ...]:
        """
        Each source that can be asked again, counted now.
        """
        ...

    async def budgets(self) -> tuple[BudgetView, ...]:
        """
        Each budget of the configured sources, as of now.
        """
        ...

    async def poll(self, source: str, *, unconditional: bool, come_back: bool, mended: bool) -> Polled:
        """
        Read a source as soon as politeness allows, one that is gone too.

        Args:
            source: Name from the configuration.
            unconditional: Without validators; counted, and at most once a day (politeness P7).
            come_back: At the configured address again, where it is read at one it moved to.
            mended: Before its back-off is over, because somebody says that it is well again.

        Raises:
            UnknownSource: there is none of that name.
        """
        ...

    def notice(self, language: Language, form: NoticeFormat) -> str:
        """
        What everybody may know: the public notice of the configuration in force, as of a minute ago at most.
        """
        ...

    def readiness(self) -> Readiness:
        """
        Now.
        """
        ...

    async def open_link(self, token: str) -> Opened:
        """
        Where a sealed link leads, by its last part. Only the page that a person opens it on may ask.
        """
        ...

    async def find(self, link: str) -> tuple[Held, ...]:
        """
        Every post that is meant by this address, sealed link, native identity or key, on any configured network.
        """
        ...

    async def forget(self, link: str) -> Forgot:
        """
        Erase every such post here, and refuse it if it is shown again.
        """
        ...

    async def export(self, ask: ExportAsk) -> AsyncGenerator[bytes, None]:
        """
        What was asked for, as the lines of an export (`listener.export`): a head, every event sealed, an end. Noted with its
        reason, however far it came.

        Raises:
            ConfigError: no reason, or a watch that is not configured.
        """
        ...

    async def unseal(self, part: ExportPart) -> tuple[Unsealed, ...]:
        """
        Lines of an export; what was removed, edited or is over since is told without its words. Noted.

        Raises:
            FileRefused: it is no export of ours, was cut short, or its head or end was altered.
        """
        ...

    async def holdings(self) -> Holdings:
        """
        As of now.
        """
        ...

    async def reload(self) -> str:
        """
        Read the configuration again, as SIGHUP does; one line saying what came of it.

        Raises:
            ConfigError, NotAccepted: the running configuration goes on.
        """
        ...
