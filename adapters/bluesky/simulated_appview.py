"""
An AppView: the read methods of Bluesky over the state of `simulated_network`, without and with somebody signed in.

Public reading and search are told apart as the real service does: `public.api.bsky.app` answers a search with a page
of HTML and 403. `simulated_pds` hands what it does not know itself to an AppView with the account that asks.

Sources: lexicons app.bsky.feed.getPosts, .searchPosts, app.bsky.actor.getProfile(s), com.atproto.identity.resolveHandle
of bluesky-social/atproto, read 2026-11-24; refusals of searchPosts: bluesky-social/atproto#3423, #3583, #3844.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from adapters.bluesky.simulated_names import POST, parts_of, uri_of
from adapters.bluesky.simulated_network import Account, Network, Record, mentions_of, tags_of
from adapters.bluesky.simulated_views import post_view, profile_detailed
from adapters.bluesky.simulated_xrpc import (
    PREFIX,
    Budget,
    Parameters,
    XrpcError,
    exhausted,
    failed,
    invalid,
    page,
    told,
    with_headers,
)
from listener.simulation.exchange import Request, Response

_MOST_URIS: Final = 25
_MOST_HITS: Final = 100
_IP_LIMIT: Final = (3000, 300.0)
"""Documented for a PDS; nobody says what the AppView allows, "generous" apart."""

Method = Callable[[Parameters], dict[str, Any]]


@dataclass(slots=True)
class AppView:
    """
    The read methods.

    Args:
        network: What there is.
        behind_s: How long after it was written the AppView knows of a post.
        forgets_after_s: How long after it was deleted the AppView still shows it.
    """

    network: Network
    behind_s: float = 0.0
    forgets_after_s: float = 0.0
    budget: Budget = field(init=False)

    def __post_init__(self) -> None:
        self.budget = Budget(self.network.clock, *_IP_LIMIT)

    async def answer(self, request: Request) -> Response:
        """
        A request of nobody in particular.
        """
        if request.path == f"{PREFIX}app.bsky.feed.searchPosts":
            return page(403, "Forbidden")
        if not self.budget.spend("ip"):
            return with_headers(exhausted(), self.budget.headers("ip"))
        return with_headers(self.perform(request), self.budget.headers("ip"))

    def perform(self, request: Request) -> Response:
        """
        One method, whoever asks; `searchPosts` included.
        """
        methods: dict[str, Method] = {
            "app.bsky.feed.getPosts": self.get_posts,
            "app.bsky.feed.searchPosts": self.search_posts,
            "app.bsky.actor.getProfile": self.get_profile,
            "app.bsky.actor.getProfiles": self.get_profiles,
            "com.atproto.identity.resolveHandle": self.resolve_handle,
        }
        method = methods.get(request.path.removeprefix(PREFIX))
        try:
            if method is None:
                raise XrpcError(501, "MethodNotImplemented", "Method Not Implemented")
            if request.method != "GET":
                raise invalid("Incorrect HTTP method (POST) expected GET")
            return told(method(Parameters.of(request)))
        except XrpcError as error:
            return failed(error)

    def get_posts(self, asked: Parameters) -> dict[str, Any]:
        """
        app.bsky.feed.getPosts: what is not there is left out.
        """
        uris = asked.several("uris", _MOST_URIS)
        for uri in uris:
            if parts_of(uri) is None:
                raise invalid("Error: uris/0 must be a valid at-uri")
        found = [self._known(uri) for uri in dict.fromkeys(uris)]
        return {"posts": [post_view(self.network, each) for each in found if each is not None]}

    def get_profile(self, asked: Parameters) -> dict[str, Any]:
        """
        app.bsky.actor.getProfile.
        """
        account = self._account(asked.text("actor"))
        if account is None or account.status == "deleted":
            raise invalid("Profile not found")
        if account.status == "deactivated":
            raise XrpcError(400, "AccountDeactivated", "Account is deactivated")
        if account.status != "active":
            raise XrpcError(400, "AccountTakedown", "Account has been suspended")
        return profile_detailed(self.network, account)

    def get_profiles(self, asked: Parameters) -> dict[str, Any]:
        """
        app.bsky.actor.getProfiles: who is not there is left out.
        """
        found = [self._account(actor) for actor in asked.several("actors", _MOST_URIS)]
        living = [account for account in found if account is not None and account.status == "active"]
        return {"profiles": [profile_detailed(self.network, account) for account in living]}

    def resolve_handle(self, asked: Parameters) -> dict[str, Any]:
        """
        com.atproto.identity.resolveHandle.
        """
        account = self.network.by_handle(asked.text("handle"))
        if account is None or account.status == "deleted":
            raise invalid("Unable to resolve handle")
        return {"did": account.did}

    def search_posts(self, asked: Parameters) -> dict[str, Any]:
        """
        app.bsky.feed.searchPosts, newest first; every `tag` must be there, and every word of `q`.
        """
        words = asked.text("q").split()
        limit = asked.number("limit", 25, 1, _MOST_HITS)
        first = asked.number("cursor", 0, 0, 10_000)
        tags = {tag.lower() for tag in asked.values.get("tag", [])}
        hits = [
            record
            for record in self.network.records.values()
            if record.collection == POST
            and self._known(record.uri) is not None
            and tags <= tags_of(record.shown)
            and all(_has(record, word) for word in words)
            and self._fits(record, asked)
        ]
        hits.sort(key=lambda record: (_sort_at(record), record.uri), reverse=True)
        shown = hits[first : first + limit]
        view: dict[str, Any] = {"posts": [post_view(self.network, record) for record in shown]}
        if first + limit < len(hits):
            view["cursor"] = str(first + limit)
        return view

    def _fits(self, record: Record, asked: Parameters) -> bool:
        """
        The other filters of a search; `since` is included, `until` is not.
        """
        since, until = _instant(asked.optional("since")), _instant(asked.optional("until"))
        if (since is not None and _sort_at(record) < since) or (
            until is not None and _sort_at(record) >= until
        ):
            return False
        mentioned, author, lang = (asked.optional(name) for name in ("mentions", "author", "lang"))
        if lang is not None and lang not in record.value.get("langs", ()):
            return False
        if author is not None and record.did != self._did(author):
            return False
        return mentioned is None or self._did(mentioned) in mentions_of(record.shown)

    def _known(self, uri: str) -> Record | None:
        """
        A post that is there, as far as the AppView has heard.
        """
        authority, collection, rkey = parts_of(uri) or ("", "", "")
        if collection != POST:
            return None
        found = uri_of(self._did(authority) or "", collection, rkey)
        now = self.network.clock.now()
        record = self.network.visible(found)
        if record is None and found in self.network.deleted:
            late, deleted_at = self.network.deleted[found]
            record = late if now - deleted_at < timedelta(seconds=self.forgets_after_s) else None
        heard_at = now - timedelta(seconds=self.behind_s)
        return record if record is not None and record.indexed_at <= heard_at else None

    def _account(self, actor: str) -> Account | None:
        return self.network.accounts.get(self._did(actor) or "")

    def _did(self, actor: str) -> str | None:
        if actor.startswith("did:"):
            return actor
        account = self.network.by_handle(actor)
        return None if account is None else account.did


def _has(record: Record, word: str) -> bool:
    if word == "*":
        return True
    if word.startswith("#"):
        return word[1:].lower() in tags_of(record.shown)
    return word.strip('"').lower() in record.shown["text"].lower()


def _sort_at(record: Record) -> datetime:
    """
    The earlier of what the client said and of when it was seen.
    """
    return min(datetime.fromisoformat(record.value["createdAt"]), record.indexed_at)


def _instant(value: str | None) -> datetime | None:
    """
    Raises:
        XrpcError: neither a date nor an instant.
    """
    if value is None:
        return None
    if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        value += "T00:00:00Z"
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise invalid("Error: since must be a valid datetime") from None
    if found.tzinfo is None:
        raise invalid("Error: since must be a valid datetime")
    return found
