"""What ships around the daemon, looked at by the tools of those who run it. Needs more than pip: see debian-packages.txt."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from listener.cli.client import opened
from tests.pipeline.city import city
from tests.pipeline.daemon_process import ROOT, Installed


def test_the_dockerfile_is_clean() -> None:
    """hadolint has nothing to say."""
    tool = Path(sys.executable).with_name("hadolint")
    run = subprocess.run([tool, ROOT / "Dockerfile"], capture_output=True, text=True, timeout=60, check=False)

    assert (run.returncode, run.stdout) == (0, "")


def test_what_the_container_sets_refuses_to_start_without_a_token(tmp_path: Path) -> None:
    """Bound to every address, the daemon wants a token first; with one, it starts, and its secret is made in the data folder."""
    text = (ROOT / "Dockerfile").read_text("utf-8")
    host = re.search(r"LISTENER_HTTP__HOST=(\S+)", text)
    assert host is not None
    daemon = Installed(tmp_path)
    with city(tmp_path) as world:
        changed = world.text.replace('host = "127.0.0.1"', f'host = "{host[1]}"')
        daemon.config.write_text(changed, "utf-8")
        daemon.command("check", code=2)
        assert "http.token" in daemon.outputs["1 check stderr"].decode()

        token = tmp_path / "token"
        token.write_text("t" * 40, "ascii")
        token.chmod(0o600)
        daemon.config.write_text(
            changed + '\n[[http.token]]\nname = "a"\nscopes = ["read"]\nfile = "token"\n', "utf-8"
        )
        daemon.accept()
        daemon.start()
        daemon.command("healthcheck")
        assert daemon.stop() == 0
    secret = tmp_path / "data" / "secret"
    assert (secret.stat().st_mode & 0o777, secret.stat().st_uid) == (0o600, os.getuid())


def test_prometheus_understands_the_metrics(tmp_path: Path) -> None:
    """promtool reads a running daemon's metrics and finds no fault in names, types or help."""
    daemon = Installed(tmp_path)
    with city(tmp_path) as world:
        world.publish("north", "ours #yyc")
        daemon.accept()
        daemon.start()
        daemon.wait(lambda: all(one["last_read_at"] for one in daemon.ask("/v1/sources")["sources"]))
        with opened(daemon.where, "GET", "/metrics", within_s=20) as answer:
            page = answer.read()
        assert daemon.stop() == 0
    run = subprocess.run(
        ["promtool", "check", "metrics"], input=page, capture_output=True, timeout=60, check=False
    )

    assert (run.returncode, run.stdout + run.stderr) == (0, b"")
