"""What a good configuration becomes, and that a bad one ends in nothing but faults."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from adapters.feed import SPEC as FEED
from listener.adapter import AdapterSpec
from listener.errors import ConfigError, Fault
from listener.events import Name
from listener.settings import Settings, example_config, load, read_objections, warnings


def test_paths_and_defaults_are_filled_in(loads: Callable[..., Settings], tmp_path: Path) -> None:
    """Relative paths follow the configuration, and what is not said has its documented default."""
    settings = loads()

    assert (
        settings.file,
        settings.base_dir,
        settings.data_dir,
        settings.control_socket,
        settings.queue.url,
        settings.privacy.secret_files,
        settings.privacy.objections_file,
        settings.privacy.retention_days,
        settings.privacy.consent,
        settings.privacy.backfill_days,
        settings.privacy.nobot_tags,
        settings.http.host,
        settings.http.port,
        settings.http.tokens,
        settings.reader.deadline_s,
        settings.reader.max_bytes,
        settings.reader.spacing_s,
        settings.reader.workers,
        settings.reader.allow_addresses,
    ) == (
        tmp_path / "listener.toml",
        tmp_path,
        tmp_path / "data",
        tmp_path / "data/control.sock",
        f"sqlite:///{tmp_path}/data/queue.sqlite",
        (tmp_path / "data/secret",),
        None,
        30,
        "objection",
        0,
        ("#nobot", "#noindex"),
        "127.0.0.1",
        8080,
        (),
        30.0,
        8 * 2**20,
        2.0,
        16,
        (),
    )


def test_what_is_said_is_kept(base: str, loads: Callable[..., Settings], tmp_path: Path) -> None:
    """Absolute and relative paths, networks and a watch's shorter retention arrive as they were meant."""
    settings = loads(
        f"""
data_dir = "/data"
{base.replace("review_by", "retention_days = 7${n}review_by".replace("${n}", chr(10)))}
[queue]
url = "sqlite:///elsewhere/q.sqlite"
[privacy]
secret_files = ["new", "/run/secrets/old"]
objections_file = "no.txt"
[reader]
allow_addresses = ["10.1.0.0/16", "fd00::/8"]
"""
    )

    assert (
        settings.control_socket,
        settings.queue.url,
        settings.privacy.secret_files,
        settings.privacy.objections_file,
        settings.reader.allow_addresses,
        settings.retention_days(settings.watches[0]),
    ) == (
        Path("/data/control.sock"),
        f"sqlite:///{tmp_path}/elsewhere/q.sqlite",
        (tmp_path / "new", Path("/run/secrets/old")),
        tmp_path / "no.txt",
        (ip_network("10.1.0.0/16"), ip_network("fd00::/8")),
        7,
    )


def test_an_absolute_queue_has_four_slashes(base: str, loads: Callable[..., Settings]) -> None:
    """`sqlite:////var/q` is the file /var/q."""
    assert loads(base + '[queue]\nurl = "sqlite:////var/q"\n').queue.url == "sqlite:////var/q"


@pytest.mark.parametrize(
    ("relation", "more", "expected"),
    [
        ("own", "", ("text", "all")),
        ("public", "", ("text", "matching")),
        ("public", 'take = "all"\nkeep = "links"\n', ("links", "all")),
        ("own", 'take = "matching"\nkeep = "counts"\n', ("counts", "matching")),
    ],
)
def test_keep_and_take_follow_relation_and_terms(
    relation: str, more: str, expected: tuple[str, str], base: str, loads: Callable[..., Settings]
) -> None:
    """Own sources are taken whole, public ones where a watch matches; the network's terms say what is kept."""
    source = loads(base.replace('relation = "public"', f'relation = "{relation}"') + more).sources[0]

    assert (source.keep, source.take) == expected


def test_an_adapter_that_asks_for_a_core_key_is_given_it(
    base: str, loads: Callable[..., Settings], adapters: dict[str, AdapterSpec]
) -> None:
    """The feed adapter declares `relation`; it gets the one of its source."""
    adapters["feed"] = FEED

    source = loads(base.replace('"made-up"', '"feed"').replace('"public"', '"own"')).sources[0]

    assert (source.relation, source.config.relation) == ("own", "own")


def test_an_adapter_that_cannot_be_imported_is_a_fault_among_others(
    base: str, faults: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the registry says about a broken package stands beside the other faults."""
    broken = Fault("entry points", "listener.adapters.made-up", "the package cannot be imported")

    def spec(name: str) -> AdapterSpec:
        raise ConfigError([broken])

    monkeypatch.setattr("listener.registry.spec", spec)

    assert faults(base.replace('"CA"', '"XX"'))[1:] == (broken,)


def test_the_example_loads_with_the_real_feed_adapter(
    loads: Callable[..., Settings], adapters: dict[str, AdapterSpec]
) -> None:
    """What `listener init` writes is a configuration that loads, with a review a year from the day it is written."""
    adapters["feed"] = FEED

    settings = loads(example_config(date(2031, 3, 1)))

    assert [(each.name, each.relation, each.take) for each in settings.sources] == [
        ("city-news", "own", "all"),
        ("river-blog", "public", "matching"),
    ]
    assert settings.watches[0].review_by == date(2032, 2, 29)
    assert warnings(settings, date(2031, 3, 1)) == ()


def test_the_example_shows_every_key_of_the_core() -> None:
    """Each key that may be left out stands in the example, as a line or as a comment."""
    lines = example_config().splitlines()
    bare = "\n".join(
        line.removeprefix("# ").split(" #")[0]
        for line in lines
        if line.startswith(("# ", "[")) or "=" in line
    )
    shown = {line.split("=")[0].strip() for line in bare.splitlines() if "=" in line}

    assert shown >= {
        "data_dir",
        "country",
        "own_handles",
        "pia_ref",
        "retention_days",
        "keep",
        "take",
        "watches",
        "permission_ref",
        "derived_metrics_agreed",
        "attestation",
        "interval_s",
        "url",
        "consent",
        "backfill_days",
        "objections_file",
        "nobot_tags",
        "host",
        "port",
        "public_url",
        "file",
        "spacing_s",
        "spacing_by",
        "allow_addresses",
    }


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2027, 5, 30), ()),
        (date(2027, 5, 31), ("watch transit: review_by 2027-06-30 comes within 30 days",)),
        (date(2027, 6, 30), ("watch transit: review_by 2027-06-30 comes within 30 days",)),
        (
            date(2027, 7, 1),
            (
                "watch transit: review_by 2027-06-30 is past; it asks for nothing until somebody reviews it",
                "source river: take is matching and no watch is active; nothing of it will be queued",
            ),
        ),
    ],
)
def test_a_review_that_is_past_warns_and_loads(
    today: date, expected: tuple[str, ...], loads: Callable[..., Settings]
) -> None:
    """A watch past its review is no fault: it pauses, and `check` says so."""
    assert warnings(loads(), today) == expected


def test_objections_are_read_line_by_line(tmp_path: Path) -> None:
    """Blank lines and comments are passed over; every other line is the name of somebody who objected."""
    file = tmp_path / "no.txt"
    file.write_text("# from the form\n\n" + "AB" * 16 + "\n" + "01" * 16 + "\n")

    assert read_objections(file) == {Name(b"\xab" * 16), Name(b"\x01" * 16)}
    assert read_objections(None) == frozenset()


def test_an_objection_that_cannot_be_read_is_never_passed_over(tmp_path: Path) -> None:
    """A line that is no HMAC is a fault, and is not shown: somebody may have written a handle."""
    file = tmp_path / "no.txt"
    file.write_text("@robin\n" + "01" * 16 + "\nabcd\n")

    with pytest.raises(ConfigError) as raised:
        read_objections(file)

    allowed = "an HMAC in hex, 32 characters"
    assert raised.value.faults == (
        Fault(str(file), "line 1", "is no objection", "(secret)", allowed),
        Fault(str(file), "line 3", "is no objection", "(secret)", allowed),
    )


def test_a_list_of_objections_that_is_gone_is_a_fault(tmp_path: Path) -> None:
    """A configured list that is missing stops the start."""
    with pytest.raises(ConfigError, match="cannot be read"):
        read_objections(tmp_path / "gone")


# -------------------------------------------------------------------------------------------------- anything at all


def outcome(file: Path, environ: dict[str, str]) -> tuple[object, ...]:
    """The sources or the faults; whatever else is raised fails the test."""
    try:
        return load(file, environ=environ).sources
    except ConfigError as error:
        return error.faults


_KEYS = st.sampled_from(
    [
        "data_dir",
        "organisation",
        "watch",
        "source",
        "queue",
        "privacy",
        "http",
        "reader",
        "name",
        "contact",
        "country",
        "own_handles",
        "hashtags",
        "phrases",
        "mentions",
        "purpose",
        "owner",
        "legal_authority",
        "review_by",
        "retention_days",
        "adapter",
        "relation",
        "criterion",
        "keep",
        "take",
        "address",
        "interval_s",
        "token",
        "token_file",
        "url",
        "secret_files",
        "port",
        "host",
        "scopes",
        "file",
        "value",
        "allow_addresses",
    ]
) | st.text(max_size=5)
_TEXTS = st.sampled_from(
    [
        "made-up",
        "own",
        "public",
        "https://x.com/robin",
        "http://[",
        "feed:@",
        "@a",
        "sqlite:///x",
        "2027-01-01",
        "::1",
    ]
) | st.text(max_size=8)
_VALUES = st.recursive(
    _TEXTS | st.integers() | st.booleans() | st.floats() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5),
    max_leaves=25,
)
_DOCUMENTS = st.dictionaries(_KEYS, _VALUES, max_size=6)


@hypothesis_settings(
    deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(document=_DOCUMENTS)
def test_any_document_loads_or_is_told_by_faults(
    document: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a TOML file may hold, `load` raises nothing but `ConfigError`, and its message can be printed."""
    monkeypatch.setattr(tomllib, "loads", lambda _: document)
    file = tmp_path / "listener.toml"
    file.write_text("")

    with pytest.raises(ConfigError) as raised:
        load(file, environ={})

    assert raised.value.faults
    assert all(line.isprintable() for line in str(raised.value).splitlines())


@hypothesis_settings(
    deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    start=st.integers(0, 1000),
    length=st.integers(0, 30),
    new=st.text(alphabet=st.characters(codec="utf-8"), max_size=12)
    | st.sampled_from(["[[source]]", "\n[http]\n", '"', "= 3\n", "{", "'''"]),
)
def test_a_mangled_file_loads_or_is_told_by_faults(
    start: int, length: int, new: str, base: str, tmp_path: Path
) -> None:
    """A good file with a piece torn out and another put in ends in settings or in faults."""
    file = tmp_path / "listener.toml"
    file.write_text(base[:start] + new + base[start + length :], encoding="utf-8")

    assert outcome(file, {})


@hypothesis_settings(
    deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    environ=st.dictionaries(
        st.lists(
            st.sampled_from(
                [
                    "source",
                    "0",
                    "1",
                    "watch",
                    "http",
                    "token",
                    "name",
                    "hashtags",
                    "privacy",
                    "value",
                    "x",
                    "",
                ]
            ),
            min_size=1,
            max_size=5,
        ).map(lambda steps: "LISTENER_" + "__".join(steps).upper()),
        st.sampled_from(
            [
                "",
                "1",
                "[]",
                "{}",
                '["a"]',
                '{"a": [1]}',
                "[" * 3000,
                "\udcff",
                '"\\ud800"',
                '["\\ud800"]',
                "true",
            ]
        )
        | st.text(max_size=6),
        max_size=6,
    )
)
def test_any_environment_loads_or_is_told_by_faults(
    environ: dict[str, str], base: str, tmp_path: Path
) -> None:
    """Whatever the environment holds, `load` raises nothing but `ConfigError`."""
    file = tmp_path / "listener.toml"
    file.write_text(base, encoding="utf-8")

    assert outcome(file, environ)
