"""Names, digests and seals."""

from __future__ import annotations

import hmac
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.errors import SealBroken
from listener.keys import KeyRing, Sealer, oldest_living_day, open_sealed, sealed_day

OLD, NEW = b"an old secret of the city", b"a new secret of the city"
DAY = date(2026, 1, 5)


def test_a_rotation_looks_up_what_the_old_secret_named() -> None:
    """Names and digests of the new ring hold those of the old one, behind their own."""
    old, ring = KeyRing([OLD]), KeyRing([NEW, OLD])

    assert ring.names("feed", "x")[1:] == old.names("feed", "x") == (old.name("feed", "x"),)
    assert ring.name("feed", "x") == ring.names("feed", "x")[0] != old.name("feed", "x")
    assert ring.digests("a", None)[1:] == old.digests("a", None) == (old.digest("a", None),)
    assert ring.fingerprints[1:] == old.fingerprints


@given(st.lists(st.none() | st.text(), max_size=4), st.lists(st.none() | st.text(), max_size=4))
def test_digests_are_equal_only_for_equal_parts(one: list[str | None], other: list[str | None]) -> None:
    """However the parts are cut, nothing but the same parts gives the same digest."""
    ring = KeyRing([NEW])

    assert (ring.digest(*one) == ring.digest(*other)) == (one == other)


@given(st.text(), st.text())
def test_names_of_networks_never_meet(network: str, native: str) -> None:
    """A network's name and an identity cannot be shifted into one another."""
    ring = KeyRing([NEW])

    assert len(ring.name(network, native)) == 16
    assert ring.name(network + "x", native) != ring.name(network, "x" + native)


def test_a_ring_needs_secrets_worth_the_name() -> None:
    """None at all, or one that is too short, is refused; a ring prints nothing of them."""
    with pytest.raises(ValueError, match="at least one"):
        KeyRing([])
    with pytest.raises(ValueError, match="16 bytes"):
        KeyRing([NEW, b"short"])
    assert repr(KeyRing([NEW])) == "KeyRing(…)"


def test_a_seal_opens_with_its_day_and_for_its_purpose_only() -> None:
    """Another day's key, another purpose, an altered byte or a destroyed key open nothing."""
    sealed = Sealer(DAY, b"k" * 32).seal("https://social.example/@mira/1", purpose="ask")
    keys = {DAY: b"k" * 32}

    assert (sealed_day(sealed), open_sealed(sealed, purpose="ask", keys=keys)) == (
        DAY,
        "https://social.example/@mira/1",
    )
    assert b"mira" not in sealed
    wrong = [
        (sealed, "link", keys),
        (sealed, "ask", {}),
        (sealed, "ask", {DAY: b"x" * 32}),
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), "ask", keys),
        (sealed[:10], "ask", keys),
        (b"\xff" * 40, "ask", keys),
    ]
    for broken, purpose, ring in wrong:
        with pytest.raises(SealBroken):
            open_sealed(broken, purpose=purpose, keys=ring)


def test_keys_live_as_long_as_what_they_sealed_may() -> None:
    """A day's key goes once nothing of that day can be within the retention."""
    now = datetime(2026, 3, 31, 0, 30, tzinfo=UTC)

    assert oldest_living_day(now, timedelta(days=30)) == date(2026, 3, 1)


@given(st.text(), st.text())
def test_names_are_what_they_were_when_the_posts_were_stored(network: str, native: str) -> None:
    """HMAC-SHA256 over the parts, each behind its length, whatever is computed beforehand: the first 16 bytes of it."""
    secret = b"current secret of some length"
    framed = b"".join(
        len(part).to_bytes(8, "big") + part
        for part in (network.encode(errors="ignore"), native.encode(errors="surrogatepass"))
    )
    key = hmac.digest(secret, b"civic-listener/1/name", "sha256")

    assert KeyRing([secret]).names(network.encode(errors="ignore").decode(), native) == (
        hmac.digest(key, framed, "sha256")[:16],
    )
