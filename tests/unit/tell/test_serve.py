"""
The doors: what is told when one cannot be opened, and what is left when they are closed.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from pathlib import Path

import anyio
import pytest
from starlette.applications import Starlette

from listener.errors import CannotListen
from listener.telemetry import Telemetry
from listener.tell.api import Access, build_api
from listener.tell.api.serve import Listening, Patience, serve
from listener.testing.virtual_clock import VirtualClock
from tests.fakes.api_client import exchange, get, served
from tests.fakes.daemon import FakeControl
from tests.fakes.memory_queue import MemoryQueue

pytestmark = pytest.mark.anyio


def app(door: str = "loopback") -> Starlette:
    return build_api(
        queue=MemoryQueue(),
        control=FakeControl(),
        telemetry=Telemetry(),
        clock=VirtualClock(),
        access=Access(door=door),  # type: ignore[arg-type]  # one of three words
        version="1",
    )


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def refused(host: str = "127.0.0.1", port: int = 0, *, socket_path: Path) -> str:
    """
    What is told when the doors cannot be opened.
    """
    with pytest.raises(CannotListen) as caught:
        await serve(app(), app("socket"), host=host, port=port, socket_path=socket_path, ready=print)
    assert caught.value.exit_code == 5
    return str(caught.value)


async def test_both_doors(tmp_path: Path) -> None:
    """
    Port 0 is told as the real one; the socket's file is its owner's only, and gone afterwards.
    """
    async with served(app(), app("socket"), folder=tmp_path) as where:
        mode = stat.S_IMODE((tmp_path / "s").stat().st_mode)
        over_tcp = await get(where, "/healthz")

    assert where == Listening("127.0.0.1", where.port, tmp_path / "s")
    assert where.address == f"http://127.0.0.1:{where.port}"
    assert where.port > 0
    assert mode == 0o600
    assert over_tcp.status == 200
    assert names_in(tmp_path) == []


async def test_port_in_use(tmp_path: Path) -> None:
    """
    A port in use is told with what to do, and leaves no socket file behind.
    """
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        told = await refused(port=port, socket_path=tmp_path / "s")

    assert told == (
        f"cannot listen on 127.0.0.1 port {port}: it is in use; stop what listens there, or choose another port "
        "in [http]"
    )
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            errno.EACCES,
            "this user may not; choose a port above 1023, or allow it by CAP_NET_BIND_SERVICE",
        ),
        (errno.EMFILE, "the system says EMFILE"),
    ],
)
async def test_port_not_permitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, expected: str
) -> None:
    """
    What the system refuses is told in words, or by its name where there are none.
    """

    def no(*_: object, **__: object) -> socket.socket:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(socket, "create_server", no)

    assert (
        await refused(port=80, socket_path=tmp_path / "s")
        == f"cannot listen on 127.0.0.1 port 80: {expected}"
    )


async def test_address_of_another_machine(tmp_path: Path) -> None:
    """
    An address that this machine does not have is told, as is a name that is none.
    """
    foreign = await refused("192.0.2.1", 0, socket_path=tmp_path / "s")
    nonsense = await refused("256.1.1.1.invalid.", 0, socket_path=tmp_path / "s")

    assert foreign == (
        "cannot listen on 192.0.2.1 port 0: this machine has no such address; choose one of its own, such as "
        "127.0.0.1"
    )
    assert nonsense == "cannot listen on 256.1.1.1.invalid.: no such address; use one such as 127.0.0.1"


async def test_socket_of_a_living_daemon(tmp_path: Path) -> None:
    """
    A second daemon over the same folder is refused, and the first one goes on.
    """
    async with served(app(), app("socket"), folder=tmp_path) as where:
        told = await refused(socket_path=tmp_path / "s")
        after = await get(where, "/healthz")
        there = (tmp_path / "s").is_socket()

    assert told == (
        f"a daemon already answers on {tmp_path / 's'}: stop it, or give this one a data folder of its own"
    )
    assert (after.status, there) == (200, True)


async def test_socket_of_a_dead_daemon(tmp_path: Path) -> None:
    """
    A socket file that a killed daemon left is replaced.
    """
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "s"))

    async with (
        served(app(), app("socket"), folder=tmp_path) as where,
        await anyio.connect_unix(str(where.socket_path)) as stream,
    ):
        got = await exchange(stream, "GET /healthz HTTP/1.1", {"host": "x"})

    assert got.status == 200


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("missing/s", "its folder does not exist; make it, or choose another data folder"),
        ("file", "a file that is no socket has that name; move it away"),
        ("x" * 120, "a socket's path has at most 107 bytes; choose a shorter data folder"),
    ],
)
async def test_socket_cannot_be_made(tmp_path: Path, path: str, told: str) -> None:
    """
    A socket that cannot be made is told with what to do; nothing that was there is touched.
    """
    (tmp_path / "file").write_text("kept")

    assert await refused(socket_path=tmp_path / path) == f"cannot open {tmp_path / path}: {told}"
    assert (tmp_path / "file").read_text() == "kept"


async def test_successor_keeps_its_socket(tmp_path: Path) -> None:
    """
    A daemon that ends does not take away the socket that its successor put in its place.
    """
    async with served(app(), app("socket"), folder=tmp_path):
        (tmp_path / "s").unlink()
        with socket.socket(socket.AF_UNIX) as successor:
            successor.bind(str(tmp_path / "s"))

    assert (tmp_path / "s").is_socket()


async def test_half_a_request(tmp_path: Path) -> None:
    """
    Whoever does not finish a request's head in time is hung up on, at the first request and at the next.
    """
    hasty = Patience(asking_s=0.05)
    async with served(app(), app("socket"), folder=tmp_path, patience=hasty) as where:
        for before in (b"", b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"):
            async with await anyio.connect_tcp(where.host, where.port) as stream:
                if before:
                    await stream.send(before)
                    assert (await stream.receive()).startswith(b"HTTP/1.1 200")
                await stream.send(b"GET /healthz HT")
                with anyio.fail_after(2), pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
                    await stream.receive()
