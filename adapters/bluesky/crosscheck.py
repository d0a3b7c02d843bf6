"""
What one host brings and another lacks. Used by `jetstream`. Pure but for what it remembers, which is digests.

A host served for 52 minutes none of the posts that three others had, and went on looking well (platform facts, 3.1). The
union of two streams loses nothing by that; but an operator should know, before the other one fails as well. What is
compared is what we look at anyway: posts that may be ours, and deletions.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

GRACE_US: Final = 60_000_000
"""Chosen: a host may be that far behind in bringing what it brings. Hosts differ by a second or two."""

LACKING_LEAST: Final = 5
LACKING_SHARE: Final = 0.05
"""Chosen: fewer are the losses every host has where it restarts."""

_WINDOW: Final = 200
"""Chosen: after so many judged, what was counted counts half: a host that sees again is soon believed."""

_PENDING_MOST: Final = 10_000


@dataclass(slots=True)
class _Score:
    brought: float = 0.0
    lacking: float = 0.0


@dataclass(slots=True)
class _Seen:
    at_us: int
    hosts: set[str] = field(default_factory=set)


class CrossCheck:
    """
    Compares hosts by what they bring of the same.
    """

    __slots__ = ("_pending", "_scores")

    def __init__(self, hosts: Iterable[str]) -> None:
        self._pending: OrderedDict[tuple[bytes, str], _Seen] = OrderedDict()
        self._scores = {host: _Score() for host in hosts}

    def heard(self, post: bytes, rev: str, *, host: str, at_us: int) -> None:
        """
        A host brought this version of a post.
        """
        seen = self._pending.setdefault((post, rev), _Seen(at_us))
        seen.hosts.add(host)
        if len(self._pending) > _PENDING_MOST:
            self._pending.popitem(last=False)

    def judge(self, covered: Mapping[str, tuple[int, int]]) -> None:
        """
        Decide about what every host has had its time for.

        Args:
            covered: Of each host that is connected, from when to when it told everything, in microseconds.
        """
        if len(covered) < 2:
            return
        until_us = min(end for _, end in covered.values()) - GRACE_US
        while self._pending:
            key, seen = next(iter(self._pending.items()))
            if seen.at_us > until_us:
                return
            del self._pending[key]
            for host, (since_us, _) in covered.items():
                if since_us + GRACE_US <= seen.at_us:
                    self._count(host, lacking=host not in seen.hosts)

    def blind(self) -> frozenset[str]:
        """
        Hosts that lack what others bring.
        """
        return frozenset(
            host
            for host, score in self._scores.items()
            if score.lacking >= LACKING_LEAST
            and score.lacking > LACKING_SHARE * (score.lacking + score.brought)
        )

    def _count(self, host: str, *, lacking: bool) -> None:
        score = self._scores[host]
        if lacking:
            score.lacking += 1
        else:
            score.brought += 1
        if score.brought + score.lacking > _WINDOW:
            score.brought /= 2
            score.lacking /= 2
