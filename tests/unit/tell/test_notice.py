"""
`/notice`: open to everybody, in the language and form that was asked for, cheap for whoever comes back.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from listener.tell.api import Access
from tests.fakes.api_client import get, served
from tests.unit.tell.test_api_answers import TOKENS, House

pytestmark = pytest.mark.anyio


def house() -> House:
    """Behind the door that wants tokens."""
    return House(Access(door="network", tokens=TOKENS))


@pytest.mark.parametrize(
    ("query", "headers", "text", "kind"),
    [
        ("", {}, "the notice en html", "text/html; charset=utf-8"),
        ("?lang=fr", {}, "the notice fr html", "text/html; charset=utf-8"),
        ("", {"accept-language": "fr-CA, en;q=0.5"}, "the notice fr html", "text/html; charset=utf-8"),
        ("?format=markdown", {}, "the notice en markdown", "text/markdown; charset=utf-8"),
        ("?format=json&lang=fr", {}, "the notice fr json", "application/json"),
        ("", {"accept": "text/markdown"}, "the notice en markdown", "text/markdown; charset=utf-8"),
        ("", {"accept": "application/json"}, "the notice en json", "application/json"),
        ("", {"accept": "text/html, application/json"}, "the notice en html", "text/html; charset=utf-8"),
        ("?format=pdf", {}, "the notice en html", "text/html; charset=utf-8"),
        ("?utm_source=mail&lang=xx", {}, "the notice en html", "text/html; charset=utf-8"),
    ],
)
async def test_whoever_asks_gets_it_as_they_read(
    query: str, headers: dict[str, str], text: str, kind: str, tmp_path: Path
) -> None:
    """No token is needed; what is unknown in the address is passed over, because citizens hand addresses around."""
    async with served(house().app, folder=tmp_path) as where:
        got = await get(where, f"/notice{query}", **headers)

    assert (got.status, got.body.decode(), got.headers["content-type"]) == (200, text, kind)
    assert got.headers["content-language"] == text.split()[2]


async def test_who_has_it_is_sent_nothing(tmp_path: Path) -> None:
    """An answer names itself; asked again with that name it says that it is the same, and a cache may keep it."""
    async with served(house().app, folder=tmp_path) as where:
        first = await get(where, "/notice")
        again = await get(where, "/notice", **{"if-none-match": first.headers["etag"]})
        other = await get(where, "/notice?lang=fr", **{"if-none-match": first.headers["etag"]})

    assert first.headers["etag"] == f'"{hashlib.sha256(b"the notice en html").hexdigest()[:32]}"'
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert (other.status, other.body) == (200, b"the notice fr html")
    assert {got.headers["cache-control"] for got in (first, again, other)} == {"public, max-age=300"}
    assert {got.headers["vary"] for got in (first, again, other)} == {"accept, accept-language"}


async def test_a_page_of_it_runs_nothing(tmp_path: Path) -> None:
    """It has the policy of every page here: what is not in it is neither asked for nor run."""
    async with served(house().app, folder=tmp_path) as where:
        got = await get(where, "/notice")

    policy = got.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert ("script-src" in policy, "unsafe" in policy) == (False, False)
