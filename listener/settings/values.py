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
from listener.settings.schema import Http, Organisation, Privacy, ReaderLimits, Watch

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
        spec: Of its adapter.
        config: The adapter's own keys, checked by `spec.config`.
    """

    name: str
    relation: Relation
    criterion: str | None
    keep: Keep
    take: Take
    spec: AdapterSpec
    config: Any

    @property
    def adapter(self) -> str:
        """
        Name of its adapter.
        """
        return self.spec.name

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
    living = [watch for watch in settings.watches if watch.review_by >= today]
    if not living:
        said += [
            f"source {source.name}: take is matching and no watch is active; nothing of it will be queued"
            for source in settings.sources
            if source.take == "matching"
        ]
    return tuple(said)
