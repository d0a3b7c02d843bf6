"""
The notice as bytes that somebody reads: in a language, as a page, as Markdown, as JSON. `Board` keeps them for the daemon.

Takes a `Notice` from `compose`; serves `listener.tell.api` through `Control.notice`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, get_args

import msgspec

from listener.clock import Clock
from listener.notice.facts import Notice
from listener.notice.page import notice_page
from listener.status import NoticeFormat
from listener.tell.pages import Language, render
from listener.tell.pages.markdown import as_markdown

Format = NoticeFormat
FORMATS: Final[tuple[Format, ...]] = get_args(Format)

FRESH_S: Final = 60.0
"""Chosen: a crowd costs one composition a minute, and a watch that pauses shows it within one."""


def written(notice: Notice, language: Language, form: Format, *, served: bool) -> str:
    """
    The notice as it is read.

    Args:
        served: At an address of its own, where the other language is a link away; not in a file.
    """
    if form == "json":
        return msgspec.json.format(msgspec.json.encode(notice), indent=2).decode() + "\n"
    document = notice_page(notice, language)
    if form == "markdown":
        return as_markdown(document)
    return render("notice", language, document=document, elsewhere=served)


class Board:
    """
    What hangs at `/notice`: made anew at most once a minute, and after `renew`.

    Args:
        compose: What there is to say now.
        clock: Decides when that is old.
    """

    def __init__(self, compose: Callable[[], Notice], clock: Clock) -> None:
        self._compose, self._clock = compose, clock
        self._until_s = 0.0
        self._notice: Notice | None = None
        self._written: dict[tuple[Language, Format], str] = {}

    def renew(self) -> None:
        """
        What hangs there is out of date.
        """
        self._notice = None

    def read(self, language: Language, form: Format) -> str:
        """
        The notice as of a minute ago at most.
        """
        now_s = self._clock.monotonic()
        if self._notice is None or now_s >= self._until_s:
            self._notice, self._until_s, self._written = self._compose(), now_s + FRESH_S, {}
        if (language, form) not in self._written:
            self._written[language, form] = written(self._notice, language, form, served=True)
        return self._written[language, form]
