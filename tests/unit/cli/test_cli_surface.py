"""
Every command: its help, its example, its exit codes, what it imports, and how errors end it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from listener import cli
from listener.errors import CannotListen, ConfigError, ListenerError, NoDaemon, NotAccepted, QueueError

HEAVY = {
    "pydantic",
    "lxml",
    "starlette",
    "httpx",
    "structlog",
    "rich",
    "aiohttp",
    "uvicorn",
    "msgspec",
    "apsw",
}


def commands() -> list[tuple[str, ...]]:
    """
    Every command and what is under it, by its words.
    """
    found: list[tuple[str, ...]] = []
    root = get_command(cli.build())
    for name, command in root.commands.items():  # type: ignore[attr-defined]  # a group
        found.append((name,))
        found += [(name, under) for under in getattr(command, "commands", {})]
    return found


def run(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """
    The real command in a process of its own.
    """
    return subprocess.run(
        [sys.executable, "-P", "-m", "listener.cli", *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={"PYTHONPATH": str(Path(cli.__file__).parents[2]), "PATH": ""},
        check=False,
        timeout=60,
    )


def test_every_file_is_a_command() -> None:
    """
    The table of the help's order and the files that enter a command are the same.
    """
    assert {words[0] for words in commands()} == set(cli.ORDER)


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_help_has_an_example(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """
    Help shows how to call the command, with itself in the example, and every exit code with its meaning.
    """
    with pytest.raises(SystemExit) as ended:
        cli.main([*words, "--help"])
    told = capsys.readouterr().out
    example = re.search(r"Example:\n(.*?)\n\s*\n", told, re.DOTALL)
    codes = re.search(r"Exit codes:\n\s+(\d .*)", told)

    assert ended.value.code == 0
    assert example is not None
    assert re.search(rf"listener\W+{words[0]}", example[1])
    assert codes is not None


def test_help_imports_nothing_heavy() -> None:
    """
    Help is shown before anything that costs a tenth of a second is imported.
    """
    code = (
        "import sys\nfrom listener.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print('imported', *sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    imported = set(told.stdout.splitlines()[-1].split())

    assert "typer" in imported
    assert imported & HEAVY == set()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ListenerError("a"), 1),
        (ConfigError([]), 2),
        (NotAccepted("a"), 3),
        (QueueError("a"), 4),
        (CannotListen("a"), 5),
        (NoDaemon("a"), 6),
        (KeyboardInterrupt(), 130),
        (RuntimeError("canary-value"), 70),
    ],
)
def test_errors_end_a_command(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Each error of ours has its exit code; a foreign one is told by type and place, without message or traceback.
    """

    def failing() -> typer.Typer:
        app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)

        @app.command()
        def fail() -> None:
            raise error

        return app

    monkeypatch.setattr(cli, "build", failing)

    with pytest.raises(SystemExit) as ended:
        cli.main([])

    told = capsys.readouterr()
    assert ended.value.code == code
    assert "Traceback" not in told.err
    assert "canary" not in told.err + told.out


def test_message_cannot_steer_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A message with escape sequences is shown without them.
    """

    def failing() -> typer.Typer:
        raise ListenerError("a\x1b]0;title\x07b\nc\x9b31m")

    monkeypatch.setattr(cli, "build", failing)
    with pytest.raises(SystemExit):
        cli.main([])

    assert capsys.readouterr().err == "listener: a]0;titleb\nc31m\n"


def test_wrong_command_line() -> None:
    """
    A command or option that does not exist ends with 2 and a hint, on stderr only.
    """
    unknown, option = run("tial"), run("sources", "--jsn")

    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "No such command" in unknown.stderr
    assert (option.returncode, option.stdout) == (2, "")
    assert "--jsn" in option.stderr


def test_version() -> None:
    """
    The version is that of the package.
    """
    from listener import __version__

    assert run("--version").stdout == f"listener {__version__}\n"


def test_broken_pipe_is_no_fault() -> None:
    """
    A reader that has seen enough, as `head` does, causes neither a traceback nor a complaint.
    """
    told = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m listener.cli schema | true"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert told.stderr == ""
