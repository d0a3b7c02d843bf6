"""
How a comment is shown: `textDisplay` as HTML, which is the default, and as plain text, in which videos have their titles.

Used by `simulated_resources`.

Sources: recorded replies of 2019 and 2022 (`<br>`, `&#39;`, `&quot;`, hashtags as links to a search, addresses as links to
themselves); googleapis/google-api-python-client, docs/dyn/youtube_v3.commentThreads.html (plain text "replaces video links
with video titles"); handles and times as links: as remembered, 2026-11.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

_MARKED: Final = re.compile(
    r"(?P<address>https?://[^\s<>]+)|(?<![\w&#])#(?P<tag>\w*[^\W\d_]\w*)|(?<![\w@/.])@(?P<handle>[\w.-]*\w)"
    r"|(?<![\d:])(?P<time>\d{1,2}(?::[0-5]\d){1,2})(?![\d:])|\*(?P<bold>[^*\n]+)\*"
)
_VIDEO: Final = re.compile(r"https?://(?:www\.youtube\.com/watch\?v=|youtu\.be/)([\w-]{11})[^\s<>]*")


def as_plain(text: str, titles: Mapping[str, str]) -> str:
    """
    Args:
        text: As written.
        titles: By id of the video.
    """
    return _VIDEO.sub(lambda found: titles.get(found[1], found[0]), text)


def as_html(text: str, *, video: str, channels: Mapping[str, str]) -> str:
    """
    Args:
        text: As written.
        video: Under which it stands; times lead into it.
        channels: Their ids, by handle.
    """
    shown, at = [], 0
    for found in _MARKED.finditer(text):
        shown += [_escaped(text[at : found.start()]), _linked(found, video, channels)]
        at = found.end()
    return "".join([*shown, _escaped(text[at:])])


def _linked(found: re.Match[str], video: str, channels: Mapping[str, str]) -> str:
    kind, told = found.lastgroup, _escaped(found[0])
    if kind == "address":
        return _link(found[0], told)
    if kind == "tag":
        return _link(f"http://www.youtube.com/results?search_query=%23{quote(found['tag'])}", told)
    if kind == "handle":
        channel = channels.get(found["handle"])
        return _link(f"https://www.youtube.com/channel/{channel}", told) if channel else told
    if kind == "time":
        return _link(f"https://www.youtube.com/watch?v={video}&t={_seconds(found['time'])}", told)
    return f"<b>{_escaped(found['bold'])}</b>"


def _seconds(time: str) -> int:
    total = 0
    for part in time.split(":"):
        total = total * 60 + int(part)
    return total


def _link(address: str, told: str) -> str:
    return f'<a href="{html.escape(address)}">{told}</a>'


def _escaped(text: str) -> str:
    return html.escape(text).replace("&#x27;", "&#39;").replace("\n", "<br>")
