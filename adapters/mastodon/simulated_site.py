"""
One simulated instance as a server: what each request is answered, counted, refused, or spoiled with.

Takes posts from `simulated_instance`; answers with `simulated_entities`, `simulated_timelines` and `simulated_streams`.
Put behind a port, or a name, by `simulator`.

Sources: docs.joinmastodon.org (methods/timelines, statuses, instance, notifications, accounts, apps, streaming; error bodies as
its examples have them); Mastodon, app/controllers/api (as quoted or remembered); recorded replies and headers of 2026.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import unquote

from adapters.mastodon import simulated_entities as entities
from adapters.mastodon.simulated_fediverse import Fediverse
from adapters.mastodon.simulated_ids import Software, folded, order
from adapters.mastodon.simulated_instance import Instance, Listening, Token, Trouble
from adapters.mastodon.simulated_limits import PAGING, Limits, Standing
from adapters.mastodon.simulated_posts import Copy
from adapters.mastodon.simulated_streams import PING_S, THUMP_S, Feed, by_websocket, server_sent
from adapters.mastodon.simulated_timelines import Query, cut, link_header, tagged
from listener.simulation.ledger import RequestRow
from listener.simulation.noise import noisy
from listener.simulation.server import Fault, Request, Response, Server
from listener.simulation.websocket import WebSocket, WebSockets

MOST_STATUSES: Final = 20
"""Ids in one request (`DEFAULT_STATUSES_LIMIT`); Pleroma's is 100."""

_JSON: Final = ("Content-Type", "application/json; charset=utf-8")
_HTML: Final = ("Content-Type", "text/html; charset=utf-8")
_ROUTES: Final = (
    ("tag", re.compile(r"/api/v1/timelines/tag/([^/]+)")),
    ("statuses", re.compile(r"/api/v1/statuses/?")),
    ("status", re.compile(r"/api/v1/statuses/([^/]+)")),
    ("instance", re.compile(r"/api/(v[12])/instance/?")),
    ("notifications", re.compile(r"/api/v1/notifications/?")),
    ("verify", re.compile(r"/api/v1/(accounts|apps)/verify_credentials")),
    ("health", re.compile(r"/api/v1/streaming/health")),
    ("stream", re.compile(r"/api/v1/streaming(?:/(.*))?")),
)
_SLOW: Final = Fault(drip_bytes=256, drip_every_s=0.5)
_SORRY: Final = b"<!doctype html><title>We're sorry</title><h1>We're sorry, but something went wrong.</h1>"


class Refused(Exception):
    """
    A request that is answered with an error.
    """

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status, self.error = status, error


@dataclass(slots=True)
class Site:
    """
    The routes of one instance.

    Args:
        world: Of which it is part.
        here: The instance.
        limits: Its counters.
        sockets: Every WebSocket it held.
        server: Set by `serve`.
    """

    world: Fediverse
    here: Instance
    limits: Limits = field(default_factory=Limits)
    sockets: WebSockets = field(default_factory=WebSockets)
    server: Server | None = None

    async def answer(self, request: Request) -> Response:
        """
        Every request comes through here: the world is brought up to date, and what is wrong goes before what is right.
        """
        return noisy(self._answer(request), self.here.noise)

    def _answer(self, request: Request) -> Response:
        self.world.turn()
        route, found = _routed(request.path)
        trouble = self.here.trouble(route, self.world.clock.now())
        if trouble is not None and (spoiled := self._spoiled(trouble, route)) is not None:
            return self._booked(request, route, spoiled)
        if route == "stream":
            return self._booked(request, route, self._streamed(request, found))
        if route == "health":
            return Response(headers=(("Content-Type", "text/plain"),), body=b"OK")
        answer = self._asked(request, route, found)
        return answer if trouble is None else _with_fault(answer, trouble)

    # ------------------------------------------------------------------------------------------------- asked

    def _asked(self, request: Request, route: str, found: str) -> Response:
        """
        An answer of the REST API, counted against its limits.
        """
        query = Query.of(request.query)
        bearer = _bearer(request)
        token = self.here.tokens.get(bearer) if bearer is not None else None
        standing = self._counted(bearer, token, query)
        if standing is not None and standing.refused:
            return self._booked(request, route, self._error(429, "Too many requests", standing))
        posts: Sequence[Copy] = ()
        try:
            self._admit(bearer, token, route)
            if request.method != "GET":
                raise Refused(404, "Not Found")
            shown, link, posts = self._handle(route, found, query, token)
        except Refused as refused:
            return self._booked(request, route, self._error(refused.status, refused.error, standing))
        body = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()
        headers = [_JSON, *(standing.headers if standing else ())]
        tag = f'W/"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        headers += [("ETag", tag), ("Cache-Control", "private, no-store")]
        headers += [("Link", link)] if link else []
        if request.header("if-none-match") == tag:
            return self._booked(request, route, Response(status=304, headers=tuple(headers)))
        response = Response(headers=tuple(headers), body=body, gzip=request.accepts_gzip)
        return self._booked(request, route, response, posts=posts)

    def _counted(self, bearer: str | None, token: Token | None, query: Query) -> Standing | None:
        """
        Pleroma and Akkoma limit by their own plug, which tells nothing in headers (as remembered, 2026-11).
        """
        if self.here.software in ("akkoma", "pleroma"):
            return None
        good = token is not None and not token.revoked
        user = self.here.id_of(token.account) if good and token is not None and token.account else None
        paging = any(query.one(name) for name in PAGING)
        return self.limits.take(
            token=bearer if good else None, user=user, paging=paging, now=self.world.clock.now()
        )

    def _admit(self, bearer: str | None, token: Token | None, route: str) -> None:
        if bearer is not None and token is None:
            raise Refused(401, "The access token is invalid")
        if token is not None and token.revoked:
            raise Refused(401, "The access token was revoked")
        if self.here.limited_federation and (token is None or token.account is None) and route != "instance":
            raise Refused(401, "This API requires an authenticated user")

    def _handle(
        self, route: str, found: str, query: Query, token: Token | None
    ) -> tuple[object, str, Sequence[Copy]]:
        """
        What is shown, the Link header, and the posts within.
        """
        match route:
            case "tag":
                return self._tag(found, query, token)
            case "statuses":
                return self._statuses(query, token)
            case "status":
                copy = self._visible(found, token)
                if copy is None:
                    raise Refused(404, "Record not found")
                return self._shown(copy, token), "", (copy,)
            case "instance":
                return (entities.instance_v2 if found == "v2" else entities.instance_v1)(self.here), "", ()
            case "notifications":
                return self._notifications(query, token)
            case "verify" if found == "accounts":
                user = _user_of(token, "read:accounts")
                assert user.account is not None
                return entities.credentials(self.here, user.account), "", ()
            case "verify" if token is not None:
                return entities.application(token), "", ()
            case "verify":
                raise Refused(401, "The access token is invalid")
            case _:
                raise Refused(404, "Not Found")

    def _shown(self, copy: Copy, token: Token | None) -> entities.Json:
        return entities.status(self.here, copy, viewer=token, now=self.world.clock.now())

    def _tag(self, tag: str, query: Query, token: Token | None) -> tuple[object, str, Sequence[Copy]]:
        """
        A hashtag timeline. Where the feed is disabled it is empty; where it takes a user it asks for one; GoToSocial
        always does (internal/api/client/timelines/tag.go).
        """
        here = self.here
        anonymous = token is None or token.account is None
        closed = "authenticated" in (here.local_access, here.remote_access) and "public" not in (
            here.local_access,
            here.remote_access,
        )
        if anonymous and (closed or here.software == "gotosocial"):
            raise Refused(401 if token is None else 422, _NO_TOKEN if token is None else _NO_USER)
        if token is not None and not token.allows("read:statuses"):
            raise Refused(403, "This action is outside the authorized scopes")
        if here.unknown_tag == "404" and not self._used(tag):
            raise Refused(404, "Record not found")
        found = tagged(here, tag, query, token)
        limit = query.limit(usual=20, most=40)
        page = cut(
            found,
            query,
            key=lambda each: order(here.software, each.local_id),
            numbering=here.software,
            limit=limit,
        )
        link = ""
        if page:
            path = f"/api/v1/timelines/tag/{tag}"
            kept = ("limit", "local", "only_media")
            link = link_header(here, path, query, page[0].local_id, page[-1].local_id, kept=kept)
        return [self._shown(copy, token) for copy in page], link, page

    def _used(self, tag: str) -> bool:
        return any(folded(tag) in copy.words.tag_names for copy in self.here.copies.values())

    def _statuses(self, query: Query, token: Token | None) -> tuple[object, str, Sequence[Copy]]:
        """
        Several posts by id (4.3.0); those that are gone or not for us are left out without a word.
        """
        software = self.here.software
        names, most = ["id"], MOST_STATUSES
        if software in ("akkoma", "pleroma"):
            names, most = (["ids", "id"] if software == "pleroma" else ["ids"]), 100
        if software == "gotosocial" or (software == "mastodon" and self.here.release < (4, 3)):
            raise Refused(404, "Not Found")
        asked = list(dict.fromkeys(each for name in names for each in query.many(name)))
        if len(asked) > most:
            raise Refused(422, "Mastodon::ValidationError")
        found = [copy for each in asked if (copy := self._visible(each, token)) is not None]
        return [self._shown(copy, token) for copy in found], "", found

    def _visible(self, local_id: str, token: Token | None) -> Copy | None:
        """
        A post, if whoever asks may see it; limited accounts can be seen by who knows the address.
        """
        copy = self.here.copies.get(local_id)
        if copy is None or copy.toot.account.suspended:
            return None
        if copy.toot.visibility in ("public", "unlisted"):
            return copy
        who = token.account if token is not None else None
        return copy if who is not None and who in (copy.toot.account, *copy.words.mentions) else None

    def _notifications(self, query: Query, token: Token | None) -> tuple[object, str, Sequence[Copy]]:
        user = _user_of(token, "read:notifications")
        wanted, unwanted = query.many("types"), query.many("exclude_types")
        if self.here.software in ("akkoma", "pleroma"):
            wanted += query.many("include_types")
        found = [
            notice
            for notice in self.here.notices
            if notice.whom is user.account
            and (not wanted or notice.kind in wanted)
            and notice.kind not in unwanted
            and not notice.by.suspended
        ]
        numbering: Software = "gotosocial" if self.here.software == "gotosocial" else "mastodon"
        limit = query.limit(usual=40, most=80)
        page = cut(
            found,
            query,
            key=lambda each: order(numbering, each.local_id),
            numbering=numbering,
            limit=limit,
        )
        link = ""
        if page:
            first, last = page[0].local_id, page[-1].local_id
            kept = ("limit", "types[]", "exclude_types[]", "account_id")
            link = link_header(self.here, "/api/v1/notifications", query, first, last, kept=kept)
        now = self.world.clock.now()
        shown = [entities.notification(self.here, notice, viewer=user, now=now) for notice in page]
        return shown, link, [notice.copy for notice in page if notice.copy is not None]

    # ---------------------------------------------------------------------------------------------- streamed

    def _streamed(self, request: Request, rest: str) -> Response:
        """
        A stream, or why there is none. The streaming server keeps no counters.
        """
        query = Query.of(request.query)
        socket = (request.header("upgrade") or "").lower() == "websocket"
        try:
            token = self._listener(request, query)
        except Refused as refused:
            return _refused_stream(refused, socket=socket)
        if socket:
            return self._socket(request, query, token)
        if self.here.software != "mastodon":
            return self._error(
                404, "Not Found", None
            )  # the others speak WebSocket only (as remembered, 2026-11)
        if rest not in ("hashtag", "hashtag/local"):
            return _refused_stream(Refused(400, "Unknown channel requested"), socket=False)
        tag = query.one("tag")
        if tag is None:
            return _refused_stream(Refused(400, "Missing tag name parameter"), socket=False)
        feed = self._feed(tag, token, local=rest.endswith("local"), every_s=THUMP_S)
        headers = (("Content-Type", "text/event-stream"), ("Cache-Control", "no-store"))
        return Response(headers=headers, body=server_sent(feed))

    def _feed(self, tag: str, token: Token | None, *, local: bool, every_s: float) -> Feed:
        return Feed(self.world, self.here, Listening(folded(tag), local, token), every_s)

    def _listener(self, request: Request, query: Query) -> Token | None:
        """
        Whose token it is. Since 4.2.0 everybody has one, and an application's will not do; Pleroma and Akkoma show public
        streams to anybody.
        """
        told = _bearer(request) or query.one("access_token") or request.header("sec-websocket-protocol")
        if told is None:
            if self.here.software in ("akkoma", "pleroma"):
                return None
            raise Refused(401, "Missing access token")
        token = self.here.tokens.get(told)
        if token is None or token.revoked or token.account is None:
            raise Refused(401, "Invalid access token")
        return token

    def _socket(self, request: Request, query: Query, token: Token | None) -> Response:
        stream, tag = query.one("stream"), query.one("tag")

        async def converse(socket: WebSocket) -> None:
            if stream is None:
                await socket.keep_pinging(PING_S)
            if stream not in ("hashtag", "hashtag:local") or tag is None:
                known = stream in ("hashtag", "hashtag:local")
                error = "Missing tag name parameter" if known else "Unknown stream type"
                await socket.send_text(json.dumps({"error": error, "status": 400}))
                await socket.keep_pinging(PING_S)
                return
            feed = self._feed(tag, token, local=stream.endswith("local"), every_s=PING_S)
            await by_websocket(feed, [stream, tag], socket)

        return self.sockets.accept(request, converse)

    # ---------------------------------------------------------------------------------------------- answered

    def _error(self, status: int, error: str, standing: Standing | None) -> Response:
        body = json.dumps({"error": error}).encode()
        return Response(status=status, headers=(_JSON, *(standing.headers if standing else ())), body=body)

    def _spoiled(self, trouble: Trouble, route: str) -> Response | None:
        """
        The answer of an instance in trouble; None where a right answer is sent wrongly.
        """
        match trouble.manner:
            case "401":
                return self._error(401, _NO_TOKEN, None)
            case "403":
                return self._error(403, "This action is not allowed", None)
            case "404":
                return self._error(404, "Record not found", None)
            case "429":
                return self._error(429, "Too many requests", Standing(300, 0, trouble.end_at, True))
            case "500":
                return Response(status=500, headers=(_HTML,), body=_SORRY)
            case "502-html":
                return Response(status=502, headers=(_HTML,), body=b"<html><h1>502 Bad Gateway</h1></html>")
            case "503":
                return self._error(503, "Service Unavailable", None)
            case "html":
                return Response(headers=(_HTML,), body=_SORRY)
            case "reset" | "outage":
                return Response(fault=Fault(reset=True))
            case "silent":
                return Response(fault=Fault(silent=True))
            case "disabled" if route in ("tag", "statuses"):
                return Response(headers=(_JSON,), body=b"[]")
            case "cut" if route == "stream":
                return Response(fault=Fault(reset=True))
            case _:
                return None

    def _booked(
        self,
        request: Request,
        route: str,
        response: Response,
        *,
        posts: Sequence[Copy] = (),
    ) -> Response:
        """
        The same answer, entered into the ledger; its posts count as shown once it has left whole.
        """
        revisions = {copy.toot.post: copy.words.revision for copy in posts}
        trouble = self.here.trouble(route, request.at)
        meant = trouble is not None and (route == "stream" or trouble.manner not in ("mute", "half_open"))
        self.world.ledger.served(
            RequestRow(
                at=request.at,
                place=self.here.domain,
                route=route,
                status=0 if response.fault.reset or response.fault.silent else response.status,
                posts=len(revisions),
                conditional=request.header("if-none-match") is not None,
                disturbance=trouble.manner if trouble is not None and meant else "",
            )
        )
        if not revisions:
            return response
        return replace(response, on_sent=lambda: self.world.shown(revisions))


_NO_TOKEN: Final = "The access token is invalid"  # noqa: S105  an error message
_NO_USER: Final = "This method requires an authenticated user"


def _user_of(token: Token | None, scope: str) -> Token:
    """
    The token, if it is a user's and allows that.
    """
    if token is None:
        raise Refused(401, _NO_TOKEN)
    if token.account is None:
        raise Refused(422, _NO_USER)
    if not token.allows(scope):
        raise Refused(403, "This action is outside the authorized scopes")
    return token


def _bearer(request: Request) -> str | None:
    kind, _, told = (request.header("authorization") or "").partition(" ")
    return told.strip() or None if kind.lower() == "bearer" else None


def _routed(path: str) -> tuple[str, str]:
    """
    Which route a path means, and what it names.
    """
    for name, pattern in _ROUTES:
        found = pattern.fullmatch(path)
        if found:
            return name, unquote((found.groups() or ("",))[0] or "")
    return "unknown", ""


def _refused_stream(refused: Refused, *, socket: bool) -> Response:
    """
    As streaming/index.js refuses: JSON, or a handshake that fails without a body.
    """
    if not socket:
        body = json.dumps({"error": refused.error}).encode()
        return Response(status=refused.status, headers=(("Content-Type", "application/json"),), body=body)
    headers = (
        ("Connection", "close"),
        ("Content-Type", "text/plain"),
        ("X-Error-Message", refused.error),
    )
    return Response(status=refused.status, headers=headers)


def _with_fault(answer: Response, trouble: Trouble) -> Response:
    if trouble.manner == "slow":
        return replace(answer, fault=_SLOW)
    if trouble.manner == "wrong_type":
        rest = tuple(each for each in answer.headers if each[0] != "Content-Type")
        return replace(answer, headers=(_HTML, *rest))
    if trouble.manner == "cut" and isinstance(answer.body, bytes) and answer.body:
        return replace(answer, gzip=False, fault=Fault(cut_after_bytes=len(answer.body) // 2))
    return answer
