"""
`listener check --live` as it is typed: against sites of a few pages, in a process of its own where a signal ends it.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from asyncio import StreamWriter
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from listener import cli
from listener.cli.live import running
from tests.fakes.loopback import answer
from tests.fakes.sites import configured, feed, sites
from tests.unit.cli.test_cli_daemon import Daemon

ROOT = Path(cli.__file__).parents[2]
ATOM = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><id>urn:x:1</id><title>Synthetic</title>
<updated>2026-11-24T12:00:00Z</updated>
<entry><id>urn:x:2</id><title>Ice #yyc</title><updated>2026-11-24T12:00:00Z</updated><content>Jo Fenn</content></entry>
<entry><id>urn:x:3</id><title>Sun</title><updated>2026-11-24T12:00:00Z</updated><content>Jo Fenn</content></entry></feed>"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """A command in this process: exit code, stdout, stderr."""

    def told(*words: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        code = 0
        try:
            cli.main(list(map(str, words)))
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return told


def accepted(run: Run, folder: Path, *addresses: str) -> Path:
    """A signed configuration that reads these addresses."""
    config = configured(folder, *addresses)
    assert run("accept", "--by", "a test", "--reason", "synthetic", "-c", config)[0] == 0
    return config


def test_what_is_told_of_a_feed(run: Run, tmp_path: Path) -> None:
    """Request, shape, what the adapter made of it and what the daemon would say; nothing is written."""
    with sites({1: {"/feed": feed(ATOM)}}) as there:
        config = accepted(run, tmp_path, there.at(1, "/feed"))
        before = sorted(each.name for each in tmp_path.rglob("*"))
        code, out, err = run("check", "--live", "-c", config)
        raw = run("check", "--live", "-c", config, "--json")
        asked = there.asked(1)

    first, second, *rest = out.splitlines()
    assert (code, err) == (0, "")
    assert first == "river (feed, public, keeps text, polled)"
    assert second.startswith(f"  GET 127.0.0.1 .*: 200, xml, {len(ATOM)} bytes, ")
    assert rest == [
        "    xml",
        "      (document): element 1",
        "      feed: element 1  [not read]",
        "      feed.@xmlns: string 1  [not read]",
        "      feed.id: element 1, text 1",
        "      feed.title: element 1, text 1",
        "      feed.updated: element 1, text 1",
        "      feed.entry: element 2  [not read]",
        "      feed.entry.id: element 2, text 2",
        "      feed.entry.title: element 2, text 2",
        "      feed.entry.updated: element 2, text 2",
        "      feed.entry.content: element 2, text 2",
        "  the adapter made 1 pages of it: Post 2",
        "  kinds: article 2; filled: native 2/2, published_at 2/2, text 2/2, title 2/2",
        "  the daemon would say: not_ours 1, passed 1; for watches: city 1",
        "  as documented",
        "",
        "source\tadapter\tverdict\tbecause",
        "river\tfeed\tas documented\t",
    ]
    (source,) = json.loads(raw[1])["sources"]
    assert (raw[0], source["verdict"], source["made"]["items"], source["asked"][0]["pattern"]) == (
        0,
        "as documented",
        {"Post": 2},
        ".*",
    )
    assert asked == ["/feed", "/feed"]
    assert sorted(each.name for each in tmp_path.rglob("*")) == before


def test_what_the_daemon_would_say_is_said_for_the_watches_of_the_source(run: Run, tmp_path: Path) -> None:
    """A source that looks for one watch is judged by that one alone, as the daemon does it."""
    with sites({1: {"/feed": feed(ATOM)}}) as there:
        config = configured(tmp_path, there.at(1, "/feed"))
        text = config.read_text("utf-8").replace(
            'adapter = "feed"\n', 'adapter = "feed"\nwatches = ["roads"]\n'
        )
        roads = text[text.index("[[watch]]") : text.index("[[source]]")].replace('"city"', '"roads"')
        roads = re.sub("hashtags = .*", 'phrases = ["pothole"]', roads)
        config.write_text(text.replace("[[source]]", f"{roads}\n[[source]]", 1), "utf-8")
        assert run("accept", "--by", "a test", "--reason", "synthetic", "-c", config)[0] == 0
        code, out, _ = run("check", "--live", "-c", config)

    assert (code, "  the daemon would say: not_ours 2" in out.splitlines()) == (0, True), out


def test_nothing_is_asked_before_somebody_signed(run: Run, tmp_path: Path) -> None:
    """A configuration with faults, or one that is not accepted, asks nobody; nor does the name of no source, nor one without `--live`."""
    with sites({1: {"/feed": feed()}}) as there:
        config = configured(tmp_path, there.at(1, "/feed"))
        unsigned = run("check", "--live", "-c", config)
        accepted(run, tmp_path, there.at(1, "/feed"))
        unknown = run("check", "--live", "river", "Jo Fenn", "-c", config)
        without = run("check", "river", "-c", config)
        config.write_text(config.read_text("utf-8").replace("[organisation]", "[organization]"), "utf-8")
        faulty = run("check", "--live", "-c", config, "--json")
        asked = there.asked(1)

    assert (unsigned[0], "not accepted: " in unsigned[1]) == (3, True)
    assert (unknown[0], unknown[1], "number 2 is no source" in unknown[2], "Jo Fenn" in unknown[2]) == (
        2,
        "",
        True,
        False,
    )
    assert (without[0], without[1], "SOURCE: is for --live" in without[2]) == (2, "", True)
    assert (faulty[0], json.loads(faulty[1])["valid"]) == (2, False)
    assert asked == []


@pytest.mark.parametrize(
    ("said", "verdict", "because", "status"),
    [
        (answer(403, b"Jo Fenn is not allowed"), "denied", "look at the credential", 403),
        (answer(500, b"Jo Fenn"), "unreachable", "no usable answer", 500),
        (answer(418, b"Jo Fenn"), "differs", "a 418 that the adapter does not know", 418),
        (answer(200, b"<p>Jo Fenn</p>", content_type="text/html"), "differs", "DocumentRefused: ", 200),
        (answer(429, b"Jo Fenn", retry_after="60"), "limited", "asked for a pause", 429),
    ],
    ids=["denied", "trouble", "unknown", "no feed", "limited"],
)
def test_each_way_to_fail_has_a_verdict(
    run: Run, tmp_path: Path, said: bytes, verdict: str, because: str, status: int
) -> None:
    """A refusal, a server in trouble, an unknown status, another document, a pause: told apart, and none quoted."""
    with sites({1: {"/feed": said}}) as there:
        config = accepted(run, tmp_path, there.at(1, "/feed"))
        words = run("check", "--live", "-c", config)
        code, out, _ = run("check", "--live", "-c", config, "--json")

    (source,) = json.loads(out)["sources"]
    assert (code, source["verdict"], source["asked"][0]["status"]) == (1, verdict, status)
    assert because in source["why"]
    assert words[0] == 1
    assert "Fenn" not in words[1] + words[2] + out


def test_an_adapter_that_breaks_stops_nobody(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an adapter raises is told by its class; the next source is asked all the same."""
    poll = running.Run._poll

    async def careless(self: running.Run, turn: running.Turn, reads: object) -> None:
        if turn.chosen.name == "river":
            raise ExceptionGroup("Jo Fenn", [KeyError("Jo Fenn")])
        await poll(self, turn, reads)  # type: ignore[arg-type]

    monkeypatch.setattr(running.Run, "_poll", careless)
    with sites({1: {"/feed": feed(ATOM)}, 2: {"/feed": feed(ATOM)}}) as there:
        config = accepted(run, tmp_path, there.at(1, "/feed"))
        table = config.read_text("utf-8").partition("[[source]]")[2].partition("\n[")[0]
        other = table.replace('"river"', '"lake"').replace("127.0.0.1", "127.0.0.2")
        port = there.at(2).rpartition(":")[2].rstrip("/")
        address = f'address = "http://127.0.0.2:{port}/feed"'
        lines = [address if line.startswith("address") else line for line in other.splitlines()]
        config.write_text(config.read_text("utf-8") + "\n[[source]]" + "\n".join(lines) + "\n", "utf-8")
        run("accept", "--by", "a test", "--reason", "another", "-c", config)
        code, out, err = run("check", "--live", "-c", config)

    assert code == 1
    assert out.splitlines()[-3:] == [
        "source\tadapter\tverdict\tbecause",
        "river\tfeed\tdiffers\tKeyError: the adapter raised what it may not; please report it with its class",
        "lake\tfeed\tas documented\t",
    ]
    assert "Fenn" not in out + err


def test_an_interrupt_tells_what_was_answered(run: Run, tmp_path: Path) -> None:
    """Ctrl-C while a server keeps silent: what came before is told, what was not asked is named, nothing else is said."""

    async def silent(_writer: StreamWriter) -> None:
        await anyio.sleep_forever()

    with sites({1: {"/feed": silent}}) as there:
        config = accepted(run, tmp_path, there.at(1, "/feed"))
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "listener.cli", "check", "--live", "-c", config, "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT), "PATH": ""},
            # Whoever runs the tests in the background has the signal ignored, and so would this process.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        until = time.monotonic() + 30
        while not there.asked(1) and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)

    told = json.loads(out)
    assert (process.returncode, err) == (130, b"")
    assert (told["interrupted"], told["not_looked_at"], told["sources"]) == (True, ["river"], [])


def test_a_running_daemon_is_told_of(run: Run, tmp_path: Path) -> None:
    """A daemon with the same data folder goes on; that it runs is said, and the sources are asked all the same."""
    daemon = Daemon(tmp_path)
    with daemon.running(), sites({1: {"/feed": feed(ATOM)}}) as there:
        folder = tmp_path / "other"
        folder.mkdir()
        config = accepted(run, folder, there.at(1, "/feed"))
        text = config.read_text("utf-8").replace('data_dir = "data"', f'data_dir = "{tmp_path / "d"}"')
        config.write_text(text, "utf-8")
        run("accept", "--by", "a test", "--reason", "another folder", "-c", config)
        words = run("check", "--live", "-c", config)
        raw = run("check", "--live", "-c", config, "--json")

    assert (words[0], json.loads(raw[1])["daemon_runs"]) == (0, True)
    assert words[2].startswith("a daemon runs with this data folder")
