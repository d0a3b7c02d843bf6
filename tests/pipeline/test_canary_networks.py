"""
The privacy proof for the networks that speak by themselves: people are planted wherever Mastodon and Bluesky name them,
the shipped daemon hears both as a process of its own, and every byte that was stored or left is searched.
"""

from __future__ import annotations

import http.client
import json
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio.from_thread
import pytest

from adapters.bluesky import simulator as bluesky_simulator
from adapters.bluesky.simulator import APPVIEW, Bluesky
from adapters.mastodon import simulator as mastodon_simulator
from adapters.mastodon.simulated_fediverse import Fediverse
from adapters.mastodon.simulated_instance import Manner
from adapters.mastodon.simulator import Served
from listener.clock import SystemClock
from listener.simulation.exchange import Request, Response
from listener.simulation.server import serve
from listener.testing.canary import Canary, Finding
from tests.adapters.mastodon.fediverse import ONE, TWO
from tests.pipeline import planted_bluesky, planted_mastodon
from tests.pipeline.daemon_process import Installed
from tests.pipeline.test_canary import SABOTAGE, replies

ILL: tuple[Manner, ...] = ("401", "500", "html", "cut", "429")
OWN = (*(f"@{planted_mastodon.OWN}@{domain}" for domain in (ONE, TWO)), f"@{planted_bluesky.OWN}")
_YEAR_S = 365 * 86_400.0
_RAISING = '''
"""An adapter that raises what it has read, as a careless one would."""

from dataclasses import replace

from adapters.feed import SPEC as FEED


class Raising:
    def __init__(self, reader):
        self.reader = reader

    async def fetch(self, cursor):
        who = {said!r}
        try:
            raise KeyError(who)
        except KeyError:
            raise ValueError(f"cannot read {{who}}", {{"account": who}})


SPEC = replace(FEED, name="raising", build=lambda config, reader, clock, interest: Raising(reader))
'''


@dataclass
class Networks:
    """
    What the daemon hears.

    Args:
        portal: Changes anything in the thread that serves it.
        fediverse: Planted, as `mastodon` serves it.
        network: Planted, as `bluesky` serves it.
        redirected: Paths that were answered with an address elsewhere.
    """

    portal: anyio.from_thread.BlockingPortal
    mastodon: Served
    fediverse: planted_mastodon.Planted
    bluesky: Bluesky
    network: planted_bluesky.Planted
    redirected: list[str]

    def talk(self) -> list[str]:
        """People talk on both; the words that a consumer must get."""
        fediverse, network = self.fediverse, self.network
        calls: tuple[Callable[[], object], ...] = (
            lambda: fediverse.talk(ONE, "live one"),
            lambda: fediverse.talk(TWO, "live two"),
            lambda: network.talk("live"),
            network.others,
        )
        for call in calls:
            self.portal.call(call)
        labels = ("early 0", "early 1", "live one", "live two")
        return [*(word for label in labels for word in fediverse.wanted(label)), *network.wanted("live")]

    def break_down(self) -> None:
        """Every stream is cut."""
        self.portal.call(self.fediverse.break_down)
        for host in self.bluesky.jetstreams.values():
            for each in host.open_sockets():
                self.portal.call(each.cut)

    def wire(self) -> dict[str, bytes]:
        """What is told to whoever asks and listens."""
        found = {f"bluesky {name}": data for name, data in self.network.wire().items()}
        for domain, token in self.fediverse.tokens.items():
            for path in ("timelines/tag/yyc?limit=40", "notifications?limit=80", "timelines/nothing"):
                found[f"{domain} {path}"] = _got(self.mastodon.address(domain), f"/api/v1/{path}", token)
            found[f"{domain} instance"] = _got(self.mastodon.address(domain), "/api/v2/instance", token)
        uris = [each.uri for each in self.network.network.records.values() if each.post]
        query = "&".join(f"uris={uri}" for uri in uris[:25])
        appview = self.bluesky.address(APPVIEW)
        found["bluesky error"] = _got(appview, "/xrpc/app.bsky.actor.getProfile?actor=nobody")
        found["bluesky views"] = _got(appview, f"/xrpc/app.bsky.feed.getPosts?{query}")
        return found


def _got(origin: str, path: str, token: str = "") -> bytes:
    """Head and body of an answer."""
    connection = http.client.HTTPConnection(origin.partition("//")[2], timeout=10)
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
    answer = connection.getresponse()
    found = str(answer.headers).encode() + answer.read()
    connection.close()
    return found


def redirecting(canary: Canary, redirected: list[str]) -> Callable[[Request], Any]:
    """Everything has moved to an address that names somebody."""
    noise = canary.noise("redirecting ")

    async def answer(request: Request) -> Response:
        redirected.append(request.path)
        headers = (("Location", f"https://people.example/@{noise.redirect_part}"), *noise.headers)
        return Response(status=302, headers=headers, body=noise.error_text.encode())

    return answer


def source(name: str, adapter: str, **keys: object) -> str:
    """A `[[source]]` table."""
    values = {"name": name, "adapter": adapter, "relation": "public", "criterion": "Where people are", **keys}
    return "\n".join(["[[source]]", *(f"{key} = {json.dumps(value)}" for key, value in values.items()), ""])


def secret_file(folder: Path, name: str, value: str) -> str:
    """The name of a file that nobody else may read and that holds a secret."""
    file = folder / name
    file.touch(mode=0o600)
    file.write_text(value, "utf-8")
    return name


def _raising(canary: Canary, folder: Path) -> Path:
    """A package with an adapter that raises; its folder."""
    package = folder / "packages"
    info = package / "raising-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: raising\nVersion: 1\n", "utf-8")
    (info / "entry_points.txt").write_text("[listener.adapters]\nraising = raising:SPEC\n", "utf-8")
    said = canary.person("who stands in an exception")
    (package / "raising.py").write_text(
        _RAISING.format(said=f"@{said.handle} {said.name} {said.email}"), "utf-8"
    )
    return package


@contextmanager
def networks(canary: Canary, folder: Path, *, mentions: bool) -> Iterator[Networks]:
    """
    Both networks, instances in trouble, a redirect and an adapter that raises; the configuration hears them all.

    Args:
        mentions: Also what mentions us, which takes the host of the first instance some seconds more.
    """
    clock = SystemClock()
    fediverse = planted_mastodon.Planted(canary, clock)
    network = planted_bluesky.Planted.of(canary, clock)
    redirected: list[str] = []
    ill = [_ill(canary, clock, manner) for manner in ILL]
    with ExitStack() as stack:
        portal = stack.enter_context(anyio.from_thread.start_blocking_portal())

        def up(serving: Any) -> Any:
            return stack.enter_context(portal.wrap_async_context_manager(serving))

        served = up(mastodon_simulator.serve(fediverse.world, host={ONE: "127.0.0.2", TWO: "127.0.0.4"}))
        sky = up(bluesky_simulator.serve(network.network))
        sky.noise = canary.noise("bluesky ")
        moved = up(serve(redirecting(canary, redirected), host="127.0.0.3"))
        # Each has a host of its own: one that is held would hold the others.
        troubled = [
            up(mastodon_simulator.serve(each, host=f"127.0.0.{10 + n}")) for n, each in enumerate(ill)
        ]
        one, two = (secret_file(folder, domain, token) for domain, token in fediverse.tokens.items())
        tables = [
            bluesky_simulator.configuration(sky, folder / "data", hashtags=["#yyc"])
            .replace(json.dumps([network.city.did]), json.dumps([planted_bluesky.OWN]))
            .replace('country = "CA"', f'country = "CA"\nown_handles = {json.dumps(OWN)}'),
            '[[http.token]]\nname = "dashboard"\nscopes = ["read", "metrics", "operate"]\n'
            f'file = "{secret_file(folder, "api", canary.secret("api token"))}"\n',
            '[privacy]\nobjections_file = "objections.txt"\n',
            source("one", "mastodon", endpoint=served.address(ONE), token_file=one),
            source("two", "mastodon", endpoint=served.address(TWO), token_file=two, streaming="websocket"),
            *(
                source(f"ill-{manner}", "mastodon", endpoint=each.address(ONE))
                for manner, each in zip(ILL, troubled, strict=True)
            ),
            source("moved", "mastodon", endpoint=moved.address),
            source("raising", "raising", address=f"{moved.address}/feed"),
        ]
        if mentions:
            tables.append(
                source(
                    "mentions", "mastodon", endpoint=served.address(ONE), token_file=one, listen="mentions"
                )
            )
        (folder / "listener.toml").write_text("\n".join(tables), "utf-8")
        yield Networks(portal, served, fediverse, sky, network, redirected)


def _ill(canary: Canary, clock: SystemClock, manner: Manner) -> Fediverse:
    """An instance in trouble, with something to tell."""
    world = Fediverse(clock, hashtags=("#yyc",))
    here = world.instance(ONE)
    here.noise = canary.noise(f"ill {manner} ")
    who = world.account(ONE, canary.person(f"ill {manner} author"))
    words = canary.word(f"ill {manner} text") if manner == "cut" else canary.trace(f"ill {manner} text")
    world.post(who, f"Ice {words} #yyc")
    here.disturb(manner, start_at=clock.now(), seconds=_YEAR_S, route="tag")
    return world


def sse(daemon: Installed) -> bytes:
    """What a consumer is told that listens from the start, as far as it comes at once."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(daemon.where.socket_path))
        line.settimeout(1.0)
        line.sendall(
            b"GET /v1/events?after=start HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
        )
        parts = []
        try:
            while part := line.recv(65536):
                parts.append(part)
        except TimeoutError:
            pass
    return b"".join(parts)


def settled(daemon: Installed) -> bool:
    """Every source was answered or has failed once."""
    sources = daemon.ask("/v1/sources")["sources"]
    return all(one["last_read_at"] or one["error_code"] or one["name"] == "bluesky" for one in sources)


def connected(here: Networks) -> bool:
    """Both hosts of Bluesky and both instances have somebody who listens."""
    world = here.fediverse.world
    heard = all(instance.listening for instance in world.instances.values())
    return heard and all(host.open_sockets() for host in here.bluesky.jetstreams.values())


def held(daemon: Installed) -> str:
    """Everything a consumer is given."""
    return json.dumps(daemon.ask("/v1/events?after=start&limit=1000"), ensure_ascii=False)


def story(
    canary: Canary, folder: Path, program: Sequence[str] | None = None
) -> tuple[tuple[Finding, ...], str]:
    """
    The life of an installation: configured, run, talked to, cut off, asked, killed, run again, stopped; then searched.

    Returns:
        What was found, and what a consumer was given.
    """
    package = _raising(canary, folder)
    objector = canary.person("objector")
    daemon = Installed(folder, program or Installed.program, packages=(package,))
    answers: dict[str, bytes] = {}
    with networks(canary, folder, mentions=program is None) as here:
        daemon.command("object", "mastodon", f"@{objector.handle}")
        daemon.accept()
        daemon.command("check")
        try:
            daemon.start("--debug")
            daemon.wait(lambda: settled(daemon) and connected(here))
            words = here.talk()
            daemon.wait(lambda: not [word for word in words if word not in held(daemon)])
            given = held(daemon)
            here.break_down()
            if program is None:
                _handle(daemon, canary, objector.handle, given)
                daemon.wait(lambda: all(_asked_again(daemon, name) for name in ("bluesky", "two")))
            answers = replies(daemon, canary.trace("query sent to us")) | {"stream": sse(daemon)}
            daemon.kill()
            after_kill = canary.search_folder(folder / "data", events=True)
            if program is None:
                daemon.start("--debug")
                daemon.wait(lambda: settled(daemon))
                assert daemon.stop() == 0
            wire = here.wire()
        finally:
            if daemon.process is not None and daemon.process.poll() is None:
                daemon.kill()
    assert unserved(canary, wire) == []
    assert here.redirected
    of_events = {"reply 0", "stream"}
    found = (
        *after_kill,
        *canary.search_folder(folder / "data", events=True),
        *canary.search({name: body for name, body in answers.items() if name in of_events}, events=True),
        *canary.search({name: body for name, body in answers.items() if name not in of_events}),
        *canary.search({name: body for name, body in daemon.outputs.items() if "tail" in name}, events=True),
        *canary.search({name: body for name, body in daemon.outputs.items() if "tail" not in name}),
        *canary.search({"logs": daemon.logs().encode()}),
        *canary.search({file.name: file.read_bytes() for file in folder.glob("*.lock")}),
        *canary.search({file.name: file.read_bytes() for file in folder.glob("objections.txt")}),
    )
    return tuple(sorted(set(found))), given


def _asked_again(daemon: Installed, name: str) -> bool:
    """Whether the posts of a source were asked about again, as they are once somebody objects."""
    lines = [line for line in daemon.logs().splitlines() if '"recheck.answered"' in line]
    return any(json.loads(line)["source"] == name for line in lines)


def _handle(daemon: Installed, canary: Canary, objector: str, given: str) -> None:
    """What an operator does by hand, well and badly."""
    daemon.command("tail", "--json", "--no-follow", "--since", "start")
    daemon.command("sources")
    daemon.command("sources", "--json")
    daemon.command("sources", "bluesky", "one", "raising", "ill-cut")
    daemon.command("poll", "one")
    for network in ("mastodon", "bluesky"):
        daemon.command("object", network, stdin=f"@{objector}\n")
    daemon.command("object", canary.trace("handle in the wrong place"), objector, code=2)
    link = next(
        event["data"]["link"]
        for event in json.loads(given)["events"]
        if event["type"] == "listener.post.created" and event["data"].get("link")
    )
    daemon.command("find", link)
    daemon.command("forget", link, "--yes")
    daemon.command("find", link, "--json")
    daemon.command(
        "find", f"https://bsky.app/profile/did:plc:{canary.trace('link of an unknown post')}", code=1
    )
    daemon.command("check")


_BESIDE = (
    "api token", "objector", "query sent", "handle in the wrong", "link of an unknown", "who stands in", "ill",
    "redirecting", "mastodon one.example: token", "mastodon two.example: token",
)  # fmt: skip
"""Markers that no network tells, and those that only the daemon is told, in trouble."""

_OF_PERSON = (
    "name", "handle", "e-mail", "profile", "avatar", "phone", "account id", "bio", "did", "channel", "id", *(f"id at {d}" for d in (ONE, TWO)),
)  # fmt: skip


def unserved(canary: Canary, wire: dict[str, bytes], beside: tuple[str, ...] = _BESIDE) -> list[str]:
    """
    What was planted and never told: single markers, and people of whom nothing was told at all.

    Args:
        beside: How the labels begin of which this is as it should be.
    """
    missing = {label for label in canary.missing(wire) if not label.startswith(beside)}
    people: dict[str, list[bool]] = {}
    single = []
    for label in (marker.label for marker in canary.markers if not marker.label.startswith(beside)):
        who, _, part = label.rpartition(": ")
        if part in _OF_PERSON and who:
            people.setdefault(who, []).append(label not in missing)
        elif label in missing:
            single.append(label)
    found = [*single, *(who for who, told in people.items() if not any(told))]
    return [label for label in found if not label.endswith("redirect target")]


def test_nobody_leaves_the_house(tmp_path: Path) -> None:
    """Nothing that names a person, and no secret, is in the database, its log, any answer, output, list or log line."""
    found, given = story(Canary(seed=3), tmp_path)

    assert [str(each) for each in found] == []
    assert [handle for handle in OWN if handle not in given] == []


@dataclass(frozen=True)
class Signature:
    """
    What is heard once a step is gone.

    Args:
        label: Of the marker; the end of it.
        where: In which place; the beginning of its name.
    """

    label: str
    where: str

    def heard(self, found: Sequence[Finding]) -> bool:
        """Whether the marker was found there."""
        return any(each.label.endswith(self.label) and each.where.startswith(self.where) for each in found)


SIGNATURES = {
    "handles": Signature("live one handle of a stranger", "queue.sqlite"),
    "facets": Signature("live shown by name: name", "queue.sqlite"),
    "links": Signature("live two replier: handle", "reply 0"),
    "frames": Signature("mastodon two.example: emoji", "logs"),
    "asks": Signature("live author: did", "queue.sqlite"),
    "errors": Signature("who stands in an exception: handle", "logs"),
}
"""By piece of `sabotage`."""


@pytest.mark.parametrize("pieces", [("handles", "facets", "asks"), ("links", "frames", "errors")])
def test_each_step_is_missed_when_it_is_gone(tmp_path: Path, pieces: tuple[str, ...]) -> None:
    """The same story without some steps of the gate or of an adapter hears the people they are there for, and no others."""
    program = (sys.executable, str(SABOTAGE), ",".join(pieces))
    found, _ = story(Canary(seed=4), tmp_path, program)

    assert {name for name, signature in SIGNATURES.items() if signature.heard(found)} == set(pieces)
