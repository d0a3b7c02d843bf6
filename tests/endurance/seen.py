"""What a consumer outside the daemon was given, by the links of posts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass(slots=True)
class Seen:
    """
    Args:
        links: Addresses of posts, origins cut off.
        keys: Keys of posts that were given with a body.
        unmet: Removals of posts that were removed before the consumer met them.
        events: How many events in all.
        after: Position to go on from.
    """

    links: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    unmet: int = 0
    events: int = 0
    after: str = "start"

    def take(self, event: dict[str, Any]) -> None:
        """One event more."""
        self.events += 1
        if event["type"] in ("listener.post.created", "listener.post.updated"):
            self.keys.add(event["subject"])
            link = urlsplit(event["data"]["link"] or "")
            self.links.add(link._replace(scheme="", netloc="").geturl())
        elif event["type"] == "listener.post.removed" and event["subject"] not in self.keys:
            self.unmet += 1
