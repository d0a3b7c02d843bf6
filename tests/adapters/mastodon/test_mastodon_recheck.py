"""What became of a post: gone only where it is certain. Section numbers: platforms.md."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.mastodon import SPEC
from adapters.mastodon.client import MastodonSource
from listener.adapter import Ask, Rechecker, Verdict
from listener.errors import AccessDenied, DocumentRefused, RateLimited, SourceError, SourceUnavailable
from listener.testing.canned import CannedReader
from tests.adapters.mastodon.statuses import MASTODON, Clock, Watching, World, config, reply, status

pytestmark = pytest.mark.anyio

OLD = {**MASTODON, "version": "4.2.9"}
ASKS = [Ask("1"), Ask("2"), Ask("3")]


def built(world: World, **settings: Any) -> tuple[CannedReader, Rechecker]:
    settings = {"hashtags": ["rivertown"], **settings}
    reader = CannedReader(world, reaches=SPEC.reaches(config(**settings)))
    source = MastodonSource(config(**settings), reader, Clock(), Watching())
    return reader, source


def asked(reader: CannedReader) -> list[str]:
    return [urlsplit(each.address).path.removeprefix("/api") for each in reader.asked]


async def states(world: World, **settings: Any) -> dict[str, str]:
    _, source = built(world, **settings)
    return {ask: verdict.state for ask, verdict in (await source.recheck(ASKS)).items()}


async def test_s2_3_what_an_answer_leaves_out_is_asked_for_by_itself() -> None:
    """Missing ids are left out without a word; each is gone only when its own address says 404."""
    world = World(said=[status("1"), status("3")])
    reader, source = built(world)
    verdicts = await source.recheck(ASKS)

    assert {ask: verdict.state for ask, verdict in verdicts.items()} == {
        "1": "changed",
        "2": "gone",
        "3": "changed",
    }
    assert [post.ask for verdict in verdicts.values() if (post := verdict.post)] == ["1", "3"]
    assert asked(reader) == ["/v2/instance", "/v1/statuses", "/v1/statuses/2"]
    assert parse_qs(urlsplit(reader.asked[1].address).query) == {"id[]": ["1", "2", "3"]}


async def test_s2_3_an_answer_that_leaves_out_everything_erases_nothing() -> None:
    """A feature switched off answers like three removals; the posts are there when asked for one by one."""
    world = World(said=[status("1"), status("2"), status("3")], faults={r"statuses\?id": reply([])})

    assert await states(world) == {"1": "changed", "2": "changed", "3": "changed"}


@pytest.mark.parametrize(
    "fault",
    [SourceUnavailable("422", status=422), reply({"error": "x"}), reply({"error": "x"}, status=404)],
    ids=["422", "no list", "404"],
)
async def test_an_instance_that_takes_no_such_question_is_asked_for_each(fault: Any) -> None:
    """It may take fewer ids than we ask for, or none."""
    world = World(said=[status("1"), status("2")], faults={r"statuses\?id": fault})

    assert await states(world) == {"1": "changed", "2": "changed", "3": "gone"}


async def test_older_versions_are_asked_for_each() -> None:
    """Many at once are answered since 4.3, by Mastodon alone."""
    for instance in (OLD, {"version": "2.7.2 (compatible; Akkoma 3.17)"}):
        reader, source = built(World(instance=instance, said=[status("1")]))
        await source.recheck(ASKS)

        assert asked(reader)[1:4] == ["/v1/statuses/1", "/v1/statuses/2", "/v1/statuses/3"]


async def test_a_server_that_knows_nothing_at_all_is_not_believed() -> None:
    """A proxy that lost its backend says 404 to everything; then the instance does not answer as one either."""
    lost = reply({"error": "no route"}, status=404)
    world = World(faults={"/statuses": lost})
    _, source = built(world)

    assert (await source.recheck(ASKS))[Ask("1")] == Verdict("gone")
    world.faults["/instance"] = lost
    with pytest.raises(DocumentRefused):
        await source.recheck(ASKS)


@pytest.mark.parametrize(
    "error", [AccessDenied("401"), RateLimited("429", wait_s=60.0), SourceUnavailable("503", status=503)]
)
async def test_s2_2_a_refusal_is_no_removal(error: SourceError) -> None:
    """An instance that asks for a token today says nothing about a post of yesterday."""
    for pattern in ("/statuses", "/statuses/2"):
        with pytest.raises(type(error)):
            await states(World(said=[status("1")], faults={pattern: error}))


async def test_what_is_not_public_any_more_is_left_to_the_gate() -> None:
    """The post comes back without a word and says what it is; a changed consent comes back with it, too."""
    hidden = status("1", visibility="private")
    objecting = status("2", account={**status("2")["account"], "noindex": True})
    _, source = built(World(said=[hidden, objecting, status("3")]))
    verdicts = await source.recheck(ASKS)
    posts = [verdicts[ask].post for ask in ASKS]

    assert [(post.text != "", post.consent.public, set(post.consent.flags)) for post in posts if post] == [
        (False, False, set()),
        (True, True, {"noindex"}),
        (True, True, set()),
    ]


async def test_a_post_whose_words_were_taken_out_is_withheld() -> None:
    """It is there, and has nothing for us any more."""
    assert (await states(World(said=[status("1", content="")])))["1"] == "withheld"


@pytest.mark.parametrize("body", [{"error": "Brook Secret"}, ["Brook Secret"], status("77")])
async def test_what_says_nothing_about_the_post_is_no_verdict(body: Any) -> None:
    """Something else than the post, or another one, leaves it as it is until it is asked for again."""
    world = World(said=[status("1")], faults={"/statuses/2": reply(body)})

    assert await states(world) == {"1": "changed", "3": "gone"}


async def test_a_mention_stays_said_to_us() -> None:
    """A source of mentions asks as it listens: the post it gets back is addressed, as it was."""
    _, source = built(
        World(said=[status("1"), status("2")]), listen="mentions", token="t0ken-t0ken", hashtags=[]
    )
    verdict = (await source.recheck(ASKS))[Ask("1")]

    assert verdict.post is not None
    assert verdict.post.addressed


async def test_an_ask_is_sent_as_a_name_and_nothing_else() -> None:
    """Whatever was stored stays one segment of a path, one value of a query."""
    strange = Ask("../accounts/1?x=1&y#z")
    reader, source = built(World(instance=OLD))
    await source.recheck([strange])

    assert urlsplit(reader.asked[1].address).path == "/api/v1/statuses/..%2Faccounts%2F1%3Fx%3D1%26y%23z"
    assert json.dumps(asked(reader)).count("accounts/1") == 0
