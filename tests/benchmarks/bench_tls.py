"""
What TLS costs when every poll meets another host: CPU for each poll, on our side and on the server's, and memory for
each connection that is kept.

    python tests/benchmarks/bench_tls.py [hosts] [rounds]

A certificate authority, one wildcard certificate (P-256) and as many names are made up for the run; names are resolved
to loopback addresses by an injected resolver. The server closes each connection, as servers do whose clients come back
in an hour. Contenders: the reader as it is (a full handshake each time), the same with each host's last session ticket
kept and shown again (which is not shipped; see deploy/decisions.md), and bare aiohttp.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

sys.path.insert(0, str(Path(__file__).parents[2]))

from listener.adapter import Reach
from listener.clock import SystemClock
from listener.hear.pace import Pace
from listener.hear.reader import Web
from tests.benchmarks.farm import Farm, cpu_s, farm, host, many_files, rss_mb

IN_FLIGHT = 16
HEADERS = {"if-none-match": '"1"'}
Read = Callable[[int], Awaitable[int]]


def name(number: int) -> str:
    """The name of host N."""
    return f"blog-{number}.listener.example"


def certificates(folder: Path) -> tuple[Path, tuple[str, str]]:
    """Files: the authority; certificate and key of every server."""
    now = datetime.now(UTC)
    authority, server = (
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, who)]) for who in ("authority", "server")
    )
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    blank = (
        x509.CertificateBuilder()
        .issuer_name(authority)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
    root = (
        blank.subject_name(authority)
        .serial_number(1)
        .public_key(root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    names = x509.SubjectAlternativeName([x509.DNSName("*.listener.example")])
    leaf = (
        blank.subject_name(server)
        .serial_number(2)
        .public_key(key.public_key())
        .add_extension(names, critical=False)
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    files = folder / "root.pem", folder / "leaf.pem", folder / "key.pem"
    files[0].write_bytes(root.public_bytes(pem))
    files[1].write_bytes(leaf.public_bytes(pem))
    files[2].write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files[0], (str(files[1]), str(files[2]))


class Names(AbstractResolver):
    """Every name of the run is a loopback address."""

    async def resolve(
        self, host_: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        number = int(host_.split(".")[0].removeprefix("blog-"))
        return [
            ResolveResult(
                hostname=host_, host=host(number), port=port, family=socket.AF_INET, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        pass


class Tickets(ssl.SSLContext):
    """
    A context that shows each host the ticket it gave last. With TLS 1.3 a ticket comes after the handshake, so each
    connection is looked at again when its answer has come (`remember`).
    """

    known: dict[str, ssl.SSLSession]
    open: dict[str, ssl.SSLObject]
    resumed: int

    def wrap_bio(self, incoming: Any, outgoing: Any, server_side: bool = False, server_hostname: Any = None, session: Any = None) -> ssl.SSLObject:  # fmt: skip
        made = super().wrap_bio(
            incoming, outgoing, server_side, server_hostname, self.known.get(server_hostname)
        )
        self.open[server_hostname] = made
        return made

    def remember(self, host_: str) -> None:
        """The answer of the connection to this host has come."""
        used = self.open.pop(host_)
        self.resumed += bool(used.session_reused)
        if used.session is not None:
            self.known[host_] = used.session


def trusting(kind: type[ssl.SSLContext], root: Path) -> ssl.SSLContext:
    """A context that verifies against the authority of the run."""
    context = kind(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(root)
    return context


async def _polled(read: Read, hosts: int, server: int) -> tuple[float, float]:
    """Microseconds of CPU for each poll: ours and the server's."""
    todo = iter(range(hosts))

    async def worker() -> None:
        for number in todo:
            assert await read(number) == 304

    began, there = time.process_time(), cpu_s(server)
    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    return (time.process_time() - began) / hosts * 1e6, (cpu_s(server) - there) / hosts * 1e6


async def polls(served: Farm, root: Path, hosts: int, rounds: int) -> None:
    """Every contender, round after round; the first round is not counted, as no ticket is known yet."""
    tickets = trusting(Tickets, root)
    assert isinstance(tickets, Tickets)
    tickets.known, tickets.open, tickets.resumed = {}, {}, 0
    webs = {
        kind: _web(trusting(ssl.SSLContext, root) if kind == "full" else tickets)
        for kind in ("full", "tickets")
    }
    connector = aiohttp.TCPConnector(limit=0, resolver=Names(), ssl=trusting(ssl.SSLContext, root))
    async with webs["full"], webs["tickets"], aiohttp.ClientSession(connector=connector) as session:

        def reader(web: Web) -> Read:
            readers = [web.reader(f"blog {number}", (Reach(name(number)),)) for number in range(hosts)]

            async def read(number: int) -> int:
                address = f"https://{name(number)}:{served.port}/feed/{number}"
                status = (await readers[number].read(address, headers=HEADERS)).status
                if web is webs["tickets"]:
                    tickets.remember(name(number))
                return status

            return read

        async def bare(number: int) -> int:
            async with session.get(
                f"https://{name(number)}:{served.port}/feed/{number}", headers=HEADERS
            ) as answer:
                await answer.read()
                return answer.status

        reads = {"reader, full handshakes": reader(webs["full"]), "reader, tickets kept": reader(webs["tickets"]), "bare aiohttp": bare}  # fmt: skip
        spent: dict[str, list[tuple[float, float]]] = {kind: [] for kind in reads}
        for turn in range(rounds + 1):
            for kind, read in reads.items():
                used = await _polled(read, hosts, served.pid)
                if turn:
                    spent[kind].append(used)
    for kind, each in spent.items():
        ours, theirs = (statistics.median(one[side] for one in each) for side in (0, 1))
        print(f"{kind:>24}: {ours:6.0f} us CPU/poll here, {theirs:6.0f} us at the server")
    print(f"{'':>24}  of {(rounds + 1) * hosts} handshakes with tickets, {tickets.resumed} were resumed")


def _web(tls: ssl.SSLContext) -> Web:
    return Web(
        clock=SystemClock(),
        pace=Pace(0.0, frozenset()),
        user_agent="civic-listener/0",
        allow=[ip_network("127.0.0.0/8")],
        tls=tls,
        resolver=Names(),
    )


async def kept(served: Farm, root: Path, hosts: int) -> None:
    """Memory of connections that nobody uses but that are kept."""
    connector = aiohttp.TCPConnector(limit=0, resolver=Names(), ssl=trusting(ssl.SSLContext, root))
    async with aiohttp.ClientSession(connector=connector) as session:
        before = rss_mb(os.getpid())
        for number in range(hosts):
            async with session.get(
                f"https://{name(number)}:{served.port}/feed/{number}", headers=HEADERS
            ) as answer:
                await answer.read()
        print(f"{'each kept connection':>24}: {(rss_mb(os.getpid()) - before) / hosts * 1024:6.1f} KB")


def main() -> None:
    """Print every line."""
    hosts = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    many_files()
    with tempfile.TemporaryDirectory() as folder:
        root, pair = certificates(Path(folder))
        with farm(hosts, entries=1, tls=pair) as served:
            asyncio.run(kept(served, root, hosts))
        with farm(hosts, entries=1, close=True, tls=pair) as served:
            asyncio.run(polls(served, root, hosts, rounds))


if __name__ == "__main__":
    main()
