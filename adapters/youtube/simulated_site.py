"""
The simulated API as a server: what each request costs, is answered, is refused, or is spoiled with.

Lists come from `simulated_lists`; put behind a port, or a name, by `simulator`.

Sources: developers.google.com, youtube/v3/getting-started (etags, gzip, partial responses) and docs/errors; cloud.google.com,
docs/authentication/api-keys-use (a key as `x-goog-api-key` or as `key`); that a 304 is paid for: as remembered (2026-11).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qs

from adapters.youtube import simulated_errors as errors
from adapters.youtube.simulated_errors import Fault as Error
from adapters.youtube.simulated_errors import Refused
from adapters.youtube.simulated_fields import cut
from adapters.youtube.simulated_lists import listed
from adapters.youtube.simulated_parts import Comment, Key, Trouble, Video
from adapters.youtube.simulated_query import METHODS, asked
from adapters.youtube.simulated_resources import posts_in
from adapters.youtube.simulated_tube import Tube
from listener.simulation.ledger import RequestRow
from listener.simulation.noise import noisy
from listener.simulation.server import Fault, Request, Response, Server

ROOT: Final = "/youtube/v3/"

_JSON: Final = ("Content-Type", "application/json; charset=UTF-8")
_HTML: Final = ("Content-Type", "text/html; charset=UTF-8")
_SLOW: Final = Fault(drip_bytes=256, drip_every_s=0.5)
_SORRY: Final = (
    b"<!DOCTYPE html><html lang=en><title>Error 502 (Server Error)!!1</title><p>That\xe2\x80\x99s an error."
)
_REFUSALS: Final = {
    "503": errors.UNAVAILABLE,
    "500": errors.INTERNAL,
    "429": errors.IN_HASTE,
    "403-rate": errors.RATE_403,
    "user-rate": errors.USER_RATE,
    "quota": errors.QUOTA_EXCEEDED,
    "forbidden": errors.FORBIDDEN,
}
_KEYS: Final = {
    "expired": errors.KEY_EXPIRED,
    "address_blocked": errors.ADDRESS_BLOCKED,
    "service_disabled": errors.SERVICE_DISABLED,
}


@dataclass(slots=True)
class Site:
    """
    The routes of the API.

    Args:
        tube: What there is.
        server: Set by `serve`.
    """

    tube: Tube
    server: Server | None = None

    async def answer(self, request: Request) -> Response:
        """
        Every request comes through here: the world is brought up to date, and what is wrong goes before what is right.
        """
        return noisy(self._answer(request), self.tube.noise)

    def _answer(self, request: Request) -> Response:
        self.tube.turn()
        route = request.path.removeprefix(ROOT) if request.path.startswith(ROOT) else ""
        if route not in METHODS:
            return self._booked(request, "unknown", self._error(errors.NOT_FOUND))
        trouble = self.tube.trouble(route, self.tube.clock.now())
        if trouble is not None and (spoiled := self._spoiled(trouble, route)) is not None:
            return self._booked(request, route, spoiled, trouble)
        try:
            response, posts = self._listed(request, route, trouble)
        except Refused as refused:
            return self._booked(request, route, self._error(refused.fault), trouble)
        if trouble is not None:
            response = _with_fault(response, trouble)
        return self._booked(request, route, response, trouble, posts)

    # ------------------------------------------------------------------------------------------------- answered

    def _listed(
        self, request: Request, route: str, trouble: Trouble | None
    ) -> tuple[Response, Sequence[Comment | Video]]:
        """
        The right answer. Whatever it is, it is paid for first.
        """
        if request.method != "GET":
            raise Refused(errors.LOGIN)
        self._pay(self._key(request), route)
        stale = trouble is not None and trouble.manner == "stale_tokens"
        wanted = asked(route, request.query, stale=stale)
        found = listed(self.tube, wanted)
        tag = found.document["etag"]
        headers = [_JSON, ("Cache-Control", "private"), ("Vary", "Origin, X-Origin, Referer")]
        headers += [("ETag", f'"{tag}"')] if self.tube.etag_header else []
        known = (request.header("if-none-match") or "").replace("W/", "").split(",")
        if tag in {each.strip().strip('"') for each in known}:
            return Response(status=304, headers=tuple(headers)), ()
        told = cut(found.document, wanted.fields)
        body = json.dumps(told, ensure_ascii=False, indent=2).encode()
        posts = posts_in(told["items"], found.shown) if "items" in told else ()
        return Response(headers=tuple(headers), body=body, gzip=request.accepts_gzip), posts

    def _key(self, request: Request) -> Key:
        """
        Raises:
            Refused: no key, or one that is no good. Nobody pays for that.
        """
        sent = request.header("x-goog-api-key") or parse_qs(request.query).get("key", [""])[0]
        if not sent:
            raise Refused(errors.KEY_MISSING)
        key = self.tube.keys.get(sent)
        if key is None:
            raise Refused(errors.key_invalid(self.tube.envelope))
        if key.state != "good":
            raise Refused(_KEYS[key.state])
        return key

    def _pay(self, key: Key, route: str) -> None:
        """
        Raises:
            Refused: too many requests in this minute, or the day's budget is empty.
        """
        now, meter = self.tube.clock.now(), self.tube.meter
        if meter.in_haste(key.project, now):
            raise Refused(errors.IN_HASTE)
        searching = route == "search"
        if meter.take(key.project, "searches" if searching else "units", now):
            return
        told = searching and self.tube.searches_told_as == "rateLimitExceeded"
        raise Refused(errors.SEARCHES_EXCEEDED if told else errors.QUOTA_EXCEEDED)

    def _error(self, error: Error) -> Response:
        slipped = self.tube.noise.error_text if self.tube.noise is not None else ""
        body = json.dumps(error.body(self.tube.envelope, also=slipped), indent=2).encode()
        return Response(status=error.code, headers=(_JSON,), body=body)

    # -------------------------------------------------------------------------------------------------- spoiled

    def _spoiled(self, trouble: Trouble, route: str) -> Response | None:
        """
        The answer of a service in trouble; None where a right answer is sent wrongly.
        """
        if trouble.manner in _REFUSALS:
            return self._error(_REFUSALS[trouble.manner])
        match trouble.manner:
            case "processing":
                return self._error(errors.processing(route))
            case "502-html":
                return Response(status=502, headers=(_HTML,), body=_SORRY)
            case "html":
                return Response(headers=(_HTML,), body=_SORRY)
            case "garbage":
                return Response(headers=(_JSON,), body=b'{"items": [\x00\xff')
            case "empty":
                return Response(headers=(_JSON,), body=b"{}")
            case "reset":
                return Response(fault=Fault(reset=True))
            case "silent":
                return Response(fault=Fault(silent=True))
            case _:
                return None

    def _booked(
        self,
        request: Request,
        route: str,
        response: Response,
        trouble: Trouble | None = None,
        posts: Sequence[Comment | Video] = (),
    ) -> Response:
        """
        The same answer, entered into the ledger; its posts count as shown once it has left whole.
        """
        revisions = {each.post: each.revision for each in posts}
        self.tube.ledger.served(
            RequestRow(
                at=request.at,
                place="youtube",
                route=route,
                status=0 if response.fault.reset or response.fault.silent else response.status,
                posts=len(revisions),
                conditional=request.header("if-none-match") is not None,
                disturbance=trouble.manner if trouble is not None else "",
            )
        )
        if not revisions:
            return response
        return replace(response, on_sent=lambda: self.tube.shown(revisions))


def _with_fault(answer: Response, trouble: Trouble) -> Response:
    if trouble.manner == "slow":
        return replace(answer, fault=_SLOW)
    if trouble.manner == "wrong_type":
        return replace(answer, headers=(_HTML, *answer.headers[1:]))
    if trouble.manner == "cut" and isinstance(answer.body, bytes) and answer.body:
        return replace(answer, gzip=False, fault=Fault(cut_after_bytes=len(answer.body) // 2))
    return answer
