"""
The command `listener`: one file per command, each with a `register` that enters it.

Only typer and the standard library are imported before a command is chosen; a command imports what it needs when it
runs. Errors of ours end a command with their message on stderr and their `exit_code` (see `listener.errors`).
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence
from typing import Final

import typer

from listener.errors import ListenerError

ORDER: Final = (
    "init",
    "check",
    "accept",
    "notice",
    "pia",
    "run",
    "demo",
    "tail",
    "sources",
    "budgets",
    "poll",
    "find",
    "forget",
    "export",
    "unseal",
    "object",
    "audit",
    "reload",
    "healthcheck",
    "feeds",
    "adapters",
    "selftest",
    "schema",
)
"""In which `listener --help` lists them; a file that is not named here comes last."""

UNEXPECTED: Final = 70
"""EX_SOFTWARE of sysexits.h: a fault of ours."""


def build() -> typer.Typer:
    """
    Every command in this folder, under one name.
    """
    app = typer.Typer(
        name="listener",
        help="Hear the public conversation without following anyone.",
        epilog="Start with: listener demo",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_root)
    for name in sorted(_files(), key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name)):
        module = importlib.import_module(f"{__name__}.{name}")
        if hasattr(module, "register"):
            module.register(app)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """
    Run one command and end the process with its exit code.
    """
    try:
        build()(args=arguments, prog_name="listener")
    except ListenerError as error:
        _say(f"listener: {error}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - a traceback would show what a message may hold
        _say(f"listener: unexpected {type(error).__name__} at {_place(error)}; please report this")
        sys.exit(UNEXPECTED)
    finally:
        _let_go()


def _let_go() -> None:
    """
    What is printed is out, or the reader has seen enough (`| head`); the interpreter would complain of that at exit.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _root(
    version: bool = typer.Option(
        False,
        "--version",
        help="Show the version and end.",
        is_eager=True,
        callback=lambda asked: _version(asked),
    ),
) -> None:
    """
    Hear the public conversation without following anyone.
    """


def _version(asked: bool) -> None:
    if asked:
        from listener import __version__

        print(f"listener {__version__}")
        raise typer.Exit


def _files() -> list[str]:
    return [found.name for found in pkgutil.iter_modules(__path__)]


def _say(text: str) -> None:
    from listener.cli.screen import clean

    print(clean(text, keep="\n"), file=sys.stderr)


def _place(error: Exception) -> str:
    """
    `module:line` of the innermost frame of ours.
    """
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/listener/" in frame.filename or "/adapters/" in frame.filename]
    last = (ours or list(frames))[-1]
    return f"{last.filename.rsplit('/', 1)[-1]}:{last.lineno}"
