"""
A small internet on loopback: names that resolve, one server for http and one for https behind all of them, and a
route of its own for each host. It remembers who asked for what, where and when.

Used by `listener.testing.rig`, which runs the shipped daemon against it. A name resolves to 127.0.0.1 and to the port
of the server behind it, so that addresses are written as they are in life: `http://blog.example/feed`.

Invariant: no name leads anywhere but to loopback, or to the private addresses that a test chose to be refused.
"""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import tempfile
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from listener.clock import Clock
from listener.simulation.exchange import Request, Response, Route
from listener.simulation.server import Server
from listener.simulation.server import serve as serve_http

_CLOSE: Final = ("Connection", "close")
"""Every answer ends its connection: simulated weeks pass within the real seconds for which one is kept alive."""


@dataclass(frozen=True, slots=True)
class Asked:
    """
    One request, as it came.

    Args:
        at_s: Seconds since the internet began.
        scheme: `http` or `https`.
        request: Verbatim.
    """

    at_s: float
    scheme: str
    request: Request

    @property
    def host(self) -> str:
        """
        As the request names it.
        """
        return self.request.header("host") or ""

    @property
    def line(self) -> str:
        """
        Method and target, not decoded, such as `GET /feed?x=%7E`.
        """
        return f"{self.request.method} {self.request.target.decode('latin-1')}"

    @property
    def head(self) -> dict[str, str]:
        """
        Every header, names in lower case; a header that came twice stands with both values.
        """
        return {
            key.decode().lower(): self.request.header(key.decode()) or "" for key, _ in self.request.headers
        }


@dataclass(slots=True)
class Internet:
    """
    Made by `internet`.

    Args:
        clock: Of the records, delays and Date headers.
        hosts: Name to route; a name that has none does not resolve. May be changed at any time.
        secure_hosts: Routes of names that answer https in another way than http.
        resolves: What a name resolves to instead of loopback, one answer after the other, the last for ever.
        asked: Every request, in order of arrival.
        most_in_flight: By host, the most requests that were being answered at once.
        trust: What a client verifies this internet's https servers with.
    """

    clock: Clock
    hosts: dict[str, Route] = field(default_factory=dict)
    secure_hosts: dict[str, Route] = field(default_factory=dict)
    resolves: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    most_in_flight: Counter[str] = field(default_factory=Counter)
    trust: ssl.SSLContext | None = None
    ports: dict[int, int] = field(default_factory=dict)
    _began_s: float = 0.0
    _in_flight: Counter[str] = field(default_factory=Counter)

    def at(self, host: str) -> list[Asked]:
        """
        What one host was asked.
        """
        return [asked for asked in self.asked if asked.host == host]

    def starts_s(self, host: str) -> list[float]:
        """
        When one host was asked.
        """
        return [asked.at_s for asked in self.at(host)]

    def by_host(self) -> dict[str, list[float]]:
        """
        When each host was asked.
        """
        found: dict[str, list[float]] = defaultdict(list)
        for asked in self.asked:
            found[asked.host].append(asked.at_s)
        return dict(found)

    def answering(self, scheme: str) -> Route:
        """
        The route of the server behind one scheme.
        """

        async def answer(request: Request) -> Response:
            asked = Asked(round(self.clock.monotonic() - self._began_s, 6), scheme, request)
            self.asked.append(asked)
            route = self.hosts.get(asked.host)
            if scheme == "https":
                route = self.secure_hosts.get(asked.host, route)
            if route is None:
                return Response(status=421, headers=(_CLOSE,))
            self._in_flight[asked.host] += 1
            self.most_in_flight[asked.host] = max(
                self.most_in_flight[asked.host], self._in_flight[asked.host]
            )
            try:
                response = await route(request)
            finally:
                self._in_flight[asked.host] -= 1
            return _closing(response)

        return answer

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[dict[str, Any]]:
        """
        As aiohttp asks its resolver.

        Raises:
            OSError: there is no such name.
        """
        given = self.resolves.get(host)
        if given:
            addresses = given.pop(0) if len(given) > 1 else given[0]
        elif host in self.hosts:
            addresses = ("127.0.0.1",)
        else:
            raise OSError(f"no such name {host}")
        return [
            {
                "hostname": host,
                "host": address,
                "port": self.ports.get(port, port),
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
            for address in addresses
        ]

    async def close(self) -> None:
        """
        Part of what aiohttp asks of a resolver; there is nothing to close.
        """


def _closing(response: Response) -> Response:
    return response if response.has("connection") else replace(response, headers=(*response.headers, _CLOSE))


@asynccontextmanager
async def internet(clock: Clock, *, secure: Iterable[str] = ()) -> AsyncIterator[Internet]:
    """
    An internet that is there until the block ends.

    Args:
        clock: Shared with whoever asks.
        secure: Names that have a certificate; where there are none, nothing answers https.

    Raises:
        ExceptionGroup: at the end, where a route failed.
    """
    here = Internet(clock, _began_s=clock.monotonic())
    async with serve_http(here.answering("http"), clock=clock) as plain:
        here.ports[80] = plain.port
        names = tuple(secure)
        if not names:
            yield here
            return
        served, here.trust = certified(names)
        async with _served(here, served) as tls:
            here.ports[443] = tls.port
            yield here


@asynccontextmanager
async def _served(here: Internet, tls: ssl.SSLContext) -> AsyncIterator[Server]:
    async with serve_http(here.answering("https"), clock=here.clock, tls=tls) as server:
        yield server


def certified(names: Sequence[str]) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """
    A server's context with a certificate for these names, and a client's that trusts no other certificate.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "listener simulation")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))  # TLS looks at the real time
        .not_valid_after(dt.datetime(2090, 1, 1, tzinfo=dt.UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "both.pem"
        file.touch(mode=0o600)
        file.write_bytes(private + certificate)
        server.load_cert_chain(file)
    return server, ssl.create_default_context(cadata=certificate.decode())
