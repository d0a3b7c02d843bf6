"""
The gate as a whole: whole values in, whole values out.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from listener.events import (
    Author,
    Cleared,
    Consent,
    Count,
    CountData,
    Gap,
    GapData,
    Keep,
    Noted,
    Post,
    PostCreated,
    PostData,
    Provenance,
    Removal,
    Retraction,
    SourceGap,
    TopicCounted,
    WatchName,
    Withheld,
    WithheldReason,
    decode_event,
    encode_event,
)
from listener.gate import Gate, Place
from listener.gate.clear import language
from listener.gate.consent import objection_names
from listener.keys import KeyRing, Sealer, open_sealed

NOW = datetime(2026, 5, 12, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
KEYS = KeyRing([b"current secret of some length", b"former secret of some length"])
SEALER = Sealer(NOW.date(), b"k" * 32)
PLACE = Place(network="feed", source="council-blog", keep="text", retention=30 * DAY, emit_from=30 * DAY)
GATE = Gate(
    keys=KEYS,
    own_handles=("@CityOfEx",),
    country="ca",
    consent="objection",
    nobot_tags=("nobot",),
    objections=frozenset(objection_names(KEYS, "feed", "eve@example.com")[:1]),
    own_names=["City of Ex"],
)
WATCHES = (WatchName("snow"), WatchName("bridge"))
POST = Post(
    native="tag:blog.example,2026:314",
    aliases=("https://blog.example/snow/#comment-314", "tag:blog.example,2026:314"),
    ask="https://blog.example/snow/feed/",
    kind="comment",
    text="@CityOfEx @bob Mira Quill asks: when? mira@mail.example #Snow #YYC #teammiraquill",
    title="Comment on Snow by Mira Quill",
    lang="en_ca",
    tags=("Snow", "Winter Roads", "Mira Quill", "@bob"),
    published_at=NOW - 2 * DAY,
    edited_at=NOW - DAY,
    link="https://blog.example/snow/?utm_source=feed#comment-314",
    reply_to="tag:blog.example,2026:300",
    addressed=True,
    open_to_reply="yes",
    author=Author(("Mira Quill", "mira@mail.example")),
)


def cleared(
    post: Post, place: Place = PLACE, *, shortest: timedelta | None = None, gate: Gate = GATE
) -> Cleared:
    outcome = gate.clear(post, place=place, watches=WATCHES, shortest=shortest, sealer=SEALER, now=NOW)
    assert isinstance(outcome, Cleared)
    return outcome


def test_a_post_becomes_an_event_without_a_person() -> None:
    """
    Every attribute of the event, from the source's own words to what may be kept of them.
    """
    key = KEYS.name("feed", "tag:blog.example,2026:314").hex()

    assert cleared(POST).event == PostCreated(
        id=f"{key}.1",
        source="/feed/council-blog",
        subject=key,
        time=NOW - 2 * DAY,
        expirytime=NOW + 30 * DAY,
        data=PostData(
            network="feed",
            kind="comment",
            text="@CityOfEx ‹@› ‹@› asks: when? ‹✉› #Snow #YYC #‹@›",
            title="Comment on Snow by ‹@›",
            lang="en-CA",
            watches=("bridge", "snow"),
            hashtags=("snow", "winter roads", "yyc"),
            link="https://blog.example/snow/#comment-314",
            in_reply_to=KEYS.name("feed", "tag:blog.example,2026:300").hex(),
            by_us=False,
            addressed=True,
            open_to_reply="yes",
            observed_at=NOW,
            masked={"author": 3, "email": 1, "handle": 1},
        ),
    )


def test_provenance_has_every_name_once_under_every_secret() -> None:
    """
    Native identity first, then aliases; what to ask is sealed and opens only with the day's key for that purpose.
    """
    provenance = cleared(POST).provenance
    alias = "https://blog.example/snow/#comment-314"

    assert replace(provenance, sealed_ask=None) == Provenance(
        names=(KEYS.name("feed", POST.native), KEYS.name("feed", alias)),
        former=(KEYS.names("feed", POST.native)[1], KEYS.names("feed", alias)[1]),
    )
    assert provenance.sealed_ask is not None
    assert open_sealed(provenance.sealed_ask, purpose="ask", keys={NOW.date(): b"k" * 32}) == POST.ask
    assert cleared(structs.replace(POST, ask=None)).provenance.sealed_ask is None


def test_links_only_keeps_time_language_hashtags_and_link() -> None:
    """
    With `keep = "links"` no word of the post is in the event.
    """
    whole, bare = cleared(POST).event.data, cleared(POST, replace(PLACE, keep="links")).event.data

    fields = {name: getattr(whole, name) for name in whole.__struct_fields__}
    assert bare == PostData(**{**fields, "text": None, "title": None, "masked": {}})


def test_d5_counts_only_keeps_nothing_of_a_post() -> None:
    """
    With `keep = "counts"` every post ends at the gate, with a word of why.
    """
    place = replace(PLACE, keep="counts")

    assert GATE.clear(POST, place=place, watches=WATCHES, shortest=None, sealer=SEALER, now=NOW) == Withheld(
        "counts_only"
    )


WITHHELD: dict[WithheldReason, tuple[Post, Keep]] = {
    "not_public": (structs.replace(POST, consent=Consent(public=False)), "text"),
    "objection": (structs.replace(POST, author=Author(("Eve", "EVE@example.com"))), "text"),
    "consent_unreadable": (structs.replace(POST, consent=Consent(readable=False)), "text"),
    "consent": (structs.replace(POST, consent=Consent(flags=frozenset({"nobot"}))), "counts"),
    "counts_only": (POST, "counts"),
}
BEFORE_THE_GATE: set[WithheldReason] = {"not_ours", "watch_paused", "not_agreed"}
"""Reasons that intake gives before it asks the gate, or without asking it."""


def test_reasons_are_a_closed_set() -> None:
    """
    Each reason the type knows is given by intake or by one of the cases below; a new one needs a case.
    """
    assert set(get_args(WithheldReason)) == BEFORE_THE_GATE | WITHHELD.keys()


@pytest.mark.parametrize("reason", WITHHELD)
def test_each_reason_is_given(reason: WithheldReason) -> None:
    """
    Consent is asked before how much is kept.
    """
    post, keep = WITHHELD[reason]
    place = replace(PLACE, keep=keep)

    assert GATE.clear(post, place=place, watches=WATCHES, shortest=None, sealer=SEALER, now=NOW) == Withheld(
        reason
    )


@pytest.mark.parametrize(
    ("published", "time", "emit"),
    [
        (None, NOW, True),
        (NOW, NOW, True),
        (NOW + DAY, NOW, True),
        (NOW - 30 * DAY, NOW - 30 * DAY, True),
        (NOW - 30 * DAY - timedelta(seconds=1), NOW - 30 * DAY - timedelta(seconds=1), False),
    ],
)
def test_time_is_never_later_than_seen_and_old_posts_are_not_emitted(
    published: datetime | None, time: datetime, emit: bool
) -> None:
    """
    A post older than `emit_from` is keyed and never shown; a date from the future is when we saw it.
    """
    outcome = cleared(structs.replace(POST, published_at=published))

    assert (outcome.event.time, outcome.emit) == (time, emit)


@pytest.mark.parametrize(
    ("shortest", "expected"), [(None, 30 * DAY), (7 * DAY, 7 * DAY), (90 * DAY, 30 * DAY)]
)
def test_d15_a_watch_may_only_shorten(shortest: timedelta | None, expected: timedelta) -> None:
    """
    The body ends after the shorter of the two retentions, counted from the reading.
    """
    assert cleared(POST, shortest=shortest).event.expirytime == NOW + expected


UNSEEN = [
    structs.replace(POST, edited_at=None),
    structs.replace(POST, published_at=NOW),
    structs.replace(POST, author=Author(("Mira Quill", "mira@mail.example", "17"))),
    structs.replace(POST, ask=None),
    structs.replace(POST, link="https://blog.example/snow/?utm_source=mail#comment-314"),
    structs.replace(POST, text=POST.text.replace("@bob", "@eve")),
    structs.replace(POST, tags=("winter roads", "SNOW")),
    structs.replace(POST, link="http://blog.example/snow#comment-314"),
    structs.replace(POST, text=POST.text.replace(" ", "  \n")),
]
SEEN = [
    structs.replace(POST, text=POST.text + "!"),
    structs.replace(POST, title=None),
    structs.replace(POST, lang="fr"),
    structs.replace(POST, tags=("Snow",)),
    structs.replace(POST, link="https://blog.example/snow/#comment-315"),
    structs.replace(POST, link="https://social.example/@mira/1"),
    structs.replace(POST, kind="reply"),
]


def test_digest_tells_an_edit_from_a_repeat() -> None:
    """
    It changes with what a reader would see, and with nothing else; the same post with another watch is the same.
    """
    digest = cleared(POST).digest
    later = GATE.clear(
        POST, place=PLACE, watches=WATCHES[:1], shortest=DAY, sealer=SEALER, now=NOW + timedelta(hours=1)
    )

    assert isinstance(later, Cleared)
    assert later.digest == digest
    assert [cleared(post).digest == digest for post in UNSEEN] == [True] * len(UNSEEN)
    assert len({digest, *(cleared(post).digest for post in SEEN)}) == len(SEEN) + 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"text": "Late “again” 3 hours ago #snow"}, {"text": 'Late "again" 4 hours ago #snow'}),
        ({"title": "Snow (3 comments)"}, {"title": "Snow (4 comments)"}),
        ({"text": "12 views"}, {"text": "13 views"}),
        (
            {"link": "https://social.example/@mira/1?utm_source=a"},
            {"link": "https://social.example/@mira/1?utm_source=b"},
        ),
    ],
)
def test_what_moves_by_itself_is_no_edit(before: dict[str, str], after: dict[str, str]) -> None:
    """
    Neither a counter nor the time since, neither typography nor who passed a hidden address on.
    """
    assert cleared(structs.replace(POST, **before)).digest == cleared(structs.replace(POST, **after)).digest


def test_two_private_addresses_differ_without_being_shown() -> None:
    """
    A link that is null in the event still tells two states apart.
    """
    one, other = (
        cleared(structs.replace(POST, link=f"https://social.example/@mira/{post}")) for post in (1, 2)
    )

    assert (one.event.data.link, other.event.data.link) == (None, None)
    assert one.digest != other.digest


def test_our_own_words_keep_our_name_and_lose_everybody_elses() -> None:
    """
    The organisation keeps its name in its own post; the officer who wrote it does not.
    """
    post = structs.replace(
        POST,
        by_us=True,
        author=Author(("City of Ex", "@CityOfEx", "Mira Quill")),
        text="City of Ex thanks @bob, says Mira Quill",
        title=None,
    )

    data = cleared(post).event.data

    assert (data.text, data.masked) == ("City of Ex thanks ‹@›, says ‹@›", {"author": 1, "handle": 1})


def test_lone_surrogates_do_not_reach_the_queue() -> None:
    """
    Half a surrogate pair, which JSON can carry, neither raises nor passes.
    """
    post = structs.replace(
        POST,
        text="snow \ud83d",
        title="\udc00",
        tags=("snow\ud800",),
        ask="x\ud800",
        link="https://b.example/\ud800",
    )

    event = cleared(post).event

    assert decode_event(encode_event(event)) == event
    assert event.data.text == "snow "


def test_retract_looks_under_every_secret() -> None:
    """
    The whole retraction: names, reason, place, instant; nothing of the name itself.
    """
    name = "https://blog.example/snow/#comment-314"

    assert GATE.retract(Removal(name, reason="withdrawn"), place=PLACE, now=NOW) == Retraction(
        names=KEYS.names("feed", name),
        reason="withdrawn",
        source="/feed/council-blog",
        network="feed",
        observed_at=NOW,
    )


def test_a_volume_becomes_an_event_about_its_watch() -> None:
    """
    The same volume has the same id at any time of reading, a corrected one or another window has another; it is kept no
    longer than a post of the source.
    """
    count = Count(WatchName("snow"), NOW - DAY, NOW, 41)

    noted = GATE.note(count, place=PLACE, now=NOW)

    assert noted == Noted(
        TopicCounted(
            id=noted.event.id,
            source="/feed/council-blog",
            subject="snow",
            time=NOW,
            expirytime=NOW + PLACE.retention,
            data=CountData(network="feed", watch="snow", start_at=NOW - DAY, end_at=NOW, count=41),
        )
    )
    others = (
        replace(count, count=42),
        replace(count, start_at=NOW - 2 * DAY),
        replace(count, watch=WatchName("ice")),
    )
    ids = {GATE.note(item, place=PLACE, now=NOW).event.id for item in (count, *others)}
    assert len(ids) == 4
    assert GATE.note(count, place=PLACE, now=NOW + DAY).event.id == noted.event.id


def test_a_gap_becomes_an_event_about_its_source() -> None:
    """
    Bounds and cause, as far as they are known; the time is never later than now.
    """
    gap = Gap(None, NOW + DAY, "outage", suspected=False)

    noted = GATE.note(gap, place=PLACE, now=NOW)

    assert noted == Noted(
        SourceGap(
            id=noted.event.id,
            source="/feed/council-blog",
            subject="council-blog",
            time=NOW,
            data=GapData(network="feed", start_at=None, end_at=NOW + DAY, cause="outage", suspected=False),
        )
    )
    assert GATE.note(replace(gap, start_at=NOW), place=PLACE, now=NOW).event.id != noted.event.id


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (None, None),
        ("", None),
        ("EN", "en"),
        (" pt_br ", "pt-BR"),
        ("zh-hant-TW", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("de-1996", "de"),
        ("english", None),
        ("en-x-miraquill", None),
        ("Mira Quill", None),
        ("en\n", "en"),
        ("en-US-POSIX", "en-US"),
        ("en-miraquil", "en"),
        ("zh-Hant-TW-mira-quill", "zh-Hant-TW"),
        ("e", None),
    ],
)
def test_language_is_a_tag_or_nothing(stated: str | None, expected: str | None) -> None:
    """
    A field for a language holds no free text: variants, which have room for a name, are left behind; private use is dropped.
    """
    assert language(stated) == expected


CANARY = "Zyxwvutsrq"
PLANTS = st.sampled_from(
    [
        f"@{CANARY}",
        f"{CANARY}@mail.example",
        f"https://x.com/{CANARY}",
        CANARY,
        f"{CANARY} ",
        f"#{CANARY}",
        f"by {CANARY}",
    ]
)


@given(text=st.lists(st.text(max_size=9) | PLANTS.map(" {} ".format)), title=PLANTS, tag=PLANTS, link=PLANTS)
def test_d1_nothing_that_names_the_author_reaches_the_event(
    text: list[str], title: str, tag: str, link: str
) -> None:
    """
    A marker planted wherever a name can stand is in none of the bytes a queue is given.
    """
    author = Author(
        (CANARY, f"@{CANARY}@social.example", f"https://x.com/{CANARY}", f"{CANARY}@mail.example")
    )
    post = Post(
        native=CANARY,
        aliases=(f"https://x.com/{CANARY}/status/1",),
        ask=CANARY,
        kind="post",
        text="".join(text),
        title=title,
        tags=(tag, CANARY),
        lang=CANARY,
        link=link if "//" in link else f"https://blog.example/{link.strip()}",
        reply_to=CANARY,
        author=author,
    )

    outcome = cleared(post)

    said = encode_event(outcome.event) + repr((outcome, post, author, GATE, KEYS)).encode()
    assert CANARY.lower().encode() not in said.lower()
    assert outcome.provenance.sealed_ask is not None
    assert CANARY.encode() not in outcome.provenance.sealed_ask


def test_what_is_taken_back_is_found_by_every_name_under_every_secret() -> None:
    """A withdrawal holds the names that a provenance may hold, and takes away nothing but what is held."""
    rotated = KeyRing([b"a newer secret of sixteen or more", b"the secret before this one, then"])
    gate = Gate(
        keys=rotated,
        own_handles=(),
        country="CA",
        consent="objection",
        nobot_tags=(),
        objections=frozenset(),
    )
    post = Post(native="n", aliases=("a", "n", "b"), kind="post", text="snow")

    taken = gate.withdraw(post, reason="withdrawn", place=PLACE, now=NOW)

    assert taken == Retraction(
        names=tuple(name for native in ("n", "a", "b") for name in rotated.names(PLACE.network, native)),
        reason="withdrawn",
        source=PLACE.address,
        network=PLACE.network,
        observed_at=NOW,
        held_only=True,
    )


def test_a_place_that_knows_no_parent_undoes_nothing() -> None:
    """A reply that is shown as a plain post says nothing new; a plain post that turns out to be a reply does."""
    plain, reply = cleared(structs.replace(POST, kind="post")), cleared(structs.replace(POST, kind="reply"))

    assert reply.digest in plain.former_digests
    assert plain.digest not in (reply.digest, *reply.former_digests)


@pytest.mark.parametrize(
    ("post", "expected"),
    [
        (POST, NOW - DAY),
        (structs.replace(POST, edited_at=NOW + 400 * DAY), NOW),
        (structs.replace(POST, edited_at=None), None),
        (structs.replace(POST, ask=None), None),
    ],
    ids=["stated", "of the future", "never edited", "cannot be asked"],
)
def test_when_words_were_written_is_never_later_than_they_were_seen(
    post: Post, expected: datetime | None
) -> None:
    """A date of the future would refuse every later edit; where nobody can be asked, the author's software is not believed."""
    assert cleared(post).edited_at == expected
