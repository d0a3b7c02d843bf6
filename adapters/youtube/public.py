"""
What citizens are told of YouTube: shown by `listener notice` and at `/notice`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters.youtube.config import YouTubeConfig
from listener.adapter import ForThePublic

_READS: Final[Mapping[str, Mapping[str, str]]] = {
    "comments": {
        "en": "We read public comments and answers under the videos of this channel. We do not ask who wrote them.",
        "fr": "Nous lisons les commentaires publics et les réponses sous les vidéos de cette chaîne. Nous ne demandons pas qui les "
        "a écrits.",
    },
    "uploads": {
        "en": "We see which new videos this channel publishes.",
        "fr": "Nous voyons quelles nouvelles vidéos cette chaîne publie.",
    },
    "titles": {
        "en": "We look for public videos with our words in the title. We do not ask who made them.",
        "fr": "Nous cherchons les vidéos publiques qui ont nos mots dans leur titre. Nous ne demandons pas qui les a faites.",
    },
}


def _reads(config: YouTubeConfig) -> Mapping[str, str]:
    return _READS[config.listen]


def _shown_at(config: YouTubeConfig) -> str | None:
    return None if config.channel is None else f"https://www.youtube.com/channel/{config.channel}"


PUBLIC: Final = ForThePublic(
    name={"en": "YouTube", "fr": "YouTube"}, reads=_reads, shown_at=_shown_at, authors=False, removals="asked"
)
