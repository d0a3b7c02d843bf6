"""
How the daemon is doing: sources, health, readiness, metrics. Everything is answered from memory and the queue;
no answer here causes a request to a source (politeness P27).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from prometheus_client import generate_latest
from starlette.requests import Request
from starlette.responses import Response

from listener.clock import Clock
from listener.errors import QueueError
from listener.queues.base import Queue
from listener.status import Control, SourceStateName
from listener.telemetry import Telemetry
from listener.tell.api.query import READS, SOURCE, read_query, read_sources
from listener.tell.api.shapes import Alive, BudgetsAnswer, RechecksAnswer, SourcesAnswer, as_json
from listener.tell.api.table import METRICS_TYPE


@dataclass(frozen=True, slots=True)
class Health:
    """
    Handlers of the operations that an operator's tools ask.
    """

    queue: Queue
    control: Control
    telemetry: Telemetry
    clock: Clock
    version: str

    async def sources(self, request: Request) -> Response:
        """
        What each source is doing.
        """
        query = read_query(request, (SOURCE, READS))
        views = self.control.sources()
        names, reads = read_sources(query, [view.name for view in views])
        if names or reads:
            views = self.control.sources(names, reads=reads)
        return as_json(SourcesAnswer(views))

    async def rechecks(self, request: Request) -> Response:
        """
        How sources are asked again, and whether their clocks can be kept.
        """
        read_query(request, ())
        return as_json(RechecksAnswer(await self.control.rechecks()))

    async def budgets(self, request: Request) -> Response:
        """
        What may be spent, what is, and when whoever waits goes on.
        """
        read_query(request, ())
        return as_json(BudgetsAnswer(await self.control.budgets()))

    async def healthz(self, request: Request) -> Response:
        """
        The process answers; nothing else is asked.
        """
        read_query(request, ())
        return as_json(Alive(alive=True, version=self.version))

    async def readyz(self, request: Request) -> Response:
        """
        Whether the daemon can do its work; 503 with reasons where it cannot.
        """
        read_query(request, ())
        readiness = self.control.readiness()
        return as_json(readiness, status=200 if readiness.ready else 503)

    async def metrics(self, request: Request) -> Response:
        """
        Counters as they stand, gauges as of now.
        """
        read_query(request, ())
        await self._refresh()
        return Response(generate_latest(self.telemetry.registry), headers={"content-type": METRICS_TYPE})

    async def _refresh(self) -> None:
        views = self.control.sources()
        self.telemetry.silent.set(sum(view.silent_since is not None for view in views))
        states = Counter(view.state for view in views)
        for state in get_args(SourceStateName):
            self.telemetry.sources.labels(state).set(states[state])
        try:
            await self.control.budgets()  # which sets their gauges
            stats = await self.queue.stats()
        except QueueError:
            return  # the counters are needed most when the queue is not well; readiness says why
        self.telemetry.posts.set(stats.posts)
        self.telemetry.keys.set(stats.keys)
        self.telemetry.size.set(stats.size_bytes)
        self.telemetry.pending.set(stats.erasures_pending)
        self.telemetry.pending_age.set(self._age_s(stats.erasures_since_at))
        self.telemetry.oldest.set(self._age_s(stats.oldest_body_at))

    def _age_s(self, since: datetime | None) -> float:
        return 0.0 if since is None else max(0.0, (self.clock.now() - since).total_seconds())
