"""
Commands that need no daemon: a configuration is written, checked, signed for; schemas are printed.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from listener import cli, registry, settings
from listener.cli.client import socket_path
from listener.events import event_schema
from listener.telemetry import CATALOGUE

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """
    A command in this process: exit code, stdout, stderr.
    """

    def told(*words: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        code = 0
        try:
            cli.main([str(word) for word in words])
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return told


def test_init_check_accept(run: Run, tmp_path: Path) -> None:
    """
    What init writes is valid; it is not accepted until somebody signs; then check says so.
    """
    config = tmp_path / "city" / "listener.toml"
    written = run("init", "--dir", config.parent)
    unsigned = run("check", "-c", config)
    signed = run("accept", "--by", "Privacy Office", "--reason", "PIA-12", "-c", config, "--json")
    checked = run("check", "-c", config, "--json")

    loaded = settings.load(config, environ={})
    assert written[0] == 0
    assert stat.S_IMODE((config.parent / "data" / "secret").stat().st_mode) == 0o600
    assert unsigned[0] == 3
    assert f"digest: {settings.statement(loaded).digest}\nnot accepted: " in unsigned[1]
    assert unsigned[1].startswith(settings.statement(loaded).as_text().rstrip())
    assert (signed[0], json.loads(signed[1])["accepted_by"]) == (0, "Privacy Office")
    assert checked[0] == 0
    assert json.loads(checked[1]) == {
        "valid": True,
        "statement": settings.statement(loaded).as_text(),
        "digest": json.loads(signed[1])["digest"],
        "accepted": True,
        "why_not": None,
        "warnings": [],
        "clocks": [],
    }


def test_init_never_overwrites(run: Run, tmp_path: Path) -> None:
    """
    What is there stays as it is, whichever of the two it is, and nothing is written beside it.
    """
    (tmp_path / "listener.toml").write_text("mine")
    first = run("init", "--dir", tmp_path)
    (tmp_path / "listener.toml").rename(tmp_path / "other.toml")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret").write_text("mine")
    second = run("init", "--dir", tmp_path)

    assert (first[0], second[0]) == (2, 2)
    assert first[2] == (
        f"listener: {tmp_path}/listener.toml: (whole file): is already there and is never overwritten\n"
    )
    assert (tmp_path / "data" / "secret").read_text() == "mine"
    assert not (tmp_path / "listener.toml").exists()


def test_init_where_nothing_can_be_written(run: Run, tmp_path: Path) -> None:
    """
    A folder that cannot be made is told with what to do.
    """
    (tmp_path / "file").write_text("")

    code, _, told = run("init", "--dir", tmp_path / "file" / "below")

    assert code == 2
    assert told.endswith("cannot be written (Not a directory); choose another folder with --dir\n")


def test_check_tells_every_fault(run: Run, tmp_path: Path) -> None:
    """
    All faults come at once, in words or as JSON, and end the command with 2; nothing is accepted meanwhile.
    """
    config = tmp_path / "listener.toml"
    run("init", "--dir", tmp_path)
    config.write_text(
        config.read_text().replace('relation = "own"', 'relation = "ours"').replace("data_dir", "datadir")
    )
    words = run("check", "-c", config)
    raw = run("check", "-c", config, "--json")
    signed = run("accept", "--by", "x", "--reason", "y", "-c", config)

    keys = {fault["key"] for fault in json.loads(raw[1])["faults"]}
    assert (words[0], raw[0], signed[0]) == (2, 2, 2)
    assert {"source[0].relation", "datadir"} <= keys
    assert all(key in words[2] for key in keys)
    assert not settings.lock_path(config).exists()


def test_accept_needs_a_name_and_a_reason(run: Run, tmp_path: Path) -> None:
    """
    Nobody signs anonymously or for no reason.
    """
    run("init", "--dir", tmp_path)

    missing = run("accept", "--by", "x", "-c", tmp_path / "listener.toml")
    empty = run("accept", "--by", " ", "--reason", "x", "-c", tmp_path / "listener.toml")

    assert (missing[0], empty[0]) == (2, 2)
    assert not settings.lock_path(tmp_path / "listener.toml").exists()


def test_socket_is_where_the_daemon_opens_it(run: Run, tmp_path: Path) -> None:
    """
    The command's short way to the socket and the daemon's settings agree.
    """
    run("init", "--dir", tmp_path)
    config = tmp_path / "listener.toml"

    for environ in ({}, {"LISTENER_DATA_DIR": "elsewhere"}, {"LISTENER_DATA_DIR": str(tmp_path / "x")}):
        assert socket_path(config, environ) == settings.load(config, environ=environ).control_socket


def test_find_without_a_daemon(run: Run, tmp_path: Path) -> None:
    """
    Where no daemon runs, find and forget open the queue themselves, and what was forgotten is known from then on.
    """
    run("init", "--dir", tmp_path)
    config = tmp_path / "listener.toml"
    before = run("find", "https://blog.example/1", "-c", config)
    done = run("forget", "https://blog.example/1", "--yes", "-c", config, "--json")
    after = run("find", "https://blog.example/1", "-c", config, "--json")

    assert before == (1, "nothing is held under that link\n", "")
    assert (done[0], json.loads(done[1])) == (0, {"keys": [], "erased": True})
    assert (after[0], {one["state"] for one in json.loads(after[1])}) == (0, {"removed"})


def test_adapters(run: Run) -> None:
    """
    Every registered adapter is listed, and shown with its example; one that is not there ends with 2.
    """
    listed = run("adapters", "--json")
    shown = run("adapters", "show", "feed")
    raw = run("adapters", "show", "feed", "--json")
    unknown = run("adapters", "show", "fead")

    spec = registry.spec("feed")
    assert [one["name"] for one in json.loads(listed[1])] == list(registry.names())
    assert spec.listens_to in shown[1]
    assert shown[1].endswith(spec.example.strip() + "\n")
    assert json.loads(raw[1])["example"] == spec.example
    assert (unknown[0], "no adapter is called fead" in unknown[2]) == (2, True)


def test_schemas(run: Run) -> None:
    """
    Each schema is what its types say; two at once are refused.
    """
    event, config = run("schema"), run("schema", "--config")
    openapi, telemetry = run("schema", "--openapi"), run("schema", "--telemetry")
    both = run("schema", "--event", "--config")

    assert json.loads(event[1]) == event_schema()
    jsonschema.Draft202012Validator.check_schema(json.loads(config[1]))
    assert json.loads(openapi[1])["openapi"] == "3.1.1"
    for name, signal in CATALOGUE.items():
        assert f"| `{name}` | {signal.level} |" in telemetry[1]
    assert "| `listener_items_total` | counter |" in telemetry[1]
    assert (both[0], "one at a time" in both[2]) == (2, True)
