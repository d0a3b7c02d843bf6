"""
D15, D18 to D20: kept for less time, and not at all where somebody chose so. End to end; every signal, moment and network stands
in `tests/pipeline/test_deletion_matrix.py`, every rule in `tests/unit/gate/test_consent.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from listener import settings
from listener.gate.consent import objection_names
from listener.secret_files import key_ring
from listener.testing.rig import Rig, rig
from tests.adapters.mastodon.fediverse import ONE
from tests.pipeline.deletion_scenes import ALONE, DELETED, Mastodon, first_text, old_word
from tests.privacy.networks import metric

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]

DAY_S: Final = 86_400.0
RETENTION_DAYS: Final = 30


def stored(house: Rig) -> bytes:
    return b"".join(file.read_bytes() for file in (house.folder / "data").rglob("*") if file.is_file())


async def texts(house: Rig) -> list[str]:
    return [
        event["data"]["text"] for event in await house.events() if event["type"] == "listener.post.created"
    ]


async def test_d15_a_clock_that_jumps_past_the_retention_ends_every_body(tmp_path: Path) -> None:
    """
    The body is there and its age is told; where the clock has jumped while nothing ran, no consumer is given it, and with
    the next round of expiry it stands in no byte. A watch or a source that shortens it: `tests/unit/settings`.
    """
    scene = Mastodon(tmp_path)
    async with rig(scene.table, hosts=scene.routes, clock=scene.clock) as house:
        await house.pass_s(30)
        scene.say(ALONE)
        await house.pass_s(scene.read_within_s)
        age_s = metric(await house.get("/metrics"), "listener_queue_oldest_body_age_seconds")
        before = await texts(house)
        await house.stop()
        scene.clock._elapsed_s += RETENTION_DAYS * DAY_S
        scene.cut_off(DAY_S)
        await house.start()
        after = await texts(house)
        assert house._daemon is not None
        await house._daemon._upkeep.expire()

        assert 0 < age_s <= scene.read_within_s
        assert (before, after) == ([first_text(ALONE)], [])
        assert old_word(ALONE).encode() not in stored(house)


CHOICES: Final[dict[str, dict[str, Any]]] = {
    "d18: noindex in the profile": {"noindex": True},
    "d18: #nobot in the profile": {"note": "Teacher. #nobot"},
}


@pytest.mark.parametrize("choice", CHOICES)
async def test_d18_what_somebody_chose_is_asked_before_anything_is_stored(
    choice: str, tmp_path: Path
) -> None:
    """Their post reaches no consumer and no byte of any file, and is counted with a reason and no identity; others' do."""
    scene = Mastodon(tmp_path)
    async with rig(scene.table, hosts=scene.routes, clock=scene.clock) as house:
        await house.pass_s(30)
        somebody = scene.world.account(ONE, **CHOICES[choice])
        scene.toots[DELETED] = scene.world.post(somebody, first_text(DELETED))
        scene.say(ALONE)
        await house.pass_s(scene.read_within_s)
        counted = metric(
            await house.get("/metrics"), "listener_items_total", outcome="withheld", reason="consent"
        )

        assert await texts(house) == [first_text(ALONE)]
        assert old_word(DELETED).encode() not in stored(house)
        assert somebody.username not in house.out.getvalue()
        assert counted >= 1


async def test_d19_an_objection_is_kept_as_a_keyed_hash_and_takes_the_past_away(tmp_path: Path) -> None:
    """
    By any of three names of theirs: what they wrote is erased, what they write is dropped, and neither the list nor any
    other file says who they are.
    """
    scene = Mastodon(tmp_path)
    objections = tmp_path / "objections"
    objections.write_text("")
    table = f'{scene.table}[privacy]\nobjections_file = "{objections}"\n'
    async with rig(table, hosts=scene.routes, clock=scene.clock) as house:
        await house.pass_s(30)
        for change in (ALONE, DELETED):
            scene.say(change)
        await house.pass_s(scene.read_within_s)
        heard = sorted(await texts(house))
        account = scene.toots[DELETED].account
        aliases = (
            f"@{account.username}@{ONE}",
            f"{account.username}@{ONE}",
            f"https://{ONE}/@{account.username}",
        )
        loaded = settings.load(house.config, environ={})
        keys = key_ring(loaded.privacy.secret_files, create=False)
        hashed = {objection_names(keys, scene.network, alias) for alias in aliases}
        objections.write_text(
            "".join(f"{name.hex()}\n" for name in objection_names(keys, scene.network, aliases[0]))
        )
        await house.configure(table)
        scene.world.post(account, "Once more #yyc")
        await house.pass_s(scene.read_within_s)

        assert heard == sorted((first_text(ALONE), first_text(DELETED)))
        assert await texts(house) == [first_text(ALONE)]
        assert (account.username.encode() in stored(house), account.username in objections.read_text()) == (
            False,
            False,
        )
        assert (
            len(hashed) == 2
        )  # a handle, however it is written, and the address of the profile, which is on no list yet


@pytest.mark.parametrize("visibility", ["unlisted", "private", "direct"])
async def test_d20_what_is_not_public_never_enters_though_the_network_tells_it(
    visibility: Any, tmp_path: Path
) -> None:
    """An instance that shows a timeline with a post that is not public in it: the post is nowhere afterwards."""
    scene = Mastodon(tmp_path)
    async with rig(scene.table, hosts=scene.routes, clock=scene.clock) as house:
        await house.pass_s(30)
        scene.toots[DELETED] = scene.world.post(scene.world.account(ONE), first_text(DELETED))
        scene.say(ALONE)
        scene.here.adorn = lambda kind, entity: (
            {**entity, "visibility": visibility}
            if kind == "status" and old_word(DELETED) in entity["content"]
            else entity
        )
        await house.pass_s(scene.read_within_s)

        assert await texts(house) == [first_text(ALONE)]
        assert old_word(DELETED).encode() not in stored(house)
        assert metric(await house.get("/metrics"), "listener_items_total", reason="not_public") >= 1
