"""
The canary before the simulated Bluesky: who posts, who is mentioned, who hides and what nobody asked for is in no file, no
log line and no event of the daemon as it ships.
"""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from adapters.bluesky.simulated_network import NO_UNAUTHENTICATED
from adapters.bluesky.simulator import APPVIEW, PDS, Trouble
from listener.testing.canary import Canary
from tests.adapters.bluesky.bluesky_rig import PASSWORD, Town, town
from tests.pipeline.planted_bluesky import Planted

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]


async def test_nobody_is_left_anywhere() -> None:
    """Handles, DIDs, a name in the place of a mention, words of those who hide, words without a watched term: nowhere."""
    canary = Canary(29)
    async with town() as here:
        author = here.network.join(handle=f"{canary.trace('handle of the author')}.bsky.example")
        named = here.network.join(handle=f"{canary.trace('handle of who is mentioned')}.bsky.example")
        shy = here.network.join(
            handle=f"{canary.trace('handle of who hides')}.bsky.example", labels=(NO_UNAUTHENTICATED,)
        )
        shown = canary.trace("name in the place of a mention").title()
        mention = {
            "index": {"byteStart": 7, "byteEnd": 7 + len(shown)},
            "features": [{"$type": "app.bsky.richtext.facet#mention", "did": named.did}],
        }
        said = canary.word("words of the post")
        await here.say(f"Thanks {shown}, {said} @{named.handle}", author=author.did, facets=[mention])
        await here.say(canary.trace("words of who hides"), author=shy.did)
        here.network.post(author.did, canary.trace("words nobody asked for"))
        gone = await here.say(canary.trace("words that were deleted"), author=author.did)
        here.network.delete(gone)
        await here.house.pass_s(600)
        held = [event["data"]["text"] for event in await here.posts()]
        wire = json.dumps([record.value for record in here.network.records.values()]).encode()
        handles = json.dumps([each.handle for each in here.network.accounts.values()]).encode()
        log = here.house.out.getvalue().encode()
        await here.house.stop()
        files = {
            str(path.name): path.read_bytes()
            for path in (here.house.folder / "data").rglob("*")
            if path.is_file()
        }

        deleted = "words that were deleted"
        assert set(canary.missing({"wire": wire, "handles": handles})) <= {deleted}
        assert [text for text in held if said in text]
        assert [str(found) for found in canary.search(files, events=True)] == []
        assert [str(found) for found in canary.search({"log": log})] == []
        for did in (author.did, named.did, shy.did):
            assert not any(
                did.encode() in held or did[8:].encode() in held for held in (*files.values(), log)
            )


HOUR = 3600


def trouble(here: Town, host: str, manner: str, minutes: int) -> None:
    """A host answers with errors that talk, from now on."""
    now = here.house.clock.now()
    here.served.troubles.append(Trouble(host, manner, now, now + timedelta(minutes=minutes)))  # type: ignore[arg-type]


async def test_nobody_is_left_by_a_session_a_search_or_a_question() -> None:
    """
    What was missed is searched with an account, what is held is asked about again, both through errors: password, tokens,
    and everybody whom views and refusals name are nowhere.
    """
    canary = Canary(31)
    async with town(search=True) as here:
        here.served.noise = canary.noise("bluesky ")
        for host in here.served.jetstreams.values():
            host.ping_s = 90.0  # a day has many
        planted = Planted(canary, here.network)
        canary.known("app password", PASSWORD)
        await here.say("heard before")
        await here.house.stop()
        planted.talk("missed")
        planted.others()
        trouble(here, PDS, "429", 10)
        for _ in range(3):
            await here.house.pass_s(14 * HOUR)
            await here.say("meanwhile")
        trouble(here, APPVIEW, "500", 5)
        trouble(here, PDS, "503", 5)
        await here.house.start()
        for _ in range(4):
            await here.say("now")
            await here.house.pass_s(600)
        searched = [event["data"]["text"] for event in await here.posts()]
        here.served.pds.revoke()
        trouble(here, APPVIEW, "502", 60)
        await here.house.pass_s(25 * HOUR)
        for number, token in enumerate(here.served.pds.issued):
            canary.known(f"session token {number}", token)
        log, views = here.house.out.getvalue(), json.dumps(await here.house.views())
        events = await here.house.get("/v1/events?after=start&limit=1000")
        metrics = await here.house.get("/metrics")
        lying = canary.search_folder(here.house.folder / "data", events=True)
        await here.house.stop()
        stopped = canary.search_folder(here.house.folder / "data", events=True)

    assert [word for word in planted.wanted("missed") if not any(word in text for text in searched)] == []
    assert here.served.pds.logins >= 1
    assert any(line["verdicts"].get("changed") for line in here.house.log("recheck.answered"))
    assert [str(found) for found in (*lying, *stopped, *canary.search({"events": events}, events=True))] == []
    rest = {"log": log.encode(), "sources": views.encode(), "metrics": metrics}
    assert [str(found) for found in canary.search(rest)] == []
