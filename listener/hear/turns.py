"""
Waiting for one's turn at a host: the part of politeness that sleeps. `listener.hear.pace` decides, this obeys.

`listener.hear.reader` takes a turn before every request, hops included, and gives it back after the body.

Invariants: first come, first served; a held host makes nobody wait here; a wait that would be long is not waited at
all but told, so that one busy host cannot keep every worker.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

import anyio

from listener.clock import Clock
from listener.errors import RateLimited
from listener.hear.pace import Pace

_QUEUE_S: Final = 1.0
"""Chosen: what one request in front of us is taken to last on a host without spacing."""


@dataclass(slots=True)
class _Queue:
    """
    Who stands in line at one host, behind the one whose turn it is.

    Args:
        waiting: One event each, in order; set when the turn is handed over.
    """

    waiting: deque[anyio.Event] = field(default_factory=deque)


class Turns:
    """
    One queue per host that is being asked.

    Args:
        clock: Its sleep is the waiting.
        pace: Its slots are the turns.
        most_s: Longest wait before `take` gives up.
    """

    __slots__ = ("_clock", "_most_s", "_pace", "_queues")

    def __init__(self, clock: Clock, pace: Pace, *, most_s: float) -> None:
        self._clock = clock
        self._pace = pace
        self._most_s = most_s
        self._queues: dict[str, _Queue] = {}

    async def take(self, host: str, *, source: str) -> None:
        """
        The host is ours until `give_back`.

        Raises:
            RateLimited: the host is held, or our turn is further away than `most_s`; nothing was taken.
        """
        self._refuse_if_held(host, source)
        queue = self._queues.get(host)
        if queue is None:
            self._queues[host] = _Queue()  # the usual case: nobody is in front
        else:
            await self._wait_in_line(host, queue, source)
        try:
            await self._slot(host, source)
        except BaseException:
            self._hand_over(host)
            raise
        self._pace.started(host, self._clock.now())

    def give_back(self, host: str) -> None:
        """
        The next in line may go.
        """
        self._pace.finished(host, self._clock.now())
        self._hand_over(host)

    async def _wait_in_line(self, host: str, queue: _Queue, source: str) -> None:
        """
        Return when the turn was handed over to us.
        """
        self._refuse_if_far(host, 1 + len(queue.waiting), source)
        ours = anyio.Event()
        queue.waiting.append(ours)
        try:
            with anyio.move_on_after(self._most_s):
                await ours.wait()
        except BaseException:
            self._step_out(host, queue, ours)
            raise
        if not ours.is_set():
            self._step_out(host, queue, ours)
            raise _busy(host, source, self._most_s)

    def _step_out(self, host: str, queue: _Queue, ours: anyio.Event) -> None:
        """
        Leave the line; a turn that was handed over at the same moment goes on to the next.
        """
        if ours.is_set():
            self._hand_over(host)
        else:
            queue.waiting.remove(ours)

    def _hand_over(self, host: str) -> None:
        """
        The next in line has the turn; an empty line is forgotten, as there may be ten thousand hosts.
        """
        queue = self._queues[host]
        if queue.waiting:
            queue.waiting.popleft().set()
        else:
            del self._queues[host]

    async def _slot(self, host: str, source: str) -> None:
        while wait_s := self._pace.slot(host, self._clock.now()):
            self._refuse_if_held(host, source)
            if wait_s > self._most_s:
                raise _busy(host, source, wait_s)
            await self._clock.sleep(wait_s)

    def _refuse_if_held(self, host: str, source: str) -> None:
        now = self._clock.now()
        until = self._pace.held_until(host, now)
        if until is not None:
            wait_s = (until - now).total_seconds()
            raise RateLimited(f"{source}: {host} asked for a pause; it goes on by itself", wait_s=wait_s)

    def _refuse_if_far(self, host: str, in_front: int, source: str) -> None:
        wait_s = in_front * (self._pace.spacing_s(host) or _QUEUE_S)
        if wait_s > self._most_s:
            raise _busy(host, source, wait_s)


def _busy(host: str, source: str, wait_s: float) -> RateLimited:
    return RateLimited(
        f"{source}: others of ours are asking {host} already; it comes by itself", wait_s=wait_s
    )
