"""
How `listener check --live` runs: what the daemon would build, without a queue; one source after the other, one turn each.

The reader is the daemon's: same identity, guard, limits and pace, held hosts excepted: which hosts asked for a pause before
is written in the queue, which belongs to the daemon and is not opened. So no host is asked more than one turn asks, in the
pace that holds for it, and a pause that is asked for now ends the turn. For the same reason nothing is taken from a budget:
what a request costs is told, and a source that pays is asked for one page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio

from listener import __version__, settings
from listener.adapter import Ask, Cursor, Page, Poller, Rechecker, Streamer
from listener.cli.live.judged import Preview, settle, take
from listener.cli.live.recording import RecordingReader
from listener.cli.live.report import Live, Looked
from listener.clock import Clock, SystemClock
from listener.errors import ConfigError, Fault, ListenerError, NoDaemon
from listener.events import Post
from listener.hear.pace import Pace
from listener.hear.reader import ReaderLimits, Web, user_agent
from listener.in_force import Door, InForce, LiveInterest, least_spacing, own_hosts, selection
from listener.keys import KeyRing, Sealer, new_secret, sealing_day
from listener.secret_files import key_ring
from listener.settings import Settings, Source

FOR_S: Final = 20.0
"""Chosen: of a source that speaks by itself, as long as somebody waits for it."""

_CONNECTED_WITHIN_S: Final = 60.0
"""Chosen: questions before a connection, each in its turn at the host."""

_PAGES: Final = 3
"""Chosen: of a source that is asked, pages of one turn; shows that paging works. Where a page costs something: one."""

_POSTS: Final = 20
"""Chosen: enough to see which fields are filled; a stream that has said so much is not listened to any longer."""

_TURN_S: Final = 600.0
"""As for `listener feeds`: nobody else waits here."""


@dataclass(slots=True)
class Turn:
    """
    One source and what is found out about it.
    """

    chosen: Source
    looked: Looked
    preview: Preview
    reader: RecordingReader
    interest: LiveInterest
    clock: Clock
    ask: Ask | None = None

    def reads(self) -> Poller | Streamer:
        """
        The adapter, built anew.
        """
        spec = self.chosen.spec
        return spec.build(self.chosen.config, self.reader, self.clock, self.interest)

    def take(self, page: Page) -> None:
        """
        One page, counted and dropped.
        """
        take(self.looked.made, page, self.preview, spec=self.chosen.spec, now=self.clock.now())
        for item in page.items:
            if isinstance(item, Post) and item.ask is not None:
                self.ask = self.ask or Ask(item.ask)


class Run:
    """
    One look at the sources of a configuration.

    Args:
        now: The configuration.
        names: Of the sources; none: all of them.
        for_s: See `FOR_S`.
        daemon_runs: Only told.
        clock: For pace and time.

    Raises:
        ConfigError: a name is none of its sources'; the secret or the list of objections cannot be read.
    """

    def __init__(
        self,
        now: Settings,
        names: Sequence[str],
        *,
        for_s: float = FOR_S,
        daemon_runs: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self._now, self._for_s = now, for_s
        self._clock = clock or SystemClock()
        self._chosen = _chosen(now, names)
        self._configured = InForce(now, _keys(now), settings.read_objections(now.privacy.objections_file))
        self.live = Live(daemon_runs=daemon_runs)

    def look(self, asking: Callable[[str], None]) -> Live:
        """
        Every source was asked, or Ctrl-C ended it; what was found out by then is kept.

        Args:
            asking: Called with the name of each source before it is asked.
        """
        with suppress(KeyboardInterrupt):
            anyio.run(self.all, asking)
        done = {each.name for each in self.live.looked}
        self.live.not_looked_at = tuple(each.name for each in self._chosen if each.name not in done)
        return self.live

    async def all(self, asking: Callable[[str], None]) -> None:
        """
        One source after the other.
        """
        async with self._web() as web:
            for chosen in self._chosen:
                asking(chosen.name)
                turn = self._turn(web, chosen)
                await self._one(turn)
                self.live.looked.append(turn.looked)

    def _web(self) -> Web:
        now = self._now
        return Web(
            clock=self._clock,
            pace=Pace(now.reader.spacing_s, own_hosts(now), least_s=least_spacing(now)),
            user_agent=user_agent(now.organisation.name, now.leads_to, __version__),
            limits=ReaderLimits(
                deadline_s=now.reader.deadline_s, max_bytes=now.reader.max_bytes, turn_s=_TURN_S
            ),
            allow=now.reader.allow_addresses,
            by_address=now.reader.spacing_by == "address",
        )

    def _turn(self, web: Web, chosen: Source) -> Turn:
        spec, config, now = chosen.spec, chosen.config, self._clock.now()
        looked = Looked(name=chosen.name, adapter=chosen.adapter, relation=chosen.relation, keep=chosen.keep)
        self._configured.pause(self._configured.paused(now.date()))
        inner = web.reader(chosen.name, spec.reaches(config), exchanges=spec.exchanges(config))
        return Turn(
            chosen=chosen,
            looked=looked,
            preview=Preview(
                asking=self._configured.asking.within(selection(chosen)),
                door=Door(self._configured, chosen.name),
                take_all=chosen.take == "all",
                sealer=Sealer(sealing_day(now), new_secret()),
            ),
            reader=RecordingReader(inner, looked, spec=spec, config=config, clock=self._clock),
            interest=LiveInterest(self._configured, chosen.name),
            clock=self._clock,
        )

    async def _one(self, turn: Turn) -> None:
        """
        One turn, whatever its adapter does: third-party code may raise anything, and the next source is asked all the same.
        """
        failed: Exception | None = None
        try:
            await self._read(turn)
            await self._ask_again(turn)
        except Exception as error:  # noqa: BLE001 - told by its class
            failed = _first(error)
        settle(turn.looked, failed, turn.chosen.spec)

    async def _read(self, turn: Turn) -> None:
        reads = turn.reads()
        if isinstance(reads, Poller):
            await self._poll(turn, reads)
            return
        turn.looked.way = "streamed"
        with anyio.move_on_after(self._for_s + _CONNECTED_WITHIN_S) as scope:
            until: list[float] = []

            def opened() -> None:
                until.append(anyio.current_time() + self._for_s)
                scope.deadline = until[0]

            async def send(page: Page) -> None:
                turn.take(page)
                if turn.looked.made.items["Post"] >= _POSTS:
                    scope.cancel()

            turn.reader.on_open = opened
            await reads.run(None, send)

    async def _poll(self, turn: Turn, reads: Poller) -> None:
        cursor: Cursor | None = None
        costs = turn.chosen.spec.budgets(turn.chosen.config)
        for _ in range(1 if costs else _PAGES):
            page = await reads.fetch(cursor)
            turn.take(page)
            cursor = page.cursor or cursor
            if not page.more:
                return

    async def _ask_again(self, turn: Turn) -> None:
        """
        One post, where the network can be asked about one; by a second build, as the daemon does.
        """
        if turn.chosen.spec.recheck is None or turn.ask is None:
            return
        reads = turn.reads()
        if isinstance(reads, Rechecker):
            verdicts = await reads.recheck((turn.ask,))
            verdict = verdicts.get(turn.ask)
            turn.looked.made.rechecked = "no answer" if verdict is None else verdict.state


def _chosen(now: Settings, names: Sequence[str]) -> tuple[Source, ...]:
    """
    Raises:
        ConfigError: every name that is none of a source.
    """
    known = {source.name for source in now.sources}
    faults = [
        Fault("command line", "SOURCE", f"number {number} is no source of this configuration")
        for number, name in enumerate(names, 1)
        if name not in known
    ]
    if faults:
        raise ConfigError(faults)
    return tuple(source for source in now.sources if not names or source.name in names)


def _keys(now: Settings) -> KeyRing:
    """
    The deployment's, under which objections are written; where none were made yet, nobody objected.
    """
    files = now.privacy.secret_files
    if not any(file.exists() for file in files):
        return KeyRing((new_secret(),))
    return key_ring(files, create=False)


def _first(error: Exception) -> Exception:
    """
    What a task group of an adapter wrapped.
    """
    while isinstance(error, ExceptionGroup):
        ours, _ = error.split(ListenerError)
        error = (ours or error).exceptions[0]
    return error


def daemon_runs(config: Path) -> bool:
    """
    Whether a daemon answers on the socket of this data folder.
    """
    from listener.cli.client import call, daemon

    try:
        call(daemon(config), "GET", "/healthz")
    except NoDaemon:
        return False
    except ListenerError:
        return True
    return True
