"""What an operator meets at night: each fault ends with a message that says what to do, and its documented exit code."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from listener.cli.client import opened
from tests.pipeline.city import City, city
from tests.pipeline.daemon_process import Installed


@contextmanager
def taken_port(daemon: Installed):  # type: ignore[no-untyped-def]  # a context manager's generator
    """Somebody listens on the daemon's port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        daemon.config.write_text(
            daemon.config.read_text("utf-8").replace("port = 0", f"port = {port}"), "utf-8"
        )
        yield


def unknown_key(daemon: Installed) -> AbstractContextManager[None]:
    """Two spelling mistakes in one file."""
    text = (
        daemon.config.read_text("utf-8")
        .replace("[reader]", "[reader]\nworkes = 3")
        .replace("purpose =", "purpos =")
    )
    daemon.config.write_text(text, "utf-8")
    return nullcontext()


def more_is_collected(daemon: Installed) -> AbstractContextManager[None]:
    """A hashtag more than was accepted."""
    text = daemon.config.read_text("utf-8").replace('["#yyc"]', '["#yyc", "#snow"]')
    daemon.config.write_text(text, "utf-8")
    return nullcontext()


def no_database(daemon: Installed) -> AbstractContextManager[None]:
    """The queue's file holds something else."""
    (daemon.folder / "data").mkdir(mode=0o700, exist_ok=True)
    (daemon.folder / "data" / "queue.sqlite").write_bytes(b"minutes of the council " * 400)
    return nullcontext()


def newer_database(daemon: Installed) -> AbstractContextManager[None]:
    """The queue was written by a later version."""
    daemon.start()
    assert daemon.stop() == 0
    with sqlite3.connect(daemon.folder / "data" / "queue.sqlite") as database:
        database.execute("PRAGMA user_version = 999")
    database.close()
    return nullcontext()


@contextmanager
def running_daemon(daemon: Installed):  # type: ignore[no-untyped-def]  # a context manager's generator
    """Another daemon of the same installation is at work."""
    daemon.start()
    try:
        yield
    finally:
        daemon.stop()


def foreign_secret(daemon: Installed) -> AbstractContextManager[None]:
    """The queue was written under another secret."""
    daemon.start()
    assert daemon.stop() == 0
    (daemon.folder / "data" / "secret").write_text("ab" * 32, "ascii")
    return nullcontext()


def shared_secret(daemon: Installed) -> AbstractContextManager[None]:
    """Everybody on the machine may read the secret."""
    daemon.start()
    assert daemon.stop() == 0
    (daemon.folder / "data" / "secret").chmod(0o644)
    return nullcontext()


@pytest.mark.parametrize(
    ("spoil", "code", "says"),
    [
        (
            unknown_key,
            2,
            ["reader.workes", "did you mean workers?", "watch[0].purpose", "did you mean purpose?"],
        ),
        (shared_secret, 2, ["privacy.secret_files", "chmod 600"]),
        (more_is_collected, 3, ["#snow", "listener accept"]),
        (no_database, 4, ["queue.sqlite", "database"]),
        (newer_database, 4, ["queue.sqlite", "newer"]),
        (foreign_secret, 4, ["secret"]),
        (running_daemon, 4, ["another listener"]),
        (taken_port, 5, ["in use", "[http]"]),
    ],
)
def test_a_fault_at_the_start_ends_with_its_code_and_says_what_to_do(
    tmp_path: Path, spoil: Callable[[Installed], AbstractContextManager[None]], code: int, says: list[str]
) -> None:
    """The message names what is wrong, and nothing is printed but the message."""
    daemon = Installed(tmp_path)
    with city(tmp_path):
        daemon.accept()
        with spoil(daemon):
            daemon.command("run", code=code)
    message = daemon.outputs[next(name for name in reversed(daemon.outputs) if "run stderr" in name)].decode()

    assert [word for word in says if word not in message] == []
    assert "Traceback" not in message


def test_commands_that_need_the_daemon_say_so(tmp_path: Path) -> None:
    """Exit code 6, and how to start it."""
    daemon = Installed(tmp_path)
    with city(tmp_path):
        for command in ("sources", "tail", "healthcheck", "reload"):
            daemon.command(command, code=1 if command == "healthcheck" else 6)
    messages = [text.decode() for name, text in daemon.outputs.items() if name.endswith("stderr")]

    assert all("listener run" in message for message in messages[:2])


def test_a_bad_reload_changes_nothing_and_a_good_one_only_what_differs(tmp_path: Path) -> None:
    """Faults and unsigned growth are refused while the daemon goes on; an accepted change starts just the new source's reads."""
    daemon = Installed(tmp_path)
    with city(tmp_path) as world:
        start = world.text.index('[[source]]\nname = "south"')
        smaller = world.text[:start] + world.text[world.text.index("\n\n", start) :]
        daemon.config.write_text(smaller, "utf-8")
        daemon.accept()
        daemon.start("--debug")
        daemon.wait(lambda: all(one["last_read_at"] for one in daemon.ask("/v1/sources")["sources"]))
        asked = len(world.served.server.requests) if world.served.server else 0

        daemon.config.write_text(smaller + "\nnonsense = true\n", "utf-8")
        daemon.command("reload", code=2)
        privacy = '\n[privacy]\nobjections_file = "lost.txt"\n'
        daemon.config.write_text(smaller + privacy, "utf-8")
        daemon.accept()
        daemon.command("reload", code=2)
        daemon.config.write_text(world.text, "utf-8")
        daemon.command("reload", code=3)
        assert len(daemon.ask("/v1/sources")["sources"]) == 3
        daemon.accept()
        assert "1 sources added" in daemon.command("reload")
        daemon.wait(lambda: all(one["last_read_at"] for one in daemon.ask("/v1/sources")["sources"]))
        assert world.served.server is not None
        new = [str(request.path) for request in world.served.server.requests[asked:]]
        assert daemon.stop() == 0

    assert [path for path in new if path.startswith("/north")] == []
    assert len([path for path in new if path.startswith("/south")]) == 1
    told = [json.loads(line) for line in daemon.logs().splitlines() if line]
    assert [line["event"] for line in told if line["event"].startswith("reload.")] == [
        "reload.refused",
        "reload.refused",
        "reload.refused",
        "reload.applied",
    ]


def publish_a_bit_of_everything(world: City) -> None:
    """Posts that are ours, and posts that are nobody's business."""
    for place, text in (
        ("north", "ours #yyc"),
        ("north", "not ours"),
        ("south", "ours too #yyc"),
        ("office", "we say"),
    ):
        world.publish(place, text)


def test_the_sums_agree(tmp_path: Path) -> None:
    """By source, received equals the sum of everything that became of it, in metrics and in log lines alike."""
    daemon = Installed(tmp_path)
    with city(tmp_path) as world:
        publish_a_bit_of_everything(world)
        daemon.accept()
        daemon.start()
        daemon.wait(lambda: all(one["last_read_at"] for one in daemon.ask("/v1/sources")["sources"]))
        with opened(daemon.where, "GET", "/metrics", within_s=20) as answer:
            families = list(text_string_to_metric_families(answer.read().decode()))
        assert daemon.process is not None
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(30) == 0
    received: dict[str, float] = {}
    became: dict[str, float] = {}
    for sample in (sample for family in families for sample in family.samples):
        if sample.name == "listener_items_received_total":
            received[sample.labels["source"]] = sample.value
        if sample.name == "listener_items_total":
            became[sample.labels["source"]] = became.get(sample.labels["source"], 0) + sample.value

    assert {name: count for name, count in received.items() if count} == became
    assert became == {"north": 2, "south": 1, "office": 1}
    single = ("created", "updated", "removed", "noted", "repeat", "refused", "seen")
    walked = [json.loads(line) for line in daemon.logs().splitlines() if '"page.walked"' in line]
    assert [line["received"] for line in walked] == [
        sum(line[key] for key in single) + sum(line["withheld"].values()) + sum(line["rejected"].values())
        for line in walked
    ]


def test_a_watch_past_its_review_pauses_and_says_so(tmp_path: Path) -> None:
    """`check` warns, the log says it once, and what only that watch asks for is withheld until somebody reviews it."""
    daemon = Installed(tmp_path)
    with city(tmp_path) as world:
        world.publish("north", "ours #yyc")
        world.publish("office", "from the office #yyc")
        lines = [
            "review_by = 2020-01-01" if line.startswith("review_by") else line
            for line in world.text.splitlines()
        ]
        daemon.config.write_text("\n".join(lines), "utf-8")
        daemon.accept()
        daemon.command("check")
        daemon.start()
        daemon.wait(lambda: all(one["last_read_at"] for one in daemon.ask("/v1/sources")["sources"]))
        events = daemon.ask("/v1/events?after=start")["events"]
        assert daemon.stop() == 0
    told = [json.loads(line) for line in daemon.logs().splitlines() if line]

    assert [(event["source"], event["data"]["watches"]) for event in events] == [("/feed/office", [])]
    assert [line["watch"] for line in told if line["event"] == "watch.paused"] == ["city"]
    withheld = [
        line["withheld"] for line in told if line["event"] == "page.walked" and line["source"] == "north"
    ]
    assert withheld == [{"watch_paused": 1}]
    assert "2020-01-01" in "".join(text.decode() for name, text in daemon.outputs.items() if "check" in name)
