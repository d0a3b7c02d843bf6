"""
The application behind one door: each row of `table.py` with what answers it.

Takes a queue and a `Control`; gives a Starlette application to `serve.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from listener.clock import Clock
from listener.queues.base import Queue
from listener.status import Control
from listener.telemetry import Telemetry
from listener.tell.api.access import Access
from listener.tell.api.describe import Describer
from listener.tell.api.door import DoorKeeper
from listener.tell.api.health import Health
from listener.tell.api.notice import Noticeboard
from listener.tell.api.opening import Opening
from listener.tell.api.operate import Operator
from listener.tell.api.stream import Streams
from listener.tell.api.table import OPERATIONS
from listener.tell.api.teller import Teller

Handler = Callable[[Request], Awaitable[Response | ASGIApp]]


def build_api(
    *,
    queue: Queue,
    control: Control,
    telemetry: Telemetry,
    clock: Clock,
    access: Access,
    version: str,
    watches: Callable[[], Collection[str]] | None = None,
    streams: Streams | None = None,
) -> Starlette:
    """
    The API behind one door; does no I/O.

    Args:
        queue: Where events are read.
        control: Where commands go.
        telemetry: Told of every answer.
        clock: Decides what has expired and when a stream shows a sign of life.
        access: Rules of the door.
        version: Of this program.
        watches: Names of the configured watches, asked at each request, so that a misspelt filter is refused; None
            accepts any well-formed name.
        streams: Limits of this door's streams; the default ones where None.
    """
    streams = streams or Streams()
    handlers = _handlers(
        Teller(
            queue=queue, control=control, telemetry=telemetry, clock=clock, streams=streams, watches=watches
        ),
        Health(queue=queue, control=control, telemetry=telemetry, clock=clock, version=version),
        Operator(control=control, telemetry=telemetry, access=access),
        Opening(control=control, telemetry=telemetry, access=access),
        Noticeboard(control),
        Describer(version),
    )
    keeper = Middleware(DoorKeeper, access=access, operations=OPERATIONS, telemetry=telemetry, clock=clock)
    app = Starlette(
        routes=[Route(row.path, _Endpoint(handlers[row.name]), methods=[row.method]) for row in OPERATIONS],
        middleware=[keeper],
    )
    app.state.streams = streams
    return app


def _handlers(
    teller: Teller,
    health: Health,
    operator: Operator,
    opening: Opening,
    noticeboard: Noticeboard,
    describer: Describer,
) -> Mapping[str, Handler]:
    """
    What answers each operation, by its name.
    """
    return {
        "readEvents": teller.events,
        "streamEvents": teller.stream,
        "listSources": health.sources,
        "listRechecks": health.rechecks,
        "listBudgets": health.budgets,
        "isAlive": health.healthz,
        "isReady": health.readyz,
        "readMetrics": health.metrics,
        "findPost": operator.find,
        "forgetPost": operator.forget,
        "exportEvents": operator.export,
        "unsealEvents": operator.unseal,
        "pollSource": operator.poll,
        "readHoldings": operator.holdings,
        "reload": operator.reload,
        "confirmLink": opening.confirm,
        "openLink": opening.open,
        "readNotice": noticeboard.notice,
        "describeApi": describer.openapi,
        "describeEvent": describer.event_shape,
    }


class _Endpoint:
    """
    A handler as an ASGI application. Starlette's own wrapper would turn our refusals into its error pages.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._handler(Request(scope, receive, send))
        await response(scope, receive, send)
