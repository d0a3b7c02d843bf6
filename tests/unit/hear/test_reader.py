"""What a read brings back, and what is said on the wire while it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

import httpx
import pytest

from listener.adapter import Reach, Reply
from listener.clock import SystemClock
from listener.errors import AccessDenied, RateLimited, RequestRefused, SourceUnavailable
from listener.hear.pace import Pace
from listener.hear.reader import ReaderLimits, Web, user_agent
from tests.fakes.loopback import LOOPBACK, Asked, Resolver, Said, answer, loopback, zipped

pytestmark = pytest.mark.anyio

AGENT = "civic-listener/0 (+https://city.example/listener; City of Example)"
HERE = (Reach("127.0.0.1"),)
NAMED = (Reach("blog.example"),)


def web(**changed: object) -> Web:
    """A web that may read loopback, without spacing."""
    options: dict[str, object] = {
        "clock": SystemClock(),
        "pace": Pace(0.0, frozenset()),
        "user_agent": AGENT,
        "limits": ReaderLimits(deadline_s=5),
        "allow": LOOPBACK,
        **changed,
    }
    return Web(**options)  # type: ignore[arg-type]  # a test names what it changes


async def test_an_answer_comes_back_whole() -> None:
    """Status, joined lower-case headers without those of the wire, decoded body, final address."""
    said = zipped(b"<rss/>", ETag='W/"a"', Vary="a").replace(b"Vary: a\r\n", b"Vary: a\r\nvary: b\r\n")
    async with loopback(lambda asked: said) as server, web() as open_web:
        reply = await open_web.reader("blog", HERE).read(server.at("/feed?x=1#part"))

    expected = Reply(200, {"etag": 'W/"a"', "vary": "a, b"}, b"<rss/>", server.at("/feed?x=1"))
    assert reply == expected


async def test_a_request_says_who_asks_and_nothing_else() -> None:
    """Host, honest User-Agent, gzip alone, and what the adapter asked for; no cookie, no Referer."""
    async with loopback(lambda asked: answer()) as server, web() as open_web:
        await open_web.reader("blog", HERE).read(
            server.at("/feed"), headers={"Accept": "application/rss+xml"}
        )

    expected = Asked(
        "GET /feed HTTP/1.1",
        {
            "host": f"127.0.0.1:{server.port}",
            "user-agent": AGENT,
            "accept-encoding": "gzip",
            "accept": "application/rss+xml",
        },
    )
    assert server.asked == [expected]


@pytest.mark.parametrize(
    "target",
    [
        "/feed?a=%7E&b=%41&c=~A&d=+%20&&=",
        "/%7Efeed/%41//x;y=1?",
        "/?",
        "/feed?u=https://blog.example/?x=1&é=%C3%A9".replace("é", "%e9"),
        "/a|b{c}?d=[e]^\"<>'",
    ],
)
async def test_an_address_is_sent_byte_for_byte(target: str) -> None:
    """Nothing is normalised, neither escapes nor an empty query: signed queries depend on it."""
    async with loopback(lambda asked: answer()) as server, web() as open_web:
        await open_web.reader("blog", HERE).read(server.at(target))

    assert [asked.target for asked in server.asked] == [target]


async def test_only_what_no_request_line_can_carry_is_escaped() -> None:
    """Spaces and letters beyond ASCII are escaped as UTF-8, the escapes beside them stay as they are."""
    async with loopback(lambda asked: answer()) as server, web() as open_web:
        await open_web.reader("blog", HERE).read(server.at("/é b?c=%7E&d=ü"))

    assert server.asked[0].target == "/%C3%A9%20b?c=%7E&d=%C3%BC"


async def test_validators_change_and_never_stay() -> None:
    """Each read sends exactly the validators it was given, though the request is prepared once."""
    given: list[Mapping[str, str]] = [
        {"if-none-match": '"1"', "if-modified-since": "Sat, 01 Jan 2000 00:00:00 GMT"},
        {},
        {"If-None-Match": 'W/"two, \u00e9"'},
        {"if-none-match": "broken \udce9"},
    ]
    async with loopback(lambda asked: answer(304)) as server, web() as open_web:
        reader = open_web.reader("blog", HERE)
        statuses = [(await reader.read(server.at("/feed"), headers=headers)).status for headers in given]

    names = ("if-none-match", "if-modified-since")
    sent = [{name: asked.headers[name] for name in names if name in asked.headers} for asked in server.asked]
    assert statuses == [304] * 4
    assert sent == [given[0], {}, {"if-none-match": 'W/"two, \u00e9"'}, {}]


async def test_a_304_gives_its_connection_back() -> None:
    """Five conditional reads and five whole ones share one connection."""
    answers = iter([answer(304), answer(200, b"x" * 100_000)] * 5)
    async with loopback(lambda asked: next(answers)) as server, web() as open_web:
        reader = open_web.reader("blog", HERE)
        for _ in range(10):
            await reader.read(server.at("/feed"))

    assert (len(server.asked), server.opened) == (10, 1)


async def test_a_cookie_is_neither_shown_nor_sent_back() -> None:
    """Not by the read door, not by a client that has a jar of its own."""
    said = answer(200, b"x", set_cookie="who=7; Path=/")
    named = web(resolver=Resolver({"blog.example": [["127.0.0.1"]]}))  # jars keep nothing of a bare address
    async with loopback(lambda asked: said) as server, named as open_web:
        reader, address = open_web.reader("blog", NAMED), server.at("/feed", host="blog.example")
        reply = await reader.read(address)
        await reader.read(address)
        async with httpx.AsyncClient(transport=reader, cookies={"who": "8"}, trust_env=False) as client:
            answered = await client.get(address)

    assert "set-cookie" not in reply.headers
    assert "set-cookie" not in answered.headers
    assert [asked.headers.get("cookie") for asked in server.asked] == [None] * 3


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would see every address, and the guard only the proxy."""
    async with loopback(lambda asked: answer(204)) as server, loopback(lambda asked: answer(502)) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.at("/"))
        async with web() as open_web:
            reply = await open_web.reader("blog", HERE).read(server.at("/feed"))

    assert (reply.status, len(server.asked), len(proxy.asked)) == (204, 1, 0)


async def test_an_httpx_client_can_read_and_nothing_else() -> None:
    """The second door: a GET comes back decoded, any other method is refused before a byte leaves."""
    async with loopback(lambda asked: zipped(b"<rss/>")) as server, web() as open_web:
        reader = open_web.reader("blog", HERE)
        client = httpx.AsyncClient(
            transport=reader, headers={"referer": "https://x.example"}, trust_env=False
        )
        answered = await client.get(server.at("/feed"))
        for method in ("POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"):
            with pytest.raises(RequestRefused, match="only reads"):
                await reader.handle_async_request(httpx.Request(method, server.at("/feed")))
        with pytest.raises(RequestRefused, match="only reads"):
            await client.post(server.at("/feed"), content=b"like")
        with pytest.raises(RequestRefused, match="only reads"):
            await client.request("GET", server.at("/feed"), content=b"body")
        with pytest.raises(RequestRefused, match="outside"):
            await client.get("http://elsewhere.example/feed")

    expected = {
        "host": f"127.0.0.1:{server.port}",
        "user-agent": AGENT,
        "accept-encoding": "gzip",
        "accept": "*/*",
    }
    assert (answered.status_code, answered.content) == (200, b"<rss/>")
    assert server.asked == [Asked("GET /feed HTTP/1.1", expected)]


@pytest.mark.parametrize("status", [200, 204, 206, 304, 404, 410])
async def test_an_answer_for_the_adapter_comes_back(status: int) -> None:
    """2xx with its body; 304, 404 and 410 without, because an error page may name people."""
    body = b"" if status in {204, 304} else b"body"
    async with loopback(lambda asked: answer(status, body)) as server, web() as open_web:
        reply = await open_web.reader("blog", HERE).read(server.at("/feed"))

    assert reply == Reply(status, {}, body if status < 300 else b"", server.at("/feed"))


@pytest.mark.parametrize(
    ("status", "error", "message"),
    [
        (401, AccessDenied, "blog: 127.0.0.1 denies access (401); look at credential and terms"),
        (403, AccessDenied, "blog: 127.0.0.1 denies access (403); look at credential and terms"),
        (429, RateLimited, "blog: 127.0.0.1 asked for a pause; it goes on by itself"),
        (400, SourceUnavailable, "blog: 127.0.0.1 answered 400; tried again later"),
        (302, SourceUnavailable, "blog: 127.0.0.1 answered 302; tried again later"),
        (500, SourceUnavailable, "blog: 127.0.0.1 answered 500; tried again later"),
        (503, SourceUnavailable, "blog: 127.0.0.1 answered 503; tried again later"),
    ],
)
async def test_any_other_status_is_an_error_of_ours(
    status: int, error: type[Exception], message: str
) -> None:
    """Each tells source and host, never path, query or body."""
    async with loopback(lambda asked: answer(status, b"@jane")) as server, web() as open_web:
        with pytest.raises(error) as raised:
            await open_web.reader("blog", HERE).read(server.at("/u/jane?token=secret"))

    assert str(raised.value) == message


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_holds_the_whole_host(status: int) -> None:
    """The wait is told, and another source of that host is refused without a request until it is over."""
    clock, pace = SystemClock(), Pace(0.0, frozenset())
    async with (
        loopback(lambda asked: answer(status, retry_after="120")) as server,
        web(pace=pace) as open_web,
    ):
        with pytest.raises(RateLimited) as first:
            await open_web.reader("blog", HERE).read(server.at("/feed"))
        with pytest.raises(RateLimited) as second:
            await open_web.reader("other", HERE).read(server.at("/other"))

    held = pace.held_until("127.0.0.1", clock.now())
    assert first.value.wait_s == 120.0
    assert second.value.wait_s is not None
    assert 110 < second.value.wait_s <= 120
    assert held is not None
    assert len(server.asked) == 1


async def test_retry_after_as_a_date_counts_from_the_servers_own_date() -> None:
    """A server whose clock is a year off still gets the minute it asked for."""
    said = answer(429, date="Sat, 01 Jan 2000 00:00:00 GMT", retry_after="Sat, 01 Jan 2000 00:01:00 GMT")
    async with loopback(lambda asked: said) as server, web() as open_web:
        with pytest.raises(RateLimited) as raised:
            await open_web.reader("blog", HERE).read(server.at("/feed"))

    assert raised.value.wait_s == 60.0


async def test_a_403_after_a_429_is_taken_for_another_429() -> None:
    """A host that limits often ends up forbidding; it is waited for, not given up."""
    answers = iter([answer(429), answer(403), answer(403, retry_after="5")])
    async with loopback(lambda asked: next(answers)) as server, web() as open_web:
        waits = []
        for _ in range(3):
            with pytest.raises(RateLimited) as raised:
                await open_web.reader("blog", HERE).read(server.at("/feed"))
            waits.append(raised.value.wait_s)

    assert waits == [None, None, 5.0]


SPENT = {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "300"}


async def test_a_spent_quota_in_a_good_answer_holds_the_host() -> None:
    """The answer counts, and the next request waits for the window to end."""
    async with loopback(lambda asked: answer(204, b"", **SPENT)) as server, web() as open_web:
        reply = await open_web.reader("blog", HERE).read(server.at("/feed"))
        with pytest.raises(RateLimited) as raised:
            await open_web.reader("other", HERE).read(server.at("/feed"))

    assert reply.status == 204
    assert raised.value.wait_s == pytest.approx(300, abs=5)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("said", "wait_s"),
    [
        (answer(403, b"", **SPENT), 300.0),
        (answer(429, b"", **SPENT), 300.0),
        (answer(429, b"", retry_after="60", **SPENT), 300.0),
        (answer(429, b"", retry_after="600", **SPENT), 600.0),
        (answer(429, x_ratelimit_remaining="9", x_ratelimit_reset="300"), None),
        (answer(429, x_ratelimit_remaining="0", x_ratelimit_reset="2678400"), 86_400.0),
    ],
)
async def test_a_refusal_for_a_spent_quota_waits_for_its_end(said: bytes, wait_s: float | None) -> None:
    """429, and 403 as GitHub says it; the longer of two waits counts, and a window of more than a day is not believed."""
    async with loopback(lambda asked: said) as server, web() as open_web:
        with pytest.raises(RateLimited) as raised:
            await open_web.reader("blog", HERE).read(server.at("/feed"))

    assert raised.value.wait_s == wait_s


async def test_cancelling_a_read_closes_its_connection_and_frees_the_host() -> None:
    """Whether the server is silent, or in the middle of a body."""

    async def half(writer: asyncio.StreamWriter) -> None:
        writer.write(answer(200, b"x" * 10, content_length="1000"))
        await writer.drain()
        await asyncio.sleep(60)

    async def silent(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    scripts: Iterator[Said] = iter([half, silent, answer(204)])
    async with loopback(lambda asked: next(scripts)) as server, web() as open_web:
        reader = open_web.reader("blog", HERE)
        for number in (1, 2):
            task = asyncio.create_task(reader.read(server.at("/feed")))
            await server.until_asked(number)
            await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        reply = await reader.read(server.at("/feed"))
        transport = open_web.transport
        leaked = transport._session.connector._acquired  # type: ignore[union-attr]  # aiohttp shows it nowhere else

    assert reply.status == 204
    assert server.opened == 3
    assert not leaked


async def test_a_request_is_never_sent_twice() -> None:
    """A server that hangs up has been asked once; asking again is the schedule's business, in its turn."""

    async def hang_up(writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with loopback(lambda asked: hang_up) as server, web() as open_web:
        with pytest.raises(SourceUnavailable, match="broke the connection"):
            await open_web.reader("blog", HERE).read(server.at("/feed"))

    assert len(server.asked) == 1


async def test_a_web_is_read_while_it_is_open() -> None:
    """Readers may be built before, but not used outside."""
    closed = web()
    reader = closed.reader("blog", HERE)
    with pytest.raises(RuntimeError, match="async with"):
        await reader.read("http://127.0.0.1/")


def test_the_user_agent_is_honest_and_ascii() -> None:
    """Product, version, where to complain, and who asks; an e-mail address does without the plus sign."""
    agents = [
        user_agent("City of Example", "https://city.example/listener", "0.1.0"),
        user_agent("Ville de Montréal (Québec); \\", "ecoute@ville.example", "0.1.0"),
        user_agent("東京", "https://tokyo.example/", "2"),
    ]

    assert agents == [
        "civic-listener/0.1.0 (+https://city.example/listener; City of Example)",
        "civic-listener/0.1.0 (ecoute@ville.example; Ville de Montreal Quebec)",
        "civic-listener/2 (+https://tokyo.example/)",
    ]


@pytest.mark.parametrize(
    ("organisation", "contact", "version"),
    [
        ("City\r\nX-Evil: 1", "https://city.example", "1"),
        ("City", "https://city.example\n", "1"),
        ("City", "https://city.example", "1\r"),
        ("City", "https://städte.example", "1"),
        ("City", "https://city.example) evil/1 (", "1"),
    ],
)
def test_a_user_agent_that_would_break_out_is_refused(organisation: str, contact: str, version: str) -> None:
    """No line break, no second product."""
    with pytest.raises(ValueError, match="User-Agent"):
        user_agent(organisation, contact, version)
