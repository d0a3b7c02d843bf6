"""
Plain text as the HTML that servers make of it: paragraphs, hashtags, mentions, shortened addresses.

Used by `simulated_entities`. Source: `content` and `note` of recorded replies of Mastodon 4.x (2026).
"""

from __future__ import annotations

import re
from html import escape
from typing import Final

from adapters.mastodon.simulated_ids import folded
from adapters.mastodon.simulated_instance import Instance
from adapters.mastodon.simulated_posts import HASHTAG, Account, Copy

_ADDRESS: Final = re.compile(r"https?://[^\s<>\"]+")
_MENTION: Final = re.compile(r"(?<![\w/@])@(\w+)(?:@([\w.-]+\w))?")
_TOKEN: Final = re.compile(f"{_ADDRESS.pattern}|{_MENTION.pattern}|{HASHTAG.pattern}")
_SHOWN_CHARS: Final = 30


def content_html(here: Instance, copy: Copy) -> str:
    """
    The `content` of a post; empty for one without words. A quote begins with the address of what is quoted, for those
    who cannot show it.
    """
    known = {account.username: account for account in copy.words.mentions}
    text = _paragraphs(here, copy.words.text, known)
    quoted = copy.toot.quote_of
    if quoted is None:
        return text
    return f'<p class="quote-inline">RE: {_link(quoted.uri)}</p>{text}'


def note_html(here: Instance, text: str) -> str:
    """
    The `note` of a profile, or the value of one of its rows.
    """
    return _paragraphs(here, text, {})


def _paragraphs(here: Instance, text: str, known: dict[str, Account]) -> str:
    parts = [part for part in text.split("\n\n") if part]
    return "".join(f"<p>{_line(here, part, known)}</p>" for part in parts)


def _line(here: Instance, text: str, known: dict[str, Account]) -> str:
    found, end = [], 0
    for match in _TOKEN.finditer(text):
        found.append(_plain(text[end : match.start()]))
        found.append(_dressed(here, match, known))
        end = match.end()
    return "".join([*found, _plain(text[end:])])


def _plain(text: str) -> str:
    return escape(text, quote=False).replace("\n", "<br />")


def _dressed(here: Instance, match: re.Match[str], known: dict[str, Account]) -> str:
    name, _domain, tag = match.groups()
    if tag is not None:
        address = f"https://{here.domain}/tags/{folded(tag)}"
        return f'<a href="{address}" class="mention hashtag" rel="tag">#<span>{escape(tag)}</span></a>'
    if name is not None:
        who = known.get(name)
        if who is None:
            return _plain(match[0])
        profile = f"https://{who.home}/@{who.username}"
        return (
            f'<span class="h-card" translate="no"><a href="{profile}" class="u-url mention">'
            f"@<span>{escape(name)}</span></a></span>"
        )
    return _link(match[0])


def _link(address: str) -> str:
    """
    The scheme and what is longer than thirty characters are there, and not to be seen.
    """
    scheme, _, rest = address.partition("://")
    kept, cut = rest[:_SHOWN_CHARS], rest[_SHOWN_CHARS:]
    css = "ellipsis" if cut else ""
    return (
        f'<a href="{escape(address)}" target="_blank" rel="nofollow noopener" translate="no">'
        f'<span class="invisible">{scheme}://</span><span class="{css}">{escape(kept)}</span>'
        f'<span class="invisible">{escape(cut)}</span></a>'
    )
