"""
How many requests a simulated X takes, and what its headers say of it.

Asked by `simulated_site` once for each request with a good credential.

Sources: docs.x.com, fundamentals/rate-limits, as quoted in 2026-11 (search 450 an app and 300 a user in 15 minutes; counts 300 an
app; mentions 450 an app); look-up and usage, mentions of a user, and that a window begins with its first request, as
remembered, 2026-11.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

WINDOW: Final = timedelta(minutes=15)

PER_APP: Final = {"search": 450, "counts": 300, "lookup": 3500, "mentions": 450, "usage": 50}
PER_USER: Final = {"search": 300, "counts": 300, "lookup": 5000, "mentions": 300}


class Standing(NamedTuple):
    """
    Where a client stands after a request.
    """

    limit: int
    left: int
    reset_at: datetime
    refused: bool

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """
        The reset is in seconds since 1970.
        """
        return (
            ("x-rate-limit-limit", str(self.limit)),
            ("x-rate-limit-remaining", str(self.left)),
            ("x-rate-limit-reset", str(int(self.reset_at.timestamp()))),
        )


@dataclass(slots=True)
class Limits:
    """
    The counters of one app.

    Args:
        per_app: Requests in a window with the app's token, by route; may be changed at any time.
        per_user: With a user's token.
        refused: How many requests were refused.
        most: By route, the most requests that one window ever saw.
    """

    per_app: dict[str, int] = field(default_factory=lambda: dict(PER_APP))
    per_user: dict[str, int] = field(default_factory=lambda: dict(PER_USER))
    refused: int = 0
    most: Counter[str] = field(default_factory=Counter)
    _windows: dict[tuple[str, str | None], tuple[datetime, int]] = field(default_factory=dict)

    def take(self, route: str, user: str | None, now: datetime) -> Standing:
        """
        One request is counted; a refused one is, too.

        Args:
            route: What it asks.
            user: Whose token; None for the app's.
            now: When.
        """
        began, taken = self._windows.get((route, user), (now, 0))
        if now >= began + WINDOW:
            began, taken = now, 0
        taken += 1
        self._windows[route, user] = began, taken
        self.most[route] = max(self.most[route], taken)
        limit = (self.per_app if user is None else self.per_user)[route]
        self.refused += taken > limit
        return Standing(limit, max(0, limit - taken), began + WINDOW, taken > limit)
