"""
The X simulator speaks the real protocol: searches, counts, look-ups, mentions, limits, money, errors and faults, each as documented.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.client import BadStatusLine, IncompleteRead, RemoteDisconnected
from pathlib import Path
from typing import Any

import pytest
from oauthlib import oauth1

from adapters.x.config import XConfig
from adapters.x.simulated_crowd import city
from adapters.x.simulated_keys import UserKeys
from adapters.x.simulated_limits import Limits
from adapters.x.simulated_network import Network
from adapters.x.simulated_objects import NEW, OLD
from adapters.x.simulated_posts import instant, make_id
from adapters.x.simulated_site import Manner
from adapters.x.simulator import configuration, serve, site_of, write_secrets
from listener.settings.loading import load
from listener.simulation.clock import ScaledClock
from listener.simulation.ledger import tally
from tests.adapters.x.net import COUNTS, LOOKUP, SEARCH, USAGE, empty_network, get, get_raw
from tests.fakes.plain_client import Walker

pytestmark = pytest.mark.anyio

_FIELDS_IN_EACH: list[dict[str, Any]] = [{"tweet_fields": "note_tweet"}, {"post_fields": "note_post"}, {}]

DEFAULT = {"id", "text", "edit_history_tweet_ids"}


@pytest.fixture
def anyio_backend() -> str:
    """The server kit is asyncio's."""
    return "asyncio"


def burst(network: Network, clock: Walker, count: int, text: str = "Ice #yyc") -> list[str]:
    """So many posts a second apart, and a minute until search may show them; oldest first."""
    anna = network.account()
    said = []
    for _ in range(count):
        clock.walk(seconds=1)
        said.append(network.post(anna, text).id)
    clock.walk(seconds=60)
    return said


# ------------------------------------------------------------------------------------------------------- search


async def test_pages_are_newest_first_and_their_ends_are_told() -> None:
    """Ten unless told; `newest_id` and `oldest_id` are of the page; the last page has no token."""
    network, clock = empty_network()
    async with serve(network) as served:
        said = burst(network, clock, 15)
        first = await get(served, SEARCH, query="#yyc")
        second = await get(served, SEARCH, query="#yyc", next_token=first.json["meta"]["next_token"])
        again = await get(served, SEARCH, query="#yyc", pagination_token=first.json["meta"]["next_token"])

    assert first.ids == said[:4:-1]
    token = first.json["meta"].pop("next_token")
    assert first.json["meta"] | {"next_token": token} == {
        "newest_id": said[14],
        "oldest_id": said[5],
        "result_count": 10,
        "next_token": token,
    }
    assert second.json["meta"] == {"newest_id": said[4], "oldest_id": said[0], "result_count": 5}
    assert (second.ids, again.ids) == (said[4::-1], said[4::-1])


async def test_a_page_token_never_expires_and_shows_nothing_newer() -> None:
    """A day later it gives the same page; to another question it gives an error."""
    network, clock = empty_network()
    async with serve(network) as served:
        said = burst(network, clock, 12)
        token = (await get(served, SEARCH, query="#yyc")).json["meta"]["next_token"]
        clock.walk(days=1)
        burst(network, clock, 3)
        later = await get(served, SEARCH, query="#yyc", next_token=token)
        other = await get(served, SEARCH, query="#winter", next_token=token)
        unknown = await get(served, SEARCH, query="#yyc", next_token="b26v89c19zqg8o3fnone")

    assert later.ids == said[1::-1]
    assert (other.status, unknown.status) == (400, 400)
    assert unknown.message == "Invalid 'next_token':[b26v89c19zqg8o3fnone]"


async def test_an_empty_result_has_no_data() -> None:
    """Only a count of nothing."""
    network, _ = empty_network()
    async with serve(network) as served:
        found = await get(served, SEARCH, query="#yyc")

    assert found.json == {"meta": {"result_count": 0}}


async def test_since_until_and_times_bound_a_search() -> None:
    """Ids are exclusive on both sides; a start is inclusive and an end exclusive."""
    network, clock = empty_network()
    async with serve(network) as served:
        said = burst(network, clock, 12)
        by_id = await get(served, SEARCH, query="#yyc", since_id=said[3], until_id=said[7])
        second = [instant(each).strftime("%Y-%m-%dT%H:%M:%SZ") for each in said]
        by_time = await get(served, SEARCH, query="#yyc", start_time=second[3], end_time=second[7])

    assert by_id.ids == [said[6], said[5], said[4]]
    assert by_time.ids == [said[6], said[5], said[4], said[3]]


async def test_the_last_half_minute_is_not_searched() -> None:
    """A post is found thirty seconds after it was written, not before."""
    network, clock = empty_network()
    post = network.post(network.account(), "Now #yyc")
    async with serve(network) as served:
        clock.walk(seconds=29)
        early = await get(served, SEARCH, query="#yyc")
        clock.walk(seconds=2)
        late = await get(served, SEARCH, query="#yyc")

    assert (early.ids, late.ids) == ([], [post.id])


async def test_what_is_no_time_is_refused() -> None:
    """Each of them a 400 that names its parameter and tells why."""
    network, clock = empty_network()
    now = clock.now()
    old = make_id(now - timedelta(days=8), 1)
    fresh = make_id(now - timedelta(hours=1), 1)
    day = "%Y-%m-%dT%H:%M:%SZ"
    refused: list[tuple[dict[str, Any], str]] = [
        (
            {"since_id": fresh, "start_time": (now - timedelta(hours=1)).strftime(day)},
            "'since_id' cannot be combined with 'start_time'",
        ),
        (
            {"since_id": old},
            "'since_id' must be a tweet id created after [2025-12-29T12:00:00.000Z]. "
            "Please use a 'since_id' that is larger",
        ),
        (
            {"start_time": (now - timedelta(days=8)).strftime(day)},
            "'start_time' must be on or after 2025-12-29T12:00:00.000Z",
        ),
        (
            {"end_time": now.strftime(day)},
            "'end_time' must be a minimum of 10 seconds prior to the request time",
        ),
        (
            {
                "start_time": (now - timedelta(hours=1)).strftime(day),
                "end_time": (now - timedelta(hours=2)).strftime(day),
            },
            "'end_time' must be after 'start_time'",
        ),
        (
            {"start_time": "yesterday"},
            "Invalid 'start_time':'yesterday'. 'start_time' must be ISO8601/RFC3339 YYYY-MM-DDTHH:mm:ssZ",
        ),
        (
            {"since_id": "12a"},
            "The `since_id` query parameter value [12a] does not match ^[0-9]{1,19}$",
        ),
        (
            {"max_results": 9},
            "The `max_results` query parameter value [9] is not between 10 and 100",
        ),
        (
            {"max_results": 101},
            "The `max_results` query parameter value [101] is not between 10 and 100",
        ),
    ]
    async with serve(network) as served:
        answers = [await get(served, SEARCH, query="#yyc", **parameters) for parameters, _ in refused]

    assert [(answer.status, answer.message) for answer in answers] == [(400, why) for _, why in refused]
    assert answers[1].json == {
        "errors": [{"parameters": {"since_id": [old]}, "message": refused[1][1]}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": "https://api.x.com/2/problems/invalid-request",
    }
    assert answers[1].headers["content-type"] == "application/problem+json"


async def test_reposts_are_not_searched() -> None:
    """Not since the index of May 2026; a look-up still has them."""
    network, clock = empty_network()
    anna, boris = network.account(), network.account()
    post = network.post(anna, "Ice #yyc")
    repost = network.repost(boris, post)
    clock.walk(seconds=60)
    async with serve(network) as served:
        found = await get(served, SEARCH, query="#yyc")
        looked = await get(served, LOOKUP, ids=repost.id)

    assert found.ids == [post.id]
    assert looked.json["data"][0]["text"] == f"RT @{anna.username}: Ice #yyc"


async def test_a_refused_query_is_a_400() -> None:
    """Its parameter named, its message told, and nothing charged."""
    network, _ = empty_network()
    async with serve(network) as served:
        answers = [await get(served, path, query="lang:en") for path in (SEARCH, COUNTS)]
        missing = await get(served, SEARCH)

    assert [answer.status for answer in (*answers, missing)] == [400, 400, 400]
    assert answers[0].json["errors"][0]["parameters"] == {"query": ["lang:en"]}
    assert missing.message == "The `query` query parameter can not be empty"
    assert served.site.bill.total == 0


# ------------------------------------------------------------------------------------------------------ objects


async def test_nobody_is_named_unasked() -> None:
    """Id, text and history; no author, no expansions."""
    network, clock = empty_network()
    burst(network, clock, 1)
    async with serve(network) as served:
        found = await get(served, SEARCH, query="#yyc")

    assert found.json.keys() == {"data", "meta"}
    assert found.json["data"][0].keys() == DEFAULT


async def test_both_vocabularies_in_their_turn() -> None:
    """A server takes either or both, answers in the words it was asked in, and refuses what it does not know."""
    network, clock = empty_network()
    burst(network, clock, 1, "Ice #yyc " + "and more " * 40)
    async with serve(network) as served:
        keys: list[object] = []
        for accepts in ("tweet", "post", "both"):
            served.site.accepts = accepts
            for fields in _FIELDS_IN_EACH:
                found = await get(served, SEARCH, query="#yyc", **fields)
                keys.append(
                    sorted(found.json["data"][0]) if found.status == 200 else found.message.split(" is")[0]
                )
        served.site.bare = NEW
        bare = await get(served, SEARCH, query="#yyc")
        served.site.accepts = "tweet"
        crossed = await get(served, SEARCH, query="#yyc", tweet_fields="note_post")

    old = ["edit_history_tweet_ids", "id", "text"]
    new = ["edit_history_post_ids", "id", "text"]
    assert keys == [
        [*old[:2], "note_tweet", "text"],
        "The query parameter [post.fields]",
        old,
        "The query parameter [tweet.fields]",
        [*new[:2], "note_post", "text"],
        new,
        [*old[:2], "note_tweet", "text"],
        [*new[:2], "note_post", "text"],
        old,
    ]
    assert sorted(bare.json["data"][0]) == new
    assert crossed.message.startswith("The `tweet.fields` query parameter value [note_post] is not one of [")


async def test_everything_a_post_can_carry() -> None:
    """Whole, as it stands on the wire, with whom it calls and what it quotes."""
    network, clock = empty_network()
    anna, boris = network.account(username="anna"), network.account(username="boris")
    first = network.post(boris, "First #yyc")
    clock.walk(seconds=1)
    post = network.post(
        anna,
        "@boris snow & ice $SNOW #yyc https://news.example/story > all",
        reply_to=first,
        quote_of=first,
        sensitive=True,
        withheld=("DE",),
        likes=2,
    )
    network.repost(boris, post)
    async with serve(network) as served:
        found = await get(
            served,
            LOOKUP,
            ids=post.id,
            tweet_fields=[
                "author_id",
                "created_at",
                "conversation_id",
                "edit_controls",
                "entities",
                "in_reply_to_user_id",
                "lang",
                "possibly_sensitive",
                "public_metrics",
                "referenced_tweets",
                "withheld",
            ],
            expansions=["author_id", "entities.mentions.username"],
        )

    shown = found.json["data"][0]
    text = shown["text"]
    assert text.startswith("@boris snow &amp; ice $SNOW #yyc https://t.co/")
    assert " &gt; all https://t.co/" in text
    links = [text[each["start"] : each["end"]] for each in shown["entities"]["urls"]]
    assert [(each[:13], len(each)) for each in links] == [("https://t.co/", 23)] * 2
    assert [each["expanded_url"] for each in shown["entities"]["urls"]] == [
        "https://news.example/story",
        f"https://twitter.com/boris/status/{first.id}",
    ]
    assert shown["entities"] | {"urls": []} == {
        "cashtags": [{"start": 22, "end": 27, "tag": "SNOW"}],
        "hashtags": [{"start": 28, "end": 32, "tag": "yyc"}],
        "mentions": [{"start": 0, "end": 6, "username": "boris", "id": boris.id}],
        "urls": [],
    }
    assert shown | {"entities": None, "text": None} == {
        "id": post.id,
        "text": None,
        "entities": None,
        "edit_history_tweet_ids": [post.id],
        "author_id": anna.id,
        "created_at": "2026-01-05T12:00:01.000Z",
        "conversation_id": first.id,
        "edit_controls": {
            "edits_remaining": 5,
            "is_edit_eligible": True,
            "editable_until": "2026-01-05T12:30:01.000Z",
        },
        "in_reply_to_user_id": boris.id,
        "lang": "en",
        "possibly_sensitive": True,
        "public_metrics": {
            "retweet_count": 1,
            "reply_count": 0,
            "like_count": 2,
            "quote_count": 0,
            "bookmark_count": 0,
            "impression_count": 97,
        },
        "referenced_tweets": [
            {"type": "quoted", "id": first.id},
            {"type": "replied_to", "id": first.id},
        ],
        "withheld": {"copyright": False, "country_codes": ["DE"]},
    }
    assert [user["username"] for user in found.json["includes"]["users"]] == ["anna", "boris"]


async def test_a_long_post_is_cut_and_its_note_is_whole() -> None:
    """The text ends with a link to the post, which names nobody; the note has the rest."""
    network, clock = empty_network()
    long = " ".join(f"word{number}" for number in range(80)) + " #yyc"
    post = network.post(network.account(), long)
    clock.walk(seconds=60)
    async with serve(network) as served:
        found = await get(served, SEARCH, query="#yyc", tweet_fields="note_tweet,entities")

    shown = found.json["data"][0]
    assert shown["note_tweet"] == {
        "text": long,
        "entities": {"hashtags": [{"start": len(long) - 4, "end": len(long), "tag": "yyc"}]},
    }
    assert len(shown["text"]) <= 280
    assert shown["text"].split("… https://t.co/")[0] == long[: len(shown["text"].split("…")[0])]
    assert [each["expanded_url"] for each in shown["entities"]["urls"]] == [
        f"https://x.com/i/web/status/{post.id}"
    ]


# -------------------------------------------------------------------------------------------------- edits, ends


async def test_an_edit_is_a_new_id_with_the_history() -> None:
    """Search has the latest version only; a look-up has each; both tell all ids."""
    network, clock = empty_network()
    post = network.post(network.account(), "Frist #yyc")
    clock.walk(minutes=2)
    async with serve(network) as served:
        before = await get(served, SEARCH, query="#yyc")
        assert network.edit(post, "First #yyc")
        clock.walk(minutes=2)
        after = await get(served, SEARCH, query="#yyc", since_id=before.ids[0])
        both = await get(served, LOOKUP, ids=[each.id for each in post.versions])

    ids = [version.id for version in post.versions]
    assert (before.ids, after.ids) == ([ids[0]], [ids[1]])
    assert [(each["text"], each["edit_history_tweet_ids"]) for each in both.json["data"]] == [
        ("Frist #yyc", ids),
        ("First #yyc", ids),
    ]
    assert network.ledger.posts[post.id].shown_revision == 2


def test_five_edits_within_thirty_minutes() -> None:
    """The sixth is refused, and so is one that comes late, or one of a deleted post."""
    network, clock = empty_network()
    anna = network.account()
    often, late, gone = (network.post(anna, "Words") for _ in range(3))
    network.delete(gone)
    edits = [network.edit(often, f"Words {number}") for number in range(6)]
    clock.walk(minutes=30)

    assert edits == [True] * 5 + [False]
    assert (network.edit(late, "More"), network.edit(gone, "More")) == (False, False)


async def test_what_is_gone_hidden_or_suspended_is_an_error_within_a_200() -> None:
    """Each with its type; what is left is served, and where nothing is left there is no data."""
    network, clock = empty_network()
    anna, boris, troll = network.account(), network.account(), network.account()
    stays, gone = network.post(anna, "Stays #yyc"), network.post(anna, "Goes #yyc")
    hidden, shouted = network.post(boris, "Hides #yyc"), network.post(troll, "Shouts #yyc")
    network.delete(gone)
    network.protect(boris)
    network.suspend(troll)
    clock.walk(seconds=60)
    async with serve(network) as served:
        asked = await get(served, LOOKUP, ids=[each.id for each in (stays, gone, hidden, shouted)])
        nothing = await get(served, LOOKUP, ids=gone.id)
        searched = await get(served, SEARCH, query="#yyc")
        network.protect(boris, protected=False)
        again = await get(served, LOOKUP, ids=hidden.id)

    assert (asked.status, asked.ids, searched.ids, again.ids) == (200, [stays.id], [stays.id], [hidden.id])
    assert [(error["resource_id"], error["type"].rpartition("/")[2]) for error in asked.json["errors"]] == [
        (gone.id, "resource-not-found"),
        (hidden.id, "not-authorized-for-resource"),
        (shouted.id, "not-authorized-for-resource"),
    ]
    assert nothing.json == {
        "errors": [
            {
                "value": gone.id,
                "detail": f"Could not find tweet with ids: [{gone.id}].",
                "title": "Not Found Error",
                "resource_type": "tweet",
                "parameter": "ids",
                "resource_id": gone.id,
                "type": "https://api.x.com/2/problems/resource-not-found",
            }
        ]
    }


async def test_a_look_up_takes_a_hundred_ids() -> None:
    """One more is refused as recorded, and so is what is no id."""
    network, _ = empty_network()
    async with serve(network) as served:
        many = await get(served, LOOKUP, ids=[str(number) for number in range(1, 102)])
        word = await get(served, LOOKUP, ids="1,x")
        full = await get(served, LOOKUP, ids=[str(number) for number in range(1, 101)])

    assert (many.status, many.message) == (400, "size [101] is not between 1 and 100")
    assert word.message == "The `ids` query parameter value [x] does not match ^[0-9]{1,19}$"
    assert (full.status, len(full.json["errors"])) == (200, 100)


# ------------------------------------------------------------------------------------------------------- counts


async def test_counts_by_minute_hour_and_day() -> None:
    """Buckets begin at whole units; the first and the last are as long as the window leaves them."""
    network, clock = empty_network()
    async with serve(network) as served:
        clock.walk(minutes=58)
        burst(network, clock, 3)
        clock.walk(minutes=10)
        burst(network, clock, 2)
        start = "2026-01-05T12:58:30Z"
        hours = await get(served, COUNTS, query="#yyc", start_time=start)
        minutes = await get(served, COUNTS, query="#yyc", start_time=start, granularity="minute")
        days = await get(served, COUNTS, query="#yyc", granularity="day")
        wrong = await get(served, COUNTS, query="#yyc", granularity="week")

    now = clock.now() - timedelta(seconds=30)
    assert now == datetime(2026, 1, 5, 13, 9, 35, tzinfo=UTC)
    assert hours.json == {
        "data": [
            {"end": "2026-01-05T13:00:00.000Z", "start": "2026-01-05T12:58:30.000Z", "tweet_count": 0},
            {"end": "2026-01-05T13:09:35.000Z", "start": "2026-01-05T13:00:00.000Z", "tweet_count": 2},
        ],
        "meta": {"total_tweet_count": 2},
    }
    assert len(minutes.json["data"]) == 12
    assert [each["tweet_count"] for each in minutes.json["data"] if each["tweet_count"]] == [2]
    assert (days.json["meta"], len(days.json["data"])) == ({"total_tweet_count": 5}, 8)
    assert wrong.status == 400


async def test_counts_since_an_id_in_the_new_words() -> None:
    """The window begins with the id; buckets and total have their new names."""
    network, clock = empty_network()
    async with serve(network) as served:
        said = burst(network, clock, 3)
        served.site.accepts = "post"
        found = await get(served, COUNTS, query="#yyc", since_id=said[0])

    assert found.json == {
        "data": [{"end": "2026-01-05T12:00:33.000Z", "start": "2026-01-05T12:00:01.000Z", "post_count": 2}],
        "meta": {"total_post_count": 2},
    }


# ----------------------------------------------------------------------------------------------------- mentions


async def test_mentions_of_an_account() -> None:
    """Whoever calls it by its handle, in a reply or not; five at least, with tokens; unknown accounts are an error."""
    network, clock = empty_network()
    anna = network.account()
    said = []
    for number in range(8):
        clock.walk(seconds=1)
        said.append(network.post(anna, f"@CityOfExample {number}").id)
    network.post(network.own, "@cityofexample speaks to itself")
    path = f"/2/users/{network.own.id}/mentions"
    async with serve(network) as served:
        first = await get(served, path, max_results=5)
        second = await get(served, path, max_results=5, pagination_token=first.json["meta"]["next_token"])
        since = await get(served, path, since_id=said[5])
        nobody = await get(served, "/2/users/12/mentions")
        small = await get(served, path, max_results=4)

    assert (first.ids, second.ids, since.ids) == (said[:2:-1], said[2::-1], said[:5:-1])
    assert (nobody.status, nobody.json["errors"][0]["resource_type"], small.status) == (200, "user", 400)


# ------------------------------------------------------------------------------------------------------ who asks


async def test_which_credential_is_taken_where() -> None:
    """None and wrong ones are 401; a user's token is taken everywhere but for usage."""
    network, _ = empty_network()
    async with serve(network) as served:
        served.site.keys.users["oauth2-token"] = network.own.id
        none = await get(served, SEARCH, token=None, query="#yyc")
        wrong = await get(served, SEARCH, token="wrong", query="#yyc")
        paths = [f"{SEARCH}?query=ice", f"{COUNTS}?query=ice", f"{LOOKUP}?ids=1", USAGE]
        by_user = [(await get(served, path, token="oauth2-token")).status for path in paths]
        served.site.enrolled = False
        enrolled = await get(served, SEARCH, query="#yyc")

    assert (
        none.json
        == wrong.json
        == {
            "title": "Unauthorized",
            "type": "about:blank",
            "status": 401,
            "detail": "Unauthorized",
        }
    )
    assert (none.status, by_user) == (401, [200, 200, 200, 403])
    assert (enrolled.status, enrolled.json["reason"]) == (403, "client-not-enrolled")


def signed(
    network: Network, target: str, *, secret: str = "user-token-secret", stamp: int | None = None
) -> str:
    """An Authorization header by oauthlib, for that address at X, with a nonce that is always the same."""
    keys = UserKeys(network.own.id)
    stamp = int(network.clock.now().timestamp()) if stamp is None else stamp
    pen = oauth1.Client(
        keys.consumer_key, keys.consumer_secret, keys.token, secret, timestamp=str(stamp), nonce="once"
    )
    _, headers, _ = pen.sign(f"https://api.x.com{target}", http_method="GET")
    return str(headers["Authorization"])


async def test_a_signature_is_good_once_for_its_request_and_its_time() -> None:
    """Another secret, another address, an old stamp, or the same nonce again: 401."""
    network, _ = empty_network()
    now_s = int(network.clock.now().timestamp())
    target = f"/2/users/{network.own.id}/mentions?max_results=5&post.fields=created_at%2Clang"
    async with serve(network) as served:
        answers = [
            await get_raw(served, target, {"Host": "api.x.com", "Authorization": header})
            for header in (
                signed(network, target, secret="another"),
                signed(network, f"{target}&until_id=5"),
                signed(network, target, stamp=now_s - 301),
                "OAuth nonsense",
                signed(network, target),
                signed(network, target),
                signed(network, target, stamp=now_s - 299),
            )
        ]

    assert [answer.status for answer in answers] == [401, 401, 401, 401, 200, 401, 200]


# ------------------------------------------------------------------------------------------------ limits, money


async def test_the_rate_is_told_and_kept() -> None:
    """450 searches of an app in fifteen minutes; the window begins with its first request."""
    network, clock = empty_network()
    async with serve(network) as served:
        served.site.limits.per_app["search"] = 2
        answers = [await get(served, SEARCH, query="#yyc") for _ in range(3)]
        clock.walk(minutes=15)
        later = await get(served, SEARCH, query="#yyc")

    reset = str(int(datetime(2026, 1, 5, 12, 15, tzinfo=UTC).timestamp()))
    told = [
        (
            answer.status,
            answer.headers["x-rate-limit-limit"],
            answer.headers["x-rate-limit-remaining"],
            answer.headers["x-rate-limit-reset"],
        )
        for answer in answers
    ]
    assert told == [(200, "2", "1", reset), (200, "2", "0", reset), (429, "2", "0", reset)]
    assert answers[2].json == {
        "title": "Too Many Requests",
        "detail": "Too Many Requests",
        "type": "about:blank",
        "status": 429,
    }
    assert (later.status, served.site.limits.refused) == (200, 1)
    assert (Limits().per_app["search"], Limits().per_user["search"], Limits().per_app["counts"]) == (
        450,
        300,
        300,
    )


@pytest.mark.parametrize(
    ("shape", "kind", "body"),
    [
        (
            "legacy",
            "application/json; charset=utf-8",
            b'{"errors":[{"code":88,"message":"Rate limit exceeded"}]}',
        ),
        ("text", "text/plain", b"Rate limit exceeded"),
    ],
)
async def test_older_shapes_of_a_429(shape: Any, kind: str, body: bytes) -> None:
    """A list with a code, or no JSON at all."""
    network, _ = empty_network()
    async with serve(network) as served:
        served.site.limits.per_app["search"] = 0
        served.site.manners.too_many = shape
        found = await get(served, SEARCH, query="#yyc")

    assert (found.status, found.headers["content-type"], found.body) == (429, kind, body)


async def test_every_post_is_paid_once_a_day() -> None:
    """Half a cent a post and a count; again after midnight UTC; errors and empty answers are free."""
    network, clock = empty_network()
    async with serve(network) as served:
        said = burst(network, clock, 10)
        day = clock.now().date()
        await get(served, SEARCH, query="#yyc")
        await get(served, SEARCH, query="#yyc")
        await get(served, LOOKUP, ids=[*said, "1"])
        await get(served, COUNTS, query="#yyc")
        first = served.site.bill.on(day)
        clock.walk(hours=12)
        await get(served, SEARCH, query="#yyc")
        usage = await get(served, USAGE, usage_fields="daily_project_usage", days=2)

    bill = served.site.bill
    assert (first, bill.on(day + timedelta(days=1)), bill.total) == (
        Decimal("0.055"),
        Decimal("0.050"),
        Decimal("0.105"),
    )
    assert usage.json["data"] == {
        "cap_reset_day": 1,
        "project_cap": "3000000",
        "project_id": "1900000000000000002",
        "project_usage": "20",
        "daily_project_usage": {
            "project_id": "1900000000000000002",
            "usage": [
                {"date": "2026-01-06T00:00:00.000Z", "usage": "10"},
                {"date": "2026-01-05T00:00:00.000Z", "usage": "10"},
            ],
        },
    }


async def test_whoever_asks_for_people_pays_for_them() -> None:
    """A cent for each account in the answer."""
    network, clock = empty_network()
    async with serve(network) as served:
        burst(network, clock, 3)
        await get(served, SEARCH, query="#yyc", expansions="author_id")

    assert served.site.bill.total == Decimal("0.025")


@pytest.mark.parametrize(
    ("shape", "title", "type_"),
    [
        ("title", "CreditsDepleted", "https://api.twitter.com/2/problems/credits"),
        ("status", "Payment Required", "https://api.twitter.com/2/problems/credits-depleted"),
    ],
)
async def test_without_credit_nothing_is_served(shape: Any, title: str, type_: str) -> None:
    """402 in either body, with plenty of rate left; usage can still be asked; more credit mends it."""
    network, clock = empty_network()
    async with serve(network) as served:
        burst(network, clock, 3)
        served.site.bill.credit = Decimal("0.01")
        served.site.manners.broke = shape
        served.site.manners.host = "https://api.twitter.com"
        last = await get(served, SEARCH, query="#yyc")
        broke = await get(served, SEARCH, query="#yyc")
        usage = await get(served, USAGE)
        served.site.bill.credit = Decimal(1)
        mended = await get(served, SEARCH, query="#yyc")

    assert (last.status, usage.status, mended.status) == (200, 200, 200)
    assert (broke.status, broke.json["title"], broke.json["type"]) == (402, title, type_)
    assert broke.headers["x-rate-limit-remaining"] == "448"


async def test_a_spent_cap_is_a_429_with_rate_left() -> None:
    """Only its type tells it from a rate limit; the next month is a new one."""
    network, clock = empty_network()
    async with serve(network) as served:
        burst(network, clock, 3)
        served.site.bill.cap = 3
        await get(served, SEARCH, query="#yyc")
        capped = await get(served, SEARCH, query="#yyc")
        clock.walk(days=27)
        later = await get(served, SEARCH, query="#yyc")

    assert (capped.status, later.status) == (429, 200)
    assert capped.json["type"] == "https://api.x.com/2/problems/usage-capped"
    assert capped.headers["x-rate-limit-remaining"] == "448"


async def test_credits_are_an_empty_404() -> None:
    """Documented, and not there; so is whatever else is asked."""
    network, _ = empty_network()
    async with serve(network) as served:
        found = [
            await get(served, path) for path in ("/2/usage/credits", "/2/users/me", "/1.1/search/tweets.json")
        ]

    assert [(answer.status, answer.body) for answer in found] == [(404, b"")] * 3


# ----------------------------------------------------------------------------------------------------- troubles


@pytest.mark.parametrize(
    ("manner", "status", "kind"),
    [
        ("500", 500, "text/html; charset=utf-8"),
        ("503", 503, "text/html; charset=utf-8"),
        ("503-json", 503, "application/problem+json"),
        ("html", 200, "text/html; charset=utf-8"),
        ("429", 429, "application/problem+json"),
    ],
)
async def test_troubles_that_are_answers(manner: Manner, status: int, kind: str) -> None:
    """For as long as they were told to last, on the route they were told for."""
    network, clock = empty_network()
    async with serve(network) as served:
        served.site.disturb(manner, 60, route="search")
        bad = await get(served, SEARCH, query="#yyc")
        other = await get(served, COUNTS, query="#yyc")
        clock.walk(seconds=60)
        good = await get(served, SEARCH, query="#yyc")

    assert (bad.status, bad.headers["content-type"]) == (status, kind)
    assert (other.status, good.status) == (200, 200)
    assert [row.disturbance for row in network.ledger.requests] == [manner, "", ""]


@pytest.mark.parametrize(
    ("manner", "error"),
    [("cut", IncompleteRead), ("reset", ConnectionResetError), ("garbage", BadStatusLine)],
)
async def test_troubles_that_are_no_answers(manner: Manner, error: type[Exception]) -> None:
    """What was not shown whole was not shown."""
    network, clock = empty_network()
    async with serve(network) as served:
        (post,) = burst(network, clock, 1)
        served.site.disturb(manner, 60)
        with pytest.raises((error, RemoteDisconnected)):
            await get(served, SEARCH, query="#yyc")

    assert network.ledger.posts[post].shown == 0


async def test_a_slow_answer_drips_and_is_whole() -> None:
    """In pieces of 256 bytes, half a second apart."""
    network = Network(ScaledClock(500.0), hashtags=("#yyc",))
    network.post(network.account(), "Ice #yyc " * 30)
    await network.clock.sleep(60)
    async with serve(network) as served:
        served.site.disturb("slow", 3600)
        began_s = network.clock.monotonic()
        found = await get(served, SEARCH, query="#yyc", tweet_fields="note_tweet,entities")
        took_s = network.clock.monotonic() - began_s

    assert (found.status, len(found.ids)) == (200, 1)
    assert took_s >= 0.5 * (len(found.body) // 256)


async def test_a_silent_server_lets_the_client_wait() -> None:
    """The connection stays open, and nothing comes."""
    network, _ = empty_network()
    async with serve(network) as served:
        served.site.disturb("silent", 60)
        with pytest.raises(TimeoutError):
            await get(served, SEARCH, query="#yyc", timeout_s=0.1)

    assert [(row.status, row.disturbance) for row in network.ledger.requests] == [(0, "silent")]


# --------------------------------------------------------------------------------------------------------- life


def a_day(seed: int) -> Network:
    """Thirty hours of a city, over."""
    clock = Walker()
    network = city(clock, seed=seed, hashtags=("#yyc",), start_at=clock.now())
    clock.walk(hours=32)
    network.turn()
    return network


def test_equal_seeds_make_equal_days() -> None:
    """To the letter; another seed makes another day."""
    one, two, other = (
        [(post.id, [version.raw for version in post.versions]) for post in a_day(seed).posts.values()]
        for seed in (3, 3, 4)
    )

    assert one == two
    assert one != other


def test_a_day_has_everything() -> None:
    """Every kind of post and of end is in it, in three languages."""
    network = a_day(3)
    posts = list({post.id: post for post in network.posts.values()}.values())

    assert {post.lang for post in posts} == {"en", "fr", "es", "und"}
    counted = {
        "reply": sum(post.reply_to is not None for post in posts),
        "quote": sum(post.quote_of is not None for post in posts),
        "repost": sum(post.repost_of is not None for post in posts),
        "edited": sum(len(post.versions) > 1 for post in posts),
        "deleted": sum(post.deleted_at is not None for post in posts),
        "withheld": sum(bool(post.withheld) for post in posts),
        "hidden": sum(post.author.protected for post in posts),
        "suspended": sum(post.author.suspended for post in posts),
        "called": sum("@cityofexample" in post.latest.raw for post in posts),
        "long": sum(len(post.latest.raw) > 280 for post in posts),
        "escaped": sum("&" in post.latest.raw for post in posts),
    }
    assert [name for name, number in counted.items() if number < 2] == []


async def test_the_ledger_knows_what_was_shown() -> None:
    """What was asked for is shown once per answer; what is ours and was shown must have gone somewhere."""
    network, clock = empty_network()
    anna = network.account()
    ours, theirs = network.post(anna, "Ice #yyc"), network.post(anna, "Ice")
    clock.walk(seconds=60)
    unseen = network.post(anna, "@cityofexample are you there?")
    async with serve(network) as served:
        await get(served, SEARCH, query="ice")
    book = network.ledger

    assert {key: (row.link, row.expected, row.shown) for key, row in book.posts.items()} == {
        ours.id: (f"/i/web/status/{ours.id}", "queued", 1),
        theirs.id: (f"/i/web/status/{theirs.id}", "not_ours", 1),
        unseen.id: (f"/i/web/status/{unseen.id}", "queued", 0),
    }
    assert tally(book.partition([f"/i/web/status/{ours.id}"]).values()) == {
        "queued": 1,
        "not_ours": 1,
        "never_shown": 1,
    }


@pytest.mark.parametrize("keep", ["counts", "links", "text"])
async def test_its_configuration_is_one_that_the_daemon_takes(keep: Any, tmp_path: Path) -> None:
    """One source for what is searched, one for what mentions the city, with its credentials and what X's terms ask for."""
    network, clock = empty_network()
    async with serve(network) as served:
        file = tmp_path / "listener.toml"
        secrets = write_secrets(served, tmp_path)
        file.write_text(
            configuration(
                served, tmp_path / "data", secrets=secrets, listens=("search", "mentions"), keep=keep
            ),
            "utf-8",
        )
        settings = load(file, environ={}, now=clock.now())
        address = served.address

    read = [(source.name, source.keep, source.config) for source in settings.sources]
    assert read == [
        (
            "x-search",
            keep,
            XConfig.model_validate({"endpoint": address, "token": "app-token"}),
        ),
        (
            "x-mentions",
            keep,
            XConfig.model_validate(
                {
                    "endpoint": address,
                    "listen": "mentions",
                    "own_user_id": network.own.id,
                    "consumer_key": "consumer-key",
                    "consumer_secret": "consumer-secret",
                    "access_token": "user-token",
                    "access_token_secret": "user-token-secret",
                }
            ),
        ),
    ]
    assert {each.stat().st_mode & 0o777 for each in secrets.values()} == {0o600}


def test_nothing_of_it_prints_content() -> None:
    """Neither a word nor a name nor a key."""
    network, _ = empty_network()
    anna = network.account()
    post = network.post(anna, "Secret words")
    served = site_of(network)
    printed = " ".join(
        map(repr, (network, anna, post, post.latest, UserKeys("1"), served.site.keys, served.site))
    )

    assert not any(word in printed for word in ("Secret", anna.username, anna.person.name, "token", "secret"))


def test_its_vocabularies_differ_where_x_differs() -> None:
    """Every name but the ids' and users' is another one."""
    assert [
        (getattr(OLD, name), getattr(NEW, name))
        for name in ("parameter", "history", "note", "references", "count")
    ] == [
        ("tweet.fields", "post.fields"),
        ("edit_history_tweet_ids", "edit_history_post_ids"),
        ("note_tweet", "note_post"),
        ("referenced_tweets", "referenced_posts"),
        ("tweet_count", "post_count"),
    ]
