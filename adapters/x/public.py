"""
What citizens are told of X: shown by `listener notice` and at `/notice`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters.x.config import XConfig
from listener.adapter import ForThePublic


def _reads(config: XConfig) -> Mapping[str, str]:
    if config.listen == "mentions":
        return {
            "en": "We read public posts that mention our own account. We do not ask who wrote them.",
            "fr": "Nous lisons les messages publics qui mentionnent notre propre compte. Nous ne demandons pas qui les a écrits.",
        }
    return {
        "en": "We ask how many public posts have our words in them, and, where a line below says that we keep posts, for those "
        "posts. We do not ask who wrote them.",
        "fr": "Nous demandons combien de messages publics contiennent nos mots et, si une ligne plus bas dit que nous gardons des "
        "messages, ces messages. Nous ne demandons pas qui les a écrits.",
    }


PUBLIC: Final = ForThePublic(name={"en": "X", "fr": "X"}, reads=_reads, authors=False, removals="asked")
