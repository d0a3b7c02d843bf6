"""
How `listener feeds` runs: the configuration, one look at everything, what is added. What is
to be seen of it is `shown`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import anyio
import typer

from listener import __version__, registry, settings
from listener.adapter import AdapterSpec
from listener.admit import tables
from listener.admit.admission import Admission, House, new_sources
from listener.admit.looking import Looker
from listener.admit.names import MOST_CHARS
from listener.admit.verdicts import FINE, Line, Verdict, Wanted
from listener.cli.feeds import shown
from listener.clock import SystemClock
from listener.errors import ConfigError, Fault
from listener.hear.pace import Pace
from listener.hear.reader import ReaderLimits, Web, user_agent
from listener.settings import Settings

_REDIRECTS: Final = 5
"""What RFC 9309, section 2.3.1.2, asks for robots.txt."""

_TURN_S: Final = 600.0
"""Chosen: nobody else waits here, so a line may wait until all the others that a redirect led to the same host are done."""


@dataclass(frozen=True, slots=True)
class Options:
    """
    What was said on the command line.

    Args:
        relation, criterion, take: Of every new source.
        dry_run: Write nothing.
        as_json: For a program.
        by: The command, for the comment in the file.
    """

    relation: Literal["own", "public"]
    criterion: str | None
    take: Literal["matching", "all"] | None
    dry_run: bool
    as_json: bool
    by: str


class Run:
    """
    One look at a list of addresses.
    """

    def __init__(self, now: Settings, house: House, wanted: Sequence[Wanted]) -> None:
        self.now = now
        self.house = house
        self.interrupted = False
        self.took_s = 0.0
        self.robots_asked = 0
        self._counts: Counter[Verdict] = Counter()
        self._advance: Callable[[], None] = lambda: None
        self._total = len(wanted)
        self.admission = Admission(wanted, house, told=self._settled)

    def look(self, *, quiet: bool) -> None:
        """
        Everything that needs it was looked at, or Ctrl-C ended it; what was answered by then is kept.
        """
        clock = SystemClock()
        begun_s = clock.monotonic()
        with self._progress(quiet):
            try:
                anyio.run(self._look)
            except KeyboardInterrupt:
                self.interrupted = True
        self.took_s = clock.monotonic() - begun_s

    async def _look(self) -> None:
        async with _web(self.now) as web:
            assert self.house.spec.discover is not None
            looker = Looker(web, self.house.spec.discover)
            try:
                await self.admission.look(looker, workers=self.now.reader.workers)
            finally:
                self.robots_asked = looker.robots_asked

    def _settled(self, verdict: Verdict) -> None:
        self._counts[verdict] += 1
        self._advance()

    @contextmanager
    def _progress(self, quiet: bool) -> Iterator[None]:
        """
        A bar on stderr, where somebody looks at it.
        """
        if quiet or not sys.stderr.isatty():
            yield
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[so_far]}"),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("asking", total=self._total, so_far="")

            def advance() -> None:
                found = self._counts["added"]
                bar.update(task, completed=self._counts.total(), so_far=f"{found} found")

            self._advance = advance
            advance()
            yield


def prepared(
    config: Path,
    environ: Mapping[str, str],
    wanted: Sequence[Wanted],
    *,
    relation: Literal["own", "public"],
) -> Run:
    """
    A run against the configuration; nothing was asked for yet.

    Raises:
        ConfigError: the configuration does not load.
    """
    now = settings.load(config, environ=environ)
    return Run(now, House.of(now, discovering(), relation), wanted)


def admit(config: Path, environ: Mapping[str, str], wanted: Sequence[Wanted], options: Options) -> int:
    """
    What can be added was added, every line was told, and what to do next: the exit code.

    Raises:
        ConfigError: the configuration does not load, or sources cannot be added to it. Nothing was asked for then; where
            it was spoiled while others were asked, every line was told before.
    """
    run = prepared(config, environ, wanted, relation=options.relation)
    criterion = _criterion(options)
    if not options.dry_run:
        tables.rehearse(config, _sample(run.house, criterion, options), environ=environ)
    run.look(quiet=options.as_json)
    spoiled: ConfigError | None = None
    lines, names = run.admission.lines(), dict[str, str]()
    try:
        lines, names = _added(run, config, environ, criterion, options)
    except ConfigError as error:
        spoiled = error
    outcome = shown.Outcome(
        lines=lines,
        names=names,
        written=bool(names) and not options.dry_run,
        dry_run=options.dry_run,
        interrupted=run.interrupted,
        robots_asked=run.robots_asked,
        took_s=run.took_s,
    )
    shown.tell(outcome, as_json=options.as_json)
    if spoiled is not None:
        raise spoiled
    if run.interrupted:
        return 130
    return 0 if all(line.verdict in FINE for line in lines) else 1


def _added(
    run: Run, config: Path, environ: Mapping[str, str], criterion: str | None, options: Options
) -> tuple[tuple[Line, ...], dict[str, str]]:
    """
    Every line, and the names of the new sources by address; they stand in the configuration unless this is a dry run.
    The configuration is read again: a long list leaves time to change it.
    """
    now = settings.load(config, environ=environ)
    house = House.of(now, run.house.spec, options.relation)
    lines = run.admission.lines(house)
    sources = new_sources(lines, now, house, criterion=criterion, take=options.take)
    if sources and not options.dry_run:
        today = SystemClock().now().date()
        tables.append(config, sources, environ=environ, today=today, by=options.by)
    return lines, {source.address: source.name for source in sources}


def _sample(house: House, criterion: str | None, options: Options) -> tables.NewSource:
    return tables.NewSource(
        name="x" * MOST_CHARS,
        adapter=house.spec.name,
        relation=options.relation,
        criterion=criterion,
        take=options.take,
        address="https://feed.example/",
    )


def discovering() -> AdapterSpec:
    """
    The adapter whose sources are found by address.

    Raises:
        ConfigError: none is installed.
    """
    for name in registry.names():
        if registry.spec(name).discover is not None:
            return registry.spec(name)
    raise ConfigError([Fault("entry points", registry.GROUP, "no adapter finds sources by address")])


def _web(now: Settings) -> Web:
    """
    The reader of the daemon, for one run: same identity, same limits, same guard.
    """
    return Web(
        clock=SystemClock(),
        pace=Pace(now.reader.spacing_s, frozenset()),
        user_agent=user_agent(now.organisation.name, now.leads_to, __version__),
        limits=ReaderLimits(
            deadline_s=now.reader.deadline_s,
            max_bytes=now.reader.max_bytes,
            redirects=_REDIRECTS,
            turn_s=_TURN_S,
        ),
        allow=now.reader.allow_addresses,
    )


def _criterion(options: Options) -> str | None:
    """
    Asked for once, where somebody is there to answer.

    Raises:
        ConfigError: nobody is.
    """
    if options.criterion is not None or options.relation == "own":
        return options.criterion
    if options.dry_run:
        return "not asked for in a dry run"
    if sys.stdin.isatty():
        text = "Published rule by which these are read, and by which any other could be"
        return str(typer.prompt(text, err=True))
    problem = "is missing, and a public source is read under a published rule"
    raise ConfigError(
        [Fault("command line", "--criterion", problem, allowed="a sentence that any other source could meet")]
    )
