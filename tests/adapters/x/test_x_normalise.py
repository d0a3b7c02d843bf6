"""A post of X in our words: what it answers, who may answer it, in which language, whom it names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from adapters.x.ids import id_at, instant_of, link_to
from adapters.x.normalise import Place, item_from
from adapters.x.wire import WIRE_TYPES, WirePost, read_counts, read_posts
from listener.events import Consent, Post, Rejected
from tests.adapters.x.world import NOW, id_of, post

US = Place(own=frozenset({"city"}))


def read(**more: Any) -> Post:
    """The post that these fields make."""
    item = item_from(msgspec.convert(post(**more), WirePost), US)
    assert isinstance(item, Post)
    return item


def test_a_post_is_read_whole() -> None:
    """Every field at once; of its author nothing."""
    name, other = id_of(NOW), id_of(NOW, 9)
    item = read(
        text="@city the river &amp; the road #rivertown",
        referenced_tweets=[{"type": "replied_to", "id": other}, {"type": "quoted", "id": id_of(NOW, 10)}],
        conversation_id=other,
        reply_settings="mentionedUsers",
        entities={"hashtags": [{"tag": "RiverTown"}], "mentions": [{"username": "City", "id": "1"}]},
    )

    assert item == Post(
        native=name,
        aliases=(link_to(name),),
        ask=name,
        kind="reply",
        text="@city the river & the road #rivertown",
        lang="en",
        tags=("RiverTown",),
        published_at=NOW,
        link=link_to(name),
        reply_to=other,
        addressed=True,
        open_to_reply="yes",
        consent=Consent(public=True),
    )


@pytest.mark.parametrize(
    ("settings", "text", "openness"),
    [
        ("everyone", "high", "yes"),
        ("mentionedUsers", "high", "no"),
        ("mentionedUsers", "@city high", "yes"),
        ("following", "@city high", "no"),
        ("subscribers", "high", "no"),
        (None, "high", "unknown"),
    ],
)
def test_who_may_answer(settings: str | None, text: str, openness: str) -> None:
    """Who is mentioned may, where those who are mentioned may."""
    assert read(reply_settings=settings, text=text, entities={}).open_to_reply == openness


@pytest.mark.parametrize(
    ("stated", "lang"),
    [("fr", "fr"), ("in", "id"), ("iw", "he"), ("und", None), ("qme", None), ("zxx", None), (None, None)],
)
def test_languages_are_those_of_bcp_47(stated: str | None, lang: str | None) -> None:
    """X has old codes for two, and seven for none."""
    assert read(lang=stated).lang == lang


def test_without_references_a_conversation_tells_a_reply() -> None:
    """The new vocabulary tells no references: a post that began its conversation is none, also when it was edited."""
    first, second = id_of(NOW), id_of(NOW, 5)

    assert read(conversation_id=id_of(NOW, 77)).kind == "reply"
    assert (
        read(
            id=second,
            conversation_id=first,
            edit_history_post_ids=[first, second],
            edit_history_tweet_ids=None,
        ).kind
        == "post"
    )


def test_what_is_quoted_is_what_is_answered_where_nothing_else_is() -> None:
    """And never the post itself."""
    quoted = [{"type": "quoted", "id": id_of(NOW, 7)}]

    assert read(referenced_posts=quoted).reply_to == id_of(NOW, 7)
    assert read(referenced_tweets=[{"type": "quoted", "id": id_of(NOW)}]).reply_to is None


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"id": ""}, "no_identity"),
        ({"id": "12345678901234567890"}, "no_identity"),
        ({"id": "١٢٣"}, "no_identity"),
        ({"text": " "}, "no_content"),
        ({"text": None}, "no_content"),
    ],
    ids=str,
)
def test_what_cannot_be_a_post(wrong: dict[str, Any], reason: Any) -> None:
    """Counted, not raised."""
    assert item_from(msgspec.convert(post(**wrong), WirePost), US) == Rejected(reason)


def test_a_retweet_of_which_no_reference_is_told_is_known_by_its_words() -> None:
    """Among mentions, in the new vocabulary."""
    said = msgspec.convert(post(text="RT @jo_fenn: the river is high #rivertown"), WirePost)

    assert item_from(said, Place(references_told=False, to_us=True)) is None
    assert isinstance(item_from(said, Place(references_told=True, to_us=True)), Post)


def test_an_id_tells_when_it_was_given_out() -> None:
    """To the millisecond; those before the epoch tell nothing."""
    moment = datetime(2026, 11, 24, 12, 0, 0, 123000, tzinfo=UTC)

    assert instant_of(id_at(moment)) == moment
    assert instant_of("1050118621198921728") == datetime(2018, 10, 10, 20, 19, 24, 211000, tzinfo=UTC)
    assert (instant_of("20"), instant_of("jo"), instant_of("9" * 20)) == (None, None, None)


def test_without_a_time_the_id_is_the_time() -> None:
    """And an edit keeps the time of its first version."""
    first, second = id_of(NOW), id_of(NOW + timedelta(minutes=2))
    edited = read(id=second, created_at=None, edit_history_tweet_ids=[first, second])

    assert read(created_at=None).published_at == NOW
    assert (edited.published_at, edited.edited_at) == (NOW, NOW + timedelta(minutes=2))


@pytest.mark.parametrize(
    "body", [b'{"data":[{"id":"1","text":"a\\ud83d"}]}', b'{"data":[{"id":"1","text":"a\\udc00\\\\ud83d"}]}']
)
def test_half_an_emoji_spoils_nothing(body: bytes) -> None:
    """Where a text was cut in the middle of one."""
    page = read_posts(body)

    assert page.data is not None
    assert page.data[0] is not None
    assert (page.data[0].text or "").startswith("a\ufffd")


def test_one_bad_number_spoils_no_other() -> None:
    """Each hour for itself."""
    page = read_counts(
        b'{"data":[{"start":1},null,{"start":"a","end":"b","tweet_count":1}],"errors":[7],"meta":{}}'
    )

    assert page.data is not None
    assert [one is None for one in page.data] == [True, True, False]
    assert page.errors is not None


def test_no_field_of_a_person_is_declared() -> None:
    """But for the handles that a text names."""
    fields = {name for kind in WIRE_TYPES for name in kind.__struct_fields__}

    assert not fields & {
        "author_id",
        "in_reply_to_user_id",
        "geo",
        "source",
        "name",
        "includes",
        "detail",
        "message",
    }
    assert "username" in fields
