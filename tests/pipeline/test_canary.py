"""
The privacy proof: people are planted wherever a source names them, the shipped daemon reads it all, and every byte
that was stored or left is searched.
"""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import anyio.from_thread
import pytest

from adapters.feed import simulator
from listener.cli.client import Refused, opened
from listener.clock import SystemClock
from listener.simulation.world import World
from listener.testing.canary import Canary, Finding
from tests.pipeline.daemon_process import Installed

EVENTS = frozenset({"tail", "unseal"})
"""Commands that print events."""

SABOTAGE = Path(__file__).with_name("sabotage.py")


def settled(daemon: Installed) -> bool:
    """Every source was answered or has failed once."""
    sources = daemon.ask("/v1/sources")["sources"]
    return all(one["last_read_at"] or one["error_code"] for one in sources)


SHAPES = {
    "canary-blogger": {"software": "blogger"},
    "canary-languages": {
        "titles": ("{on} への {by} のコメント", "{by} より"),
        "answers": "{parent} さんへの返信。",
    },
    "canary-nameless": {
        "format": "rss2",
        "nameless": True,
        "titles": ("Kommentar zu {on} von {by}", "Von: {by}"),
        "answers": "Als Antwort auf {parent}.",
    },
}
"""How comments are shown in the places that are there for it."""


def shaped(planted: World) -> list[simulator.Blog]:
    """The blogs of that world, three of them in their own shape."""
    return [replace(blog, **SHAPES.get(blog.place, {})) for blog in simulator.city_blogs(planted)]  # type: ignore[arg-type]


def comment_sources(served: simulator.Blogs) -> str:
    """Every feed of comments beside the configured one: by Atom, by Blogger, in other languages, of one article each."""
    addresses = [served.feed_address("canary-atom", "atom", comments=True)]
    for place in SHAPES:
        (article,) = (one for one in served.world.articles(place))
        addresses.append(served.feed_address(place, comments=True))
        addresses.append(
            f"{served.address}/{place}/feeds/{article.number}/comments/default"
            if place == "canary-blogger"
            else f"{served.address}/{place}/archives/{article.number}/feed/"
        )
    return "\n".join(
        f'[[source]]\nname = "comments-{number}"\nadapter = "feed"\nrelation = "public"\n'
        f'criterion = "Comments under the blogs"\naddress = "{address}"\n'
        for number, address in enumerate(addresses)
    )


@contextmanager
def world(canary: Canary, folder: Path) -> Iterator[simulator.Blogs]:
    """A feed world full of markers, served from another thread while the block runs; its configuration is written."""
    planted = canary.feed_world(SystemClock())
    with anyio.from_thread.start_blocking_portal() as portal:
        serving, limiting, telling = (
            simulator.serve(planted, blogs=shaped(planted), host=f"127.0.0.{host}") for host in (1, 2, 3)
        )
        with (
            portal.wrap_async_context_manager(serving) as served,
            portal.wrap_async_context_manager(limiting) as busy,
            portal.wrap_async_context_manager(telling) as talking,
        ):
            token = folder / "token"
            token.write_text(canary.secret("api token"), "utf-8")
            token.chmod(0o600)
            text = simulator.configuration(served, folder / "data")
            # The one that answers 429 has a host of its own, or everything else would be held with it.
            text = text.replace(f"{served.address}/canary-429", f"{busy.address}/canary-429")
            query = f"?key={canary.secret('query of an address')}"
            text = text.replace('/feed/"', f'/feed/{query}"') + (
                '\n[[http.token]]\nname = "dashboard"\nscopes = ["read", "metrics", "operate", "open"]\nfile = "token"\n'
            )
            text = text.replace("[http]\n", '[http]\npublic_url = "https://listen.example"\n')
            text += "\n" + comment_sources(talking) + '\n[privacy]\nobjections_file = "objections.txt"\n'
            (folder / "listener.toml").write_text(text, "utf-8")
            yield served


def on_the_wire(served: simulator.Blogs, config: Path) -> dict[str, bytes]:
    """What the simulator sends to anybody who asks for what the daemon asks for."""
    bodies = {}
    for line in config.read_text("utf-8").splitlines():
        if line.startswith("address = "):
            address = urlsplit(line.split('"')[1])
            connection = http.client.HTTPConnection(address.netloc, timeout=5)
            try:
                connection.request("GET", f"{address.path}?{address.query}")
                answer = connection.getresponse()
                bodies[address.path] = str(answer.headers).encode() + answer.read()
            except (OSError, http.client.HTTPException):
                bodies[address.path] = b""
            finally:
                connection.close()
    return bodies


def replies(daemon: Installed, planted: str) -> dict[str, bytes]:
    """Every page of the API, good requests and bad ones."""
    paths = [
        "/v1/events?after=start&limit=1000",
        "/v1/sources",
        "/v1/sources?reads=true",
        f"/v1/sources?source={planted}",
        "/v1/rechecks",
        "/v1/budgets",
        "/v1/holdings",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/notice",
        "/notice?lang=fr&format=markdown",
        "/notice?format=json",
        f"/notice?lang={planted}&{planted}=1",
        f"/v1/events?{planted}=1",
        f"/v1/events?watch={planted}",
        f"/v1/nothing/{planted}",
    ]
    found = {}
    for number, path in enumerate(paths):
        try:
            with opened(daemon.where, "GET", path, within_s=20) as answer:
                found[f"reply {number}"] = str(answer.headers).encode() + answer.read()
        except Refused as refused:
            found[f"reply {number}"] = str(refused).encode()
    return found


def press(daemon: Installed, link: str) -> tuple[bytes, bytes]:
    """A sealed link of somebody: the page that asks first, and the answer to its button, with what led there."""
    path = link.removeprefix("https://listen.example")
    shown = []
    for method in ("GET", "POST"):
        with opened(daemon.where, method, path, within_s=20) as answer:
            shown.append(str(answer.headers).encode() + answer.read())
    return shown[0], shown[1]


def story(
    canary: Canary, folder: Path, program: Sequence[str] | None = None, *, audit_ends: int | None = 0
) -> tuple[Finding, ...]:
    """The life of an installation: configured, run, asked, killed, run again, stopped; then searched for people."""
    objector = canary.person("objector")
    daemon = Installed(folder) if program is None else Installed(folder, program)
    with world(canary, folder) as served:
        wire = on_the_wire(served, daemon.config)
        daemon.command("check", code=3)
        daemon.command("object", "feed", f"@{objector.handle}")
        daemon.accept()
        daemon.command("check")
        try:
            daemon.start("--debug")
            daemon.wait(lambda: settled(daemon))
            told = replies(daemon, canary.trace("query sent to us"))
            tail = daemon.command("tail", "--json", "--no-follow", "--since", "start")
            daemon.command("sources")
            daemon.command("sources", "--json")
            names = [one["name"] for one in daemon.ask("/v1/sources")["sources"]]
            daemon.command("sources", *names[:3])
            daemon.command("poll", names[0])
            named = f"{objector.profile}\n{objector.account_id}\n{objector.email}\n{objector.name}\n"
            assert "the daemon honours it from now on" in daemon.command("object", "feed", stdin=named)
            daemon.command("object", canary.trace("handle in the wrong place"), objector.handle, code=2)
            daemon.command("poll", canary.trace("name of an unknown source"), code=1)
            officer = ("--reason", "access request", "--by", "Records")
            daemon.command("export", *officer, "--out", str(folder / "all.export"))
            unsealed = daemon.command("unseal", str(folder / "all.export"), "--json")
            assert unsealed.count('"state": "live"') >= 25
            link = next(
                line.split('"link":"')[1].split('"')[0] for line in tail.splitlines() if '"link":"' in line
            )
            sealed = [
                json.loads(line)["data"]["link"]
                for line in tail.splitlines()
                if "https://listen.example" in line
            ]
            pressed = [press(daemon, each) for each in sealed]
            told |= {f"page {number}": asking for number, (asking, _) in enumerate(pressed)}
            for each in sealed[:1]:
                daemon.command("find", each)
                daemon.command("forget", each, "--yes")
                with pytest.raises(Refused, match="status 410"):
                    press(daemon, each)
            if program is None:
                daemon.command("audit", "--out", "audit.json")
            daemon.command("notice", "--format", "html")
            daemon.command("notice", "--lang", "fr", "--json")
            daemon.command("find", link)
            daemon.command("forget", link, "--yes")
            daemon.command("find", link, "--json")
            daemon.command("find", canary.trace("link of an unknown post"), code=1)
            if program is None:
                daemon.command("pia", "--format", "html")
            daemon.kill()
            after_kill = canary.search_folder(folder / "data", events=True)
            daemon.start("--debug")
            daemon.wait(lambda: settled(daemon))
            assert daemon.stop() == 0
            if audit_ends is not None:
                daemon.command("audit", "--json", code=audit_ends)
        finally:
            if daemon.process is not None and daemon.process.poll() is None:
                daemon.kill()
    assert tail.count("listener.post.created") >= 25
    if program is None:
        # The one place where an address that names somebody may be: the answer to the button, and nothing of them beside it.
        answers = {f"answer {number}": answer for number, (_, answer) in enumerate(pressed)}
        in_answers = {finding.label for finding in canary.search(answers, events=True)}
        assert in_answers == {f"canary-paths: article author: {what}" for what in ("handle", "account id")}
    planted = {marker.label for marker in canary.markers}
    assert {
        label for label in planted if label.startswith(("canary-own", *SHAPES, "header", "error body"))
    } <= planted - set(canary.missing(wire))
    spoken = {name: output for name, output in daemon.outputs.items() if EVENTS.isdisjoint(name.split())}
    return (
        *after_kill,
        *canary.search_folder(folder / "data", events=True),
        *canary.search({name: body for name, body in told.items() if name == "reply 0"}, events=True),
        *canary.search({name: body for name, body in told.items() if name != "reply 0"}),
        *canary.search(
            {name: body for name, body in daemon.outputs.items() if not EVENTS.isdisjoint(name.split())},
            events=True,
        ),
        *canary.search(spoken),
        *canary.search({"logs": daemon.logs().encode()}),
        *canary.search({"objections": (folder / "objections.txt").read_bytes()}),
        *canary.search({"report": (folder / "audit.json").read_bytes() if program is None else b""}),
        *canary.search({"lock": (folder / "listener.privacy.lock").read_bytes()}),
        *canary.search({"export": (folder / "all.export").read_bytes()}, events=True),
    )


def test_no_person_leaves_the_house(tmp_path: Path) -> None:
    """Nothing that names a person, and no secret, is in the database, its log, any reply, any command's output or any log line."""
    assert story(Canary(seed=1), tmp_path) == ()


@pytest.mark.parametrize(
    ("piece", "caught"),
    [
        ("mask", lambda label: label.endswith((": name", ": handle", ": e-mail", ": phone"))),
        ("link", lambda label: label.startswith("canary-paths") and label.endswith(": handle")),
        ("comments", lambda label: label == "canary-nameless: reply author: name"),
    ],
)
def test_the_canary_is_heard_when_one_line_is_gone(
    tmp_path: Path, piece: str, caught: Callable[[str], bool]
) -> None:
    """The same story with one step of the gate or of the adapter taken out finds the people that step is there for; so does `listener audit`."""
    # A name alone is found by no rule, so an audit does not find what the third lets through.
    program = (sys.executable, str(SABOTAGE), piece)
    findings = story(Canary(seed=2), tmp_path, program, audit_ends=None if piece == "comments" else 1)

    assert any(caught(finding.label) for finding in findings), findings
    assert piece != "comments" or any(f.label == "canary-languages: comment author: name" for f in findings)
    assert any(finding.where.startswith("queue.sqlite") for finding in findings)
