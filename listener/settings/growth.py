"""
What one statement collects, keeps or sends beyond another, in sentences.

Takes the accepted `Statement` and the wanted one from `lock`. Pure. Where two values cannot be ranked (another
purpose, another option of an adapter), the change counts as growth: asking once too often costs a signature, asking
once too seldom costs trust. Less of anything is fine without asking. Sentences end up in logs, so the query of an
address is left out; the statement itself has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Protocol, TypeVar

from listener.settings.declaration import ApprovalRecord, SourceRecord, Statement, TokenRecord, WatchRecord
from listener.settings.shown import shown

_KEEP: Final = ("counts", "links", "text")
_TAKE: Final = ("matching", "all")
_CONSENT: Final = ("opt-in", "objection")


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Record = TypeVar("Record", bound=_Named)


def grown(accepted: Statement, wanted: Statement) -> tuple[str, ...]:
    """
    One sentence for each thing that `wanted` collects, keeps or sends more than `accepted`; empty where it does not.
    """
    return (
        *_sources(accepted, wanted),
        *_watches(accepted, wanted),
        *_people(accepted, wanted),
        *_time(accepted, wanted),
        *_destinations(accepted, wanted),
    )


def _sources(accepted: Statement, wanted: Statement) -> Iterator[str]:
    for before, now in _pairs(accepted.sources, wanted.sources):
        if before is None:
            yield f"source {now.name} is new"
        else:
            yield from _source(before, now)
            yield from _looked_for(accepted, wanted, before, now)
            yield from _kept(accepted, wanted, before, now)
            yield from _shown(before, now)
            yield from _approved(f"source {now.name}", before.approved, now.approved)


def _source(before: SourceRecord, now: SourceRecord) -> Iterator[str]:
    what = f"source {now.name}"
    if before.network != now.network:
        yield f"{what} reads {now.network} instead of {before.network}"
    for place in _added(before.places, now.places):
        yield f"{what} also reads {_without_query(place)}"
    if before.options != now.options and before.network == now.network:
        for option in _added(before.options, now.options):
            yield f"{what} has another setting: {option}"
        for option in _added(now.options, before.options):
            yield f"{what} no longer has the setting: {option}"
    if before.relation != now.relation:
        yield f"{what} is read as {now.relation} instead of {before.relation}"
    if before.criterion != now.criterion:
        yield f"{what} is read under another criterion"
    if _more(_KEEP, before.keep, now.keep):
        yield f"{what} keeps {now.keep} instead of {before.keep}"
    if _more(_TAKE, before.take, now.take):
        yield f"{what} takes {now.take} posts instead of {before.take} ones"


def _looked_for(
    accepted: Statement, wanted: Statement, before: SourceRecord, now: SourceRecord
) -> Iterator[str]:
    """
    Watches that were looked for elsewhere only; one that is altogether new is told as such.
    """
    known = [watch.name for watch in accepted.watches]
    was = known if before.watches is None else before.watches
    asked = [watch.name for watch in wanted.watches] if now.watches is None else now.watches
    for name in _added(was, asked):
        if name in known:
            yield f"source {now.name} also looks for what watch {name} asks for"


def _kept(accepted: Statement, wanted: Statement, before: SourceRecord, now: SourceRecord) -> Iterator[str]:
    """
    Where both are as the deployment has it, the deployment is told of instead.
    """
    was, days = before.retention_days or accepted.retention_days, now.retention_days or wanted.retention_days
    if days > was and (before.retention_days, now.retention_days) != (None, None):
        yield f"source {now.name} keeps for {days} days instead of {was}"
    was, days = _oldest(accepted, before), _oldest(wanted, now)
    if days > was and (before.oldest_days, now.oldest_days) != (None, None):
        yield f"source {now.name} takes posts up to {days} days old instead of {was}"


def _oldest(said: Statement, source: SourceRecord) -> int:
    return source.oldest_days or max(said.retention_days, said.backfill_days)


def _shown(before: SourceRecord, now: SourceRecord) -> Iterator[str]:
    """
    What the terms of a network want to be shown is what allows more; its day and its signatory allow nothing more.
    """
    what, was, attested = f"source {now.name}", before.attestation, now.attestation
    if attested is not None:
        if was is None or was.plan != attested.plan:
            yield f"{what} is read under the plan {attested.plan}" + (
                f" instead of {was.plan}" if was else ""
            )
        for office in _added(was.end_users if was else (), attested.end_users):
            yield f"{what} is also seen by {office}"
    if now.permission_ref is not None and now.permission_ref != before.permission_ref:
        yield f"{what} rests on another permission: {_without_query(now.permission_ref)}"
    if now.derived_metrics_agreed is not None and before.derived_metrics_agreed is None:
        yield f"{what} may be made into numbers and classes"


def _watches(accepted: Statement, wanted: Statement) -> Iterator[str]:
    for before, now in _pairs(accepted.watches, wanted.watches):
        if before is None:
            yield f"watch {now.name} is new"
        else:
            yield from _watch(before, now)
            yield from _approved(f"watch {now.name}", before.approved, now.approved)


def _watch(before: WatchRecord, now: WatchRecord) -> Iterator[str]:
    what = f"watch {now.name}"
    for tag in _added(before.hashtags, now.hashtags):
        yield f"{what} also asks for #{tag}"
    for phrase in _added(before.phrases, now.phrases):
        yield f'{what} also asks for "{phrase}"'
    if now.mentions and not before.mentions:
        yield f"{what} also asks for mentions of our accounts"
    if before.purpose != now.purpose:
        yield f"{what} serves another purpose"
    if before.legal_authority != now.legal_authority:
        yield f"{what} rests on another legal authority"
    if now.review_by > before.review_by:
        yield f"{what} is reviewed later: by {now.review_by} instead of {before.review_by}"
    if now.retention_days > before.retention_days:
        yield f"{what} keeps for {now.retention_days} days instead of {before.retention_days}"


def _approved(what: str, before: Iterable[ApprovalRecord], now: Iterable[ApprovalRecord]) -> Iterator[str]:
    """
    An approval that somebody else answers for, or for another reason, is another one.
    """
    known = set(before)
    for each in now:
        if each not in known:
            yield f"{what} takes {shown(each.term)} for nobody's name, as {each.by} says"


def _people(accepted: Statement, wanted: Statement) -> Iterator[str]:
    yield from _approved("organisation", accepted.approved or (), wanted.approved or ())
    for handle in _added(accepted.own_handles, wanted.own_handles):
        yield f"own account {handle} is new: it is listened for and stays readable in texts"
    if _more(_CONSENT, accepted.consent, wanted.consent):
        yield "people who did not invite being indexed are taken, too"
    for tag in _added(wanted.nobot_tags, accepted.nobot_tags):
        yield f"the profile tag {tag} no longer counts as an objection"
    if accepted.objections and not wanted.objections:
        yield "the list of people who objected is no longer honoured"


def _time(accepted: Statement, wanted: Statement) -> Iterator[str]:
    if wanted.retention_days > accepted.retention_days:
        yield f"posts are kept for {wanted.retention_days} days instead of {accepted.retention_days}"
    if wanted.backfill_days > accepted.backfill_days:
        yield f"posts up to {wanted.backfill_days} days old are taken instead of {accepted.backfill_days}"


def _destinations(accepted: Statement, wanted: Statement) -> Iterator[str]:
    if wanted.queue != accepted.queue:
        yield f"posts are kept in {wanted.queue} instead of {accepted.queue}"
    if wanted.http_host is not None and wanted.http_host != accepted.http_host:
        yield f"the API is open to other machines at {wanted.http_host}"
    if wanted.public_url is not None and wanted.public_url != accepted.public_url:
        yield f"the API is reached at {wanted.public_url}"
    if wanted.sealed_links and not accepted.sealed_links:
        yield "links that name an account are kept, sealed, and can be opened by whoever may: until now they were left out"
    for before, now in _pairs(accepted.tokens, wanted.tokens):
        if before is None:
            yield f"token {now.name} is new and may {', '.join(now.scopes)}"
        else:
            yield from _token(before, now)


def _token(before: TokenRecord, now: TokenRecord) -> Iterator[str]:
    for scope in _added(before.scopes, now.scopes):
        yield f"token {now.name} may also {scope}"


def _pairs(accepted: Iterable[Record], wanted: Iterable[Record]) -> Iterator[tuple[Record | None, Record]]:
    before = {each.name: each for each in accepted}
    for now in wanted:
        yield before.get(now.name), now


def _without_query(place: str) -> str:
    path, query, _ = place.partition("?")
    return f"{path}{'?…' if query else ''}"


def _added(before: Iterable[str], now: Iterable[str]) -> list[str]:
    return sorted(set(now) - set(before))


def _more(order: tuple[str, ...], before: str, now: str) -> bool:
    return order.index(now) > order.index(before)
