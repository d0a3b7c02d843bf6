"""
A registry with one made-up adapter, and a small configuration to spoil.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from listener import registry
from listener.adapter import AdapterSpec, Reach, Terms, TermsOfUse, Unlawful
from listener.errors import ConfigError
from listener.settings import Settings, load

BASE: Final = """
[organisation]
name = "City of Example"
contact = "https://www.example.org/listening"
country = "CA"
own_handles = ["@cityofexample", "cityofexample@social.example"]

[[watch]]
name = "transit"
hashtags = ["exampletransit"]
phrases = ["Example Transit"]
mentions = true
purpose = "Answer riders"
owner = "Transit customer service"
legal_authority = "Municipal Government Act"
review_by = 2027-06-30

[[source]]
name = "river"
adapter = "made-up"
relation = "public"
criterion = "Publishes about city services"
address = "https://river.example/feed/"
"""


class MadeUpConfig(BaseModel):
    """
    The keys of the made-up adapter.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str
    interval_s: float = Field(default=3600.0, ge=60, le=86400)
    tags: tuple[str, ...] = ()
    replies: bool = False
    token: SecretStr | None = None


MADE_UP: Final = AdapterSpec(
    name="made-up",
    summary="A network that does not exist.",
    listens_to="Pages that a test made up.",
    credentials="none",
    limits="none",
    terms=TermsOfUse(
        retention_max_days=None,
        delete_within_h=None,
        default_keep="text",
        address=None,
        checked_on=date(2026, 11, 24),
        government=None,
        derived_metrics="free",
        derived_clause=None,
    ),
    config=MadeUpConfig,
    example="",
    build=lambda *_: (_ for _ in ()).throw(AssertionError("settings build nothing")),
    reaches=lambda config: (Reach(config.address.split("/")[2]),),
    lease_group=lambda config: str(config.address.split("/")[2]),
    floor_s=lambda *_: 60.0,
    interval_s=lambda config, _: float(config.interval_s),
    look_back_s=86400.0,
)

Load = Callable[..., Settings]


@pytest.fixture(autouse=True)
def adapters(monkeypatch: pytest.MonkeyPatch) -> dict[str, AdapterSpec]:
    """
    What is registered; a test may add to it.
    """
    known: dict[str, AdapterSpec] = {"made-up": MADE_UP}
    monkeypatch.setattr(registry, "names", lambda: tuple(sorted(known)))
    monkeypatch.setattr(registry, "spec", lambda name: known[name])
    return known


@pytest.fixture
def with_terms(adapters: dict[str, AdapterSpec]) -> Callable[..., None]:
    """
    Give the made-up adapter other terms, or another linter of words.
    """

    def changed(
        *, unlawful: Callable[[Terms], tuple[Unlawful, ...]] = MADE_UP.unlawful, **terms: Any
    ) -> None:
        adapters["made-up"] = replace(MADE_UP, terms=replace(MADE_UP.terms, **terms), unlawful=unlawful)

    return changed


@pytest.fixture
def loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """
    `load` of a text in `listener.toml`, named as an operator in its folder would.
    """
    monkeypatch.chdir(tmp_path)

    def loaded(text: str | bytes = BASE, **environ: str) -> Settings:
        Path("listener.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(Path("listener.toml"), environ=environ)

    return loaded


@pytest.fixture
def faults(loads: Load) -> Callable[..., Any]:
    """
    The faults that `load` raises, as a tuple; it has to raise some.
    """

    def found(text: str | bytes = BASE, **environ: str) -> Any:
        with pytest.raises(ConfigError) as raised:
            loads(text, **environ)
        assert raised.value.__cause__ is None
        assert raised.value.__suppress_context__ or raised.value.__context__ is None
        return raised.value.faults

    return found


@pytest.fixture
def base() -> str:
    """
    A configuration that loads.
    """
    return BASE
