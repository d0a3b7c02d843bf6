"""
Which page of which recent video is gone through next, in search of late replies and of comments approved late.

Used by `comments`, one step a turn. In memory: whoever starts anew begins with the newest video again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

EVERY: Final = timedelta(hours=1)
"""
Chosen: with a step a minute, fifty videos take fifty minutes where a page of each is enough, and a late reply is found within
two hours. Videos with hundreds of comments in a month take a step for every hundred.
"""

VIDEO_PAGES_MOST: Final = 5
"""Chosen: the five hundred newest comments of a video."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """
    A page of a video.
    """

    video: str
    token: str | None = None
    pages: int = 0


class Sweep:
    """
    A round over the recent videos, at most once in so long.
    """

    def __init__(self) -> None:
        self._ahead: deque[Stretch] = deque()
        self._begun_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """
        Whether there is anything to go through, or a new round may begin.
        """
        return bool(self._ahead) or self._begun_at is None or now - self._begun_at >= EVERY

    @property
    def next(self) -> Stretch | None:
        """
        The next page; None where a round has to begin with the list of videos.
        """
        return self._ahead[0] if self._ahead else None

    def passed(self) -> None:
        """
        The next page was read.
        """
        self._ahead.popleft()

    def begin(self, videos: Iterable[str], now: datetime) -> None:
        """
        A new round, in this order.
        """
        self._ahead = deque(Stretch(video) for video in dict.fromkeys(videos))
        self._begun_at = now

    def go_on(self, stretch: Stretch, token: str) -> None:
        """
        The next page of the same video comes next, unless it has had its part.
        """
        if stretch.pages + 1 < VIDEO_PAGES_MOST:
            self._ahead.appendleft(Stretch(stretch.video, token, stretch.pages + 1))
