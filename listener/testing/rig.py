"""
The shipped daemon on virtual time, against a small internet on loopback: weeks of its manners in seconds.

Takes `[[source]]` tables and routes from a test; gives what the daemon asked (`rig.net.asked`), told (`rig.log`) and
shows (`rig.views`, `rig.events`). Everything between configuration and queue file is what ships: `listener.app`
builds it. Put in its place are the clock, the names that resolve, the authority that vouches for them, and upkeep,
which would wake simulated weeks once a minute.

    async with rig(source("blog", "http://blog.example/feed"), hosts={"blog.example": route}) as house:
        await house.pass_s(7200)
        assert house.net.starts_s("blog.example") == ...
"""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import anyio

from listener import settings
from listener.app import Daemon
from listener.hear.reader import Web
from listener.hear.upkeep import DAILY_EVERY_S, Upkeep
from listener.queues.base import Queue
from listener.simulation.exchange import Route
from listener.simulation.internet import Internet, internet
from listener.telemetry import Telemetry
from listener.testing.virtual_clock import VirtualClock

CONTACT: Final = "https://city.example/listener"

_HEAD: Final = """\
data_dir = "data"
[organisation]
name = "City of Example"
contact = "https://city.example/listener"
country = "CA"
[[watch]]
name = "city"
hashtags = ["#yyc"]
purpose = "Answer questions"
owner = "Communications"
legal_authority = "Municipal Government Act, s. 3"
review_by = 2099-01-01
[http]
host = "127.0.0.1"
port = 0
"""


def source(name: str, address: str, *, relation: str = "public", **keys: object) -> str:
    """
    A `[[source]]` table of the feed adapter.

    Args:
        name: Of the source.
        address: Of the feed.
        relation: `own` or `public`; a public one gets a criterion.
        keys: Further keys, such as `interval_s`.
    """
    values: dict[str, object] = {"name": name, "adapter": "feed", "relation": relation, "address": address}
    if relation == "public":
        values |= {"criterion": "Blogs about the city", "take": "all"}
    lines = [f"{key} = {json.dumps(value)}" for key, value in (values | keys).items()]
    return "\n".join(["[[source]]", *lines, ""])


class _Held:
    """
    The queue, with time standing still while its thread works: an event loop cannot see a thread.
    """

    def __init__(self, queue: Queue, clock: VirtualClock) -> None:
        self._queue, self._clock = queue, clock

    def __getattr__(self, name: str) -> Any:
        act = getattr(self._queue, name)

        async def held(*args: Any, **kwargs: Any) -> Any:
            with self._clock.held():
                return await act(*args, **kwargs)

        return held


class _NoUpkeep(Upkeep):
    """
    Expires nothing: it asks no server anything, and would wake each simulated minute.
    """

    async def run(self) -> None:
        await anyio.sleep_forever()


class _DailyUpkeep(Upkeep):
    """
    Only what a new day brings, such as a watch that pauses.
    """

    async def run(self) -> None:
        await self._every("daily", DAILY_EVERY_S, self.daily)


class _Daemon(Daemon):
    """
    The daemon, with the four things in its place that the module's docstring names.
    """

    net: Internet
    upkeep: type[Upkeep] = _NoUpkeep

    def _web(self) -> Web:
        web = super()._web()
        web._resolver = self.net  # type: ignore[assignment]  # quacks like aiohttp's, which only the transport imports
        web._tls = self.net.trust
        return web

    def _build(self, web: Web) -> None:
        assert isinstance(self._clock, VirtualClock)
        self._queue = _Held(self._queue, self._clock)
        super()._build(web)
        self._upkeep.__class__ = self.upkeep  # as it was built, but hardly ever awake

    async def expire_now(self) -> None:
        """
        What upkeep would have done.
        """
        await self._upkeep.expire()
        await self._upkeep.daily()


class Rig:
    """
    Made by `rig`.

    Args:
        net: What the daemon can reach.
        clock: Moves only inside `pass_s`.
        folder: Configuration and data.
    """

    def __init__(
        self,
        net: Internet,
        clock: VirtualClock,
        folder: Path,
        head: tuple[str, ...],
        sources: tuple[str, ...],
        http: str = "",
        *,
        days: bool = False,
    ) -> None:
        self._upkeep: type[Upkeep] = _DailyUpkeep if days else _NoUpkeep
        self.net, self.clock, self.folder = net, clock, folder
        self.out = io.StringIO()
        self._head, self._http = head, http
        self._text = self._written(sources)
        self._daemon: _Daemon | None = None
        self._running: AsyncExitStack | None = None
        self._address = ""

    @property
    def config(self) -> Path:
        """
        The configuration file.
        """
        return self.folder / "listener.toml"

    def log(self, name: str) -> list[dict[str, Any]]:
        """
        The log lines of one event.
        """
        lines = [json.loads(line) for line in self.out.getvalue().splitlines()]
        return [line for line in lines if line["event"] == name]

    async def pass_s(self, seconds: float) -> None:
        """
        So much time has passed, and everybody who was due has had their turn.
        """
        async with self.clock.autojump():
            await self.clock.sleep(seconds)

    async def start(self) -> None:
        """
        The daemon serves.
        """
        self._accept()
        stack = AsyncExitStack()
        self._address = await stack.enter_async_context(self._serving())
        self._running = stack

    async def stop(self) -> None:
        """
        The daemon has ended, everything acknowledged durable.
        """
        if self._running is not None:
            running, self._running = self._running, None
            await running.aclose()

    async def restart(self) -> None:
        """
        Ended and started again at the same instant.
        """
        await self.stop()
        await self.start()

    async def crash(self) -> None:
        """
        Started again over what lay on the disk while it ran, as after a SIGKILL; nothing it did at its end counts.
        """
        kept = self.folder / "as-it-lay"
        shutil.copytree(self.folder / "data", kept, ignore=_sockets)
        await self.stop()
        shutil.rmtree(self.folder / "data")
        kept.rename(self.folder / "data")
        await self.start()

    async def views(self) -> dict[str, dict[str, Any]]:
        """
        Each source as `listener sources` shows it, by name.
        """
        found = json.loads(await self.get("/v1/sources"))["sources"]
        return {view["name"]: view for view in found}

    async def events(self) -> list[dict[str, Any]]:
        """
        What a consumer that begins now is given.
        """
        events: list[dict[str, Any]] = []
        after = "start"
        while True:
            page = json.loads(await self.get(f"/v1/events?limit=500&after={after}"))
            if not page["events"]:
                return events
            events += page["events"]
            after = page["next"]

    async def get(self, path: str, *, whole: bool = True) -> bytes:
        """
        The body of an answer of the daemon's API, asked as any consumer asks.

        Args:
            path: With its query.
            whole: False for a stream, of which only the beginning is read.
        """
        host, _, port = self._address.removeprefix("http://").partition(":")
        streams = await asyncio.open_connection(host, int(port))
        _, body = await _exchange(*streams, f"GET {path}", whole=whole)
        return body

    async def poll(self, name: str, **flags: bool) -> tuple[int, bytes]:
        """
        Ask for a read by hand, as an operator does on the machine.

        Args:
            name: Of the source.
            flags: `unconditional` or `configured`, as the command has them.

        Returns:
            Status and body; 404 where no such command exists.
        """
        return await self.command("poll", source=name, **flags)

    async def forget(self, link: str) -> dict[str, Any]:
        """
        What came of forgetting a post, as an operator does on the machine.
        """
        _, body = await self.command("forget", link=link)
        forgot: dict[str, Any] = json.loads(body)
        return forgot

    async def command(self, name: str, **asked: object) -> tuple[int, bytes]:
        """
        What a command of an operator is answered over the socket: `find`, `forget`, `poll`.
        """
        streams = await asyncio.open_unix_connection(self.folder / "data" / "control.sock")
        return await _exchange(*streams, f"POST /v1/{name}", json.dumps(asked).encode())

    async def press(self, path: str) -> tuple[int, bytes]:
        """
        What somebody at this machine is answered who presses the button of an empty form.
        """
        host, _, port = self._address.removeprefix("http://").partition(":")
        streams = await asyncio.open_connection(host, int(port))
        return await _exchange(*streams, f"POST {path}")

    async def keep_up(self) -> None:
        """
        A round of upkeep, which does not come by itself here.
        """
        assert self._daemon is not None
        await self._daemon.expire_now()

    async def configure(self, *sources: str, http: str | None = None) -> None:
        """
        Other sources from now on, by a reload.

        Args:
            http: Other further lines of the `[http]` table, too.
        """
        self._http = self._http if http is None else http
        self._text = self._written(sources)
        self._accept()
        assert self._daemon is not None
        await self._daemon.reload()

    def _written(self, sources: tuple[str, ...]) -> str:
        first, *rest = self._head
        return "\n".join([first + self._http, *rest, *sources])

    def _accept(self) -> None:
        self.config.write_text(self._text, "utf-8")
        loaded = settings.load(self.config, environ={})
        settings.write_lock(
            settings.lock_path(self.config),
            settings.statement(loaded),
            accepted_by="the rig",
            reason="nobody real is heard",
            accepted_at=self.clock.now(),
        )

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[str]:
        daemon = _Daemon(self.config, {}, clock=self.clock, telemetry=Telemetry(self.out, debug=True))
        daemon.net, daemon.upkeep, self._daemon = self.net, self._upkeep, daemon
        ready = anyio.Event()
        address: list[str] = []

        def on_ready(at: str) -> None:
            address.append(at)
            ready.set()

        async def run() -> None:
            await daemon.run(on_ready=on_ready, signals=False)

        async with anyio.create_task_group() as group:
            group.start_soon(run)
            await ready.wait()
            yield address[0]
            daemon.stop()


async def _exchange(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    line: str,
    body: bytes = b"",
    *,
    whole: bool = True,
) -> tuple[int, bytes]:
    """
    One request on a connection of its own.
    """
    head = f"{line} HTTP/1.0\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    raw = await (reader.read() if whole else reader.readuntil(b"\r\n\r\n"))
    writer.close()
    await writer.wait_closed()
    status, _, rest = raw.partition(b"\r\n")
    return int(status.split(b" ")[1]), rest.partition(b"\r\n\r\n")[2]


def _sockets(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if (Path(folder) / name).is_socket()}


@asynccontextmanager
async def rig(
    *sources: str,
    hosts: Mapping[str, Route],
    secure: tuple[str, ...] = (),
    clock: VirtualClock | None = None,
    reader: str = "",
    http: str = "",
    days: bool = False,
) -> AsyncIterator[Rig]:
    """
    The daemon, running until the block ends; nothing is left behind.

    Args:
        sources: See `source`.
        hosts: Name to route; see `Internet.hosts`.
        secure: Names that answer https, too.
        clock: A new one where None.
        reader: Further lines of the `[reader]` table.
        http: Further lines of the `[http]` table.
        days: Whether a new day is noticed, as upkeep does: watches pause, days' keys end.

    Raises:
        ExceptionGroup: a route failed, or the daemon did.
    """
    clock = clock or VirtualClock()
    table = f'[reader]\nallow_addresses = ["127.0.0.1"]\n{reader}\n'
    async with internet(clock, secure=secure) as net:
        net.hosts.update(hosts)
        with tempfile.TemporaryDirectory(prefix="listener-") as folder:
            house = Rig(net, clock, Path(folder), (_HEAD, table), sources, http, days=days)
            await house.start()
            try:
                yield house
            finally:
                await house.stop()
