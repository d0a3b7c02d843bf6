"""
What a network's terms ask of the configuration: how long at most, what has to be shown first, whether numbers may be made, and
which words must not be looked for there.

Takes the raw document from `loading` like the other `checks`, with the spec of one source's adapter; gives faults back. Each
quotes the clause with its page and the day somebody read it, so that an operator can argue with the clause and not with
this program. Values of the wrong type are passed over: the schema has spoken about them already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, get_args

from listener.adapter import AdapterSpec, Proof, Terms, Unlawful
from listener.errors import Fault
from listener.events import Keep
from listener.settings.checks import Draft, day_of, whole_of
from listener.settings.faults import Path
from listener.settings.shown import shown
from listener.text import clean, fold

_MOST_FIRST: Final[tuple[Keep, ...]] = ("text", "links", "counts")
_FURTHEST_EAST: Final = timedelta(hours=14)
"""Kiribati, UTC+14: a day that has not begun there has begun nowhere."""
_TO_SHOW: Final[Mapping[Proof, str]] = {
    "attestation": "attestation = { plan, end_users, attested_on, by }",
    "permission_ref": "permission_ref, where the written permission is filed",
}


def terms_page(spec: AdapterSpec) -> str:
    """
    The terms of a network, as they are quoted: its name, the page, and the day somebody read it.
    """
    return f"{spec.name} ({spec.terms.address or 'no page'}, read {spec.terms.checked_on})"


@dataclass(slots=True)
class Obligations:
    """
    The checks of one document against the terms of its networks.

    Args:
        draft: The document.
        now: Aware UTC.
    """

    draft: Draft
    now: datetime
    _judged: dict[tuple[str, str, str], tuple[Unlawful, ...]] = field(default_factory=dict)

    def check(self, path: Path, source: Mapping[str, Any], spec: AdapterSpec) -> Iterator[Fault]:
        """
        Every fault of one source against the terms of its network.

        Args:
            path: Of the source.
            source: The table as written.
            spec: Of its adapter.
        """
        yield from self._retention(path, source, spec)
        keep = source.get("keep", spec.terms.default_keep)
        if keep in get_args(Keep):
            yield from self._proofs(path, source, spec, keep)
            yield from self._derived(path, source, spec, keep)
        yield from self._unlawful(path, source, spec)

    def check_days(self, path: Path, source: Mapping[str, Any]) -> Iterator[Fault]:
        """
        Nothing was attested or agreed on a day that has not begun anywhere.
        """
        attestation = source.get("attestation")
        stated = {
            (*path, "derived_metrics_agreed"): day_of(source, "derived_metrics_agreed"),
            (*path, "attestation", "attested_on"): day_of(attestation, "attested_on")
            if isinstance(attestation, Mapping)
            else None,
        }
        latest = (self.now + _FURTHEST_EAST).date()
        for place, day in stated.items():
            if day is not None and day > latest:
                yield self.draft.origins.fault(
                    place, "lies in the future", found=shown(day), allowed="a day that has come"
                )

    def _retention(self, path: Path, source: Mapping[str, Any], spec: AdapterSpec) -> Iterator[Fault]:
        days, cap = whole_of(source, "retention_days"), spec.terms.retention_max_days
        deployment = self.draft.retention_days()
        if days is None or days > 365:  # beyond a year the schema has spoken
            return
        if cap is not None and days > cap and cap <= (deployment or cap):
            problem, limit = f"is longer than the terms of {terms_page(spec)} allow", cap
        elif deployment is not None and days > deployment:
            problem, limit = "is longer than privacy.retention_days", deployment
        else:
            return
        yield self.draft.origins.fault(
            (*path, "retention_days"), problem, found=str(days), allowed=f"a whole number, 1 to {limit}"
        )

    def _proofs(
        self, path: Path, source: Mapping[str, Any], spec: AdapterSpec, keep: Keep
    ) -> Iterator[Fault]:
        terms = spec.terms
        free = next((each for each in _MOST_FIRST if not terms.proofs.get(each)), None)
        for proof in terms.proofs.get(keep, ()):
            if proof not in source:
                yield self.draft.origins.fault(
                    (*path, proof),
                    f'is missing, and keep = "{keep}" of {spec.name} asks for it: {terms.why(proof)}',
                    allowed=_TO_SHOW[proof] + (f'; or keep = "{free}"' if free else ""),
                )

    def _derived(
        self, path: Path, source: Mapping[str, Any], spec: AdapterSpec, keep: Keep
    ) -> Iterator[Fault]:
        """
        `counts` keeps numbers and nothing else: without an agreement there is nothing that it may keep.
        """
        terms = spec.terms
        if terms.derived_metrics == "free" or keep != "counts" or "derived_metrics_agreed" in source:
            return
        yield self.draft.origins.fault(
            (*path, "derived_metrics_agreed"),
            f'is missing, and keep = "counts" makes numbers of what {spec.name} shows: {terms.derived_clause}',
            allowed="the day on which that agreement was accepted; or another keep",
        )

    # ------------------------------------------------------------------------------------------------- words

    def _unlawful(self, path: Path, source: Mapping[str, Any], spec: AdapterSpec) -> Iterator[Fault]:
        chosen = source.get("watches")
        for place, watch in self.draft.tables("watch"):
            name = watch.get("name")
            if isinstance(chosen, list) and name not in chosen:
                continue
            for key in ("hashtags", "phrases"):
                yield from self._in_list((*place, key), watch.get(key), name, path, spec)

    def _in_list(
        self, place: Path, written: object, watch: object, path: Path, spec: AdapterSpec
    ) -> Iterator[Fault]:
        where = self.draft.origins.place(path)[1]
        for index, term in enumerate(written if isinstance(written, list) else ()):
            for each in self._judge(spec, str(place[-1]), term) if isinstance(term, str) else ():
                yield self.draft.origins.fault(
                    (*place, index),
                    f"may not be looked for on {spec.name}, where {where} looks for it: {each.because}",
                    found=shown(term),
                    allowed=f"another word; or this watch left out there: {where}.watches without {shown(watch)}",
                )

    def _judge(self, spec: AdapterSpec, kind: str, term: str) -> tuple[Unlawful, ...]:
        """
        Asked about each term alone, so that what it says of it is known to be about this one; asked once, however many
        sources of the network there are.
        """
        folded = " ".join(fold(clean(term)).split())
        key = (spec.name, kind, folded)
        if key not in self._judged:
            one = frozenset({folded.lstrip("#").strip() if kind == "hashtags" else folded})
            terms = Terms(hashtags=one) if kind == "hashtags" else Terms(phrases=one)
            self._judged[key] = spec.unlawful(terms)
        return self._judged[key]
