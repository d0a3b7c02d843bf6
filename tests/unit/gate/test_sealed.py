"""
Sealed links: what is sealed and what stays, that a token says nothing, opens once and for one thing, and never looks like an
edit.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from listener.events import Author, Cleared, Post, PostKey
from listener.gate import Gate
from listener.gate.links import LINK_MAX
from listener.gate.sealed import (
    PURPOSE,
    TARGET_MOST_BYTES,
    SealedLink,
    _written,
    read_token,
    token_for,
    token_in,
)
from listener.keys import KeyRing, Sealer
from tests.unit.gate.test_clear import DAY, GATE, KEYS, NOW, PLACE, POST, SEALER, WATCHES, cleared
from tests.unit.gate.test_links import CLEANED, DROPPED, KEPT

PUBLIC = "https://listen.example/office"
SECRETS = [b"current secret of some length", b"former secret of some length"]
TODAY = {NOW.date(): b"k" * 32}
KEY = PostKey("0123456789abcdef" * 2)
TARGET = "https://social.example/@mira/1"
UNFIT = [link for link in DROPPED if not (link or "").startswith("http") or link in (
    "https://", "https:///a", "https://news.example/a b", "https://news.example/a\nb", "https://news.example/\ud83d",
    "https://news.example/" + "a" * 2100,
)]  # fmt: skip
"""What a browser could not be sent to, or should not."""
NAMING = [link for link in DROPPED if link is not None and link not in UNFIT]


def sealing_gate(keys: KeyRing = KEYS, public_url: str | None = PUBLIC) -> Gate:
    return Gate(
        keys=keys,
        own_handles=("@cityofex", "@city@social.example"),
        country="ca",
        consent="objection",
        nobot_tags=(),
        objections=frozenset(),
        public_url=public_url,
    )


SEALING = sealing_gate()


def by_mira(link: str | None, **more: object) -> Post:
    author = Author(("Mira Quill", "@miraq@social.example", "https://social.example/@miraq", "4400112233"))
    return structs.replace(POST, link=link, author=author, text="ice #yyc", title=None, tags=(), **more)


def shown(post: Post, gate: Gate = SEALING) -> str | None:
    return cleared(post, gate=gate).event.data.link


def opened(link: str | None, days: dict[date, bytes] = TODAY) -> object:
    assert link is not None
    assert link.startswith(f"{PUBLIC}/open/")
    token = token_in(link)
    assert token == link.removeprefix(f"{PUBLIC}/open/")
    return read_token(token, keys=KEYS, days=days)


def token(target: str = TARGET, **how: object) -> str:
    made = token_for(target, key=KEY, **({"sealer": SEALER, "keys": KEYS} | how))  # type: ignore[arg-type]  # as given
    assert made is not None
    return made


@pytest.mark.parametrize("link", NAMING)
def test_an_address_that_names_somebody_is_sealed(link: str) -> None:
    """
    It opens to exactly that address and to the key of its post, and nothing of it can be read in the token.
    """
    outcome = cleared(by_mira(link), gate=SEALING)
    found = opened(outcome.event.data.link)

    assert found == SealedLink(outcome.key, link)
    assert link not in repr(found)


@pytest.mark.parametrize("link", UNFIT)
def test_what_is_no_plain_address_is_never_sealed(link: str | None) -> None:
    """
    A script, another scheme, a document in an address: null, wherever it would be opened.
    """
    assert shown(by_mira(link)) is None


@pytest.mark.parametrize(("link", "expected"), [*((link, link) for link in KEPT), *CLEANED])
def test_an_address_that_names_nobody_stays_as_it_is(link: str, expected: str) -> None:
    """
    Articles, videos, comments by number and statuses by id need no seal.
    """
    assert shown(by_mira(link)) == expected


def test_without_a_place_to_open_it_the_link_is_null() -> None:
    """
    As it was before there were sealed links.
    """
    assert {shown(by_mira(link), sealing_gate(public_url=None)) for link in NAMING} == {None}


def test_what_only_the_adapter_knows_to_name_the_author_is_sealed() -> None:
    """
    An address that looks like any other is sealed where the adapter says so, and is no part of what is compared.
    """
    plain, private = by_mira("https://s.example/jo/1"), by_mira("https://s.example/jo/1", private_link=True)
    without, elsewhere = by_mira(None), by_mira("https://s.example/jo/2", private_link=True)

    assert shown(plain) == "https://s.example/jo/1"
    assert opened(shown(private)) == SealedLink(cleared(private, gate=SEALING).key, "https://s.example/jo/1")
    assert shown(private, sealing_gate(public_url=None)) is None
    digests = {cleared(post, gate=SEALING).digest for post in (private, without, elsewhere)}
    assert digests == {cleared(without, gate=sealing_gate(public_url=None)).digest}


def test_tracking_and_logins_are_not_sealed() -> None:
    """
    What is opened later is cleaned as it would have been if it were shown.
    """
    found = opened(shown(by_mira("https://me:pw@social.example/@mira/1?utm_source=feed")))

    assert found == SealedLink(cleared(POST).key, "https://social.example/@mira/1")


def test_links_only_keeps_the_sealed_link() -> None:
    """
    With `keep = "links"` the conversation can be joined too.
    """
    event = cleared(by_mira(TARGET), replace(PLACE, keep="links"), gate=SEALING).event

    assert isinstance(opened(event.data.link), SealedLink)
    assert event.data.text is None


@pytest.mark.parametrize(
    ("link", "digest"),
    [
        (POST.link, "a948201a16bff8d6be5afe74f11045a4"),
        ("https://social.example/@mira/1", "d9df3d5b03b1a586683ee5ebad341698"),
        (None, "8d7bcd3487eb2ad1963578456127f7c1"),
    ],
)
def test_what_is_stored_is_not_told_as_updated_once_links_are_sealed(link: str | None, digest: str) -> None:
    """
    The digests of the release before, kept here as bytes: with sealing, on another day and under another day's key, a post is
    still the one that was stored.
    """
    post = structs.replace(POST, link=link)
    own = Gate(
        keys=KEYS,
        own_handles=("@CityOfEx",),
        country="ca",
        consent="objection",
        nobot_tags=("nobot",),
        objections=frozenset(),
        own_names=["City of Ex"],
        public_url=PUBLIC,
    )
    later = own.clear(
        post,
        place=PLACE,
        watches=WATCHES,
        shortest=None,
        sealer=Sealer(NOW.date() + DAY, b"l" * 32),
        now=NOW + DAY,
    )

    assert isinstance(later, Cleared)
    assert [each.digest.hex() for each in (cleared(post, gate=GATE), cleared(post, gate=own), later)] == [
        digest
    ] * 3


def test_two_sealed_links_of_one_address_have_nothing_in_common() -> None:
    """
    A token is no pseudonym: made twice it is twice another, equally long; names of other lengths seldom show in it.
    """
    one, other = token(), token()
    same = {len(token(f"https://social.example/@{'m' * length}/1")) for length in range(1, 30)}

    assert one != other
    pieces = [{made[at : at + 8] for at in range(len(made) - 7)} for made in (one, other)]
    assert pieces[0].isdisjoint(pieces[1])
    assert len(same) <= 2


@pytest.mark.parametrize("size", [12, 32, 33, TARGET_MOST_BYTES])
def test_a_token_is_bounded_and_fit_for_an_address(size: int) -> None:
    """
    Letters, digits, `-` and `_`, no padding, and with any sensible place in front short enough for `listener forget`.
    """
    target = "https://a.example/".ljust(size, "a")[:size] if size > 18 else "http://a.ex/"
    made = token(target)

    assert made.isascii()
    assert set(made) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert 150 <= len(made) <= 1516 < LINK_MAX - 500
    assert read_token(made, keys=KEYS, days=TODAY) == SealedLink(KEY, target)


def test_what_is_too_long_is_null() -> None:
    """
    By bytes, not by characters: an address of a thousand of them may be four times as long.
    """
    assert token_for("https://a.example/" + "a" * 1007, key=KEY, sealer=SEALER, keys=KEYS) is None
    assert token_for("https://a.example/" + "雪" * 400, key=KEY, sealer=SEALER, keys=KEYS) is None
    assert shown(by_mira("https://social.example/@mira/" + "a" * 1500)) is None


def test_every_altered_character_is_answered_alike() -> None:
    """
    Whatever stands at whatever place of a token instead: the same answer, whether or not the day's key is still there.
    """
    made = token()
    for at in range(len(made)):
        for letter in ("A", "b", "-", "9"):
            altered = made[:at] + letter + made[at + 1 :]
            if altered != made:
                assert read_token(altered, keys=KEYS, days=TODAY) == "unknown"
                assert read_token(altered, keys=KEYS, days={}) == "unknown"


@given(st.text(alphabet="ABab09-_", min_size=140, max_size=1600) | st.text(max_size=200))
def test_any_string_is_answered(text: str) -> None:
    """
    Nothing raises, and nobody guesses.
    """
    assert read_token(text, keys=KEYS, days=TODAY) == "unknown"


@pytest.mark.parametrize(
    "made",
    [
        token()[:-1],
        token() + "A",
        token() + "=",
        f" {token()}",
        token(keys=KeyRing([b"another deployment's secret"])),
        token(sealer=Sealer(NOW.date(), b"x" * 32)),
        token(sealer=Sealer(date(1, 1, 1), b"k" * 32), keys=KeyRing([b"another deployment's secret"])),
        "",
        "A" * 150,
    ],
)
def test_what_was_not_made_here_is_answered_like_what_was_altered(made: str) -> None:
    """
    Cut, lengthened, of another deployment (whose day may long be over), sealed with another key of today: one answer.
    """
    assert read_token(made, keys=KEYS, days=TODAY) == "unknown"


@pytest.mark.parametrize("purpose", ["ask", "", "Open", "export"])
def test_what_was_sealed_for_something_else_does_not_open(purpose: str) -> None:
    """
    Not even where this deployment vouches for it with today's key.
    """
    body = _written(SEALER.seal(f"{KEY}{TARGET}".ljust(128), purpose=purpose))
    right = _written(SEALER.seal(f"{KEY}{TARGET}".ljust(128), purpose=PURPOSE))

    assert read_token(_written(KEYS.digest(PURPOSE, body)) + body, keys=KEYS, days=TODAY) == "unknown"
    assert read_token(_written(KEYS.digest(PURPOSE, right)) + right, keys=KEYS, days=TODAY) == SealedLink(
        KEY, TARGET
    )


def test_after_its_day_a_token_has_ended() -> None:
    """
    The keys of other days do not open it, and what we made ourselves is told from what we did not.
    """
    tomorrow = {NOW.date() + timedelta(days=1): b"k" * 32}

    assert read_token(token(), keys=KEYS, days=tomorrow) == "ended"
    assert read_token(token(), keys=KEYS, days=TODAY | tomorrow) == SealedLink(KEY, TARGET)


def test_a_token_outlives_a_change_of_secrets_while_the_old_one_is_kept() -> None:
    """
    Signed with the first, recognised by all.
    """
    made = token(keys=KeyRing(SECRETS[1:]))

    assert read_token(made, keys=KEYS, days=TODAY) == SealedLink(KEY, TARGET)
    assert read_token(made, keys=KeyRing(SECRETS[:1]), days=TODAY) == "unknown"


def test_the_day_is_all_that_a_token_shows() -> None:
    """
    Without keys one reads on which day it was made, which the event says anyway.
    """
    body = token()[22:]
    data = urlsafe_b64decode(body + "=" * (-len(body) % 4))

    assert date.fromordinal(int.from_bytes(data[:4], "big")) == NOW.date()
    assert [word for word in (b"social", b"mira", KEY.encode(), b"http") if word in data] == []


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("https://listen.example/open/{}", True),
        ("http://127.0.0.1:8080/open/{}", True),
        ("https://listen.example/a/prefix/open/{}?lang=fr", True),
        (" https://listen.example/open/{}\n", True),
        ("https://listen.example/opened/{}", False),
        ("https://listen.example/open/{}/more", False),
        ("https://listen.example/?to=/open/{}", False),
        ("{}", False),
    ],
)
def test_a_sealed_link_is_recognised_wherever_this_service_was_reached(link: str, found: bool) -> None:
    """
    Its `public_url` may have changed since; what merely holds a token is none.
    """
    made = token()

    assert token_in(link.format(made)) == (made if found else None)
