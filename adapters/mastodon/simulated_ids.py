"""
Ids as the four servers make them, and hashtags as they fold them.

Used by `simulated_fediverse` when a post arrives and by `simulated_timelines` when pages are cut.

Sources: Mastodon, lib/mastodon/snowflake.rb (48 bits of milliseconds, 16 of a sequence; a status with a past
`created_at` gets an id of that time); GoToSocial, internal/id/ulid.go, and the ULID specification; Pleroma,
docs/development/API/differences_in_mastoapi_responses.md, "Flake IDs" (128 bits, lexically sortable; 64 bits of
milliseconds, 48 of a worker, 16 of a sequence, in base 62, as in its library `flake_id`); Mastodon,
app/lib/hashtag_normalizer.rb (all as quoted or remembered, 2026-11).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

Software = Literal["mastodon", "gotosocial", "akkoma", "pleroma"]

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_WORKER: Final = 0x02_42_AC_11_00_02
"""Of a flake id: the address of a machine; this one is what containers are given."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_NOT_IN_A_TAG: Final = re.compile(r"[^\w\u00B7\u30FB\u200C]")


def milliseconds(at: datetime) -> int:
    """
    Whole milliseconds since 1970.
    """
    return (at - _EPOCH) // _MILLISECOND


def make_id(software: Software, at: datetime, sequence: int) -> str:
    """
    The id of something numbered at that time.

    Args:
        at: For Mastodon and GoToSocial the time a post says it was written; for Pleroma and Akkoma, that of its arrival.
        sequence: Rises with every id an instance makes.
    """
    made_ms = milliseconds(at)
    if software == "mastodon":
        return str((made_ms << 16) + sequence % 65_536)
    if software == "gotosocial":
        return _digits((made_ms << 80) + sequence, _CROCKFORD, 26)
    return _digits((made_ms << 64) + (_WORKER << 16) + sequence % 65_536, _BASE62, 18)


def order(software: Software, local_id: str) -> tuple[int, str]:
    """
    What ids are sorted by. What is no number counts as the digits it begins with where ids are numbers, as in Rails.
    """
    if software != "mastodon":
        return 0, local_id
    digits = re.match(r"\d{0,20}", local_id)
    return int(digits[0] or 0) if digits else 0, ""


def folded(tag: str) -> str:
    """
    A hashtag as servers compare it: width and case folded, Latin letters without their accents, nothing but word
    characters. `#Québec` is `quebec`, everywhere: in paths, in `tags[].name`, and in streams.
    """
    lower = unicodedata.normalize("NFKC", tag.lstrip("#")).lower()
    return _NOT_IN_A_TAG.sub("", "".join(_without_accent(letter) for letter in lower))


def _without_accent(letter: str) -> str:
    plain = unicodedata.normalize("NFD", letter)
    return plain[0] if len(plain) > 1 and plain[0].isascii() else letter


def _digits(number: int, alphabet: str, width: int) -> str:
    found = ""
    while number:
        number, digit = divmod(number, len(alphabet))
        found = alphabet[digit] + found
    return found.rjust(width, alphabet[0])
