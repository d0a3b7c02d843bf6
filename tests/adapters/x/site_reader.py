"""
A reader that hands each request to a simulated X without a socket, and gives back what the core's reader would.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from adapters.x import SPEC
from adapters.x.config import XConfig
from adapters.x.simulator import Served
from listener.adapter import Reply, Validators
from listener.errors import AccessDenied, BudgetSpent, RateLimited, SourceUnavailable
from listener.simulation.exchange import Request
from listener.testing.canned import OnlyReads


@dataclass
class SiteReader(OnlyReads):
    """
    Args:
        served: Whom it asks.
        settings: Of the source: reach and charges.
        left: What there is to spend; None for as much as it takes.
        asked: Addresses.
        spent: By budget, as the adapter accounts for it.
    """

    served: Served
    settings: XConfig
    left: float | None = None
    asked: list[str] = field(default_factory=list)
    spent: dict[str, float] = field(default_factory=dict)
    _charged: dict[str, float] = field(default_factory=dict)

    async def read(
        self,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        validators: Validators | None = None,
        judges: frozenset[int] = frozenset(),
        account: str = "",
    ) -> Reply:
        """Within the reach, charged before it leaves."""
        parts = urlsplit(address)
        assert any(re.fullmatch(reach.path, parts.path) for reach in SPEC.reaches(self.settings))
        charges = {charge.budget: charge for charge in SPEC.charges(self.settings, address)}
        usd = charges["usd"]
        if self.left is not None and self.spent.get("usd", 0.0) + usd.most > self.left * usd.share + 1e-9:
            raise BudgetSpent("spent", budget="usd", wait_s=3600.0)
        self._charged = {name: charge.most for name, charge in charges.items()}
        for name, amount in self._charged.items():
            self.spent[name] = self.spent.get(name, 0.0) + amount
        self.asked.append(address)
        target = f"{parts.path}?{parts.query}".encode()
        sent = {"host": parts.netloc, **(headers or {})}
        said = tuple((name.encode(), value.encode()) for name, value in sent.items())
        now = self.served.world.now()
        response = await self.served.site.answer(Request("GET", target, said, b"", now, 0))
        if response.fault.reset or response.fault.silent or response.fault.garbage is not None:
            raise SourceUnavailable("no answer")
        if response.on_sent is not None:
            response.on_sent()
        assert isinstance(response.body, bytes)
        status = response.status
        if not 200 <= status < 300 and status not in {304, 404, 410} | judges:
            if status == 429:
                raise RateLimited("pause", wait_s=None)
            raise AccessDenied("no") if status in {401, 403} else SourceUnavailable("no", status=status)
        told = {name.lower(): value for name, value in response.headers}
        return Reply(status, told, response.body, address)

    def paid(self, budget: str, amount: float) -> None:
        """Gives back what an answer did not cost."""
        assert 0 <= amount <= self._charged[budget] + 1e-9
        self.spent[budget] += amount - self._charged[budget]
        self._charged[budget] = amount
