"""
Commands that need no daemon: a configuration is written, checked, signed for; schemas are printed.
"""

from __future__ import annotations

import io
import json
import re
import stat
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from listener import cli, registry, settings
from listener.cli.client import socket_path
from listener.cli.find import ELSEWHERE
from listener.events import Author, Post, event_schema
from listener.gate.consent import refusal
from listener.secret_files import key_ring, make_secret
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
        "budgets": [],
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

    assert before == (1, f"nothing is held under that link; {ELSEWHERE}\n", "")
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
    assert "shown before  nothing\n" in shown[1]
    assert "for governments  nothing more is asked\n" in shown[1]
    assert json.loads(raw[1])["numbers_from_it"] == "free"
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


# ---------------------------------------------------------------------------------------------------- listener object

PERSON = ("@MiraQ@social.example", "https://social.example/@miraq", "did:plc:7iza6de2dwap2sbkpav7c6c6")
"""Three names of one person: as they write it, the address of their profile, their account's id."""


@pytest.fixture
def city(run: Run, tmp_path: Path) -> Path:
    """
    A configuration with a list of objections that is not there yet.
    """
    config = tmp_path / "city" / "listener.toml"
    run("init", "--dir", config.parent)
    text = config.read_text().replace(
        '# objections_file = "objections.txt"', 'objections_file = "objections.txt"'
    )
    config.write_text(text)
    return config


def withheld(config: Path, person: str, *, network: str = "feed") -> str | None:
    """
    What the gate of this configuration says of a post by somebody of that name.
    """
    now = settings.load(config, environ={})
    post = Post(native="1", kind="post", text="snow", author=Author((person,)), addressed=True)
    return refusal(
        post,
        network=network,
        keys=key_ring(now.privacy.secret_files, create=False),
        objections=settings.read_objections(now.privacy.objections_file),
        refusing=frozenset(),
    )


def test_d19_a_person_objects_once_and_is_known_by_each_name(
    run: Run, city: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Handle, profile address and account id count on that network alone; the file holds HMACs for its owner's eyes, no
    name is printed or kept, and the same names again are no news.
    """
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(PERSON[:2]) + "\n\n"))
    first = run("object", "feed", "-c", city)
    second = run("object", "feed", "--json", "-c", city, *PERSON)

    file = city.parent / "objections.txt"
    spellings = ("miraq@SOCIAL.example", "http://social.example/@miraq/", PERSON[2])
    assert first == (0, "2 names on the list, 2 of them new\nno daemon runs; the next one honours it\n", "")
    assert (second[0], json.loads(second[1])) == (0, {"names": 3, "new": 1, "reloaded": False})
    assert [withheld(city, name) for name in spellings] == ["objection"] * 3
    assert (withheld(city, "somebody@else.example"), withheld(city, PERSON[0], network="other")) == (
        None,
        None,
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert re.fullmatch(r"([0-9a-f]{32}\n){3}", file.read_text())
    kept = b"".join(each.read_bytes() for each in city.parent.rglob("*") if each.is_file()).lower()
    assert [name for name in (b"miraq", b"7iza6de2dwap") if name in kept] == []


def test_an_objection_outlives_a_rotation_and_what_stood_in_the_file(run: Run, city: Path) -> None:
    """
    A new secret in front of the old one changes nothing for who objected before; comments, mode and lines stay.
    """
    file = city.parent / "objections.txt"
    file.write_text("# kept by the privacy office")
    file.chmod(0o640)
    run("object", "feed", PERSON[0], "-c", city)
    make_secret(city.parent / "data" / "newer")
    rotated = city.read_text().replace(
        "[privacy]", '[privacy]\nsecret_files = ["data/newer", "data/secret"]', 1
    )
    city.write_text(rotated)
    after = [withheld(city, PERSON[0]), withheld(city, PERSON[1])]
    run("object", "feed", PERSON[1], "-c", city)

    first, *lines = file.read_text().splitlines()
    assert after == ["objection", None]
    assert [withheld(city, name) for name in PERSON] == ["objection", "objection", None]
    assert (first, len(lines), stat.S_IMODE(file.stat().st_mode)) == (
        "# kept by the privacy office",
        2,
        0o640,
    )


def test_who_cannot_be_listed_is_told_why_without_a_name(
    run: Run, city: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    No name, an unknown network, no file configured, a damaged list: each ends with 2, changes nothing, repeats no name.
    """
    monkeypatch.setattr("sys.stdin", io.StringIO(" \n@\n"))
    file = city.parent / "objections.txt"
    answers = [run("object", "feed", "-c", city), run("object", "nowhere", PERSON[0], "-c", city)]
    untouched = not file.exists()
    file.write_text("half a line")
    answers.append(run("object", "feed", PERSON[0], "-c", city))
    city.write_text(city.read_text().replace("objections_file =", "# objections_file ="))
    answers.append(run("object", "feed", PERSON[0], "-c", city))

    assert [code for code, _, _ in answers] == [2, 2, 2, 2]
    assert (untouched, file.read_text()) == (True, "half a line")
    assert ["miraq" in (out + err).lower() for _, out, err in answers] == [False] * 4
    assert "NETWORK is one of" in answers[1][2]
    assert "is no objection" in answers[2][2]
    assert "privacy.objections_file: is missing" in answers[3][2]
