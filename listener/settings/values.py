"""
The configuration as the rest of the house reads it: typed, resolved, frozen.

Made by `loading`; read by app, control and the CLI. Every path is absolute and every default is filled in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from listener.adapter import AdapterSpec
from listener.events import Keep, Relation
from listener.settings.kinds import Take
from listener.settings.schema import Approval, Attestation, Http, Organisation, Privacy, ReaderLimits, Watch
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
        organisation, watches, sources, queue, privacy, http, reader: Its tables.
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
    said += [
        f"terms of {stale.network}: {stale.page} was read on {stale.read_on}, more than {TERMS_STALE_DAYS} days ago;"
        " somebody has to read it again"
        for stale in stale_terms(settings, today)
    ]
    return tuple(said)


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
