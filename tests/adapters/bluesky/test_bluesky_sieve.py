"""
Raw frames: what is decoded, what is not, and what is never lost to the filter.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.bluesky import wire
from adapters.bluesky.memory import digest_of
from adapters.bluesky.sieve import Gone, Said, Sieve, Sifted
from listener.events import Rejected, WatchName
from listener.hear.watch import Watcher, WatchTerms
from listener.testing.canned import EverythingInteresting, NothingInteresting
from tests.adapters.bluesky.frames import (
    CITY,
    JO,
    KIM,
    NOON_US,
    account,
    commit,
    compact,
    identity,
    record,
    uri,
)

OWN = frozenset({CITY})
YYC = Watcher(
    [WatchTerms(WatchName("snow"), hashtags=("#yyc",), phrases=("north saskatchewan",))], []
).interest


def sift(*frames: bytes, interest: Any = YYC) -> Sifted:
    return Sieve(interest, own=OWN).sift(frames)


def said(sifted: Sifted) -> list[str]:
    return [event.post.native for event in sifted.events if isinstance(event, Said)]


def test_only_what_is_asked_for_is_a_post() -> None:
    """One of three creations says what a watch asks for."""
    sifted = sift(commit(1, said=record("Rain")), commit(2), commit(3, said=record("Rain again")))

    assert said(sifted) == [uri(2)]
    assert (sifted.first_us, sifted.last_us) == (NOON_US + 1_000_000, NOON_US + 3_000_000)


def test_what_is_not_asked_for_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A creation that nobody asks for is read no further than its head."""
    decoded: list[bytes] = []
    monkeypatch.setattr(wire, "decoded", lambda kind, body: decoded.append(bytes(body)))
    sift(
        *(commit(number, said=record("Rain")) for number in range(9)),
        commit(10, said=record("Rain"), cursor=77),
    )

    assert decoded == []


@pytest.mark.parametrize("interest", [YYC, NothingInteresting()])
def test_deletions_are_never_lost_to_the_filter(interest: Any) -> None:
    """A deletion carries no words: account, collection and key are all there is, and it passes."""
    sifted = sift(commit(5, "delete"), interest=interest)

    assert sifted.events == [
        Gone(digest_of(uri(5)), "3md1000000051", NOON_US + 5_000_000, uri(5), deleted=True)
    ]


def test_changes_are_never_lost_to_the_filter() -> None:
    """New words that nobody asks for end what may be held of the old ones; new words that somebody asks for are a post."""
    sifted = sift(commit(5, "update", said=record("Rain")), commit(6, "update"))

    assert sifted.events[0] == Gone(
        digest_of(uri(5)), "3md1000000051", NOON_US + 5_000_000, uri(5), deleted=False
    )
    assert said(sifted) == [uri(6)]


def test_a_record_may_not_pose_as_another_operation() -> None:
    """A field of the record that is called like the head's says nothing about the head."""
    poses = {**record("Rain"), "operation": "create", "collection": "app.bsky.feed.post"}

    assert [type(event) for event in sift(commit(5, "update", said=poses)).events] == [Gone]


def test_our_own_accounts_pass_whatever_is_said() -> None:
    """What mentions us by DID, answers us, or is written by us, is heard without a word that a watch asks for."""
    mention = {
        "index": {"byteStart": 0, "byteEnd": 4},
        "features": [{"$type": "app.bsky.richtext.facet#mention", "did": CITY}],
    }
    answered = {"parent": {"uri": uri(7, CITY), "cid": "x"}, "root": {"uri": uri(7, CITY), "cid": "x"}}
    below = {"parent": {"uri": uri(8, KIM), "cid": "x"}, "root": {"uri": uri(7, CITY), "cid": "x"}}
    sifted = sift(
        commit(1, said=record("Hall!", facets=[mention])),
        commit(2, said=record("Thanks", reply=answered)),
        commit(3, did=CITY, said=record("We are closed")),
        commit(4, said=record("Agreed", reply=below)),
    )

    assert said(sifted) == [uri(1), uri(2), uri(3, CITY)]


def test_keys_and_links_are_no_words() -> None:
    """A term that stands in the frame, and not in what a watch looks at, is worth no look-up."""
    card = {"$type": "app.bsky.embed.external", "external": {"uri": "x", "description": "#yyc"}}
    feed = Watcher([WatchTerms(WatchName("feed"), phrases=("feed",))], []).interest

    assert said(sift(commit(1, said=record("Rain", embed=card)))) == []
    assert said(sift(commit(2, said=record("Rain")), commit(3, said=record("The feed")), interest=feed)) == [
        uri(3)
    ]


def test_terms_are_found_in_facets_tags_text_and_pictures() -> None:
    """Facets, tags beside the text, the text itself, and the words under a picture: each alone is enough."""
    facet = {
        "index": {"byteStart": 0, "byteEnd": 3},
        "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "YYC"}],
    }
    picture = {"$type": "app.bsky.embed.images", "images": [{"alt": "North Saskatchewan River"}]}
    escaped = json.loads(commit(5))
    escaped["commit"]["record"]["text"] = "Schnee in ＃ＹＹＣ"
    sifted = sift(
        commit(1, said=record("Rain", facets=[facet])),
        commit(2, said=record("Rain", tags=["yyc"])),
        commit(3, said=record("Rain in #yyc")),
        commit(4, said=record("Look", embed=picture)),
        json.dumps(escaped, separators=(",", ":")).encode(),
    )

    assert said(sifted) == [uri(1), uri(2), uri(3), uri(4), uri(5)]


def test_account_and_identity_events_are_signs_of_life_and_nothing_else() -> None:
    """They come whatever is subscribed to; they are no items, and do not move the position of posts."""
    sifted = sift(account(1), identity(2), account(3, status=None), interest=EverythingInteresting())

    assert sifted == Sifted(events=[], first_us=NOON_US + 1_000_000, last_us=None)


def test_other_collections_do_not_move_the_position() -> None:
    """A like, a follow, a record of another program: nothing, and no sign that posts are served."""
    sifted = sift(
        commit(1, collection="app.bsky.feed.like"),
        commit(2, "delete", collection="app.bsky.graph.follow"),
        interest=EverythingInteresting(),
    )

    assert sifted == Sifted(events=[], first_us=NOON_US + 1_000_000, last_us=None)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"", "unreadable_item"),
        (b"{", "unreadable_item"),
        (b"[" * 100_000, "unreadable_item"),
        (b'{"did":"x"}', "unreadable_item"),
        (commit(1)[:-9], "unreadable_item"),
        (commit(1, did="jo.example"), "no_identity"),
        (commit(1, said={"text": 7}), "unreadable_item"),
        (commit(1, at_s=-1e12), "unreadable_item"),
    ],
)
def test_a_frame_that_cannot_be_read_is_counted(frame: bytes, reason: Any) -> None:
    """It is rejected by itself, and the one beside it is read."""
    sifted = sift(frame, commit(2), interest=EverythingInteresting())

    assert sifted.events[0] == Rejected(reason)
    assert said(sifted) == [uri(2)]


def test_the_order_of_keys_does_not_matter() -> None:
    """A host that writes its frames in another order, or with white space, says the same."""
    frame = json.loads(commit(1))
    turned = {key: frame[key] for key in ("kind", "commit", "time_us", "did")}

    assert said(sift(json.dumps(turned, indent=1).encode())) == [uri(1)]
    assert sift(json.dumps({**turned, "time_us": NOON_US}).encode()).last_us == NOON_US


def test_sequence_numbers_of_a_host_are_not_its_time() -> None:
    """`cursor` stands beside `time_us` in what newer hosts write; the position is a time."""
    assert (
        sift(commit(1, cursor=77), commit(2, said=record("Rain"), cursor=78)).last_us == NOON_US + 2_000_000
    )


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from([JO, "commit", "create"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
COMMIT = st.fixed_dictionaries(
    {},
    optional={
        "operation": st.sampled_from(["create", "update", "delete", "x"]) | JSON,
        "collection": st.just("app.bsky.feed.post") | JSON,
        "rkey": st.just("3mdpost000001") | JSON,
        "rev": JSON,
        "record": st.just(record()) | JSON,
    },
)
FRAME = st.fixed_dictionaries(
    {},
    optional={
        "did": st.just(JO) | JSON,
        "time_us": st.just(NOON_US) | st.integers() | JSON,
        "kind": st.just("commit") | JSON,
        "commit": COMMIT | JSON,
    },
)


@given(st.lists(FRAME.map(compact) | JSON.map(compact) | st.binary(max_size=60), max_size=4))
def test_frames_never_raise(frames: list[bytes]) -> None:
    """Whatever a host sends, each frame is at most one event of ours, and what it says of time is a time."""
    sifted = sift(*frames, interest=EverythingInteresting())

    assert len(sifted.events) <= len(frames)
    assert sifted.last_us is None or 10**15 <= sifted.last_us < 10**16
