"""
The pages that a running daemon shows, in a real browser: nothing the checker objects to, at any width, in both languages, by
day and by night; whole without scripts, by keyboard and on paper; and what somebody wrote into the configuration stays text.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio.from_thread
import pytest

from listener.cli.demo.town import day_of, served
from listener.simulation.clock import ScaledClock
from tests.pipeline.daemon_process import Installed
from tests.surfaces.browser import DESKTOP, LOOKS, NOTHING, PHONE, Look, browser, look_at, opened, printed

MORE = """
[notice]
language = "en"
objections = "privacy@city.example"
complaints = "The Commissioner, https://commissioner.example"
[notice.fr]
"Answer questions and mend what is reported" = "Répondre aux questions et réparer ce qui est signalé"
"""

MARKUP = 'Words of all kinds </bdi><script>alert(1)</script><img src="https://evil.example/x"><h1>Official</h1><a href="javascript:alert(1)">x</a>'
WORD = "Wasserwerk" * 190
RIGHT_TO_LEFT = "نستمع إلى (الرسائل) העיר 123"

HOSTILE = f"""
[organisation]
name = {json.dumps("City <b>of</b> " + RIGHT_TO_LEFT)}
contact = "https://city.example/listener"
country = "CA"
own_handles = ["@cityofexample"]

[[watch]]
name = "river"
hashtags = ["العربية", "river"]
phrases = ["# Heading", "{"a b " * 40}x"]
purpose = {json.dumps(MARKUP, ensure_ascii=False)}
owner = {json.dumps(WORD)}
legal_authority = {json.dumps(RIGHT_TO_LEFT, ensure_ascii=False)}
review_by = 2020-01-01

[[source]]
name = "blog"
adapter = "feed"
relation = "public"
criterion = {json.dumps(MARKUP.replace("https://evil.example/x", "x") + WORD[:800])}
address = "http://127.0.0.1:9/{"long-" * 100}%3Cscript%3E?secret=canary-in-query"

[http]
port = 0

[reader]
allow_addresses = ["127.0.0.0/8"]
"""


@contextmanager
def running(folder: Path, text: str) -> Iterator[str]:
    """The address of a daemon that runs with a configuration."""
    folder.mkdir()
    (folder / "objections.txt").touch()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "listener.toml").write_text(text.replace("port = 0", f"port = {port}"), "utf-8")
    installed = Installed(folder)
    installed.accept()
    installed.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        installed.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the daemons of this file live."""
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def city(folder: Path) -> Iterator[str]:
    """The daemon of the demo's city, with all networks."""
    clock = ScaledClock(1.0)
    day = day_of(clock, seed=6, duration_s=600)
    (folder / "city").mkdir()
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(served(day, clock, folder / "city")) as town,
        running(folder / "daemon", town.configuration(folder / "daemon", port=0) + MORE) as address,
    ):
        yield address


@pytest.fixture(scope="module")
def hostile(folder: Path) -> Iterator[str]:
    """A daemon whose configuration was written by somebody who means no good."""
    with running(folder / "hostile", HOSTILE) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for all looks."""
    with browser() as started:
        yield started


@pytest.mark.parametrize("look", LOOKS, ids=str)
@pytest.mark.parametrize("daemon", ["city", "hostile"])
def test_everybody_can_read_the_notice(
    daemon: str, look: Look, chromium: Any, request: pytest.FixtureRequest
) -> None:
    """
    No rule of the checker is broken, nothing is complained of or asked for elsewhere, nothing has to be scrolled sideways, the
    keyboard reaches every link, and it says the same where no script may run.
    """
    address = request.getfixturevalue(daemon)

    assert look_at(chromium, f"{address}/notice", look, name=f"notice-{daemon}") == NOTHING


def test_all_networks_are_in_it(city: str, chromium: Any) -> None:
    """What is looked at above is the whole city: each network that ships has its place in both languages."""
    for language, own in (("en", "Blogs and news pages"), ("fr", "Blogues et pages de nouvelles")):
        with opened(chromium, f"{city}/notice", Look(DESKTOP, "light", language)) as (page, _, _):
            heads = page.locator("section[aria-labelledby=sources] h3").all_inner_texts()

        assert {head.split(":")[0].strip() for head in heads} == {own, "Bluesky", "Mastodon", "X", "YouTube"}


def test_how_to_object_is_found_at_once(city: str, chromium: Any) -> None:
    """A stranger with a phone sees the way to it on the first screen or one swipe below, and one press leads there."""
    with opened(chromium, f"{city}/notice", Look(PHONE, "light")) as (page, _, _):
        link = page.get_by_role("link", name="How to say no")
        top = link.bounding_box()["y"]
        link.click()
        heading = round(page.locator("#object").bounding_box()["y"])
        print(heading)
        mailbox = page.locator("section[aria-labelledby=object] a").first.get_attribute("href")

    assert (top < 2 * PHONE[1], 0 <= heading < PHONE[1] / 2, mailbox) == (
        True,
        True,
        "mailto:privacy@city.example",
    )


def test_the_other_language_is_one_press_away(city: str, chromium: Any) -> None:
    """From either page to the other and back; each says in which language it is, and marks what is in another."""
    with opened(chromium, f"{city}/notice", Look(PHONE, "light")) as (page, _, _):
        page.get_by_role("link", name="Cette page en français").click()
        there = (
            page.url,
            page.locator("html").get_attribute("lang"),
            page.locator("dd bdi[lang=en]").count() > 0,
        )
        translated = page.get_by_text("Répondre aux questions et réparer ce qui est signalé").count()
        page.get_by_role("link", name="This page in English").click()
        back = (page.url, page.locator("html").get_attribute("lang"), page.locator("bdi[lang]").count())

    assert there == (f"{city}/notice?lang=fr", "fr", True)
    assert translated == 1
    assert back == (f"{city}/notice?lang=en", "en", 0)


def test_hostile_words_stay_words(hostile: str, chromium: Any) -> None:
    """Markup in the configuration is shown and makes nothing: one heading, no picture, no link that it asked for."""
    with opened(chromium, f"{hostile}/notice", Look(DESKTOP, "light")) as (page, complaints, _):
        made = [page.locator(each).count() for each in ("h1", "img", "script", "a[href^=javascript]")]
        shown = page.locator("dd", has_text="<h1>Official</h1>").count()
        whole = page.content()

    assert (made, shown, "canary-in-query" in whole) == ([1, 0, 0, 0], 2, False)
    assert [text for text in complaints if "favicon" not in text] == []


def test_it_can_be_printed(city: str, chromium: Any) -> None:
    """On paper it takes a few sheets."""
    assert 3 <= printed(chromium, f"{city}/notice") <= 10
