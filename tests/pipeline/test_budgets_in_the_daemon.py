"""
The shipped daemon and the simulated X, on virtual time: what `/v1/budgets` and `listener budgets` tell of a credential that two
sources share, and what becomes of who waits when the configuration is read again.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from adapters.x.simulated_network import Network
from adapters.x.simulator import Served, site_of
from listener import cli
from listener.testing.rig import Rig, rig
from listener.testing.virtual_clock import VirtualClock

pytestmark = pytest.mark.anyio

HOUR_S, DAY_S = 3_600, 86_400


@pytest.fixture
def anyio_backend() -> str:
    """The rig is asyncio's."""
    return "asyncio"


def numbers(name: str, folder: Path, **keys: float) -> str:
    """A source that asks for numbers, with the token that all of them share."""
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text("app-token")
    lines = [
        "[[source]]",
        f'name = "{name}"',
        'adapter = "x"',
        'endpoint = "http://api.x.example"',
        f"token_file = {json.dumps(str(token))}",
        'relation = "public"',
        'criterion = "Every public post on X"',
        "interval_s = 3600",
        *(f"{key} = {value}" for key, value in keys.items()),
    ]
    return "\n".join([*lines, ""])


def x_at(clock: VirtualClock) -> Served:
    """The simulated X, where nothing is said."""
    return site_of(Network(clock, hashtags=("#yyc",)))


async def budgets(house: Rig) -> dict[str, dict[str, Any]]:
    """As the API tells them, by name."""
    return {view["name"]: view for view in json.loads(await house.get("/v1/budgets"))["budgets"]}


async def listed(house: Rig, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """As `listener budgets --json` prints them."""
    capsys.readouterr()

    def command() -> object:
        with pytest.raises(SystemExit) as ended:
            cli.main(["budgets", "--json", "-c", str(house.config)])
        return ended.value.code

    assert await anyio.to_thread.run_sync(command) in (0, None)
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


async def test_what_is_spent_is_told_alike_by_api_and_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten hours of two sources with one credential, three of which X is out of order: as X bills them, by account, over a
    restart, and without a daemon."""
    clock = VirtualClock()
    served = x_at(clock)
    sources = (numbers("harbour", tmp_path, monthly_usd=20.0), numbers("square", tmp_path, monthly_usd=30.0))
    async with rig(*sources, hosts={"api.x.example": served.site.answer}, clock=clock) as house:
        await house.pass_s(6 * HOUR_S)
        served.site.disturb("500", 3 * HOUR_S)
        await house.pass_s(4 * HOUR_S)
        told = await budgets(house)
        printed = await listed(house, capsys)
        await house.restart()
        again = await budgets(house)
        await house.stop()
        offline = await listed(house, capsys)
    spent = float(served.site.bill.total)
    usd = told["usd"]

    assert spent > 0
    assert printed == sorted(told.values(), key=lambda view: view["name"])
    assert {key: value for key, value in usd.items() if key not in ("allowed", "forecast", "parts")} == {
        "network": "x",
        "name": "usd",
        "sources": ["harbour", "square"],
        "unit": "USD",
        "start": "2026-01-01T00:00:00Z",
        "end": "2026-02-01T00:00:00Z",
        "limit": 20.0,
        "spent": pytest.approx(spent),
        "reserved": 0.0,
        "stage": "open",
        "back_at": None,
    }
    assert [{**part, "spent": round(part["spent"], 6)} for part in usd["parts"]] == [
        {"source": name, "watch": "city", "recheck": False, "spent": round(spent / 2, 6), "back_at": None}
        for name in ("harbour", "square")
    ]
    assert again["usd"]["spent"] == usd["spent"]
    assert [(view["name"], view["limit"], view["spent"]) for view in offline] == [
        ("posts", 3_000_000.0, 0.0),  # of the month that it is really, in which nothing was spent
        ("usd", 20.0, 0.0),
    ]
    assert "app-token" not in house.out.getvalue()


async def test_who_waits_for_the_smaller_limit_of_another_notices_that_it_is_raised(tmp_path: Path) -> None:
    """A reload lowers a limit until nobody may spend, another raises it: both sources go on at once, not in weeks."""
    clock = VirtualClock()
    served = x_at(clock)
    square = numbers("square", tmp_path, monthly_usd=30.0)
    async with rig(
        numbers("harbour", tmp_path, monthly_usd=30.0),
        square,
        hosts={"api.x.example": served.site.answer},
        clock=clock,
    ) as house:
        await house.pass_s(6 * HOUR_S)
        await house.configure(numbers("harbour", tmp_path, monthly_usd=0.01), square)
        await house.pass_s(2 * HOUR_S)
        waiting, stage = await house.views(), (await budgets(house))["usd"]["stage"]
        before = served.site.bill.total
        await house.configure(numbers("harbour", tmp_path, monthly_usd=30.0), square)
        await house.pass_s(60)
        after = await house.views()

    assert [(view["state"], view["why"]) for view in waiting.values()] == [("held", "budget")] * 2
    assert stage == "spent"
    assert [view["state"] for view in after.values()] == ["waiting", "waiting"]
    assert [view["why"] for view in after.values()] == ["interval", "interval"]
    assert served.site.bill.total > before
