"""
Synthetic Mastodon: statuses, notifications, instances and a small world that answers for them. Nobody here exists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from adapters.mastodon.config import MastodonConfig
from listener.adapter import Reply, Terms
from listener.errors import SourceError
from listener.testing.canned import Asked, Unwatched

HOST: Final = "social.example"
ENDPOINT: Final = f"https://{HOST}"
NOW: Final = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PEOPLE: Final = (
    "jo_fenn",
    "Jo Fenn",
    "jo_fenn@river.example",
    "https://river.example/@jo_fenn",
    "https://river.example/users/jo_fenn",
    "Brook Secret",
    "sam_weir",
)
MASTODON: Final = {"domain": HOST, "version": "4.5.2", "source_url": "https://github.com/mastodon/mastodon"}


def id_of(moment: datetime, low: int = 0) -> str:
    """The id that Mastodon gives to a status written then."""
    return str((int(moment.timestamp() * 1000) << 16) + low)


def account(**more: Any) -> dict[str, Any]:
    """Somebody from elsewhere, with everything that an instance tells of people."""
    return {
        "id": "109446733",
        "username": "jo_fenn",
        "acct": "jo_fenn@river.example",
        "display_name": "Jo Fenn :blobcat:",
        "url": "https://river.example/@jo_fenn",
        "uri": "https://river.example/users/jo_fenn",
        "note": "<p>I sail with <a href='https://river.example/@sam_weir'>@sam_weir</a>. Brook Secret</p>",
        "avatar": "https://river.example/avatars/jo_fenn.png",
        "fields": [{"name": "web", "value": "<a href='https://jo.example'>jo.example</a>"}],
        "followers_count": 12,
        "indexable": True,
        "discoverable": False,
        "bot": False,
        **more,
    }


def status(local: str, **more: Any) -> dict[str, Any]:
    """A public post of `account()`, read on `HOST`."""
    at = more.pop("at", NOW)
    return {
        "id": local,
        "created_at": at.isoformat().replace("+00:00", "Z"),
        "edited_at": None,
        "uri": f"https://river.example/users/jo_fenn/statuses/9{local}",
        "url": f"https://river.example/@jo_fenn/9{local}",
        "visibility": "public",
        "language": "en",
        "spoiler_text": "",
        "content": "<p>The river is high "
        '<a href="https://river.example/tags/rivertown" class="mention hashtag">#<span>rivertown</span></a></p>',
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "reblog": None,
        "account": account(),
        "mentions": [],
        "tags": [{"name": "rivertown", "url": "https://river.example/tags/rivertown"}],
        "media_attachments": [{"description": "Brook Secret on the bridge"}],
        "card": {"author_name": "Brook Secret", "author_url": "https://river.example/@brook"},
        "application": {"name": "Web"},
        "poll": None,
        **more,
    }


def notification(number: int, said: Mapping[str, Any] | None, **more: Any) -> dict[str, Any]:
    """That somebody mentioned us."""
    return {
        "id": str(number),
        "type": "mention",
        "created_at": NOW.isoformat(),
        "account": account(),
        "status": said,
        **more,
    }


def reply(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer with JSON in it."""
    return Reply(
        status=status, headers=dict(headers or {}), body=json.dumps(value).encode(), address=ENDPOINT
    )


def config(**more: Any) -> MastodonConfig:
    """A source that asks for one tag."""
    return MastodonConfig.model_validate({"endpoint": ENDPOINT, "hashtags": ["rivertown"], **more})


@dataclass(slots=True)
class Clock:
    """Time that moves when told."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, delay_s: float) -> None:
        raise AssertionError("a poller never sleeps")

    def step(self, **span: float) -> None:
        self.at += timedelta(**span)


@dataclass(slots=True)
class Watching(Unwatched):
    """An `Interest` whose tags can be changed while it is used."""

    hashtags: frozenset[str] = frozenset()

    @property
    def terms(self) -> Terms:
        return Terms(hashtags=self.hashtags)

    def maybe(self, frame: bytes) -> bool:
        return True


@dataclass(slots=True)
class World:
    """
    One instance with its statuses by tag. Answers the way the documentation says; what an answer should be instead can
    be laid over by path.

    Args:
        instance: What it says of itself.
        said: Statuses; each is shown under its tags.
        opaque: Ids do not sort: order is the order in which they came in.
        faults: An error to raise, or a reply to give, for paths that match a pattern.
        cap: Largest page.
    """

    instance: Mapping[str, Any] = field(default_factory=lambda: dict(MASTODON))
    said: list[dict[str, Any]] = field(default_factory=list)
    noticed: list[dict[str, Any]] = field(default_factory=list)
    opaque: bool = False
    faults: dict[str, Reply | SourceError] = field(default_factory=dict)
    cap: int = 40

    def __call__(self, asked: Asked) -> Reply | SourceError:
        """What a `CannedReader` asks."""
        parts = urlsplit(asked.address)
        query = parse_qs(parts.query, keep_blank_values=True)
        for pattern, fault in self.faults.items():
            if re.search(pattern, asked.address):
                return fault
        if parts.path.endswith("/instance"):
            return reply(self.instance)
        if parts.path.startswith("/api/v1/timelines/tag/"):
            tags = {unquote(parts.path.rpartition("/")[2]), *query.get("any[]", ())}
            shown = [one for one in self.said if tags & {tag["name"] for tag in one["tags"]}]
            return self._page(shown, query, parts.path)
        if parts.path == "/api/v1/notifications":
            return self._page(self.noticed, query, parts.path)
        if parts.path == "/api/v1/statuses":
            return reply([one for one in self.said if one["id"] in query["id[]"]])
        found = [one for one in self.said if one["id"] == parts.path.rpartition("/")[2]]
        return reply(found[0]) if found else reply({"error": "Record not found"}, status=404)

    def _page(self, shown: Sequence[dict[str, Any]], query: Mapping[str, list[str]], path: str) -> Reply:
        ordered = list(shown) if self.opaque else sorted(shown, key=lambda one: int(one["id"]))
        limit = min(int(query.get("limit", ["20"])[0]), self.cap)
        behind, before = query.get("min_id", [None])[0], query.get("max_id", [None])[0]
        if before is not None:
            ordered = ordered[: [one["id"] for one in ordered].index(before)]
        page = ordered[-limit:] if behind is None else self._behind(ordered, behind)[:limit]
        page = page[::-1]
        link = f'<{ENDPOINT}{path}?limit=40&min_id={page[0]["id"]}>; rel="prev"' if page else ""
        return reply(
            page, headers={"link": f'<{ENDPOINT}{path}?max_id=1>; rel="next", {link}'} if page else {}
        )

    def _behind(self, ordered: list[dict[str, Any]], behind: str) -> list[dict[str, Any]]:
        if self.opaque:
            places = [number for number, one in enumerate(ordered) if one["id"] == behind]
            return ordered[places[0] + 1 :] if places else ordered
        return [one for one in ordered if int(one["id"]) > int(behind)]
