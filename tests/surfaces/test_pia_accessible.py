"""
The annex in a real browser, as the officer opens the file that `listener pia` writes: nothing the checker objects to, at any
width, in both languages, by day and by night; and on paper nothing is cut off.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from listener.pia import written
from listener.tell.pages import LANGUAGES
from tests.surfaces.browser import LOOKS, NOTHING, PHONE, Look, browser, look_at, opened, printed
from tests.unit.pia.conftest import SMALL, every_network, loaded

HOSTILE = SMALL.replace(
    "Blogs about the city, by anybody", f"Blogs of <h1>the city</h1> <img src=x> | {'W' * 900} نستمع إلى"
).replace('name = "river"', 'name = "river"\npia_ref = "Assessment twelve </svg><script>alert(1)</script>"')

A4 = (794, 1123)
"""In CSS pixels."""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture(scope="module")
def annexes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where both annexes can be opened in both languages."""
    folder = tmp_path_factory.mktemp("annexes")
    for name, text in (("full", every_network()), ("hostile", HOSTILE)):
        annex = loaded(folder, text, accepted=name == "full")
        for language in LANGUAGES:
            (folder / f"{name}-{language}.html").write_text(written(annex, language, "html"), "utf-8")
    (folder / "favicon.ico").touch()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for all looks."""
    with browser() as started:
        yield started


@pytest.mark.parametrize(
    ("which", "look"),
    [("full", look) for look in LOOKS]
    + [("hostile", look) for look in LOOKS if (look.size, look.scheme) == (PHONE, "light")],
    ids=str,
)
def test_everybody_can_read_the_annex(which: str, look: Look, annexes: str, chromium: Any) -> None:
    """
    No rule of the checker is broken, nothing is complained of or asked for elsewhere, only tables are scrolled sideways, the
    keyboard reaches every link, and it says the same where no script may run.
    """
    address = f"{annexes}/{which}-{look.language}.html"

    assert look_at(chromium, address, look, name=f"annex-{which}") == NOTHING


def test_hostile_words_stay_words(annexes: str, chromium: Any) -> None:
    """Markup in the configuration makes nothing."""
    with opened(chromium, f"{annexes}/hostile-en.html", LOOKS[0]) as (page, _, _):
        made = [page.locator(each).count() for each in ("h1", "img", "script", "svg")]

    assert made == [1, 0, 0, 1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("which", ["full", "hostile"])
def test_on_paper_nothing_is_cut_off(which: str, language: str, annexes: str, chromium: Any) -> None:
    """On A4 every table is as wide as the sheet at most, and the whole takes a folder, not a binder."""
    address = f"{annexes}/{which}-{language}.html"
    with opened(chromium, address, Look(A4, "light", language)) as (page, _, _):
        page.emulate_media(media="print")
        beyond = page.evaluate(
            "[...document.querySelectorAll('table, svg')].filter(each => each.getBoundingClientRect().right > innerWidth).length"
        )

    assert beyond == 0
    assert 8 <= printed(chromium, address) <= 32
