"""
The commands an operator has, called by the CLI and the web alike, so that there is one writer: the process that
holds the queue.

`DaemonControl` serves them inside the daemon. `offline` serves those that make sense without one, and only where no
daemon holds the queue.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol

from listener.clock import Clock, SystemClock
from listener.errors import NoDaemon
from listener.events import Name
from listener.export import Exporter, Rules
from listener.gate.aliases import Naming, names_for
from listener.opening import Opener
from listener.queues import open_queue
from listener.queues.base import Found, Queue
from listener.secret_files import key_ring
from listener.settings import Settings, statement
from listener.status import (
    BudgetView,
    Control,
    ExportAsk,
    ExportPart,
    Forgot,
    Held,
    Holdings,
    Language,
    NoticeFormat,
    Opened,
    Polled,
    Readiness,
    RecheckView,
    SourceView,
    Unsealed,
)
from listener.telemetry import Telemetry

FORGET_FOR: Final = timedelta(days=400)
"""Chosen: a post that was forgotten here is refused for more than a year, and for longer while its source still
shows it (each sighting extends the key)."""

OVERDUE_AFTER: Final = timedelta(hours=1)
"""Chosen: many rounds of upkeep; what is there for longer after its end was forgotten by them."""

BARRED_MOST: Final = 256
"""Chosen: each name that is barred is a key that is kept for `FORGET_FOR`."""


def namings(settings: Settings) -> tuple[Naming, ...]:
    """
    What each configured network makes of an address, in the order of their names.
    """
    configs: dict[str, list[Any]] = {}
    specs = {}
    for source in settings.sources:
        configs.setdefault(source.adapter, []).append(source.config)
        specs[source.adapter] = source.spec
    return tuple((network, partial(specs[network].names, configs[network])) for network in sorted(configs))


def export_rules(settings: Settings) -> Rules:
    """
    What this configuration says of exports.
    """
    return Rules(
        organisation=settings.organisation.name,
        statement=statement(settings).digest,
        watches=frozenset(watch.name for watch in settings.watches),
        retention=timedelta(days=settings.privacy.retention_days),
        in_words=frozenset(
            source.adapter for source in settings.sources if source.spec.terms.by_address_only is None
        ),
    )


class Views(Protocol):
    """
    How sources are shown; see `Control.sources`.
    """

    def __call__(self, names: frozenset[str], *, reads: bool) -> tuple[SourceView, ...]: ...


class Poll(Protocol):
    """
    How a source is read by hand; see `Control.poll`.
    """

    async def __call__(
        self, source: str, /, *, unconditional: bool, come_back: bool, mended: bool
    ) -> Polled: ...


class DaemonControl:
    """
    Inside the daemon, where everything is at hand.

    Args:
        names_for: Every name the post may have that somebody means by what they pasted.
        opener: Knows what a sealed link stands for.
        exporter: Writes exports and reads them back.
        views: Each source as it stands.
        rechecks: Each source that can be asked again, counted now.
        budgets: Each budget of the configured sources, as of now.
        poll: Reads a source by hand.
        notice: The public notice.
        ready: Whether intake runs and the queue takes commits.
        reload: What SIGHUP does.
    """

    def __init__(
        self,
        *,
        queue: Queue,
        clock: Clock,
        telemetry: Telemetry,
        names_for: Callable[[str], Sequence[Name]],
        opener: Opener,
        exporter: Exporter,
        views: Views,
        rechecks: Callable[[], Awaitable[tuple[RecheckView, ...]]],
        budgets: Callable[[], Awaitable[tuple[BudgetView, ...]]],
        poll: Poll,
        notice: Callable[[Language, NoticeFormat], str],
        ready: Callable[[], Readiness],
        reload: Callable[[], Awaitable[str]],
    ) -> None:
        self._queue, self._clock, self._telemetry = queue, clock, telemetry
        self._names_for, self._opener, self._exporter = names_for, opener, exporter
        self._views, self._poll = views, poll
        self._rechecks, self._budgets = rechecks, budgets
        self._notice, self._ready, self._reload = notice, ready, reload

    def sources(self, names: frozenset[str] = frozenset(), *, reads: bool = False) -> tuple[SourceView, ...]:
        return self._views(names, reads=reads)

    async def rechecks(self) -> tuple[RecheckView, ...]:
        return await self._rechecks()

    async def budgets(self) -> tuple[BudgetView, ...]:
        return await self._budgets()

    async def poll(self, source: str, *, unconditional: bool, come_back: bool, mended: bool) -> Polled:
        return await self._poll(source, unconditional=unconditional, come_back=come_back, mended=mended)

    def notice(self, language: Language, form: NoticeFormat) -> str:
        return self._notice(language, form)

    def readiness(self) -> Readiness:
        return self._ready()

    async def find(self, link: str) -> tuple[Held, ...]:
        found = await self._queue.find(await self._names(link))
        return tuple([await self._held(one) for one in found])

    async def forget(self, link: str) -> Forgot:
        now = self._clock.now()
        keys = await self._queue.forget(
            await self._to_bar(link), reason="forgotten", at=now, keys_until_at=now + FORGET_FOR
        )
        self._telemetry.upkeep_forgotten(posts=len(keys), reason="forgotten")
        erased = [await self._queue.erased(key) for key in keys]
        return Forgot(keys=tuple(keys), erased=all(erased))

    async def open_link(self, token: str) -> Opened:
        return await self._opener.open(token)

    async def export(self, ask: ExportAsk) -> AsyncGenerator[bytes, None]:
        return self._exporter.write(ask)

    async def unseal(self, part: ExportPart) -> tuple[Unsealed, ...]:
        return await self._exporter.read(part)

    async def holdings(self) -> Holdings:
        return await holdings_of(self._queue, self._clock.now())

    async def reload(self) -> str:
        return await self._reload()

    async def _names(self, link: str) -> Sequence[Name]:
        """
        The one place where what an operator pasted becomes names. It is neither logged nor echoed. Of a sealed link: the name of
        its post, and those that its address has.
        """
        behind = await self._opener.behind(link)
        if behind is None:
            return self._names_for(link)
        name, target = behind
        return (name, *self._names_for(target))

    async def _to_bar(self, link: str) -> Sequence[Name]:
        """
        Names that are refused from now on. An identity that any of thousands of feeds may hold has as many names: there
        the likeliest are barred, and those of what is held.
        """
        names = await self._names(link)
        if len(names) <= BARRED_MOST:
            return names
        held = [Name(bytes.fromhex(found.key)) for found in await self._queue.find(names)]
        return tuple(dict.fromkeys((*names[:BARRED_MOST], *held)))

    async def _held(self, found: Found) -> Held:
        return Held(
            key=found.key,
            state=found.state,
            source=found.source,
            expires_at=found.expires_at,
            key_until_at=found.key_until_at,
            erased=await self._queue.erased(found.key),
        )


async def holdings_of(queue: Queue, now: datetime) -> Holdings:
    """
    What an engine holds. A body counts as overdue once upkeep has had time to take it.
    """
    inventory, stats = await queue.inventory(now - OVERDUE_AFTER), await queue.stats()
    return Holdings(
        layout=inventory.layout,
        sealing_days=inventory.sealing_days,
        overdue=inventory.overdue,
        posts=stats.posts,
        keys=stats.keys,
        oldest_body_at=stats.oldest_body_at,
        erasures_pending=stats.erasures_pending,
        erasures_since_at=stats.erasures_since_at,
    )


@asynccontextmanager
async def offline(settings: Settings) -> AsyncIterator[Control]:
    """
    The commands over a queue that no daemon holds.

    Raises:
        QueueUnavailable: among others, where a daemon holds the queue after all.
    """
    keys = key_ring(settings.privacy.secret_files, create=False)
    clock = SystemClock()
    queue = await open_queue(
        settings.queue.url, base_dir=settings.base_dir, fingerprints=keys.fingerprints, clock=clock
    )
    networks = namings(settings)

    async def poll(source: str, /, *, unconditional: bool, come_back: bool, mended: bool) -> Polled:
        raise NoDaemon("no daemon is running that could read it; the next start reads what is due")

    async def rechecks() -> tuple[RecheckView, ...]:
        from listener.hear.recheck_seat import address_of, view_of  # no other command needs the room

        now = clock.now()
        return tuple(
            [
                await view_of(queue, source.name, address_of(source.adapter, source.name), terms, now=now)
                for source in settings.sources
                if (terms := source.spec.recheck) is not None
            ]
        )

    async def budgets() -> tuple[BudgetView, ...]:
        from listener.hear.purse import Purse  # no other command needs the room

        purse = Purse(queue=queue, clock=clock, telemetry=Telemetry(), node="offline")
        for source in settings.sources:
            spec, config = source.spec, source.config
            purse.wallet(source.name, spec.name, spec.budgets(config), partial(spec.charges, config))
        return await purse.views()

    def notice(language: Language, form: NoticeFormat) -> str:
        raise NoDaemon(
            "no daemon is running that shows it; `listener notice` writes it from the configuration"
        )

    async def reload() -> str:
        raise NoDaemon(
            "no daemon is running that could reload; the next start reads the configuration anyway"
        )

    try:
        yield DaemonControl(
            queue=queue,
            clock=clock,
            telemetry=Telemetry(),
            names_for=lambda link: names_for(link, keys=keys, networks=networks),
            opener=Opener(queue, keys, clock),
            # No daemon's log takes what has to be noted of exports, so it goes where the operator looks.
            exporter=Exporter(queue, keys, clock, Telemetry(sys.stderr), lambda: export_rules(settings)),
            views=lambda names, *, reads: (),
            rechecks=rechecks,
            budgets=budgets,
            poll=poll,
            notice=notice,
            ready=lambda: Readiness(ready=False, reasons=("no daemon is running",)),
            reload=reload,
        )
    finally:
        await queue.aclose()
