"""
Records and views to posts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace

from adapters.bluesky import wire
from adapters.bluesky.normalise import UPDATED, post_of, post_of_view, seen
from listener.events import Author, Consent, Post, Rejected
from tests.adapters.bluesky.frames import CITY, JO, KIM, compact, record, rkey, uri, view

OWN = frozenset({CITY})
SEEN_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


def made(said: Any, *, did: str = JO, changed: bool = False) -> Post:
    post = post_of(Raw(compact(said)), did=did, rkey=rkey(1), seen_at=SEEN_AT, own=OWN, changed=changed)
    assert isinstance(post, Post)
    return post


def shown(said: Any = None, **more: Any) -> Post:
    """The post of the record with its view beside it."""
    said = record() if said is None else said
    return seen(
        made(said), msgspec.json.decode(compact(view(uri(1), said=said, **more)), type=wire.PostView), own=OWN
    )


def test_a_record_is_a_post_whose_author_was_not_asked() -> None:
    """Everything a record says, and nothing that it does not: the author's wishes are not in it."""
    said = record("Snow on #yyc", langs=["en-CA", "fr"], tags=["snow", "#Yukon"])

    assert made(said) == Post(
        native=uri(1),
        aliases=(f"https://bsky.app/profile/{JO}/post/{rkey(1)}",),
        ask=uri(1),
        kind="post",
        text="Snow on #yyc",
        lang="en-CA",
        tags=("snow", "Yukon"),
        published_at=datetime(2026, 11, 24, 11, 59, tzinfo=UTC),
        link=f"https://bsky.app/profile/{JO}/post/{rkey(1)}",
        consent=Consent(readable=False),
        author=Author((JO,)),
    )


@pytest.mark.parametrize(
    ("created_at", "expected"),
    [
        ("2030-01-01T00:00:00Z", SEEN_AT),
        ("2012-01-01T00:00:00Z", datetime(2012, 1, 1, tzinfo=UTC)),
        ("2026-11-24T11:00:00", SEEN_AT),
        (5, SEEN_AT),
        (None, SEEN_AT),
    ],
)
def test_the_stated_time_is_bounded_by_the_hosts(created_at: Any, expected: datetime) -> None:
    """`createdAt` is the author's to choose: never later than the host saw it, and where it is none the host's counts."""
    assert made(record(createdAt=created_at)).published_at == expected


def test_what_hangs_below_a_text_is_read_with_it() -> None:
    """Pictures in the words of their author, the card of a page by title and address."""
    pictures = {
        "$type": "app.bsky.embed.images",
        "images": [{"alt": "A flooded\n underpass", "image": {}}, {"alt": ""}],
    }
    card = {
        "$type": "app.bsky.embed.external",
        "external": {"uri": "https://a.example/b", "title": "The plan", "description": "By Jo"},
    }
    video = {"$type": "app.bsky.embed.video", "video": {}, "alt": "The river"}
    quote = {
        "$type": "app.bsky.embed.recordWithMedia",
        "record": {"record": {"uri": uri(9, KIM), "cid": "x"}},
        "media": pictures,
    }

    assert made(record("Look", embed=pictures)).text == "Look\n[A flooded underpass]"
    assert made(record("Look", embed=card)).text == "Look\nThe plan <https://a.example/b>"
    assert made(record("Look https://a.example/b", embed=card)).text == "Look https://a.example/b\nThe plan"
    assert made(record("", embed=video)).text == "[The river]"
    assert made(record("Look", embed=quote)).text == "Look\n[A flooded underpass]"
    assert made(record("Look", embed=quote)).reply_to == uri(9, KIM)


def test_a_reply_names_its_parent_and_a_quotation_what_it_quotes() -> None:
    """`reply_to` is what is answered; of a post that answers nothing what it quotes, where that is a post."""
    answered = {"parent": {"uri": uri(7, KIM), "cid": "x"}, "root": {"uri": uri(6, CITY), "cid": "x"}}
    quote = {"$type": "app.bsky.embed.record", "record": {"uri": uri(8, KIM), "cid": "x"}}
    feed = {
        "$type": "app.bsky.embed.record",
        "record": {"uri": f"at://{KIM}/app.bsky.feed.generator/x", "cid": "x"},
    }
    posts = [
        made(record(**more))
        for more in (
            {"reply": answered},
            {"reply": answered, "embed": quote},
            {"embed": quote},
            {"embed": feed},
        )
    ]

    assert [(post.kind, post.reply_to) for post in posts] == [
        ("reply", uri(7, KIM)), ("reply", uri(7, KIM)), ("post", uri(8, KIM)), ("post", None),
    ]  # fmt: skip
    assert [post.addressed for post in posts] == [False] * 4


def test_who_answers_or_mentions_us_speaks_to_us() -> None:
    """By DID: an answer to a post of ours, a mention whatever the text calls us; what we write is ours."""
    mention = {
        "index": {"byteStart": 0, "byteEnd": 4},
        "features": [{"$type": "app.bsky.richtext.facet#mention", "did": CITY}],
    }
    answered = {"parent": {"uri": uri(7, CITY), "cid": "x"}, "root": {"uri": uri(6, KIM), "cid": "x"}}

    assert made(record("Hall, hello", facets=[mention])).addressed
    assert made(record(reply=answered)).addressed
    assert not made(record("@city.example hello")).addressed
    assert [made(record(), did=did).by_us for did in (CITY, JO)] == [True, False]


def test_a_change_is_known_by_its_ask() -> None:
    """The AppView shows the first words of a changed post, so that its `ask` says that its words are not to be asked for."""
    post = made(record(), changed=True)

    assert (post.ask, post.edited_at) == (uri(1) + UPDATED, SEEN_AT)


@pytest.mark.parametrize("said", [None, [], "x", {"text": 5}, {"text": None}])
def test_a_record_that_cannot_be_read(said: Any) -> None:
    """Another shape is no post."""
    found = post_of(Raw(compact(said)), did=JO, rkey=rkey(1), seen_at=SEEN_AT, own=OWN)

    assert found == Rejected("unreadable_item")


@pytest.mark.parametrize(("did", "key"), [("jo.example", rkey(1)), (JO, ".."), (JO, "a/b"), ("", "")])
def test_a_post_without_a_name(did: str, key: str) -> None:
    """What cannot be named cannot be removed either, so it is not read."""
    assert post_of(Raw(compact(record())), did=did, rkey=key, seen_at=SEEN_AT, own=OWN) == Rejected(
        "no_identity"
    )


@pytest.mark.parametrize(
    "more",
    [
        {"langs": "en"}, {"langs": [1]}, {"tags": {"a": 1}}, {"tags": [None, 5]}, {"facets": 5}, {"reply": []},
        {"reply": {"parent": None}}, {"embed": "x"}, {"embed": {"images": 5, "external": 7, "record": []}}, {"labels": 5},
    ],
)  # fmt: skip
def test_an_odd_decoration_costs_only_itself(more: dict[str, Any]) -> None:
    """A field of another shape than the lexicon's is left out; the words and the name are there."""
    post = made({**record("Snow"), **more})

    assert (post.native, post.text, post.kind, post.reply_to, post.tags) == (uri(1), "Snow", "post", None, ())


# ------------------------------------------------------------------------------------------------------- views


def test_a_view_brings_names_for_masking_and_a_further_alias() -> None:
    """Who wrote it is held in memory, and the post goes by the address people copy, with the handle in it."""
    post = shown()

    assert post.author == Author(
        (JO, "jo-fenn.example", "https://bsky.app/profile/jo-fenn.example", "jo-fenn", "Jo Fenn")
    )
    assert post.aliases == tuple(
        f"https://bsky.app/profile/{who}/post/{rkey(1)}" for who in (JO, "jo-fenn.example")
    )
    assert post.consent == Consent()


def test_what_the_organisation_is_called_stays_readable() -> None:
    """The first word of a handle is a name like any other, but the organisation's own is no secret."""
    shows = msgspec.json.decode(compact(view(uri(1), said=record())), type=wire.PostView)
    by_us = seen(replace(made(record()), by_us=True), shows, own=frozenset({JO}))

    assert by_us.author is not None
    assert "jo-fenn" not in by_us.author.names


def test_an_invalid_handle_is_nobodys_name() -> None:
    """The placeholder of the AppView neither names the post nor masks anything."""
    shape = view(uri(1))
    shape["author"]["handle"] = "handle.invalid"
    post = seen(made(record()), msgspec.json.decode(compact(shape), type=wire.PostView), own=OWN)

    assert post.author == Author((JO, "Jo Fenn"))
    assert len(post.aliases) == 1


def test_no_unauthenticated_is_a_label_of_the_account_never_of_the_record() -> None:
    """The wish not to be shown to strangers stands with the author in the view, and is a flag."""
    assert shown(labels=("!no-unauthenticated",)).consent == Consent(flags=frozenset({"no_unauthenticated"}))


def test_labels_that_keep_a_post_from_the_public() -> None:
    """Labels of the post, of the author and of the record itself, wherever they stand; not one that was taken back."""
    itself = {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "!no-unauthenticated"}]}
    hidden = [{"val": "!hide", "src": "did:plc:labeler", "uri": uri(1)}]

    assert shown(record(labels=itself)).consent.flags == {"no_unauthenticated"}
    assert shown().consent.flags == set()
    assert shown(labels=("porn", "!hide")).consent.flags == {"limited"}
    assert post_flags(hidden) == {"limited"}
    assert post_flags([{**hidden[0], "neg": True}]) == set()


def post_flags(labels: list[dict[str, Any]]) -> frozenset[str]:
    shape = {**view(uri(1)), "labels": labels}
    return seen(
        made(record()), msgspec.json.decode(compact(shape), type=wire.PostView), own=OWN
    ).consent.flags


MENTION_RULE = {"$type": "app.bsky.feed.threadgate#mentionRule"}
LIST_RULE = {"$type": "app.bsky.feed.threadgate#listRule", "list": "at://x"}
TO_US = {
    "index": {"byteStart": 0, "byteEnd": 4},
    "features": [{"$type": "app.bsky.richtext.facet#mention", "did": CITY}],
}
REPLY = {"parent": {"uri": uri(7, KIM), "cid": "x"}, "root": {"uri": uri(6, KIM), "cid": "x"}}


@pytest.mark.parametrize(
    ("said", "more", "expected"),
    [
        ({}, {}, "yes"),
        ({}, {"threadgate": None}, "yes"),
        ({}, {"threadgate": {"record": {}}}, "yes"),
        ({}, {"threadgate": {"record": {"allow": []}}}, "no"),
        ({}, {"threadgate": {"record": {"allow": [LIST_RULE]}}}, "no"),
        ({}, {"threadgate": {"record": {"allow": [MENTION_RULE]}}}, "no"),
        ({"facets": [TO_US]}, {"threadgate": {"record": {"allow": [LIST_RULE, MENTION_RULE]}}}, "yes"),
        ({}, {"threadgate": {"uri": "at://x"}}, "unknown"),
        ({}, {"threadgate": 5}, "unknown"),
        ({}, {"viewer": {"replyDisabled": True}}, "no"),
        ({}, {"viewer": {"replyDisabled": False}}, "yes"),
        ({"reply": REPLY}, {}, "unknown"),
        ({"reply": REPLY}, {"viewer": {"replyDisabled": True}}, "no"),
    ],
)
def test_whether_an_answer_is_invited(said: dict[str, Any], more: dict[str, Any], expected: str) -> None:
    """By the gate of the thread, which is shown with its first post; of a reply it is not known unless the AppView says no."""
    assert shown(record(**said), **more).open_to_reply == expected


def test_a_view_by_itself_is_the_same_post() -> None:
    """What the stream and a later view say of one post goes by one name and says one thing."""
    shape = msgspec.json.decode(compact(view(uri(1))), type=wire.PostView)

    assert post_of_view(shape, own=OWN, seen_at=SEEN_AT) == shown()


def test_a_view_of_somebody_elses_post_is_none() -> None:
    """The author of a view is the account in its name, or the view is not believed."""
    shape = view(uri(1))
    shape["author"]["did"] = KIM
    read = msgspec.json.decode(compact(shape), type=wire.PostView)

    assert post_of_view(read, own=OWN, seen_at=SEEN_AT) == Rejected("no_identity")


def test_undeclared_fields_never_pass() -> None:
    """A record and a view full of other fields give the very post they give without them."""
    noise = {"SECRET": "SECRET", "location": {"lat": 51.0}, "via": "SECRET", "bridgyOriginalText": "SECRET"}
    shape = view(uri(1), said={**record(), **noise})
    shape["author"].update(noise)
    post = post_of_view(
        msgspec.json.decode(compact({**shape, **noise}), type=wire.PostView), own=OWN, seen_at=SEEN_AT
    )

    assert post == shown()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("text", "createdAt", "langs", "tags", "facets", "reply", "embed", "labels")


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_records_never_raise(said: dict[str, Any]) -> None:
    """A record of any shape is a post or is rejected; its text can always be written down."""
    found = post_of(Raw(compact(said)), did=JO, rkey=rkey(1), seen_at=SEEN_AT, own=OWN)

    assert isinstance(found, Rejected) or found.text.encode().decode() == found.text
