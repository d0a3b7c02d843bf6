"""
Re-check through the whole daemon: a network that announces nothing, asked on virtual time over loopback by what ships.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest
from pydantic import BaseModel, ConfigDict

from adapters.feed import SPEC
from listener import registry, settings
from listener.adapter import AdapterSpec, Ask, Cursor, Page, Reach, Reader, RecheckTerms, Verdict
from listener.events import Author, Consent, Post
from listener.gate.consent import objection_names
from listener.keys import Sealer
from listener.queues.sqlite import open_sqlite
from listener.secret_files import key_ring
from listener.simulation.exchange import Request, Response
from listener.testing.canary import Canary, Finding
from listener.testing.queue_contract import GROUP, PRESENT, askable, key, page, retraction
from listener.testing.rig import rig
from listener.testing.virtual_clock import START, VirtualClock

pytestmark = pytest.mark.anyio

DAY = 86_400.0
TERMS = RecheckTerms(within_s=2 * DAY, batch=2, spacing_s=60.0)


class TownConfig(BaseModel):
    """
    Of the made-up network.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    host: str


@dataclass
class TownSource:
    """
    Reads posts and asks about them; each post is `{"id", "text", "author", "noindex"}`.
    """

    config: TownConfig
    reader: Reader

    async def fetch(self, _cursor: Cursor | None) -> Page:
        reply = await self.reader.read(f"http://{self.config.host}/posts")
        return Page(tuple(map(_post, json.loads(reply.body))), Cursor(b"read"))

    async def recheck(self, asks: Sequence[Ask]) -> Mapping[Ask, Verdict]:
        reply = await self.reader.read(f"http://{self.config.host}/posts?ids={','.join(asks)}")
        there = {each["id"]: Verdict("changed", _post(each)) for each in json.loads(reply.body)}
        return {ask: there.get(ask, Verdict("gone")) for ask in asks}


def _post(said: dict[str, Any]) -> Post:
    flags = frozenset({"noindex"}) if said.get("noindex") else frozenset[str]()
    return Post(
        native=said["id"],
        kind="post",
        text=said["text"],
        ask=said["id"],
        consent=Consent(flags=flags),
        author=Author((said["author"],)),
    )


TOWN = AdapterSpec(
    name="town",
    summary="A network that does not exist.",
    listens_to="Posts that a test made up.",
    credentials="none",
    limits="none",
    terms=SPEC.terms,
    config=TownConfig,
    example="",
    build=lambda config, reader, clock, interest: TownSource(config, reader),
    reaches=lambda config: (Reach(config.host),),
    lease_group=lambda config: str(config.host),
    floor_s=lambda *_: 3600.0,
    interval_s=lambda *_: 10 * DAY,
    look_back_s=30 * DAY,
    recheck=TERMS,
)
SOURCE = """
[[source]]
name = "town"
adapter = "town"
relation = "public"
criterion = "Posts about the city"
take = "all"
host = "town.example"
"""


@dataclass
class Town:
    """
    The server: posts by id, what was asked about, and how many of the next questions fail.
    """

    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    fails: int = 0

    async def route(self, request: Request) -> Response:
        _, _, ids = request.target.decode().partition("?ids=")
        wanted = ids.split(",") if ids else list(self.posts)
        if ids and self.fails:
            self.fails -= 1
            return Response(status=500, body=ids.encode())
        if ids:
            self.asked += wanted
        found = [self.posts[each] for each in wanted if each in self.posts]
        return Response(
            status=200, body=json.dumps(found).encode(), headers=(("Content-Type", "application/json"),)
        )

    def say(
        self, number: int, text: str = "#yyc is cold", author: str = "Ada Lovelace", **more: object
    ) -> None:
        self.posts[f"p{number}"] = {"id": f"p{number}", "text": text, "author": author, **more}


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The network is installed.
    """
    known = {"town": TOWN, "feed": SPEC}
    monkeypatch.setattr(registry, "names", lambda: tuple(sorted(known)))
    monkeypatch.setattr(registry, "spec", lambda name: known[name])


async def test_what_the_network_forgot_is_found_out_inside_its_clock() -> None:
    """
    A post that was deleted, one that was edited and one whose author wants no indexing any more: erased, updated, erased; the
    others are asked about and stay, across a restart; operators see how it stands.
    """
    town = Town()
    for number in range(5):
        town.say(number)
    async with rig(SOURCE, hosts={"town.example": town.route}) as house:
        await house.pass_s(10)
        before = len(await house.events())
        del town.posts["p0"]
        town.say(1, "#yyc is warm")
        town.say(2, noindex=True)
        await house.pass_s(DAY)
        await house.restart()
        await house.pass_s(DAY - 10)
        events = await house.events()
        (view,) = json.loads(await house.get("/v1/rechecks"))["rechecks"]
        reads = (await house.views())["town"]

    kinds = sorted(
        (event["type"].rpartition(".")[2], event["data"].get("reason"))
        for event in events
        if "post" in event["type"]
    )
    assert before == 5
    assert kinds == [
        ("created", None),
        ("created", None),
        ("removed", "deleted"),
        ("removed", "withdrawn"),
        ("updated", None),
    ]
    assert set(town.asked) == {f"p{number}" for number in range(5)}
    assert (view["stored"], view["overdue"], view["capacity"], view["failures"]) == (3, 0, 5760, 0)
    assert reads["received"] == 0  # since the restart: re-check is nobody's read
    said = house.out.getvalue()
    assert [word for word in ("Lovelace", "ids=", "p0,p1", "p2") if word in said] == []


async def test_past_posts_of_an_objector_are_erased_soon_after_a_reload() -> None:
    """
    Once a person is on the list and the configuration was read again, what they wrote is gone within a day, though its turn
    would have come later; what others wrote is still there.
    """
    town = Town()
    for number in range(4):
        town.say(number, author="Ada Lovelace" if number % 2 else "Charles Babbage")
    async with rig(SOURCE, hosts={"town.example": town.route}) as house:
        await house.pass_s(DAY / 2)
        before = list(town.asked)
        loaded = settings.load(house.config, environ={})
        names = objection_names(key_ring(loaded.privacy.secret_files, create=False), "town", "Ada Lovelace")
        (house.folder / "objections").write_text("\n".join(name.hex() for name in names))
        await house.configure('[privacy]\nobjections_file = "objections"\n', SOURCE)
        await house.pass_s(DAY)
        events = await house.events()

    removed = [event["data"]["reason"] for event in events if event["type"] == "listener.post.removed"]
    assert before == ["p0", "p1"]
    assert removed == ["withdrawn", "withdrawn"]
    assert len([event for event in events if event["type"] == "listener.post.created"]) == 2


async def test_a_removed_post_is_erased_within_five_seconds(tmp_path: Path) -> None:
    """
    With the settings that ship and nobody waiting: five seconds after the removal was committed no file holds its words.
    """
    queue = await open_sqlite(tmp_path / "listener.db", fingerprints=PRESENT, clock=VirtualClock())
    lease = await queue.lease(GROUP, "node-1", ttl_s=1e6, now=START)
    assert lease is not None
    await queue.commit(
        page(lease, askable("a", "WORDS OF A", aliases=["inst/1"]), askable("b", "WORDS OF B"))
    )
    await queue.commit(page(lease, retraction("inst/1")))
    before = await queue.erased(key("a"))
    with anyio.fail_after(5):
        while not await queue.erased(key("a")):  # noqa: ASYNC110 an engine may be asked, it does not tell
            await anyio.sleep(0.05)
    stored = _stored(tmp_path)
    await queue.aclose()

    assert (before, b"WORDS OF A" in stored, b"ASK.a" in stored, b"WORDS OF B" in stored) == (
        False,
        False,
        False,
        True,
    )


def _stored(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


# ---------------------------------------------------------------------------------------------------------- canary


async def _told_of(canary: Canary) -> tuple[Finding, ...]:
    """
    A network whose identities and asks name people, read, asked again, killed, asked again with faults: where any of
    them is found afterwards.
    """
    town = Town()
    for number in range(6):
        who = canary.trace(f"ask of post {number}")
        town.posts[who] = {
            "id": who,
            "text": "#yyc is cold",
            "author": canary.person(f"author {number}").handle,
        }
    async with rig(SOURCE, hosts={"town.example": town.route}) as house:
        await house.pass_s(DAY)
        del town.posts[next(iter(town.posts))]
        town.fails = 3
        await house.crash()
        await house.pass_s(DAY)
        replies = {
            path: await house.get(path)
            for path in (
                "/v1/rechecks",
                "/v1/sources?reads=true",
                "/metrics",
                "/v1/events?after=start",
                "/openapi.json",
            )
        }
        kept = canary.search_folder(house.folder / "data")
        logs = house.out.getvalue().encode()
    assert set(town.posts) < {marker.value for marker in canary.markers}
    assert town.fails == 0
    assert len(set(town.asked)) == 6
    return (*kept, *canary.search(replies), *canary.search({"logs": logs}))


async def test_no_ask_leaves_the_house() -> None:
    """
    Asks that name people are in no file, reply or log line, at the finest level, whatever went wrong.
    """
    assert await _told_of(Canary(seed=3)) == ()


async def test_the_canary_is_heard_when_asks_are_not_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The same story with the seal taken off finds them in the queue, and nowhere else.
    """
    monkeypatch.setattr(Sealer, "seal", lambda self, plain, *, purpose: plain.encode())
    monkeypatch.setattr(
        "listener.hear.recheck_answers.open_sealed", lambda sealed, *, purpose, keys: sealed.decode()
    )

    found = await _told_of(Canary(seed=4))

    assert {finding.label.rpartition(" ")[0] for finding in found} == {"ask of post"}
    assert {finding.where.startswith("queue.sqlite") for finding in found} == {True}
