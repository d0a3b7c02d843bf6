"""
The composition root: settings become objects, objects go into one task group. Reads as a table of contents.

`Daemon` starts, reloads and stops; everything it does is done by a room of its own.
"""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import anyio
from anyio.abc import TaskGroup, TaskStatus
from starlette.applications import Starlette

from listener import __version__, settings
from listener.adapter import Interest, Rechecker
from listener.clock import Clock
from listener.control import FORGET_FOR, DaemonControl, export_rules
from listener.errors import ConfigError, ListenerError, NotAccepted, QueueFull
from listener.events import Name
from listener.export import Exporter
from listener.failpoints import reach
from listener.hear.intake import Intake
from listener.hear.keeping import Keeper
from listener.hear.memo import place_digest
from listener.hear.pace import Pace
from listener.hear.purse import Purse
from listener.hear.reader import ReaderLimits, Web, user_agent
from listener.hear.recheck import Rechecks
from listener.hear.recheck_seat import Rechecked
from listener.hear.seat import Source
from listener.hear.upkeep import DAILY_EVERY_S, Upkeep
from listener.in_force import (
    Door,
    InForce,
    LiveInterest,
    Reminder,
    least_spacing,
    longest_held_s,
    own_hosts,
    selection,
)
from listener.keys import KeyRing
from listener.notice import Board, Notice, compose, figures_of
from listener.opening import Opener
from listener.queues import open_queue
from listener.queues.base import Queue, TellErased
from listener.secret_files import key_ring
from listener.settings import Settings
from listener.status import Readiness
from listener.telemetry import Telemetry, by_bound
from listener.tell.api import build_api
from listener.tell.api.access import Access, Token, bind_door
from listener.tell.api.serve import Listening, serve

NODE: Final = "local"
"""One machine, one node: an embedded queue is locked by its process, and a restart takes its own leases over."""


class Daemon:
    """
    One running listener.

    Args:
        config: Path of the configuration.
        environ: Environment that overrides it.
        clock: Injected everywhere.
        telemetry: Where it speaks.
    """

    def __init__(
        self, config: Path, environ: Mapping[str, str], *, clock: Clock, telemetry: Telemetry
    ) -> None:
        self._config, self._environ = config, environ
        self._clock, self._telemetry = clock, telemetry
        self._stop = anyio.Event()
        self._reloading = anyio.Lock()
        self._reminder = Reminder(telemetry)

    def stop(self) -> None:
        """
        End, as SIGTERM does.
        """
        self._stop.set()

    async def run(self, *, on_ready: Callable[[str], None] | None = None, signals: bool = True) -> None:
        """
        Serve until stopped.

        Args:
            on_ready: Called with the address of the API once everything runs.
            signals: Obey SIGTERM, SIGINT and SIGHUP; not where the process belongs to somebody else.

        Raises:
            ListenerError: the configuration, the queue or the port does not allow to start, or the queue cannot be
                trusted any more.
        """
        try:
            await self._run(on_ready, signals)
        except ExceptionGroup as group:
            raise _ours(group) from group

    async def _run(self, on_ready: Callable[[str], None] | None, signals: bool) -> None:
        digest, self._started_on = self._load(), self._clock.now().date()
        keys = key_ring(self._settings.privacy.secret_files, create=True)
        objections = settings.read_objections(self._settings.privacy.objections_file)
        self._keys = keys
        self._configured = InForce(self._settings, keys, objections)
        async with AsyncExitStack() as stack:
            self._queue = await stack.enter_async_context(
                _opened(self._settings, keys, self._clock, self._erased)
            )
            await self._tell_queue()
            self._telemetry.retention.set(longest_held_s(self._settings))
            web = await stack.enter_async_context(self._web())
            self._build(web)
            stack.push_async_callback(self._settle)
            async with anyio.create_task_group() as group:
                if signals:
                    group.start_soon(self._signals)
                await self._start(group, digest, on_ready)
                await self._stop.wait()
                self._telemetry.daemon_stopping(reason="asked to stop")
                group.cancel_scope.cancel()
        self._telemetry.daemon_stopped()

    async def _settle(self) -> None:
        with anyio.CancelScope(shield=True):
            await self._purse.aclose()

    def _erased(self, latencies_s: Sequence[float]) -> None:
        """
        The queue has no byte of these bodies any more.
        """
        self._telemetry.queue_erased(
            bodies=len(latencies_s),
            longest_s=max(latencies_s),
            total_s=sum(latencies_s),
            within=by_bound(latencies_s),
        )

    # --------------------------------------------------------------------------------------------- building

    def _load(self) -> str:
        """
        The configuration, and the digest of the statement that somebody signed for it.
        """
        self._settings = settings.load(self._config, environ=self._environ, now=self._clock.now())
        digest = settings.require_accepted(self._settings, settings.lock_path(self._config)).digest
        self._lock = settings.read_lock(settings.lock_path(self._config))
        return digest

    def _web(self) -> Web:
        now = self._settings
        self._pace = Pace(now.reader.spacing_s, own_hosts(now), least_s=least_spacing(now))
        return Web(
            clock=self._clock,
            pace=self._pace,
            user_agent=user_agent(now.organisation.name, now.leads_to, __version__),
            limits=ReaderLimits(deadline_s=now.reader.deadline_s, max_bytes=now.reader.max_bytes),
            allow=now.reader.allow_addresses,
            by_address=now.reader.spacing_by == "address",
        )

    def _build(self, web: Web) -> None:
        self._web_client = web
        self._purse = Purse(queue=self._queue, clock=self._clock, telemetry=self._telemetry, node=NODE)
        self._keeper = Keeper(
            queue=self._queue,
            pace=self._pace,
            asking=self._configured.asking,
            clock=self._clock,
            telemetry=self._telemetry,
            node=NODE,
            consent_wait=timedelta(seconds=self._settings.privacy.consent_wait_s),
            line=self._configured.line,
        )
        self._intake = Intake(
            keeper=self._keeper,
            queue=self._queue,
            pace=self._pace,
            clock=self._clock,
            workers=self._settings.reader.workers,
            spacing_s=self._settings.reader.spacing_s,
            telemetry=self._telemetry,
            rebuild=self._rebuilt,
        )
        self._rechecks = Rechecks(
            keeper=self._keeper,
            queue=self._queue,
            pace=self._pace,
            clock=self._clock,
            telemetry=self._telemetry,
            line=self._configured.line,
        )
        self._upkeep = Upkeep(
            queue=self._queue,
            clock=self._clock,
            telemetry=self._telemetry,
            retention=timedelta(days=self._settings.privacy.retention_days),
            keys_for=FORGET_FOR,
            at_review=self._at_review,
        )
        self._board = Board(self._notice, self._clock)
        self._control = DaemonControl(
            queue=self._queue,
            clock=self._clock,
            telemetry=self._telemetry,
            names_for=self._configured.names_for,
            opener=Opener(self._queue, self._keys, self._clock),
            exporter=Exporter(
                self._queue, self._keys, self._clock, self._telemetry, lambda: export_rules(self._settings)
            ),
            views=self._intake.views,
            rechecks=self._rechecks.views,
            budgets=self._purse.views,
            poll=self._intake.poll,
            notice=self._board.read,
            ready=self._readiness,
            reload=self.reload,
        )

    def _sources(self, names: Iterable[str] | None = None) -> Iterator[Source]:
        """
        Configured sources, ready to be read; None: all of them.
        """
        wanted = None if names is None else frozenset(names)
        for source in self._settings.sources:
            if wanted is None or source.name in wanted:
                yield self._source(source)

    def _rechecked(self, names: Iterable[str] | None = None) -> Iterator[Rechecked]:
        """
        Configured sources that can be asked again, each built a second time: what intake reads with is in the middle of a
        turn, or of a stream.
        """
        wanted = None if names is None else frozenset(names)
        for chosen in self._settings.sources:
            terms = chosen.spec.recheck
            if terms is None or (wanted is not None and chosen.name not in wanted):
                continue
            source = self._source(chosen, recheck=True)
            if isinstance(source.reads, Rechecker):
                door = Door(self._configured, chosen.name)
                yield Rechecked(source=source, terms=terms, remove=door.remove)

    def _rebuilt(self, name: str, moved_to: str | None) -> Source:
        """
        The source of that name, read at the address it moved to; at the configured one where that is None.
        """
        chosen = next(source for source in self._settings.sources if source.name == name)
        return self._source(chosen, moved_to)

    def _source(
        self, chosen: settings.Source, moved_to: str | None = None, *, recheck: bool = False
    ) -> Source:
        spec, config = chosen.spec, chosen.config
        if moved_to is not None and spec.relocated is not None:
            config = spec.relocated(config, moved_to)
        interest: Interest = LiveInterest(self._configured, chosen.name)
        group, budgets = spec.lease_group(config), spec.budgets(config)
        wallet = self._purse.wallet(
            chosen.name, spec.name, budgets, partial(spec.charges, config), recheck=recheck
        )
        reader = self._web_client.reader(
            chosen.name, spec.reaches(config), exchanges=spec.exchanges(config), wallet=wallet
        )
        return Source(
            name=chosen.name,
            network=chosen.adapter,
            relation=chosen.relation,
            keep=chosen.keep,
            take_all=chosen.take == "all",
            door=Door(self._configured, chosen.name),
            reads=spec.build(config, reader, self._clock, interest),
            group=group,
            interval_s=spec.interval_s(config, chosen.relation),
            floor_s=spec.floor_s(config, chosen.relation),
            look_back=timedelta(seconds=spec.look_back_s),
            meter=reader.meter,
            place="" if spec.address is None else place_digest(spec.address(chosen.config)),
            unconditional=spec.unconditional,
            meanings=spec.meanings,
            wallet=wallet,
            secret_group=any(budget.credential == group for budget in budgets),
            watches=selection(chosen),
            derived_metrics=chosen.derived_metrics,
            terms_read_on=min(spec.terms.read_on().values(), default=None),
        )

    # --------------------------------------------------------------------------------------------- running

    async def _start(self, group: TaskGroup, digest: str, on_ready: Callable[[str], None] | None) -> None:
        self._at_review(self._clock.now().date())
        await self._clear_away(())
        await self._intake.add(self._sources())
        await self._rechecks.add(self._rechecked())
        address = await group.start(self._serve)
        group.start_soon(self._intake.run)
        group.start_soon(self._rechecks.run)
        group.start_soon(self._upkeep.run)
        group.start_soon(self._prepare)
        self._telemetry.daemon_started(
            version=__version__,
            sources=len(self._settings.sources),
            watches=len(self._settings.watches),
            statement=digest,
        )
        if on_ready is not None:
            on_ready(address)

    async def _prepare(self) -> None:
        """
        Draw up what sieves a firehose, beside the loop; until then each frame is read the slower way.
        """
        if self._intake.hears:
            await anyio.to_thread.run_sync(self._configured.watcher.interest.prepare)

    async def _clear_away(self, removed: Sequence[str]) -> None:
        """
        What the configuration does not ask for any more is erased; where the queue has no room, upkeep does it later.
        """
        try:
            await self._upkeep.sweep(self._configured.wanted())
            for name in removed:
                await self._queue.drop_source(name)
                await self._rechecks.forget(name)
        except QueueFull as error:
            self._telemetry.upkeep_failed(job="sweep", error=type(error).__name__, wait_s=DAILY_EVERY_S)

    async def _tell_queue(self) -> None:
        stats = await self._queue.stats()
        engine = self._settings.queue.url.partition(":")[0]
        self._telemetry.queue_opened(engine=engine, posts=stats.posts, keys=stats.keys)

    async def _serve(self, *, task_status: TaskStatus[str] = anyio.TASK_STATUS_IGNORED) -> None:
        http = self._settings.http
        tokens = tuple(Token(token.name, token.sha256, frozenset(token.scopes)) for token in http.tokens)
        over_tcp = Access(door=bind_door(http.host), tokens=tokens, hosts=frozenset(http.allowed_hosts))
        await serve(
            self._api(over_tcp),
            self._api(Access(door="socket")),
            host=http.host,
            port=http.port,
            socket_path=self._settings.control_socket,
            ready=lambda doors: task_status.started(_address(doors)),
        )

    def _api(self, access: Access) -> Starlette:
        return build_api(
            queue=self._queue,
            control=self._control,
            telemetry=self._telemetry,
            clock=self._clock,
            access=access,
            version=__version__,
            watches=lambda: [watch.name for watch in self._settings.watches],
        )

    async def _signals(self) -> None:
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
            async for number in signals:
                if number == signal.SIGHUP:
                    await self._reload_told()
                else:
                    self._stop.set()

    def _notice(self) -> Notice:
        """
        What everybody may know of the configuration in force, with what was counted since the start.
        """
        figures = figures_of(self._telemetry, since=self._started_on)
        return compose(self._settings, self._lock, today=self._clock.now().date(), figures=figures)

    def _readiness(self) -> Readiness:
        if self._intake.paused:
            return Readiness(ready=False, reasons=("the queue has no room: free disk space where it lies",))
        return Readiness(ready=True, reasons=())

    def _at_review(self, today: date) -> None:
        """
        Pause the watches past their review, and say so once for each; say each day whose terms nobody has read for long.
        """
        paused = self._configured.paused(today)
        for watch in self._settings.watches:
            if watch.name in paused - self._configured.paused_now:
                self._telemetry.watch_paused(watch=watch.name, review_by=watch.review_by.isoformat())
        self._configured.pause(paused)
        self._keeper.asking = self._configured.asking
        self._reminder.remind(self._settings, today)

    # --------------------------------------------------------------------------------------------- reloading

    async def _reload_told(self) -> None:
        """
        SIGHUP: there is nobody to raise to, the log has said it.
        """
        try:
            await self.reload()
        except (ConfigError, NotAccepted):
            return

    async def reload(self) -> str:
        """
        Read the configuration again and change only what differs.

        Returns:
            One line saying what came of it.

        Raises:
            ConfigError: it has faults; the one in force goes on.
            NotAccepted: nobody signed for what it adds; the one in force goes on.
        """
        async with self._reloading:
            try:
                wanted = settings.load(self._config, environ=self._environ, now=self._clock.now())
                reach("reload.read")
                settings.require_accepted(wanted, settings.lock_path(self._config))
                lock = settings.read_lock(settings.lock_path(self._config))
                objections = settings.read_objections(wanted.privacy.objections_file)
                reach("reload.checked")
            except (ConfigError, NotAccepted) as error:
                self._refused(error)
                raise
            self._lock = lock
            return await self._apply(wanted, objections)

    async def _apply(self, wanted: Settings, objections: frozenset[Name]) -> str:
        change = settings.difference(self._settings, wanted)
        limits, slowed = self._purse.limits(), self._intake.slowed
        await self._intake.drop([*change.removed, *change.changed])
        await self._rechecks.drop([*change.removed, *change.changed])
        self._purse.forget(change.removed)
        reach("reload.sources_stopped")
        self._settings = wanted
        self._configured.apply(wanted, objections)
        self._pace.apply(own_hosts(wanted), least_spacing(wanted))
        self._upkeep.retention = timedelta(days=wanted.privacy.retention_days)
        self._telemetry.retention.set(longest_held_s(wanted))
        self._keeper.consent_wait = timedelta(seconds=wanted.privacy.consent_wait_s)
        self._keeper.line = self._configured.line
        self._at_review(self._clock.now().date())
        await self._intake.add(self._sources([*change.added, *change.changed]))
        self._rechecks.redraw(self._configured.line)
        await self._rechecks.add(self._rechecked([*change.added, *change.changed]))
        raised = self._purse.raised(limits)
        self._intake.afford(slowed & raised)
        self._rechecks.afford(raised)
        self._board.renew()
        await self._clear_away(change.removed)
        await self._prepare()
        reach("reload.applied")
        counts = {name: len(getattr(change, name)) for name in ("added", "changed", "removed", "unchanged")}
        self._telemetry.reload_applied(**counts)
        told_restart = f"; needs a restart: {', '.join(change.restart)}" if change.restart else ""
        return ", ".join(f"{count} sources {name}" for name, count in counts.items()) + told_restart

    def _refused(self, error: ListenerError) -> None:
        faults = len(error.faults) if isinstance(error, ConfigError) else 0
        self._telemetry.reload_refused(
            reason="not accepted" if isinstance(error, NotAccepted) else "faults",
            faults=faults,
            hint="run `listener check`; the configuration in force goes on",
        )


def _ours(group: ExceptionGroup) -> Exception:
    """
    The error that ended the task group: ours, if one of ours is in it, because it says what to do.
    """
    leaves: list[Exception] = []
    waiting: list[Exception] = [group]
    while waiting:
        error = waiting.pop()
        if isinstance(error, ExceptionGroup):
            waiting.extend(error.exceptions)
        else:
            leaves.append(error)
    return next((leaf for leaf in leaves if isinstance(leaf, ListenerError)), leaves[0])


def _address(doors: Listening) -> str:
    host = f"[{doors.host}]" if ":" in doors.host else doors.host
    return f"http://{host}:{doors.port}"


@asynccontextmanager
async def _opened(
    now: Settings, keys: KeyRing, clock: Clock, tell_erased: TellErased
) -> AsyncIterator[Queue]:
    queue = await open_queue(
        now.queue.url,
        base_dir=now.base_dir,
        fingerprints=keys.fingerprints,
        clock=clock,
        tell_erased=tell_erased,
    )
    try:
        yield queue
    finally:
        with anyio.CancelScope(shield=True):
            await queue.aclose()
