"""
Every form a string may hide in is undone or known.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import unicodedata
import urllib.parse
import zlib
from collections.abc import Callable

import pytest

from listener.testing.disguises import Seeker, hash_needles, needles, views

ASCII = "qzkvwxjplmtrbnds"
WORDS = ("Łśćżźńęą Ōðþøåñçé", "бвгджзкл мнпрстфх", "丽水清风明月松石", "🐈🐕🦜🐢🐇🦔🐿🦝", "ابتثجحخد")


def hidden_in(data: bytes, text: str) -> bool:
    """
    Whether any view of the data holds any form of the text.
    """
    return Seeker({"text": needles(text)}).seek(data) == {"text"}


def entities(text: str, *, hexadecimal: bool) -> bytes:
    """
    Every character as a numeric entity.
    """
    return "".join(f"&#x{ord(c):x};" if hexadecimal else f"&#{ord(c)};" for c in text).encode()


DISGUISES: dict[str, Callable[[str], bytes]] = {
    "utf-8": str.encode,
    "utf-16-le": lambda text: b"\x01" + text.encode("utf-16-le"),
    "utf-16-be": lambda text: b"\x01" + text.encode("utf-16-be"),
    "utf-32-le": lambda text: text.encode("utf-32-le"),
    "upper case": lambda text: text.upper().encode(),
    "lower case": lambda text: text.lower().encode(),
    "decomposed": lambda text: unicodedata.normalize("NFD", text).encode(),
    "JSON escapes": lambda text: json.dumps({"a": text}).encode(),
    "JSON escapes, upper": lambda text: json.dumps(text).upper().replace("\\U", "\\u").encode(),
    "every character escaped": lambda text: "".join(f"\\u{u:04x}" for u in utf16(text)).encode(),
    "Python bytes literal": lambda text: repr(text.encode()).encode(),
    "percent": lambda text: urllib.parse.quote(text).encode(),
    "percent, everything": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()).encode(),
    "decimal entities": lambda text: entities(text, hexadecimal=False),
    "hexadecimal entities": lambda text: entities(text, hexadecimal=True),
    "base64, aligned 0": lambda text: base64.b64encode(text.encode()),
    "base64, aligned 1": lambda text: base64.b64encode(b"a" + text.encode() + b"zz"),
    "base64, aligned 2": lambda text: base64.b64encode(b"ab" + text.encode() + b"z"),
    "base64 in lines": lambda text: base64.encodebytes(b"x" * 50 + text.encode() + b"y" * 50),
    "base64 after letters": lambda text: b"token/" + base64.b64encode(text.encode()),
    "url-safe base64": lambda text: base64.urlsafe_b64encode(b"\xff\xfe\xfb" + text.encode()),
    "hex": lambda text: text.encode().hex().encode(),
    "hex, upper, odd": lambda text: b"A" + text.encode().hex().upper().encode(),
    "gzip": lambda text: b"head" + gzip.compress(text.encode() * 3, mtime=0) + b"tail",
    "zlib": lambda text: b"head" + zlib.compress(text.encode()),
    "gzip cut short": lambda text: gzip.compress(text.encode() + bytes(range(256)) * 40, mtime=0)[:-20],
    "base64 of gzip of JSON": lambda text: base64.b64encode(
        gzip.compress(json.dumps(text).encode(), mtime=0)
    ),
    "percent of base64": lambda text: urllib.parse.quote(base64.b64encode(text.encode()), safe="").encode(),
    "entities in JSON": lambda text: json.dumps(entities(text, hexadecimal=True).decode()).encode(),
}


def utf16(text: str) -> list[int]:
    """
    Code units, as JSON escapes count.
    """
    raw = text.encode("utf-16-be")
    return [int.from_bytes(raw[i : i + 2], "big") for i in range(0, len(raw), 2)]


@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES.keys())
@pytest.mark.parametrize("text", [ASCII, *WORDS])
def test_every_disguise_is_seen_through(text: str, disguise: Callable[[str], bytes]) -> None:
    """A string in any script is found in any encoding, and not when another string stands in its place."""
    other = text[::-1]

    assert hidden_in(disguise(text), text)
    assert not hidden_in(disguise(other), text)


@pytest.mark.parametrize("charset", ["latin-1", "cp1252"])
def test_old_character_sets_are_seen_through(charset: str) -> None:
    """One-byte character sets of the West are read."""
    assert hidden_in("café Ñandú".encode(charset), "CAFÉ ÑANDÚ")


def test_named_entities_are_seen_through() -> None:
    """Named entities are undone, mixed with plain letters."""
    assert hidden_in(b"caf&eacute; &Ntilde;and&uacute;", "café Ñandú")


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512", "blake2b"])
@pytest.mark.parametrize("form", ["someone", "@someone", "Someone"])
def test_unkeyed_hashes_identify_too(algorithm: str, form: str) -> None:
    """A hash of an identifier is found in hex, base64, raw and cut to 64 bits; a keyed one is not."""
    digest = hashlib.new(algorithm, form.encode()).digest()
    shown = (digest.hex().encode(), base64.b64encode(digest), b"id:" + digest, digest.hex()[:16].encode())
    keyed = hashlib.new(algorithm, b"secret" + form.encode()).hexdigest().encode()

    seeker = Seeker({"hash": hash_needles("Someone")})

    assert [seeker.seek(data) for data in shown] == [{"hash"}] * 4
    assert seeker.seek(keyed) == set()


def test_views_end_on_data_full_of_escapes() -> None:
    """Data that looks encoded everywhere gives a bounded number of views, none twice."""
    data = html.escape(
        json.dumps({"a": "é%41" * 200, "b": base64.b64encode(bytes(range(256))).decode()})
    ).encode()

    seen = list(views(data))

    assert len(seen) == len(set(seen)) < 300


def test_many_needles_are_told_apart_at_every_offset() -> None:
    """Long and short needles are found wherever they stand, those that share a beginning are told apart."""
    seeker = Seeker(
        {
            "abc": frozenset({b"abc"}),
            "one": frozenset({b"beginning one"}),
            "two": frozenset({b"beginning two"}),
        }
    )

    found = [seeker.seek(b"-" * offset + b"beginning two") for offset in range(17)]

    assert found == [{"two"}] * 17
    assert seeker.seek(b"abcbeginning one") == {"abc", "one"}
    assert seeker.seek(b"") == seeker.seek(b"ab") == seeker.seek(b"beginning") == set()
