"""The rules of deploy/alerts.yml: Prometheus takes them, and they go off when they should and not before."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


def promtool(*args: str | Path) -> tuple[int, str]:
    """How it ended, and what it said."""
    run = subprocess.run(["promtool", *args], capture_output=True, text=True, timeout=60, check=False)
    return run.returncode, run.stdout + run.stderr


def test_prometheus_takes_the_rules() -> None:
    """Every rule is well formed and its expression can be asked."""
    code, said = promtool("check", "rules", ROOT / "deploy" / "alerts.yml")

    assert code == 0, said
    assert "SUCCESS: 5 rules found" in said


def test_the_rules_go_off_when_they_should() -> None:
    """Late, pending, past the retention, nobody there; each neither before its time nor when all is well."""
    code, said = promtool("test", "rules", ROOT / "tests" / "surfaces" / "alerts_test.yml")

    assert code == 0, said
