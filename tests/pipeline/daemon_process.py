"""A daemon in a process of its own, as an operator runs it, and the commands that talk to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from listener.cli.client import Where, call
from listener.errors import NoDaemon

PATIENCE_S = 60.0
ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass
class Installed:
    """
    One installation in a folder: `listener.toml`, its lock, and `data/`.

    Args:
        folder: Where.
        program: What runs a command; the shipped one unless a test puts another in its place.
        packages: Folders whose packages are installed beside it.
    """

    folder: Path
    program: Sequence[str] = (sys.executable, "-m", "listener.cli")
    packages: Sequence[Path] = ()
    process: subprocess.Popen[bytes] | None = None
    runs: int = 0
    outputs: dict[str, bytes] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "listener.toml"

    @property
    def where(self) -> Where:
        return Where(socket_path=self.folder / "data" / "control.sock")

    def command(self, *words: str, code: int = 0, stdin: str = "") -> str:
        """Run a command to its end on that input, keep everything it printed, and give its stdout."""
        run = subprocess.run(
            [*self.program, *words],
            cwd=self.folder,
            env=self._environment(),
            input=stdin.encode(),
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
        self.outputs[f"{len(self.outputs)} {' '.join(words[:1])} stdout"] = run.stdout
        self.outputs[f"{len(self.outputs)} {' '.join(words[:1])} stderr"] = run.stderr
        assert run.returncode == code, run.stderr.decode()
        return run.stdout.decode()

    def accept(self) -> None:
        """Sign the statement."""
        self.command("accept", "--by", "a test", "--reason", "synthetic people only")

    def start(self, *options: str) -> None:
        """Start the daemon and wait until it answers."""
        self.runs += 1
        log, errors = self.folder / f"log-{self.runs}.jsonl", self.folder / f"stderr-{self.runs}.txt"
        with log.open("wb") as out, errors.open("wb") as err:
            self.process = subprocess.Popen(
                [*self.program, "run", *options],
                cwd=self.folder,
                env=self._environment(),
                stdout=out,
                stderr=err,
            )
        self.wait(lambda: call(self.where, "GET", "/healthz") is not None)

    def ask(self, path: str) -> Any:
        """What the API says over the socket."""
        return call(self.where, "GET", path)

    def wait(self, done: Any) -> None:
        """Return once `done` says so; fail with the log where it never does or the daemon ends."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            assert self.process is not None
            assert self.process.poll() is None, self.logs()
            try:
                if done():
                    return
            except NoDaemon:
                pass
            time.sleep(0.05)
        raise AssertionError(self.logs())

    def kill(self) -> None:
        """SIGKILL, as a machine does that runs out of memory."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def logs(self) -> str:
        """What every run said, on either stream."""
        files = sorted([*self.folder.glob("log-*.jsonl"), *self.folder.glob("stderr-*.txt")])
        return "\n".join(file.read_text("utf-8") for file in files)

    def _environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("LISTENER_")}
        return kept | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, *self.packages)))}
