"""The plan of the house, checked: directions, makers, places, and what may stand at the top level."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOP_LEVEL = {
    "pyproject.toml",
    "listener",
    "adapters",
    "deploy",
    "tests",
    "Dockerfile",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
}
GATE_MADE = {
    "PostCreated",
    "PostUpdated",
    "PostRemoved",
    "TopicCounted",
    "SourceGap",
    "SourceSilent",
    "SourceMoved",
    "SourceGone",
    "PostData",
    "Cleared",
    "Retraction",
    "Noted",
    "Provenance",
}


def modules(*folders: str) -> list[Path]:
    """Every module under the folders, tests left out."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def calls(path: Path) -> set[str]:
    """Names that a module calls, by their last part."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            target = node.func
            names.add(target.id if isinstance(target, ast.Name) else getattr(target, "attr", ""))
    return names


def test_imports_go_in_one_direction() -> None:
    """import-linter keeps every contract of pyproject.toml."""
    tool = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=100
    )

    assert run.returncode == 0, run.stdout[-4000:]


@pytest.mark.timeout(400)
def test_types_hold() -> None:
    """mypy in strict mode, over code and tests."""
    tool = Path(sys.executable).with_name("mypy")
    run = subprocess.run(
        [tool, "listener", "adapters", "tests"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=380,
    )

    assert run.returncode == 0, run.stdout[-4000:]


def test_style_holds() -> None:
    """ruff, rules and format."""
    tool = Path(sys.executable).with_name("ruff")
    for words in (["check", "."], ["format", "--check", "."]):
        run = subprocess.run(
            [tool, *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
        )
        assert run.returncode == 0, run.stdout[-4000:]


def test_only_the_gate_makes_events() -> None:
    """Nothing outside the gate calls an event's constructor, except the functions of events.py that turn one state into the next, and the kits that test engines and demo the gate."""
    allowed = {"listener/events.py", "listener/testing/queue_contract.py"}
    makers = {
        str(path.relative_to(ROOT)): sorted(calls(path) & GATE_MADE)
        for path in modules("listener", "adapters")
        if calls(path) & GATE_MADE
    }

    assert {maker for maker in makers if not maker.startswith("listener/gate/")} <= allowed, makers


def test_only_recheck_is_given_asks() -> None:
    """What a stored post is asked about by names it, and may name a person: nothing but re-check calls for it."""
    engines = ("listener/queues/", "listener/testing/")
    callers = {
        str(path.relative_to(ROOT))
        for path in modules("listener", "adapters")
        if not path.relative_to(ROOT).as_posix().startswith(engines)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr == "sealed_ask")
        or (isinstance(node, ast.Call) and {word.arg for word in node.keywords} >= {"asked_before", "limit"})
    }

    assert callers == {"listener/hear/recheck.py", "listener/hear/recheck_answers.py"}


def test_nobody_asks_the_operating_system_for_the_time() -> None:
    """Only clock.py knows what time it is; everything else is told, so that a week can be a test."""
    forbidden = {
        ("datetime", "now"),
        ("datetime", "utcnow"),
        ("date", "today"),
        ("time", "time"),
        ("asyncio", "sleep"),
        ("anyio", "sleep"),
    }
    told_elsewhere = ("listener/clock.py", "listener/simulation/", "listener/testing/", "listener/cli/")
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.value.id}.{node.attr}"
        for path in modules("listener", "adapters")
        if not path.relative_to(ROOT).as_posix().startswith(told_elsewhere)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in forbidden
    ]

    assert found == []


def test_the_top_level_is_the_one_the_user_gave() -> None:
    """Beside the given layout there are only dot-files, as far as git tracks them."""
    tracked = subprocess.run(
        ["git", "ls-tree", "--name-only", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    # Outside a checkout (an unpacked sdist) there is no telling what is tracked; what is there stands in for it.
    names = set(tracked.stdout.split()) or {
        path.name for path in ROOT.iterdir() if not path.name.endswith("-info")
    }

    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL


def test_the_lock_pins_every_dependency_with_a_hash() -> None:
    """Each direct dependency stands in deploy/requirements.lock with at least one hash, and no address of a download."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lock = (ROOT / "deploy" / "requirements.lock").read_text("utf-8")
    wanted = {
        requirement.split(">")[0].split("<")[0].split("=")[0].strip()
        for requirement in project["dependencies"]
    }
    pinned = {
        line.split("==")[0] for line in lock.splitlines() if "==" in line and not line.startswith((" ", "#"))
    }

    assert wanted <= pinned
    assert "http" not in lock.replace("httpx", "").replace("httpcore", "").replace("aiohttp", "").replace(
        "httptools", ""
    )
    assert lock.count("--hash=sha256:") >= len(pinned)


@pytest.mark.parametrize(
    "path", modules("listener", "adapters"), ids=lambda path: str(path.relative_to(ROOT))
)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    """A module opens with a docstring."""
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))
