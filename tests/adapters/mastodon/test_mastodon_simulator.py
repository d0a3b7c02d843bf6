"""
The Mastodon simulator speaks the real protocol: pages, limits, errors, federation, streams and faults, each as documented.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.client import IncompleteRead
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from adapters.mastodon.simulated_fediverse import Fediverse
from adapters.mastodon.simulated_ids import Software, folded, make_id, milliseconds
from adapters.mastodon.simulated_instance import Manner
from adapters.mastodon.simulated_posts import Visibility
from adapters.mastodon.simulator import serve
from tests.adapters.mastodon.fediverse import ONE, PAGE, TWO, Listener, get, two_instances
from tests.fakes.plain_client import Walker

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The server kit is asyncio's."""
    return "asyncio"


async def burst(world: Fediverse, clock: Walker, count: int) -> list[str]:
    """So many posts, a second apart; their ids on the first instance, oldest first."""
    here, anna = world.instances[ONE], world.accounts[0]
    found = []
    for number in range(count):
        clock.walk(seconds=1)
        copy = here.copy_of(world.post(anna, f"Ice, number {number}. #yyc"))
        assert copy is not None
        found.append(copy.local_id)
    return found


# ------------------------------------------------------------------------------------------------------- pages


async def test_min_id_pages_upwards_and_since_id_leaves_a_gap() -> None:
    """`min_id` gives what follows it; `since_id` the newest page, and what lies between is not there."""
    world, clock, *_ = two_instances()
    async with serve(world) as served:
        ids = await burst(world, clock, 100)
        following = await get(served, f"{PAGE}?limit=40&min_id={ids[9]}")
        newest = await get(served, f"{PAGE}?limit=40&since_id={ids[9]}")
        both = await get(served, f"{PAGE}?limit=40&since_id={ids[0]}&min_id={ids[9]}&max_id={ids[20]}")

    assert following.ids == ids[10:50][::-1]
    assert newest.ids == ids[60:][::-1]
    assert both.ids == ids[10:20][::-1]


async def test_a_page_has_twenty_and_never_more_than_forty() -> None:
    """20 unless told, 40 at most, the newest first."""
    world, clock, *_ = two_instances()
    async with serve(world) as served:
        ids = await burst(world, clock, 60)
        sizes = [
            len((await get(served, PAGE + query)).ids) for query in ("", "?limit=7", "?limit=100", "?limit=0")
        ]
        first = await get(served, f"{PAGE}?limit=3")

    assert sizes == [20, 7, 40, 0]
    assert first.ids == ids[:-4:-1]


async def test_the_link_header_loses_most_of_the_query() -> None:
    """Followed blindly it asks for another timeline: `any[]` and `remote` are gone; an empty page has none."""
    world, clock, *_ = two_instances()
    async with serve(world) as served:
        ids = await burst(world, clock, 5)
        page = await get(served, f"{PAGE}?limit=2&any[]=calgary&remote=false&local=true&min_id={ids[1]}")
        empty = await get(served, f"{PAGE}?min_id={ids[-1]}")
        address = served.address(ONE)

    assert page.headers["link"] == (
        f'<{address}{PAGE}?limit=2&local=true&max_id={ids[2]}>; rel="next", '
        f'<{address}{PAGE}?limit=2&local=true&min_id={ids[3]}>; rel="prev"'
    )
    assert (empty.json, "link" in empty.headers) == ([], False)


async def test_four_tags_are_read_and_the_fifth_is_not() -> None:
    """`any[]` counts the tag of the path; `all[]` narrows; `none[]` takes out; tags are folded."""
    world, _, anna, _ = two_instances()
    for tags in ("#yyc", "#b", "#c", "#d", "#e", "#YYC #Québec", "#yyc #no"):
        world.post(anna, f"Said {tags}")

    async def said(query: str) -> list[str]:
        page = await get(served, PAGE + query)
        return [" ".join(tag["name"] for tag in each["tags"]) for each in page.json][::-1]

    async with serve(world) as served:
        found = [
            await said("?any[]=b&any[]=c&any[]=d&any[]=e"),
            await said("?all[]=quebec"),
            await said("?none[]=no"),
        ]

    assert found == [
        ["yyc", "b", "c", "d", "yyc quebec", "yyc no"],
        ["yyc quebec"],
        ["yyc", "yyc quebec"],
    ]


@pytest.mark.parametrize(
    ("visibility", "flags", "listed", "asked"),
    [
        ("public", {}, 1, 200),
        ("unlisted", {}, 0, 200),
        ("private", {}, 0, 404),
        ("direct", {}, 0, 404),
        ("public", {"limited": True}, 0, 200),
        ("public", {"suspended": True}, 0, 404),
    ],
)
async def test_what_a_hashtag_feed_shows(
    visibility: Visibility, flags: dict[str, bool], listed: int, asked: int
) -> None:
    """Public posts of accounts in good standing; the rest at its own address, or not at all."""
    world, _, anna, _ = two_instances()
    toot = world.post(anna, "Said #yyc", visibility=visibility)
    for name, value in flags.items():
        setattr(anna, name, value)
    copy = world.instances[ONE].copy_of(toot)
    assert copy is not None

    async with serve(world) as served:
        page = await get(served, PAGE)
        one = await get(served, f"/api/v1/statuses/{copy.local_id}")
        several = await get(served, f"/api/v1/statuses?id[]={copy.local_id}&id[]=1")

    assert (len(page.json), one.status, len(several.json)) == (listed, asked, int(asked == 200))
    assert one.json.get("error") == (None if asked == 200 else "Record not found")


async def test_a_boost_is_not_in_a_hashtag_feed() -> None:
    """It can be asked for by its id, and holds what it boosts."""
    world, _, anna, boris = two_instances()
    toot = world.post(anna, "Said #yyc")
    copy = world.instances[ONE].copy_of(world.boost(boris, toot))
    assert copy is not None

    async with serve(world) as served:
        page = await get(served, PAGE)
        boost = (await get(served, f"/api/v1/statuses/{copy.local_id}")).json

    assert [each["uri"] for each in page.json] == [toot.uri]
    assert page.json[0]["reblogs_count"] == 1
    assert (boost["reblog"]["uri"], boost["uri"].endswith("/activity")) == (toot.uri, True)


# -------------------------------------------------------------------------------------------------- federation


async def test_a_post_from_elsewhere_is_dated_back() -> None:
    """It arrives an hour late under an id of the time it was written: who reads on from the newest id never sees it."""
    world, clock, anna, boris = two_instances()
    late = world.post(boris, "Written first #yyc", lag_s=3600)
    clock.walk(minutes=30)
    world.post(anna, "Written second #yyc")
    async with serve(world) as served:
        before = await get(served, PAGE)
        clock.walk(minutes=31)
        after = await get(served, PAGE)
        onward = await get(served, f"{PAGE}?min_id={before.ids[0]}")
        there = await get(served, PAGE, at=TWO)

    assert [each["content"].count("second") for each in before.json] == [1]
    assert [each["uri"] for each in after.json][1] == late.uri
    assert int(after.ids[1]) >> 16 == milliseconds(late.created_at)
    assert onward.json == []
    (here, away) = (next(each for each in page.json if each["uri"] == late.uri) for page in (after, there))
    assert here["id"] != away["id"]
    assert (here["account"]["acct"], away["account"]["acct"]) == (
        f"{boris.username}@{TWO}",
        boris.username,
    )


async def test_edits_and_deletions_travel_as_late_as_posts() -> None:
    """The home knows at once, the other instance after its lag; then the post is gone for good."""
    world, clock, anna, _ = two_instances()
    world.instances[TWO].lag_s = 60.0
    toot = world.post(anna, "Ice #yyc", spoiler_text="weather")
    clock.walk(minutes=2)
    world.turn()
    world.edit(toot, "Snow #yyc")
    async with serve(world) as served:
        at_once = [(await get(served, PAGE, at=domain)).json[0] for domain in (ONE, TWO)]
        clock.walk(minutes=2)
        later = (await get(served, PAGE, at=TWO)).json[0]
        world.delete(toot)
        gone = [(await get(served, PAGE, at=domain)).json for domain in (ONE, TWO)]
        clock.walk(minutes=2)
        gone_there = (await get(served, PAGE, at=TWO)).json

    assert [("Snow" in each["content"], each["edited_at"]) for each in (*at_once, later)] == [
        (True, "2026-01-05T12:02:00.000Z"),
        (False, None),
        (True, "2026-01-05T12:02:00.000Z"),
    ]
    assert (later["spoiler_text"], later["sensitive"]) == ("weather", True)
    assert [len(each) for each in (*gone, gone_there)] == [0, 1, 0]
    row = world.ledger.posts[toot.post]
    assert (row.revision, row.shown_revision, row.deleted_at is not None) == (2, 2, True)


# ----------------------------------------------------------------------------------------- tokens, limits, errors


async def test_who_may_read() -> None:
    """A feed may want a user; a bad token is refused where none would do; a disabled feed is an empty one."""
    world, _, anna, _ = two_instances()
    world.post(anna, "Said #yyc")
    world.token(ONE, None, "app-token")
    world.token(ONE, anna, "narrow", scopes=("read:accounts",))
    here = world.instances[ONE]

    async def told(path: str, token: str | None = None) -> tuple[int, Any]:
        answer = await get(served, path, token=token)
        return answer.status, answer.json.get("error") if isinstance(answer.json, dict) else len(answer.json)

    async with serve(world) as served:
        bad = await told(PAGE, "made up")
        here.local_access = here.remote_access = "authenticated"
        closed = [await told(PAGE, token) for token in (None, "app-token", "narrow", "user-token")]
        here.local_access = here.remote_access = "disabled"
        disabled = await told(PAGE, "user-token")
        here.local_access = "public"
        notices = [
            await told("/api/v1/notifications", token)
            for token in (None, "app-token", "narrow", "user-token")
        ]
        here.revoke("user-token")
        revoked = await told(PAGE, "user-token")
        here.limited_federation = True
        limited = await told(PAGE)

    assert bad == (401, "The access token is invalid")
    assert closed == [
        (401, "The access token is invalid"),
        (422, "This method requires an authenticated user"),
        (403, "This action is outside the authorized scopes"),
        (200, 1),
    ]
    assert disabled == (200, 0)
    assert notices == [
        (401, "The access token is invalid"),
        (422, "This method requires an authenticated user"),
        (403, "This action is outside the authorized scopes"),
        (200, 0),
    ]
    assert revoked == (401, "The access token was revoked")
    assert limited == (401, "This API requires an authenticated user")


async def test_an_unknown_tag_is_empty_or_missing() -> None:
    """The code says `[]`, the documentation 404."""
    world, *_ = two_instances()
    async with serve(world) as served:
        empty = await get(served, PAGE)
        world.instances[ONE].unknown_tag = "404"
        missing = await get(served, PAGE)

    assert (empty.status, empty.json) == (200, [])
    assert (missing.status, missing.json) == (404, {"error": "Record not found"})


async def test_pages_have_a_limit_of_their_own() -> None:
    """300 requests that page in a quarter of an hour, though 300 in five minutes are allowed otherwise."""
    world, clock, *_ = two_instances()
    async with serve(world) as served:
        for _ in range(3):
            for _ in range(100):
                last = await get(served, f"{PAGE}?min_id=1")
            clock.walk(minutes=4)
        refused = await get(served, f"{PAGE}?min_id=1")
        plain = await get(served, PAGE)
        clock.walk(minutes=3)
        again = await get(served, f"{PAGE}?min_id=1")

    limits = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
    assert [last.headers[each] for each in limits] == ["300", "0", "2026-01-05T12:15:00.000000Z"]
    assert (refused.status, refused.json) == (429, {"error": "Too many requests"})
    assert "retry-after" not in refused.headers
    assert (plain.status, again.status) == (200, 200)
    assert served.sites[ONE].limits.most["throttle_paging"] == 301


async def test_three_hundred_requests_in_five_minutes() -> None:
    """Of an address without a token, and of a token; the reset carries microseconds."""
    world, clock, *_ = two_instances()
    clock.walk(seconds=1.25)
    async with serve(world) as served:
        for _ in range(300):
            await get(served, "/api/v2/instance")
        refused = await get(served, PAGE)
        with_token = await get(served, PAGE, token="user-token")

    assert (refused.status, with_token.status) == (429, 200)
    assert refused.headers["x-ratelimit-reset"] == "2026-01-05T12:05:00.250000Z"
    assert with_token.headers["x-ratelimit-remaining"] == "299"


async def test_an_answer_that_is_known_is_not_sent_again() -> None:
    """A weak ETag, and 304 for who has it."""
    world, _, anna, _ = two_instances()
    world.post(anna, "Said #yyc")
    async with serve(world) as served:
        first = await get(served, PAGE)
        second = await get(served, PAGE, If_None_Match=first.headers["etag"])

    assert (second.status, second.body, second.headers["etag"]) == (304, b"", first.headers["etag"])


async def test_twenty_statuses_at_once() -> None:
    """More are refused as a whole; before 4.3 there is no such request."""
    world, clock, *_ = two_instances()
    async with serve(world) as served:
        ids = await burst(world, clock, 21)

        async def asked(count: int) -> Any:
            query = "&".join(f"id[]={each}" for each in ids[:count])
            answer = await get(served, f"/api/v1/statuses?{query}")
            return answer.ids if answer.status == 200 else (answer.status, answer.json)

        found = await asked(20), await asked(21)
        world.instances[ONE].version = "4.2.8"
        before = await asked(1)

    assert found == (ids[:20], (422, {"error": "Mastodon::ValidationError"}))
    assert before == (404, {"error": "Not Found"})


async def test_one_is_told_of_mentions() -> None:
    """Oneself only, direct ones too, with the post; gone with it."""
    world, clock, anna, boris = two_instances()
    world.post(boris, f"@{anna.username}@{ONE} Look", mentions=(anna,), visibility="direct")
    clock.walk(seconds=5)
    toot = world.post(boris, f"@{anna.username}@{ONE} Ice #yyc", mentions=(anna,))
    world.instances[ONE].notify("follow", anna, by=boris, at=clock.now())
    path = "/api/v1/notifications"

    async with serve(world) as served:
        mentions = await get(served, f"{path}?types[]=mention", token="user-token")
        every = await get(served, path, token="user-token")
        onward = await get(served, f"{path}?min_id={mentions.ids[1]}&types[]=mention", token="user-token")
        world.delete(toot)
        left = await get(served, f"{path}?types[]=mention", token="user-token")

    assert [each["type"] for each in every.json] == ["follow", "mention", "mention"]
    assert [each["status"]["visibility"] for each in mentions.json] == ["public", "direct"]
    assert mentions.json[0]["status"]["mentions"][0]["acct"] == anna.username
    assert onward.ids == mentions.ids[:1]
    assert "types%5B%5D=mention" in onward.headers["link"]
    assert left.ids == mentions.ids[1:]


# ----------------------------------------------------------------------------------------------------- streams


async def test_a_stream_tells_what_happens() -> None:
    """`:)`, then updates, edits and deletions as they come; payloads are JSON, a deletion is a bare local id."""
    world, _, anna, boris = two_instances()
    async with serve(world) as served:
        stream = await Listener.open(served)
        smile = await stream.piece()
        toot = world.post(boris, "Ice #yyc")
        copy = world.instances[ONE].copy_of(toot)
        assert copy is not None
        update = await stream.piece()
        world.post(anna, "Not here #elsewhere")
        world.edit(toot, "Snow #yyc")
        edit = await stream.piece()
        world.instances[ONE].say("filters_changed")
        changed = await stream.piece()
        world.delete(toot)
        delete = await stream.piece()
        await stream.close()

    assert "Content-Type: text/event-stream" in stream.head
    assert smile == ":)\n"
    kind, data = update.split("\n", 1)
    assert kind == "event: update"
    told = json.loads(data.removeprefix("data: "))
    assert (told["id"], told["uri"], "favourited" in told) == (copy.local_id, toot.uri, False)
    assert edit.startswith("event: status.update\ndata: {")
    assert "Snow" in edit
    assert changed == "event: filters_changed\ndata: undefined\n\n"
    assert delete == f"event: delete\ndata: {copy.local_id}\n\n"
    row = world.ledger.posts[toot.post]
    assert (row.shown, row.shown_revision) == (2, 2)


async def test_a_stream_beats_every_quarter_of_a_minute() -> None:
    """`:thump`, without an empty line after it."""
    world, clock, *_ = two_instances()
    async with serve(world) as served:
        stream = await Listener.open(served)
        beats = [await stream.piece()]
        for _ in range(2):
            async with clock.autojump():
                beats.append(await stream.piece())
        now_s = clock.monotonic()
        await stream.close()

    assert (beats, now_s) == ([":)\n", ":thump\n", ":thump\n"], 30.0)


async def test_an_edit_that_takes_the_tag_away_is_not_told() -> None:
    """It is told to the tags the post has then; whoever listens to the old one hears nothing."""
    world, _, anna, _ = two_instances()
    async with serve(world) as served:
        stream = await Listener.open(served)
        await stream.piece()
        toot = world.post(anna, "Ice #yyc")
        await stream.piece()
        world.edit(toot, "Ice, no tag")
        world.post(anna, "Next #yyc")
        following = await stream.piece()
        await stream.close()

    assert "Next" in following


async def test_what_is_old_on_arrival_is_told_to_no_stream() -> None:
    """Six hours at most; the timeline has it all the same."""
    world, clock, anna, boris = two_instances()
    async with serve(world) as served:
        stream = await Listener.open(served)
        await stream.piece()
        world.post(boris, "Old #yyc", created_at=clock.now() - timedelta(hours=7))
        world.post(boris, "Limited #yyc", visibility="unlisted")
        world.post(anna, "New #yyc")
        told = await stream.piece()
        page = await get(served, PAGE)
        await stream.close()

    assert "New" in told
    assert len(page.json) == 2


async def test_a_stream_keeps_to_what_its_owner_wants_to_see() -> None:
    """Languages that were not chosen and accounts that are muted are left out."""
    world, _, anna, boris = two_instances()
    world.token(ONE, anna, "picky", languages=("en",), muted=frozenset({boris.number}))
    async with serve(world) as served:
        stream = await Listener.open(served, token="picky")
        await stream.piece()
        world.post(anna, "Glace #yyc", language="fr")
        world.post(boris, "Muted #yyc")
        world.post(anna, "Ice #yyc")
        told = await stream.piece()
        await stream.close()

    assert "Ice" in told


@pytest.mark.parametrize(
    ("path", "token", "expected"),
    [
        ("hashtag?tag=yyc", None, (401, "Missing access token")),
        ("hashtag?tag=yyc", "made up", (401, "Invalid access token")),
        ("hashtag?tag=yyc", "app-token", (401, "Invalid access token")),
        ("hashtag", "user-token", (400, "Missing tag name parameter")),
        ("nonsense", "user-token", (400, "Unknown channel requested")),
    ],
)
async def test_a_stream_that_is_refused(path: str, token: str | None, expected: tuple[int, str]) -> None:
    """Nobody without a user's token, since 4.2; and nothing that is no channel."""
    world, *_ = two_instances()
    world.token(ONE, None, "app-token")
    async with serve(world) as served:
        answer = await get(served, f"/api/v1/streaming/{path}", token=token)
        health = await get(served, "/api/v1/streaming/health")

    assert (answer.status, answer.json["error"]) == expected
    assert (health.status, health.body) == (200, b"OK")


async def test_a_revoked_token_ends_its_stream() -> None:
    """In order, with the last chunk; the next attempt is refused."""
    world, *_ = two_instances()
    async with serve(world) as served:
        stream = await Listener.open(served)
        await stream.piece()
        world.instances[ONE].revoke("user-token")
        last = await stream.piece()
        again = await get(served, "/api/v1/streaming/hashtag?tag=yyc", token="user-token")
        await stream.close()

    assert (last, again.status) == ("", 401)


async def test_a_websocket_tells_the_same() -> None:
    """Subscribed to in its address; the payload is JSON within JSON, a deletion's is an id, and some have none."""
    world, _, anna, _ = two_instances()
    async with serve(world) as served:
        address = served.address(ONE).replace("http", "ws") + "/api/v1/streaming?stream=hashtag&tag=yyc"
        async with connect(address, additional_headers={"Authorization": "Bearer user-token"}) as socket:
            await _until(lambda: bool(world.instances[ONE].listening))
            toot = world.post(anna, "Ice #yyc")
            update = json.loads(await socket.recv())
            world.instances[ONE].say("filters_changed")
            changed = json.loads(await socket.recv())
            world.delete(toot)
            delete = json.loads(await socket.recv())
        with pytest.raises(InvalidStatus) as refused:
            await connect(address)

    assert (update["stream"], update["event"]) == (["hashtag", "yyc"], "update")
    assert json.loads(update["payload"])["uri"] == toot.uri
    assert changed == {"stream": ["hashtag", "yyc"], "event": "filters_changed"}
    assert (delete["event"], delete["payload"]) == ("delete", json.loads(update["payload"])["id"])
    assert refused.value.response.status_code == 401
    assert refused.value.response.headers["X-Error-Message"] == "Missing access token"


async def test_an_unknown_stream_by_websocket() -> None:
    """Is told so in a message, and the socket stays open."""
    world, *_ = two_instances()
    async with serve(world) as served:
        address = served.address(ONE).replace("http", "ws") + "/api/v1/streaming?stream=weather"
        async with connect(address, additional_headers={"Authorization": "Bearer user-token"}) as socket:
            told = json.loads(await socket.recv())

    assert told == {"error": "Unknown stream type", "status": 400}


async def _until(holds: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if holds():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came to be")


# ------------------------------------------------------------------------------------------------------ faults


@pytest.mark.parametrize(
    ("manner", "expected"),
    [
        ("401", (401, "application/json; charset=utf-8")),
        ("403", (403, "application/json; charset=utf-8")),
        ("404", (404, "application/json; charset=utf-8")),
        ("429", (429, "application/json; charset=utf-8")),
        ("500", (500, "text/html; charset=utf-8")),
        ("502-html", (502, "text/html; charset=utf-8")),
        ("503", (503, "application/json; charset=utf-8")),
        ("html", (200, "text/html; charset=utf-8")),
        ("wrong_type", (200, "text/html; charset=utf-8")),
        ("disabled", (200, "application/json; charset=utf-8")),
    ],
)
async def test_a_trouble_has_a_route_and_an_end(manner: Manner, expected: tuple[int, str]) -> None:
    """What is wrong is wrong for that route and that long, and is booked."""
    world, clock, anna, _ = two_instances()
    world.post(anna, "Said #yyc")
    world.instances[ONE].disturb(manner, start_at=clock.now(), seconds=60, route="tag")
    async with serve(world) as served:
        wrong = await get(served, PAGE)
        other = await get(served, "/api/v2/instance")
        clock.walk(minutes=1)
        right = await get(served, PAGE)

    assert (wrong.status, wrong.headers["content-type"]) == expected
    assert (other.status, right.status, len(right.json)) == (200, 200, 1)
    assert [row.disturbance for row in world.ledger.requests] == [manner, "", ""]
    assert (wrong.body == b"[]") == (manner == "disabled")
    assert (b"Said" in wrong.body) == (manner == "wrong_type")


@pytest.mark.parametrize("manner", ["cut", "reset", "outage"])
async def test_an_answer_that_breaks_shows_nothing(manner: Manner) -> None:
    """The client sees the end of the connection; the post does not count as shown."""
    world, clock, anna, _ = two_instances()
    toot = world.post(anna, "Said #yyc")
    world.instances[ONE].disturb(manner, start_at=clock.now(), seconds=60)
    async with serve(world) as served:
        with pytest.raises((IncompleteRead, ConnectionError)):
            await get(served, PAGE)

    assert world.ledger.posts[toot.post].shown == 0


async def test_a_half_open_stream_says_nothing_for_ever() -> None:
    """Neither a heartbeat nor news, even when the trouble is over; a new one hears again."""
    world, clock, anna, _ = two_instances()
    async with serve(world) as served:
        stream = await Listener.open(served)
        await stream.piece()
        world.instances[ONE].disturb("half_open", start_at=clock.now(), seconds=60)
        await clock.advance(600)
        world.post(anna, "Unheard #yyc")
        waiting = asyncio.create_task(stream.piece())
        await clock.advance(600)
        silent = not waiting.done()
        waiting.cancel()
        other = await Listener.open(served)
        await other.piece()
        world.post(anna, "Heard #yyc")
        heard = await other.piece()
        await stream.close()
        await other.close()

    assert (silent, "Heard" in heard) == (True, True)


async def test_a_mute_stream_only_beats() -> None:
    """It looks alive; what happens meanwhile is told to nobody."""
    world, clock, anna, _ = two_instances()
    async with serve(world) as served:
        stream = await Listener.open(served)
        await stream.piece()
        world.instances[ONE].disturb("mute", start_at=clock.now(), seconds=40)
        world.post(anna, "Lost #yyc")
        await clock.advance(50)
        world.post(anna, "Heard #yyc")
        told = [await stream.piece() for _ in range(4)]
        await stream.close()

    assert told[:3] == [":thump\n"] * 3
    assert "Heard" in told[3]


async def test_an_outage_ends_streams() -> None:
    """By server-sent events and by WebSocket, without the end that belongs to it."""
    world, clock, *_ = two_instances()
    async with serve(world) as served:
        stream = await Listener.open(served)
        await stream.piece()
        address = served.address(ONE).replace("http", "ws") + "/api/v1/streaming?stream=hashtag&tag=yyc"
        async with connect(address, additional_headers={"Authorization": "Bearer user-token"}) as socket:
            await _until(lambda: len(world.instances[ONE].listening) == 2)
            world.instances[ONE].disturb("outage", start_at=clock.now(), seconds=60)
            with pytest.raises(ConnectionClosedError):
                await socket.recv()
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await stream.piece()
        await stream.close()


async def test_what_was_planned_is_told_when_it_happens() -> None:
    """A stream wakes for it, on the clock."""
    world, clock, anna, _ = two_instances()
    world.plan(clock.now() + timedelta(seconds=7), lambda: world.post(anna, "Planned #yyc"))
    async with serve(world) as served:
        stream = await Listener.open(served)
        await stream.piece()
        async with clock.autojump():
            told = await stream.piece()
        now_s = clock.monotonic()
        await stream.close()

    assert ("Planned" in told, now_s) == (True, 7.0)


# ---------------------------------------------------------------------------------------------------- dialects


@pytest.mark.parametrize(
    ("software", "version", "width"),
    [
        ("gotosocial", "0.19.1+git-e3a1e93", 26),
        ("akkoma", "2.7.2 (compatible; Akkoma 3.15.2-0-g5d6ab5a)", 18),
        ("pleroma", "2.7.2 (compatible; Pleroma 2.9.1)", 18),
    ],
)
async def test_dialects(software: Software, version: str, width: int) -> None:
    """Ids that are no numbers, other fields, other versions, streams by WebSocket only, and pages all the same."""
    clock = Walker()
    world = Fediverse(clock, hashtags=("#yyc",))
    here = world.instance(ONE, software)
    anna = world.account(ONE)
    world.token(ONE, anna)
    for number in range(5):
        clock.walk(seconds=1)
        world.post(anna, f"Number {number} #yyc #b")
    async with serve(world) as served:
        page = await get(served, f"{PAGE}?limit=2&any[]=b", token="user-token")
        following = await get(served, f"{PAGE}?limit=2&min_id={page.ids[1]}", token="user-token")
        instance = (await get(served, "/api/v2/instance")).json
        stream = await get(served, "/api/v1/streaming/hashtag?tag=yyc", token="user-token")
        anonymous = await get(served, PAGE)

    assert (here.version, instance["version"]) == (version, version)
    assert page.ids == sorted(page.ids, reverse=True)
    assert {len(each) for each in page.ids} == {width}
    assert following.ids == page.ids[:1]
    assert "timelines_access" not in instance["configuration"]
    assert "indexable" not in page.json[0]["account"]
    assert "quote" not in page.json[0]
    assert ("any%5B%5D=b" in page.headers["link"]) == (software != "gotosocial")
    assert ("x-ratelimit-limit" in page.headers) == (software == "gotosocial")
    assert ("pleroma" in page.json[0]) == (software != "gotosocial")
    assert (stream.status, anonymous.status) == (404, 401 if software == "gotosocial" else 200)


async def test_flake_ids_tell_when_a_post_arrived() -> None:
    """Pleroma numbers what comes late by its arrival: there, reading on from the newest id misses nothing."""
    clock = Walker()
    world = Fediverse(clock, hashtags=("#yyc",))
    world.instance(ONE, "pleroma")
    world.instance(TWO)
    anna, boris = world.account(ONE), world.account(TWO)
    late = world.post(boris, "Written first #yyc", lag_s=3600)
    clock.walk(minutes=30)
    world.post(anna, "Written second #yyc")
    async with serve(world) as served:
        before = await get(served, PAGE)
        clock.walk(minutes=31)
        onward = await get(served, f"{PAGE}?min_id={before.ids[0]}")

    assert [each["uri"] for each in onward.json] == [late.uri]


# ------------------------------------------------------------------------------------------------- the rest


async def test_equal_seeds_make_equal_days() -> None:
    """Page by page, byte by byte."""
    pages = []
    for seed in (3, 3, 4):
        clock = Walker()
        async with serve(clock=clock, seed=seed) as served:
            for _ in range(6):
                clock.walk(hours=4)
                served.world.turn()
            for here in served.world.instances.values():
                here.origin = None
            answer = served.sites[TWO]
            pages.append([_page(answer.here, served.world)])

    assert pages[0] == pages[1]
    assert pages[0] != pages[2]
    assert len(pages[0][0]) > 10


def _page(here: Any, world: Fediverse) -> list[tuple[str, str, str]]:
    return [(copy.local_id, copy.toot.uri, copy.words.text) for copy in here.copies.values()]


async def test_an_ordinary_day_is_booked_to_the_last_post() -> None:
    """Whoever reads every page accounts for each post that should be queued."""
    clock = Walker()
    links: set[str] = set()
    async with serve(clock=clock) as served:
        for _ in range(31):
            clock.walk(hours=1)
            for domain in (ONE, TWO):
                page = await get(served, f"{PAGE}?limit=40", at=domain)
                links |= {f"https://{domain}/statuses/{each['id']}" for each in page.json}
        fates = served.world.fates(links)

    assert set(fates.values()) <= {"queued", "not_ours", "removed_before_reading", "never_shown"}
    assert sum(fate == "queued" for fate in fates.values()) > 40


def test_ids_are_what_the_servers_make() -> None:
    """Milliseconds and a sequence: a number, a ULID, a flake."""
    at = Walker().now()
    made = [make_id(software, at, 5) for software in ("mastodon", "gotosocial", "pleroma")]

    assert milliseconds(at) == 1_767_614_400_000
    assert made[0] == str((1_767_614_400_000 << 16) + 5)
    assert made[1] == "01KE70EHG00000000000000005"
    # The example of the ULID specification's own page: 1469918176385 is 01ARYZ6S41.
    told = datetime(2016, 7, 30, 22, 36, 16, 385_000, UTC)
    assert make_id("gotosocial", told, 0).startswith("01ARYZ6S41")
    assert (len(made[2]), made[2] > make_id("pleroma", at - timedelta(milliseconds=1), 9)) == (18, True)


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("#YYC", "yyc"),
        ("Québec", "quebec"),
        ("ＹＹＣ", "yyc"),
        ("Öffi", "offi"),
        ("Київ", "київ"),
        ("a-b", "ab"),
    ],
)
def test_hashtags_are_folded(tag: str, name: str) -> None:
    """Width, case and the accents of Latin letters; others stay."""
    assert folded(tag) == name
