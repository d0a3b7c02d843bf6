"""
How many requests a simulated server takes, and what its headers say of it.

Asked by `simulator` once for each REST request, streams excepted: they are another process, which does not count.

Sources: Mastodon, config/initializers/rack_attack.rb (300 in five minutes for an address without a token; 1,500 for a user
and 300 for a token; requests that page, 300 in fifteen minutes for a user or an address: not in the documentation);
app/controllers/concerns/rate_limit_headers.rb (the headers tell of the limit that is closest);
docs.joinmastodon.org, api/rate-limits; recorded headers of 2026 (windows begin at whole multiples of their length, and
the reset carries the microseconds of the answer). As quoted or remembered, 2026-11.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NamedTuple

PAGING: Final = ("page", "min_id", "max_id", "since_id")


class Throttle(NamedTuple):
    """
    A limit: how many in how many seconds.
    """

    name: str
    limit: int
    period_s: int


ADDRESS: Final = Throttle("throttle_unauthenticated_api", 300, 300)
USER: Final = Throttle("throttle_authenticated_api", 1500, 300)
TOKEN: Final = Throttle("throttle_per_token_api", 300, 300)
PAGES: Final = Throttle("throttle_paging", 300, 900)


class Standing(NamedTuple):
    """
    Where a client stands after a request: the limit that is closest, what is left of it, when it begins anew.
    """

    limit: int
    left: int
    reset_at: datetime
    refused: bool

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """
        The reset is written with six decimals, and is no number.
        """
        reset = self.reset_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return (
            ("X-RateLimit-Limit", str(self.limit)),
            ("X-RateLimit-Remaining", str(self.left)),
            ("X-RateLimit-Reset", reset),
        )


@dataclass(slots=True)
class Limits:
    """
    The counters of one instance.

    Args:
        refused: How many requests were refused.
        most: By limit, the most requests one window ever saw.
    """

    refused: int = 0
    most: Counter[str] = field(default_factory=Counter)
    _counts: Counter[tuple[str, str, int]] = field(default_factory=Counter)

    def take(self, *, token: str | None, user: str | None, paging: bool, now: datetime) -> Standing:
        """
        One request is counted.

        Args:
            token: What was sent as bearer, if it is good.
            user: Whose it is; None for an application's, which counts as nobody.
            paging: Whether the query asks for a page.
        """
        whose = [(ADDRESS, "address")] if user is None else [(USER, user)]
        whose += [(TOKEN, token)] if token is not None else []
        whose += [(PAGES, user or "address")] if paging else []
        standings = [self._count(throttle, who, now) for throttle, who in whose]
        closest = min(standings, key=lambda each: (not each.refused, each.left))
        self.refused += closest.refused
        return closest

    def _count(self, throttle: Throttle, who: str, now: datetime) -> Standing:
        second = int(now.timestamp())
        window = second // throttle.period_s
        self._counts[throttle.name, who, window] += 1
        count = self._counts[throttle.name, who, window]
        self.most[throttle.name] = max(self.most[throttle.name], count)
        reset = datetime.fromtimestamp((window + 1) * throttle.period_s, UTC)
        reset = reset.replace(microsecond=now.microsecond)
        left = max(0, throttle.limit - count)
        return Standing(throttle.limit, left, reset, count > throttle.limit)
