"""
What a request may ask: one filter of several, parts, a size, a page; each method's rules, checked before anything is listed.

Takes the query of a request from `simulated_site`; gives an `Asked` to `simulated_lists`.

Sources: developers.google.com, youtube/v3/docs: commentThreads/list, comments/list, playlistItems/list, videos/list,
channels/list, search/list (as quoted, 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from adapters.youtube.simulated_errors import LOGIN, Refused, parameter, processing, unknown_part, value
from adapters.youtube.simulated_fields import SCHEMAS, InvalidFields, Selection, check, parse
from adapters.youtube.simulated_ids import Page, page_of, request_of

COMMON: Final = frozenset({"key", "fields", "alt", "prettyPrint", "quotaUser", "userIp", "part", "callback"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """
    The rules of one method.

    Args:
        parts: That exist; not every resource here has each of them, then it is left out.
        filters: Of which exactly one is given; empty where none is needed.
        options: That may be given besides.
        login: Parameters that need a user.
        not_with_id: Options that do not go with `id`.
        sizes: Least, usual and most results.
        most_ids: Identities in one request; None where no limit is stated.
    """

    parts: frozenset[str]
    filters: tuple[str, ...]
    options: frozenset[str]
    login: frozenset[str] = frozenset()
    not_with_id: frozenset[str] = frozenset()
    sizes: tuple[int, int, int]
    most_ids: int | None = None


def _parts_of(told: str) -> frozenset[str]:
    return frozenset(told.split(","))


METHODS: Final = {
    "commentThreads": Method(
        parts=frozenset({"id", "snippet", "replies"}),
        filters=("allThreadsRelatedToChannelId", "videoId", "id", "channelId"),
        options=frozenset({"maxResults", "order", "pageToken", "searchTerms", "textFormat"}),
        login=frozenset({"moderationStatus"}),
        not_with_id=frozenset({"maxResults", "moderationStatus", "order", "pageToken", "searchTerms"}),
        sizes=(1, 20, 100),
    ),
    "comments": Method(
        parts=frozenset({"id", "snippet"}),
        filters=("parentId", "id"),
        options=frozenset({"maxResults", "pageToken", "textFormat"}),
        not_with_id=frozenset({"maxResults", "pageToken"}),
        sizes=(1, 20, 100),
    ),
    "playlistItems": Method(
        parts=frozenset({"id", "snippet", "contentDetails", "status"}),
        filters=("playlistId", "id"),
        options=frozenset({"maxResults", "pageToken", "videoId"}),
        login=frozenset({"onBehalfOfContentOwner"}),
        sizes=(0, 5, 50),
    ),
    "videos": Method(
        parts=_parts_of(
            "id,snippet,contentDetails,status,statistics,player,topicDetails,recordingDetails,localizations,"
            "liveStreamingDetails,paidProductPlacementDetails"
        ),
        filters=("id",),
        options=frozenset({"maxResults", "pageToken", "hl"}),
        login=frozenset({"myRating", "onBehalfOfContentOwner"}),
        not_with_id=frozenset({"maxResults", "pageToken"}),
        sizes=(1, 5, 50),
        most_ids=50,
    ),
    "channels": Method(
        parts=_parts_of(
            "id,snippet,contentDetails,statistics,status,topicDetails,brandingSettings,contentOwnerDetails,localizations"
        ),
        filters=("id", "forHandle"),
        options=frozenset({"maxResults", "pageToken", "hl"}),
        login=frozenset({"mine", "managedByMe", "onBehalfOfContentOwner"}),
        sizes=(0, 5, 50),
        most_ids=50,
    ),
    "search": Method(
        parts=frozenset({"id", "snippet"}),
        filters=(),
        options=frozenset(
            {
                "q",
                "type",
                "order",
                "channelId",
                "publishedAfter",
                "publishedBefore",
                "maxResults",
                "pageToken",
                "regionCode",
                "relevanceLanguage",
                "safeSearch",
            }
        ),
        login=frozenset({"forMine", "forDeveloper", "forContentOwner", "onBehalfOfContentOwner"}),
        sizes=(0, 5, 50),
    ),
}
"""Only what can be read with a key, and of that only what a listener has a use for: no charts, no videos in playlists."""

_CHOICES: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("commentThreads", "order"): ("time", "relevance"),
    ("commentThreads", "textFormat"): ("html", "plainText"),
    ("comments", "textFormat"): ("html", "plainText"),
    ("search", "order"): ("date", "rating", "relevance", "title", "videoCount", "viewCount"),
    ("search", "safeSearch"): ("none", "moderate", "strict"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    A request that keeps to the rules.

    Args:
        route: The method.
        filter: Name of the filter; empty for a search.
        given: Parameters as given.
        parts: That are wanted.
        limit: Most results.
        page: Where to go on; None for the first page.
        request: Digest by which its page tokens are known.
        fields: Of a partial response; empty for all.
    """

    route: str
    filter: str
    given: Mapping[str, str]
    parts: frozenset[str]
    limit: int
    page: Page | None
    request: str
    fields: Selection

    def one(self, name: str, usual: str = "") -> str:
        """
        A parameter, or what stands for it.
        """
        return self.given.get(name, usual)

    def ids(self, name: str = "id") -> list[str]:
        """
        A list parted by commas, each once.
        """
        return list(dict.fromkeys(each for each in self.one(name).split(",") if each))

    def instant(self, name: str) -> datetime | None:
        """
        A parameter as an instant.

        Raises:
            Refused: it is none (RFC 3339).
        """
        if name not in self.given:
            return None
        found: datetime | None
        try:
            found = datetime.fromisoformat(self.given[name])
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            raise Refused(value(name, f"Invalid value at '{name}', \"{self.given[name]}\""))
        return found


def asked(route: str, query: str, *, stale: bool = False) -> Asked:
    """
    What a request wants.

    Args:
        route: A name of `METHODS`.
        query: As sent.
        stale: No page token is good any more.

    Raises:
        Refused: it breaks a rule; which of several rules is told first is not documented.
    """
    method = METHODS[route]
    repeated: dict[str, list[str]] = {}
    for name, told in parse_qsl(query, keep_blank_values=True):
        repeated.setdefault(name, []).append(told)
    given = {name: ",".join(told) for name, told in repeated.items()}
    parts = _parts(method, given)
    chosen = _filter(route, method, given)
    for (where, name), choices in _CHOICES.items():
        if where == route and name in given and given[name] not in choices:
            raise Refused(value(name, f"Invalid value at '{name}', \"{given[name]}\""))
    paged = {"part", "fields", "key", "pageToken", "maxResults", "prettyPrint", "alt", "textFormat"}
    request = request_of(route, {name: told for name, told in given.items() if name not in paged})
    return Asked(
        route=route,
        filter=chosen,
        given=given,
        parts=parts,
        limit=_limit(method, given, chosen),
        page=_page(given, request, stale=stale),
        request=request,
        fields=_fields(route, given),
    )


def _parts(method: Method, given: Mapping[str, str]) -> frozenset[str]:
    parts = [part.strip() for part in given.get("part", "").split(",") if part.strip()]
    if not parts:
        raise Refused(parameter("missingRequiredParameter", "No part selected.", "part"))
    for part in parts:
        if part not in method.parts:
            raise Refused(unknown_part(part))
    return frozenset(parts)


def _filter(route: str, method: Method, given: Mapping[str, str]) -> str:
    """
    The one filter, after everything that is not a parameter at all.
    """
    if method.login & given.keys():
        raise Refused(LOGIN)
    known = COMMON | method.options | set(method.filters)
    for name in given:
        if name not in known:
            raise Refused(parameter("unexpectedParameter", f"Unexpected parameter: {name}", name))
    chosen = [name for name in method.filters if given.get(name)]
    if not method.filters:
        return ""
    told = [name for name in method.filters if name != "channelId"]
    if not chosen:
        message = f"No filter selected. Expected one of: {', '.join(told)}"
        raise Refused(parameter("missingRequiredParameter", message))
    clashing = chosen if len(chosen) > 1 else []
    if chosen == ["id"]:
        clashing = sorted(method.not_with_id & given.keys())
        clashing = ["id", *clashing] if clashing else []
    if clashing:
        message = f"Incompatible parameters specified in the request: {', '.join(clashing)}"
        raise Refused(parameter("incompatibleParameters", message))
    if chosen == ["channelId"]:
        raise Refused(processing(route))
    if method.most_ids is not None and chosen == ["id"] and given["id"].count(",") >= method.most_ids:
        raise Refused(parameter("invalidFilters", "The request specifies an invalid filter parameter."))
    return chosen[0]


def _limit(method: Method, given: Mapping[str, str], chosen: str) -> int:
    least, usual, most = method.sizes
    if "maxResults" not in given:
        return most if chosen == "id" else usual
    told = given["maxResults"]
    if not told.isdecimal():
        raise Refused(value("maxResults", f"Invalid value at 'max_results' (TYPE_UINT32), \"{told}\""))
    if not least <= int(told) <= most:
        message = f"Invalid value '{told}'. Values must be within the range: [{least}, {most}]"
        raise Refused(value("maxResults", message))
    return int(told)


def _page(given: Mapping[str, str], request: str, *, stale: bool) -> Page | None:
    token = given.get("pageToken")
    if not token:
        return None
    page = None if stale else page_of(token, request)
    if page is None:
        message = "The request specifies an invalid page token."
        raise Refused(parameter("invalidPageToken", message, "pageToken"))
    return page


def _fields(route: str, given: Mapping[str, str]) -> Selection:
    if not given.get("fields"):
        return {}
    try:
        found = parse(given["fields"])
        check(found, SCHEMAS[route])
    except InvalidFields as fault:
        raise Refused(value("fields", f"Invalid field selection {fault}")) from fault
    return found
