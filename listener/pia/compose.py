"""
From the configuration and its lock to what the officer signs. Pure, but for the version of the program and its figures.

From `listener.notice.compose`: all that the public is told. From the statement: approvals, and the sealed rest. From the
adapters' specs: addresses that may be asked and fields that are decoded, exactly as the reader and the parser have them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from urllib.parse import urlsplit, urlunsplit

import msgspec

from listener import __version__
from listener.adapter import AdapterSpec
from listener.notice import compose as compose_notice
from listener.pia.facts import Annex, Approved, Asked, Assessed, Decoded, Exchange, Signed
from listener.pia.figures import figures
from listener.pia.safeguards import SAFEGUARDS
from listener.settings import Lock, Settings, Source, Statement, statement


def compose(settings: Settings, lock: Lock | None, *, today: date) -> Annex:
    """
    What there is to say.

    Args:
        settings: As they would be in force.
        lock: What was accepted; None where nothing was.
        today: Decides which watches are paused.
    """
    said = statement(settings)
    return Annex(
        notice=compose_notice(settings, lock, today=today),
        program=f"listener {__version__}",
        signed=None
        if lock is None
        else Signed(by=lock.accepted_by, reason=lock.reason, on=lock.accepted_at.date()),
        assessed=tuple(Assessed(watch.name, watch.pia_ref) for watch in said.watches),
        approved=_approved(said),
        exchanges=_exchanges(settings.sources),
        http_host=said.http_host,
        public_url=said.public_url,
        safeguards=SAFEGUARDS,
        figures=figures(),
    )


def _approved(said: Statement) -> tuple[Approved, ...]:
    """
    Of the organisation first, then of the watches and the sources.
    """
    places = [("organisation", said.approved or ())]
    places += [(watch.name, watch.approved) for watch in said.watches]
    places += [(source.name, source.approved) for source in said.sources]
    return tuple(
        Approved(where, each.term, each.by, each.because) for where, records in places for each in records
    )


def _exchanges(sources: Sequence[Source]) -> tuple[Exchange, ...]:
    by_network: dict[str, list[Source]] = {}
    for source in sources:
        by_network.setdefault(source.adapter, []).append(source)
    return tuple(_exchange(by_network[network]) for network in sorted(by_network))


def _exchange(sources: Sequence[Source]) -> Exchange:
    spec = sources[0].spec
    clauses = (spec.terms.government, *spec.terms.clauses.values(), spec.terms.derived_clause)
    return Exchange(
        network=spec.name,
        asked=_asked(spec, [source.config for source in sources]),
        decoded=tuple(Decoded(kind.__name__, _fields(kind)) for kind in spec.wire),
        terms=spec.terms.address,
        terms_read_on=spec.terms.checked_on,
        clauses=tuple(str(clause) for clause in clauses if clause is not None),
    )


def _asked(spec: AdapterSpec, configs: Sequence[object]) -> tuple[Asked, ...]:
    """
    Hosts of which the same may be asked beside each other, so that four hundred blogs are a line.
    """
    hosts: dict[tuple[str, bool], set[str]] = {}
    for reach in (reach for config in configs for reach in spec.reaches(config)):
        hosts.setdefault((reach.path, reach.redirects == "public"), set()).add(reach.host)
    trades = {_bare(address) for config in configs for address in spec.exchanges(config)}
    asked = [Asked(path, tuple(sorted(hosts[path, free])), free) for path, free in sorted(hosts)]
    return (*asked, *([Asked(None, tuple(sorted(trades)))] if trades else []))


def _bare(address: str) -> str:
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _fields(kind: type) -> tuple[str, ...]:
    """
    As the network calls them where that is known, else as we do.
    """
    if issubclass(kind, msgspec.Struct):
        return tuple(field.encode_name for field in msgspec.structs.fields(kind))
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()
