"""
`listener check --live` and YouTube: people in comments, titles, headers and error messages; wrong keys, spent quotas, a server
in trouble. What is printed names nobody and holds no key.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio.from_thread
import pytest

from adapters.youtube import simulator
from adapters.youtube.simulated_parts import Key
from adapters.youtube.simulated_tube import Tube
from listener import settings
from listener.clock import SystemClock
from listener.simulation.exchange import Request, Response
from listener.testing.canary import Canary
from tests.pipeline.test_canary_live import Printed, look

Change = Callable[[Tube], object]


def planted(canary: Canary) -> Tube:
    """The city and a broadcaster upload; people comment, answer, and name one another."""
    tube = Tube(SystemClock(), hashtags=("#yyc",))
    city = tube.channel(title="City of Example", handle="cityofexample", own=True)
    news = tube.channel(title="Valley News", handle="valleynews")
    one, two = (
        tube.channel(canary.person(f"youtube {n}", script=script))
        for n, script in enumerate(("latin", "arabic"))
    )
    for channel in (one, two):
        canary.known(f"youtube channel {channel.number}", channel.id)
    for channel in (city, news):
        person = one.person
        assert person is not None
        video = tube.video(
            channel, f"Snow {canary.word(f'{channel.handle} title')} #yyc", f"Filmed by {person.name}"
        )
        text = f"Late again {canary.word(f'{channel.handle} text')} #yyc, {person.name}, {person.phone}, {person.email}"
        first = tube.comment(video, one, text)
        tube.comment(video, two, f"So it is #yyc {canary.trace(f'{channel.handle} @handle')}", to=first)
    return tube


def asked_of(
    canary: Canary, folder: Path, capsys: pytest.CaptureFixture[str], *, change: Change | None = None
) -> Printed:
    """What is told of comments on both channels, of what they publish, and of titles anywhere."""
    tube, wire = planted(canary), []
    key = canary.secret("youtube key")
    tube.keys = {key: Key()}
    tube.noise = canary.noise("youtube ")
    if change is not None:
        change(tube)
    file = folder / "key"
    file.touch(mode=0o600)
    file.write_text(key, "utf-8")
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(simulator.serve(tube)) as served,
    ):
        assert served.site.server is not None

        async def answer(request: Request) -> Response:
            response = await served.site.answer(request)
            wire.append(repr(response.headers).encode())
            if isinstance(response.body, bytes):
                wire.append(response.body)
            return response

        served.site.server.app = answer
        text = simulator.configuration(
            served, folder / "data", key_file=file, uploads=True, titles=True
        ).replace("cityofexample-comments", "own-comments")
        (folder / "listener.toml").write_text(text, "utf-8")
        printed = look(settings.load(folder / "listener.toml", environ={}), capsys)
    return Printed(printed.live, printed.outputs, b"\n".join(wire))


def test_nobody_is_told_of_youtube(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of comments, uploads and titles requests, prices, shapes and what was made of them are told, and no person."""
    canary = Canary(seed=41)
    printed = asked_of(canary, tmp_path, capsys)

    sent = {each.label for each in canary.search({"wire": printed.wire})}
    assert [str(each) for each in canary.search(printed.outputs)] == []
    assert {"youtube 0: name", "youtube 0: phone", "youtube header: X-Author"} <= sent
    assert {each.name: (each.verdict, each.made.items["Post"] > 0) for each in printed.live.looked} == {
        f"youtube-{name}": ("as documented", True)
        for name in (
            "own-comments",
            "valleynews-comments",
            "cityofexample-uploads",
            "valleynews-uploads",
            "titles",
        )
    }
    assert all(asked.cost for each in printed.live.looked for asked in each.asked)


@pytest.mark.parametrize(
    ("change", "verdict", "code"),
    [
        (lambda tube: tube.keys.clear(), "denied", "key_refused"),
        (
            lambda tube: tube.keys.update({key: Key(state="service_disabled") for key in tube.keys}),
            "denied",
            "api_not_enabled",
        ),
        (
            lambda tube: tube.keys.update({key: Key(state="address_blocked") for key in tube.keys}),
            "denied",
            "key_restricted",
        ),
        (lambda tube: tube.meter.limits.update(units=0, searches=0), "limited", "budget_spent"),
        (lambda tube: tube.disturb("403-rate", 3600), "limited", "rate_limited"),
        (lambda tube: tube.disturb("503", 3600), "unreachable", "unavailable"),
        (lambda tube: tube.disturb("html", 3600), "differs", "not_an_answer"),
    ],
    ids=["wrong key", "api off", "restricted", "quota", "rate", "trouble", "html"],
)
def test_errors_that_name_people_are_told_by_what_they_mean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Change, verdict: str, code: str
) -> None:
    """Each error has its verdict and its meaning; of its messages nothing is told."""
    canary = Canary(seed=42)
    printed = asked_of(canary, tmp_path, capsys, change=change)

    sent = {each.label for each in canary.search({"wire": printed.wire})}
    assert [str(each) for each in canary.search(printed.outputs)] == []
    assert code == "not_an_answer" or "youtube error body" in sent
    assert [(each.verdict, each.failure and each.failure.code) for each in printed.live.looked] == [
        (verdict, code)
    ] * 5
