"""
The canary before the simulated Bluesky: who posts, who is mentioned, who hides and what nobody asked for is in no file, no
log line and no event of the daemon as it ships.
"""

from __future__ import annotations

import json

import pytest

from adapters.bluesky.simulated_network import NO_UNAUTHENTICATED
from listener.testing.canary import Canary
from tests.adapters.bluesky.bluesky_rig import town

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
