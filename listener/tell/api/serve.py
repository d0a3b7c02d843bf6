"""
The doors: a TCP address and a Unix socket, each with its application, until the task is cancelled.

Takes applications from `app.py`; called by the composition root. Signals, logs and the process are left to the
root; uvicorn only speaks HTTP here. Whoever takes nothing, or does not finish a request's head, for longer than
`Patience` allows is hung up on, so that no client holds memory or a place for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import stat
from collections.abc import Callable, Coroutine, Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from listener.errors import CannotListen

STOP_WITHIN_S: Final = 5.0
"""From the moment of cancellation until the last connection is closed."""
_LAST_WORDS_S: Final = 3.0
"""Of those, what answers in progress may take."""
_MOST_CONNECTIONS: Final = 1000
"""Chosen: under the usual limit of 1,024 open files."""
_HEAD_MOST_BYTES: Final = 32_768
"""Chosen: the query may have 4 KiB; cookies of other services on localhost need the rest."""

_WHY: Final = {
    errno.EADDRINUSE: "it is in use; stop what listens there, or choose another port in [http]",
    errno.EACCES: "this user may not; choose a port above 1023, or allow it by CAP_NET_BIND_SERVICE",
    errno.EPERM: "this user may not; choose a port above 1023, or allow it by CAP_NET_BIND_SERVICE",
    errno.EADDRNOTAVAIL: "this machine has no such address; choose one of its own, such as 127.0.0.1",
}


@dataclass(frozen=True, slots=True)
class Patience:
    """
    How long a connection may keep us waiting.

    Args:
        taking_s: For bytes that wait to be taken. Chosen: two heartbeats; a client that comes back resumes exactly.
        asking_s: For the rest of a request's head. Chosen: it is one packet.
    """

    taking_s: float = 30.0
    asking_s: float = 10.0


USUAL: Final = Patience()


@dataclass(frozen=True, slots=True)
class Listening:
    """
    Where the doors are.

    Args:
        host, port: Of the TCP door, the port as the system gave it.
        socket_path: Of the Unix door.
    """

    host: str
    port: int
    socket_path: Path

    @property
    def address(self) -> str:
        """
        Of the TCP door, for a browser.
        """
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.port}"


async def serve(
    app_for_tcp: Starlette,
    app_for_socket: Starlette,
    *,
    host: str,
    port: int,
    socket_path: Path,
    ready: Callable[[Listening], object],
    patience: Patience = USUAL,
) -> None:
    """
    Answer until cancelled; then close both doors within `STOP_WITHIN_S`, open streams included.

    Args:
        app_for_tcp: For whoever comes over the network.
        app_for_socket: For whoever may open the socket's file (mode 0600).
        host: Address to listen on.
        port: 0 lets the system choose; `ready` is told.
        socket_path: Its folder exists; a socket file that nobody answers on is replaced.
        ready: Called once both doors are open.
        patience: See there.

    Raises:
        CannotListen: an address or the socket is in use or not ours to open; says what to do.
    """
    tcp = await _bind_tcp(host, port)
    try:
        unix, inode = _bind_unix(socket_path)
    except BaseException:
        tcp.close()
        raise
    where = Listening(host, tcp.getsockname()[1], socket_path)
    doors = (_Door(app_for_tcp, tcp, patience), _Door(app_for_socket, unix, patience))
    try:
        await _keep_open(doors, lambda: ready(where))
    finally:
        _unlink(socket_path, inode)


async def _keep_open(doors: Sequence[_Door], ready: Callable[[], object]) -> None:
    try:
        for door in doors:
            await door.open()
        ready()
        async with anyio.create_task_group() as group:
            for door in doors:
                group.start_soon(door.tick)
    finally:
        with anyio.CancelScope(shield=True):
            await _all(door.close for door in doors)


async def _all(works: Iterable[Callable[[], Coroutine[object, object, None]]]) -> None:
    async with anyio.create_task_group() as group:
        for work in works:
            group.start_soon(work)


class _Server(uvicorn.Server):
    """
    Without signal handlers: the composition root has its own.
    """

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class _Impatient(H11Protocol):
    """
    A connection that hangs up on whoever stalls. A closed transport waits for its peer to take what is left, for
    ever if need be; only an aborted one does not.
    """

    patience = USUAL

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._head, self._taking = _Timer(), _Timer()
        self._head.start(self, self.patience.asking_s)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        answering: RequestResponseCycle | None = self.cycle
        if answering is None or answering.response_complete:
            self._head.start(self, self.patience.asking_s)
        else:
            self._head.stop()

    def on_response_complete(self) -> None:
        self._head.stop()
        super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._taking.start(self, self.patience.taking_s)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._taking.stop()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head.stop()
        self._taking.stop()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)


class _Timer:
    """
    Hangs up once, unless it is stopped in time.
    """

    __slots__ = ("_handle",)

    def __init__(self) -> None:
        self._handle: asyncio.TimerHandle | None = None

    def start(self, protocol: H11Protocol, within_s: float) -> None:
        if self._handle is None:
            self._handle = protocol.loop.call_later(within_s, protocol.transport.abort)

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


class _Door:
    """
    One bound socket and the server behind it.
    """

    def __init__(self, app: Starlette, bound: socket.socket, patience: Patience) -> None:
        self._app, self._bound = app, bound
        protocol = type("_Connection", (_Impatient,), {"patience": patience})
        self._server = _Server(
            uvicorn.Config(
                app,
                http=protocol,
                ws="none",
                lifespan="off",
                interface="asgi3",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=_MOST_CONNECTIONS,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=None,
                h11_max_incomplete_event_size=_HEAD_MOST_BYTES,
            )
        )

    async def open(self) -> None:
        """
        Requests are answered from now on.
        """
        self._server.config.load()
        self._server.lifespan = self._server.config.lifespan_class(self._server.config)
        await self._server.startup(sockets=[self._bound])

    async def tick(self) -> None:
        """
        Keep the Date header; ends by cancellation only.
        """
        await self._server.main_loop()

    async def close(self) -> None:
        """
        Streams end, answers in progress are finished where that takes no longer than it may, the rest is dropped.
        """
        self._app.state.streams.ending.set()
        if not self._server.started:
            self._bound.close()
            return
        with anyio.move_on_after(_LAST_WORDS_S):
            await self._server.shutdown(sockets=[self._bound])
            return
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()
        # An aborted connection lets its task end by itself; only one that is stuck elsewhere has to be told.
        if tasks := list(self._server.server_state.tasks):
            _, stuck = await asyncio.wait(tasks, timeout=0.5)
            for task in stuck:
                task.cancel()
        with anyio.move_on_after(STOP_WITHIN_S - _LAST_WORDS_S - 1.0):
            await self._server.shutdown(sockets=[self._bound])


async def _bind_tcp(host: str, port: int) -> socket.socket:
    """
    Raises:
        CannotListen: the address is not ours to open.
    """
    try:
        found = await anyio.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        family, _, _, _, address = found[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except socket.gaierror as error:
        raise CannotListen(f"cannot listen on {host}: no such address; use one such as 127.0.0.1") from error
    except OSError as error:
        why = _WHY.get(error.errno or 0, f"the system says {errno.errorcode.get(error.errno or 0, 'no')}")
        raise CannotListen(f"cannot listen on {host} port {port}: {why}") from error


def _bind_unix(path: Path) -> tuple[socket.socket, int]:
    """
    A socket that only this user may open, and the inode of its file. Bound before it listens, so that its mode is
    right before the first connection.

    Raises:
        CannotListen: a daemon answers there, or the file cannot be made.
    """
    _clear_stale(path)
    unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        unix.bind(str(path))
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    except OSError as error:
        unix.close()
        raise CannotListen(_why_no_socket(path, error)) from error
    return unix, path.stat().st_ino


def _clear_stale(path: Path) -> None:
    """
    Remove a socket file that nobody answers on.
    """
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise CannotListen(_why_no_socket(path, error)) from error
        else:
            raise CannotListen(
                f"a daemon already answers on {path}: stop it, or give this one a data folder of its own"
            )


def _why_no_socket(path: Path, error: OSError) -> str:
    if error.errno is None or "too long" in str(error):
        return f"cannot open {path}: a socket's path has at most 107 bytes; choose a shorter data folder"
    if error.errno == errno.ENOENT:
        return f"cannot open {path}: its folder does not exist; make it, or choose another data folder"
    if error.errno == errno.EADDRINUSE:
        return f"cannot open {path}: a file that is no socket has that name; move it away"
    name = errno.errorcode.get(error.errno, "no")
    return f"cannot open {path}: the system says {name}; the data folder must be writable by this user"


def _unlink(path: Path, inode: int) -> None:
    """
    Remove our socket file, but not one that a successor put in its place.
    """
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_ino == inode:
            path.unlink()
