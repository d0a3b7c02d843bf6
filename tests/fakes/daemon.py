"""
A control and some synthetic posts, for tests of what serves or calls a daemon.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from listener.events import Cleared, Name, Noted, PostCreated, PostData, Provenance, Retraction
from listener.queues.base import Commit, Item, Queue, SourceState
from listener.status import (
    BudgetPart,
    BudgetView,
    ExportAsk,
    ExportPart,
    Forgot,
    Held,
    Holdings,
    Language,
    NoticeFormat,
    Opened,
    Polled,
    Read,
    Readiness,
    RecheckView,
    SourceView,
    Unsealed,
)

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
KEPT_UNTIL = AT + timedelta(days=30)


def name(number: int) -> Name:
    """
    The name of the post of that number.
    """
    return Name(number.to_bytes(16, "big"))


def post(number: int, text: str | None = "the river path is open", **changed: Any) -> Cleared:
    """
    A cleared post; `changed` replaces fields of its data, or `time`, `expirytime` and `source` of its envelope.
    """
    envelope = {
        "time": changed.pop("time", AT - timedelta(minutes=5)),
        "expirytime": changed.pop("expirytime", KEPT_UNTIL),
        "source": changed.pop("source", "/feed/harbour-blog"),
    }
    fields: dict[str, Any] = {
        "network": "feed",
        "kind": "article",
        "text": text,
        "title": None,
        "lang": "en-CA",
        "watches": ("river",),
        "hashtags": ("yyc",),
        "link": f"https://blog.example/{number}",
        "in_reply_to": None,
        "by_us": False,
        "addressed": False,
        "open_to_reply": "unknown",
        "observed_at": AT,
        "masked": {},
    }
    data = PostData(**(fields | changed))
    key = name(number).hex()
    event = PostCreated(id=f"{key}.1", subject=key, data=data, **envelope)
    return Cleared(event, Provenance((name(number),)), repr(data).encode())


def gone(number: int) -> Retraction:
    """
    The source says that the post of that number is deleted.
    """
    return Retraction((name(number),), "deleted", "/feed/harbour-blog", "feed", AT)


async def put(queue: Queue, *items: Cleared | Retraction | Noted, commit_id: str | None = None) -> None:
    """
    Commit the items as one page.
    """
    lease = await queue.lease("blog.example", "local", ttl_s=3600, now=AT)
    assert lease is not None
    page: tuple[Item, ...] = items
    stats = await queue.stats()
    await queue.commit(
        Commit(
            commit_id=commit_id or f"page-after-{stats.newest}",
            source="harbour-blog",
            items=page,
            state=SourceState(b"cursor", AT),
            states={},
            lease=lease,
            at=AT,
            keys_until_at=KEPT_UNTIL,
        )
    )


VIEW = SourceView(
    name="harbour-blog",
    network="feed",
    relation="public",
    keep="text",
    state="waiting",
    why="interval",
    reason="due in 10 minutes",
    next_due_at=AT + timedelta(minutes=10),
    last_read_at=AT,
    last_new_at=None,
    failures=0,
    error_code=None,
    received=3,
    queued=2,
    derived_metrics="free",
    terms_read_on=AT.date() - timedelta(days=90),
    reads=(Read(AT, 200, 5120, 2, None), Read(AT - timedelta(hours=1), 304, 0, 0, "unchanged")),
)
HELD = Held(
    key=name(1).hex(),
    state="live",
    source="/feed/harbour-blog",
    expires_at=KEPT_UNTIL,
    key_until_at=KEPT_UNTIL,
    erased=True,
)


RECHECK = RecheckView(
    name="harbour-blog",
    stored=1200,
    overdue=3,
    oldest_at=AT - timedelta(days=8),
    within_s=604_800.0,
    capacity=1000,
    beyond=200,
    round_s=700_000.0,
    next_at=AT + timedelta(minutes=10),
)

BUDGET = BudgetView(
    network="feed",
    name="calls",
    sources=("harbour-blog",),
    unit="calls",
    start=AT - timedelta(hours=4),
    end=AT + timedelta(hours=20),
    limit=9_600.0,
    spent=1_600.5,
    reserved=0.0,
    allowed=2_000.0,
    forecast=9_603.25,
    stage="slowed",
    back_at=AT + timedelta(minutes=5),
    parts=(
        BudgetPart(source="harbour-blog", watch="river", recheck=False, spent=1_500.0, back_at=None),
        BudgetPart(
            source="harbour-blog",
            watch="",
            recheck=True,
            spent=100.5,
            back_at=AT + timedelta(minutes=5),
        ),
    ),
)

HOLDINGS = Holdings(
    layout={"meta": ("name", "value")},
    sealing_days=(AT.date(),),
    overdue=0,
    posts=3,
    keys=1,
    oldest_body_at=AT,
    erasures_pending=0,
    erasures_since_at=None,
)

READY = Readiness(ready=True, reasons=())


async def _lines(lines: Sequence[bytes]) -> AsyncGenerator[bytes, None]:
    for line in lines:
        yield line


@dataclass(slots=True)
class FakeControl:
    """
    Answers as it was told to, and remembers what it was asked.

    Args:
        views: What `sources` answers.
        ready: What `readiness` answers.
        held: What `find` answers, and what `forget` erases.
        failure: Raised by every command instead.
        rechecked: What `rechecks` answers.
        spending: What `budgets` answers.
        opened: What `open_link` answers, by token.
        exported: The lines that `export` gives.
        unsealed: What `unseal` answers.
        noticed: What `notice` answers, with what was asked for behind it.
    """

    views: tuple[SourceView, ...] = (VIEW,)
    ready: Readiness = READY
    held: Sequence[Held] = (HELD,)
    failure: Exception | None = None
    rechecked: tuple[RecheckView, ...] = ()
    spending: tuple[BudgetView, ...] = ()
    opened: Mapping[str, Opened] = field(default_factory=dict)
    exported: Sequence[bytes] = ()
    unsealed: Sequence[Unsealed] = ()
    noticed: str = "the notice"
    asked: list[tuple[str, str]] = field(default_factory=list)

    def sources(self, names: frozenset[str] = frozenset(), *, reads: bool = False) -> tuple[SourceView, ...]:
        chosen = tuple(view for view in self.views if not names or view.name in names)
        return chosen if reads else tuple(replace(view, reads=()) for view in chosen)

    async def rechecks(self) -> tuple[RecheckView, ...]:
        return self.rechecked

    async def budgets(self) -> tuple[BudgetView, ...]:
        return self.spending

    async def poll(self, source: str, *, unconditional: bool, come_back: bool, mended: bool) -> Polled:
        self._ask("poll", f"{source} unconditional={unconditional} come_back={come_back} mended={mended}")
        return Polled(due_at=AT + timedelta(minutes=3), reason="it was asked less than 15 min ago")

    def notice(self, language: Language, form: NoticeFormat) -> str:
        return f"{self.noticed} {language} {form}"

    def readiness(self) -> Readiness:
        return self.ready

    async def open_link(self, token: str) -> Opened:
        self._ask("open", token)
        return self.opened.get(token, Opened("unknown"))

    async def find(self, link: str) -> tuple[Held, ...]:
        self._ask("find", link)
        return tuple(self.held)

    async def forget(self, link: str) -> Forgot:
        self._ask("forget", link)
        return Forgot(keys=tuple(one.key for one in self.held), erased=True)

    async def export(self, ask: ExportAsk) -> AsyncGenerator[bytes, None]:
        self._ask("export", repr(ask))
        return _lines(self.exported)

    async def unseal(self, part: ExportPart) -> tuple[Unsealed, ...]:
        self._ask("unseal", f"{part.head} {part.end} {part.first} {part.lines}")
        return tuple(self.unsealed)

    async def holdings(self) -> Holdings:
        self._ask("holdings", "")
        return HOLDINGS

    async def reload(self) -> str:
        self._ask("reload", "")
        return "applied: 1 added"

    def _ask(self, command: str, link: str) -> None:
        self.asked.append((command, link))
        if self.failure is not None:
            raise self.failure
