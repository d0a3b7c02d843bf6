"""
Cures for documents that are not well formed, where the cure is certain. Pure, linear in the length of the text;
used by `xml` after the strict parser has said no.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.entities import html5
from typing import Final

from listener.errors import DocumentRefused

_FORBIDDEN: Final = bytes(byte for byte in range(0x20) if byte not in (0x09, 0x0A, 0x0D))
_NONCHARACTERS: Final = re.compile(rb"\xef\xbf[\xbe\xbf]")
_REFERENCE: Final = re.compile(
    rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|&+(?=&)|&(?:#([xX]?[0-9A-Fa-f]{1,8});|([A-Za-z_][\w.:-]{0,63});)?",
    re.DOTALL,
)
_BUILT_IN: Final = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})
_ENDS: Final = re.compile(rb"</(?:rss|rdf:rdf|feed|atom:feed)\s*>", re.IGNORECASE)

EXPANDED_BYTES: Final = 1_000_000
"""Most that entities a document declares may add to it. Chosen: more than any honest feed, less than a bomb."""


def drop_forbidden(text: bytes) -> bytes:
    """
    Without the characters XML 1.0 (section 2.2) allows nowhere.
    """
    return _NONCHARACTERS.sub(b"", text.translate(None, _FORBIDDEN))


def replace_references(text: bytes, entities: Mapping[bytes, bytes | None]) -> bytes:
    """
    Every reference outside CDATA becomes one the parser knows: names of HTML and of the document's own entities
    their text, a bare ampersand `&amp;`, a number that is no character nothing.

    Raises:
        DocumentRefused: `entities_refused`: one that lies outside the document, is built of others, or grows it by
            more than `EXPANDED_BYTES`. None is ever expanded twice.
    """
    spent = 0

    def replacement(found: re.Match[bytes]) -> bytes:
        nonlocal spent
        number, name = found[1], found[2]
        if number is not None:
            return found[0].lower() if _is_character(number) else b""
        if name is None:
            return found[0] if found[0].startswith(b"<") else b"&amp;" * len(found[0])
        if name in _BUILT_IN:
            return found[0]
        if name in entities:
            value = _safe_value(entities[name])
            spent += len(value)
            if spent > EXPANDED_BYTES:
                raise _refused()
            return value
        letters = html5.get(name.decode("ascii", "replace") + ";")
        if letters is None:
            return b"&amp;" + name + b";"
        return b"".join(b"&#%d;" % ord(letter) for letter in letters)

    return _REFERENCE.sub(replacement, text)


def end_at_root(text: bytes) -> bytes:
    """
    Without what follows the end of the feed.
    """
    end = 0
    for found in _ENDS.finditer(text, max(0, len(text) - 65536)):
        end = found.end()
    return text[:end] if end else text


def _safe_value(value: bytes | None) -> bytes:
    if value is None or b"&" in value.replace(b"&#", b""):
        raise _refused()
    return value


def _refused() -> DocumentRefused:
    return DocumentRefused(
        "the document declares entities that are built of others, or lie outside it; none was expanded",
        reason="entities_refused",
    )


def _is_character(digits: bytes) -> bool:
    """
    Source: XML 1.0, section 2.2 (Char).
    """
    try:
        code = int(digits[1:], 16) if digits[:1] in b"xX" else int(digits)
    except ValueError:  # hexadecimal digits without the x
        return False
    return (
        code in (0x9, 0xA, 0xD)
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or 0x10000 <= code <= 0x10FFFF
    )
