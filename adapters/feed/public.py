"""
What citizens are told of blogs and news pages: shown by `listener notice` and at `/notice`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters.feed.config import FeedConfig
from listener.adapter import ForThePublic


def _reads(_config: FeedConfig) -> Mapping[str, str]:
    return {
        "en": "We read the feed that this site publishes for anybody: its posts, and comments where the site puts them in a feed.",
        "fr": "Nous lisons le fil que ce site publie pour tout le monde : ses articles, et les commentaires si le site les met "
        "dans un fil.",
    }


def _shown_at(config: FeedConfig) -> str:
    return config.address


PUBLIC: Final = ForThePublic(
    name={"en": "Blogs and news pages", "fr": "Blogues et pages de nouvelles"},
    reads=_reads,
    shown_at=_shown_at,
    removals="shown",
)
