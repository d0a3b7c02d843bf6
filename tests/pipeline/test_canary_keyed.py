"""
The privacy proof for the networks that are read with a key: people are planted wherever YouTube and X can name them, the
shipped daemon reads both as a process of its own, and every byte that was stored or left is searched; so is every address
that was asked for, in which no key stands and nobody is asked for.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio.from_thread

from adapters.x import simulator as x_simulator
from listener.clock import SystemClock
from listener.simulation.server import serve
from listener.testing.canary import Canary, Finding
from tests.pipeline import planted_x, planted_youtube
from tests.pipeline.daemon_process import Installed
from tests.pipeline.loose_server import Loose
from tests.pipeline.test_canary import SABOTAGE, replies
from tests.pipeline.test_canary_networks import (
    Signature,
    held,
    redirecting,
    secret_file,
    source,
    sse,
    unserved,
)

ILL_YOUTUBE = ("expired", "quota", "forbidden", "429", "503", "processing", "html", "cut")
ILL_X = ("401", "402", "403", "429", "cap", "503-json", "html", "cut", "stuck")
_WAITING = ("held", "budget")
_YEAR_S = 365 * 86_400.0
_PROOFS = {
    "text": (
        'attestation = { plan = "Enterprise", end_users = ["Communications"], by = "a test", attested_on = 2026-11-24 }\n'
        'permission_ref = "file 7"\n'
    ),
    "counts": "derived_metrics_agreed = 2026-11-24\n",
}


@dataclass
class Keyed:
    """
    What the daemon reads.

    Args:
        youtube: With comments, uploads and titles.
        said_on_x: Of which text is kept; the others keep links, or numbers.
        servers: All of them.
        redirected: Paths that were answered with an address elsewhere.
        words: That a consumer must get.
    """

    youtube: planted_youtube.Planted
    said_on_x: planted_x.Planted
    servers: list[Loose]
    redirected: list[str]
    words: list[str]

    @property
    def addresses(self) -> list[str]:
        """Everything that was asked for."""
        return [*(address for server in self.servers for address in server.asked), *self.redirected]

    def wire(self) -> dict[str, bytes]:
        """Everything that was sent."""
        return {str(number): b"\n".join(server.wire) for number, server in enumerate(self.servers)}


@contextmanager
def keyed(canary: Canary, folder: Path, *, ill: bool) -> Iterator[Keyed]:
    """
    Both networks, in every way they are read; the configuration reads them all.

    Args:
        ill: Every service in trouble and one that moved stand beside them; else one that refuses.
    """
    clock = SystemClock()
    youtube = planted_youtube.Planted(canary, clock)
    on_x, links, counts = (
        planted_x.Planted(canary, clock, label, words=label == "x") for label in ("x", "x links", "x counts")
    )
    words = [*youtube.talk(), *on_x.talk()]
    links.talk()
    counts.talk()
    redirected: list[str] = []
    servers = [each.server for each in (youtube, on_x, links, counts)]
    with ExitStack() as stack:
        portal = stack.enter_context(anyio.from_thread.start_blocking_portal())

        def up(app: Any, number: int) -> str:
            serving = serve(app, host=f"127.0.0.{number}")
            return str(stack.enter_context(portal.wrap_async_context_manager(serving)).address)

        tables = [
            x_simulator.configuration(
                x_simulator.site_of(on_x.network), folder / "data", secrets={}, listens=()
            ),
            '[[http.token]]\nname = "dashboard"\nscopes = ["read", "metrics", "operate"]\n'
            f'file = "{secret_file(folder, "api", canary.secret("api token"))}"\n',
            *_of_youtube(youtube, up(youtube.server, 2), folder),
            *_of_x(on_x, up(on_x.server, 3), folder),
            _on_x("links", links, up(links.server, 4), folder, keep="links"),
            _on_x("numbers", counts, up(counts.server, 5), folder, keep="counts"),
        ]
        manners = (ILL_YOUTUBE, ILL_X) if ill else ((), ("403",))
        if ill:
            moved = up(redirecting(canary, redirected), 6)
            tables += [
                _channel("moved", youtube, youtube.valley.id, moved, folder),
                _on_x("moved-x", on_x, moved, folder, keep="text"),
            ]
        for number, manner in enumerate(manners[0]):
            tube = _ill_youtube(canary, clock, manner)
            servers.append(tube.server)
            tables.append(
                _channel(f"ill-{manner}", tube, tube.valley.id, up(tube.server, 10 + number), folder)
            )
        for number, manner in enumerate(manners[1]):
            network = _ill_x(canary, clock, manner)
            servers.append(network.server)
            address = up(network.server, 30 + number)
            tables.append(_on_x(f"ill-x-{manner}", network, address, folder, keep="text"))
        (folder / "listener.toml").write_text("\n".join(tables), "utf-8")
        yield Keyed(youtube, on_x, servers, redirected, words)


def _channel(
    name: str, tube: planted_youtube.Planted, channel: str, address: str, folder: Path, **keys: object
) -> str:
    key = secret_file(folder, f"{name}.key", tube.key)
    whose = {} if keys.get("relation") == "own" else {"channel_of": "publication"}
    return source(name, "youtube", endpoint=address, key_file=key, channel=channel, **whose, **keys)


def _of_youtube(tube: planted_youtube.Planted, address: str, folder: Path) -> list[str]:
    key = secret_file(folder, "titles.key", tube.key)
    return [
        _channel("comments", tube, tube.city.id, address, folder, relation="own"),
        _channel("uploads", tube, tube.valley.id, address, folder, listen="uploads"),
        source("titles", "youtube", endpoint=address, key_file=key, listen="titles"),
    ]


def _on_x(
    name: str, network: planted_x.Planted, address: str, folder: Path, *, keep: str, **keys: object
) -> str:
    keys = keys or {"token_file": secret_file(folder, f"{name}.token", network.token)}
    proofs = _PROOFS["counts" if keep == "counts" else "text"]
    return source(name, "x", endpoint=address, keep=keep, **keys) + proofs


def _of_x(network: planted_x.Planted, address: str, folder: Path) -> list[str]:
    """A search, and mentions by either kind of credential."""
    own, keys = network.network.own.id, network.keys
    signed = {
        f"{name}_file": secret_file(folder, f"signed-{name}", value)
        for name, value in (
            ("consumer_key", keys.consumer_key),
            ("consumer_secret", keys.consumer_secret),
            ("access_token", keys.token),
            ("access_token_secret", keys.token_secret),
        )
    }
    bearer = {"token_file": secret_file(folder, "bearer", network.token)}
    to_us = {"listen": "mentions", "own_user_id": own, "relation": "own"}
    return [
        _on_x("search", network, address, folder, keep="text"),
        _on_x("mentions", network, address, folder, keep="text", **bearer, **to_us),
        _on_x("signed", network, address, folder, keep="text", **signed, **to_us),
    ]


def _ill_youtube(canary: Canary, clock: SystemClock, manner: str) -> planted_youtube.Planted:
    """A service in trouble, with something to tell."""
    planted = planted_youtube.Planted(canary, clock, f"ill {manner}")
    planted.whisper()
    if manner == "expired":
        planted.tube.keys[planted.key].state = "expired"
    else:
        planted.tube.disturb(manner, _YEAR_S)  # type: ignore[arg-type]  # one of its manners
    return planted


def _ill_x(canary: Canary, clock: SystemClock, manner: str) -> planted_x.Planted:
    """The same of X."""
    planted = planted_x.Planted(canary, clock, f"ill x {manner}", words=manner == "stuck")
    planted.whisper()
    match manner:
        case "401":
            planted.site.keys.app.clear()
        case "402":
            planted.site.bill.credit = Decimal(0)
        case "403":
            planted.site.enrolled = False
        case "cap":
            planted.site.bill.cap = 0
        case "stuck":  # in the middle of a search, with the token of its next page
            planted.server.ends = True
        case _:
            planted.site.disturb(manner, _YEAR_S)  # type: ignore[arg-type]
    return planted


# ---------------------------------------------------------------------------------------------------------- the story


def story(
    canary: Canary, folder: Path, program: Sequence[str] | None = None
) -> tuple[tuple[Finding, ...], list[str]]:
    """
    The life of an installation: configured, looked at, run, asked, reloaded, killed, run again, stopped; then searched.

    Returns:
        What was found, and the addresses in which somebody was asked for.
    """
    whole = program is None
    daemon = Installed(folder, program or Installed.program)
    answers: dict[str, bytes] = {}
    after_kill: tuple[Finding, ...] = ()
    with keyed(canary, folder, ill=whole) as here:
        daemon.accept()
        try:
            daemon.start("--debug")
            daemon.wait(lambda: settled(daemon) and told(daemon, here.words))
            if whole:
                _handle(daemon, canary)
                daemon.kill()
                after_kill = canary.search_folder(folder / "data", events=True)
                daemon.start("--debug")
            answers = replies(daemon, canary.trace("query sent to us")) | {"stream": sse(daemon)}
            if not whole:
                daemon.command("sources")
            assert daemon.stop() == 0
        finally:
            if daemon.process is not None and daemon.process.poll() is None:
                daemon.kill()
    if whole:
        assert unserved(canary, here.wire(), beside=_BESIDE) == []
        assert here.redirected
        untold = {each for each in canary.missing(here.wire()) if each.startswith("ill ")}
        in_errors = {each for each in untold if each.endswith("who stands in an error: name")}
        assert in_errors == {f"ill {manner} who stands in an error: name" for manner in ("cut", "x cut")}
    of_events = {"reply 0", "stream"}
    outputs = daemon.outputs
    return (
        *after_kill,
        *canary.search_folder(folder / "data", events=True),
        *canary.search({name: body for name, body in answers.items() if name in of_events}, events=True),
        *canary.search({name: body for name, body in answers.items() if name not in of_events}),
        *canary.search({name: body for name, body in outputs.items() if "tail" in name}, events=True),
        *canary.search({name: body for name, body in outputs.items() if "tail" not in name}),
        *canary.search({"logs": daemon.logs().encode()}),
        *canary.search({file.name: file.read_bytes() for file in folder.glob("*.lock")}),
        *(one for one in _in_addresses(canary, here.addresses) if not one.label.endswith(": page token")),
    ), asking_for_people(here.addresses)


def _handle(daemon: Installed, canary: Canary) -> None:
    """What an operator does by hand, well and badly."""
    daemon.command(
        "check", "--live", "comments", "uploads", "titles", "ill-quota", "search", "ill-x-403", code=1
    )
    given = daemon.command("tail", "--json", "--no-follow", "--since", "start")
    daemon.command("sources", "comments", "search", "ill-quota", "ill-x-402", "ill-x-cut")
    daemon.command("budgets")
    daemon.command("reload")
    events = [json.loads(line) for line in given.splitlines()]
    links = [each["data"]["link"] for each in events if each["type"] == "listener.post.created"]
    for network in ("youtube.com", "x.com"):
        link = next(each for each in links if each and network in each)
        daemon.command("forget", link, "--yes")
    daemon.command("find", f"https://x.com/{canary.trace('link of an unknown post')}/status/1", code=1)


def settled(daemon: Installed) -> bool:
    """Every source was answered, has failed, or was told to wait."""
    sources = daemon.ask("/v1/sources")["sources"]
    return all(one["last_read_at"] or one["error_code"] or one["why"] in _WAITING for one in sources)


def told(daemon: Installed, words: Sequence[str]) -> bool:
    """Every word has reached a consumer; looked at twice a second, because pages come three seconds apart."""
    time.sleep(0.5)
    given = held(daemon)
    return all(word in given for word in words)


def _in_addresses(canary: Canary, addresses: Sequence[str]) -> tuple[Finding, ...]:
    return canary.search({"addresses": "\n".join(addresses).encode()})


def asking_for_people(addresses: Sequence[str]) -> list[str]:
    """Those of the addresses that ask who wrote, or who somebody is."""
    return [
        address
        for address in addresses
        if (planted_youtube if "/youtube/" in address else planted_x).ASKS_FOR_PEOPLE.search(address)
    ]


_BESIDE = (
    "ill ", "api token", "query sent", "link of an unknown", "redirecting",
    *(f"{x}: {name}" for x in ("x", "x links", "x counts")
      for name in ("token", "consumer key", "consumer secret", "own token", "own secret")),
    "youtube: key", "youtube found video linked", "x counts",  # a search cuts descriptions; numbers have no words
    *(f"{network} {what}" for network in ("youtube", "x", "x links") for what in ("error body", "who stands in an error")),
)  # fmt: skip
"""Markers that no network tells, or only one in trouble."""


def test_nobody_leaves_the_house_by_youtube_or_x(tmp_path: Path) -> None:
    """Nothing that names a person, and no key, is in any file, answer, output, line of the log or address; nobody is asked for."""
    found, asking = story(Canary(seed=5), tmp_path)

    assert [str(each) for each in sorted(set(found))] == []
    assert asking == []


SIGNATURES = {
    "authors": Signature("youtube comment author: handle", "queue.sqlite"),
    "key": Signature("youtube: key", "addresses"),
    "repeats": Signature("x: words that were repeated", "queue.sqlite"),
    "said": Signature("ill x 403 who stands in an error: name", "logs"),
}
"""By piece of `sabotage`."""


def test_each_step_of_youtube_and_x_is_missed_when_it_is_gone(tmp_path: Path) -> None:
    """The same story without some steps of the adapters hears the people and the key they are there for, and sees who is asked for."""
    program = (sys.executable, str(SABOTAGE), ",".join(SIGNATURES))
    found, asking = story(Canary(seed=6), tmp_path, program)

    assert {name for name, signature in SIGNATURES.items() if signature.heard(found)} == {*SIGNATURES}
    assert {address.partition("?")[0] for address in asking} == {
        "/youtube/v3/commentThreads",
        "/youtube/v3/comments",
    }
