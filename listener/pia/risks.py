"""
Which risks an officer has to weigh under a configuration. Pure; the words stand under the keys.
"""

from __future__ import annotations

from listener.notice import Notice


def risks(notice: Notice) -> tuple[str, ...]:
    """
    Keys, those that weigh most first; left out what these settings cannot bring about.
    """
    kept = {place.keep for place in notice.places}
    posts, text = bool(kept & {"links", "text"}), "text" in kept
    signed = any(not place.authors and place.keep == "text" for place in notice.places)
    applies = {
        "name_in_text": text,
        "signed": signed,
        "found_again": text,
        "unknown_hosts": text,
        "late": posts,
        "backups": posts,
        "downstream": True,
        "sealed": posts and notice.links,
        "sensitive": text,
        "watching": True,
        "operators": True,
    }
    return tuple(key for key, holds in applies.items() if holds)
