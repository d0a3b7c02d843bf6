"""What a network's terms ask of a configuration, each refusal with the clause: privacy.md D15 (keep for less), D22 (words)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from adapters.x.sensitive import unlawful
from listener.adapter import AdapterSpec, Clause
from listener.errors import ConfigError, Fault
from listener.settings import (
    TERMS_STALE_DAYS,
    Attestation,
    Settings,
    StaleTerms,
    grown,
    load,
    stale_terms,
    statement,
    warnings,
)
from listener.settings.schema import SourceTable
from listener.testing.spec_contract import CORE_KEYS

FILE: Final = "listener.toml"
READ: Final = date(2026, 11, 24)
GOVERNMENT: Final = Clause(
    says="Government users need an Enterprise plan and are named one by one",
    address="https://terms.example/agreement",
    checked_on=READ,
)
DISPLAY: Final = Clause(
    says="Posts are shown with who wrote them", address="https://terms.example/display", checked_on=READ
)
DERIVED: Final = Clause(
    says="Derived metrics need the amendment", address="https://terms.example/derived", checked_on=READ
)
ATTESTED: Final = """
[source.attestation]
plan = "Enterprise"
end_users = ["Transit", "Roads"]
attested_on = 2026-10-01
by = "Privacy office"
"""
ON_X: Final = (
    "X forbids surveillance, and to track, alert to or monitor sensitive events such as protests, rallies or community"
    " organizing meetings (https://docs.x.com/developer-terms/restricted-use-cases, read 2026-11-24); by our list of"
    " 2026-11-25 the term is one for "
)

Terms = Callable[..., None]
Loads = Callable[..., Settings]
Faults = Callable[..., tuple[Fault, ...]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    The folder of the configuration, as an operator in it would name it.
    """
    monkeypatch.chdir(tmp_path)
    return tmp_path


def kept(settings: Settings) -> dict[str, tuple[int, int]]:
    """How long posts of each source are kept, and how old they may be, in days."""
    return {each.name: (settings.kept_days(each), settings.oldest_days(each)) for each in settings.sources}


def in_page(settings: Settings) -> list[str]:
    """What the statement says of limits and proofs of the sources."""
    page = statement(settings).as_text()
    words = ("of the watches", "kept for", "taken if", "plan", "attested", "permission", "numbers")
    return [
        line.strip()
        for line in page.split("WHAT WE LISTEN FOR")[0].splitlines()
        if line.strip().startswith(words)
    ]


# ------------------------------------------------------------------------------------------------- how long


@pytest.mark.parametrize(
    ("cap", "own", "deployment", "backfill", "expected"),
    [
        (None, None, 30, 0, (30, 30)),
        (7, None, 30, 0, (7, 7)),
        (30, None, 14, 0, (14, 14)),
        (7, 3, 30, 0, (3, 3)),
        (None, 3, 30, 0, (3, 3)),
        (7, None, 30, 100, (7, 7)),
        (30, None, 14, 20, (14, 20)),
        (30, None, 14, 100, (14, 30)),
        (None, 3, 30, 100, (3, 100)),
    ],
)
def test_terms_shorten_what_is_kept_of_their_network(
    cap: int | None,
    own: int | None,
    deployment: int,
    backfill: int,
    expected: tuple[int, int],
    base: str,
    loads: Loads,
    with_terms: Terms,
) -> None:
    """The shortest of deployment, terms and source holds; backfill takes nothing that the terms would not let be kept."""
    with_terms(retention_max_days=cap, address="https://terms.example/")
    own_key = f"retention_days = {own}\n" if own else ""
    settings = loads(f"{base}{own_key}[privacy]\nretention_days = {deployment}\nbackfill_days = {backfill}\n")

    assert kept(settings) == {"river": expected}


def test_terms_of_one_network_shorten_no_other(
    base: str, loads: Loads, adapters: dict[str, AdapterSpec], with_terms: Terms
) -> None:
    """A deployment of 30 days with a network of 7 keeps only that network's posts for 7, and the statement says why."""
    free = adapters["made-up"]
    with_terms(retention_max_days=7, address="https://terms.example/")
    adapters["strict"] = replace(adapters["made-up"], name="strict")
    adapters["made-up"] = free
    settings = loads(
        base
        + '[[source]]\nname = "bird"\nadapter = "strict"\nrelation = "own"\naddress = "https://b.example/"\n'
    )

    assert kept(settings) == {"river": (30, 30), "bird": (7, 7)}
    assert in_page(settings) == [
        "kept for: 7 days, by the terms of strict (https://terms.example/, read 2026-11-24)",
        "taken if at most 7 days old when we first see it",
        "kept for: 30 days",
    ]


@pytest.mark.parametrize(
    ("cap", "days", "deployment", "problem", "limit"),
    [
        (7, 8, 30, "is longer than the terms of made-up (https://terms.example/, read 2026-11-24) allow", 7),
        (7, 31, 30, "is longer than the terms of made-up (https://terms.example/, read 2026-11-24) allow", 7),
        (30, 15, 14, "is longer than privacy.retention_days", 14),
        (None, 31, 30, "is longer than privacy.retention_days", 30),
    ],
)
def test_a_source_may_only_keep_for_less(
    cap: int | None,
    days: int,
    deployment: int,
    problem: str,
    limit: int,
    base: str,
    loads: Loads,
    faults: Faults,
    with_terms: Terms,
) -> None:
    """A source that asks for longer than its terms or the deployment is told which, with the page; at the limit it loads."""
    with_terms(retention_max_days=cap, address="https://terms.example/")
    text = f"{base}retention_days = {{}}\n[privacy]\nretention_days = {deployment}\n"

    assert faults(text.format(days)) == (
        Fault(FILE, "source[0].retention_days", problem, str(days), f"a whole number, 1 to {limit}"),
    )
    assert kept(loads(text.format(limit)))["river"][0] == limit


# ------------------------------------------------------------------------------------------------- proofs


@pytest.fixture
def strict(with_terms: Terms) -> None:
    """
    A network that wants to be shown who sees what is kept.
    """
    with_terms(
        address="https://terms.example/agreement",
        default_keep="counts",
        government=GOVERNMENT,
        proofs={"links": ("attestation",), "text": ("attestation", "permission_ref")},
        clauses={"permission_ref": DISPLAY},
    )


def asks(keep: str, proof: str, clause: Clause, allowed: str) -> Fault:
    """What is said where a proof is missing."""
    problem = f'is missing, and keep = "{keep}" of made-up asks for it: {clause}'
    return Fault(FILE, f"source[0].{proof}", problem, None, f'{allowed}; or keep = "counts"')


@pytest.mark.usefixtures("strict")
def test_what_is_kept_has_to_be_shown_for(base: str, loads: Loads, faults: Faults) -> None:
    """Counts need nothing; links need the attestation; text needs the permission too; each with its own clause."""
    table = "attestation = { plan, end_users, attested_on, by }"
    file = "permission_ref, where the written permission is filed"

    assert loads(base).sources[0].keep == "counts"
    assert faults(base + 'keep = "links"\n') == (asks("links", "attestation", GOVERNMENT, table),)
    assert faults(base + 'keep = "text"\n') == (
        asks("text", "attestation", GOVERNMENT, table),
        asks("text", "permission_ref", DISPLAY, file),
    )
    assert faults(f'{base}keep = "text"\n{ATTESTED}') == (asks("text", "permission_ref", DISPLAY, file),)
    assert loads(f'{base}keep = "links"\n{ATTESTED}').sources[0].keep == "links"
    assert loads(f'{base}keep = "text"\npermission_ref = "File 7"\n{ATTESTED}').sources[0].keep == "text"


@pytest.mark.usefixtures("strict")
def test_what_was_shown_stands_in_the_statement(base: str, loads: Loads) -> None:
    """The officer signs for plan, every office that may see it, day, signatory and permission."""
    settings = loads(f'{base}keep = "text"\npermission_ref = "File 7"\n{ATTESTED}')

    assert in_page(settings) == [
        "kept for: 30 days",
        "plan: Enterprise; seen by: Roads, Transit",
        "attested on 2026-10-01 by Privacy office",
        "permission: File 7",
    ]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            ('["Transit", "Roads"]', "[]"),
            (
                "attestation.end_users",
                "has too few items",
                "a list",
                "a list, each item text of at most 2000 characters",
            ),
        ),
        (
            ('"Transit", "Roads"', '" "'),
            ("attestation.end_users[0]", "is empty", '" "', "text of at most 2000 characters"),
        ),
        (
            ("attested_on = 2026-10-01\n", ""),
            ("attestation.attested_on", "is missing", None, "a date such as 2027-01-31"),
        ),
        (
            ("plan =", "pln ="),
            ("attestation.plan", "is missing", None, "text of at most 2000 characters"),
        ),
        (
            ("2026-10-01", "2026-11-26"),
            ("attestation.attested_on", "lies in the future", "2026-11-26", "a day that has come"),
        ),
    ],
)
@pytest.mark.usefixtures("strict")
def test_an_attestation_is_whole(
    change: tuple[str, str], fault: tuple[str, str, str | None, str], base: str, here: Path
) -> None:
    """At least one office by name, a plan, and a day that has come somewhere on earth."""
    (here / FILE).write_text(base + 'keep = "links"\n' + ATTESTED.replace(*change))

    with pytest.raises(ConfigError) as raised:
        load(Path(FILE), environ={}, now=datetime(2026, 11, 25, 9, 59, tzinfo=UTC))

    key, problem, found, allowed = fault
    (told,) = (each for each in raised.value.faults if not each.key.endswith(".pln"))
    assert told == Fault(FILE, f"source[0].{key}", problem, found, allowed)


def test_a_day_that_has_begun_in_the_east_is_not_the_future(base: str, here: Path) -> None:
    """At ten in the morning of UTC it is tomorrow on Kiritimati; a minute earlier it is tomorrow nowhere."""
    (here / FILE).write_text(base + "derived_metrics_agreed = 2026-11-26\n")
    ten = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)

    assert load(Path(FILE), environ={}, now=ten).sources[0].derived_metrics_agreed == date(2026, 11, 26)
    with pytest.raises(ConfigError, match=r"derived_metrics_agreed: lies in the future"):
        load(Path(FILE), environ={}, now=ten - timedelta(minutes=1))


@pytest.mark.usefixtures("strict")
def test_no_secret_of_an_address_leaves_the_configuration(base: str, loads: Loads) -> None:
    """D25: a permission may be filed at an address with a key in it; the page has the address without the key."""
    ref = 'permission_ref = "https://robin:hunter1@files.example/7?page=2&token=hunter2"\n'
    token = "hunter3" * 3
    settings = loads(f'{base}keep = "text"\n{ref}{ATTESTED}', LISTENER_SOURCE__0__TOKEN=token)
    before = statement(loads(f'{base}keep = "text"\npermission_ref = "File 7"\n{ATTESTED}'))

    assert "permission: https://files.example/7?page=2&token=(secret)" in in_page(settings)
    assert "hunter" not in statement(settings).as_text()
    assert grown(before, statement(settings)) == (
        "source river rests on another permission: https://files.example/7?…",
    )


# ------------------------------------------------------------------------------------------------- numbers


def test_numbers_are_made_only_under_the_agreement(
    base: str, loads: Loads, faults: Faults, with_terms: Terms
) -> None:
    """Where terms ask for an agreement, `counts` needs its day, texts do not, and each source says where it stands."""
    free = loads(base).sources[0].derived_metrics
    with_terms(address="https://terms.example/", derived_metrics="agreement", derived_clause=DERIVED)
    agreed = "derived_metrics_agreed = 2026-10-01\n"

    assert faults(base + 'keep = "counts"\n') == (
        Fault(
            FILE,
            "source[0].derived_metrics_agreed",
            f'is missing, and keep = "counts" makes numbers of what made-up shows: {DERIVED}',
            None,
            "the day on which that agreement was accepted; or another keep",
        ),
    )
    assert (
        free,
        loads(base).sources[0].derived_metrics,
        loads(base + agreed).sources[0].derived_metrics,
        loads(base + 'keep = "counts"\n' + agreed).sources[0].keep,
    ) == ("free", "not_agreed", "agreed", "counts")
    assert in_page(loads(base + agreed)) == [
        "kept for: 30 days",
        "numbers and classes may be made of it: agreed on 2026-10-01",
    ]


def test_limits_and_proofs_come_from_the_environment_too(base: str, loads: Loads, faults: Faults) -> None:
    """Text of a variable is read as a day, a list or a number; what is wrong with it is told by its name."""
    (source,) = loads(
        base,
        LISTENER_SOURCE__0__WATCHES='["transit"]',
        LISTENER_SOURCE__0__RETENTION_DAYS="7",
        LISTENER_SOURCE__0__DERIVED_METRICS_AGREED="2026-10-01",
        LISTENER_SOURCE__0__ATTESTATION='{"plan": "Pro", "end_users": ["Desk"], "attested_on": "2026-10-02", "by": "Board"}',
    ).sources

    assert (source.watches, source.retention_days, source.derived_metrics_agreed) == (
        ("transit",),
        7,
        date(2026, 10, 1),
    )
    assert source.attestation == Attestation(
        plan="Pro", end_users=("Desk",), attested_on=date(2026, 10, 2), by="Board"
    )
    assert faults(
        base,
        LISTENER_SOURCE__0__WATCHES='["transti"]',
        LISTENER_SOURCE__0__DERIVED_METRICS_AGREED="2999-01-01",
    ) == (
        Fault(
            "environment",
            "LISTENER_SOURCE__0__DERIVED_METRICS_AGREED",
            "lies in the future",
            "2999-01-01",
            "a day that has come",
        ),
        Fault(
            "environment",
            "LISTENER_SOURCE__0__WATCHES[0]",
            "is not the name of a watch",
            '"transti"',
            "transit",
            "transit",
        ),
    )


# ------------------------------------------------------------------------------------------------- watches and words

SECOND: Final = """
[[watch]]
name = "roads"
hashtags = ["yycroads", "ClimateStrike"]
phrases = ["pothole", "Protest march"]
purpose = "Mend roads"
owner = "Roads"
legal_authority = "Municipal Government Act"
review_by = 2027-06-30
"""


def test_a_source_names_watches_that_exist(base: str, loads: Loads, faults: Faults) -> None:
    """Every name that is no watch's is told at once, with the spelling that was meant; none at all is allowed."""
    names = "transit, roads"

    assert faults(base + 'watches = ["transit", "raods", "snow"]\n' + SECOND) == (
        Fault(FILE, "source[0].watches[1]", "is not the name of a watch", '"raods"', names, "roads"),
        Fault(FILE, "source[0].watches[2]", "is not the name of a watch", '"snow"', names),
    )
    assert loads(base + "watches = []\n" + SECOND).sources[0].watches == ()
    assert in_page(loads(base + 'watches = ["transit", "roads"]\n' + SECOND)) == [
        "of the watches below only: roads, transit",
        "kept for: 30 days",
    ]
    assert in_page(loads(base + "watches = []\n" + SECOND))[0] == "of the watches below only: none"


def test_a_source_whose_watches_are_all_past_their_review_is_told(base: str, loads: Loads) -> None:
    """Another watch that lives does not help a source that does not look for it."""
    text = base + 'watches = ["transit"]\n' + SECOND.replace("2027-06-30", "2028-06-30")

    assert warnings(loads(text), date(2027, 7, 1)) == (
        "watch transit: review_by 2027-06-30 is past; it asks for nothing until somebody reviews it",
        "source river: take is matching and no watch is active; nothing of it will be queued",
    )


def test_words_that_a_network_forbids_are_all_told(base: str, faults: Faults, with_terms: Terms) -> None:
    """D22: each at its place in the watch, for each source that looks for it, beside every other fault."""
    with_terms(unlawful=unlawful)
    lake = '[[source]]\nname = "lake"\nadapter = "made-up"\nrelation = "own"\naddress = "https://lake.example/"\n'

    def told(key: str, found: str, meaning: str, source: int) -> Fault:
        return Fault(
            FILE,
            key,
            f"may not be looked for on made-up, where source[{source}] looks for it: {ON_X}{meaning}",
            found,
            f'another word; or this watch left out there: source[{source}].watches without "roads"',
        )

    assert faults(base + lake + SECOND.replace('owner = "Roads"\n', "")) == (
        Fault(FILE, "watch[1].owner", "is missing", None, "text of at most 2000 characters"),
        told("watch[1].hashtags[1]", '"ClimateStrike"', "strikes and other labour action", 0),
        told("watch[1].phrases[1]", '"Protest march"', "marches, in the political sense", 0),
        told("watch[1].hashtags[1]", '"ClimateStrike"', "strikes and other labour action", 1),
        told("watch[1].phrases[1]", '"Protest march"', "marches, in the political sense", 1),
    )


def test_a_watch_that_is_not_looked_for_there_may_have_any_words(
    base: str, loads: Loads, with_terms: Terms
) -> None:
    """Leaving the watch out of that one source is enough."""
    with_terms(unlawful=unlawful)

    assert loads(base + 'watches = ["transit"]\n' + SECOND).sources[0].watches == ("transit",)


# ------------------------------------------------------------------------------------------------- old readings


def test_terms_that_nobody_has_read_for_long_are_told(base: str, loads: Loads, with_terms: Terms) -> None:
    """Each page that was read more than 180 days ago, from the first such day on; of the open web there is no page."""
    assert stale_terms(loads(base), date(2036, 1, 1)) == ()
    old = replace(GOVERNMENT, checked_on=READ - timedelta(days=1))
    with_terms(address="https://terms.example/", government=old)
    last = READ + timedelta(days=TERMS_STALE_DAYS)

    assert stale_terms(loads(base), last - timedelta(days=1)) == ()
    assert stale_terms(loads(base), last) == (StaleTerms("made-up", old.address, old.checked_on),)
    assert [each.page for each in stale_terms(loads(base), last + timedelta(days=1))] == [
        "https://terms.example/",
        "https://terms.example/agreement",
    ]
    assert warnings(loads(base), last) == (
        "terms of made-up: https://terms.example/agreement was read on 2026-11-23, more than 180 days ago;"
        " somebody has to read it again",
    )


def test_the_contract_knows_every_key_of_the_core() -> None:
    """A key that the published contract takes for the adapter's own would be refused by each adapter's model."""
    assert SourceTable.model_fields.keys() == CORE_KEYS
