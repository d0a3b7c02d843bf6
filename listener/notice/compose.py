"""
From the configuration, its lock and what the daemon counted to what may be said in public. Pure.

From `Settings`: everything that is listened to, kept and sent. From the `Lock`: since when, and when it was accepted; not by
whom, because that may be a person's name. From the daemon: figures. Left out: names of tokens, queries of addresses,
options of adapters, references of files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from listener.notice.facts import Figures, Notice, Place, Text, Watched, Where
from listener.settings import Lock, NoticeTable, Settings, Source, Watch, grown, statement


def compose(settings: Settings, lock: Lock | None, *, today: date, figures: Figures | None = None) -> Notice:
    """
    What there is to say.

    Args:
        settings: In force, or about to be.
        lock: What was accepted; None where nothing was.
        today: Decides which watches are paused.
        figures: See `Figures`; None where no daemon was asked.
    """
    said, texts = statement(settings), _Texts(settings.notice)
    organisation, privacy, notice = settings.organisation, settings.privacy, settings.notice
    sources, watches = (lock.sources_first(), lock.watches_first()) if lock else ({}, {})
    engine = urlsplit(settings.queue.url)
    return Notice(
        organisation=replace(texts(organisation.name), language=None),  # a name is in no language
        contact=organisation.contact,
        objections=notice.objections or organisation.contact,
        complaints=None if notice.complaints is None else texts(notice.complaints),
        more=None if notice.more is None else texts(notice.more),
        own_handles=said.own_handles,
        watches=tuple(
            _watched(settings, watch, texts, today=today, since=_day(watches.get(watch.name)))
            for watch in sorted(settings.watches, key=lambda watch: watch.name)
        ),
        places=_places(settings, texts, sources),
        retention_days=privacy.retention_days,
        oldest_days=max(privacy.retention_days, privacy.backfill_days),
        consent=privacy.consent,
        nobot_tags=said.nobot_tags,
        objection_list=said.objections,
        engine=engine.scheme,
        engine_host=engine.hostname or None,
        receivers=dict(sorted(Counter(scope for token in said.tokens for scope in token.scopes).items())),
        links=settings.http.public_url is not None,
        accepted_on=_day(lock.accepted_at) if lock else None,
        accepted=lock is not None and not grown(lock.statement, said),
        digest=said.digest,
        figures=figures,
        written_on=today,
    )


class _Texts:
    """
    Texts of the configuration, with what the table `notice` says of them.
    """

    def __init__(self, notice: NoticeTable) -> None:
        self._language, self._by_language = notice.language, {"en": notice.en, "fr": notice.fr}

    def __call__(self, said: str) -> Text:
        translations = {
            language: texts[said] for language, texts in self._by_language.items() if said in texts
        }
        return Text(said, self._language, translations)


def _watched(settings: Settings, watch: Watch, texts: _Texts, *, today: date, since: date | None) -> Watched:
    return Watched(
        name=watch.name,
        hashtags=tuple(sorted(watch.hashtags)),
        phrases=tuple(sorted(watch.phrases)),
        mentions=watch.mentions,
        purpose=texts(watch.purpose),
        owner=texts(watch.owner),
        legal_authority=texts(watch.legal_authority),
        review_by=watch.review_by,
        paused=watch.review_by < today,
        kept_days=settings.retention_days(watch),
        since=since,
    )


def _places(settings: Settings, texts: _Texts, since: Mapping[str, datetime]) -> tuple[Place, ...]:
    """
    The organisation's own first, then by network; sources that differ in nothing else beside each other.
    """
    found: dict[str, tuple[Place, list[Where]]] = {}
    for source in sorted(
        settings.sources, key=lambda each: (each.relation != "own", each.adapter, each.name)
    ):
        place = _place(settings, source, texts)
        where = Where(source.name, _address(source), _day(since.get(source.name)))
        found.setdefault(repr(place), (place, []))[1].append(where)
    return tuple(replace(place, where=tuple(where)) for place, where in found.values())


def _place(settings: Settings, source: Source, texts: _Texts) -> Place:
    spec, days = source.spec, settings.kept_days(source)
    return Place(
        network=spec.name,
        network_names=spec.public.name,
        reads=spec.public.reads(source.config),
        relation=source.relation,
        criterion=None if source.criterion is None else texts(source.criterion),
        keep=source.keep,
        take_all=source.take == "all",
        watches=source.watches,
        kept_days=days,
        shortened_by=_shortened_by(settings, source, days),
        terms=spec.terms.address,
        authors=spec.public.authors,
        removals=spec.public.removals,
        asked_within_h=None if spec.recheck is None else round(spec.recheck.within_s / 3600),
        delete_within_h=spec.terms.delete_within_h,
        seen_by=() if source.attestation is None else tuple(map(texts, source.attestation.end_users)),
        where=(),
    )


def _shortened_by(settings: Settings, source: Source, days: int) -> Literal["terms", "source"] | None:
    if days == settings.privacy.retention_days:
        return None
    return "terms" if days == source.spec.terms.retention_max_days else "source"


def _address(source: Source) -> str | None:
    """
    Without query and credentials, which are nobody's business.
    """
    shown = source.spec.public.shown_at(source.config)
    if shown is None:
        return None
    parts = urlsplit(shown)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _day(instant: datetime | None) -> date | None:
    return None if instant is None else instant.date()
