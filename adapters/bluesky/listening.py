"""
One run of the streams: every host heard beside the others, what they bring delivered once. Built by `jetstream`.

    hosts ─ frames ─► sieve ─ events ─► inbox ─► pages (looked up) ─► send

A host that fails is left for a while and the others go on; where none is left the run ends with the error of the last,
and the core comes back. Nobody here waits for the sake of waiting: the clock only wakes what frames do not (a host
without posts, a post to be asked for again, deletions that are gathered for a second).
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import anyio
from anyio.abc import TaskGroup

from adapters.bluesky.crosscheck import CrossCheck
from adapters.bluesky.cursor import encode_cursor
from adapters.bluesky.hosts import IDLE_S, MOST_BYTES, Host
from adapters.bluesky.identity import at_microseconds
from adapters.bluesky.inbox import Inbox
from adapters.bluesky.memory import Revisions, digest_of
from adapters.bluesky.pages import Event, Found, Made, Pages
from adapters.bluesky.search import Search
from adapters.bluesky.sieve import Gone, Said, Sieve
from listener.adapter import Interest, Item, Page, Reader
from listener.clock import Clock
from listener.errors import SourceError, SourceUnavailable
from listener.events import Gap, Post

TICK_S: Final = 15.0
GATHER_S: Final = 1.0
"""Chosen: deletions of posts that this process does not know are gathered for so long; erased within seconds all the same."""

STAGGER_S: Final = 10.0
"""Chosen: between the connections of two hosts. A host may lose what happens just where its replay becomes live, and hosts
that are connected at one moment lose the same; so each makes up for the other."""

CURSOR_EVERY_S: Final = 15.0
"""Chosen: how much is read again after a restart where nothing was for us."""

PAGE_MOST: Final = 200

NOTES: Final = frozenset(
    {
        "blind_host",  # a host lacks what another brings
        "one_host",  # a host is away, and the others go on without it
        "look_up_failed",  # the AppView did not answer: posts wait for it
        "gap_filled",  # a search went through what was missed
        "gap_partly_filled",  # it found more than it may read
        "search_denied",  # the account may not search
        "search_failed",
    }
)
"""Every `Page.note` of this adapter. The first three are conditions and stand on each page as long as they last."""


class Listening:
    """
    Args:
        positions: Where each host goes on, by address; empty where nothing is known.
        hosts: Addresses.
        sieve: Frames to events.
        pages: Events to items.
        durable: Learns what became durable.
        search: For gaps; None where no account is configured.
        own: DIDs of the organisation.
        silence_s: See `BlueskyConfig`.
        compress: Frames come compressed.
    """

    def __init__(
        self,
        *,
        reader: Reader,
        clock: Clock,
        interest: Interest,
        hosts: Iterable[str],
        positions: Mapping[str, int],
        sieve: Sieve,
        pages: Pages,
        durable: Revisions,
        search: Search | None,
        own: frozenset[str],
        silence_s: float,
        compress: bool,
    ) -> None:
        self._reader, self._clock, self._interest = reader, clock, interest
        self._hosts = [Host(address, positions.get(address)) for address in hosts]
        self._sieve, self._pages, self._durable, self._search = sieve, pages, durable, search
        self._own, self._silence_s, self._compress = own, silence_s, compress
        self._inbox = Inbox(positions=dict(positions))
        self._taken = Revisions()
        self._check = CrossCheck(host.address for host in self._hosts)
        self._sent_at = clock.monotonic()
        self._sent: Mapping[str, int] = dict(positions)
        self._begun: dict[str, int] = {}
        self._alarm_at = 0.0
        self._once: str | None = None
        self._gathering = False
        self._gaps: list[Gap] = []
        self._waiting: set[anyio.CancelScope] = set()

    async def run(self, send: Callable[[Page], Awaitable[None]]) -> None:
        """
        Until cancelled.

        Raises:
            SourceError: no host is left; the error of the last.
            Exception: whatever `send` raises, as it is.
        """
        fault: Exception
        async with anyio.create_task_group() as group:
            for number, host in enumerate(self._hosts):
                self._start(group, host, after_s=number * STAGGER_S)
            group.start_soon(self._watch, group)
            try:
                fault = await self._deliver(send, group)
            except Exception as error:  # noqa: BLE001 - raised below, outside the group, which would wrap it
                fault = error
            group.cancel_scope.cancel()
        raise fault

    # ------------------------------------------------------------------------------------------------ hearing

    def _start(self, group: TaskGroup, host: Host, *, after_s: float = 0.0) -> None:
        host.connected, host.is_held_up, host.heard_at = True, False, self._clock.monotonic() + after_s
        group.start_soon(self._hear, group, host, after_s)

    async def _hear(self, group: TaskGroup, host: Host, after_s: float) -> None:
        """
        One connection, from its beginning to its end.
        """
        error: SourceError = SourceUnavailable("a host went on without a single post")
        try:
            with anyio.CancelScope() as host.scope:
                if after_s:
                    await self._turn(after_s)
                await self._connection(group, host)
        except SourceError as caught:
            error = caught
        except Exception as fault:  # noqa: BLE001 - a bug ends the run, told like any other fault
            self._inbox.close(fault)
            return
        host.failed(error, self._clock.monotonic())
        for scope in self._waiting:
            scope.cancel()
        if not any(other.connected for other in self._hosts):
            self._inbox.close(error)

    async def _turn(self, after_s: float) -> None:
        """
        So much later, or at once where another host has failed.
        """
        with anyio.CancelScope() as scope:
            self._waiting.add(scope)
            await self._clock.sleep(after_s)
        self._waiting.discard(scope)

    async def _connection(self, group: TaskGroup, host: Host) -> None:
        address = host.subscription(compress=self._compress)
        async with self._reader.listen(address, idle_s=IDLE_S, most_bytes=MOST_BYTES) as pieces:
            host.heard_at = self._clock.monotonic()
            while True:
                sifted = self._sieve.sift(await pieces.next())
                now, monotonic = self._clock.now(), self._clock.monotonic()
                events = [event for event in sifted.events if self._is_new(event, host)]
                if host.since_us is None and sifted.first_us is not None:
                    self._judge(group, host, sifted.first_us, now)
                if sifted.last_us is not None:
                    host.advance(sifted.last_us, now, monotonic)
                self._inbox.put(events, host=host.address, position_us=host.position_us)
                self._check.judge(self._covered())
                self._arouse(group, events, monotonic)
                host.is_held_up = True
                await self._inbox.room()
                host.is_held_up = False
                host.heard_at += self._clock.monotonic() - monotonic

    def _is_new(self, event: Event, host: Host) -> bool:
        """
        Whether nobody brought this version before, nor a newer one.
        """
        if not isinstance(event, Said | Gone):
            return True
        self._check.heard(event.digest, event.rev, host=host.address, at_us=event.at_us)
        if self._taken.has(event.digest, event.rev) or self._durable.has(event.digest, event.rev):
            return False
        self._taken.add(event.digest, event.rev, gone=isinstance(event, Gone))
        return True

    def _covered(self) -> dict[str, tuple[int, int]]:
        spans = ((host.address, host.covered()) for host in self._hosts)
        return {address: span for address, span in spans if span is not None}

    def _judge(self, group: TaskGroup, host: Host, first_us: int, now: datetime) -> None:
        others = [other for other in self._hosts if other is not host]
        gap = host.judge(first_us, others, now, filled=self._search is not None)
        if host.asked_us is None:
            self._begun.setdefault(host.address, first_us)
        if gap is not None:
            self._tell(group, gap)

    def _tell(self, group: TaskGroup, gap: Gap) -> None:
        self._gaps.append(gap)
        self._inbox.wake()
        if self._search is not None and gap.start_at is not None:
            group.start_soon(self._fill, self._search, gap.start_at, gap.end_at)

    # ----------------------------------------------------------------------------------------------- watching

    def _arouse(self, group: TaskGroup, events: Sequence[Event], monotonic: float) -> None:
        """
        Posts, and deletions of posts we know, make a page at once; other deletions are gathered; where there are none, a
        cursor now and then.
        """
        if any(not isinstance(event, Gone) or self._durable.is_there(event.digest) for event in events):
            self._inbox.wake()
        elif events and not self._gathering:
            self._gathering = True
            group.start_soon(self._wake_in, GATHER_S)
        if monotonic - self._sent_at >= (GATHER_S if self._inbox.events else CURSOR_EVERY_S):
            self._inbox.wake()

    async def _wake_in(self, delay_s: float) -> None:
        await self._clock.sleep(delay_s)
        self._inbox.wake()

    async def _watch(self, group: TaskGroup) -> None:
        """
        Leave hosts that bring no posts, come back to those that were left, to one at a time.
        """
        while True:
            await self._clock.sleep(TICK_S)
            monotonic, is_started = self._clock.monotonic(), False
            for host in self._hosts:
                if not host.connected and monotonic >= host.retry_at:
                    if not is_started:
                        self._start(group, host)
                    is_started = True
                elif host.connected and not host.is_held_up and monotonic - host.heard_at > self._silence_s:
                    self._leave(group, host)

    def _leave(self, group: TaskGroup, host: Host) -> None:
        """
        Frames or pings come, and no posts. Where no other host is there to bring them, that is a gap.
        """
        host.connected, host.retry_at = False, math.inf  # until it has really ended
        reached = [known.position_us for known in self._hosts if known.position_us is not None]
        if reached and not any(other.connected for other in self._hosts):
            self._tell(group, Gap(at_microseconds(max(reached)), self._clock.now(), "outage"))
        if host.scope is not None:
            host.scope.cancel()

    # -------------------------------------------------------------------------------------------- what is missed

    async def _fill(self, search: Search, since_at: datetime, until_at: datetime) -> None:
        async for posts in search.fill(since_at, until_at, terms=self._interest.terms, own=self._own):
            found = [found for post in posts if (found := self._found(post)) is not None]
            self._inbox.put(found)
            if found:
                self._inbox.wake()
            await self._inbox.room()
        self._once = search.outcome
        self._inbox.wake()

    def _found(self, post: Post) -> Found | None:
        digest = digest_of(post.native)
        if self._taken.has(digest, "") or self._durable.has(digest, ""):
            return None
        self._taken.add(digest, "")
        return Found(digest, post)

    # ---------------------------------------------------------------------------------------------- delivering

    async def _deliver(self, send: Callable[[Page], Awaitable[None]], group: TaskGroup) -> Exception:
        """
        Hand everything on until nothing more comes.

        Returns:
            Why nothing more comes.
        """
        while True:
            await self._inbox.something()
            self._gathering = False
            gaps, self._gaps = self._gaps, []
            events, positions = self._inbox.take()
            made = await self._pages.make(events)
            await self._hand_over([*(Made(gap) for gap in gaps), *made], positions, send)
            self._set_alarm(group)
            if self._inbox.fault is not None and not self._inbox.events and not self._gaps:
                return self._inbox.fault

    def _set_alarm(self, group: TaskGroup) -> None:
        """
        Wake when a post is to be asked for again; one alarm at a time, unless an earlier one is needed.
        """
        retry_s, monotonic = self._pages.retry_in_s(), self._clock.monotonic()
        if retry_s is None or monotonic < self._alarm_at <= monotonic + retry_s:
            return
        self._alarm_at = monotonic + retry_s
        group.start_soon(self._wake_in, retry_s)

    async def _hand_over(
        self, made: list[Made], positions: Mapping[str, int], send: Callable[[Page], Awaitable[None]]
    ) -> None:
        """
        Pages of a bounded size; only the last moves the cursor.
        """
        waits_us = self._pages.waits_since_us
        if waits_us is not None:
            positions = {host: min(at_us, waits_us) for host, at_us in positions.items()}
        if made and not self._sent and self._begun:
            # A page that cannot be made durable now is to come again, which needs a place to come again from.
            await send(Page(cursor=encode_cursor(self._begun)))
            self._sent = dict(self._begun)
        is_moved = positions != self._sent
        if not made and not is_moved and self._once is None:
            self._sent_at = self._clock.monotonic()
            return
        for start in range(0, max(1, len(made)), PAGE_MOST):
            part = made[start : start + PAGE_MOST]
            is_last = start + PAGE_MOST >= len(made)
            items: tuple[Item, ...] = tuple(each.item for each in part if each.item is not None)
            cursor = encode_cursor(positions) if is_last and is_moved else None
            note, self._once = self._note(), None
            await send(Page(items, cursor, note=note))
            self._durable.add_all(each.mark for each in part if each.mark is not None)
        self._sent, self._sent_at = positions, self._clock.monotonic()

    def _note(self) -> str | None:
        if self._once is not None:
            return self._once
        if self._check.blind():
            return "blind_host"
        if self._pages.look_up_failed:
            return "look_up_failed"
        return None if all(host.connected for host in self._hosts) else "one_host"
