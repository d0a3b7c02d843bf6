"""A status in our words: what is taken, what is dropped, who is recognised. Section numbers: platforms.md."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.mastodon.normalise import Place, consent_of, item_from, items_from, link_of, place_of
from adapters.mastodon.wire import STATUSES, WireAccount, decode_status
from listener.events import Author, Cleared, Consent, Post, Rejected, Withheld
from listener.gate.clear import Gate
from listener.gate.clear import Place as GatePlace
from listener.keys import KeyRing, Sealer
from tests.adapters.mastodon.statuses import HOST, NOW, account, status

PLACE = place_of(host=HOST, domain=None, own_accounts=("city@town.example", "desk"))
SEALER = Sealer(NOW.date(), b"k" * 32)


def read(place: Place = PLACE, **more: Any) -> Post | Rejected | None:
    return item_from(decode_status(json.dumps(status("42", **more)).encode()), place)


def post(place: Place = PLACE, **more: Any) -> Post:
    found = read(place, **more)
    assert isinstance(found, Post)
    return found


def cleared(found: Post) -> Cleared | Withheld:
    gate = Gate(
        keys=KeyRing([b"a secret of some length"]),
        own_handles=("@city@town.example", "@city"),
        country="CA",
        consent="objection",
        nobot_tags=("nobot",),
        objections=frozenset(),
    )
    place = GatePlace(
        network="mastodon",
        source="here",
        keep="text",
        retention=timedelta(days=30),
        emit_from=timedelta(days=30),
    )
    return gate.clear(found, place=place, watches=(), shortest=None, sealer=SEALER, now=NOW)


def test_a_status_whole() -> None:
    """Every field of a post comes from the place the documentation names, and no other field of the status is in it."""
    assert post(edited_at="2026-11-24T12:05:00.123Z", in_reply_to_id="41") == Post(
        native="https://river.example/users/jo_fenn/statuses/942",
        aliases=(
            "social.example/42",
            "http://river.example/@jo_fenn/942",
            "http://river.example/statuses/942",
        ),
        ask="42",
        kind="reply",
        text="The river is high #rivertown",
        lang="en",
        tags=("rivertown",),
        published_at=NOW,
        edited_at=datetime(2026, 11, 24, 12, 5, 0, 123000, UTC),
        link="https://river.example/statuses/942",
        reply_to="social.example/41",
        by_us=False,
        addressed=False,
        open_to_reply="unknown",
        consent=Consent(),
        author=Author(
            (
                "jo_fenn@river.example",
                "@jo_fenn@river.example",
                "jo_fenn",
                "Jo Fenn :blobcat:",
                "Jo Fenn",
                "https://river.example/@jo_fenn",
                "https://river.example/users/jo_fenn",
                "109446733",
            )
        ),
    )


def test_s2_6_the_same_post_seen_on_two_instances_is_one_post() -> None:
    """`uri` is the identity, and everything a reader sees is the same wherever it was read, or it would change with every reading."""
    here, there = post(), post(place_of(host="other.example", domain=None))
    one, other = cleared(here), cleared(there)

    assert here.native == there.native
    assert here.aliases != there.aliases
    assert isinstance(one, Cleared)
    assert isinstance(other, Cleared)
    assert (one.key, one.digest) == (other.key, other.digest)


def test_s2_6_a_handle_of_a_local_account_gets_its_domain() -> None:
    """`acct` has no domain for an instance's own people; the instance says which it is, and its host stands in."""
    local = account(acct="jo_fenn", url="https://social.example/@jo_fenn")

    assert "jo_fenn@town.example" in _names(post(place_of(host=HOST, domain="town.example"), account=local))
    assert "jo_fenn@social.example" in _names(post(place_of(host=f"{HOST}:8443", domain=None), account=local))


def _names(found: Post) -> tuple[str, ...]:
    assert found.author is not None
    return found.author.names


def test_s2_6_a_content_warning_stands_before_the_text() -> None:
    """What the author put in front is part of what was said."""
    assert post(spoiler_text="Flood ").text == "Flood\n\nThe river is high #rivertown"
    assert post(spoiler_text="Flood", content="").text == "Flood"


def test_options_of_a_poll_are_said_and_alternative_texts_are_not_read() -> None:
    """A question makes no sense without its answers; what a picture shows is oftener somebody than something."""
    poll = {"options": [{"title": "Higher"}, {"title": ""}, {"title": "Lower"}]}

    assert post(poll=poll).text == "The river is high #rivertown\n\n- Higher\n- Lower"
    assert "Brook" not in post(poll=poll).text


def test_s2_1_boosts_are_no_items() -> None:
    """Who boosted said nothing; the boosted post is read where it is itself shown."""
    assert read(reblog=status("41")) is None
    assert items_from(STATUSES.read(json.dumps([status("1", reblog=status("2"))]).encode()), PLACE) == ()


@pytest.mark.parametrize("visibility", ["unlisted", "private", "direct", "local", "mutuals_only", "", None])
def test_s2_1_only_public_posts_are_read(visibility: str | None) -> None:
    """Of anything else no word is taken, and the gate is told, so that it withholds it even where it speaks to us."""
    found = post(
        place_of(host=HOST, domain=None, to_us=True), visibility=visibility, spoiler_text="Secret", poll=None
    )

    assert (found.text, found.consent.public, found.addressed) == ("", False, True)
    assert cleared(found) == Withheld("not_public")


def test_posts_that_stay_on_their_instance_are_not_public() -> None:
    """Forks show `local_only` posts to their own users alone, whatever `visibility` says."""
    assert not post(local_only=True).consent.public
    assert post(local_only=False).consent.public


@pytest.mark.parametrize(
    ("more", "flags"),
    [
        ({}, set()),
        ({"indexable": False}, {"not_indexable"}),
        ({"indexable": None}, {"not_indexable"}),
        ({"noindex": True}, {"noindex"}),
        ({"noindex": None}, set()),
        ({"limited": True}, {"limited"}),
        ({"suspended": True}, {"limited"}),
        ({"discoverable": None, "bot": True}, set()),
        ({"note": "<p>Poet. #NoBot &amp; #noindex</p>"}, {"nobot", "noindex"}),
        ({"note": '<p><a href="https://x.example/tags/nobots">#<span>nobots</span></a></p>'}, {"nobots"}),
        ({"note": "&#35;nobot"}, {"nobot"}),
        ({"fields": [{"name": "please", "value": "#nobot"}]}, {"nobot"}),
    ],
    ids=lambda value: None if isinstance(value, set | frozenset) else str(value),
)
def test_s2_6_what_an_author_chose_becomes_flags(more: dict[str, Any], flags: set[str]) -> None:
    """`indexable` that is not true is no agreement; profile tags are flags; `discoverable` and `bot` are none."""
    assert post(account=account(**more)).consent == Consent(flags=frozenset(flags))


def test_a_status_without_an_account_is_counted_and_not_kept() -> None:
    """Nothing says what its author chose, and asking again would not: it holds up no page."""
    assert read(account=None) == Rejected("unreadable_item")
    assert consent_of(WireAccount(), public=True) == Consent(flags=frozenset({"not_indexable"}))


@pytest.mark.parametrize(
    ("html", "url"),
    [
        pytest.param(
            '<p><span class="h-card" translate="no"><a href="https://town.example/@city" class="u-url mention">'
            "@<span>city</span></a></span> hello</p>",
            "https://town.example/@city",
            id="mastodon",
        ),
        pytest.param(
            '<p><span class="h-card"><a href="https://town.example/@city" class="u-url mention" '
            'rel="nofollow noreferrer noopener" target="_blank">@<span>city</span></a></span> hello</p>',
            "https://town.example/@city",
            id="gotosocial",
        ),
        pytest.param(
            '<span class="h-card"><a class="u-url mention" data-user="9gwz" href="https://town.example/@city" '
            'rel="ugc">@<span>city</span></a></span> hello',
            "https://town.example/@city",
            id="pleroma, akkoma",
        ),
        pytest.param(
            "<p><a href='https://town.example/@city' class='u-url mention'>@city@town.example</a><span> hello</span></p>",
            "https://town.example/@city/",
            id="misskey",
        ),
        pytest.param(
            '<p><a href="https://town.example/u?a=1&amp;n=city" class="mention">City Hall</a> hello</p>',
            "https://town.example/u?a=1&n=city",
            id="escaped address",
        ),
    ],
)
def test_mentions_are_written_out_in_every_dialect(html: str, url: str) -> None:
    """The HTML shows `@city` for every city's account; the list of mentions tells which one, and ours stays readable."""
    found = post(content=html, mentions=[{"acct": "city@town.example", "url": url}])
    kept = cleared(found)

    assert found.text == "@city@town.example hello"
    assert found.addressed
    assert isinstance(kept, Cleared)
    assert kept.event.data.text == "@city@town.example hello"


def test_a_stranger_who_is_called_like_us_is_masked() -> None:
    """`@city` of another instance is somebody else, although the HTML writes the name like ours."""
    html = (
        '<p><a href="https://elsewhere.example/@city" class="u-url mention">@<span>city</span></a> hello</p>'
    )
    found = post(
        content=html, mentions=[{"acct": "city@elsewhere.example", "url": "https://elsewhere.example/@city"}]
    )
    kept = cleared(found)

    assert not found.addressed
    assert isinstance(kept, Cleared)
    assert "city" not in (kept.event.data.text or "")


def test_a_mention_that_the_list_does_not_know_stays_for_the_gate() -> None:
    """Servers forget mentions of accounts they never saw; what the HTML shows is masked as any handle."""
    html = '<p><a href="https://river.example/@sam_weir" class="u-url mention">@<span>sam_weir</span></a> hello</p>'
    kept = cleared(post(content=html, mentions=[{"acct": "sam", "url": "javascript:<b>"}]))

    assert isinstance(kept, Cleared)
    assert "sam_weir" not in (kept.event.data.text or "")


@pytest.mark.parametrize(
    ("acct", "by_us"),
    [
        ("city@town.example", True),
        ("City@Town.Example", True),
        ("desk", True),
        ("city", False),
        ("desk@river.example", False),
        (None, False),
    ],
)
def test_own_accounts_are_recognised_by_their_whole_handle(acct: str | None, by_us: bool) -> None:
    """An own account without a domain is one of this instance; the same name elsewhere is somebody else."""
    assert post(account=account(acct=acct)).by_us is by_us


@pytest.mark.parametrize(
    ("uri", "url", "link"),
    [
        (
            "https://r.example/users/jo/statuses/12",
            "https://r.example/@jo/12",
            "https://r.example/statuses/12",
        ),
        ("https://r.example/ap/users/7/statuses/12", None, "https://r.example/statuses/12"),
        (
            "https://g.example/users/jo/statuses/01J5",
            "https://g.example/@jo/statuses/01J5",
            "https://g.example/@jo/statuses/01J5",
        ),
        ("https://p.example/objects/6f", "https://p.example/notice/Ab", "https://p.example/notice/Ab"),
        ("https://m.example/notes/9x", None, "https://m.example/notes/9x"),
        ("https://b.example/?p=1", "https://b.example/2026/flood/", "https://b.example/2026/flood/"),
        ("https://x.example/o/1", "https://x.example/@jo/1", "https://x.example/o/1"),
        ("tag:old.example,2017-04-14:objectId=1:objectType=Status", "https://old.example/jo_fenn/1", None),
        ("tag:old.example,2017", "javascript:alert(1)", None),
        ("urn:1", None, None),
    ],
)
def test_s2_6_links_name_nobody_where_the_origin_has_such_an_address(
    uri: str, url: str | None, link: str | None
) -> None:
    """`/statuses/<id>` for Mastodon, from either form of its `uri`; for others the address that names nobody, if any."""
    found = json.dumps(
        status("5", uri=uri, url=url, account=account(url="https://old.example/jo_fenn"))
    ).encode()

    assert link_of(decode_status(found)) == link


def test_the_first_page_of_a_site_is_nobodys_profile() -> None:
    """Where a whole site is the account, its posts keep their addresses."""
    found = status(
        "5",
        uri="https://b.example/?p=1",
        url="https://b.example/flood/",
        account=account(url="https://b.example/"),
    )

    assert link_of(decode_status(json.dumps(found).encode())) == "https://b.example/flood/"


@pytest.mark.parametrize(
    ("more", "reply_to"),
    [
        ({"in_reply_to_id": "7", "quote": {"state": "accepted", "quoted_status": {"id": "8"}}}, f"{HOST}/7"),
        ({"quote": {"state": "accepted", "quoted_status": status("8")}}, f"{HOST}/8"),
        ({"quote": {"state": "accepted", "quoted_status_id": "8"}}, f"{HOST}/8"),
        ({"quote": {"state": "revoked", "quoted_status": None}}, None),
        ({"quote": {"state": "rejected", "quoted_status_id": "8"}}, None),
        ({"quote": status("8")}, f"{HOST}/8"),
        ({"quote": None, "quote_id": "8"}, f"{HOST}/8"),
        ({"quote_id": "42"}, None),
    ],
    ids=lambda value: None if isinstance(value, set | frozenset) else str(value),
)
def test_replies_and_quotes_are_linked_by_the_name_of_what_they_answer(
    more: dict[str, Any], reply_to: str | None
) -> None:
    """By the id on this instance, which is an alias of the other post; a quote whose author refused links nothing."""
    assert post(**more).reply_to == reply_to


def test_the_repeated_address_of_a_quoted_post_is_no_text() -> None:
    """Mastodon and Akkoma write `RE: <address>` for programs that know no quotes; the address names the quoted author."""
    quoted = {"state": "accepted", "quoted_status_id": "8"}
    for html in (
        '<p class="quote-inline">RE: <a href="https://r.example/@jo/8">https://r.example/@jo/8</a></p><p>Indeed</p>',
        '<p>Indeed<span class="quote-inline"><br/><br/>RE: <a href="https://r.example/@jo/8">r.example/@jo/8</a></span></p>',
    ):
        assert post(content=html, quote=quoted).text == "Indeed"


@pytest.mark.parametrize(
    ("policy", "open_to_reply"),
    [
        (None, "unknown"),
        ({"can_reply": {"always": ["public", "me"], "with_approval": []}}, "yes"),
        ({"can_reply": {"automatic_approval": ["public"]}}, "yes"),
        ({"can_reply": {"always": ["followers", "mentioned"], "with_approval": ["public"]}}, "no"),
        ({"can_favourite": {"always": ["public"]}}, "unknown"),
    ],
)
def test_gotosocial_says_who_may_answer(policy: dict[str, Any] | None, open_to_reply: str) -> None:
    """Its interaction policy is read; Mastodon has no way to say it, so nothing is claimed."""
    assert post(interaction_policy=policy).open_to_reply == open_to_reply


def test_s2_1_ids_need_not_be_numbers() -> None:
    """ULIDs and flake ids are names like any other; numbers of old servers are taken as they are written."""
    assert post(id="01J5QVB9VC76NPPRQ207GG4DRZ").ask == "01J5QVB9VC76NPPRQ207GG4DRZ"
    assert post(id="AVB9VC76NPP").aliases[0] == "social.example/AVB9VC76NPP"
    assert post(id=1111).ask == "1111"


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"uri": None, "url": None}, "no_identity"),
        ({"uri": ""}, None),
        ({"id": ""}, "no_identity"),
        ({"content": "<p></p>"}, "no_content"),
        ({"content": None}, "no_content"),
        ({"created_at": "yesterday"}, None),
    ],
    ids=lambda value: None if isinstance(value, set | frozenset) else str(value),
)
def test_what_cannot_be_used_is_counted(more: dict[str, Any], reason: str | None) -> None:
    """Without a name or without words a status is a `Rejected`; an unreadable time is only unknown."""
    found = read(**more)

    assert (found.reason if isinstance(found, Rejected) else None) == reason


def test_one_bad_status_spoils_no_other() -> None:
    """Each entry is read by itself where the page cannot be read as a whole."""
    page = json.dumps([status("1"), {"id": {}}, 7, status("2")])
    found = items_from(STATUSES.read(page.encode()), PLACE)

    assert [item.ask if isinstance(item, Post) else item for item in found] == [
        "1",
        Rejected("unreadable_item"),
        Rejected("unreadable_item"),
        "2",
    ]


def test_half_an_emoji_is_no_reason_to_lose_a_page() -> None:
    """Servers written in JavaScript cut names in the middle of an emoji; whole ones and escaped backslashes stay as they are."""
    whole = r"\\ud800 \ud83d\ude00"
    page = json.dumps([status("1", content="X"), {}, status("2")]).replace('"X"', rf'"\udc00 \ud83d {whole}"')
    found = [item for item in items_from(STATUSES.read(page.encode()), PLACE) if isinstance(item, Post)]

    assert [item.text for item in found] == [
        "\ufffd \ufffd \\ud800 \U0001f600",
        "The river is high #rivertown",
    ]
