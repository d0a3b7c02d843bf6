"""
The comparison, taken while the daemon still runs: the simulators' books, what a consumer was told, and the daemon's counters.

Asked by `running`; `reckoning` and `counters` do the thinking, `balance` holds what came of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import anyio.to_thread

from listener import registry
from listener.cli.client import Where, call, opened
from listener.cli.demo.balance import Balance
from listener.cli.demo.counters import Metrics, disagreements, read_metrics
from listener.cli.demo.process import Child
from listener.cli.demo.reckoning import Verdict, reckon
from listener.cli.demo.told import Told
from listener.cli.demo.town import Town
from listener.simulation.quarter import Quarter


async def compare(town: Town, child: Child, told: Told, *, early: bool) -> Balance:
    """
    As it stands now.

    Args:
        town: Its books.
        child: Its counters.
        told: What was read so far.
        early: Somebody ended the day.
    """
    where = Where(url=child.address)
    networks, due = await _sources(where)
    metrics = await _metrics(where, networks)
    # The books are read after the counters: what a daemon has received was shown before.
    verdicts = tuple(verdict for quarter in town.quarters for verdict in _reckoned(quarter, town, told))
    return Balance(
        verdicts=verdicts,
        disagreements=disagreements(metrics, verdicts, told, dict.fromkeys(networks.values())),
        faults=tuple(told.faults),
        due=due,
        events=told.events,
        peak_mb=child.peak_mb(),
        early=early,
    )


def _reckoned(quarter: Quarter, town: Town, told: Told) -> tuple[Verdict, ...]:
    asked = registry.spec(quarter.network).recheck
    return reckon(quarter, told, now=town.clock.now(), clock_s=None if asked is None else asked.within_s)


async def _sources(where: Where) -> tuple[Mapping[str, str], Mapping[str, datetime]]:
    """
    By source: its network, and when it is read next.
    """
    found = (await anyio.to_thread.run_sync(call, where, "GET", "/v1/sources"))["sources"]
    due = {
        each["name"]: datetime.fromisoformat(each["next_due_at"])
        for each in found
        if each["next_due_at"] is not None
    }
    return {each["name"]: each["network"] for each in found}, due


async def _metrics(where: Where, networks: Mapping[str, str]) -> Metrics:
    def ask() -> str:
        with opened(where, "GET", "/metrics", within_s=30.0) as answer:
            return answer.read().decode("utf-8")

    return read_metrics(await anyio.to_thread.run_sync(ask), networks)
