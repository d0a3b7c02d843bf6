"""
From `Settings` to the `Statement` of what they collect. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from msgspec import UNSET
from pydantic import BaseModel, SecretBytes, SecretStr

from listener.settings.checks import addresses
from listener.settings.declaration import (
    ApprovalRecord,
    AttestationRecord,
    SourceRecord,
    Statement,
    TokenRecord,
    WatchRecord,
)
from listener.settings.kinds import is_loopback
from listener.settings.linter import is_address
from listener.settings.obligations import terms_page
from listener.settings.schema import Approval, Attestation, SourceTable, Watch
from listener.settings.shown import SECRET, is_secret_name
from listener.settings.values import Settings, Source

_ENGINES: Final = {"sqlite": "a file on this machine (SQLite)"}


def statement(settings: Settings) -> Statement:
    """
    What these settings collect.
    """
    privacy, http = settings.privacy, settings.http
    return Statement(
        organisation=settings.organisation.name,
        contact=settings.organisation.contact,
        own_handles=_sorted(settings.organisation.own_handles),
        sources=tuple(
            sorted((_source_record(settings, each) for each in settings.sources), key=lambda each: each.name)
        ),
        watches=tuple(
            sorted((_watch_record(settings, each) for each in settings.watches), key=lambda each: each.name)
        ),
        retention_days=privacy.retention_days,
        backfill_days=privacy.backfill_days,
        consent=privacy.consent,
        nobot_tags=_sorted(privacy.nobot_tags),
        objections=privacy.objections_file is not None,
        queue=_engine(settings.queue.url),
        http_host=None if is_loopback(http.host) else http.host,
        public_url=http.public_url,
        approved=_approvals(settings.organisation.approved) or UNSET,
        tokens=tuple(
            sorted(
                (TokenRecord(name=each.name, scopes=_sorted(each.scopes)) for each in http.tokens),
                key=lambda each: each.name,
            )
        ),
        sealed_links=UNSET if http.public_url is None else True,
    )


def _watch_record(settings: Settings, watch: Watch) -> WatchRecord:
    return WatchRecord(
        name=watch.name,
        hashtags=_sorted(watch.hashtags),
        phrases=_sorted(watch.phrases),
        mentions=watch.mentions,
        purpose=watch.purpose,
        owner=watch.owner,
        legal_authority=watch.legal_authority,
        review_by=watch.review_by.isoformat(),
        pia_ref=watch.pia_ref,
        retention_days=settings.retention_days(watch),
        approved=_approvals(watch.approved),
    )


def _source_record(settings: Settings, source: Source) -> SourceRecord:
    reaches = {
        f"{reach.host}{'' if reach.path == '/.*' else f' (paths like {reach.path})'}"
        for reach in source.spec.reaches(source.config)
    }
    stated = {_without_secrets(address) for address in addresses(source.config)}
    # Where the config names addresses, they say more than the pattern that admits them.
    hosts = {urlsplit(address).hostname for address in stated}
    further = {reach for reach in reaches if reach.split(" ")[0] not in hosts}
    further |= {
        f"{_without_secrets(address)} (only to trade a credential for a token)"
        for address in source.spec.exchanges(source.config)
    }
    return SourceRecord(
        name=source.name,
        network=source.adapter,
        listens_to=source.spec.listens_to,
        relation=source.relation,
        criterion=source.criterion,
        keep=source.keep,
        take=source.take,
        places=_sorted(stated | further),
        options=_sorted(_options(source.config)),
        watches=source.watches,
        retention_days=_unless(settings.kept_days(source), settings.privacy.retention_days),
        retention_by=_shortened_by(settings, source),
        oldest_days=_unless(
            settings.oldest_days(source), max(settings.privacy.retention_days, settings.privacy.backfill_days)
        ),
        attestation=None if source.attestation is None else _attestation_record(source.attestation),
        permission_ref=_filed(source.permission_ref),
        derived_metrics_agreed=None
        if source.derived_metrics_agreed is None
        else source.derived_metrics_agreed.isoformat(),
        approved=_approvals(source.approved),
    )


def _approvals(approved: Iterable[Approval]) -> tuple[ApprovalRecord, ...]:
    records = {ApprovalRecord(term=each.term, by=each.by, because=each.because) for each in approved}
    return tuple(sorted(records, key=lambda each: (each.term, each.by, each.because)))


def _unless(days: int, usual: int) -> int | None:
    return None if days == usual else days


def _shortened_by(settings: Settings, source: Source) -> str | None:
    """
    What keeps posts of a source for less time than the deployment does.
    """
    days = settings.kept_days(source)
    if days == settings.privacy.retention_days:
        return None
    if days == source.spec.terms.retention_max_days:
        return f"the terms of {terms_page(source.spec)}"
    return "retention_days of this source"


def _filed(reference: str | None) -> str | None:
    return _without_secrets(reference) if reference is not None and is_address(reference) else reference


def _attestation_record(attestation: Attestation) -> AttestationRecord:
    return AttestationRecord(
        plan=attestation.plan,
        end_users=_sorted(attestation.end_users),
        attested_on=attestation.attested_on.isoformat(),
        by=attestation.by,
    )


def _options(config: object) -> set[str]:
    """
    What an adapter was told besides addresses. Numbers are left out: they pace a source and choose nothing.
    """
    made: Mapping[str, Any] = (
        config.model_dump(exclude_defaults=True, exclude=set(SourceTable.model_fields))
        if isinstance(config, BaseModel)
        else {}
    )
    told: set[str] = set()
    for key, value in made.items():
        for each in value if isinstance(value, list | tuple | set | frozenset) else (value,):
            quiet = isinstance(each, SecretStr | SecretBytes) or is_secret_name(key) or key.endswith("_file")
            number = isinstance(each, int | float) and not isinstance(each, bool)
            if each is not None and not quiet and not number and not is_address(str(each)):
                told.add(f"{key} = {_plain(each)}")
    return told


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _without_secrets(address: str) -> str:
    """
    The address as an officer may read it: no password, no value of a parameter that is called like a secret.
    """
    parts = urlsplit(address)
    query = re.sub(
        r"([^&=]+)=([^&]*)",
        lambda pair: f"{pair[1]}={SECRET}" if is_secret_name(pair[1]) else pair[0],
        parts.query,
    )
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))


def _engine(url: str) -> str:
    scheme = url.split(":", 1)[0]
    return _ENGINES.get(scheme) or f"{scheme} at {urlsplit(url).hostname}"


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))
