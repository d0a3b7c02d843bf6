"""
The simulated Bluesky keeps to what is documented and recorded of the real one, and fails as told.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import orjson
import pytest
import zstandard
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from adapters.bluesky.simulated_jetstream import DICTIONARY_ID, Blindness, synthetic_dictionary
from adapters.bluesky.simulated_names import LIKE, POST, PROFILE, microseconds
from adapters.bluesky.simulated_network import NO_UNAUTHENTICATED, Network
from adapters.bluesky.simulated_records import Card, Picture
from adapters.bluesky.simulator import APPVIEW, PDS, Bluesky, Life, Trouble, serve
from listener.testing.virtual_clock import START, VirtualClock
from tests.adapters.bluesky.bluesky_clients import (
    EAST,
    SECOND,
    Query,
    arrived,
    asked,
    nothing_more,
    subscribed,
)

pytestmark = pytest.mark.anyio

POSTS: Query = (("wantedCollections", POST),)


@asynccontextmanager
async def town(seed: int = 7) -> AsyncIterator[tuple[Bluesky, Network, VirtualClock, list[str]]]:
    """A network of four accounts on a clock that moves by hand; the last one does not want to be shown to everybody."""
    clock = VirtualClock()
    network = Network(clock, seed, frozenset({"yyc"}))
    dids = [network.join(handle=f"h{n}.bsky.example").did for n in range(3)]
    dids.append(network.join(handle="h3.bsky.example", labels=(NO_UNAUTHENTICATED,)).did)
    async with serve(network) as served:
        yield served, network, clock, dids


def summary(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Kind or collection of events, with the operation or status."""
    return [
        (event["commit"]["collection"], event["commit"]["operation"])
        if event["kind"] == "commit"
        else (event["kind"], event.get("account", {}).get("status", ""))
        for event in events
    ]


# --------------------------------------------------------------------------------------------------------- stream


async def test_an_event_field_by_field() -> None:
    """A created, a changed and a deleted post as Jetstream tells them; the deletion has neither record nor cid."""
    async with town() as (served, network, clock, dids), subscribed(served, POSTS) as client:
        await clock.advance(1.5)
        post = network.post(dids[0], "Snow on 9th #YYC", langs=("en",))
        network.edit(post.uri, "Ice on 9th #YYC")
        network.delete(post.uri)
        created, updated, deleted = await arrived(client, 3)

    time_us = microseconds(START) + 1_500_000
    assert created == {
        "did": dids[0],
        "time_us": time_us,
        "cursor": 13,
        "kind": "commit",
        "commit": {
            "rev": created["commit"]["rev"],
            "operation": "create",
            "collection": POST,
            "rkey": post.rkey,
            "record": {
                "$type": POST,
                "createdAt": "2026-01-05T12:00:01.500Z",
                "facets": [
                    {
                        "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "YYC"}],
                        "index": {"byteStart": 12, "byteEnd": 16},
                    }
                ],
                "langs": ["en"],
                "text": "Snow on 9th #YYC",
            },
            "cid": post.cid,
        },
    }
    assert (updated["commit"]["operation"], updated["commit"]["record"]["text"]) == (
        "update",
        "Ice on 9th #YYC",
    )
    assert updated["commit"]["cid"] != post.cid
    assert deleted == {
        "did": dids[0],
        "time_us": time_us + 2,
        "cursor": 15,
        "kind": "commit",
        "commit": {
            "rev": deleted["commit"]["rev"],
            "operation": "delete",
            "collection": POST,
            "rkey": post.rkey,
        },
    }


async def test_accounts_and_identities_come_whatever_was_asked_for() -> None:
    """Closings of every kind, reopenings and renames reach one who wants posts only; likes, follows, profiles do not."""
    async with town() as (served, network, _, dids), subscribed(served, POSTS) as client:
        post = network.post(dids[0], "hello")
        network.like(dids[1], post.uri)
        network.follow(dids[1], dids[0])
        network.label_account(dids[0], (NO_UNAUTHENTICATED,))
        network.rename(dids[1], "new.bsky.example")
        for status in ("deactivated", "active", "suspended", "takendown", "deleted"):
            network.set_status(dids[0], status)
        events = await arrived(client, 7)

    assert summary(events) == [
        (POST, "create"),
        ("identity", ""),
        ("account", "deactivated"),
        ("account", ""),
        ("account", "suspended"),
        ("account", "takendown"),
        ("account", "deleted"),
    ]
    assert events[1]["identity"]["handle"] == "new.bsky.example"
    assert [event["account"]["active"] for event in events[2:4]] == [False, True]


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ((), [POST, LIKE, PROFILE]),
        ((("wantedCollections", "app.bsky.feed.*"),), [POST, LIKE]),
        ((("wantedCollections", "app.bsky.*"), ("wantedCollections", POST)), [POST, LIKE, PROFILE]),
        ((("wantedCollections", LIKE), ("wantedCollections", PROFILE)), [LIKE, PROFILE]),
        ((("wantedCollections", "app.bsky.feed.*"), ("maxMessageSizeBytes", "600")), [LIKE]),
    ],
)
async def test_filters(query: Query, kinds: list[str]) -> None:
    """Exact collections, prefixes, both, and a limit on the size of events."""
    async with town() as (served, network, _, dids), subscribed(served, query) as client:
        post = network.post(dids[0], "雪" * 300)
        network.like(dids[1], post.uri)
        network.label_account(dids[0], ("bot",))
        events = await arrived(client, len(kinds))
        finished = await nothing_more(client)

    assert ([kind for kind, _ in summary(events)], finished) == (kinds, True)


async def test_dids_gate_everything() -> None:
    """Somebody else's account event is not told to one who wants one account."""
    async with town() as (served, network, _, dids), subscribed(served, (("wantedDids", dids[1]),)) as client:
        network.set_status(dids[0], "deactivated")
        network.set_status(dids[1], "deactivated")
        (event,) = await arrived(client, 1)

    assert event["did"] == dids[1]


async def at_hours(network: Network, clock: VirtualClock, did: str) -> list[int]:
    """A post now and after every ten hours, five in all; their times."""
    for number in range(5):
        network.post(did, f"{number}")
        await clock.advance(36_000)
    return [each.at_us for each in network.log if each.collection == POST]


@pytest.mark.parametrize(
    ("cursor", "expected"),
    [
        ("{t3}", ["3", "4", "live"]),  # inclusive
        ("{t3}+1", ["4", "live"]),
        ("{s3}", ["3", "4", "live"]),  # sequence number, inclusive too
        ("{t0}", ["2", "3", "4", "live"]),  # older than the look-back of 36 hours: clamped without a word
        ("1", ["2", "3", "4", "live"]),
        ("0", ["2", "3", "4", "live"]),
        ("{ms}", ["live"]),  # milliseconds are a sequence number of the far future
        ("{s}", ["live"]),
        ("{future}", ["live"]),
        ("", ["live"]),
    ],
)
async def test_cursors(cursor: str, expected: list[str]) -> None:
    """What a cursor makes of five posts, ten hours apart, asked 50 hours after the first; and one that comes after."""
    async with town() as (served, network, clock, dids):
        times = await at_hours(network, clock, dids[0])
        now_us = microseconds(clock.now())
        told = {
            "{t3}": times[3],
            "{t3}+1": times[3] + 1,
            "{s3}": 16,
            "{t0}": times[0],
            "{ms}": now_us // 1000,
            "{s}": now_us // 1_000_000,
            "{future}": now_us + 1,
        }
        async with subscribed(served, (*POSTS, ("cursor", str(told.get(cursor, cursor))))) as client:
            network.post(dids[0], "live")
            events = await arrived(client, len(expected))
            finished = await nothing_more(client)

    assert ([event["commit"]["record"]["text"] for event in events], finished) == (expected, True)


async def test_sequence_numbers_are_a_hosts_own_and_times_nearly_everybodys() -> None:
    """One post has another cursor on the second host, and a time that differs by less than a second."""
    async with (
        town() as (served, network, _, dids),
        subscribed(served, POSTS) as one,
        subscribed(served, POSTS, host=SECOND) as two,
    ):
        network.post(dids[0], "hello")
        (first,), (second,) = await arrived(one, 1), await arrived(two, 1)

    assert (first["cursor"], second["cursor"]) == (13, 1_000_016)
    assert second["time_us"] - first["time_us"] == 700_001


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ((("cursor", "yesterday"),), 400, 'subscribe: invalid cursor: "yesterday"'),
        ((("cursor", "-1"),), 400, "subscribe: invalid cursor: negative value -1"),
        ((("wantedCollections", "posts"),), 400, "subscribe: invalid options: invalid collection: posts"),
        ((("wantedDids", "me"),), 400, "subscribe: invalid options: invalid DID: me"),
        (
            tuple(("wantedCollections", f"a.b.c{n}") for n in range(101)),
            400,
            "subscribe: invalid options: too many wanted collections: > 100",
        ),
    ],
)
async def test_refused_subscriptions(query: Query, status: int, reason: str) -> None:
    """A fault in the address is a 400 in plain text before the upgrade."""
    async with town() as (served, _, _, _):
        with pytest.raises(InvalidStatus) as refused:
            async with subscribed(served, query):
                pass

    response = refused.value.response
    assert (response.status_code, response.body) == (status, f"{reason}\n".encode())


async def test_zstd_and_deflate_together_are_refused_and_zstd_alone_is_spoken() -> None:
    """`compress=true` with an offer of permessage-deflate is a 400; without it, binary frames with the dictionary."""
    zstd = (*POSTS, ("compress", "true"))
    async with town() as (served, network, _, dids):
        with pytest.raises(InvalidStatus) as refused:
            async with subscribed(served, zstd, compression="deflate"):
                pass
        async with subscribed(served, zstd) as client:
            network.post(dids[0], "packed")
            packed = await client.recv()

    assert refused.value.response.status_code == 400
    assert isinstance(packed, bytes)
    body = zstandard.ZstdDecompressor(dict_data=synthetic_dictionary()).decompress(packed)
    assert orjson.loads(body)["commit"]["record"]["text"] == "packed"
    assert zstandard.get_frame_parameters(packed).dict_id == DICTIONARY_ID


async def test_pings_and_a_slow_reader() -> None:
    """A ping every thirty seconds; a client that takes nothing for five seconds is cut off."""
    async with town() as (served, network, clock, dids):
        async with subscribed(served) as client:
            await clock.advance(61)
            pongs = [
                each for each in served.jetstreams[EAST].sockets.opened[0].received if each.opcode == 0xA
            ]
        async with subscribed(served, max_queue=1) as client:
            client.transport.pause_reading()
            for _ in range(8000):
                network.post(dids[0], "雪" * 300)
            await clock.advance(6)
            cut = not served.jetstreams[EAST].open_sockets()
            client.transport.abort()

    assert (len(pongs), cut) == (2, True)


async def test_warming_up_and_unknown_paths() -> None:
    """503 while a host warms up; 404 elsewhere; a plain GET is no WebSocket."""
    async with town() as (served, _, _, _):
        served.jetstreams[SECOND].warming = True
        with pytest.raises(InvalidStatus) as warming:
            async with subscribed(served, host=SECOND):
                pass
        async with aiohttp.ClientSession() as session:
            plain = await session.get(f"{served.address(EAST)}/subscribe")
            unknown = await session.get(f"{served.address(EAST)}/")
            statuses = (plain.status, unknown.status)

    assert warming.value.response.status_code == 503
    assert statuses == (400, 404)


async def test_a_blind_host_never_serves_what_others_do() -> None:
    """Neither live nor in replay; the other collections come."""
    async with town() as (served, network, clock, dids):
        served.jetstreams[SECOND].blindness.append(
            Blindness(collection=POST, end_us=microseconds(START) + 10**7)
        )
        post = network.post(dids[0], "unseen")
        network.like(dids[1], post.uri)
        await clock.advance(20)
        network.post(dids[0], "seen")
        replay = (("wantedCollections", "app.bsky.feed.*"), ("cursor", str(microseconds(START))))
        async with subscribed(served, replay, host=SECOND) as blind, subscribed(served, replay) as well:
            one = [kind for kind, _ in summary(await arrived(blind, 10))]
            other = [kind for kind, _ in summary(await arrived(well, 11))]

    assert (one.count(POST), one.count(LIKE)) == (1, 1)
    assert (other.count(POST), other.count(LIKE)) == (2, 1)


async def test_silence_of_one_collection() -> None:
    """A stream goes on with likes and pings and tells of no post; a replay afterwards has it."""
    async with town() as (served, network, _, dids):
        host = served.jetstreams[EAST]
        host.stalled.add(POST)
        async with subscribed(served, (("wantedCollections", "app.bsky.feed.*"),)) as client:
            network.like(dids[1], network.post(dids[0], "late").uri)
            (event,) = await arrived(client, 1)
            quiet = await nothing_more(client)
        host.stalled.clear()
        async with subscribed(served, (*POSTS, ("cursor", "13"))) as client:
            (again,) = await arrived(client, 1)

    assert (event["commit"]["collection"], quiet) == (LIKE, True)
    assert again["commit"]["record"]["text"] == "late"


async def test_the_change_from_replay_to_live_loses_and_swaps_as_told() -> None:
    """Of five posts the last is lost and the two before it come in the wrong order; what is live comes after."""
    async with town() as (served, network, _, dids):
        served.jetstreams[EAST].cutover_drops = 1
        served.jetstreams[EAST].cutover_swaps = 2
        for number in range(5):
            network.post(dids[0], f"{number}")
        async with subscribed(served, (*POSTS, ("cursor", "13"))) as client:
            network.post(dids[0], "live")
            events = await arrived(client, 5)

    assert [event["commit"]["record"]["text"] for event in events] == ["0", "1", "3", "2", "live"]


async def test_cut_and_half_open_streams() -> None:
    """Open streams are reset on request; a half-open one opens, never pings and tells nothing."""
    async with town() as (served, network, clock, dids):
        async with subscribed(served) as client:
            served.jetstreams[EAST].cut()
            with pytest.raises(ConnectionClosedError):
                await client.recv()
        served.troubles.append(Trouble(EAST, "half_open", START, START + timedelta(hours=1)))
        async with subscribed(served, close_timeout=0.01) as client:
            network.post(dids[0], "unheard")
            await clock.advance(100)
            quiet = await nothing_more(client)
            received = list(served.jetstreams[EAST].sockets.opened[-1].received)

    assert (quiet, received) == (True, [])


async def test_the_ledger_tells_what_was_shown() -> None:
    """Expected fate, revisions and how often each post went out; a label of the account changes the fate."""
    async with town() as (served, network, _, dids), subscribed(served, POSTS) as client:
        post = network.post(dids[0], "for you #yyc")
        network.edit(post.uri, "for you all #yyc")
        network.post(dids[3], "not for you #yyc")
        network.post(dids[0], "nobody's business")
        await arrived(client, 4)

    rows = [
        (row.expected, row.revision, row.shown, row.shown_revision) for row in network.ledger.posts.values()
    ]
    assert rows == [("queued", 2, 2, 2), ("withheld", 1, 1, 1), ("not_ours", 1, 1, 1)]


# ------------------------------------------------------------------------------------------------------- reading


async def test_get_posts() -> None:
    """A post as the AppView shows it: author with labels, record, threadgate; what is not there is left out."""
    async with town() as (served, network, _, dids):
        shown = network.post(dids[3], "seen #yyc", labels=("graphic-media",))
        network.gate(shown.uri, ("mentioned",))
        gone, closed = network.post(dids[0], "gone"), network.post(dids[1], "closed")
        network.delete(gone.uri)
        network.set_status(dids[1], "deactivated")
        uris = [("uris", each.uri) for each in (gone, closed, shown)]
        answer = await asked(served, APPVIEW, "app.bsky.feed.getPosts", uris)

    (post,) = answer.json()["posts"]
    author = post.pop("author")
    assert (answer.status, author["did"]) == (200, dids[3])
    assert [label["val"] for label in author["labels"]] == [NO_UNAUTHENTICATED]
    assert [label["val"] for label in post.pop("labels")] == ["graphic-media"]
    gate = post.pop("threadgate")
    assert gate["record"]["allow"] == [{"$type": "app.bsky.feed.threadgate#mentionRule"}]
    assert post == {
        "uri": shown.uri,
        "cid": shown.cid,
        "record": shown.value,
        "replyCount": 0,
        "repostCount": 0,
        "likeCount": 0,
        "quoteCount": 0,
        "indexedAt": "2026-01-05T12:00:00.000Z",
    }


async def test_get_posts_counts_and_embeds() -> None:
    """Answers, likes, repeats and quotes are counted; pictures, cards and quotes are shown as views."""
    async with town() as (served, network, _, dids):
        first = network.post(dids[0], "first", pictures=(Picture("a street"),))
        quote = network.post(dids[1], "see", quote=first.uri, card=Card("https://news.example/", "News"))
        network.post(dids[1], "answer", reply_to=first.uri)
        network.like(dids[1], first.uri)
        network.repost(dids[2], first.uri)
        uris = [("uris", each.uri) for each in (first, quote)]
        one, two = (await asked(served, APPVIEW, "app.bsky.feed.getPosts", uris)).json()["posts"]

    assert [one[f"{kind}Count"] for kind in ("reply", "repost", "like", "quote")] == [1, 1, 1, 1]
    assert one["embed"]["$type"] == "app.bsky.embed.images#view"
    assert one["embed"]["images"][0]["alt"] == "a street"
    assert two["embed"]["record"]["record"]["uri"] == first.uri
    assert two["embed"]["media"]["external"]["uri"] == "https://news.example/"


async def test_an_appview_ignores_changes() -> None:
    """A changed post is shown, and searched, as it was written first."""
    async with town() as (served, network, _, dids):
        post = network.post(dids[0], "before #yyc")
        network.edit(post.uri, "after #snow")
        (view,) = (await asked(served, APPVIEW, "app.bsky.feed.getPosts", [("uris", post.uri)])).json()[
            "posts"
        ]
        session = await signed_in(served, network, dids[1])
        query = [("q", "#yyc")]
        found = await asked(served, PDS, "app.bsky.feed.searchPosts", query, token=session["accessJwt"])

    assert (view["record"]["text"], view["cid"]) == ("before #yyc", post.cid)
    assert [each["uri"] for each in found.json()["posts"]] == [post.uri]


@pytest.mark.parametrize(
    ("method", "query", "status", "error"),
    [
        (
            "app.bsky.feed.getPosts",
            [("uris", f"at://did:plc:x/{POST}/{n}") for n in range(26)],
            400,
            "InvalidRequest",
        ),
        ("app.bsky.feed.getPosts", [], 400, "InvalidRequest"),
        ("app.bsky.feed.getPosts", [("uris", "https://x")], 400, "InvalidRequest"),
        ("app.bsky.actor.getProfile", [("actor", "nobody.bsky.example")], 400, "InvalidRequest"),
        ("app.bsky.actor.getProfile", [("actor", "h1.bsky.example")], 400, "AccountDeactivated"),
        ("app.bsky.actor.getProfile", [("actor", "h2.bsky.example")], 400, "AccountTakedown"),
        ("com.atproto.identity.resolveHandle", [("handle", "nobody.bsky.example")], 400, "InvalidRequest"),
        ("app.bsky.feed.getTimeline", [], 501, "MethodNotImplemented"),
    ],
)
async def test_errors_have_names(method: str, query: list[tuple[str, str]], status: int, error: str) -> None:
    """What cannot be answered is told as XRPC tells it, with the limits in the headers."""
    async with town() as (served, network, _, dids):
        network.set_status(dids[1], "deactivated")
        network.set_status(dids[2], "takendown")
        answer = await asked(served, APPVIEW, method, query)

    assert (answer.status, answer.json()["error"]) == (status, error)
    assert (answer.headers["ratelimit-limit"], answer.headers["ratelimit-remaining"]) == ("3000", "2999")
    assert answer.headers["ratelimit-policy"] == "3000;w=300"


async def test_profiles_and_handles() -> None:
    """By handle or DID; several at once leave out who is not there; a renamed account answers to its new handle only."""
    async with town() as (served, network, _, dids):
        network.rename(dids[0], "renamed.bsky.example")
        network.set_status(dids[1], "deleted")
        resolved = await asked(
            served, APPVIEW, "com.atproto.identity.resolveHandle", [("handle", "Renamed.bsky.example")]
        )
        stale = await asked(
            served, APPVIEW, "com.atproto.identity.resolveHandle", [("handle", "h0.bsky.example")]
        )
        one = await asked(served, APPVIEW, "app.bsky.actor.getProfile", [("actor", dids[3])])
        several = await asked(
            served, APPVIEW, "app.bsky.actor.getProfiles", [("actors", did) for did in dids]
        )

    assert (resolved.json(), stale.status) == ({"did": dids[0]}, 400)
    assert (one.json()["handle"], one.json()["labels"][0]["val"]) == ("h3.bsky.example", NO_UNAUTHENTICATED)
    assert [each["did"] for each in several.json()["profiles"]] == [dids[0], dids[2], dids[3]]


async def signed_in(served: Bluesky, network: Network, did: str) -> dict[str, Any]:
    """A session of that account."""
    served.pds.passwords[did] = "abcd-efgh-ijkl-mnop"
    answer = await asked(
        served,
        PDS,
        "com.atproto.server.createSession",
        send={"identifier": network.accounts[did].handle, "password": "abcd-efgh-ijkl-mnop"},
    )
    assert answer.status == 200
    session: dict[str, Any] = answer.json()
    return session


async def test_search_is_for_who_is_signed_in() -> None:
    """403 and HTML in public, an XRPC error without a token, hits with one."""
    async with town() as (served, network, _, dids):
        network.post(dids[0], "here #yyc")
        public = await asked(served, APPVIEW, "app.bsky.feed.searchPosts", [("q", "#yyc")])
        nobody = await asked(served, PDS, "app.bsky.feed.searchPosts", [("q", "#yyc")])
        session = await signed_in(served, network, dids[1])
        found = await asked(
            served, PDS, "app.bsky.feed.searchPosts", [("q", "#yyc")], token=session["accessJwt"]
        )

    assert (public.status, public.headers["content-type"]) == (403, "text/html")
    assert (nobody.status, nobody.json()["error"]) == (401, "AuthMissing")
    assert [post["record"]["text"] for post in found.json()["posts"]] == ["here #yyc"]


async def test_search_pages_and_filters() -> None:
    """Newest first by cursor; every tag must be there; since is included and until is not; q is demanded."""
    async with town() as (served, network, clock, dids):
        for number in range(7):
            network.post(dids[0], f"{number} #yyc{' #snow' if number % 2 else ''}")
            await clock.advance(60)
        session = await signed_in(served, network, dids[1])

        async def search(*query: tuple[str, str]) -> Any:
            return (
                await asked(served, PDS, "app.bsky.feed.searchPosts", query, token=session["accessJwt"])
            ).json()

        pages, cursor = [], ""
        while True:
            page = await search(("q", "*"), ("limit", "3"), *([("cursor", cursor)] if cursor else []))
            pages.append([post["record"]["text"][0] for post in page["posts"]])
            cursor = page.get("cursor", "")
            if not cursor:
                break
        both = await search(("q", "*"), ("tag", "yyc"), ("tag", "snow"))
        window = await search(
            ("q", "*"), ("since", "2026-01-05T12:02:00Z"), ("until", "2026-01-05T12:04:00Z")
        )
        missing = await search(("tag", "yyc"))

    assert pages == [["6", "5", "4"], ["3", "2", "1"], ["0"]]
    assert [post["record"]["text"][0] for post in both["posts"]] == ["5", "3", "1"]
    assert [post["record"]["text"][0] for post in window["posts"]] == ["3", "2"]
    assert missing == {"error": "InvalidRequest", "message": 'Error: Params must have the property "q"'}


async def test_a_session_ends_and_is_renewed() -> None:
    """A wrong password; a token that expires after two hours; one renewal per refresh token; another's kind refused."""
    async with town() as (served, network, clock, dids):
        served.pds.passwords[dids[1]] = "right"
        wrong = await asked(
            served, PDS, "com.atproto.server.createSession", send={"identifier": dids[1], "password": "wrong"}
        )
        session = await signed_in(served, network, dids[1])
        mine = await asked(served, PDS, "com.atproto.server.getSession", token=session["accessJwt"])
        await clock.advance(7201)
        expired = await asked(served, PDS, "com.atproto.server.getSession", token=session["accessJwt"])
        renewed = await asked(served, PDS, "com.atproto.server.refreshSession", token=session["refreshJwt"])
        again = await asked(served, PDS, "com.atproto.server.refreshSession", token=session["refreshJwt"])
        fresh = await asked(served, PDS, "com.atproto.server.getSession", token=renewed.json()["accessJwt"])

    assert (wrong.status, wrong.json()["error"]) == (401, "AuthenticationRequired")
    assert mine.json() == {"did": dids[1], "handle": "h1.bsky.example", "active": True}
    assert (expired.status, expired.json()["error"]) == (400, "ExpiredToken")
    assert (again.status, again.json()["error"]) == (400, "InvalidToken")
    assert fresh.status == 200


async def test_thirty_sessions_in_five_minutes_and_no_more() -> None:
    """The next is a 429 whose headers say when; after the five minutes it is granted."""
    async with town() as (served, network, clock, dids):
        for _ in range(30):
            await signed_in(served, network, dids[1])
        send = {"identifier": "h1.bsky.example", "password": "abcd-efgh-ijkl-mnop"}
        refused = await asked(served, PDS, "com.atproto.server.createSession", send=send)
        await clock.advance(301)
        granted = await asked(served, PDS, "com.atproto.server.createSession", send=send)

    assert (refused.status, refused.json()["error"]) == (429, "RateLimitExceeded")
    assert (refused.headers["ratelimit-policy"], refused.headers["ratelimit-remaining"]) == ("30;w=300", "0")
    assert int(refused.headers["ratelimit-reset"]) == int(START.timestamp()) + 301
    assert granted.status == 200


@pytest.mark.parametrize(
    ("manner", "status", "kind"),
    [
        ("429", 429, "application/json; charset=utf-8"),
        ("500", 500, "application/json; charset=utf-8"),
        ("502", 502, "text/html"),
        ("503", 503, "text/html"),
    ],
)
async def test_troubles_by_script(manner: Any, status: int, kind: str) -> None:
    """A host is in trouble within its window and on its path, others are not, and afterwards all is well."""
    async with town() as (served, _, clock, dids):
        served.troubles.append(
            Trouble(APPVIEW, manner, START, START + timedelta(minutes=1), path="/xrpc/app.bsky.actor")
        )
        ill = await asked(served, APPVIEW, "app.bsky.actor.getProfile", [("actor", dids[0])])
        beside = await asked(
            served, APPVIEW, "com.atproto.identity.resolveHandle", [("handle", "h0.bsky.example")]
        )
        await clock.advance(60)
        well = await asked(served, APPVIEW, "app.bsky.actor.getProfile", [("actor", dids[0])])

    assert (ill.status, ill.headers["content-type"], beside.status, well.status) == (status, kind, 200, 200)
    assert [(row.route, row.disturbance) for row in served.network.ledger.requests] == [
        ("app.bsky.actor.getProfile", manner),
        ("com.atproto.identity.resolveHandle", ""),
        ("app.bsky.actor.getProfile", ""),
    ]


async def test_resets_and_outages() -> None:
    """A reset instead of an answer; a host that refuses connections."""
    async with town() as (served, _, _, dids):
        served.troubles.append(Trouble(APPVIEW, "reset", START, START + timedelta(minutes=1)))
        with pytest.raises(aiohttp.ClientError):
            await asked(served, APPVIEW, "app.bsky.actor.getProfile", [("actor", dids[0])])
        await served.servers[EAST].refuse_connections()
        with pytest.raises(ConnectionRefusedError):
            async with subscribed(served):
                pass


# ----------------------------------------------------------------------------------------------------------- life


@pytest.mark.parametrize("text", ["雪 #yyc", "👨‍👩‍👧 #yyc", "ﷺ #yyc", "é #yyc.", "#yyc", "(x) #yyc!"])
def test_facets_count_bytes(text: str) -> None:
    """Whatever the script, the bytes between start and end are the hashtag."""
    network = Network(VirtualClock())
    post = network.post(network.join().did, text)

    (facet,) = post.value["facets"]
    index = facet["index"]
    assert text.encode()[index["byteStart"] : index["byteEnd"]] == b"#yyc"


def test_facets_of_mentions_and_links() -> None:
    """A known handle is a mention by DID, an unknown one is text; a link ends before the full stop."""
    network = Network(VirtualClock())
    city = network.join(handle="city.bsky.example")
    post = network.post(city.did, "@city.bsky.example @nobody.bsky.example see https://city.example/a.")

    assert [facet["features"][0] for facet in post.value["facets"]] == [
        {"$type": "app.bsky.richtext.facet#mention", "did": city.did},
        {"$type": "app.bsky.richtext.facet#link", "uri": "https://city.example/a"},
    ]


def lived(seed: int, steps: int = 400) -> Network:
    """A network after so many things that people did."""
    network = Network(VirtualClock(), seed, frozenset({"yyc"}))
    life = Life(network, ("yyc",), city="city.bsky.example")
    network.join(handle="city.bsky.example")
    life.populate(20)
    for _ in range(steps):
        life.step()
    return network


def test_equal_seeds_live_equal_lives() -> None:
    """Every byte of every event is the same again, and other with another seed."""
    one, two, other = ([each.rest for each in lived(seed).log] for seed in (7, 7, 8))

    assert one == two
    assert one != other


def test_a_life_has_everything_in_it() -> None:
    """Posts, edits, deletions, noise, gates, labels, closings; ours, not ours and withheld."""
    network = lived(7, 3000)

    seen = {(each.collection or each.kind, each.operation or "") for each in network.log}
    assert {
        (POST, "create"),
        (POST, "update"),
        (POST, "delete"),
        (LIKE, "create"),
        ("app.bsky.feed.repost", "create"),
        ("app.bsky.graph.follow", "create"),
        ("app.bsky.feed.threadgate", "create"),
        (PROFILE, "update"),
        ("account", ""),
        ("identity", ""),
    } <= seen
    assert {row.expected for row in network.ledger.posts.values()} == {"queued", "not_ours", "withheld"}
