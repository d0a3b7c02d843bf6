"""
A local Bluesky: several Jetstream hosts over one network, a public AppView and a personal data server.

Takes a `simulated_network.Network`, speaks HTTP and WebSockets on loopback, each host on a port of its own, and fails
by script. Shares no code with the adapter that reads it, so that one misunderstanding cannot hide in both.

    async with serve(network) as served:
        served.jetstreams["jetstream1.us-east.bsky.network"].blindness.append(Blindness(collection=POST))
        served.troubles.append(Trouble("public.api.bsky.app", "502", start_at, end_at))

What each host answers is told in `simulated_jetstream`, `simulated_appview` and `simulated_pds`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

import anyio

from adapters.bluesky.simulated_appview import AppView
from adapters.bluesky.simulated_jetstream import Blindness, Jetstream
from adapters.bluesky.simulated_life import Life
from adapters.bluesky.simulated_network import Network
from adapters.bluesky.simulated_pds import Pds
from adapters.bluesky.simulated_xrpc import page
from listener.clock import Clock
from listener.simulation.clock import ScaledClock
from listener.simulation.ledger import RequestRow
from listener.simulation.noise import noisy
from listener.simulation.server import Fault, Request, Response, Route, Server
from listener.simulation.server import serve as serve_http
from listener.simulation.websocket import WebSocket
from listener.simulation.world import Noise

__all__ = [
    "APPVIEW",
    "JETSTREAMS",
    "PDS",
    "Blindness",
    "Bluesky",
    "Life",
    "Manner",
    "Network",
    "Trouble",
    "bluesky",
    "configuration",
    "serve",
]

JETSTREAMS: Final = tuple(f"jetstream{n}.us-{side}.bsky.network" for side in ("east", "west") for n in (1, 2))
APPVIEW: Final = "public.api.bsky.app"
PDS: Final = "bsky.social"

Manner = Literal["429", "500", "502", "503", "slow", "reset", "silent", "half_open", "cut"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    Something that goes wrong for a while.

    Args:
        host: One of the names above; `*` for all.
        manner: `502` is a page of HTML; `slow` waits 40 seconds; `silent` never answers; `half_open` accepts a stream
            and tells nothing, not even pings; `cut` resets a stream as soon as it is open.
        start_at: From then on.
        end_at: No longer.
        path: Only paths that start so.
    """

    host: str
    manner: Manner
    start_at: datetime
    end_at: datetime
    path: str = "/"

    def holds(self, host: str, path: str, at: datetime) -> bool:
        """
        Whether a request is troubled.
        """
        return self.host in (host, "*") and path.startswith(self.path) and self.start_at <= at < self.end_at


@dataclass(slots=True)
class Bluesky:
    """
    All hosts of one network.

    Args:
        network: What there is.
        jetstreams: By host.
        appview: Public.
        pds: For who has an account.
        troubles: By script; may be added to while running.
        noise: What every host lets slip in headers and errors.
        servers: By host; set by `serve`.
    """

    network: Network
    jetstreams: dict[str, Jetstream]
    appview: AppView
    pds: Pds
    troubles: list[Trouble] = field(default_factory=list)
    noise: Noise | None = None
    servers: dict[str, Server] = field(default_factory=dict)

    def address(self, host: str, scheme: str = "http") -> str:
        """
        Where a host is served, such as `http://127.0.0.1:40123`.
        """
        server = self.servers[host]
        return f"{scheme}://{server.host}:{server.port}"

    def routes(self) -> dict[str, Route]:
        """
        Every host's route, troubles included; also for `listener.simulation.internet`.
        """
        plain: dict[str, Route] = {name: host.answer for name, host in self.jetstreams.items()}
        plain |= {APPVIEW: self.appview.answer, PDS: self.pds.answer}
        return {name: self._troubled(name, route) for name, route in plain.items()}

    def data_frames(self) -> int:
        """
        How many frames clients have sent that carry data: none, where they only listen.
        """
        return sum(len(host.sockets.data_frames()) for host in self.jetstreams.values())

    def _troubled(self, host: str, route: Route) -> Route:
        async def answer(request: Request) -> Response:
            trouble = next(
                (each for each in self.troubles if each.holds(host, request.path, request.at)), None
            )
            response = (
                await route(request)
                if trouble is None
                else await self._spoiled(host, request, trouble, route)
            )
            self.network.ledger.served(
                RequestRow(
                    at=request.at,
                    place=host,
                    route=request.path.rpartition("/")[2],
                    status=response.status,
                    disturbance="" if trouble is None else trouble.manner,
                )
            )
            return noisy(response, self.noise)

        return answer

    async def _spoiled(self, host: str, request: Request, trouble: Trouble, route: Route) -> Response:
        match trouble.manner:
            case "429":
                return _refused(429, trouble.end_at)
            case "500":
                return Response(
                    status=500,
                    headers=_JSON,
                    body=b'{"error":"InternalServerError","message":"Internal Server Error"}',
                )
            case "502":
                return page(502, "Bad Gateway")
            case "503":
                return page(503, "Service Unavailable")
            case "slow":
                answered = await route(request)
                await self.network.clock.sleep(40.0)
                return answered
            case "reset":
                return Response(fault=Fault(reset=True))
            case "silent":
                return Response(fault=Fault(silent=True))
            case "half_open":
                return self.jetstreams[host].sockets.accept(request, lambda socket: socket.fall_silent())
            case "cut":
                return self.jetstreams[host].sockets.accept(request, _cut)


_JSON: Final = (("Content-Type", "application/json; charset=utf-8"),)


async def _cut(socket: WebSocket) -> None:
    socket.cut()


def _refused(status: int, until: datetime) -> Response:
    """
    Too many requests, until then.
    """
    told = (
        ("RateLimit-Limit", "3000"),
        ("RateLimit-Remaining", "0"),
        ("RateLimit-Reset", str(int(until.timestamp()))),
        ("RateLimit-Policy", "3000;w=300"),
    )
    body = b'{"error":"RateLimitExceeded","message":"Rate Limit Exceeded"}'
    return Response(status=status, headers=(*_JSON, *told), body=body)


def bluesky(network: Network, hosts: Sequence[str] = JETSTREAMS) -> Bluesky:
    """
    All hosts over one network. Each Jetstream numbers events from elsewhere and has a clock of its own, a little late.
    """
    streams = {
        name: Jetstream(name, network, first_seq=1 + 1_000_003 * number, skew_us=700_001 * number)
        for number, name in enumerate(hosts)
    }
    appview = AppView(network)
    return Bluesky(network, streams, appview, Pds(appview))


@asynccontextmanager
async def serve(
    network: Network | None = None,
    *,
    clock: Clock | None = None,
    seed: int = 7,
    hashtags: Sequence[str] = ("#yyc",),
    hosts: Sequence[str] = JETSTREAMS[:2],
    life: Life | None = None,
) -> AsyncIterator[Bluesky]:
    """
    A Bluesky, served until the block ends.

    Args:
        network: None for one where forty people live, and go on living while it is served.
        clock: Of that network; the real pace where None. A given network brings its own.
        seed: Of that network.
        hashtags: Of that network.
        hosts: Names of the Jetstream hosts.
        life: Goes on while it is served; None for a given network that only the caller changes.
    """
    if network is None:
        tags = [tag.lstrip("#").lower() for tag in hashtags]
        network = Network(clock or ScaledClock(1.0), seed, frozenset(tags))
        life = Life(network, tags)
        life.populate(40)
    served = bluesky(network, hosts)
    async with AsyncExitStack() as stack:
        for name, route in served.routes().items():
            served.servers[name] = await stack.enter_async_context(serve_http(route, clock=network.clock))
        living = await stack.enter_async_context(anyio.create_task_group())
        if life is not None:
            living.start_soon(life.run)
        yield served
        living.cancel_scope.cancel()


def configuration(
    served: Bluesky, data_dir: Path, *, http_port: int = 0, hashtags: Sequence[str] = ()
) -> str:
    """
    A `listener.toml` that hears this network, without an account: a password travels over https only.

    Args:
        served: Inside `serve`; its addresses stand in the file.
        data_dir: Where the daemon keeps its queue and secret.
        http_port: 0 for a free one.
        hashtags: Of the watch; the network's where empty.
    """
    tags = [f"#{tag.lstrip('#')}" for tag in hashtags or sorted(served.network.hashtags) or ("yyc",)]
    review_by = (served.network.clock.now() + timedelta(days=365)).date()
    tables = [
        f"data_dir = {json.dumps(str(data_dir))}",
        '[organisation]\nname = "City of Example"\ncontact = "https://city.example/listener"\ncountry = "CA"',
        "[[watch]]\n"
        f'name = "city"\nhashtags = {json.dumps(tags)}\npurpose = "Answer questions and mend what is reported"\n'
        'owner = "Communications"\nlegal_authority = "Municipal Government Act, s. 3"\n'
        f"review_by = {review_by.isoformat()}",
        '[[source]]\nname = "bluesky"\nadapter = "bluesky"\nrelation = "public"\n'
        'criterion = "Every public post that a watch asks for"\n'
        f"hosts = {json.dumps([served.address(name, 'ws') for name in served.jetstreams])}\n"
        f"own_accounts = {json.dumps(sorted(served.network.own))}\n"
        f"appview = {json.dumps(served.address(APPVIEW))}",
        f'[http]\nhost = "127.0.0.1"\nport = {http_port}',
        '[reader]\nallow_addresses = ["127.0.0.0/8"]\nspacing_s = 0.5',
    ]
    return "\n\n".join([*tables, ""])
