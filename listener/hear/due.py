"""
Which source may be read next. Pure: takes instants, gives names; no clock, no tasks.

Used by intake only. One source of a group (host or credential) is out at a time, so that a worker never waits for
a host while another host's source is due. Costs one heap entry per source and one per group.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count


@dataclass(slots=True)
class _Group:
    """
    Sources of one host or credential, earliest first, and whether one of them is out.
    """

    heap: list[tuple[datetime, int, str]] = field(default_factory=list)
    busy: bool = False
    free_at: datetime | None = None


class DueQueue:
    """
    Sources by the instant at which each may be read.
    """

    __slots__ = ("_entries", "_groups", "_heap", "_order")

    def __init__(self) -> None:
        self._entries: dict[str, tuple[datetime, int, str]] = {}
        self._groups: dict[str, _Group] = {}
        self._heap: list[tuple[datetime, int, str]] = []
        self._order = count()

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, name: str, group: str, due_at: datetime) -> None:
        """
        The source is due at `due_at`, whatever was said before.
        """
        entry = (due_at, next(self._order), name)
        self._entries[name] = (due_at, entry[1], group)
        queue = self._groups.setdefault(group, _Group())
        heapq.heappush(queue.heap, entry)
        self._offer(group, queue)

    def remove(self, name: str) -> None:
        """
        The source is not due any more; a group that is out stays out until `done`.
        """
        self._entries.pop(name, None)

    def take(self, now: datetime) -> str | None:
        """
        The source that is due longest and whose group is free, which is now out; None where there is none.
        """
        while self._heap and self._heap[0][0] <= now:
            due_at, _, group = heapq.heappop(self._heap)
            queue = self._groups.get(group)
            if queue is None or queue.busy:
                continue
            head = self._head(queue)
            if head is None:
                self._groups.pop(group)
                continue
            if self._ready_at(queue, head) > due_at:
                self._offer(group, queue)
                continue
            heapq.heappop(queue.heap)
            del self._entries[head[2]]
            queue.busy = True
            return head[2]
        return None

    def done(self, group: str, *, free_at: datetime) -> None:
        """
        The source of that group is back; the next of the group may go out from `free_at`.
        """
        queue = self._groups.get(group)
        if queue is None:
            return
        queue.busy, queue.free_at = False, free_at
        self._offer(group, queue)

    def next_at(self) -> datetime | None:
        """
        When `take` may next have something; None while nothing is due or everything due is out.
        """
        return self._heap[0][0] if self._heap else None

    def _head(self, queue: _Group) -> tuple[datetime, int, str] | None:
        """
        The group's earliest entry that still holds; older ones are dropped on the way.
        """
        while queue.heap:
            due_at, order, name = queue.heap[0]
            current = self._entries.get(name)
            if current is not None and current[1] == order:
                return due_at, order, name
            heapq.heappop(queue.heap)
        return None

    @staticmethod
    def _ready_at(queue: _Group, head: tuple[datetime, int, str]) -> datetime:
        return head[0] if queue.free_at is None else max(head[0], queue.free_at)

    def _offer(self, group: str, queue: _Group) -> None:
        head = None if queue.busy else self._head(queue)
        if head is not None:
            heapq.heappush(self._heap, (self._ready_at(queue, head), head[1], group))
