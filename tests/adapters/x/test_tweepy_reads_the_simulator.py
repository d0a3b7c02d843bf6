"""
tweepy, which shares nothing with us, reads the simulator without an error, by the app's token and by a user's signature.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import pytest
import requests
import tweepy  # type: ignore[import-untyped]  # ships no types
from requests.adapters import HTTPAdapter

from adapters.x.simulated_network import Network
from adapters.x.simulator import Served, UserKeys, serve
from listener.simulation.clock import ScaledClock
from tests.adapters.x.net import empty_network

T = TypeVar("T")

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The server kit is asyncio's."""
    return "asyncio"


class ToLoopback(HTTPAdapter):
    """Takes whatever is sent to X to the simulator; the Host header stays, for the signature is of it."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address

    def send(self, request: requests.PreparedRequest, *args: Any, **named: Any) -> requests.Response:
        """Signed already."""
        assert request.url is not None
        request.headers["Host"] = "api.twitter.com"
        request.url = request.url.replace("https://api.twitter.com", self.address, 1)
        return super().send(request, *args, **named)


def client(served: Served, *, bearer: str = "app-token", secret: str = "user-token-secret") -> Any:
    """Their client, with the app's token and the keys of the city's account."""
    keys = UserKeys(served.world.own.id)
    theirs = tweepy.Client(bearer, keys.consumer_key, keys.consumer_secret, keys.token, secret)
    theirs.session.mount("https://api.twitter.com", ToLoopback(served.address))
    return theirs


async def asked(ask: Callable[[], T]) -> T:
    """Their client blocks; the simulator shares our loop."""
    return await asyncio.to_thread(ask)


def wall_clock_network() -> Network:
    """tweepy signs with the system's time, so the network lives in it, too."""
    return Network(ScaledClock(1.0), hashtags=("#yyc",))


async def test_it_pages_through_a_search() -> None:
    """Every page by its token, newest first, to the end."""
    network, clock = empty_network()
    anna = network.account()
    said = []
    for number in range(25):
        clock.walk(seconds=1)
        said.append(network.post(anna, f"Number {number} #yyc").id)
    clock.walk(seconds=60)
    async with serve(network) as served:
        theirs = client(served)
        pages = await asked(
            lambda: list(tweepy.Paginator(theirs.search_recent_tweets, "#yyc", max_results=10))
        )

    assert [[str(each.id) for each in page.data] for page in pages] == [
        said[:14:-1],
        said[14:4:-1],
        said[4::-1],
    ]
    assert [page.meta["result_count"] for page in pages] == [10, 10, 5]


async def test_it_reads_every_part_of_a_post() -> None:
    """Fields, the whole of a long post, and who wrote it, which is served because it was asked for."""
    network, clock = empty_network()
    anna = network.account()
    first = network.post(anna, "What is quoted #yyc")
    long = f"@{network.city} {'Ice on the corner. ' * 20}https://news.example/story #yyc"
    post = network.post(anna, long, quote_of=first, reply_to=first, sensitive=True, withheld=("DE",), likes=3)
    clock.walk(seconds=60)
    async with serve(network) as served:
        found = await asked(
            lambda: client(served).get_tweets(
                [post.id, "1"],
                tweet_fields=[
                    "created_at",
                    "entities",
                    "note_tweet",
                    "public_metrics",
                    "referenced_tweets",
                    "withheld",
                ],
                expansions=["author_id", "referenced_tweets.id"],
            )
        )

    tweet = found.data[0]
    assert (str(tweet.id), str(tweet.author_id), tweet.created_at) == (post.id, anna.id, post.latest.at)
    assert tweet.note_tweet["text"].startswith(f"@{network.city} Ice on the corner.")
    assert [(each.type, str(each.id)) for each in tweet.referenced_tweets] == [
        ("quoted", first.id),
        ("replied_to", first.id),
    ]
    assert [user.username for user in found.includes["users"]] == [anna.username]
    assert [str(each.id) for each in found.includes["tweets"]] == [first.id]
    assert [(error["resource_id"], error["title"]) for error in found.errors] == [("1", "Not Found Error")]


async def test_it_counts() -> None:
    """By the hour, with the app's token."""
    network, clock = empty_network()
    network.post(network.account(), "One #yyc")
    clock.walk(seconds=60)
    async with serve(network) as served:
        found = await asked(lambda: client(served).get_recent_tweets_count("#yyc"))

    assert (found.meta["total_tweet_count"], found.data[-1]["tweet_count"], len(found.data)) == (1, 1, 169)


async def test_its_signature_is_good_for_owned_reads() -> None:
    """What mentions the city costs its account a tenth of a cent, and anybody else half a cent."""
    network = wall_clock_network()
    anna = network.account()
    post = network.post(anna, f"@{network.city} is anybody there?")
    async with serve(network) as served:
        theirs = client(served)
        found = await asked(lambda: theirs.get_users_mentions(network.own.id, user_auth=True))
        owned = served.site.bill.total
        await asked(lambda: theirs.get_users_mentions(network.own.id))
        served.site.bill.deduplicates = False
        await asked(lambda: theirs.get_users_mentions(network.own.id))

    assert [str(each.id) for each in found.data] == [post.id]
    assert (owned, served.site.bill.total) == (Decimal("0.001"), Decimal("0.006"))


async def test_its_errors_are_known_to_it() -> None:
    """A wrong secret, a wrong token, a wrong query, a signature where none is taken, and too many requests."""
    network = wall_clock_network()
    async with serve(network) as served:
        wrong = client(served, secret="another")
        with pytest.raises(tweepy.Unauthorized):
            await asked(lambda: wrong.get_users_mentions(network.own.id, user_auth=True))
        with pytest.raises(tweepy.Unauthorized):
            await asked(lambda: client(served, bearer="another").search_recent_tweets("#yyc"))
        theirs = client(served)
        with pytest.raises(tweepy.BadRequest, match="invalid operator 'min_faves'"):
            await asked(lambda: theirs.search_recent_tweets("#yyc min_faves:3"))
        with pytest.raises(tweepy.Forbidden, match="User Context is forbidden"):
            await asked(
                lambda: theirs.request(
                    "GET", "/2/tweets/counts/recent", params={"query": "#yyc"}, user_auth=True
                )
            )
        served.site.limits.per_app["search"] = 0
        with pytest.raises(tweepy.TooManyRequests):
            await asked(lambda: theirs.search_recent_tweets("#yyc"))
