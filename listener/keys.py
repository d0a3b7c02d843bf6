"""
HMAC names, digests and sealing: how a post can be recognised without keeping who or what it was.

Used by the gate (names, digests, sealing), by engines (fingerprint) and by control (looking a link up). No I/O:
secrets are read by settings, daily keys are kept and destroyed by the engine.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from listener.errors import SealBroken
from listener.events import Name

SECRET_BYTES: Final = 32
"""Chosen: the key size of HMAC-SHA256's security level (RFC 2104, section 3)."""

NAME_BYTES: Final = 16
"""Chosen: 2^64 posts before a collision is likely; half the memory of a whole digest."""

_NONCE_BYTES: Final = 12
_DAY_BYTES: Final = 4


def new_secret() -> bytes:
    """
    A fresh secret for `KeyRing`.
    """
    return secrets.token_bytes(SECRET_BYTES)


class KeyRing:
    """
    The deployment's secrets: sign with the first, look up with all.

    Args:
        ring: Secrets of at least 16 bytes, newest first. Keep an old one for as long as posts named with it may be
            shown again, or they come back as news and their removals cannot be honoured.

    Raises:
        ValueError: no secret, or one that is too short.
    """

    __slots__ = ("_digests", "_fingerprints", "_names", "_signing")

    def __init__(self, ring: Sequence[bytes]) -> None:
        if not ring:
            raise ValueError("at least one secret is needed")
        if min(map(len, ring)) < NAME_BYTES:
            raise ValueError(f"a secret has at least {NAME_BYTES} bytes")
        self._names = tuple(_started(_subkey(secret, b"name")) for secret in ring)
        self._digests = tuple(_started(_subkey(secret, b"digest")) for secret in ring)
        self._fingerprints = tuple(_subkey(secret, b"fingerprint")[:8].hex() for secret in ring)
        self._signing = tuple(_subkey(secret, b"audit report") for secret in ring)

    def __repr__(self) -> str:
        return "KeyRing(…)"

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """
        What an engine may store to recognise these secrets; says nothing about them.
        """
        return self._fingerprints

    def sign(self, message: bytes) -> bytes:
        """
        64 bytes: an Ed25519 signature (RFC 8032) under the current secret.
        """
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self._signing[0]).sign(message)

    @property
    def public_keys(self) -> tuple[bytes, ...]:
        """
        32 bytes each: what tells signatures under the current secret, then under older ones. Say nothing of the secrets.
        """
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return tuple(
            Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
            for seed in self._signing
        )

    def name(self, network: str, native: str) -> Name:
        """
        The name of an identity or alias under the current secret.
        """
        return _name(self._names[0], network, native)

    def names(self, network: str, native: str) -> tuple[Name, ...]:
        """
        The same under every secret, current first.
        """
        return tuple([_name(started, network, native) for started in self._names])

    def digests(self, *parts: str | None) -> tuple[bytes, ...]:
        """
        What `digest` gives, under every secret, current first.
        """
        framed = [b"\0" if part is None else b"\1" + part.encode(errors="surrogatepass") for part in parts]
        return tuple(_mac(started, framed) for started in self._digests)

    def digest(self, *parts: str | None) -> bytes:
        """
        16 keyed bytes that are equal only for equal parts; used to tell an edit from a repeat.
        """
        return self.digests(*parts)[0]


@dataclass(frozen=True, slots=True, repr=False)
class Sealer:
    """
    Seals with one day's key (ChaCha20-Poly1305, RFC 8439). When the engine destroys that key, everything sealed
    on the day is gone, copies included.

    Args:
        day: UTC day the key belongs to.
        key: 32 bytes.
    """

    day: date
    key: bytes

    def seal(self, plain: str, *, purpose: str) -> bytes:
        """
        Opaque bytes that only this day's key opens, and only for the same purpose.
        """
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        head = self.day.toordinal().to_bytes(_DAY_BYTES, "big")
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return (
            head + nonce + ChaCha20Poly1305(self.key).encrypt(nonce, plain.encode(), head + purpose.encode())
        )


def sealed_day(sealed: bytes) -> date:
    """
    The day whose key opens `sealed`.

    Raises:
        SealBroken: too short to be a seal.
    """
    if len(sealed) < _DAY_BYTES + _NONCE_BYTES:
        raise SealBroken("sealed value is too short")
    try:
        return date.fromordinal(int.from_bytes(sealed[:_DAY_BYTES], "big"))
    except (ValueError, OverflowError) as error:
        raise SealBroken("sealed value names no day") from error


def open_sealed(sealed: bytes, *, purpose: str, keys: Mapping[date, bytes]) -> str:
    """
    What was sealed.

    Raises:
        SealBroken: that day's key is gone, or the bytes were altered, or it was sealed for another purpose.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    key = keys.get(sealed_day(sealed))
    if key is None:
        raise SealBroken("the key of that day was destroyed")
    head, nonce, body = (
        sealed[:_DAY_BYTES],
        sealed[_DAY_BYTES:][:_NONCE_BYTES],
        sealed[_DAY_BYTES + _NONCE_BYTES :],
    )
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, body, head + purpose.encode()).decode()
    except (InvalidTag, UnicodeDecodeError) as error:
        raise SealBroken("sealed value was altered or sealed for another purpose") from error


def is_signed(message: bytes, signature: bytes, *, by: bytes) -> bool:
    """
    Whether the owner of a public key signed exactly these bytes.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(by).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def sealing_day(now: datetime) -> date:
    """
    The UTC day whose key seals what is read now.
    """
    return now.astimezone(UTC).date()


def oldest_living_day(now: datetime, retention: timedelta) -> date:
    """
    The first day whose key may still open something; keys of earlier days are destroyed.
    """
    return sealing_day(now - retention)


def day_that_ends_before(ends_at: datetime, retention: timedelta) -> date:
    """
    The last day whose key is destroyed when something ends, at the latest: what is sealed with it is never read beyond.
    Keys of a day go when the whole of it is older than the retention.

    Args:
        ends_at: Aware.
        retention: Of the deployment.
    """
    return sealing_day(ends_at - retention) - timedelta(days=1)


def _subkey(secret: bytes, purpose: bytes) -> bytes:
    return hmac.digest(secret, b"civic-listener/1/" + purpose, hashlib.sha256)


def _started(key: bytes) -> hmac.HMAC:
    """
    An HMAC that has taken its key and nothing else. Copying it costs half of what starting anew does.
    """
    return hmac.new(key, digestmod=hashlib.sha256)


def _name(started: hmac.HMAC, network: str, native: str) -> Name:
    return Name(_mac(started, (network.encode(), native.encode(errors="surrogatepass"))))


def _mac(started: hmac.HMAC, parts: Sequence[bytes]) -> bytes:
    """
    Each part is preceded by its length, so that no two lists of parts look alike.
    """
    framed = bytearray()
    for part in parts:
        framed += len(part).to_bytes(8, "big")
        framed += part
    mac = started.copy()
    mac.update(framed)
    return mac.digest()[:NAME_BYTES]
