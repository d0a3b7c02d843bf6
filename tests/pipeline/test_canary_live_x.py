"""
`listener check --live` and X: people in posts, expansions, headers and in every error that names somebody; a wrong key, an app
that is not enrolled, a credit and a cap that are used up. What is printed names nobody.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import anyio.from_thread
import pytest

from adapters.x import simulator
from adapters.x.simulated_network import Network
from adapters.x.simulated_site import Site
from listener import settings
from listener.clock import SystemClock
from listener.events import Keep
from listener.simulation.exchange import Request, Response
from listener.testing.canary import Canary
from tests.pipeline.test_canary_live import Printed, look

Change = Callable[[Site], object]


def planted(canary: Canary) -> Network:
    """People who write to the city and to one another, and whom the city answers."""
    folk = [
        canary.person(f"x {n}", script=script) for n, script in enumerate(("latin", "greek", "han", "emoji"))
    ]
    network = Network(SystemClock(), hashtags=("#yyc",), _people=folk)
    network.plan(network.now() - timedelta(minutes=2), lambda: talk(canary, network))
    network.turn()
    return network


def talk(canary: Canary, network: Network) -> None:
    """Somebody writes to the city, somebody answers, somebody quotes, and the city answers too."""
    one, two, three = (network.account() for _ in range(3))
    who = one.person
    text = f"@cityofexample @{two.username} ice {canary.word('x text')} #yyc, call {who.phone} or {who.email}, {who.name}"
    first = network.post(one, text)
    network.post(two, f"@{one.username} so it is #yyc", reply_to=first)
    network.post(three, f"@{two.username} says who? #yyc", quote_of=first)
    network.post(network.own, f"@{one.username} we are on it #yyc", reply_to=first)


@contextmanager
def heard(canary: Canary, folder: Path, *, keep: Keep, change: Change | None = None) -> Iterator[list[bytes]]:
    """
    The network, served; every error of it names somebody in every place that holds text; a configuration beside it.

    Returns:
        The bodies that were sent, as they come.
    """
    wire: list[bytes] = []
    network, talker = planted(canary), canary.person("x who stands in an error")
    with anyio.from_thread.start_blocking_portal() as portal:
        serving = simulator.serve(network)
        with portal.wrap_async_context_manager(serving) as served:
            served.site.noise = canary.noise("x ")
            assert served.site.server is not None
            served.site.server.app = naming(
                served.site.answer, f"{talker.name} @{talker.handle} {talker.email}", wire
            )
            token = simulator.write_secrets(served, folder)["token"]
            token.write_text(canary.secret("x token"), "utf-8")
            served.site.keys.app = {token.read_text("utf-8")}
            if change is not None:
                change(served.site)
            config = simulator.configuration(
                served,
                folder / "data",
                secrets={"token": token},
                listens=("search", "mentions"),
                keep=keep,
            )
            mine = f'own_user_id = "{network.own.id}"'  # both sources by the app's token, so that a change meets both
            config = config.replace(mine, f"{mine}\ntoken_file = {json.dumps(str(token))}")
            (folder / "listener.toml").write_text(config, "utf-8")
            yield wire


def naming(
    app: Callable[[Request], Awaitable[Response]], said: str, wire: list[bytes]
) -> Callable[[Request], Awaitable[Response]]:
    """The same server, whose errors quote whoever is spoken of."""

    async def answer(request: Request) -> Response:
        response = spoiled(await app(request))
        assert isinstance(response.body, bytes)
        wire.append(response.body)
        return response

    def spoiled(response: Response) -> Response:
        if response.status < 400 or not isinstance(response.body, bytes):
            return response
        try:
            body = json.loads(response.body)
        except ValueError:
            return response
        for key in ("detail", "title", "message"):
            body[key] = f"{body.get(key, '')} {said}" if key != "title" else body.get(key, said)
        body["errors"] = [*body.get("errors", ()), {"message": said, said: [said]}]
        return replace(response, body=json.dumps(body).encode())

    return answer


def asked_of(
    canary: Canary,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    keep: Keep = "text",
    change: Change | None = None,
) -> Printed:
    """What is told of X's search and mentions."""
    with heard(canary, folder, keep=keep, change=change) as wire:
        printed = look(settings.load(folder / "listener.toml", environ={}), capsys)
    return Printed(printed.live, printed.outputs, b"\n".join(wire))


@pytest.mark.parametrize(("keep", "made"), [("counts", "Count"), ("text", "Post")])
def test_nobody_is_told_of_x(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], keep: Keep, made: str
) -> None:
    """Of numbers, searches and mentions requests, prices, shapes and what was made of them are told, and no person."""
    canary = Canary(seed=31)
    printed = asked_of(canary, tmp_path, capsys, keep=keep)

    search, mentions = printed.live.looked
    assert [str(each) for each in canary.search(printed.outputs)] == []
    assert (search.verdict, mentions.verdict) == ("as documented", "as documented")
    assert search.made.items[made] >= 1
    assert keep == "counts" or len(canary.search({"wire": printed.wire})) >= 5
    assert all(asked.cost for asked in search.asked)
    assert {asked.pattern for asked in mentions.asked if "(configured)" in asked.pattern} == {
        "/2/users/(configured)/mentions"
    }


@pytest.mark.parametrize(
    ("change", "verdict", "code"),
    [
        (lambda site: site.keys.app.clear(), "denied", "credential_refused"),
        (lambda site: setattr(site, "enrolled", False), "denied", "not_enrolled"),
        (lambda site: setattr(site.bill, "credit", Decimal(0)), "limited", "budget_spent"),
        (lambda site: setattr(site.bill, "cap", 0), "limited", "budget_spent"),
        (lambda site: site.disturb("429", 3600), "limited", "rate_limited"),
        (lambda site: site.disturb("html", 3600), "differs", "not_an_answer"),
    ],
    ids=["wrong key", "not enrolled", "no credit", "cap", "rate", "html"],
)
def test_errors_that_name_people_are_told_by_what_they_mean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Change, verdict: str, code: str
) -> None:
    """Each error has its verdict and its meaning; of its messages nothing is told."""
    canary = Canary(seed=32)
    printed = asked_of(canary, tmp_path, capsys, change=change)

    mentions = printed.live.looked[-1]
    told = {each.label for each in canary.search({"wire": printed.wire})}
    assert (
        code in ("rate_limited", "budget_spent", "not_an_answer") or "x who stands in an error: name" in told
    )
    assert [str(each) for each in canary.search(printed.outputs)] == []
    assert mentions.failure is not None
    assert (mentions.verdict, mentions.failure.code) == (verdict, code)
