"""What the reader refuses to ask, to follow and to connect to."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from listener.adapter import Reach, Reply
from listener.clock import SystemClock
from listener.errors import RequestRefused, SourceUnavailable
from listener.hear.pace import Pace
from listener.hear.reader import ReaderLimits, Web
from tests.fakes.loopback import LOOPBACK, Resolver, answer, loopback
from tests.fakes.tls import serving

pytestmark = pytest.mark.anyio

HERE = (Reach("127.0.0.1"),)
ANYWHERE = (Reach("127.0.0.1", redirects="public"),)
NAMED = (Reach("blog.example", redirects="public"),)


def web(
    *, allow: object = LOOPBACK, resolver: Resolver | None = None, tls: ssl.SSLContext | None = None
) -> Web:
    """A web without spacing."""
    return Web(
        clock=SystemClock(),
        pace=Pace(0.0, frozenset()),
        user_agent="civic-listener/0",
        limits=ReaderLimits(deadline_s=5),
        allow=allow,  # type: ignore[arg-type]  # a tuple of networks
        resolver=resolver,
        tls=tls,
    )


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://elsewhere.example/feed", "outside what the source declared"),
        ("http://127.0.0.1.elsewhere.example/feed", "outside what the source declared"),
        ("http://127.0.0.1/other", "outside what the source declared"),
        ("http://127.0.0.1/feed/../other", "dot segments"),
        ("http://127.0.0.1/feed/%2E%2e/other", "dot segments"),
        ("http://127.0.0.1/feed/..%2fother", "dot segments"),
        ("http://127.0.0.1/feed/..\\other", "dot segments"),
        ("http://jane@127.0.0.1/feed", "user name or password"),
        ("http://:pw@127.0.0.1/feed", "user name or password"),
        ("http://127.0.0.1@elsewhere.example/feed", "user name or password"),
        ("http://127.0.0.1\\@elsewhere.example/feed", "cannot be parsed"),
        ("file:///etc/passwd", "only http and https"),
        ("ftp://127.0.0.1/feed", "only http and https"),
        ("//127.0.0.1/feed", "only http and https"),
        ("/feed", "only http and https"),
        ("http://127.0.0.1:99999/feed", "cannot be parsed"),
        ("http:///feed", "no host"),
        ("http://127.0.0.1/feed\r\nX-Evil: 1", "control character"),
        ("http://127.0.0.1/feed?a\x00", "control character"),
    ],
)
async def test_an_address_outside_the_reach_is_refused_before_anything_else(
    address: str, message: str
) -> None:
    """Host and path as declared, http or https, nobody's name in it; the message repeats none of it."""
    async with web() as open_web:
        with pytest.raises(RequestRefused, match=message) as raised:
            await open_web.reader("blog", (Reach("127.0.0.1", "/feed.*"),)).read(address)

    assert str(raised.value).startswith("blog: ")
    assert not {"jane", "elsewhere", "passwd", "Evil"} & set(str(raised.value).replace(".", " ").split())


@pytest.mark.parametrize("header", ["Cookie", "Referer", "Host", "X-HTTP-Method-Override", "Content-Length"])
async def test_a_header_that_is_not_for_reading_is_refused(header: str) -> None:
    """Only what content negotiation, validators and credentials need."""
    async with web() as open_web:
        with pytest.raises(RequestRefused, match="may not carry"):
            await open_web.reader("blog", HERE).read("http://127.0.0.1/", headers={header: "1"})


async def test_a_header_cannot_carry_a_second_header() -> None:
    """A line break in a value would end it."""
    async with web() as open_web:
        with pytest.raises(RequestRefused, match="control character"):
            await open_web.reader("blog", HERE).read("http://127.0.0.1/", headers={"accept": "a\r\nx: 1"})


@pytest.mark.parametrize(
    ("allow", "host", "addresses"),
    [
        ((), "127.0.0.1", []),
        ((), "blog.example", ["127.0.0.1"]),
        ((), "blog.example", ["127.0.0.1", "10.0.0.1", "::1", "169.254.169.254"]),
        (LOOPBACK, "blog.example", ["10.255.255.1"]),
        (LOOPBACK, "blog.example", ["::ffff:127.0.0.1"]),
        (LOOPBACK, "blog.example", ["64:ff9b::7f00:1"]),
        (LOOPBACK, "blog.example", ["2002:7f00:1::"]),
        (LOOPBACK, "blog.example", ["0.0.0.0"]),
        (LOOPBACK, "blog.example", ["224.0.0.1"]),
    ],
)
async def test_an_address_that_is_not_public_is_not_connected_to(
    allow: object, host: str, addresses: list[str]
) -> None:
    """Literal or resolved, one or many: refused at connect time, unless the operator allowed its network."""
    resolver = Resolver({"blog.example": [addresses]})
    async with loopback(lambda asked: answer()) as server, web(allow=allow, resolver=resolver) as open_web:
        with pytest.raises(RequestRefused) as raised:
            await open_web.reader("blog", (*HERE, *NAMED)).read(server.at("/feed?key=1", host=host))

    said = "the address is private, reserved, or an IPv4 address in disguise"
    assert str(raised.value) == f"blog: {host} was not asked: {said}"
    assert server.opened == 0


async def test_a_private_address_is_no_more_than_one_that_fails() -> None:
    """A name with a private and an allowed address is read at the allowed one."""
    resolver = Resolver({"blog.example": [["10.0.0.1", "127.0.0.1"]]})
    async with loopback(lambda asked: answer(204)) as server, web(resolver=resolver) as open_web:
        reply = await open_web.reader("blog", NAMED).read(server.at("/feed", host="blog.example"))

    assert (reply.status, server.opened) == (204, 1)


async def test_the_second_answer_of_a_rebinding_resolver_is_checked_too() -> None:
    """A name that was public once has no credit for the next connection."""
    resolver = Resolver({"blog.example": [["127.0.0.1"], ["10.0.0.1"]]})
    said = answer(204, connection="close")
    async with loopback(lambda asked: said) as server, web(resolver=resolver) as open_web:
        reader = open_web.reader("blog", NAMED)
        await reader.read(server.at("/feed", host="blog.example"))
        open_web.transport._session.connector.clear_dns_cache()  # type: ignore[union-attr]  # instead of waiting 10 s
        with pytest.raises(RequestRefused, match="private"):
            await reader.read(server.at("/feed", host="blog.example"))

    assert server.opened == 1


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0x7f000001", "0177.0.0.1", "localhost"])
async def test_a_number_in_disguise_leads_nowhere(host: str) -> None:
    """Decimal, short, hexadecimal and octal spellings of 127.0.0.1 are refused by the real resolver's path too."""
    async with loopback(lambda asked: answer()) as server, web(allow=()) as open_web:
        with pytest.raises(RequestRefused, match=r"^blog: (.* was not asked|the host is neither)"):
            await open_web.reader("blog", (Reach(host),)).read(server.at("/feed", host=host))

    assert server.opened == 0


async def test_a_redirect_is_followed_within_what_was_declared() -> None:
    """Relative and absolute; each hop is told with its status, and validators stay behind."""
    steps = {
        "/feed": answer(301, location="/moved?x=%7E#top"),
        "/moved?x=%7E": answer(307, location="sub/feed"),
        "/sub/feed": answer(200, b"<rss/>"),
    }
    async with loopback(lambda asked: steps[asked.target]) as server, web() as open_web:
        given = {"accept": "a/b", "authorization": "Bearer t", "if-none-match": '"1"'}
        reply = await open_web.reader("blog", HERE).read(server.at("/feed"), headers=given)

    end = server.at("/sub/feed")
    assert reply == Reply(200, {}, b"<rss/>", end, ((301, server.at("/moved?x=%7E")), (307, end)))
    assert [asked.headers.get("if-none-match") for asked in server.asked] == ['"1"', None, None]
    assert [asked.headers.get("authorization") for asked in server.asked] == ["Bearer t"] * 3
    assert [asked.headers["accept"] for asked in server.asked] == ["a/b"] * 3


async def test_credentials_stay_at_their_origin() -> None:
    """Another port is another origin, already."""
    async with loopback(lambda asked: answer(200, b"x")) as there:
        moved = answer(302, location=there.at("/feed"))
        async with loopback(lambda asked: moved) as server, web() as open_web:
            given = {"authorization": "Bearer t", "accept-language": "fr"}
            await open_web.reader("blog", HERE).read(server.at("/feed"), headers=given)

    assert "authorization" not in there.asked[0].headers
    assert there.asked[0].headers["accept-language"] == "fr"


@pytest.mark.parametrize(
    ("location", "reaches", "message"),
    [
        ("http://elsewhere.example/feed", HERE, "redirects outside"),
        ("//elsewhere.example/feed", HERE, "redirects outside"),
        ("/private", (Reach("127.0.0.1", "/feed"),), "redirects outside"),
        ("http://jane@elsewhere.example/", ANYWHERE, "user name or password"),
        ("file:///etc/passwd", ANYWHERE, "only http and https"),
        ("javascript:alert(1)", ANYWHERE, "only http and https"),
        ("http://10.0.0.1/latest/meta-data", ANYWHERE, "private"),
        ("http://[::1]/", ANYWHERE, "private"),
        ("http://inside.example/", ANYWHERE, "private"),
        ("http://a b/", ANYWHERE, "cannot be parsed|no host"),
    ],
)
async def test_a_redirect_that_the_guard_would_not_ask_is_not_followed(
    location: str, reaches: tuple[Reach, ...], message: str
) -> None:
    """Each hop is checked as the first address was; the message names the host that was asked, not the target."""
    resolver = Resolver({"inside.example": [["192.168.1.1"]]})
    async with (
        loopback(lambda asked: answer(302, location=location)) as server,
        web(resolver=resolver) as open_web,
    ):
        with pytest.raises(RequestRefused, match=message) as raised:
            await open_web.reader("blog", reaches).read(server.at("/feed"))

    assert "127.0.0.1" in str(raised.value)
    assert "elsewhere" not in str(raised.value)
    assert len(server.asked) == 1


async def test_a_redirect_may_lead_to_any_public_host_where_blogs_do_that() -> None:
    """The new host is asked at the address that the guard lets through."""
    resolver = Resolver({"blog.example": [["127.0.0.1"]], "new.example": [["127.0.0.1"]]})
    async with loopback(lambda asked: answer(200, b"x")) as there:
        moved = answer(301, location=there.at("/feed", host="new.example"))
        async with loopback(lambda asked: moved) as server, web(resolver=resolver) as open_web:
            reply = await open_web.reader("blog", NAMED).read(server.at("/feed", host="blog.example"))

    new = there.at("/feed", host="new.example")
    assert (reply.address, reply.hops) == (new, ((301, new),))
    assert there.asked[0].headers["host"] == f"new.example:{there.port}"


async def test_a_redirect_loop_ends() -> None:
    """Four hops are followed, a fifth is not."""
    async with loopback(lambda asked: answer(302, location="/feed")) as server, web() as open_web:
        with pytest.raises(SourceUnavailable, match=r"^blog: 127\.0\.0\.1 redirects too often$"):
            await open_web.reader("blog", HERE).read(server.at("/feed"))

    assert (len(server.asked), server.opened) == (5, 1)


# ------------------------------------------------------------------------------------------------------- TLS


async def test_a_certificate_nobody_vouches_for_is_not_trusted(certificate: Path) -> None:
    """TLS is verified with the system's authorities; nothing was asked."""
    opened = web(resolver=Resolver({"blog.example": [["127.0.0.1"]]}))
    message = r"cannot be reached \(name, connection or certificate\)"
    async with loopback(lambda asked: answer(), tls=serving(certificate)) as server, opened as open_web:
        with pytest.raises(SourceUnavailable, match=message):
            await open_web.reader("blog", NAMED).read(server.at("/feed", host="blog.example"))

    assert server.asked == []


async def test_a_redirect_from_https_to_http_is_not_followed(certificate: Path) -> None:
    """Neither to another host nor to its own; the verified answer itself is read."""
    trusting = ssl.create_default_context(cafile=str(certificate))
    opened = web(resolver=Resolver({"blog.example": [["127.0.0.1"]]}), tls=trusting)
    async with loopback(lambda asked: answer(204)) as plain, opened as open_web:
        script = {"/feed": answer(204), "/down": answer(301, location=plain.at("/feed", host="blog.example"))}
        async with loopback(lambda asked: script[asked.target], tls=serving(certificate)) as server:
            reader = open_web.reader("blog", NAMED)
            reply = await reader.read(server.at("/feed", host="blog.example"))
            with pytest.raises(RequestRefused, match=r"blog\.example redirects from https to http"):
                await reader.read(server.at("/down", host="blog.example"))

    assert (reply.status, plain.asked) == (204, [])


async def test_a_web_that_does_not_verify_cannot_be_opened() -> None:
    """There is no switch that turns verification off, not even by a context of one's own."""
    lax = ssl.create_default_context()
    lax.check_hostname = False
    with pytest.raises(ValueError, match="always verified"):
        async with web(tls=lax):
            pass
