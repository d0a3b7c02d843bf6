"""
The Mastodon simulator says nothing that no server says: every JSON path of it stands in a recorded reply or in a
published schema. Runs where LISTENER_CORPUS names a folder of recorded documents; prints how many paths it looked at.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from adapters.mastodon.simulated_fediverse import Fediverse
from adapters.mastodon.simulated_ids import Software
from adapters.mastodon.simulated_posts import Picture, Poll
from adapters.mastodon.simulator import Served, serve
from tests.adapters.mastodon.fediverse import ONE, PAGE, TWO, Listener, get
from tests.adapters.mastodon.schema import DOCUMENTED, GOTOSOCIAL, PLEROMA, paths, recorded
from tests.corpus.recorded import NEEDS_CORPUS
from tests.fakes.plain_client import Walker

pytestmark = [NEEDS_CORPUS, pytest.mark.anyio]

ALSO: dict[Software, set[str]] = {
    "mastodon": set(),
    "gotosocial": GOTOSOCIAL,
    "akkoma": PLEROMA,
    "pleroma": PLEROMA,
}


@pytest.fixture
def anyio_backend() -> str:
    """The server kit is asyncio's."""
    return "asyncio"


def everything(software: Software) -> Fediverse:
    """Posts that carry whatever a post can carry, and accounts in every standing."""
    clock = Walker()
    world = Fediverse(clock, hashtags=("#yyc",))
    world.instance(ONE, software)
    world.instance(TWO)
    anna = world.account(ONE, fields=(("Web", "https://a.example"),), memorial=True)
    boris = world.account(TWO, bot=True, note="#nobot")
    world.token(ONE, anna)
    first = world.post(boris, "First #yyc")
    second = world.post(anna, "Quotes #yyc", quote_of=first)
    full = world.post(
        boris,
        f"@{anna.username}@{ONE} All of it https://news.example/story #yyc",
        reply_to=first,
        quote_of=second,
        mentions=(anna,),
        spoiler_text="careful",
        media=(Picture("a street"), Picture(None)),
        poll=Poll((("yes", 1), ("no", 2)), clock.now()),
        link="https://news.example/story",
    )
    world.edit(full)
    gone = world.post(boris, "Gone #yyc")
    world.post(anna, "Quotes what is gone #yyc", quote_of=gone)
    world.delete(gone)
    world.boost(anna, full)
    limited = world.account(TWO, limited=True)
    world.post(limited, "Limited #yyc", mentions=(anna,))
    here = world.instances[ONE]
    copy = here.copy_of(second)
    here.notify("favourite", anna, by=boris, at=clock.now(), copy=copy)
    if software in ("akkoma", "pleroma"):
        here.notify("pleroma:emoji_reaction", anna, by=boris, at=clock.now(), copy=copy, emoji="☕")
    return world


async def documents(served: Served) -> list[Any]:
    """Whatever the simulator answers, one of each."""
    ids = list(served.world.instances[ONE].copies)
    asked = [
        PAGE,
        *(f"/api/v1/statuses/{each}" for each in ids),
        "/api/v1/notifications",
        "/api/v1/instance",
        "/api/v2/instance",
        "/api/v1/accounts/verify_credentials",
        "/api/v1/apps/verify_credentials",
        "/api/v1/statuses/1",
    ]
    return [(await get(served, path, token=token)).json for path in asked for token in (None, "user-token")]


@pytest.mark.parametrize("software", ["mastodon", "gotosocial", "akkoma", "pleroma"])
async def test_no_path_that_no_server_has(software: Software) -> None:
    """Entity by entity; what only one software shows is held to that software's own schema."""
    known = recorded(Path(os.environ["LISTENER_CORPUS"]) / "mastodon")
    async with serve(everything(software)) as served:
        found = {path for document in await documents(served) for path in paths(document)}
        if software == "mastodon":
            stream = await Listener.open(served)
            await stream.piece()
            served.world.post(served.world.accounts[1], "Streamed #yyc")
            found |= set(paths(json.loads((await stream.piece()).partition("data: ")[2])))
            await stream.close()
    schema = DOCUMENTED | ALSO[software]

    print(
        f"\n{software}: {len(found)} paths; {len(found & known)} recorded, "
        f"{len(found - known & schema)} by schema only; {len(known)} known from records"
    )
    assert len(known) > 500
    assert {"Status.tags[].name", "Account.acct", "Notification.status", "InstanceV2.version"} <= found
    assert sorted(found - known - schema) == []
