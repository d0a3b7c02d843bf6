"""
Whole answers of every operation, over a real socket: what is told, to whom, and what a bad request is told.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import anyio
import orjson
import pytest

from listener.errors import ConfigError, Fault, NotAccepted, QueueFull, QueueUnavailable
from listener.status import Readiness
from listener.telemetry import Telemetry
from listener.tell.api import Access, Token, build_api
from listener.tell.api.access import SCOPES, Scope
from listener.tell.api.serve import Listening
from listener.tell.api.table import OPERATIONS
from listener.testing.virtual_clock import VirtualClock
from tests.fakes.api_client import Got, exchange, get, served
from tests.fakes.daemon import HELD, RECHECK, FakeControl, name, post, put
from tests.fakes.memory_queue import MemoryQueue

pytestmark = pytest.mark.anyio

LINK = "https://blog.example/canary-link-7731"
SECRETS = {scope: f"canary-token-{scope}-0123456789abcdef" for scope in SCOPES}
TOKENS = tuple(
    Token(scope, hashlib.sha256(secret.encode()).hexdigest(), frozenset({scope}))
    for scope, secret in SECRETS.items()
)


AT_HOME = Access(door="loopback", tokens=TOKENS)


class House:
    """
    An API over a queue in memory, and what it wrote down.
    """

    def __init__(self, access: Access = AT_HOME) -> None:
        self.queue, self.control, self.log = MemoryQueue(), FakeControl(), io.StringIO()
        self.telemetry = Telemetry(self.log, debug=True)
        self.clock = VirtualClock()
        self.app = build_api(
            queue=self.queue,
            control=self.control,
            telemetry=self.telemetry,
            clock=self.clock,
            access=access,
            version="9.9.9",
            watches=lambda: {"river", "transit"},
        )


async def send(
    where: Listening, path: str, body: bytes = b"", *, method: str = "POST", **headers: str
) -> Got:
    """
    One request with a body over TCP.
    """
    head = {
        "host": "127.0.0.1",
        "content-type": "application/json",
        "content-length": str(len(body)),
        "authorization": f"Bearer {SECRETS['operate']}",
    } | {key.replace("_", "-"): value for key, value in headers.items()}
    async with await anyio.connect_tcp(where.host, where.port) as stream:
        return await exchange(stream, f"{method} {path} HTTP/1.1", head, body)


def problem(slug: str, status: int, title: str, detail: str, **more: Any) -> dict[str, Any]:
    return {
        "type": f"urn:civic-listener:problem:{slug}",
        "title": title,
        "status": status,
        "detail": detail,
    } | more


async def test_rechecks(tmp_path: Path) -> None:
    """
    How each source is asked again, as the control counts it.
    """
    house = House()
    house.control.rechecked = (RECHECK,)
    async with served(house.app, folder=tmp_path) as where:
        got = await get(where, "/v1/rechecks")
        wrong = await get(where, "/v1/rechecks?source=x")

    assert (got.status, wrong.status) == (200, 400)
    assert got.json() == {
        "rechecks": [
            {
                "name": "harbour-blog",
                "stored": 1200,
                "overdue": 3,
                "oldest_at": "2025-12-28T12:00:00Z",
                "within_s": 604800.0,
                "capacity": 1000,
                "beyond": 200,
                "round_s": 700000.0,
                "next_at": "2026-01-05T12:10:00Z",
                "early": False,
                "failures": 0,
                "error_code": None,
            }
        ]
    }


async def test_sources(tmp_path: Path) -> None:
    """
    Each source as the control sees it, and nobody in it.
    """
    house = House()
    async with served(house.app, folder=tmp_path) as where:
        got = await get(where, "/v1/sources")

    assert got.json() == {
        "sources": [
            {
                "name": "harbour-blog",
                "network": "feed",
                "relation": "public",
                "keep": "text",
                "state": "waiting",
                "why": "interval",
                "reason": "due in 10 minutes",
                "next_due_at": "2026-01-05T12:10:00Z",
                "last_read_at": "2026-01-05T12:00:00Z",
                "last_new_at": None,
                "failures": 0,
                "error_code": None,
                "received": 3,
                "queued": 2,
                "derived_metrics": "free",
                "terms_read_on": "2025-10-07",
                "moved": False,
                "note": None,
                "silent_since": None,
                "other_withheld": 0,
                "other_let_through": 0,
                "reads": [],
            }
        ]
    }


async def test_health_and_readiness(tmp_path: Path) -> None:
    """
    Health asks nobody; readiness is 503 with reasons where the control says so.
    """
    house = House()
    async with served(house.app, folder=tmp_path) as where:
        alive = await get(where, "/healthz")
        ready = await get(where, "/readyz")
        house.control.ready = Readiness(ready=False, reasons=("the queue has no room",))
        unready = await get(where, "/readyz")

    assert (alive.status, alive.json()) == (200, {"alive": True, "version": "9.9.9"})
    assert (ready.status, ready.json()) == (200, {"ready": True, "reasons": []})
    assert (unready.status, unready.json()) == (503, {"ready": False, "reasons": ["the queue has no room"]})
    assert house.control.asked == []


async def test_metrics(tmp_path: Path) -> None:
    """
    Gauges are those of this moment; no label holds a word of a post.
    """
    house = House()
    await put(house.queue, post(1, "canary-words"), post(2, hashtags=("canarytag",)))
    await house.clock.advance(90)
    async with served(house.app, folder=tmp_path) as where:
        got = await get(where, "/metrics")
    lines = got.body.decode().splitlines()

    assert got.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "listener_queue_posts 2.0" in lines
    assert "listener_queue_oldest_body_age_seconds 90.0" in lines
    assert 'listener_sources{state="waiting"} 1.0' in lines
    assert 'listener_sources{state="failing"} 0.0' in lines
    assert "listener_sources_silent 0.0" in lines
    assert b"canary" not in got.body


async def test_metrics_without_a_queue(tmp_path: Path) -> None:
    """
    When the queue is not well, its gauges stay as they were and the counters are still told.
    """
    house = House()

    async def broken() -> Any:
        raise QueueUnavailable("the database is gone")

    house.queue.stats = broken  # type: ignore[method-assign]  # one method that fails
    async with served(house.app, folder=tmp_path) as where:
        got = await get(where, "/metrics")

    assert got.status == 200
    assert b"listener_api_streams 0.0" in got.body


async def test_the_last_reads_of_a_source(tmp_path: Path) -> None:
    """
    They come where they are asked for; a source nobody configured is refused with those that are.
    """
    house = House()
    async with served(house.app, folder=tmp_path) as where:
        got = await get(where, "/v1/sources?source=harbour-blog&reads=true")
        unknown = await get(where, "/v1/sources?source=harbor-blog")

    assert got.json()["sources"][0]["reads"] == [
        {"at": "2026-01-05T12:00:00Z", "status": 200, "bytes": 5120, "new": 2, "note": None},
        {"at": "2026-01-05T11:00:00Z", "status": 304, "bytes": 0, "new": 0, "note": "unchanged"},
    ]
    assert (unknown.status, unknown.json()["nearest"]) == (400, "harbour-blog")


@pytest.mark.parametrize(
    ("body", "status", "parameter"),
    [
        (b'{"source":"harbor-blog"}', 400, "source"),
        (b'{"source":"harbour-blog","unconditional":1}', 400, "unconditional"),
        (b'{"source":"harbour-blog","follow":true}', 400, "follow"),
        (b"{}", 400, "source"),
        (b"{", 400, None),
    ],
)
async def test_what_cannot_be_polled(tmp_path: Path, body: bytes, status: int, parameter: str | None) -> None:
    """
    Each fault names its member; the control hears nothing of it.
    """
    house = House()
    async with served(house.app, folder=tmp_path) as where:
        got = await send(where, "/v1/poll", body)

    assert (got.status, got.json().get("parameter")) == (status, parameter)
    assert house.control.asked == []


async def test_commands(tmp_path: Path) -> None:
    """
    Find, forget, poll, holdings and reload reach the control with what was asked and answer with what it said.
    """
    house = House()
    body = orjson.dumps({"link": LINK})
    async with served(house.app, folder=tmp_path) as where:
        found = await send(where, "/v1/find", body)
        forgot = await send(where, "/v1/forget", body)
        polled = await send(where, "/v1/poll", b'{"source":"harbour-blog","unconditional":true}')
        held = await send(where, "/v1/holdings", method="GET")
        reloaded = await send(where, "/v1/reload")

    assert polled.json() == {
        "due_at": "2026-01-05T12:03:00Z",
        "reason": "it was asked less than 15 min ago",
    }
    assert found.json() == {
        "found": [
            {
                "key": HELD.key,
                "state": "live",
                "source": "/feed/harbour-blog",
                "expires_at": "2026-02-04T12:00:00Z",
                "key_until_at": "2026-02-04T12:00:00Z",
                "erased": True,
            }
        ]
    }
    assert held.json() == {
        "layout": {"meta": ["name", "value"]},
        "sealing_days": ["2026-01-05"],
        "overdue": 0,
        "posts": 3,
        "keys": 1,
        "oldest_body_at": "2026-01-05T12:00:00Z",
        "erasures_pending": 0,
        "erasures_since_at": None,
    }
    assert forgot.json() == {"keys": [HELD.key], "erased": True}
    assert reloaded.json() == {"result": "applied: 1 added"}
    assert house.control.asked == [
        ("find", LINK),
        ("forget", LINK),
        ("poll", "harbour-blog unconditional=True come_back=False mended=False"),
        ("holdings", ""),
        ("reload", ""),
    ]


@pytest.mark.parametrize(
    ("path", "body", "status", "parameter"),
    [
        ("/v1/export", b'{"reason":""}', 400, "reason"),
        ("/v1/export", b'{"watches":["river"]}', 400, "reason"),
        ("/v1/export", b'{"reason":"x","since":"2026-01-05T12:00:00"}', 400, "since"),
        ("/v1/export", b'{"reason":"x","watches":[1]}', 400, "watches"),
        ("/v1/export", b'{"reason":"x","author":"y"}', 400, "author"),
        ("/v1/unseal", b'{"head":"x"}', 400, "head"),
        ("/v1/unseal", b'{"head":"x","end":"x","lines":["a",2]}', 400, "lines"),
        ("/v1/unseal", b'{"head":"x","end":"x","first":-1}', 400, "first"),
    ],
)
async def test_what_cannot_be_exported_or_unsealed(
    tmp_path: Path, path: str, body: bytes, status: int, parameter: str
) -> None:
    """
    Each fault names its member; the control hears nothing of it.
    """
    house = House()
    async with served(house.app, folder=tmp_path) as where:
        got = await send(where, path, body)

    assert (got.status, got.json().get("parameter")) == (status, parameter)
    assert house.control.asked == []


@pytest.mark.parametrize(
    ("failure", "status", "told"),
    [
        (
            ConfigError([Fault("listener.toml", "watch[0].name", "is missing")]),
            409,
            problem(
                "configuration-refused",
                409,
                "Configuration refused",
                "The running configuration goes on.",
                faults=["listener.toml: watch[0].name: is missing"],
            ),
        ),
        (
            NotAccepted("keeps longer"),
            409,
            problem("statement-not-accepted", 409, "Privacy statement not accepted", "keeps longer"),
        ),
        (QueueFull("no room"), 507, problem("queue-full", 507, "Queue full", "no room")),
        (QueueUnavailable("gone"), 503, problem("queue-unavailable", 503, "Queue unavailable", "gone")),
        (
            RuntimeError(f"canary {LINK}"),
            500,
            problem(
                "fault", 500, "Internal fault", "This is our fault; the log says where, by type and place."
            ),
        ),
    ],
)
async def test_failures(tmp_path: Path, failure: Exception, status: int, told: dict[str, Any]) -> None:
    """
    Our errors say what to do; any other is told by number here and by type and place in the log, never by message.
    """
    house = House()
    house.control.failure = failure
    async with served(house.app, folder=tmp_path) as where:
        got = await send(where, "/v1/reload")

    assert (got.status, got.json()) == (status, told)
    assert "canary" not in house.log.getvalue()
    assert ("daemon.fault" in house.log.getvalue()) == isinstance(failure, RuntimeError)


FILTERS = "watch, network, kind, lang, hashtag, type, since, until, addressed"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("limt=5", {"parameter": "limt", "nearest": "limit"}),
        ("q=river", {"parameter": "q"}),
        ("text=river", {"parameter": "text"}),
        ("author=x", {"parameter": "author"}),
        ("limit=0", {"parameter": "limit", "detail": "limit takes a number from 1 to 1000."}),
        ("limit=1001", {"parameter": "limit"}),
        ("limit=1e3", {"parameter": "limit"}),
        ("limit=%D9%A3", {"parameter": "limit"}),
        ("limit=1&limit=2", {"parameter": "limit", "detail": "limit takes one value."}),
        ("kind=artikle", {"parameter": "kind", "nearest": "article"}),
        ("network=x", {"parameter": "network", "allowed": ["feed"]}),
        ("watch=rivr", {"parameter": "watch", "nearest": "river", "allowed": ["river", "transit"]}),
        ("type=listener.post.create", {"parameter": "type", "nearest": "listener.post.created"}),
        ("lang=en_CA", {"parameter": "lang"}),
        ("hashtag=two%20words", {"parameter": "hashtag"}),
        ("addressed=yes", {"parameter": "addressed", "allowed": ["false", "true"]}),
        ("since=yesterday", {"parameter": "since"}),
        ("since=2026-01-05T12:00:00", {"parameter": "since"}),
        ("after=", None),
        ("after=abc", {"parameter": "after"}),
        ("after=m1--1", {"parameter": "after"}),
        ("after=m1-1%0d%0ax:y", {"parameter": "after"}),
        ("after=m1-9999999999999999999", {"parameter": "after"}),
        ("watch=" + "a" * 5000, {"parameter": "query", "detail": "query takes at most 4096 bytes."}),
        ("&".join(["kind=post"] * 33), {"parameter": "query", "detail": "query takes at most 32 values."}),
        ("since=2026-01-05T12:00:00%2B01:00&until=2026-01-06T00:00:00Z", None),
        ("since=2026-01-05T12:00:00+01:00", None),
        ("hashtag=%23YYC&hashtag=yyc&lang=en&kind=post&kind=article&addressed=true", None),
    ],
)
async def test_bad_queries(tmp_path: Path, query: str, told: dict[str, Any] | None) -> None:
    """
    What is not understood is refused by name, with what is allowed and what was probably meant; its value is not
    repeated.
    """
    house = House()
    async with served(house.app, folder=tmp_path) as where:
        got = await get(where, f"/v1/events?{query}")
    if told is None:
        assert (got.status, got.json()["events"]) == (200, [])
        return

    assert got.status == 400
    assert got.headers["content-type"] == "application/problem+json"
    assert {key: got.json().get(key) for key in told} == told
    assert "nearest" in told or "nearest" not in got.json()
    assert "%0d" not in got.body.decode()


async def test_whole_problem(tmp_path: Path) -> None:
    """
    A problem is complete: type, title, status, what to do, and the members that programs read.
    """
    house = House()
    async with served(house.app, folder=tmp_path) as where:
        got = await get(where, "/v1/events/stream?limit=5")

    names = ["after", *FILTERS.split(", ")]
    assert got.json() == problem(
        "unknown-parameter",
        400,
        "Unknown parameter",
        f"This parameter does not exist here; allowed: after, {FILTERS}.",
        parameter="limit",
        allowed=names,
    )


@pytest.mark.parametrize(
    "row", [row for row in OPERATIONS if row.name != "readNotice"], ids=lambda row: row.name
)
async def test_no_operation_takes_more(tmp_path: Path, row: Any) -> None:
    """
    Every operation refuses a parameter that it does not know, and says so in the same words; but for the notice, whose
    address citizens hand around (`test_notice.py`).
    """
    house = House()
    async with served(house.app, folder=tmp_path) as where:
        got = await send(
            where,
            f"{row.path}?{'x' * 300}=canary-value",
            b'{"link":"x"}' if row.body else b"",
            method=row.method,
        )

    assert (got.status, got.json()["title"]) == (400, "Unknown parameter")
    assert got.json()["parameter"] == "x" * 40
    assert b"canary" not in got.body


@pytest.mark.parametrize(
    ("body", "headers", "status", "detail"),
    [
        (b"", {}, 400, 'Send {"link": "…"} as application/json.'),
        (b"[]", {}, 400, "link takes a string of 1 to 2048 characters."),
        (b'{"link":7}', {}, 400, "link takes a string of 1 to 2048 characters."),
        (b'{"link":""}', {}, 400, "link takes a string of 1 to 2048 characters."),
        (b'{"link":"' + b"a" * 2049 + b'"}', {}, 400, "link takes a string of 1 to 2048 characters."),
        (b"{}", {}, 400, "link takes a string of 1 to 2048 characters."),
        (b'{"lnk":"x"}', {}, 400, "This member does not exist here; allowed: link."),
        (b'{"link":"\xff"}', {}, 400, 'Send {"link": "…"} as application/json.'),
        (b'{"link":"x"', {}, 400, 'Send {"link": "…"} as application/json.'),
        (b'{"link":' + b"[" * 10_000, {}, 400, "link takes a string of 1 to 2048 characters."),
        (b" " * 20_000, {}, 413, "At most 16384 bytes."),
        (b'{"link":"x"}', {"content_type": "text/plain"}, 415, 'Send {"link": "…"} as application/json.'),
        (b"link=x", {"content_type": "application/x-www-form-urlencoded"}, 415, None),
        (
            b'{"link":"x"}',
            {"origin": "https://evil.example"},
            403,
            "A page of another origin may not do this.",
        ),
    ],
)
async def test_bad_bodies(
    tmp_path: Path, body: bytes, headers: dict[str, str], status: int, detail: str | None
) -> None:
    """
    A body that is not one link never reaches the control.
    """
    house = House()
    async with served(house.app, folder=tmp_path) as where:
        got = await send(where, "/v1/forget", body, **headers)

    assert (got.status, got.json()["detail"]) == (status, detail or 'Send {"link": "…"} as application/json.')
    assert house.control.asked == []


@pytest.mark.parametrize("row", [row for row in OPERATIONS if not row.form], ids=lambda row: row.name)
@pytest.mark.parametrize("door", ["loopback", "network"])
async def test_access_over_the_wire(tmp_path: Path, row: Any, door: Any) -> None:
    """
    On each door each operation answers exactly those who may ask; a refusal carries the challenge and no data.
    """
    house = House(Access(door=door, tokens=TOKENS))
    bodies = {
        "/v1/poll": b'{"source":"harbour-blog"}',
        "/v1/export": b'{"reason":"x"}',
        "/v1/unseal": b'{"head":"x","end":"x"}',
    }
    body = bodies.get(row.path, b'{"link":"x"}') if row.body else b""
    free = row.scope is None or (door == "loopback" and row.scope != "operate")
    got: dict[Scope | None, tuple[int, str | None]] = {}
    async with served(house.app, folder=tmp_path) as where:
        scopes: tuple[Scope | None, ...] = (None, *SCOPES)
        for scope in scopes:
            if row.name == "streamEvents" and (free or scope == row.scope):
                continue  # an open stream has its own tests
            token = f"Bearer {SECRETS[scope]}" if scope else "Basic eDp5"
            answer = await send(where, row.path, body, method=row.method, authorization=token)
            got[scope] = (answer.status, answer.headers.get("www-authenticate"))

    for sent, seen in got.items():
        if sent == row.scope and door == "network" and row.path in ("/v1/export", "/v1/unseal"):
            assert seen == (403, None)  # what tells words asks for the scope `read` besides
        elif free or sent == row.scope:
            assert seen == (200, None)
        else:
            assert seen == ((401, 'Bearer realm="listener"') if sent is None else (403, None))
    assert "canary" not in house.log.getvalue()


@pytest.mark.parametrize("path", ["/v1/export", "/v1/unseal"])
async def test_orders_alone_tell_no_words(tmp_path: Path, path: str) -> None:
    """
    Over a network an export is written and read back for a token with both scopes, `read` and `operate`; a token that was
    accepted for orders alone learns no words by it.
    """
    body = b'{"reason":"x"}' if path == "/v1/export" else b'{"head":"x","end":"x"}'
    both = Token("records", hashlib.sha256(b"both" * 8).hexdigest(), frozenset({"read", "operate"}))
    house = House(Access(door="network", tokens=(*TOKENS, both)))
    async with served(house.app, folder=tmp_path) as where:
        alone = await send(where, path, body)
        asked = list(house.control.asked)
        allowed = await send(where, path, body, authorization=f"Bearer {'both' * 8}")

    assert (alone.status, alone.json()["detail"], asked) == (
        403,
        "This token does not have the scope read.",
        [],
    )
    assert allowed.status == 200


async def test_unknown_paths(tmp_path: Path) -> None:
    """
    Nothing but the table is there: not a slash more, not another method, and on a network not even that is told.
    """
    house, closed = House(), House(Access(door="network", tokens=TOKENS))
    (tmp_path / "b").mkdir()
    async with (
        served(house.app, folder=tmp_path) as where,
        served(closed.app, folder=tmp_path / "b") as network,
    ):
        missing = [
            (await get(where, path)).status for path in ("/", "/v1/events/", "//healthz", "/docs", "/%2e")
        ]
        wrong = await get(where, "/v1/forget", authorization=f"Bearer {SECRETS['operate']}")
        changed = [
            (await send(where, "/v1/events", method=method)).status
            for method in ("POST", "DELETE", "OPTIONS")
        ]
        hidden = (await get(network, "/secret-plan")).status

    assert missing == [404] * 5
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")
    assert changed == [405, 405, 405]
    assert hidden == 401


async def test_every_answer_is_sealed(tmp_path: Path) -> None:
    """
    Every answer, good or bad, forbids sniffing, storing, framing and reading by other origins.
    """
    house = House()
    async with served(house.app, folder=tmp_path) as where:
        answers = [
            await get(where, "/v1/events", origin="https://evil.example"),
            await get(where, "/nowhere"),
            await get(where, "/healthz", host="evil.example"),
            await get(where, "/v1/events?x=1"),
        ]

    assert [answer.status for answer in answers] == [200, 404, 421, 400]
    for answer in answers:
        assert {key: answer.headers.get(key) for key in _SEALS} == _SEALS


_SEALS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "access-control-allow-origin": None,
    "server": None,
    "set-cookie": None,
}


async def test_nothing_is_written_down(tmp_path: Path) -> None:
    """
    Links, tokens and queries occur in no log line and no metric; routes are told by their pattern.
    """
    house = House()
    await put(house.queue, post(1, "canary-words"))
    async with served(house.app, folder=tmp_path) as where:
        await send(where, "/v1/find", orjson.dumps({"link": LINK}))
        await get(where, "/v1/events?watch=canary-watch", authorization="Bearer canary-wrong")
        await get(where, "/canary-path?canary-name=canary-value")
        metrics = await get(where, "/metrics")
    logged = [orjson.loads(line) for line in house.log.getvalue().splitlines()]

    assert [(line["route"], line["status"]) for line in logged if line["event"] == "api.answered"] == [
        ("/v1/find", 200),
        ("/v1/events", 400),
        ("unknown", 404),
        ("/metrics", 200),
    ]
    assert "canary" not in house.log.getvalue()
    assert b"canary" not in metrics.body


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx: " + b"a" * 600_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 600_000 + b" HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /healthz\r\n\r\n",
    ],
)
async def test_broken_requests(tmp_path: Path, raw: bytes) -> None:
    """
    What is no request is refused or hung up on, and the next one is answered.
    """
    house = House()
    async with served(house.app, folder=tmp_path) as where:
        async with await anyio.connect_tcp(where.host, where.port) as stream:
            try:
                await stream.send(raw)
                answer = await stream.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                answer = b"HTTP/1.1 400"
        after = await get(where, "/healthz")

    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 421"))
    assert after.status == 200


async def test_socket_may_everything(tmp_path: Path) -> None:
    """
    Whoever may open the socket's file may read and operate, whatever host name the request carries.
    """
    house = House(Access(door="socket"))
    async with (
        served(house.app, folder=tmp_path) as where,
        await anyio.connect_unix(str(where.socket_path)) as stream,
    ):
        got = await exchange(
            stream,
            "POST /v1/find HTTP/1.1",
            {"host": "x", "content-type": "application/json", "content-length": "12"},
            b'{"link":"x"}',
        )

    assert (got.status, got.json()["found"][0]["key"]) == (200, name(1).hex())
