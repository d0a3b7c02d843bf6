"""
The configuration as the rest of the house reads it: typed, resolved, frozen.

Made by `loading`; read by app, control and the CLI. Every path is absolute and every default is filled in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from listener.adapter import AdapterSpec
from listener.events import Keep, Relation
from listener.settings.kinds import Take, is_loopback
from listener.settings.schema import (
    Approval,
    Attestation,
    Http,
    NoticeTable,
    Organisation,
    Privacy,
    ReaderLimits,
    Watch,
)
from listener.status import DerivedMetrics

TERMS_STALE_DAYS: Final = 180
"""Chosen: terms that nobody has read for half a year may not be the terms any more."""

REVIEW_SOON_DAYS: Final = 30
"""Chosen: a month is enough to get a review onto somebody's desk."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Source:
    """
    One `[[source]]`.

    Args:
        name: From the configuration.
        relation: `own` or `public`.
        criterion: Published rule by which it is in; None only for own sources.
        keep: What is kept of a post.
        take: Posts that a watch matches, or all.
        watches: Names of those that are looked for here; None: every watch.
        retention_days: Keeps for less than the deployment and the terms; None where it does not.
        approved: Who said of which own account or word that it names nobody.
        attestation, permission_ref: What the terms want to be shown.
        derived_metrics_agreed: When the agreement was accepted that numbers may be made under; None where none was.
        spec: Of its adapter.
        config: The adapter's own keys, checked by `spec.config`.
    """

    name: str
    relation: Relation
    criterion: str | None
    keep: Keep
    take: Take
    watches: tuple[str, ...] | None
    retention_days: int | None
    approved: tuple[Approval, ...]
    attestation: Attestation | None
    permission_ref: str | None
    derived_metrics_agreed: date | None
    spec: AdapterSpec
    config: Any

    @property
    def adapter(self) -> str:
        """
        Name of its adapter.
        """
        return self.spec.name

    @property
    def derived_metrics(self) -> DerivedMetrics:
        """
        Whether numbers and classes may be made of what is read here.
        """
        if self.spec.terms.derived_metrics == "free":
            return "free"
        return "not_agreed" if self.derived_metrics_agreed is None else "agreed"

    def __repr__(self) -> str:
        return f"Source(name={self.name!r}, adapter={self.adapter!r})"


@dataclass(frozen=True, slots=True)
class Queue:
    """
    Where events are kept.

    Args:
        url: Complete: the file of `sqlite:///` is absolute.
    """

    url: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Settings:
    """
    The whole configuration.

    Args:
        file: Where it was read from.
        data_dir: Absolute.
        organisation, watches, sources, queue, privacy, http, reader, notice: Its tables.
    """

    file: Path
    data_dir: Path
    organisation: Organisation
    watches: tuple[Watch, ...]
    sources: tuple[Source, ...]
    queue: Queue
    privacy: Privacy
    http: Http
    reader: ReaderLimits
    notice: NoticeTable = field(default_factory=NoticeTable)

    @property
    def base_dir(self) -> Path:
        """
        The folder of the configuration; what relative paths in it were relative to.
        """
        return self.file.parent

    @property
    def control_socket(self) -> Path:
        """
        Where the daemon answers commands.
        """
        return self.data_dir / "control.sock"

    @property
    def notice_url(self) -> str | None:
        """
        Where people read the public notice; None where nobody outside reaches it.
        """
        return None if self.http.public_url is None else f"{self.http.public_url}/notice"

    @property
    def leads_to(self) -> str:
        """
        Where the User-Agent leads (politeness P24): the public notice, where it can be reached and its address goes into a
        header; else the contact.
        """
        url = self.notice_url
        return (
            url
            if url is not None and re.fullmatch(r"[!-~]+", url) and not re.search(r"[()\\;]", url)
            else (self.organisation.contact)
        )

    def retention_days(self, watch: Watch) -> int:
        """
        How long posts of a watch are kept; never longer than the deployment's retention.
        """
        return min(watch.retention_days or self.privacy.retention_days, self.privacy.retention_days)

    def kept_days(self, source: Source) -> int:
        """
        How long posts of a source are kept at most: the deployment's retention, or less where its network's terms or the
        source itself say so.
        """
        shorter = (source.retention_days, source.spec.terms.retention_max_days)
        return min((self.privacy.retention_days, *(days for days in shorter if days is not None)))

    def oldest_days(self, source: Source) -> int:
        """
        How old a post of a source may be when it is first seen: `privacy.backfill_days` never reaches back further than the
        network's terms let anything be kept.
        """
        cap = source.spec.terms.retention_max_days
        backfill = self.privacy.backfill_days
        return max(self.kept_days(source), backfill if cap is None else min(backfill, cap))

    def __repr__(self) -> str:
        return f"Settings(sources={len(self.sources)}, watches={len(self.watches)})"


def warnings(settings: Settings, today: date) -> tuple[str, ...]:
    """
    What is not wrong and yet wants somebody's eyes, in sentences.
    """
    said = [
        f"watch {watch.name}: review_by {watch.review_by} is past; it asks for nothing until somebody reviews it"
        for watch in settings.watches
        if watch.review_by < today
    ]
    said += [
        f"watch {watch.name}: review_by {watch.review_by} comes within {REVIEW_SOON_DAYS} days"
        for watch in settings.watches
        if today <= watch.review_by <= today + timedelta(days=REVIEW_SOON_DAYS)
    ]
    living = frozenset(watch.name for watch in settings.watches if watch.review_by >= today)
    said += [
        f"source {source.name}: take is matching and no watch is active; nothing of it will be queued"
        for source in settings.sources
        if source.take == "matching"
        and living.isdisjoint(living if source.watches is None else source.watches)
    ]
    said += _of_the_notice(settings)
    said += [
        f"terms of {stale.network}: {stale.page} was read on {stale.read_on}, more than {TERMS_STALE_DAYS} days ago;"
        " somebody has to read it again"
        for stale in stale_terms(settings, today)
    ]
    return tuple(said)


def _of_the_notice(settings: Settings) -> list[str]:
    """
    What keeps the public notice from being found, or from saying what somebody translated.
    """
    http, notice, said = settings.http, settings.notice, []
    written = {settings.organisation.name, notice.complaints, notice.more}
    for watch in settings.watches:
        written |= {watch.purpose, watch.owner, watch.legal_authority}
    for source in settings.sources:
        written |= {source.criterion}
        written |= set(() if source.attestation is None else source.attestation.end_users)
    for language, texts in (("en", notice.en), ("fr", notice.fr)):
        if unused := len(texts.keys() - written):
            said.append(
                f"notice.{language}: {unused} of the texts stand nowhere else in this file; nobody will see their translation"
            )
    host = urlsplit(http.public_url).netloc.lower() if http.public_url else ""
    if (
        host
        and {host, host.partition(":")[0]}.isdisjoint(map(str.lower, http.allowed_hosts))
        and (http.allowed_hosts or is_loopback(http.host))
    ):
        said.append(
            "http.public_url: its host is not among http.allowed_hosts; who asks under that name is turned away (421), unless"
            " your proxy asks under a name of this machine"
        )
    return said


@dataclass(frozen=True, slots=True)
class StaleTerms:
    """
    A page of a network's terms that nobody has read for long.

    Args:
        network: Adapter name.
        page: Its address.
        read_on: When somebody read it last.
    """

    network: str
    page: str
    read_on: date


def stale_terms(settings: Settings, today: date) -> tuple[StaleTerms, ...]:
    """
    Pages behind the configured sources that were last read more than `TERMS_STALE_DAYS` days ago.
    """
    networks = {source.adapter: source.spec.terms for source in settings.sources}
    return tuple(
        StaleTerms(network, page, read_on)
        for network, terms in sorted(networks.items())
        for page, read_on in terms.read_on().items()
        if read_on < today - timedelta(days=TERMS_STALE_DAYS)
    )
