"""Nothing is half there: pages printed from the code are fresh, and what is declared is documented and used."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from listener import failpoints, registry
from listener.cli import ORDER, schema
from listener.hear.reasons import FAILURES
from listener.telemetry import CATALOGUE

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("file", "shape"),
    [
        ("event.schema.json", "event"),
        ("listener.schema.json", "config"),
        ("openapi.json", "openapi"),
        ("telemetry.md", "telemetry"),
    ],
)
def test_printed_pages_are_fresh(file: str, shape: schema.Shape) -> None:
    """deploy/ holds what `listener schema` prints today; print it again where this fails."""
    assert (ROOT / "deploy" / file).read_text("utf-8") == schema._text(shape) + "\n"


def test_every_fail_point_of_a_reload_is_reached_by_the_code() -> None:
    """A point that no code reaches would make its crash test prove nothing; those of the queue are walked by theirs."""
    reached = set()
    for path in (ROOT / "listener").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "reach":
                reached |= {arg.value for arg in node.args if isinstance(arg, ast.Constant)}

    points = {point for point in failpoints.POINTS if point.startswith("reload.")}
    assert points <= reached <= set(failpoints.POINTS)


def test_every_signal_is_told_by_somebody() -> None:
    """A log line that no code writes would be a lie in the catalogue."""
    told = set()
    for path in (ROOT / "listener").rglob("*.py"):
        text = path.read_text("utf-8")
        told |= set(re.findall(r"telemetry\.([a-z_]+)\(", text)) | set(
            re.findall(r"telemetry\.([a-z_]+)\b", text)
        )

    assert {name for name in CATALOGUE if name.replace(".", "_") not in told} == set()


def test_every_alert_is_about_a_metric_there_is_and_says_what_to_do() -> None:
    """Whoever is woken finds a sentence to act on; tests/surfaces tries the rules themselves."""
    text = (ROOT / "deploy" / "alerts.yml").read_text("utf-8")
    page = (ROOT / "deploy" / "telemetry.md").read_text("utf-8")
    asked = set(re.findall(r"\blistener_[a-z_]+", re.sub(r"#.*", "", text)))
    known = {
        f"{name}{part}"
        for name in re.findall(r"`(listener_\w+)`", page)
        for part in ("", "_bucket", "_count")
    }

    assert len(asked) >= 6
    assert asked - known == set()
    assert text.count("- alert: ") == text.count("runbook: ") == text.count("severity: ") == 4


def test_every_registered_adapter_is_complete() -> None:
    """Each has an example that its configuration accepts, a contract test, a simulator and terms that were read."""
    for name in registry.names():
        spec = registry.spec(name)
        table = tomllib.loads(spec.example)["source"][0]
        own = {key: value for key, value in table.items() if key in spec.config.model_fields}

        assert spec.config.model_validate(own)
        assert (ROOT / "tests" / "contract" / f"test_adapter_{name}.py").is_file()
        assert spec.simulator is not None
        assert spec.wire
        assert all(text.strip() for text in (spec.summary, spec.listens_to, spec.credentials, spec.limits))
        text = _text_beside(ROOT / "adapters" / name / "meanings.py")
        assert _codes(text) - spec.meanings.keys() - FAILURES.keys() == set()
        assert [code for code in spec.meanings if f'"{code}"' not in text] == []


def _text_beside(meanings: Path) -> str:
    """All that the other files of an adapter say."""
    return "\n".join(
        file.read_text("utf-8") for file in sorted(meanings.parent.glob("*.py")) if file != meanings
    )


def _codes(text: str) -> set[str]:
    """The codes by which an adapter refuses a document or is refused, and those it declares as notes."""
    said = re.findall(
        r'(?:DocumentRefused|AccessDenied|_refused)\([^()]*?(?:reason=|code=|, )"([a-z_]+)"', text
    )
    declared = re.findall(
        r"^(?:NOTES|REASONS): Final = frozenset\(\s*\{(.*?)\}", text, re.DOTALL | re.MULTILINE
    )
    return {*said, *re.findall(r'"([a-z_]+)"', "\n".join(declared))}


def test_the_readme_names_every_command_and_every_exit_code() -> None:
    """What a command is called and how it ends stands in the README."""
    text = (ROOT / "README.md").read_text("utf-8")
    from listener import errors

    codes = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.ListenerError)
    }

    assert {name for name in ORDER if f"listener {name}" not in text} == set()
    assert {code for code in codes if f"| {code} |" not in text} == set()


def test_the_files_of_the_walk_exist() -> None:
    """Each file that the README's walk names is there."""
    text = (ROOT / "README.md").read_text("utf-8")
    walk = text[text.index("### One post") : text.index("## Three commands")]
    named = re.findall(r"`((?:listener|adapters)/[a-z_/]+\.py)`", walk)

    assert len(named) >= 18
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_ci_runs_the_commands_of_the_readme() -> None:
    """The block that CI takes out of the README is a shell script that ends in pytest."""
    block = subprocess.run(
        ["bash", "-c", "sed -n '/<!-- command: test -->/,/^```$/p' README.md | grep -v -e '^<!--' -e '^```'"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()

    assert shlex.split(block[-1]) == [
        ".venv/bin/python",
        "-m",
        "pytest",
        "-q",
        "-n",
        "4",
        "--dist",
        "worksteal",
    ]
    assert "sed -n '/<!-- command: test -->/,/^```$/p' README.md" in (ROOT / ".ci" / "run").read_text("utf-8")


def test_help_starts_fast_because_it_imports_little() -> None:
    """`listener --help` imports none of the heavy libraries."""
    heavy = [
        "pydantic",
        "lxml",
        "starlette",
        "httpx",
        "aiohttp",
        "structlog",
        "cryptography",
        "apsw",
        "phonenumbers",
    ]
    code = (
        "import sys\nfrom listener.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print('HEAVY', [name for name in {heavy!r} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert run.stdout.splitlines()[-1] == "HEAVY []"
