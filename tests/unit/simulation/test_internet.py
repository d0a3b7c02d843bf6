"""A small internet on loopback: names, ports, certificates, and who asked for what."""

from __future__ import annotations

import asyncio
import ssl

import pytest

from listener.simulation.exchange import Request, Response
from listener.simulation.internet import Internet, internet
from listener.testing.virtual_clock import VirtualClock

pytestmark = pytest.mark.anyio


async def said(request: Request) -> Response:
    return Response(body=b"here is " + (request.header("host") or "nobody").encode())


async def other(request: Request) -> Response:
    return Response(body=b"in secret")


async def ask(net: Internet, host: str, *, tls: bool = False) -> bytes:
    """The body of an answer, asked as a client would that resolves the name first."""
    [found] = await net.resolve(host, 443 if tls else 80)
    reader, writer = await asyncio.open_connection(
        found["host"], found["port"], ssl=net.trust if tls else None, server_hostname=host if tls else None
    )
    writer.write(f"GET /feed?x=%7e HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    raw = await reader.read()
    writer.close()
    return raw.partition(b"\r\n\r\n")[2]


async def test_each_name_has_its_own_route_and_every_request_is_remembered() -> None:
    """With scheme, host, line and instant; every answer ends its connection."""
    clock = VirtualClock()
    async with internet(clock, secure=("b.city.example",)) as net:
        net.hosts |= {"a.city.example": said, "b.city.example": said}
        net.secure_hosts["b.city.example"] = other
        bodies = [await ask(net, "a.city.example")]
        await clock.advance(60)
        bodies += [await ask(net, "b.city.example"), await ask(net, "b.city.example", tls=True)]

    assert bodies == [b"here is a.city.example", b"here is b.city.example", b"in secret"]
    assert [(one.at_s, one.scheme, one.host, one.line) for one in net.asked] == [
        (0, "http", "a.city.example", "GET /feed?x=%7e"),
        (60, "http", "b.city.example", "GET /feed?x=%7e"),
        (60, "https", "b.city.example", "GET /feed?x=%7e"),
    ]
    assert net.starts_s("b.city.example") == [60, 60]
    assert set(net.most_in_flight.values()) == {1}


async def test_a_certificate_is_for_the_names_it_was_made_for() -> None:
    """A name without one is not believed."""
    async with internet(VirtualClock(), secure=("b.city.example",)) as net:
        net.hosts |= {"a.city.example": said}
        with pytest.raises(ssl.SSLCertVerificationError):
            await ask(net, "a.city.example", tls=True)

    assert net.asked == []


async def test_a_name_nobody_has_does_not_resolve_and_one_may_change_its_mind() -> None:
    """Answers come one after the other, the last one for ever."""
    async with internet(VirtualClock()) as net:
        net.resolves["c.city.example"] = [("127.0.0.1",), ("10.0.0.7", "::1")]
        found = [[one["host"] for one in await net.resolve("c.city.example", 80)] for _ in range(3)]
        with pytest.raises(OSError, match="no such name"):
            await net.resolve("d.city.example", 80)

    assert found == [["127.0.0.1"], ["10.0.0.7", "::1"], ["10.0.0.7", "::1"]]
