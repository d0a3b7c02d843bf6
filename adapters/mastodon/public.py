"""
What citizens are told of Mastodon: shown by `listener notice` and at `/notice`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters.mastodon.config import MastodonConfig
from listener.adapter import ForThePublic


def _reads(config: MastodonConfig) -> Mapping[str, str]:
    if config.listen == "mentions":
        return {
            "en": "We read public posts that mention our own account on this server.",
            "fr": "Nous lisons les messages publics qui mentionnent notre propre compte sur ce serveur.",
        }
    return {
        "en": "We read public posts with our hashtags, as this server shows them to anybody.",
        "fr": "Nous lisons les messages publics qui portent nos mots-clics, comme ce serveur les montre à tout le monde.",
    }


def _shown_at(config: MastodonConfig) -> str:
    return config.endpoint


PUBLIC: Final = ForThePublic(
    name={"en": "Mastodon", "fr": "Mastodon"}, reads=_reads, shown_at=_shown_at, removals="asked"
)
"""An instance that streams to us tells of removals at once; one that is only asked tells of none, so this claims the less."""
