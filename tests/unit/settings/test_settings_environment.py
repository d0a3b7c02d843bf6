"""Every key can be set by environment, secrets come only from there or from files, and faults name the variable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from listener.errors import Fault
from listener.settings import Settings

Read = Callable[[Settings], Any]
TOP = "data_dir, http, notice, organisation, privacy, queue, reader, source, watch"

SET: list[tuple[Mapping[str, str], Read, Any]] = [
    ({"LISTENER_HTTP__PORT": "9000"}, lambda s: s.http.port, 9000),
    ({"LISTENER_READER__SPACING_S": "2.5"}, lambda s: s.reader.spacing_s, 2.5),
    ({"LISTENER_READER__SPACING_S": "3"}, lambda s: s.reader.spacing_s, 3.0),
    ({"LISTENER_ORGANISATION__COUNTRY": "DE"}, lambda s: s.organisation.country, "DE"),
    ({"LISTENER_PRIVACY__CONSENT": "opt-in"}, lambda s: s.privacy.consent, "opt-in"),
    ({"LISTENER_WATCH__0__MENTIONS": "False"}, lambda s: s.watches[0].mentions, False),
    (
        {"LISTENER_WATCH__0__REVIEW_BY": "2028-02-29"},
        lambda s: s.watches[0].review_by.isoformat(),
        "2028-02-29",
    ),
    ({"LISTENER_WATCH__0__HASHTAGS": '["yyc", "yyccc"]'}, lambda s: s.watches[0].hashtags, ("yyc", "yyccc")),
    ({"LISTENER_WATCH__0__HASHTAGS__1": "yyc"}, lambda s: s.watches[0].hashtags, ("exampletransit", "yyc")),
    ({"LISTENER_SOURCE__0__INTERVAL_S": "900"}, lambda s: s.sources[0].config.interval_s, 900.0),
    ({"LISTENER_SOURCE__0__REPLIES": "true"}, lambda s: s.sources[0].config.replies, True),
    ({"LISTENER_SOURCE__0__KEEP": "links"}, lambda s: s.sources[0].keep, "links"),
    (
        {"LISTENER_SOURCE__0__TOKEN": "hunter2hunter2"},
        lambda s: s.sources[0].config.token.get_secret_value(),
        "hunter2hunter2",
    ),
    (
        {
            "LISTENER_SOURCE__1__NAME": "lake",
            "LISTENER_SOURCE__1__ADAPTER": "made-up",
            "LISTENER_SOURCE__1__RELATION": "own",
            "LISTENER_SOURCE__1__ADDRESS": "https://lake.example/",
        },
        lambda s: [(each.name, each.take) for each in s.sources],
        [("river", "matching"), ("lake", "all")],
    ),
    (
        {
            "LISTENER_SOURCE": '[{"name": "lake", "adapter": "made-up", "relation": "own", "address": "https://a.example"}]',
            "LISTENER_SOURCE__0__NAME": "pond",
        },
        lambda s: [each.name for each in s.sources],
        ["pond"],
    ),
    (
        {
            "LISTENER_HTTP__HOST": "0.0.0.0",
            "LISTENER_HTTP__TOKEN__0__NAME": "dashboard",
            "LISTENER_HTTP__TOKEN__0__SCOPES": '["read", "metrics"]',
            "LISTENER_HTTP__TOKEN__0__VALUE": "a" * 32,
        },
        lambda s: [(t.name, t.scopes, t.value.get_secret_value()) for t in s.http.tokens],
        [("dashboard", ("read", "metrics"), "a" * 32)],
    ),
    ({"LISTENER_PRIVACY": '{"retention_days": 14}'}, lambda s: s.privacy.retention_days, 14),
    ({"LISTENER_HTTP__PUBLIC_URL": ""}, lambda s: s.http.public_url, None),
    # what Kubernetes puts beside a service called `listener`, and what our own tests and commands read
    (
        {"LISTENER_PORT": "tcp://10.0.0.1:8080", "LISTENER_SERVICE_HOST": "10.0.0.1"},
        lambda s: s.http.port,
        8080,
    ),
    ({"LISTENER_CORPUS": "/x", "LISTENER_CONFIG": "/y"}, lambda s: s.http.port, 8080),
    ({"HTTP__PORT": "1", "listener_http__port": "2"}, lambda s: s.http.port, 8080),
]


@pytest.mark.parametrize(("environ", "read", "expected"), SET, ids=[" ".join(case[0]) for case in SET])
def test_a_variable_wins_over_the_file(
    environ: Mapping[str, str], read: Read, expected: Any, loads: Callable[..., Settings]
) -> None:
    """Numbers, truths, dates, list items, whole lists, tables and secrets can be set by variables."""
    assert read(loads(**environ)) == expected


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (
            {"LISTENER_HTTP__PORT": "eighty"},
            Fault(
                "environment",
                "LISTENER_HTTP__PORT",
                "is not a whole number",
                '"eighty"',
                "a whole number, 0 to 65535",
            ),
        ),
        (
            {"LISTENER_SOURCE__0__INTERVAL_S": "5"},
            Fault(
                "environment",
                "LISTENER_SOURCE__0__INTERVAL_S",
                "is out of range",
                '"5"',
                "a number, 60 to 86400",
            ),
        ),
        (
            {"LISTENER_WATCH__0__HASHTAGS": "yyc"},
            Fault(
                "environment",
                "LISTENER_WATCH__0__HASHTAGS",
                "is not a list",
                '"yyc"',
                'a list, each item one hashtag such as "#yyc": letters, digits and _, written as JSON',
            ),
        ),
        (
            {"LISTENER_WATCH__0__HASHTAGS": '["yyc", "two words"]'},
            Fault(
                "environment",
                "LISTENER_WATCH__0__HASHTAGS[1]",
                "is no hashtag that could be found in a text",
                '"two words"',
                'one hashtag such as "#yyc": letters, digits and _',
            ),
        ),
        (
            {"LISTENER_HTP__PORT": "1"},
            Fault(
                "environment",
                "LISTENER_HTP__PORT",
                "sets no key of the configuration",
                None,
                f"LISTENER_<key>, keys: {TOP}",
                "LISTENER_HTTP__PORT",
            ),
        ),
        (
            {"LISTENER_DATADIR": "/data"},
            Fault(
                "environment",
                "LISTENER_DATADIR",
                "sets no key of the configuration",
                None,
                f"LISTENER_<key>, keys: {TOP}",
                "LISTENER_DATA_DIR",
            ),
        ),
        (
            {"LISTENER_HTTP__PROT": "1"},
            Fault(
                "environment",
                "LISTENER_HTTP__PROT",
                "is not a key of this table",
                '"1"',
                "allowed_hosts, host, port, public_url, token",
                "port",
            ),
        ),
        (
            {"LISTENER_SOURCE__7__NAME": "x"},
            Fault(
                "environment",
                "LISTENER_SOURCE__7__NAME",
                "a list item is named by its number, here 0 to 1",
            ),
        ),
        (
            {"LISTENER_WATCH__0__NAME__0": "x"},
            Fault(
                "environment",
                "LISTENER_WATCH__0__NAME__0",
                "goes on inside a value that is neither a table nor a list",
            ),
        ),
        (
            {"LISTENER_WATCH__0__OWNER": "\udcff"},
            Fault("environment", "LISTENER_WATCH__0__OWNER", "is not UTF-8 text"),
        ),
        (
            {"LISTENER_SOURCE__0__ADDRESS": "https://x.com/robin?token=hunter2"},
            Fault(
                "environment",
                "LISTENER_SOURCE__0__ADDRESS",
                "reads X, which shows itself only as somebody's account and forbids reading around its API",
                "https://x.com/…",
                "the adapter of that network, by hashtag",
            ),
        ),
    ],
)
def test_a_fault_in_a_variable_names_the_variable(
    environ: Mapping[str, str], expected: Fault, faults: Callable[..., Any]
) -> None:
    """An operator who set a variable is not sent to look in the file."""
    assert faults(**environ) == (expected,)


def test_a_short_token_is_refused_and_not_shown(faults: Callable[..., Any]) -> None:
    """A token that could be guessed is a fault, and the fault does not print it."""
    assert faults(
        LISTENER_HTTP__TOKEN='[{"name": "t", "scopes": ["read"], "value": "hunter2"}]',
    ) == (
        Fault(
            "environment",
            "LISTENER_HTTP__TOKEN[0].value",
            "is no usable token",
            "(secret)",
            "at least 16 printable ASCII characters",
        ),
    )


def test_a_secret_comes_from_its_file(base: str, loads: Callable[..., Settings], tmp_path: Path) -> None:
    """`token_file` and `file` are read relative to the configuration, their last line break taken away."""
    (tmp_path / "river.token").write_text("hunter2hunter2\n")
    (tmp_path / "api.token").write_text("b" * 40 + "\n")

    settings = loads(
        base
        + 'token_file = "river.token"\n[http]\n[[http.token]]\nname = "t"\nscopes = ["read"]\nfile = "api.token"\n'
    )

    assert settings.sources[0].config.token.get_secret_value() == "hunter2hunter2"
    assert settings.http.tokens[0].value.get_secret_value() == "b" * 40


def test_a_fault_in_a_secret_names_the_key_of_its_file(
    base: str, faults: Callable[..., Any], tmp_path: Path
) -> None:
    """What is wrong inside a secret file is told at the key that named the file."""
    (tmp_path / "api.token").write_text("short")

    assert faults(base + '[http]\n[[http.token]]\nname = "t"\nscopes = ["read"]\nfile = "api.token"\n') == (
        Fault(
            "listener.toml",
            "http.token[0].file",
            "is no usable token",
            "(secret)",
            "at least 16 printable ASCII characters",
        ),
    )


def test_a_variable_wins_over_the_file_of_a_secret(base: str, loads: Callable[..., Settings]) -> None:
    """Where the variable is set, the file is not even opened."""
    settings = loads(base + 'token_file = "gone"\n', LISTENER_SOURCE__0__TOKEN="hunter2hunter2")

    assert settings.sources[0].config.token.get_secret_value() == "hunter2hunter2"


def test_nothing_prints_a_secret_or_an_address(base: str, loads: Callable[..., Settings]) -> None:
    """The representation of settings and of their parts holds no value that could be personal or secret."""
    settings = loads(
        base.replace("/feed/", "/feed/?key=marker1"),
        LISTENER_HTTP__TOKEN='[{"name": "t", "scopes": ["read"], "value": "marker2marker2marker2"}]',
    )
    printed = repr(settings) + str(settings) + "".join(map(repr, [*settings.sources, *settings.watches]))
    printed += f"{settings.http}{settings.organisation!r}{settings.http.tokens}"

    assert "marker" not in printed
    assert "example" not in printed
