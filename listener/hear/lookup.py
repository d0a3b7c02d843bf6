"""
Addresses of host names, asked of the system in threads of its own.

Used by `listener.hear.transport` for its connector. The event loop's own pool has a handful of threads: as many dead
names, each of which the system may think about for half a minute, would keep every other source from its address.

Invariants: a name that does not answer costs its source `wait_s`, and no other source anything; at most `threads`
threads, made as they are needed; none of them holds up the end of the process.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Final

THREADS_MOST: Final = 64
"""Chosen: more than the sources that are read at the same time, as some wait for names given up long ago."""

LOOKUP_S: Final = 10.0
"""Chosen: within the reader's deadline, so that a connection can still be made; a resolver asks twice in that time."""

Info = tuple[Any, Any, int, str, tuple[Any, ...]]
"""As `socket.getaddrinfo` gives it."""

_Job = tuple[Callable[[], Sequence[Info]], "asyncio.Future[Sequence[Info]]"]


class Lookup:
    """
    To be made inside the running loop, which alone may use it.

    Args:
        threads: Most names asked for at the same time.
        wait_s: Longest wait for one.
        find: What asks the system.
    """

    def __init__(
        self,
        *,
        threads: int = THREADS_MOST,
        wait_s: float = LOOKUP_S,
        find: Callable[..., Sequence[Info]] = socket.getaddrinfo,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._most, self._wait_s, self._find = threads, wait_s, find
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads = 0
        self._busy = 0

    async def addresses(self, host: str, port: int, family: int) -> Sequence[Info]:
        """
        What the system knows of a name.

        Raises:
            OSError: nothing, or nothing in time. A name without addresses is told like one that is not there.
        """

        def find() -> Sequence[Info]:
            return self._find(host, port, type=socket.SOCK_STREAM, family=family, flags=socket.AI_ADDRCONFIG)

        done: asyncio.Future[Sequence[Info]] = self._loop.create_future()
        self._busy += 1
        self._jobs.put((find, done))
        if self._busy > self._threads and self._threads < self._most:
            self._threads += 1
            threading.Thread(target=self._serve, name="listener-names", daemon=True).start()
        try:
            async with asyncio.timeout(self._wait_s):
                return await done
        except TimeoutError:
            raise socket.gaierror(socket.EAI_AGAIN, "the name was not resolved in time") from None

    def close(self) -> None:
        """
        The threads end as soon as the system lets go of them.
        """
        for _ in range(self._threads):
            self._jobs.put(None)

    def _serve(self) -> None:
        """
        One thread. A name that nobody waits for any more is not asked for.
        """
        while (job := self._jobs.get()) is not None:
            find, done = job
            found: Sequence[Info] | Exception = ()
            if not done.done():
                try:
                    found = find()
                except Exception as error:  # noqa: BLE001 whatever it is, whoever waits must hear
                    found = error
            with suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(self._tell, done, found)

    def _tell(self, done: asyncio.Future[Sequence[Info]], found: Sequence[Info] | Exception) -> None:
        self._busy -= 1
        if done.done():
            return
        if isinstance(found, Exception):
            done.set_exception(found)
        else:
            done.set_result(found)
