"""
The page on which a sealed link is opened: every door, method and token; what it shows before and after, and what is noted.
"""

from __future__ import annotations

import html
import re
from itertools import product
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from anyio import connect_tcp

from listener.status import Opened
from listener.tell.api import Access
from tests.fakes.api_client import Got, exchange, get, served
from tests.unit.tell.test_api_answers import SECRETS, TOKENS, House, problem, send

pytestmark = pytest.mark.anyio

TARGET = "https://social.example/@canary-mira/1?a=1&b=%22"
GOOD, GONE, ENDED, OTHER = (f"canary-token-{name}-{'x' * 200}" for name in ("good", "gone", "ended", "other"))
OPENED = {
    GOOD: Opened("opened", source="/mastodon/town", target=TARGET),
    GONE: Opened("gone"),
    ENDED: Opened("ended"),
}
FORM: Final = "application/x-www-form-urlencoded"
NETWORK = Access(door="network", tokens=TOKENS)


def house_of(access: Access | None = None) -> House:
    house = House() if access is None else House(access)
    house.control.opened = OPENED
    return house


async def press(where: Any, token: str = GOOD, body: bytes = b"", **headers: str) -> Got:
    """The button, as a browser presses it: no header of ours, perhaps a field in the body; an empty header is left out."""
    sent = {"content-type": FORM, "origin": "http://127.0.0.1", "sec-fetch-site": "same-origin"}
    sent |= {"host": "127.0.0.1", "content-length": str(len(body))}
    sent |= {key.replace("_", "-"): value for key, value in headers.items()}
    head = {key: value for key, value in sent.items() if value}
    async with await connect_tcp(where.host, where.port) as stream:
        return await exchange(stream, f"POST /open/{token} HTTP/1.1", head, body)


def filled(secret: str) -> bytes:
    """The field with a token in it."""
    return urlencode({"token": secret}).encode()


def text_of(got: Got) -> str:
    """The words of a page."""
    body = re.sub(r"<style>.*?</style>|<[^>]*>", " ", got.body.decode(), flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", body))


async def test_the_whole_answer_with_the_link(tmp_path: Path) -> None:
    """
    At home nobody needs a token: the page holds the link once, tells the other side nothing, and may not be kept, framed or
    listed.
    """
    house = house_of()
    async with served(house.app, folder=tmp_path) as where:
        got = await press(where)
    headers = {key: value for key, value in got.headers.items() if key not in ("date", "content-length")}

    assert got.status == 200
    assert headers.pop("content-security-policy").startswith("default-src 'none'; style-src 'sha256-")
    assert headers == {
        "content-language": "en",
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "connection": "close",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "vary": "accept-language",
        "x-content-type-options": "nosniff",
        "x-robots-tag": "noindex, nofollow, noarchive",
    }
    (anchor,) = re.findall(r"<a (?!class)[^>]*>.*?</a>", got.body.decode())
    assert anchor == (
        f'<a href="{html.escape(TARGET, quote=False).replace(chr(34), "&#34;")}" rel="noreferrer noopener nofollow">'
        "Go to the post on social.example</a>"
    )
    assert got.body.count(b"canary-mira") == 1
    assert house.control.asked == [("open", GOOD)]


NOT_OPENED: Final = (
    (GONE, 410, "This post is gone"),
    (ENDED, 410, "This link has ended"),
    (OTHER, 404, "No such link"),
)


async def test_what_is_not_opened_is_said(tmp_path: Path) -> None:
    """
    Gone, ended, or none of ours: each in its own words, without a link.
    """
    house = house_of()
    async with served(house.app, folder=tmp_path) as where:
        for token, status, title in NOT_OPENED:
            got = await press(where, token)
            french = await press(where, token, accept_language="fr")

            assert (got.status, french.status) == (status, status)
            assert f"<h1>{title}</h1>" in got.body.decode()
            assert '<html lang="fr">' in french.body.decode()
            assert text_of(got) != text_of(french)
            assert b"href" not in got.body.replace(b'href="#main"', b"")


async def test_whatever_is_none_of_ours_is_answered_with_the_same_bytes(tmp_path: Path) -> None:
    """
    Altered, of another purpose or deployment, or a joke: no oracle.
    """
    house = house_of()
    async with served(house.app, folder=tmp_path) as where:
        got = [await press(where, token) for token in (OTHER, "x", "%00", "a.b", "A" * 1516, GOOD[:-1])]
    answers = {(one.status, one.body, *sorted(_lasting(one).items())) for one in got}

    assert len(answers) == 1
    assert got[0].status == 404


def _lasting(got: Got) -> dict[str, str]:
    return {key: value for key, value in got.headers.items() if key != "date"}


PREVIEWS = (
    {"user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"},
    {"user_agent": "facebookexternalhit/1.1"},
    {"user_agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"},
    {"user_agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
    {"user_agent": "WhatsApp/2.23", "accept": "*/*"},
    {"sec_purpose": "prefetch;prerender", "purpose": "prefetch"},
    {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "origin": "https://chat.example"},
    {"authorization": f"Bearer {SECRETS['read']}"},
)


@pytest.mark.parametrize("door", ["loopback", "network"])
async def test_looking_opens_nothing(tmp_path: Path, door: Any) -> None:
    """
    A preview, a crawler, a browser that reads ahead, a HEAD: the same bytes for every token, valid or not; nobody is asked,
    nothing is noted but that a page was shown.
    """
    house = house_of(Access(door=door, tokens=TOKENS))
    house.control.failure = RuntimeError("asked")
    async with served(house.app, folder=tmp_path) as where:
        got = [
            await get(where, f"/open/{token}", **how)
            for how, token in product(PREVIEWS, (GOOD, GONE, OTHER, "x"))
        ]
        heads = [await send(where, f"/open/{token}", method="HEAD") for token in (GOOD, OTHER)]

    assert {one.status for one in (*got, *heads)} == {200}
    assert len({(one.body, *sorted(_lasting(one).items())) for one in got}) == 1
    assert [(one.body, _lasting(one)) for one in heads] == [(b"", _lasting(got[0]))] * 2
    assert house.control.asked == []
    assert (b'type="password"' in got[0].body) == (door == "network")
    lines = house.log.getvalue().splitlines()
    assert {line for line in lines if '"route":"/open/{token}"' not in line} == set()
    assert "canary" not in house.log.getvalue()
    assert b"social" not in got[0].body


async def test_the_whole_form(tmp_path: Path) -> None:
    """
    One form to where it stands, with a field only where a token is asked for; the other language is a press away; nothing
    is to be indexed, and a referrer goes nowhere but home.
    """
    house = house_of(NETWORK)
    async with served(house.app, folder=tmp_path) as where:
        got = await get(where, f"/open/{GOOD}", accept_language="fr")
        english = await get(where, f"/open/{GOOD}?lang=en", accept_language="fr")
        strange = await get(where, f"/open/{GOOD}?utm_source=x")
        empty = await get(where, "/open/", authorization=f"Bearer {SECRETS['read']}")
    page = got.body.decode()

    assert re.findall(r"<form[^>]*>|<input[^>]*>|<button[^>]*>|<label[^>]*>", page) == [
        '<form method="post" autocomplete="off">',
        '<label for="token">',
        '<input id="token" name="token" type="password" autocomplete="off" spellcheck="false" required'
        ' aria-describedby="hint">',
        '<button type="submit">',
    ]
    assert re.findall(r'<meta name="robots"[^>]*>', page) == ['<meta name="robots" content="noindex">']
    assert '<a href="?lang=en" hreflang="en" lang="en">English</a>' in page
    assert "form-action 'self'" in got.headers["content-security-policy"]
    assert got.headers["referrer-policy"] == "same-origin"
    assert (got.headers["content-language"], english.headers["content-language"]) == ("fr", "en")
    assert "<script" not in page
    assert (strange.status, strange.json()["title"]) == (400, "Unknown parameter")
    assert (empty.status, empty.json()["title"]) == (404, "No such route")


WHY: Final = {
    None: (401, "A token is needed here."),
    "wrong": (401, "This token is not known here."),
    "missing": (403, "This token may not open links: it needs the scope “open”."),
}
KNOWN: Final = {
    **{str(scope): secret for scope, secret in SECRETS.items()},
    "wrong": "wrong-wrong-wrong-wrong",
}


@pytest.mark.parametrize("door", ["loopback", "forwarded", "network", "socket"])
async def test_who_may_open(tmp_path: Path, door: Any) -> None:
    """
    At home and over the socket anybody; elsewhere exactly a token with the scope `open`, in the header or in the field; who
    may not gets the form again, with a reason, and nobody is asked.
    """
    free = door in ("loopback", "socket")
    house = house_of(Access(door="loopback" if door == "forwarded" else door, tokens=TOKENS))
    way = {"x_forwarded_for": "10.0.0.9"} if door == "forwarded" else {}
    async with served(house.app, folder=tmp_path) as where:
        for sent, by_header in product((None, *KNOWN), (True, False)):
            house.log.truncate(house.log.seek(0))
            house.control.asked.clear()
            secret = KNOWN.get(sent or "", "")
            header = {"authorization": f"Bearer {secret}"} if secret and by_header else {}
            body = filled(secret) if secret and not by_header else b""
            got = await press(where, body=body, **header, **way)

            lines = [line for line in house.log.getvalue().splitlines() if '"link.opened"' in line]
            if free or sent == "open":
                told = f'"outcome":"opened","network":"mastodon","source":"town","token":"{"" if free else "open"}"'
                assert (got.status, got.body.count(b"canary-mira")) == (200, 1)
                assert house.control.asked == [("open", GOOD)]
            else:
                told = '"outcome":"refused","network":"","source":"","token":""'
                refused_as(got, *(WHY.get(sent) or WHY["missing"]))
                assert house.control.asked == []
            assert len(lines) == 1
            assert told in lines[0]
            assert "canary" not in house.log.getvalue()
            assert b"canary-token" not in got.body
            assert not secret or secret.encode() not in got.body


def refused_as(got: Got, status: int, why: str) -> None:
    """The form again, which says why to whoever sees and to whoever hears it."""
    page = got.body.decode()
    assert got.status == status
    assert got.headers.get("www-authenticate") == ('Bearer realm="listener"' if status == 401 else None)
    assert got.headers["referrer-policy"] == "same-origin"
    assert f'<p id="problem" role="alert"><strong>{why}</strong></p>' in page
    assert 'aria-describedby="problem hint" aria-invalid="true"' in page
    assert "<title>Not opened: " in page


async def test_a_header_counts_before_the_field(tmp_path: Path) -> None:
    """
    Two credentials are no better than the worse one.
    """
    house = house_of(NETWORK)
    async with served(house.app, folder=tmp_path) as where:
        got = await press(where, body=filled(SECRETS["open"]), authorization=f"Bearer {SECRETS['read']}")

    assert got.status == 403


FOREIGN: Final = (
    ({"origin": "https://evil.example"}, 403),
    ({"origin": "null"}, 403),
    ({"origin": "", "sec_fetch_site": "cross-site"}, 403),
    ({"origin": "", "sec_fetch_site": "same-site"}, 403),
    ({"host": "rebound.example"}, 421),
    ({"origin": "", "sec_fetch_site": ""}, 200),
)


@pytest.mark.parametrize("door", ["loopback", "network"])
async def test_no_other_page_presses_the_button(tmp_path: Path, door: Any) -> None:
    """
    A form on another site is refused before anything is read, token or not; a name that was rebound is, too.
    """
    hosts = frozenset({"listen.example"}) if door == "network" else frozenset[str]()
    house = house_of(Access(door=door, tokens=TOKENS, hosts=hosts))
    async with served(house.app, folder=tmp_path) as where:
        got = [(await press(where, body=filled(SECRETS["open"]), **how)).status for how, _ in FOREIGN]

    assert got == [status for _, status in FOREIGN]
    assert house.control.asked == [("open", GOOD)]


FORMS: Final = (
    (b"token=a&token=b", FORM, 400, "Body not accepted"),
    (b"tokn=a", FORM, 400, "Body not accepted"),
    (b"token=a&more=b", FORM, 400, "Body not accepted"),
    (b"token=\xff", FORM, 400, "Body not accepted"),
    (b'{"token":"a"}', "application/json", 415, "Body not accepted"),
    (b"token=a", "multipart/form-data; boundary=x", 415, "Body not accepted"),
    (b"token=" + b"a" * 4096, FORM, 413, "Body too large"),
    (b"token=", FORM, 401, "A token is needed here."),
    (b"token=+", f"{FORM}; charset=utf-8", 401, "A token is needed here."),
    (b"token=%F0%9F%98%80", FORM, 401, "This token is not known here."),
    (b"token=%EF%BF", FORM, 401, "This token is not known here."),
)


async def test_forms_nobody_sends(tmp_path: Path) -> None:
    """
    Only one field is taken, bounded and in the shape of a form; what is wrong is never repeated.
    """
    house = house_of(NETWORK)
    async with served(house.app, folder=tmp_path) as where:
        got = [await press(where, body=body, content_type=kind) for body, kind, _, _ in FORMS]

    for one, (body, _, status, told) in zip(got, FORMS, strict=True):
        if status == 401:
            refused_as(one, status, told)
            continue
        assert (one.status, one.json()["title"]) == (status, told), body
        assert one.json()["detail"] in (
            "At most 4096 bytes.",
            "Send a form with the field token, or nothing, as application/x-www-form-urlencoded.",
        )
    assert house.control.asked == []


async def test_other_methods_and_paths(tmp_path: Path) -> None:
    """
    Nothing else is there, and on a network nobody without a token is told what is.
    """
    house, closed = house_of(), house_of(NETWORK)
    (tmp_path / "b").mkdir()
    async with (
        served(house.app, folder=tmp_path) as where,
        served(closed.app, folder=tmp_path / "b") as network,
    ):
        put = await send(where, f"/open/{GOOD}", method="PUT")
        below = await get(where, "/open")
        two = await send(where, f"/open/{GOOD}/a")
        hidden = await get(network, "/open")

    assert put.json() == problem("wrong-method", 405, "Method not allowed", "Allowed here: GET, POST.")
    assert (below.status, two.status, hidden.status) == (404, 404, 401)
    assert house.control.asked == []


async def test_the_outcome_is_counted(tmp_path: Path) -> None:
    """
    Each press of the button once, by what came of it.
    """
    house = house_of()
    async with served(house.app, folder=tmp_path) as where:
        for token in (GOOD, GOOD, GONE, ENDED, OTHER):
            await press(where, token)
        await press(where, GOOD, x_real_ip="10.0.0.1")
        metrics = (await get(where, "/metrics")).body.decode()

    found = dict(re.findall(r'listener_links_opened_total\{outcome="(\w+)"\} (\S+)', metrics))
    assert found == {"opened": "2.0", "gone": "1.0", "ended": "1.0", "unknown": "1.0", "refused": "1.0"}
    assert "canary" not in metrics
