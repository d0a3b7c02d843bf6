"""What a reload changes, and what an editor is told."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from adapters.feed import SPEC as FEED
from listener.adapter import AdapterSpec
from listener.settings import Change, Settings, difference, editor_schema, example_config

MORE = """
[[source]]
name = "lake"
adapter = "made-up"
relation = "own"
address = "https://lake.example/feed/"
"""


def test_nothing_changed_is_nothing_to_do(base: str, loads: Callable[..., Settings]) -> None:
    """The same text, and the same tables in another order, leave every source alone."""
    old = loads(base + MORE)
    start = base.index("[[source]]")
    turned = base[:start] + MORE + base[start:]

    assert difference(old, loads(turned)) == Change(unchanged=("lake", "river"))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda t: t + MORE.replace("lake", "pond"), Change(added=("pond",), unchanged=("lake", "river"))),
        (lambda t: t.replace(MORE, ""), Change(removed=("lake",), unchanged=("river",))),
        (
            lambda t: t.replace('"lake"', '"loch"'),
            Change(added=("loch",), removed=("lake",), unchanged=("river",)),
        ),
        (
            lambda t: t.replace("river.example", "brook.example"),
            Change(changed=("river",), unchanged=("lake",)),
        ),
        (
            lambda t: t.replace('address = "https://river', 'watches = []\naddress = "https://river'),
            Change(changed=("river",), unchanged=("lake",)),
        ),
        (
            lambda t: t.replace("Publishes about", "Writes about"),
            Change(changed=("river",), unchanged=("lake",)),
        ),
        (
            lambda t: t.replace('["exampletransit"]', '["yyc"]'),
            Change(watches_changed=("transit",), unchanged=("lake", "river")),
        ),
        (
            lambda t: t.replace('"transit"', '"bus"'),
            Change(watches_added=("bus",), watches_removed=("transit",), unchanged=("lake", "river")),
        ),
        (
            lambda t: t + "[privacy]\nretention_days = 7\n",
            Change(unchanged=("lake", "river"), keys=("privacy.retention_days",)),
        ),
        (
            lambda t: (
                t + '[http]\nport = 9000\n[queue]\nurl = "sqlite:///q"\n[privacy]\nconsent = "opt-in"\n'
            ),
            Change(
                unchanged=("lake", "river"),
                keys=("http.port", "privacy.consent", "queue.url"),
                restart=("http.port", "queue.url"),
            ),
        ),
        (
            lambda t: t + '[http]\npublic_url = "https://listen.example"\n',
            Change(unchanged=("lake", "river"), keys=("http.public_url",)),
        ),
        (
            lambda t: 'data_dir = "elsewhere"\n' + t,
            Change(
                unchanged=("lake", "river"),
                keys=("data_dir", "privacy.secret_files", "queue.url"),
                restart=("data_dir", "privacy.secret_files", "queue.url"),
            ),
        ),
    ],
)
def test_only_what_differs_is_named(
    change: Callable[[str], str], expected: Change, base: str, loads: Callable[..., Settings]
) -> None:
    """Sources, watches and keys are told apart, and keys that wait for a restart are named."""
    assert difference(loads(base + MORE), loads(change(base + MORE))) == expected


def test_another_secret_changes_its_source(base: str, loads: Callable[..., Settings]) -> None:
    """A token that was renewed restarts the source that uses it, and a token of the API waits for a restart."""
    old = loads(base + MORE, LISTENER_SOURCE__0__TOKEN="a" * 20)
    new = loads(
        base + MORE,
        LISTENER_SOURCE__0__TOKEN="b" * 20,
        LISTENER_HTTP__TOKEN='[{"name": "t", "scopes": ["read"], "value": "0123456789abcdef"}]',
    )

    assert difference(old, new) == Change(
        changed=("river",), unchanged=("lake",), keys=("http.token",), restart=("http.token",)
    )


# ----------------------------------------------------------------------------------------------------- the editor


def as_json(text: str) -> Any:
    """A TOML document as an editor's validator sees it: dates are texts."""
    return json.loads(
        json.dumps(
            tomllib.loads(text), default=lambda value: value.isoformat() if isinstance(value, date) else ""
        )
    )


@pytest.fixture
def validator(adapters: dict[str, AdapterSpec]) -> jsonschema.Draft7Validator:
    """
    The published schema, itself checked against its draft, with the real feed beside the made-up adapter.
    """
    adapters["feed"] = FEED
    schema = editor_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def test_the_example_is_right_for_an_editor(validator: jsonschema.Draft7Validator) -> None:
    """No line of the example is underlined."""
    assert [error.message for error in validator.iter_errors(as_json(example_config()))] == []


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace("relation =", "relatoin ="),
        lambda t: t.replace("address =", "adress ="),
        lambda t: t.replace('"feed"', '"fed"'),
        lambda t: t.replace('adapter = "feed"', 'adapter = "feed"\ntoken_file = "x"'),
        lambda t: t.replace('adapter = "feed"', 'adapter = "made-up"\ntoken = "x"'),
        lambda t: t.replace("port = 8080", "port = 80800"),
        lambda t: t.replace('country = "CA"', ""),
        lambda t: t + '[[http.token]]\nname = "t"\nscopes = ["read"]\nvalue = "0123456789abcdef"\n',
    ],
)
def test_an_editor_underlines_mistakes(
    change: Callable[[str], str], validator: jsonschema.Draft7Validator
) -> None:
    """Misspelt keys, unknown adapters, inline secrets and numbers out of range are seen while typing."""
    text = example_config()
    assert change(text) != text

    assert list(validator.iter_errors(as_json(change(text))))


def test_an_editor_knows_what_terms_want_to_be_shown(
    validator: jsonschema.Draft7Validator, base: str
) -> None:
    """An attestation is a table of its own in every source, and a misspelt key of it is underlined."""
    table = """
[source.attestation]
plan = "Enterprise"
end_users = ["Transit"]
attested_on = 2026-10-01
by = "Privacy office"
"""

    assert [error.message for error in validator.iter_errors(as_json(base + table))] == []
    assert list(validator.iter_errors(as_json(base + table.replace("plan", "pln"))))


def test_an_editor_knows_the_files_of_secrets(
    validator: jsonschema.Draft7Validator, base: str, tmp_path: Path
) -> None:
    """An adapter's secret is offered as a file, and so is a token of the API."""
    text = base + 'token_file = "x"\n[http]\n[[http.token]]\nname = "t"\nscopes = ["read"]\nfile = "y"\n'

    assert [error.message for error in validator.iter_errors(as_json(text))] == []
