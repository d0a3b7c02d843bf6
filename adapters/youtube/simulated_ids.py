"""
Identities and tokens in the shapes YouTube gives them: videos, channels, comments, pages, etags.

Used by `simulated_tube`, which numbers what it makes, and by `simulated_site`, which pages. Nothing here is real: every
identity is a digest of a number.

Sources: recorded replies (video ids of 11 characters, channels `UC` and 22, comments `Ug…4AaABAg` of 26, replies their
parent's id, a dot and 22; etags of 27 since about 2020); "UU" in place of "UC" names the uploads (as remembered, 2026-11).
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Final, Literal, NamedTuple

_COMMENT_END: Final = "4AaABAg"


def _digest(kind: str, number: int, length: int) -> str:
    told = hashlib.sha256(f"{kind}/{number}".encode()).digest()
    return base64.urlsafe_b64encode(told).decode()[:length]


def video_id(number: int) -> str:
    """
    Eleven characters.
    """
    return _digest("video", number, 11)


def channel_id(number: int) -> str:
    """
    `UC` and 22 characters.
    """
    return f"UC{_digest('channel', number, 22)}"


def uploads_of(channel: str) -> str:
    """
    The playlist of a channel's uploads.
    """
    return f"UU{channel[2:]}"


def comment_id(number: int) -> str:
    """
    Of a comment at the top; its thread has the same.
    """
    return f"Ug{_digest('comment', number, 17)}{_COMMENT_END}"


def reply_id(parent: str, number: int) -> str:
    """
    Of an answer; it begins with what it answers.
    """
    return f"{parent}.{_digest('reply', number, 22)}"


def item_id(playlist: str, video: str) -> str:
    """
    Of a video's place in a playlist.
    """
    return base64.urlsafe_b64encode(f"{playlist}.{video}".encode()).decode().rstrip("=")


def etag_of(document: object) -> str:
    """
    Of a resource or of a whole answer; 27 characters, without quotes.
    """
    told = json.dumps(document, sort_keys=True).encode()
    return base64.urlsafe_b64encode(hashlib.sha1(told, usedforsecurity=False).digest()).decode().rstrip("=")


class Page(NamedTuple):
    """
    What a page token stands for.

    Args:
        request: Digest of the request it belongs to; it is no good for another.
        kind: Comments go on after an item, so that news above do not move them; playlists and searches at a number.
        at: The item's key, or the number.
    """

    request: str
    kind: Literal["after", "offset"]
    at: str

    def token(self) -> str:
        """
        As it is shown: nobody can read it.
        """
        return base64.urlsafe_b64encode(json.dumps(list(self)).encode()).decode().rstrip("=")


def page_of(token: str, request: str) -> Page | None:
    """
    What a token of this very request stands for; None where it is none.
    """
    try:
        told = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        page = Page(*told)
    except (ValueError, TypeError):
        return None
    return page if page.request == request and page.kind in ("after", "offset") else None


def request_of(route: str, filters: object) -> str:
    """
    A digest of what is listed, whatever the page, the parts and the size.
    """
    return hashlib.sha256(json.dumps([route, filters], sort_keys=True).encode()).hexdigest()[:12]
