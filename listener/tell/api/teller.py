"""
Handlers of the two operations that tell events: in pages, and as a stream.

Takes requests from the door, entries from the queue; what may be seen of them is decided in `events.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from listener.clock import Clock
from listener.queues.base import Queue
from listener.status import Control
from listener.telemetry import Telemetry
from listener.tell.api.events import read_page
from listener.tell.api.query import (
    AFTER,
    FILTERS,
    LIMIT,
    Known,
    Query,
    Selection,
    read_after,
    read_limit,
    read_query,
    read_selection,
)
from listener.tell.api.stream import EventStream, Streams, starting_point
from listener.text import fold


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """
    Args:
        queue: Where entries come from.
        control: Knows which networks are configured.
        telemetry: Counts open streams.
        clock: Decides what has expired.
        streams: Of this door.
        watches: Names of the configured watches, as of now; None accepts any well-formed name.
    """

    queue: Queue
    control: Control
    telemetry: Telemetry
    clock: Clock
    streams: Streams
    watches: Callable[[], Collection[str]] | None

    async def events(self, request: Request) -> Response:
        """
        The next page.
        """
        query = read_query(request, (AFTER, LIMIT, *FILTERS))
        page = await read_page(
            self.queue,
            read_after(query, default="start"),
            self._selection(query),
            limit=read_limit(query),
            now=self.clock.now(),
        )
        return Response(page.body(), media_type="application/json")

    async def stream(self, request: Request) -> EventStream:
        """
        Everything that follows, as it comes.
        """
        query = read_query(request, (AFTER, *FILTERS))
        selection, after = self._selection(query), read_after(query, default="now")
        self.streams.check_room()
        last_event_id = request.headers.get("last-event-id")
        position, first = await starting_point(
            self.queue, last_event_id=last_event_id, after=after, clock=self.clock
        )
        return EventStream(
            queue=self.queue,
            selection=selection,
            clock=self.clock,
            telemetry=self.telemetry,
            streams=self.streams,
            position=position,
            first=first,
        )

    def _selection(self, query: Query) -> Selection:
        networks = frozenset(view.network for view in self.control.sources())
        known = Known(networks=networks, watches=None if self.watches is None else self.watches())
        return read_selection(query, known, fold)
