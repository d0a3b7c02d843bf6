"""
The button under a sealed link in a real browser (Debian's `chromium`): its form is accepted by the door, its policies allow
what they have to, and the page holds the link.

What the accessibility checker says of the page stands with the other pages.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.api_client import served
from tests.unit.tell.test_api_answers import SECRETS
from tests.unit.tell.test_open_page import GOOD, NETWORK, TARGET, house_of

playwright = pytest.importorskip("playwright.async_api")
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]


@pytest.fixture
def anyio_backend() -> str:
    """The browser's driver is asyncio's."""
    return "asyncio"


@asynccontextmanager
async def browser() -> AsyncIterator[Any]:
    """One that finds this machine under a name that is not loopback's, as it is reached in an office."""
    options = ["--no-sandbox", "--host-resolver-rules=MAP listen.example 127.0.0.1"]
    async with playwright.async_playwright() as driver:
        started = await driver.chromium.launch(executable_path=CHROMIUM, args=options)
        try:
            yield started
        finally:
            await started.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "listen.example"])
async def test_the_button_shows_the_link(tmp_path: Path, host: str) -> None:
    """
    With a wrong token it says so, with the right one it shows the link; nobody else is asked for anything.
    """
    house = house_of(NETWORK)
    asked: list[str] = []
    async with served(house.app, folder=tmp_path) as where, browser() as started:
        page = await started.new_page(locale="fr")
        page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
        place = f"http://{host}:{where.port}/open/{GOOD}"
        await page.goto(place)
        await page.fill("#token", "wrong-wrong-wrong-wrong")
        await page.click("button")
        refused = await page.title()
        await page.fill("#token", SECRETS["open"])
        await page.click("button")
        shown = await page.title()
        link = await page.locator("main a").get_attribute("href")

    assert (refused, shown, link) == ("Non ouvert: Ouvrir une conversation", "Voici le lien", TARGET)
    assert asked == [f"GET {place}", f"POST {place}", f"POST {place}"]
    assert house.control.asked == [("open", GOOD)]
