"""
What the service says about itself: structured log lines and metrics, one method per thing that happens.

Every stage calls `Telemetry`; a method drives the log line and the counter together, so that the two cannot
disagree. `CATALOGUE` is read from the methods and printed to deploy/telemetry.md by `listener schema --telemetry`.

Invariants: a value in a log line is a number, a name from the configuration, or a word from a closed set. No
content, person, secret or address query has a way in: the final processor drops every key that the event does not
declare, and foreign exceptions are told by type and place, never by message.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import logging
import sys
import threading
import traceback
from bisect import bisect_left
from collections import Counter as Counts
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from itertools import accumulate
from types import TracebackType
from typing import Any, Concatenate, Final, Literal, ParamSpec, TextIO

import orjson
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from listener.errors import ListenerError

Level = Literal["debug", "info", "warning", "error"]
P = ParamSpec("P")

_COMMON_KEYS: Final = frozenset({"event", "level", "timestamp"})
_NEVER_LIMITED: Final = 200
"""Chosen: no declared value is longer; a longer one is a mistake and is cut, so that it cannot be a document."""


@dataclass(frozen=True, slots=True)
class Signal:
    """
    One thing that happens.

    Args:
        name: Event name of the log line, `area.past_tense`.
        level: Level of the log line.
        meaning: First sentence of the method's docstring.
        keys: Keys of the log line.
        metrics: Names of the metrics it moves.
    """

    name: str
    level: Level
    meaning: str
    keys: tuple[str, ...]
    metrics: tuple[str, ...]


CATALOGUE: Final[dict[str, Signal]] = {}


def _signal(
    name: str, level: Level, *metrics: str
) -> Callable[[Callable[Concatenate[Telemetry, P], None]], Callable[Concatenate[Telemetry, P], None]]:
    """
    Enter a method in the catalogue and have it write its log line after it has moved its metrics.
    """

    def enter(method: Callable[Concatenate[Telemetry, P], None]) -> Callable[Concatenate[Telemetry, P], None]:
        keys = tuple(inspect.signature(method).parameters)[1:]
        meaning = inspect.cleandoc(method.__doc__ or "").split("\n\n")[0].replace("\n", " ")
        CATALOGUE[name] = Signal(name, level, meaning, keys, metrics)

        @functools.wraps(method)
        def told(self: Telemetry, /, *args: P.args, **kwargs: P.kwargs) -> None:
            method(self, *args, **kwargs)
            self.say(name, level, kwargs)

        return told

    return enter


class SourceCounter(Collector):
    """
    A counter with a value per source, kept as bare numbers: a child of prometheus-client's own takes half a kilobyte,
    and each of ten thousand sources has three. Belongs to one thread.

    Args:
        name: Without `_total`.
        meaning: Of the metric.
        labels: Their names.
    """

    def __init__(self, name: str, meaning: str, labels: tuple[str, ...]) -> None:
        self._name, self._meaning, self._labelnames = name, meaning, labels
        self._counts: dict[tuple[str, ...], int] = {}

    def add(self, count: int, *values: str) -> None:
        """
        Count more under these values of the labels.
        """
        self._counts[values] = self._counts.get(values, 0) + count

    def describe(self) -> Iterable[Metric]:
        """
        The metric without its values.
        """
        return [CounterMetricFamily(self._name, self._meaning, labels=self._labelnames)]

    def collect(self) -> Iterable[Metric]:
        """
        The metric as it stands.
        """
        family = CounterMetricFamily(self._name, self._meaning, labels=self._labelnames)
        for values, count in self._counts.items():
            family.add_metric(values, count)
        return [family]


class Latencies(Collector):
    """
    A histogram that takes many values at once, counted already: a round of expiry erases a hundred thousand bodies. Belongs to
    one thread.

    Args:
        name: With its unit.
        meaning: Of the metric.
        bounds: Upper bounds of the buckets, rising.
    """

    _labelnames: Final = ()

    def __init__(self, name: str, meaning: str, bounds: tuple[float, ...]) -> None:
        self._name, self._meaning = name, meaning
        self._counts = dict.fromkeys((*map(str, bounds), "+Inf"), 0)
        self._total = 0.0

    def add(self, within: Mapping[str, int], total: float) -> None:
        """
        Count more, by the bound of the bucket they fall into; `total` is their sum.
        """
        for bound, count in within.items():
            self._counts[bound] += count
        self._total += total

    def describe(self) -> Iterable[Metric]:
        """
        The metric without its values.
        """
        return [HistogramMetricFamily(self._name, self._meaning)]

    def collect(self) -> Iterable[Metric]:
        """
        The metric as it stands.
        """
        rising = accumulate(self._counts.values())
        buckets = list(zip(self._counts, rising, strict=True))
        return [HistogramMetricFamily(self._name, self._meaning, buckets=buckets, sum_value=self._total)]


ERASURE_BOUNDS_S: Final = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0, 86400.0)
"""Chosen around what is promised: seconds for SQLite, a minute more for what ends by itself, and a day, which is too late."""


def by_bound(values: Iterable[float], bounds: tuple[float, ...] = ERASURE_BOUNDS_S) -> dict[str, int]:
    """
    How many values fall into each bucket, by its upper bound; buckets without any are left out.
    """
    named = (*map(str, bounds), "+Inf")
    return dict(Counts(named[bisect_left(bounds, value)] for value in values))


class Telemetry:
    """
    Log lines to a stream, metrics in a registry of its own. Every method takes keywords only.

    Args:
        out: Where lines go; None keeps silent (metrics still move).
        pretty: Lines for a person on a terminal instead of JSON.
        debug: Also the debug lines.
    """

    def __init__(self, out: TextIO | None = None, *, pretty: bool = False, debug: bool = False) -> None:
        self.registry = CollectorRegistry()
        self._log = _logger(out, pretty=pretty, debug=debug)
        self.received = self._per_source("listener_items_received", "Items read from a source.", "source")
        self.outcomes = self._per_source(
            "listener_items",
            "Items by what became of them; sums to listener_items_received.",
            "source",
            "outcome",
            "reason",
        )
        self.otherwise = self._per_source(
            "listener_consent_otherwise",
            "Posts that the consent mode which is not in force would have withheld or let through, repeats included.",
            "source",
            "verdict",
        )
        self.removals = self._counter("listener_removals_honoured", "Bodies erased, by reason.", "reason")
        self.reads = self._per_source(
            "listener_source_reads", "Reads of a source by result.", "source", "result"
        )
        self.unconditional = self._counter(
            "listener_source_unconditional_reads",
            "Reads without validators that an operator forced.",
            "source",
        )
        self.commit_seconds = Histogram(
            "listener_queue_commit_seconds",
            "Time from handing a page to the queue until it was durable.",
            registry=self.registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )
        self.queue_full = self._gauge(
            "listener_intake_paused", "1 while the queue has no room for new posts."
        )
        self.sources = self._gauge("listener_sources", "Sources by state.", "state")
        self.silent = self._gauge(
            "listener_sources_silent", "Sources that bring nothing although they used to at such hours."
        )
        self.posts = self._gauge("listener_queue_posts", "Live posts held.")
        self.keys = self._gauge("listener_queue_keys", "Keys held without a body.")
        self.size = self._gauge("listener_queue_size_bytes", "Size of the queue on disk.")
        self.oldest = self._gauge("listener_queue_oldest_body_age_seconds", "Age of the oldest body held.")
        self.retention = self._gauge("listener_retention_seconds", "Longest that a body may be held.")
        self.pending = self._gauge(
            "listener_erasures_pending",
            "Bodies that must go (removed, edited, forgotten, past their end) and whose bytes may still be on disk.",
        )
        self.pending_age = self._gauge(
            "listener_erasures_oldest_pending_age_seconds",
            "Since when the first of these bodies must go; 0 where there is none.",
        )
        self.erasure_latency = Latencies(
            "listener_erasure_latency_seconds",
            "From the moment a removal was known here, or a body ended, until no file held a byte of it.",
            ERASURE_BOUNDS_S,
        )
        self.registry.register(self.erasure_latency)
        self.expired = self._counter("listener_expired", "Bodies and keys whose time was over.", "what")
        self.rechecked = self._per_source(
            "listener_rechecked",
            "Stored posts asked about again, by what their source said.",
            "source",
            "verdict",
        )
        self.recheck_failures = self._per_source(
            "listener_recheck_failures", "Questions about stored posts that failed.", "source", "error_code"
        )
        self.recheck_stored = self._gauge(
            "listener_recheck_posts", "Stored posts that can be asked about again.", "source"
        )
        self.recheck_lag = self._gauge(
            "listener_recheck_lag_seconds", "Since the post that waits longest was asked about.", "source"
        )
        self.recheck_within = self._gauge(
            "listener_recheck_clock_seconds", "Within which each stored post is asked about.", "source"
        )
        self.budget_spent = self._gauge(
            "listener_budget_spent",
            "Spent of a budget in its present window, in its unit; `source` is the first that shares it.",
            "network",
            "budget",
            "source",
        )
        self.budget_limit = self._gauge(
            "listener_budget_limit", "Limit of a budget for one window.", "network", "budget", "source"
        )
        self.budget_forecast = self._gauge(
            "listener_budget_forecast",
            "What would be spent at the end of the window, if nobody slowed it.",
            "network",
            "budget",
            "source",
        )
        self.exports = self._counter(
            "listener_exports", "Uses of exports: files written, files opened.", "what"
        )
        self.export_events = self._counter(
            "listener_export_events",
            "Events written into exports, and read back by what became of them.",
            "outcome",
        )
        self.streams = self._gauge("listener_api_streams", "Event streams open.")
        self.requests = self._counter("listener_api_requests", "Answers of the API.", "route", "status")
        self.reloads = self._counter("listener_reloads", "Reloads of the configuration by result.", "result")
        self.opened = self._counter(
            "listener_links_opened", "Presses of the button under a sealed link, by outcome.", "outcome"
        )
        self.library_warnings = self._counter("listener_library_warnings", "Warnings of libraries.", "logger")

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(name, meaning, labels, registry=self.registry)

    def _per_source(self, name: str, meaning: str, *labels: str) -> SourceCounter:
        counter = SourceCounter(name, meaning, labels)
        self.registry.register(counter)
        return counter

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(name, meaning, labels, registry=self.registry)

    def say(self, name: str, level: Level, values: Mapping[str, object]) -> None:
        """
        Write a catalogued line; values that the catalogue does not declare are dropped.
        """
        declared = CATALOGUE[name].keys
        getattr(self._log, level)(name, **{key: _plain(values[key]) for key in declared if key in values})

    # ------------------------------------------------------------------------------------------- lifecycle

    @_signal("daemon.started", "info")
    def daemon_started(self, *, version: str, sources: int, watches: int, statement: str) -> None:
        """The daemon serves; `statement` is the digest of the accepted privacy statement."""

    @_signal("daemon.stopping", "info")
    def daemon_stopping(self, *, reason: str) -> None:
        """The daemon was asked to end."""

    @_signal("daemon.stopped", "info")
    def daemon_stopped(self) -> None:
        """Everything acknowledged is durable and the queue is closed."""

    @_signal("daemon.fault", "error")
    def daemon_fault(self, *, error: str, at: str, hint: str) -> None:
        """Something unexpected ended a task; `at` is the place in the code, `error` the type."""

    @_signal("library.warned", "warning", "listener_library_warnings_total")
    def library_warned(self, *, logger: str, level: str, at: str, error: str | None = None) -> None:
        """A library logged a warning or an error; its message is left out, because it may hold anything."""
        self.library_warnings.labels(logger).inc()

    # ---------------------------------------------------------------------------------------- configuration

    @_signal("reload.applied", "info", "listener_reloads_total")
    def reload_applied(self, *, added: int, changed: int, removed: int, unchanged: int) -> None:
        """A new configuration is in force; only what differs was restarted."""
        self.reloads.labels("applied").inc()

    @_signal("reload.refused", "error", "listener_reloads_total")
    def reload_refused(self, *, reason: str, faults: int, hint: str) -> None:
        """A new configuration was refused; the old one goes on."""
        self.reloads.labels("refused").inc()

    @_signal("watch.paused", "warning")
    def watch_paused(self, *, watch: str, review_by: str) -> None:
        """A watch is past its review date and asks for nothing until somebody reviews it."""

    @_signal("terms.aged", "warning")
    def terms_aged(self, *, network: str, page: str, read_on: str) -> None:
        """Nobody has read this page of a network's terms for half a year; told once a day until an adapter says otherwise."""

    # --------------------------------------------------------------------------------------------- sources

    @_signal("source.page_fetched", "debug", "listener_source_reads_total")
    def source_page_fetched(
        self,
        *,
        source: str,
        items: int,
        more: bool,
        status: int,
        bytes: int,
        new: int,
        wait_s: float,
        why: str,
        note: str,
    ) -> None:
        """A page was read; with `more`, the source is asked for the rest at once, else in `wait_s` because of `why`."""
        self.reads.add(1, source, "page")

    @_signal("source.unchanged", "debug", "listener_source_reads_total")
    def source_unchanged(
        self,
        *,
        source: str,
        items: int,
        more: bool,
        status: int,
        bytes: int,
        new: int,
        wait_s: float,
        why: str,
        note: str,
    ) -> None:
        """The source said that nothing changed; asked again in `wait_s` because of `why`."""
        self.reads.add(1, source, "unchanged")

    @_signal("source.failed", "warning", "listener_source_reads_total")
    def source_failed(self, *, source: str, error_code: str, failures: int, wait_s: float, hint: str) -> None:
        """A read failed; the source is tried again after `wait_s`, its siblings go on."""
        self.reads.add(1, source, error_code)

    @_signal("source.rate_limited", "info", "listener_source_reads_total")
    def source_rate_limited(self, *, source: str, host: str, wait_s: float) -> None:
        """The server asked for a pause; its host is left alone that long."""
        self.reads.add(1, source, "rate_limited")

    @_signal("source.denied", "error", "listener_source_reads_total")
    def source_denied(self, *, source: str, wait_s: float, hint: str) -> None:
        """The server refuses us; asked again once a day until an operator looks."""
        self.reads.add(1, source, "denied")

    @_signal("source.recovered", "info")
    def source_recovered(self, *, source: str, failures: int) -> None:
        """A source that had failed answers again."""

    @_signal("source.consent_unread", "warning", "listener_source_reads_total")
    def source_consent_unread(self, *, source: str, posts: int, wait_s: float, left_s: float) -> None:
        """Whether `posts` authors want to be read cannot be looked up now: the page waits and is read again after `wait_s`; in
        `left_s` it goes on without those posts."""
        self.reads.add(1, source, "consent_unread")

    @_signal("source.consent_given_up", "error")
    def source_consent_given_up(self, *, source: str, posts: int) -> None:
        """A page went on without posts whose consent could not be read for the whole of `privacy.consent_wait_s`; a gap is told."""

    @_signal("source.clamped", "debug")
    def source_clamped(self, *, source: str, why: str, asked_s: float, used_s: float) -> None:
        """A server's hint for the next read was outside our limits and was clamped."""

    @_signal("source.moved", "warning")
    def source_moved(self, *, source: str, note: str) -> None:
        """A source is read at another address from now on (`listener poll --configured` goes back)."""

    @_signal("source.gone", "error")
    def source_gone(self, *, source: str, hint: str) -> None:
        """A source said often enough that it has ended; it is not read again until an operator says so."""

    @_signal("source.silent", "warning")
    def source_silent(self, *, source: str, silent_s: float, hint: str) -> None:
        """A source brings nothing, although it answers, for far longer than it ever did at such hours; told once."""

    @_signal("source.spoke_again", "info")
    def source_spoke_again(self, *, source: str, silent_s: float) -> None:
        """A silence that was told is over."""

    @_signal("source.polled", "info", "listener_source_unconditional_reads_total")
    def source_polled(self, *, source: str, unconditional: bool, wait_s: float, why: str) -> None:
        """An operator asked for a read by hand; it comes after `wait_s`, as politeness allows."""
        if unconditional:
            self.unconditional.labels(source).inc()

    # ---------------------------------------------------------------------------------------- one page's way

    @_signal(
        "page.walked",
        "info",
        "listener_items_received_total",
        "listener_items_total",
        "listener_consent_otherwise_total",
        "listener_removals_honoured_total",
    )
    def page_walked(
        self,
        *,
        source: str,
        received: int,
        created: int,
        updated: int,
        removed: int,
        noted: int,
        repeat: int,
        withheld: Mapping[str, int],
        rejected: Mapping[str, int],
        refused: int,
        seen: int,
        taken_back: Mapping[str, int],
        otherwise: Mapping[str, int],
    ) -> None:
        """A page is durable: received = created + updated + removed + noted + repeat + refused + seen + withheld + rejected;
        `taken_back` counts, by reason, withheld posts that had been held until then; `otherwise`, what the consent mode
        that is not in force would have withheld or let through."""
        self.received.add(received, source)
        for reason, count in (*taken_back.items(), ("deleted", removed)):
            if count:
                self.removals.labels(reason).inc(count)
        single = {"created": created, "updated": updated, "removed": removed, "noted": noted}
        for outcome, count in (single | {"repeat": repeat, "refused": refused, "seen": seen}).items():
            if count:
                self.outcomes.add(count, source, outcome, "")
        for outcome, reasons in (("withheld", withheld), ("rejected", rejected)):
            for reason, count in reasons.items():
                self.outcomes.add(count, source, outcome, reason)
        for verdict, count in otherwise.items():
            self.otherwise.add(count, source, verdict)

    # ----------------------------------------------------------------------------------------------- queue

    @_signal("queue.opened", "info")
    def queue_opened(self, *, engine: str, posts: int, keys: int) -> None:
        """The queue was verified and is ours."""

    @_signal("queue.paused", "error", "listener_intake_paused")
    def queue_paused(self, *, hint: str) -> None:
        """The queue has no room: intake waits with its cursors; reading, expiry and erasure go on."""
        self.queue_full.set(1)

    @_signal("queue.resumed", "info", "listener_intake_paused")
    def queue_resumed(self) -> None:
        """The queue has room again and intake goes on where it waited."""
        self.queue_full.set(0)

    @_signal("queue.erased", "debug", "listener_erasure_latency_seconds")
    def queue_erased(
        self, *, bodies: int, longest_s: float, total_s: float, within: Mapping[str, int]
    ) -> None:
        """Bytes of bodies are gone from every file; `within` counts them by how many seconds that took, from the moment it was
        known that they must go."""
        self.erasure_latency.add(within, total_s)

    @_signal("lease.lost", "warning")
    def lease_lost(self, *, source: str, group: str) -> None:
        """Another node owns the source's group; the page was dropped and will be read by it."""

    # ---------------------------------------------------------------------------------------------- upkeep

    @_signal("upkeep.expired", "info", "listener_expired_total")
    def upkeep_expired(self, *, bodies: int, keys: int) -> None:
        """Bodies and keys whose time was over are gone, bytes included."""
        self.expired.labels("bodies").inc(bodies)
        self.expired.labels("keys").inc(keys)

    @_signal("upkeep.keys_destroyed", "info", "listener_expired_total")
    def upkeep_keys_destroyed(self, *, days: int) -> None:
        """Sealing keys of days past the retention are gone; what they sealed cannot be opened again."""
        self.expired.labels("sealing_keys").inc(days)

    @_signal("upkeep.forgotten", "info", "listener_removals_honoured_total")
    def upkeep_forgotten(self, *, posts: int, reason: str) -> None:
        """Posts were erased on our side, by an operator or because nothing asks for them any more."""
        self.removals.labels(reason).inc(posts)

    # --------------------------------------------------------------------------------------------- budgets

    @_signal("source.budget_spent", "info", "listener_source_reads_total")
    def source_budget_spent(self, *, source: str, budget: str, wait_s: float) -> None:
        """What a read costs is not there now: the source waits until its budget has it again, its siblings go on."""
        self.reads.add(1, source, "budget_spent")

    @_signal("budget.stage_changed", "info")
    def budget_stage_changed(
        self,
        *,
        network: str,
        budget: str,
        source: str,
        stage: str,
        spent: float,
        limit: float,
        forecast: float,
        unit: str,
        renewed_s: float,
        wait_s: float,
    ) -> None:
        """A budget is `open`, `slowed` (so that the rest lasts) or `spent` from now on; whoever waits first goes on in `wait_s`,
        and it is renewed in `renewed_s`. `source` is the first that shares it."""

    def budget_stands(
        self, *, network: str, budget: str, source: str, spent: float, limit: float, forecast: float
    ) -> None:
        """
        How a budget stands now.
        """
        self.budget_spent.labels(network, budget, source).set(spent)
        self.budget_limit.labels(network, budget, source).set(limit)
        self.budget_forecast.labels(network, budget, source).set(forecast)

    def budgets_ended(self, network: str, source: str) -> None:
        """
        Nobody spends under that label any more.
        """
        for gauge in (self.budget_spent, self.budget_limit, self.budget_forecast):
            gauge.remove_by_labels({"network": network, "source": source})

    # -------------------------------------------------------------------------------------------- re-check

    @_signal("recheck.answered", "debug", "listener_rechecked_total", "listener_removals_honoured_total")
    def recheck_answered(
        self, *, source: str, verdicts: Mapping[str, int], updated: int, removed: Mapping[str, int]
    ) -> None:
        """A source was asked again about posts that are stored: what it said (`over`: asks whose day's key is gone), and what followed."""
        for verdict, count in verdicts.items():
            if count:
                self.rechecked.add(count, source, verdict)
        for reason, count in removed.items():
            self.removals.labels(reason).inc(count)

    @_signal("recheck.failed", "warning", "listener_recheck_failures_total")
    def recheck_failed(self, *, source: str, error_code: str, failures: int, wait_s: float) -> None:
        """A source could not be asked again; it is tried after `wait_s`, and no other waits for it."""
        self.recheck_failures.add(1, source, error_code)

    @_signal("recheck.begun_early", "info")
    def recheck_begun_early(self, *, source: str) -> None:
        """The gate lets other people through than before: everything stored is asked about within a day, out of turn."""

    @_signal("recheck.behind", "warning")
    def recheck_behind(
        self, *, source: str, stored: int, overdue: int, beyond: int, within_s: float, hint: str
    ) -> None:
        """Posts are not asked about within their clock (`overdue`), or cannot be (`beyond`); told once a day."""

    def recheck_clock(self, source: str, *, stored: int, lag_s: float, within_s: float) -> None:
        """
        How a source stands against its clock.
        """
        self.recheck_stored.labels(source).set(stored)
        self.recheck_lag.labels(source).set(lag_s)
        self.recheck_within.labels(source).set(within_s)

    def recheck_ended(self, source: str) -> None:
        """
        Nobody is asked there any more; an old lag would alarm for ever.
        """
        for gauge in (self.recheck_stored, self.recheck_lag, self.recheck_within):
            with contextlib.suppress(KeyError):
                gauge.remove(source)

    @_signal("upkeep.failed", "error")
    def upkeep_failed(self, *, job: str, error: str, wait_s: float) -> None:
        """A round of upkeep failed and is tried again."""

    # ------------------------------------------------------------------------------------------------- api

    @_signal("api.answered", "debug", "listener_api_requests_total")
    def api_answered(self, *, route: str, status: int, seconds: float) -> None:
        """A request was answered; `route` is the pattern, never the address asked for."""
        self.requests.labels(route, str(status)).inc()

    @_signal("link.opened", "info", "listener_links_opened_total")
    def link_opened(self, *, outcome: str, network: str, source: str, token: str) -> None:
        """Somebody asked where a sealed link leads and was told (`opened`), or that its post is `gone`, that its time has
        `ended`, that it is `unknown`, or that they may not (`refused`). `token` is the name of theirs; never the link."""
        self.opened.labels(outcome).inc()

    @_signal("export.written", "info", "listener_exports_total", "listener_export_events_total")
    def export_written(
        self, *, export: str, count: int, left_out: int, watches: str, reason: str, by: str | None
    ) -> None:
        """Events were sealed into a file for somebody; `reason` and `by` are their own words, `left_out` what ends within a day."""
        self.exports.labels("written").inc()
        self.export_events.labels("written").inc(count)

    @_signal("export.opened", "info", "listener_exports_total")
    def export_opened(
        self, *, export: str, first: int, count: int, watches: str, reason: str, by: str | None
    ) -> None:
        """Somebody reads lines of an export, from `first` on; `count`, `watches`, `reason` and `by` are those of the file."""
        self.exports.labels("opened").inc()

    def export_read(self, outcomes: Mapping[str, int]) -> None:
        """
        Lines of an export were read back.
        """
        for outcome, count in outcomes.items():
            self.export_events.labels(outcome).inc(count)

    @_signal("control.used", "info")
    def control_used(self, *, command: str, done: int) -> None:
        """An operator used a command that writes."""


def _plain(value: object) -> object:
    """
    A value fit for a log line: strings are cut, mappings are flat.
    """
    if isinstance(value, str):
        return value[:_NEVER_LIMITED]
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, Mapping):
        return {str(key)[:_NEVER_LIMITED]: _plain(item) for key, item in value.items()}
    return value


def _logger(out: TextIO | None, *, pretty: bool, debug: bool) -> Any:
    """
    A structlog logger of our own; the process-wide configuration of structlog is left alone.
    """
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if out is None:
        return structlog.wrap_logger(
            structlog.ReturnLogger(), processors=[_drop], wrapper_class=_filtering(debug=debug)
        )
    if pretty:
        console = structlog.dev.ConsoleRenderer(colors=True, sort_keys=False)
        return structlog.wrap_logger(
            structlog.PrintLogger(out), processors=[*shared, console], wrapper_class=_filtering(debug=debug)
        )
    binary = getattr(out, "buffer", None)
    if binary is None:
        return structlog.wrap_logger(
            structlog.PrintLogger(out),
            processors=[*shared, _as_json_text],
            wrapper_class=_filtering(debug=debug),
        )
    return structlog.wrap_logger(
        structlog.BytesLogger(binary), processors=[*shared, _as_json], wrapper_class=_filtering(debug=debug)
    )


def _filtering(*, debug: bool) -> Any:
    return structlog.make_filtering_bound_logger(logging.DEBUG if debug else logging.INFO)


def _drop(_logger: Any, _name: str, _event: MutableMapping[str, Any]) -> Any:
    raise structlog.DropEvent


def _as_json(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> bytes:
    return orjson.dumps(event, default=_place_of_type)


def _as_json_text(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> str:
    return orjson.dumps(event, default=_place_of_type).decode()


def _place_of_type(value: object) -> str:
    """
    An unexpected value is told by its type, because what it prints may hold anything.
    """
    return f"<{type(value).__name__}>"


# ------------------------------------------------------------------------------------ libraries and exceptions


def place_of(error: BaseException) -> str:
    """
    Where an exception was raised, `module:line`, innermost frame of ours if there is one; no message, no locals.
    """
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/listener/" in frame.filename or "/adapters/" in frame.filename]
    chosen = (ours or frames)[-1:]
    return f"{chosen[0].filename.rsplit('/', 1)[-1]}:{chosen[0].lineno}" if chosen else "unknown"


def told(error: BaseException) -> str:
    """
    What may be said of an exception: the message of our own (they hold no content by construction), the type of
    any other.
    """
    return str(error) if isinstance(error, ListenerError) else type(error).__name__


class _LibraryHandler(logging.Handler):
    """
    Turns a library's log record into `library.warned`, without its message or arguments.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        super().__init__(logging.WARNING)
        self._telemetry = telemetry

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self._telemetry.library_warned(
            logger=record.name.split(".")[0],
            level=record.levelname.lower(),
            at=f"{record.module}:{record.lineno}",
            error=type(error).__name__ if error is not None else None,
        )


def take_over_process(telemetry: Telemetry) -> None:
    """
    Everything that libraries, threads or a crash would print goes through telemetry instead; core dumps are off.
    Called once, by the composition root.
    """
    root = logging.getLogger()
    root.handlers[:] = [_LibraryHandler(telemetry)]
    root.setLevel(logging.WARNING)
    for name in ("httpx", "httpcore", "aiohttp", "asyncio", "uvicorn", "uvicorn.error", "uvicorn.access"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(logging.WARNING)

    def hook(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        # A hook that raises makes Python print the original, message and all.
        with contextlib.suppress(Exception):
            telemetry.daemon_fault(
                error=kind.__name__,
                at=place_of(error),
                hint="please report this; the log line is safe to share",
            )

    sys.excepthook = hook
    threading.excepthook = lambda args: hook(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )
    sys.unraisablehook = lambda args: hook(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )
    no_core_dumps()


def no_core_dumps() -> None:
    """
    A crash leaves no image of memory on disk.
    """
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
