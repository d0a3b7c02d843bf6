"""
Where the User-Agent leads (politeness P24), as a site hears it from the shipped daemon: to the public notice where people
can reach it, else to the contact.
"""

from __future__ import annotations

import pytest

from listener import __version__
from listener.simulation.exchange import Request, Response
from listener.testing.rig import CONTACT, rig, source

pytestmark = pytest.mark.anyio

EMPTY = b'<feed xmlns="http://www.w3.org/2005/Atom"><title>Blog</title></feed>'


@pytest.fixture
def anyio_backend() -> str:
    """The rig is asyncio's."""
    return "asyncio"


@pytest.mark.parametrize(
    ("http", "leads_to"),
    [
        ("", CONTACT),
        ('public_url = "https://listen.example/office/"\n', "https://listen.example/office/notice"),
        ('public_url = "https://listen.example/of(fice)"\n', CONTACT),
    ],
    ids=["no address", "the notice", "no header holds it"],
)
async def test_it_leads_to_the_notice_where_people_can_reach_it(http: str, leads_to: str) -> None:
    """Each request says the same: product, version, the notice's address or the contact, and whose it is."""
    heard: list[str | None] = []

    async def answer(request: Request) -> Response:
        heard.append(request.header("user-agent"))
        return Response(headers=(("Content-Type", "application/atom+xml"),), body=EMPTY)

    blog = source("blog", "http://blog.example/feed", interval_s=3600)
    async with rig(blog, hosts={"blog.example": answer}, http=http) as house:
        await house.pass_s(3600)

    assert set(heard) == {f"civic-listener/{__version__} (+{leads_to}; City of Example)"}
