"""
Who may read for which host or credential, in memory.

Used by sqlite_store alone, which loads the rows at the opening and writes the changed ones with the next transaction
that is made anyway, or at the close. No lease needs a sync of its own: the file is held by one process, so a row that
was never written can only be lost together with whoever holds the lease.

Invariants: a fence never goes back while the process lives. What was committed under a fence is durable together with
it; a fence that was given and lost with the process may be given again, when its first holder is dead.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from listener.errors import LeaseLost
from listener.queues.base import Lease

_ENDED: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Until when a lease that was given back is held."""


class Leases:
    """
    Every lease ever given, the ended ones for their fences.

    Args:
        stored: As the last process left them.
    """

    __slots__ = ("_changed", "_latest")

    def __init__(self, stored: Iterable[Lease]) -> None:
        self._latest = {lease.group: lease for lease in stored}
        self._changed: dict[str, Lease] = {}

    @property
    def changed(self) -> Collection[Lease]:
        """
        What is not in the file yet.
        """
        return self._changed.values()

    def written(self) -> None:
        """
        All of that is durable.
        """
        self._changed.clear()

    def take(self, group: str, node: str, *, ttl_s: float, now: datetime) -> Lease | None:
        """
        See `Queue.lease`.
        """
        latest = self._latest.get(group)
        held = latest is not None and latest.until_at > now
        if latest is not None and held and latest.node != node:
            return None
        fence = 0 if latest is None else latest.fence
        lease = Lease(group, node, fence if held else fence + 1, now + timedelta(seconds=ttl_s))
        self._put(lease)
        return lease

    def give_back(self, lease: Lease) -> None:
        """
        See `Queue.release`. It is kept, ended: the next fence must be larger.
        """
        latest = self._latest.get(lease.group)
        if latest is not None and (latest.node, latest.fence) == (lease.node, lease.fence):
            self._put(replace(latest, until_at=_ENDED))

    def check(self, lease: Lease, at: datetime) -> None:
        """
        Nothing happens while that lease is held.

        Raises:
            LeaseLost: it ended, or somebody else has it.
        """
        latest = self._latest.get(lease.group)
        if (
            latest is None
            or (latest.node, latest.fence) != (lease.node, lease.fence)
            or latest.until_at <= at
        ):
            raise LeaseLost(
                f"{lease.node} no longer holds {lease.group}: the page is dropped and read again later"
            )

    def _put(self, lease: Lease) -> None:
        self._latest[lease.group] = self._changed[lease.group] = lease
