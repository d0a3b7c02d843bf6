"""
The body as UTF-8, whatever it says it is. Pure; first step of `documents`.

Labels lie more often than bytes do: valid UTF-8 with non-ASCII letters is UTF-8 whatever a Western label says, and
bytes that are not valid UTF-8 are read as windows-1252, one by one. UTF-8 that some software took for windows-1252
and encoded once more is encoded once less, where that holds for every letter of the document. Source: WHATWG Encoding
for the meaning of `iso-8859-1`; RFC 7303, section 3, for the order of byte order mark, `charset` and declaration.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

_DECLARED: Final = re.compile(rb"<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([A-Za-z0-9._:-]{1,40})")
_CHARSET: Final = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_HEAD_BYTES: Final = 1024

_WESTERN: Final = frozenset({"utf-8", "ascii", "iso8859-1", "cp1252"})
"""Labels (as Python names them) that software writes without looking at the bytes."""

_TEXT_CODECS: Final = frozenset(
    {"mbcs", "oem", "idna", "punycode", "undefined", "raw-unicode-escape", "unicode-escape"}
)
"""Codecs of Python that are no character encoding of the web."""

_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDTHS: Final = ((4, "utf-32-le"), (4, "utf-32-be"), (2, "utf-16-le"), (2, "utf-16-be"))
"""Bytes of a letter; the wider first, because its marks and zeros begin like those of the narrower."""

_LETTER: Final = re.compile(rb"[\x80-\xff]")
_LEADS_TWICE: Final = re.compile(rb"\xc3[\x82-\xb4]")
"""How the first byte of a letter (C2 to F4) looks in UTF-8 once it was taken for a letter itself."""

_LEADS_NOTHING: Final = re.compile(rb"\xc3(?:\x82(?![ \x80-\xff])|[\x83-\xb4](?![\x80-\xff]))")
"""The same with nothing behind it that could be the rest of that letter: no letter was encoded twice."""

_WESTERN_BYTES: Final = {
    ord(bytes([byte]).decode("cp1252", "ignore") or chr(byte)): byte for byte in range(0x80, 0x100)
}
"""Letters of windows-1252 to the bytes they stand for; its five gaps count as controls, as browsers have it."""

_LOST_BYTES: Final = {0xDC00 + byte: bytes([byte]).decode("cp1252", "replace") for byte in range(0x80, 0x100)}
"""What `surrogateescape` makes of a byte that is no UTF-8, to the letter windows-1252 has for it."""


def to_utf8(body: bytes, content_type: str | None = None) -> bytes:
    """
    The same text as valid UTF-8 without a byte order mark; never fails, because the parser has the last word.

    Args:
        body: As it came, after content encoding.
        content_type: The header's value, for its `charset`.
    """
    marked = _marked(body)
    if marked is not None:
        return marked
    declared = _codec(_match(_DECLARED, body[:_HEAD_BYTES]))
    stated = declared or _codec(_charset(content_type))
    if stated is None or stated in _WESTERN:
        return _utf8_or_western(body)
    try:
        return body.decode(stated).encode()
    except (UnicodeError, ValueError):  # a label that lies: the bytes decide
        return _utf8_or_western(body, fallback=stated)


def _marked(body: bytes) -> bytes | None:
    """
    The text where a byte order mark, or the NUL beside the first `<` or `{`, tells the encoding.
    """
    if body.startswith(codecs.BOM_UTF8):
        return _utf8_or_western(body[3:])
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return _wide(body[len(mark) :], codec)
    for width, codec in _WIDTHS:
        first = body[:width].strip(b"\0")
        if first in (b"<", b"{") and body.startswith(first.decode().encode(codec)):
            return _wide(body, codec)
    return None


def _wide(body: bytes, codec: str) -> bytes:
    return body.decode(codec, "replace").encode()


def _utf8_or_western(body: bytes, fallback: str | None = None) -> bytes:
    try:
        body.decode()
    except UnicodeDecodeError:
        if fallback is not None:
            return body.decode(fallback, "replace").encode()
        return body.decode("utf-8", "surrogateescape").translate(_LOST_BYTES).encode()
    return _once_encoded(body)


def _once_encoded(text: bytes) -> bytes:
    """
    The text as it was before it was encoded twice; as it is, where a single letter speaks against that. The second
    half of a no-break space may have become an ordinary one on the way.
    """
    first = None if text.isascii() else _LETTER.search(text)
    if first is None or not _LEADS_TWICE.match(text, first.start()) or _LEADS_NOTHING.search(text):
        return text
    try:
        once = text.decode().replace("Â ", "Â\xa0").translate(_WESTERN_BYTES).encode("latin-1")
        once.decode()
    except UnicodeError:
        return text
    return once


def _match(pattern: re.Pattern[bytes], text: bytes) -> str | None:
    found = pattern.search(text)
    return found[1].decode("ascii") if found else None


def _charset(content_type: str | None) -> str | None:
    found = _CHARSET.search(content_type or "")
    return found[1] if found else None


def _codec(label: str | None) -> str | None:
    """
    Python's name of a character encoding; None for a label nobody knows. A UTF-16 label on bytes that were not
    UTF-16 (they would have been recognised by now) counts as unknown.
    """
    if label is None:
        return None
    try:
        info = codecs.lookup(label)
    except (LookupError, ValueError):
        return None
    name = info.name
    is_text: bool = getattr(info, "_is_text_encoding", True)
    if not is_text or name in _TEXT_CODECS or name.startswith(("utf-16", "utf-32", "utf-7")):
        return None
    return name
