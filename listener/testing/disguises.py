"""
The forms in which a string may lie hidden in bytes: encodings, escapes, compression, hashes.

Used by `listener.testing.canary`. Two halves meet: `views` undoes what can be undone (escapes, base64, hex,
compression, in any order and mixture), `needles` lists what a string looks like in what is left (character
encodings, letter case, normal forms), and `hash_needles` what an unkeyed hash of it looks like.
"""

from __future__ import annotations

import binascii
import hashlib
import html
import re
import sys
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

_MAX_DEPTH: Final = 3
"""Chosen: JSON with escapes, compressed, in base64, is three."""

_MAX_INFLATED_BYTES: Final = 64 * 2**20
_HASH_PREFIX_BYTES: Final = 8
"""Chosen: hashes are cut short in logs and file names, hardly ever below 64 bits."""

_WORD_BYTES: Final = 8
_HASHES: Final = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "blake2b", "blake2s")
_CHARSETS: Final = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "latin-1", "cp1252")

_ESCAPE: Final = re.compile(
    rb"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})"
    rb"|\\U([0-9a-fA-F]{8})|\\x([0-9a-fA-F]{2})|\\(/)"
)
_PERCENT: Final = re.compile(rb"%([0-9a-fA-F]{2})")
_ENTITY: Final = re.compile(rb"&(?:#[xX][0-9a-fA-F]{1,6}|#[0-9]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});")
_BASE64: Final = re.compile(rb"(?:[A-Za-z0-9+/_-](?:\r?\n)?){12,}")
_BASE64_STRETCH: Final = re.compile(rb"[A-Za-z0-9+/_\r\n-]{12,}")
"""Where a run of base64 can be: read ten times as fast, and a run itself wherever no line ends in it."""

_HEX: Final = re.compile(rb"[0-9a-fA-F]{12,}")
_DEFLATED: Final = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")


def needles(text: str) -> frozenset[bytes]:
    """
    What `text` looks like in bytes, ASCII letters in lower case: search in `data.lower()`.
    """
    forms = {
        unicodedata.normalize(form, cased)
        for cased in (text, text.lower(), text.upper(), text.casefold(), text.title())
        for form in ("NFC", "NFD", "NFKC", "NFKD")
    }
    return frozenset(encoded for form in forms for encoded in _encoded(form))


def hash_needles(text: str) -> frozenset[bytes]:
    """
    The first bytes of every common unkeyed hash of `text`, in lower case as `needles`: an identifier of few possible
    values is read back from its hash by trying them.
    """
    forms = {text, text.lower(), f"@{text}", f"@{text.lower()}", f"mailto:{text.lower()}"}
    return frozenset(
        hashlib.new(name, form.encode(), usedforsecurity=False).digest()[:_HASH_PREFIX_BYTES].lower()
        for form in forms
        for name in _HASHES
    )


class Seeker:
    """
    Looks for many needles at once, in a time that hardly grows with their number.

    Args:
        wanted: Needles (as `needles` and `hash_needles` make them) by label.
    """

    def __init__(self, wanted: Mapping[str, frozenset[bytes]]) -> None:
        self._by_start: dict[int, list[tuple[bytes, str]]] = {}
        self._short: list[tuple[bytes, str]] = []
        for label, forms in wanted.items():
            for needle in forms:
                if len(needle) < _WORD_BYTES:
                    self._short.append((needle, label))
                else:
                    start = int.from_bytes(needle[:_WORD_BYTES], sys.byteorder)
                    self._by_start.setdefault(start, []).append((needle, label))
        self._starts = set(self._by_start)

    def seek(self, data: bytes) -> set[str]:
        """
        Labels of the needles that any view of the data holds.
        """
        found: set[str] = set()
        for view in views(data):
            found |= self._in_view(view.lower())
        return found

    def _in_view(self, lowered: bytes) -> set[str]:
        """
        Every eight bytes in a row are compared with the first eight of every needle, as one number, inside the
        interpreter's set; only what agrees is looked at.
        """
        likely = list(self._short)
        for offset in range(_WORD_BYTES):
            words = len(lowered[offset:]) // _WORD_BYTES
            numbers = memoryview(lowered)[offset : offset + words * _WORD_BYTES].cast("Q")
            for start in self._starts.intersection(numbers):
                likely += self._by_start[start]
        return {label for needle, label in likely if needle in lowered}


def views(data: bytes) -> Iterator[bytes]:
    """
    `data` itself, and everything that undoing escapes, base64, hex and compression brings to light, each in its own
    case. The same bytes are never given twice.
    """
    seen: set[bytes] = set()
    layer = [data]
    for depth in range(_MAX_DEPTH + 1):
        fresh = [view for view in dict.fromkeys(layer) if view and view not in seen]
        seen.update(fresh)
        yield from fresh
        if depth < _MAX_DEPTH:
            layer = [undone for view in fresh for undo in _UNDO for undone in undo(view)]


def _encoded(form: str) -> Iterator[bytes]:
    for charset in _CHARSETS:
        try:
            yield form.encode(charset).lower()
        except UnicodeEncodeError:
            continue


def _without_escapes(data: bytes) -> Iterator[bytes]:
    if _ESCAPE.search(data):
        yield _ESCAPE.sub(_unescaped, data)


def _unescaped(match: re.Match[bytes]) -> bytes:
    high, low, short, long, byte, slash = match.groups()
    if high is not None:
        code = 0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00
    elif byte is not None:
        return bytes([int(byte, 16)])
    elif slash is not None:
        return bytes(slash)
    else:
        code = int(short or long, 16)
    return chr(code).encode(errors="surrogatepass") if code <= 0x10FFFF else bytes(match.group())


def _without_percent(data: bytes) -> Iterator[bytes]:
    if _PERCENT.search(data):
        yield _PERCENT.sub(lambda match: bytes([int(match.group(1), 16)]), data)


def _without_entities(data: bytes) -> Iterator[bytes]:
    if _ENTITY.search(data):
        yield _ENTITY.sub(lambda match: html.unescape(match.group().decode("ascii")).encode(), data)


def _from_base64(data: bytes) -> Iterator[bytes]:
    """
    Every run of base64 letters, standard and URL-safe, from each of its first four characters on: where in a run a
    value begins cannot be known.
    """
    runs = [run.translate(_TO_STANDARD, b"\r\n") for run in _base64_runs(data)]
    for start in range(4 if runs else 0):
        yield b"\n".join([binascii.a2b_base64(_padded(run[start:])) for run in runs])


def _base64_runs(data: bytes) -> Iterator[bytes]:
    """
    What `_BASE64` finds.
    """
    for stretch in _BASE64_STRETCH.findall(data):
        if b"\n" in stretch or b"\r" in stretch:
            yield from _BASE64.findall(stretch)
        else:
            yield stretch


def _from_hex(data: bytes) -> Iterator[bytes]:
    runs = _HEX.findall(data)
    for start in range(2 if runs else 0):
        yield b"\n".join(binascii.unhexlify(run[start : len(run) - (len(run) - start) % 2]) for run in runs)


def _inflated(data: bytes) -> Iterator[bytes]:
    """
    Every gzip or zlib stream, wherever it begins; of a broken one, what can be read.
    """
    for found in _DEFLATED.finditer(data):
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)
        parts = []
        view = memoryview(data)[found.start() :]
        try:
            for start in range(0, len(view), 4096):
                parts.append(inflater.decompress(view[start : start + 4096], _MAX_INFLATED_BYTES))
                if inflater.eof:
                    break
        except zlib.error:
            pass
        yield b"".join(parts)


def _padded(run: bytes) -> bytes:
    """
    As base64 wants it: filled up to groups of four; a single letter left over says nothing.
    """
    left = len(run) % 4
    return run[:-1] if left == 1 else run + b"=" * (-left % 4)


_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_UNDO: Final[tuple[Callable[[bytes], Iterator[bytes]], ...]] = (
    _without_escapes,
    _without_percent,
    _without_entities,
    _from_base64,
    _from_hex,
    _inflated,
)
