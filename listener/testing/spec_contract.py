"""
What every spec of an adapter keeps, as tests; part of the contract of pollers (`adapter_contract`) and of the one of
streamers (`streamer_contract`).
"""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Protocol

import msgspec
import pytest

from listener.adapter import AdapterSpec, Terms
from listener.testing.canned import EverythingInteresting
from listener.testing.spending import check_budgets

CORE_KEYS: Final = frozenset(
    {
        "name",
        "adapter",
        "relation",
        "criterion",
        "keep",
        "take",
        "watches",
        "retention_days",
        "attestation",
        "approved",
        "permission_ref",
        "derived_metrics_agreed",
    }
)
"""Keys of a `[[source]]` table that belong to the core; the rest is the adapter's."""


class Scripted(Protocol):
    """
    What the scripts of both contracts have.
    """

    @property
    def spec(self) -> AdapterSpec: ...

    @property
    def config(self) -> Any: ...

    @property
    def people(self) -> Sequence[str]: ...


class SpecContract:
    """
    See the module. A subclass supplies the fixture `script`.
    """

    def test_example_is_complete(self, script: Scripted) -> None:
        """The example of the spec is one `[[source]]` that its own config type takes as it is."""
        (source,) = tomllib.loads(script.spec.example)["source"]
        config = config_of(script.spec, source)

        assert script.spec.name == source["adapter"]
        assert {"name", "adapter", "relation"} <= source.keys()
        assert script.spec.reaches(config)
        assert script.spec.lease_group(config)

    def test_unknown_keys_are_refused(self, script: Scripted) -> None:
        """A misspelt key is an error, not a default."""
        (source,) = tomllib.loads(script.spec.example)["source"]

        with pytest.raises(ValueError, match="no_such_key"):
            config_of(script.spec, {**source, "no_such_key": 1})

    def test_config_is_frozen(self, script: Scripted) -> None:
        """Nothing changes a source's configuration while it runs."""
        name = next(iter(type(script.config).model_fields))

        with pytest.raises(ValueError, match="frozen"):
            setattr(script.config, name, getattr(script.config, name))

    def test_spec_is_complete(self, script: Scripted) -> None:
        """What the reference pages and the core need is there and makes sense."""
        spec = script.spec

        assert spec.name.isidentifier()
        assert spec.name == spec.name.lower()
        assert all((spec.summary, spec.listens_to, spec.credentials, spec.limits))
        assert spec.look_back_s > 0
        assert 0 < spec.floor_s(script.config, "own") <= spec.floor_s(script.config, "public")
        for relation in ("own", "public"):
            assert (spec.interval_s(script.config, relation) or spec.floor_s(script.config, relation)) > 0

    def test_terms_are_complete(self, script: Scripted) -> None:
        """Whatever the terms ask has a page, the day somebody read it, and a sentence that can be quoted to an operator."""
        terms = script.spec.terms
        pages, tomorrow = terms.read_on(), (datetime.now(UTC) + timedelta(days=1)).date()
        asked = {proof: terms.why(proof) for proofs in terms.proofs.values() for proof in proofs}
        clauses = [clause for clause in (terms.government, terms.derived_clause, *asked.values()) if clause]

        assert [page for page in pages if not page.startswith("https://")] == []
        assert [page for page, read in pages.items() if not date(2026, 1, 1) <= read <= tomorrow] == []
        assert [each for each in clauses if not each.says.strip() or each.says.rstrip().endswith(".")] == []
        assert (terms.derived_metrics == "agreement") is (terms.derived_clause is not None)
        assert [proof for proof, clause in asked.items() if clause is None] == []
        assert terms.address is not None or (terms.retention_max_days, terms.delete_within_h) == (None, None)
        assert (terms.retention_max_days or 1) > 0
        assert (terms.delete_within_h or 1) > 0
        assert not terms.proofs.get(terms.default_keep)

    def test_ordinary_terms_are_lawful(self, script: Scripted) -> None:
        """No terms at all are fine on every network, and so is the name of a place."""
        assert script.spec.unlawful(Terms()) == ()
        assert script.spec.unlawful(Terms(frozenset({"calgary"}), frozenset(), frozenset({"calgary"}))) == ()

    @pytest.mark.parametrize(
        "pasted", ["", "\ud800", "https://[", "https://", "x" * 9000, "https://city.example/", "at://", "%"]
    )
    def test_an_address_that_is_no_posts_has_no_names(self, script: Scripted, pasted: str) -> None:
        """Whatever is pasted, an adapter neither fails on it nor takes a site for a post."""
        said = script.spec.names((script.config,), pasted)

        assert [each for each in said if each != pasted and pasted not in each] == []

    def test_exchanges_are_private(self, script: Scripted) -> None:
        """A credential is only ever traded at a whole address, on a line that nobody else can read."""
        for address in script.spec.exchanges(script.config):
            assert address.startswith("https://")
            assert "?" not in address

    def test_budgets_are_sound(self, script: Scripted) -> None:
        """What a credential may spend is named without saying anything of the credential; expectations name budgets only."""
        check_budgets(script.spec, script.config)
        names = {budget.name for budget in script.spec.budgets(script.config)}

        for relation in ("own", "public"):
            for outlay in script.spec.outlook(script.config, EverythingInteresting(), relation):
                assert outlay.budget in names
                assert outlay.what
                assert outlay.each >= 0
                assert outlay.a_window is None or outlay.a_window >= 0

    def test_wire_types_are_closed(self, script: Scripted) -> None:
        """Every type off the wire declares its fields, so that an allow-list can name each."""
        assert script.spec.wire
        for kind in script.spec.wire:
            assert wire_fields(kind)

    def test_simulator_can_be_found(self, script: Scripted) -> None:
        """The simulator a spec names exists, and its part of the demo's city."""
        for named in filter(None, (script.spec.simulator, script.spec.quarter)):
            module, _, function = named.partition(":")

            assert callable(getattr(importlib.import_module(module), function))


def wire_fields(kind: type) -> tuple[str, ...]:
    """
    Names of the fields of a wire type.

    Raises:
        TypeError: it is neither a dataclass nor a msgspec Struct.
    """
    if is_dataclass(kind):
        return tuple(each.name for each in fields(kind))
    if issubclass(kind, msgspec.Struct):
        return tuple(kind.__struct_fields__)
    raise TypeError(f"{kind.__name__} declares no fields")


def config_of(spec: AdapterSpec, source: dict[str, Any]) -> Any:
    """
    The adapter's own part of a `[[source]]` table, as its config type reads it: with what it wants to know of the core's.
    """
    wanted = spec.config.model_fields.keys() | source.keys() - CORE_KEYS
    return spec.config.model_validate({key: value for key, value in source.items() if key in wanted})
