"""
D14: exports are sealed with daily keys that they do not contain, and give no words of what was removed or is over.

How the commands behave is tested in tests/unit/cli/test_cli_export.py, on the running daemon in
tests/pipeline/test_canary.py.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest

from listener.errors import ConfigError, FileRefused
from listener.events import key_of
from listener.export import Exporter, Rules
from listener.keys import KeyRing, day_that_ends_before, oldest_living_day
from listener.queues import open_queue
from listener.queues.base import Queue
from listener.status import ExportAsk, ExportPart, Unsealed
from listener.telemetry import Telemetry
from listener.testing.queue_contract import until_erased
from listener.testing.virtual_clock import VirtualClock
from tests.fakes.daemon import AT, KEPT_UNTIL, gone, name, post, put

KEYS = KeyRing([b"s" * 32])
RETENTION = timedelta(days=30)
ASK = ExportAsk(reason="access request 2026-17", watches=("river",), by="Records")
WORDS = ("a heron at the weir", "ice on the north bank")

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]


def exporter(
    queue: Queue,
    clock: VirtualClock,
    log: StringIO | None = None,
    *,
    keys: KeyRing = KEYS,
    in_words: frozenset[str] = frozenset({"feed"}),
) -> Exporter:
    rules = Rules(
        organisation="Town of Example",
        statement="ab" * 32,
        watches=frozenset({"river", "parks"}),
        retention=RETENTION,
        in_words=in_words,
    )
    return Exporter(queue, keys, clock, Telemetry(log), lambda: rules)


async def sqlite(folder: Path, clock: VirtualClock) -> Queue:
    return await open_queue(
        "sqlite:///queue.sqlite", base_dir=folder, fingerprints=KEYS.fingerprints, clock=clock
    )


async def lines_of(house: Exporter, ask: ExportAsk = ASK) -> list[str]:
    return [line.decode().removesuffix("\n") async for line in house.write(ask)]


def part(lines: list[str], first: int = 0) -> ExportPart:
    return ExportPart(head=lines[0], end=lines[-1], lines=tuple(lines[1:-1]), first=first)


def states(read: tuple[Unsealed, ...]) -> list[str]:
    return [each.state for each in read]


def stored(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file())


async def test_d14_no_word_of_what_was_forgotten_or_is_over_is_told_by_file_and_data_together(
    tmp_path: Path,
) -> None:
    """A file gives words only while the post is held as it was exported: not after `forget`, an edit, its end, or its key's end."""
    clock = VirtualClock(AT)
    queue = await sqlite(tmp_path, clock)
    await put(queue, *(post(number, text) for number, text in enumerate(WORDS, 1)))
    await put(queue, replace(post(3, "old words"), digest=b"o" * 16))
    house = exporter(queue, clock)
    lines = await lines_of(house)
    (tmp_path / "file.export").write_text("\n".join(lines))
    live = await house.read(part(lines))

    await queue.forget([name(1)], reason="forgotten", at=AT, keys_until_at=KEPT_UNTIL)
    await put(queue, replace(post(3, "new words"), digest=b"n" * 16))
    after = await house.read(part(lines))
    for number in (1, 3):
        await until_erased(queue, key_of(name(number)))
    bytes_after_forget = stored(tmp_path)
    await clock.advance((KEPT_UNTIL - AT).total_seconds())
    over = await house.read(part(lines))
    keys = await queue.sealing_keys()
    held_before = [key in stored(tmp_path) for key in keys.values()]
    destroyed = await queue.destroy_sealing_keys(before=oldest_living_day(clock.now(), RETENTION))
    await queue.expire(clock.now())
    noise = await house.read(part(lines))
    await queue.aclose()

    assert [json.loads(each.event or "")["data"]["text"] for each in live] == [*WORDS, "old words"]
    assert states(after) == ["removed", "live", "edited"]
    assert [each.event is None for each in after] == [True, False, True]
    assert states(over) == ["expired"] * 3
    assert (held_before, [key in stored(tmp_path) for key in keys.values()]) == ([True], [False])
    assert (destroyed, noise) == (1, (Unsealed(state="sealed"),) * 3)
    for word in (WORDS[0], "old words"):
        assert word.encode() not in bytes_after_forget
    for word in (*WORDS, "old words", "new words"):
        assert word.encode() not in stored(tmp_path)


async def test_d14_a_file_holds_no_key_and_seals_each_event_with_one_that_ends_no_later(
    tmp_path: Path,
) -> None:
    """The days of the file are those that end before its events do; what ends within a day is left out and counted."""
    clock = VirtualClock(AT)
    queue = await sqlite(tmp_path, clock)
    soon, later = AT + timedelta(hours=8), AT + timedelta(days=10)
    await put(queue, post(1), post(2, expirytime=later), post(3, expirytime=soon))

    lines = await lines_of(exporter(queue, clock))

    end = json.loads(lines[-1])["end"]
    days = {day_that_ends_before(ends, RETENTION) for ends in (KEPT_UNTIL, later)}
    assert end == {"count": 2, "left_out": 1, "days": sorted(day.isoformat() for day in days)}
    text = "\n".join(lines).encode()
    for key in (await queue.sealing_keys()).values():
        assert key not in text
        assert key.hex().encode() not in text
    await queue.aclose()


async def test_d14_every_export_and_every_reading_is_noted_with_its_reason(tmp_path: Path) -> None:
    """Without a reason, or of a watch that is not configured, there is none; what there is stands in the log, without words."""
    clock, log = VirtualClock(AT), StringIO()
    queue = await sqlite(tmp_path, clock)
    await put(queue, post(1, WORDS[0]), post(2, watches=("parks",)))
    house = exporter(queue, clock, log)
    for ask in (
        ExportAsk(reason=" "),
        ExportAsk(reason="two\nlines"),
        ExportAsk(reason="x", watches=("rivr",)),
        ExportAsk(reason="x", by=""),
    ):
        with pytest.raises(ConfigError):
            house.write(ask)

    lines = await lines_of(house)
    await house.read(part(lines))
    await queue.aclose()

    said = [json.loads(line) for line in log.getvalue().splitlines()]
    named = {"export": json.loads(lines[0])["head"]["export"], "watches": "river"}
    named |= {"count": 1, "reason": ASK.reason, "by": ASK.by}
    assert [{key: one[key] for key in one.keys() - {"timestamp", "level"}} for one in said] == [
        {"event": "export.written", "left_out": 0, **named},
        {"event": "export.opened", "first": 0, **named},
    ]
    assert WORDS[0] not in log.getvalue()


async def test_d14_a_line_is_read_where_it_was_written_or_not_at_all(tmp_path: Path) -> None:
    """Lines that were swapped, taken from another file or changed are told as altered; head, end and length are refused."""
    clock = VirtualClock(AT)
    queue = await sqlite(tmp_path, clock)
    await put(queue, post(1), post(2), post(3))
    house = exporter(queue, clock)
    lines, other = await lines_of(house), await lines_of(house)
    head, one, two, three, end = lines

    swapped = await house.read(part([head, two, one, three, end]))
    foreign = await house.read(part([head, one, other[2], three, end]))
    changed = await house.read(part([head, one.replace('"sealed":"A', '"sealed":"B'), "{}", "no JSON", end]))
    fewer = await house.read(part([head, two, end], first=1))
    refused = {
        "another's end": part([head, one, two, three, other[-1]]),
        "count": part([head, one, two, three, end.replace('"count":3', '"count":2')]),
        "reason": part([head.replace("2026-17", "2026-18"), one, two, three, end]),
        "format": part([head.replace("export/1", "export/2"), one, two, three, end]),
        "cut short": part([head, one, two]),
        "empty": ExportPart(head="", end="", lines=(), first=0),
        "too many": part([head, one, two, three, three, end]),
        "before the first": part([head, one, end], first=-1),
    }
    elsewhere = exporter(queue, clock, keys=KeyRing([b"t" * 32]))
    rotated = exporter(queue, clock, keys=KeyRing([b"t" * 32, b"s" * 32]))

    assert states(swapped) == ["altered", "altered", "live"]
    assert states(foreign) == ["live", "altered", "live"]
    assert states(changed) == ["altered"] * 3
    assert states(fewer) == ["live"]
    for asked in refused.values():
        with pytest.raises(FileRefused):
            await house.read(asked)
    with pytest.raises(FileRefused, match="not written here"):
        await elsewhere.read(part(lines))
    assert states(await rotated.read(part(lines))) == ["live"] * 3
    await queue.aclose()


async def test_d14_posts_whose_words_may_not_be_handed_on_are_told_by_address_alone(tmp_path: Path) -> None:
    """Of a network whose terms let only addresses be handed on, neither words nor tags are in the file, even opened."""
    clock = VirtualClock(AT)
    queue = await sqlite(tmp_path, clock)
    await put(queue, post(1, WORDS[0], title="Birds"))
    house = exporter(queue, clock, in_words=frozenset())

    (read,) = await house.read(part(await lines_of(house)))
    await queue.aclose()

    data = json.loads(read.event or "")["data"]
    assert data == {
        "network": "feed",
        "kind": "article",
        "text": None,
        "title": None,
        "lang": None,
        "watches": ["river"],
        "hashtags": [],
        "link": "https://blog.example/1",
        "in_reply_to": None,
        "by_us": False,
        "addressed": False,
        "open_to_reply": "unknown",
        "observed_at": "2026-01-05T12:00:00Z",
        "masked": {},
    }


async def test_d14_a_file_says_what_was_asked_for_and_holds_what_is_live(tmp_path: Path) -> None:
    """Head and end as whole values: only of the watch, only since, nothing that was removed; an empty one is whole, too."""
    clock = VirtualClock(AT)
    queue = await sqlite(tmp_path, clock)
    await put(queue, post(1), post(2), post(3, watches=("parks",)), post(4, time=AT - timedelta(days=2)))
    await put(queue, gone(2))
    house = exporter(queue, clock)
    ask = ExportAsk(reason="review", watches=("river",), since_at=AT - timedelta(days=1))

    lines = await lines_of(house, ask)
    nothing = await lines_of(house, ExportAsk(reason="review", since_at=AT + timedelta(days=1)))

    head = json.loads(lines[0])["head"]
    assert {**head, "export": len(head["export"])} == {
        "format": "listener.export/1",
        "export": 32,
        "organisation": "Town of Example",
        "reason": "review",
        "by": None,
        "watches": ["river"],
        "since_at": "2026-01-04T12:00:00Z",
        "written_at": "2026-01-05T12:00:00Z",
        "statement": "ab" * 32,
    }
    assert [each.key for each in await house.read(part(lines))] == [name(1).hex()]
    assert json.loads(nothing[-1])["end"] == {"count": 0, "left_out": 0, "days": []}
    assert await house.read(part(nothing)) == ()
    await queue.aclose()
