"""
What citizens are told of Bluesky: shown by `listener notice` and at `/notice`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters.bluesky.config import BlueskyConfig
from listener.adapter import ForThePublic


def _reads(_config: BlueskyConfig) -> Mapping[str, str]:
    return {
        "en": "All public posts of the network pass by. We keep those that have our words in them, and those that mention or "
        "answer our own account. All others are dropped at once.",
        "fr": "Tous les messages publics du réseau passent devant nous. Nous gardons ceux qui contiennent nos mots, et ceux qui "
        "mentionnent notre compte ou lui répondent. Tous les autres sont laissés de côté aussitôt.",
    }


PUBLIC: Final = ForThePublic(name={"en": "Bluesky", "fr": "Bluesky"}, reads=_reads, removals="told")
