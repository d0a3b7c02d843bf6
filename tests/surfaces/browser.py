"""
A real browser (Debian's `chromium`, driven by playwright) that looks at a page as different people do, and what it finds.

For every page that people open: `look_at` for one look, `LOOKS` for all of them. No browser is downloaded; the checker is
axe-core, whole, as axe-playwright-python carries it. LISTENER_SCREENSHOTS names a folder in which pictures are left.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import pytest

playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

CHROMIUM: Final = shutil.which("chromium")
PICTURES: Final = os.environ.get("LISTENER_SCREENSHOTS")
"""Read here, because tests run without the variables of this service."""

RULES: Final = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    "resultTypes": ["violations"],
}
PHONE: Final = (360, 740)
DESKTOP: Final = (1280, 900)
ZOOMED: Final = (320, 225)
"""A desktop at 400 % (WCAG 2.2, 1.4.10: 1280 CSS pixels become 320)."""


@dataclass(frozen=True, slots=True)
class Look:
    """
    How somebody looks at a page.
    """

    size: tuple[int, int]
    scheme: Literal["light", "dark"]
    language: str = "en"

    def __str__(self) -> str:
        return f"{self.language}-{self.scheme}-{self.size[0]}"


LOOKS: Final = [
    Look(size, scheme, language)
    for language in ("en", "fr")
    for scheme in ("light", "dark")
    for size in (PHONE, DESKTOP, ZOOMED)
]


@dataclass(frozen=True, slots=True)
class Found:
    """
    What was found at one look; a page for everybody has nothing of it.

    Args:
        violations: Rules of the checker that are broken, with where.
        console: What the browser complained of, its content policy included.
        elsewhere: Addresses that were asked for, other than the page's own host.
        scrolls_sideways: By how many pixels it is wider than the window.
        unreached: Links that the keyboard does not reach.
        without_scripts: Whether it says something else where no script may run.
    """

    violations: tuple[str, ...] = ()
    console: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    scrolls_sideways: int = 0
    unreached: tuple[str, ...] = ()
    without_scripts: bool = False


NOTHING: Final = Found()


@contextmanager
def browser() -> Iterator[Any]:
    """
    One that runs until the block ends.
    """
    if CHROMIUM is None:
        pytest.skip("Debian's chromium is not installed")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield started
        finally:
            started.close()


@contextmanager
def opened(
    started: Any, address: str, look: Look, **options: Any
) -> Iterator[tuple[Any, list[str], list[str]]]:
    """
    A page, what the browser complained of, and what it asked for.
    """
    context = started.new_context(
        viewport={"width": look.size[0], "height": look.size[1]},
        color_scheme=look.scheme,
        locale=look.language,
        **options,
    )
    try:
        page, complaints, asked = context.new_page(), list[str](), list[str]()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        yield page, complaints, asked
    finally:
        context.close()


def look_at(started: Any, address: str, look: Look, *, name: str) -> Found:
    """
    Everything that is wrong with a page at one look.

    Args:
        name: Of the picture.
    """
    with opened(started, address, look) as (page, complaints, asked):
        _picture(page, f"{name}-{look}")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        unreached = _unreached(page)
        said = page.inner_text("body")
        violations = _violations(page)
        with opened(started, address, look, java_script_enabled=False) as (plain, _, _):
            same = plain.inner_text("body") == said
        return Found(
            violations=violations,
            console=tuple(text for text in complaints if "favicon" not in text),
            elsewhere=tuple(url for url in asked if urlsplit(url).netloc != urlsplit(address).netloc),
            scrolls_sideways=max(0, wide),
            unreached=unreached,
            without_scripts=not same,
        )


def printed(started: Any, address: str) -> int:
    """
    How many pages it takes on paper.
    """
    with opened(started, address, Look(DESKTOP, "light")) as (page, _, _):
        paper: bytes = page.pdf(format="Letter")
    return len(re.findall(rb"/Type\s*/Page\b", paper))


def _violations(page: Any) -> tuple[str, ...]:
    found = axe.Axe().run(page, options=RULES).response["violations"]
    return tuple(
        f"{each['id']}: {' '.join(node['target'][0] for node in each['nodes'][:3])}" for each in found
    )


def _unreached(page: Any) -> tuple[str, ...]:
    """
    Links that do not come up while somebody presses Tab once for each of them, with the first one focused visibly.
    """
    wanted = page.eval_on_selector_all(
        "a[href], button, input:not([type=hidden]), [tabindex='0']", "all => all.map(each => each.outerHTML)"
    )
    reached = set()
    for _ in wanted:
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.outerHTML"))
        style = "const s = getComputedStyle(document.activeElement); s.outlineStyle !== 'none' && s.outlineWidth !== '0px'"
        if not page.evaluate(f"(() => {{ {style.replace('; ', '; return ')} }})()"):
            reached.discard(page.evaluate("document.activeElement.outerHTML"))
    return tuple(each for each in wanted if each not in reached)


def _picture(page: Any, name: str) -> None:
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)
