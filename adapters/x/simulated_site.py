"""
The API of a simulated X as a server: what each request is answered, counted, charged, refused, or spoiled with.

Takes posts from `simulated_network`; words them with `simulated_objects`. Put behind a port by `simulator`. Each request is, in this
order: spoiled, known (401), of the right kind (403), within its rate (429), within what is paid (402, 429), understood (400).

Sources: those of the modules it asks; docs.x.com, posts/search, posts/counts, posts/lookup, posts/timelines, usage, 2026-11; that
`/2/usage/credits` answers an empty 404 as reported in a public tracker (2026-09).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from adapters.x.simulated_asking import Asked, Window
from adapters.x.simulated_bill import Bill
from adapters.x.simulated_keys import TAKEN, Caller, Keys
from adapters.x.simulated_limits import Limits, Standing
from adapters.x.simulated_network import PLACE, Network
from adapters.x.simulated_objects import OLD, Accepts, Page, Vocabulary, page, stamp
from adapters.x.simulated_posts import Post, Version, instant, make_id, whole
from adapters.x.simulated_problems import Answer, Json, Manners, Refused
from adapters.x.simulated_query import Found, QueryError, parse
from listener.simulation.ledger import RequestRow
from listener.simulation.noise import noisy
from listener.simulation.server import Fault, Request, Response, Server
from listener.simulation.world import Noise

Manner = Literal["500", "503", "503-json", "429", "slow", "cut", "reset", "silent", "garbage", "html"]

MOST_IDS: Final = 100
_JSON: Final = ("Content-Type", "application/json; charset=utf-8")
_PROBLEM: Final = ("Content-Type", "application/problem+json")
_HTML: Final = ("Content-Type", "text/html; charset=utf-8")
_SORRY: Final = (
    b"<!DOCTYPE html><html><head><title>X / Over capacity</title></head><body>Over capacity</body></html>"
)
_SLOW: Final = Fault(drip_bytes=256, drip_every_s=0.5)
_ROUTES: Final = (
    ("search", re.compile(r"/2/tweets/search/recent")),
    ("counts", re.compile(r"/2/tweets/counts/recent")),
    ("lookup", re.compile(r"/2/tweets")),
    ("mentions", re.compile(r"/2/users/([^/]+)/mentions")),
    ("usage", re.compile(r"/2/usage/tweets")),
    ("credits", re.compile(r"/2/usage/credits")),
)
_BUCKETS: Final = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}

Shown = Sequence[tuple[Post, Version]]
Test = Callable[[Post], bool]


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    A server that misbehaves for a while.

    Args:
        manner: How.
        start_at: From this instant.
        end_at: Until before this one.
        route: Of what only, such as `search`; None for everything.
    """

    manner: Manner
    start_at: datetime
    end_at: datetime
    route: str | None = None


@dataclass(slots=True, repr=False)
class Site:
    """
    The server. What it is like may be changed at any time.

    Args:
        network: What it tells of.
        keys: Whose requests it takes.
        limits: How many of them.
        bill: For how much.
        manners: How it refuses.
        accepts: Which vocabulary it takes.
        bare: Which one it answers in where it takes both and a request names no fields.
        enrolled: Whether the app may use the API at all.
        problem_type: Whether problems call themselves `application/problem+json`.
        troubles: What goes wrong.
        noise: What it lets slip.
        tokens: What each page token stands for.
        server: Set by `serve`.
    """

    network: Network
    keys: Keys = field(default_factory=Keys)
    limits: Limits = field(default_factory=Limits)
    bill: Bill = field(default_factory=Bill)
    manners: Manners = field(default_factory=Manners)
    accepts: Accepts = "both"
    bare: Vocabulary = OLD
    enrolled: bool = True
    problem_type: bool = True
    troubles: list[Trouble] = field(default_factory=list)
    noise: Noise | None = None
    tokens: dict[str, tuple[str, datetime, int]] = field(default_factory=dict)
    server: Server | None = None

    def disturb(
        self, manner: Manner, seconds: float, *, start_at: datetime | None = None, route: str | None = None
    ) -> None:
        """
        Something goes wrong for so long, from now unless told.
        """
        start = start_at or self.network.now()
        self.troubles.append(Trouble(manner, start, start + timedelta(seconds=seconds), route))

    async def answer(self, request: Request) -> Response:
        """
        Every request comes through here.
        """
        self.network.turn()
        return noisy(self._answer(request), self.noise)

    def _answer(self, request: Request) -> Response:
        route, found = _routed(request.path)
        trouble = self._trouble(route)
        spoiled = self._spoiled(trouble) if trouble is not None else None
        if spoiled is not None:
            return self._booked(request, route, spoiled, trouble)
        standing: Standing | None = None
        versions: Shown = ()
        try:
            caller = self._admitted(request, route)
            if route in self.limits.per_app:
                standing = self.limits.take(route, caller.account, self._now)
                if standing.refused:
                    raise self.manners.too_many_requests()
            if route in ("search", "counts", "lookup", "mentions"):
                self._solvent()
            body, versions = self._handled(request, route, found, caller)
            response = self._told(body, request)
        except Refused as refused:
            response = self._refusal(refused.answer)
        headers = standing.headers if standing is not None else ()
        response = replace(response, headers=(*response.headers, *headers, ("api-version", "2.168")))
        return self._booked(request, route, _with_fault(response, trouble), trouble, versions)

    @property
    def _now(self) -> datetime:
        return self.network.clock.now()

    # --------------------------------------------------------------------------------------------- whether

    def _admitted(self, request: Request, route: str) -> Caller:
        if route == "nothing" or request.method != "GET":
            raise Refused(Answer(404, "", problem=False))
        caller = self.keys.caller(request, self._now, self.manners)
        if not self.enrolled:
            raise self.manners.not_enrolled()
        if caller.kind not in TAKEN[route]:
            raise self.manners.unsupported(caller.kind, TAKEN[route])
        return caller

    def _solvent(self) -> None:
        if self.bill.broke:
            raise self.manners.payment_required()
        if self.bill.capped(self._now):
            raise self.manners.capped()

    def _handled(self, request: Request, route: str, found: str, caller: Caller) -> tuple[Json, Shown]:
        """
        The body, and the posts that stand in it as data.
        """
        if route == "credits":
            raise Refused(Answer(404, "", problem=False))
        asked = Asked.of(route, request.query, self.accepts, self.bare, self.manners, self._now)
        match route:
            case "search":
                return self._searched(asked)
            case "counts":
                return self._counted(asked), ()
            case "lookup":
                return self._looked_up(asked)
            case "mentions":
                return self._mentions(asked, found, caller)
            case _:
                return self._used(asked), ()

    # ------------------------------------------------------------------------------------------------ what

    def _searched(self, asked: Asked) -> tuple[Json, Shown]:
        """
        Newest first, in whatever order was asked for: relevance is nobody's to imitate.
        """
        asked.choice("sort_order", ("recency", "relevancy"), "recency")
        test = self._test(asked)
        size = asked.number("max_results", 10, 10, 100)
        question = f"search {asked.needed('query')}"
        return self._paged(asked, question, test, asked.window(), size)

    def _counted(self, asked: Asked) -> Json:
        """
        One bucket after another, oldest first; the first and the last begin and end with the window.
        """
        step = _BUCKETS[asked.choice("granularity", tuple(_BUCKETS), "hour")]
        test, window = self._test(asked), asked.window()
        matches = self._held(window, test)
        start = max(window.start_at, instant(str(window.since_id))) if window.since_id else window.start_at
        vocabulary = asked.vocabulary
        buckets, at = [], _floor(start, step)
        counted = Counter(_floor(post.latest.at, step) for post in matches)
        while at < window.end_at:
            buckets.append(
                {
                    "end": stamp(min(at + step, window.end_at)),
                    "start": stamp(max(at, start)),
                    vocabulary.count: counted[at],
                }
            )
            at += step
        self.bill.count(self._now)
        return {"data": buckets, "meta": {vocabulary.total: len(matches)}}

    def _looked_up(self, asked: Asked) -> tuple[Json, Shown]:
        """
        What is there, and an error within the 200 for each that is not.
        """
        asked.needed("ids")
        ids = asked.several("ids")
        if len(ids) > MOST_IDS:
            raise asked.refused("ids", f"size [{len(ids)}] is not between 1 and {MOST_IDS}")
        for each in ids:
            if not re.fullmatch(r"[0-9]{1,19}", each):
                raise asked.refused(
                    "ids", f"The `ids` query parameter value [{each}] does not match ^[0-9]{{1,19}}$"
                )
        wanted, versions, errors = asked.wanted(), [], []
        for each in dict.fromkeys(ids):
            post = self.network.posts.get(each)
            if post is None or (reason := self._unavailable(post)) == "resource-not-found":
                errors.append(self.manners.unavailable(each, "resource-not-found"))
            elif reason is not None:
                errors.append(self.manners.unavailable(each, reason))
            else:
                versions.append((post, next(version for version in post.versions if version.id == each)))
        told = page(self.network, versions, wanted)
        self._charge(told)
        return _body(told) | ({"errors": errors} if errors else {}), versions

    def _unavailable(self, post: Post) -> str | None:
        if post.deleted_at is not None:
            return "resource-not-found"
        if post.author.suspended:
            return self.manners.suspended_as
        return "not-authorized-for-resource" if post.author.protected else None

    def _mentions(self, asked: Asked, found: str, caller: Caller) -> tuple[Json, Shown]:
        """
        What calls an account; five times cheaper where the account itself asks.
        """
        if not re.fullmatch(r"[0-9]{1,19}", found):
            raise self.manners.invalid(
                {"id": [found]}, f"The `id` query parameter value [{found}] is not valid"
            )
        size = asked.number("max_results", 10, 5, 100)
        # The end is exclusive, and what was written this very instant is there.
        window = asked.window(lag=-timedelta(seconds=1), back=timedelta(days=3650))
        account = self.network.by_id(found)
        if account is None:
            return {"errors": [self._no_user(found)]}, ()
        name = account.username.casefold()

        def calls(post: Post) -> bool:
            called = {span.value.casefold() for span in whole(post, post.latest).mentions}
            return post.author is not account and name in called

        owned = caller.account == found == self.network.own.id
        return self._paged(asked, f"mentions {found}", calls, window, size, owned=owned)

    def _no_user(self, identity: str) -> Json:
        return {
            "value": identity,
            "detail": f"Could not find user with id: [{identity}].",
            "title": "Not Found Error",
            "resource_type": "user",
            "parameter": "id",
            "resource_id": identity,
            "type": self.manners.type("resource-not-found"),
        }

    def _used(self, asked: Asked) -> Json:
        days = asked.number("days", 7, 1, 90)
        today = self._now.date()
        data: Json = {
            "cap_reset_day": 1,
            "project_cap": str(self.bill.cap),
            "project_id": "1900000000000000002",
            "project_usage": str(self.bill.reads_of_month(today)),
        }
        if "daily_project_usage" in asked.several("usage.fields"):
            listed = [today - timedelta(days=back) for back in range(days)]
            data["daily_project_usage"] = {
                "project_id": data["project_id"],
                "usage": [
                    {"date": f"{day.isoformat()}T00:00:00.000Z", "usage": str(self.bill.reads[day])}
                    for day in listed
                ],
            }
        return {"data": data}

    # ---------------------------------------------------------------------------------------------- within

    def _test(self, asked: Asked) -> Test:
        """
        Whether the query of a request finds a post.

        Raises:
            Refused: it is none.
        """
        try:
            query = parse(asked.needed("query"))
        except QueryError as error:
            raise asked.refused("query", f"There were errors processing your request: {error}") from None
        echoes = self.network.echoes

        def test(post: Post) -> bool:
            replies, reposts = echoes.replies[post.id], echoes.reposts[post.id]
            return query.test(Found.of(post, replies=replies, reposts=reposts))

        return test

    def _held(self, window: Window, test: Test) -> list[Post]:
        """
        What may be read of that time and is found, newest first.
        """
        first = int(make_id(window.start_at, 0)) - 1
        behind = max(first, window.since_id)
        return self.network.readable(lambda post: window.holds(post) and test(post), behind=behind)

    def _paged(
        self,
        asked: Asked,
        question: str,
        test: Test,
        window: Window,
        size: int,
        *,
        owned: bool = False,
    ) -> tuple[Json, Shown]:
        """
        One page of what a window holds. A page token keeps the end of the window and where the last page ended, and is
        good for ever, for the same question only; sizes and fields may change from page to page.
        """
        token = asked.one("next_token") or asked.one("pagination_token")
        before = window.until_id
        if token is not None:
            of, end, before = self.tokens.get(token, ("", window.end_at, 0))
            if of != question:
                name = "next_token" if "next_token" in asked.values else "pagination_token"
                raise asked.refused(name, f"Invalid '{name}':[{token}]")
            window = replace(window, end_at=end, until_id=before)
        held = self._held(window, test)
        versions = [(post, post.latest) for post in held[:size]]
        told = page(self.network, versions, asked.wanted())
        self._charge(told, owned=owned)
        meta: Json = {"result_count": len(versions)}
        if versions:
            meta |= {"newest_id": versions[0][1].id, "oldest_id": versions[-1][1].id}
        if len(held) > size:
            meta["next_token"] = self._token(question, window.end_at, int(versions[-1][1].id))
        return _body(told) | {"meta": meta}, versions

    def _token(self, question: str, end: datetime, before: int) -> str:
        told = hashlib.sha256(f"{question} {end.isoformat()} {before}".encode()).digest()
        token = "b26v89c19zqg8o3f" + f"{int.from_bytes(told[:16]):x}"
        self.tokens[token] = (question, end, before)
        return token

    def _charge(self, told: Page, *, owned: bool = False) -> None:
        self.bill.posts(told.post_ids, self._now, owned=owned)
        self.bill.users(told.user_ids, self._now)

    # ------------------------------------------------------------------------------------------------ said

    def _told(self, body: Json, request: Request) -> Response:
        return Response(headers=(_JSON,), body=_encoded(body), gzip=request.accepts_gzip)

    def _refusal(self, answer: Answer) -> Response:
        if isinstance(answer.body, str):
            kind = (("Content-Type", "text/plain"),) if answer.body else ()
            return Response(status=answer.status, headers=kind, body=answer.body.encode())
        kind = (_PROBLEM if answer.problem and self.problem_type else _JSON,)
        return Response(status=answer.status, headers=kind, body=_encoded(answer.body))

    def _trouble(self, route: str) -> Trouble | None:
        now = self._now
        for each in self.troubles:
            if each.start_at <= now < each.end_at and each.route in (None, route):
                return each
        return None

    def _spoiled(self, trouble: Trouble) -> Response | None:
        """
        The answer of a server in trouble; None where a right answer is sent wrongly.
        """
        match trouble.manner:
            case "500" | "503":
                return Response(status=int(trouble.manner), headers=(_HTML,), body=_SORRY)
            case "503-json":
                said = {
                    "title": "Service Unavailable",
                    "detail": "Service Unavailable",
                    "type": "about:blank",
                    "status": 503,
                }
                return self._refusal(Answer(503, said))
            case "429":
                response = self._refusal(self.manners.too_many_requests().answer)
                standing = Standing(450, 0, trouble.end_at, True)
                return replace(response, headers=(*response.headers, *standing.headers))
            case "html":
                return Response(headers=(_HTML,), body=_SORRY)
            case "reset":
                return Response(fault=Fault(reset=True))
            case "silent":
                return Response(fault=Fault(silent=True))
            case "garbage":
                return Response(fault=Fault(garbage=b"\x16\x03\x01 no HTTP\r\n\r\n"))
            case _:
                return None

    def _booked(
        self, request: Request, route: str, response: Response, trouble: Trouble | None, versions: Shown = ()
    ) -> Response:
        """
        The same answer, entered into the ledger; its posts count as shown once it has left whole.
        """
        revisions = {post.id: post.versions.index(version) + 1 for post, version in versions}
        nothing = response.fault.reset or response.fault.silent or response.fault.garbage is not None
        self.network.ledger.served(
            RequestRow(
                at=request.at,
                place=PLACE,
                route=route,
                status=0 if nothing else response.status,
                posts=len(revisions),
                disturbance=trouble.manner if trouble is not None else "",
            )
        )
        if not revisions:
            return response
        return replace(response, on_sent=lambda: self.network.shown(revisions))


def _routed(path: str) -> tuple[str, str]:
    for route, pattern in _ROUTES:
        if (found := pattern.fullmatch(path)) is not None:
            return route, found[1] if found.re.groups else ""
    return "nothing", ""


def _body(told: Page) -> Json:
    """
    What is empty is left out.
    """
    body: dict[str, Any] = {"data": told.data} if told.data else {}
    return body | ({"includes": told.includes} if told.includes else {})


def _with_fault(response: Response, trouble: Trouble | None) -> Response:
    if trouble is None or not isinstance(response.body, bytes):
        return response
    if trouble.manner == "cut":
        return replace(response, gzip=False, fault=Fault(cut_after_bytes=len(response.body) // 2))
    return replace(response, fault=_SLOW) if trouble.manner == "slow" else response


def _floor(at: datetime, step: timedelta) -> datetime:
    return at - timedelta(seconds=at.timestamp() % step.total_seconds())


def _encoded(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
