"""
Posts that are held, asked about again; and what is searched for after a gap.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from adapters.bluesky import SPEC
from adapters.bluesky.config import BlueskyConfig
from adapters.bluesky.jetstream import BlueskySource
from adapters.bluesky.normalise import UPDATED
from adapters.bluesky.search import PAGES_MAX, Search
from listener.adapter import Ask, Reply, Terms, Verdict
from listener.errors import AccessDenied, SourceError, SourceUnavailable
from listener.events import Consent, Post
from listener.testing.canned import Asked, CannedReader, EverythingInteresting
from listener.testing.streamer_contract import SteppedClock
from tests.adapters.bluesky.frames import CITY, answer, appview, asked_uris, record, uri, view

pytestmark = pytest.mark.anyio

SINCE, UNTIL = datetime(2026, 11, 22, 8, tzinfo=UTC), datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def source(reader: CannedReader, **config: Any) -> BlueskySource:
    return BlueskySource(BlueskyConfig(**config), reader, SteppedClock(), EverythingInteresting())


async def test_what_is_absent_is_gone() -> None:
    """Deleted, taken down, or its account is: the AppView shows it to nobody, and so is the end of an account noticed."""
    reader = CannedReader([answer({"posts": [view(uri(1))]})])
    verdicts = await source(reader).recheck([Ask(uri(1)), Ask(uri(2))])

    assert {ask: verdict.state for ask, verdict in verdicts.items()} == {uri(1): "changed", uri(2): "gone"}
    assert asked_uris(reader.asked[0]) == [uri(1), uri(2)]


async def test_what_is_there_comes_as_it_is_now() -> None:
    """The whole post, with its author's wishes, for the gate to judge anew."""
    reader = CannedReader([answer({"posts": [view(uri(1), said=record("New words"))]})])
    verdict = (await source(reader).recheck([Ask(uri(1))]))[Ask(uri(1))]

    assert verdict.post is not None
    assert (verdict.post.text, verdict.post.ask, verdict.post.consent) == ("New words", uri(1), Consent())


@pytest.mark.parametrize("label", ["!no-unauthenticated", "!hide"])
async def test_a_label_withholds_what_is_held(label: str) -> None:
    """An author who hides from strangers today takes away what was read yesterday."""
    reader = CannedReader([answer({"posts": [view(uri(1), labels=(label,))]})])

    assert await source(reader).recheck([Ask(uri(1))]) == {uri(1): Verdict("withheld")}


async def test_a_changed_post_is_asked_whether_it_is_there_and_not_what_it_says() -> None:
    """The AppView goes on showing the first words of a post that was changed: they must not come back."""
    ask = Ask(uri(1) + UPDATED)
    there = CannedReader([answer({"posts": [view(uri(1), said=record("First words"))]})])
    gone = CannedReader([answer({"posts": []})])

    assert await source(there).recheck([ask]) == {ask: Verdict("unchanged")}
    assert await source(gone).recheck([ask]) == {ask: Verdict("gone")}


async def test_what_is_not_known_has_no_verdict() -> None:
    """A view that cannot be read, a name that is none: nothing is said, and nothing erased."""
    odd = view(uri(1))
    odd["author"]["labels"] = 5
    wrong = view(uri(2), said={"text": 5})
    reader = CannedReader([answer({"posts": [odd, wrong]})])

    assert await source(reader).recheck([Ask(uri(1)), Ask(uri(2)), Ask("at://nonsense")]) == {}


async def test_a_refused_name_has_no_verdict() -> None:
    """A 400 for one post says nothing of that post."""
    reader = CannedReader(lambda asked: SourceUnavailable("InvalidRequest", status=400))

    assert await source(reader).recheck([Ask(uri(1))]) == {}


async def test_a_failure_is_raised_where_nothing_was_learned() -> None:
    """Nobody is taken for gone because a server is down; what was learned before it went down counts."""
    error = SourceUnavailable("no answer")
    asks = [Ask(uri(number)) for number in range(30)]

    with pytest.raises(SourceUnavailable):
        await source(CannedReader([error])).recheck(asks)
    half = await source(CannedReader([answer({"posts": []}), error])).recheck(asks)

    assert half == {ask: Verdict("gone") for ask in asks[:25]}


async def test_batches_are_as_large_as_the_spec_says() -> None:
    """25 posts a request, as `getPosts` allows, which is what the clock of re-checks is reckoned by."""
    reader = CannedReader(appview)
    await source(reader).recheck([Ask(uri(number)) for number in range(26)])

    assert SPEC.recheck is not None
    assert [len(asked_uris(asked)) for asked in reader.asked] == [SPEC.recheck.batch, 1]


async def test_own_handles_are_resolved_once() -> None:
    """A handle in the configuration becomes a DID at the start, and is not asked for again."""
    reader = CannedReader(appview)
    city = source(reader, own_accounts=("city.example",))
    posts = [(await city.recheck([Ask(uri(1, CITY))]))[Ask(uri(1, CITY))].post for _ in range(2)]

    assert [post is not None and post.by_us for post in posts] == [True, True]
    assert [urlsplit(asked.address).path.removeprefix("/xrpc/") for asked in reader.asked] == [
        "com.atproto.identity.resolveHandle", "app.bsky.feed.getPosts", "app.bsky.feed.getPosts",
    ]  # fmt: skip


@pytest.mark.parametrize("body", [{}, {"did": "nobody"}, {"did": 5}])
async def test_an_own_handle_that_leads_nowhere_is_told(body: Any) -> None:
    """The operator is told which key to look at, and nothing of what stands there."""
    with pytest.raises(SourceUnavailable, match="own_accounts") as caught:
        await source(CannedReader([answer(body)]), own_accounts=("city.example",)).recheck([Ask(uri(1))])

    assert "city.example" not in str(caught.value)


# --------------------------------------------------------------------------------------------------- searching


class Service:
    """A server with accounts: sessions and a search."""

    def __init__(self, *pages: Any, expires: bool = False) -> None:
        self.pages = list(pages)
        self.expires = expires
        self.valid = "none"
        self.reader = CannedReader(self._search, trades=self._trade)

    def _trade(self, asked: Asked) -> Reply | SourceError:
        self.valid = f"token{len([one for one in self.reader.asked if one.how == 'exchange'])}"
        return answer({"accessJwt": self.valid, "refreshJwt": "again", "did": CITY, "handle": "city.example"})

    def _search(self, asked: Asked) -> Reply | SourceError:
        if asked.headers["authorization"] != f"Bearer {self.valid}":
            return SourceUnavailable("ExpiredToken", status=400)
        page = self.pages.pop(0) if self.pages else {"posts": []}
        return page if isinstance(page, SourceError) else answer(page)

    def search(self) -> Search:
        return Search(
            self.reader,
            SteppedClock(),
            service="https://pds.example",
            identifier="city.example",
            password=SecretStr("abcd-efgh"),
        )

    def asked(self, how: str) -> list[Asked]:
        return [asked for asked in self.reader.asked if asked.how == how]


async def filled(search: Search, **terms: Any) -> list[Post]:
    own = terms.pop("own", frozenset())
    return [
        post async for posts in search.fill(SINCE, UNTIL, terms=Terms(**terms), own=own) for post in posts
    ]


async def test_a_gap_is_searched_by_hashtag_and_own_mention() -> None:
    """Each term by itself within the gap, page after page; with the whole post and its author's wishes."""
    service = Service(
        {"posts": [view(uri(1))], "cursor": "more"},
        {"posts": [view(uri(2), labels=("!no-unauthenticated",))]},
        {"posts": [view(uri(3))]},
    )
    search = service.search()
    posts = await filled(search, hashtags=frozenset({"yyc"}), own=frozenset({CITY}))
    queries = [parse_qs(urlsplit(asked.address).query) for asked in service.asked("read")]
    between = {
        "sort": ["latest"],
        "since": ["2026-11-22T08:00:00.000000Z"],
        "until": ["2026-11-23T09:30:00.000000Z"],
        "limit": ["100"],
    }

    assert [post.native for post in posts] == [uri(1), uri(2), uri(3)]
    assert posts[1].consent.flags == {"no_unauthenticated"}
    assert search.outcome == "gap_filled"
    assert queries == [
        {"q": ["#yyc"], "tag": ["yyc"], **between},
        {"q": ["#yyc"], "tag": ["yyc"], **between, "cursor": ["more"]},
        {"q": ["*"], "mentions": [CITY], **between},
    ]


async def test_a_session_is_traded_at_the_declared_address_only() -> None:
    """One exchange for many searches; the password goes there, the token nowhere else, and neither prints."""
    service = Service({"posts": []})
    search = service.search()
    await filled(search, hashtags=frozenset({"a", "b"}))
    (trade,) = service.asked("exchange")
    config = BlueskyConfig(
        identifier="city.example", app_password=SecretStr("abcd-efgh"), service="https://pds.example"
    )

    assert trade.address in SPEC.exchanges(config)
    assert json.loads(trade.body) == {"identifier": "city.example", "password": "abcd-efgh"}
    assert {asked.headers["authorization"] for asked in service.asked("read")} == {"Bearer token1"}
    assert "abcd" not in repr(search) + repr(config)


async def test_an_expired_session_is_renewed() -> None:
    """A token that ran out is refreshed, and the search goes on where it was."""
    service = Service()
    search = service.search()
    await filled(search, hashtags=frozenset({"a"}))
    service.valid = "changed"
    posts = await filled(search, hashtags=frozenset({"a"}))

    assert posts == []
    assert search.outcome == "gap_filled"
    assert [asked.address.rpartition(".")[2] for asked in service.asked("exchange")] == [
        "createSession",
        "refreshSession",
    ]
    assert service.asked("exchange")[1].headers["authorization"] == "Bearer again"


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ([AccessDenied("403")], "search_denied"),
        ([SourceUnavailable("no answer")], "search_failed"),
        ([SourceUnavailable("ExpiredToken", status=400)], "search_denied"),
        ([Reply(200, {}, b"<html>Forbidden</html>", "https://pds.example/")], "search_failed"),
        ([Reply(404, {}, b"", "https://pds.example/")], "search_failed"),
    ],
)
async def test_a_search_that_is_refused_ends_the_filling_alone(answers: Any, outcome: str) -> None:
    """403, a page of HTML, an error: nothing is raised, and the outcome says so."""
    reader = CannedReader(answers, trades=[answer({"accessJwt": "token"})] * 2)
    search = Search(
        reader,
        SteppedClock(),
        service="https://pds.example",
        identifier="city.example",
        password=SecretStr("x"),
    )

    assert await filled(search, hashtags=frozenset({"a", "b"})) == []
    assert search.outcome == outcome


async def test_a_password_that_is_refused_ends_the_filling_alone() -> None:
    """No session, no search, no error."""
    reader = CannedReader([], trades=[AccessDenied("401")])
    search = Search(
        reader,
        SteppedClock(),
        service="https://pds.example",
        identifier="city.example",
        password=SecretStr("x"),
    )

    assert await filled(search, hashtags=frozenset({"a"})) == []
    assert search.outcome == "search_denied"


async def test_a_search_without_end_is_cut() -> None:
    """So many pages for a term and no more; that there were more is told."""
    service = Service(*({"posts": [view(uri(page))], "cursor": f"c{page}"} for page in range(99)))
    search = service.search()

    assert len(await filled(search, hashtags=frozenset({"a"}))) == PAGES_MAX
    assert search.outcome == "gap_partly_filled"


async def test_a_cursor_that_comes_again_ends_the_search() -> None:
    """A server that gives the same page for ever is asked twice."""
    service = Service(*({"posts": [view(uri(1))], "cursor": "same"} for _ in range(9)))

    assert len(await filled(service.search(), hashtags=frozenset({"a"}))) == 2
