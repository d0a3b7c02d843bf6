"""
What the daemon counted, as it may be told: from the counters of this process, small numbers hidden.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

from listener.notice.facts import Figures, Removals
from listener.telemetry import Telemetry
from listener.tell.small import at_least


def figures_of(telemetry: Telemetry, *, since: date) -> Figures:
    """
    Removals since the process was started.

    Args:
        telemetry: Whose counter of removals by `listener.events.RemovalReason` is read.
        since: Day of the start.
    """
    counts: Counter[str] = Counter()
    for metric in telemetry.removals.collect():
        for sample in metric.samples:
            if sample.name.endswith("_total"):
                counts[sample.labels["reason"]] += int(sample.value)
    return Figures(
        since,
        Removals(
            deleted=at_least(counts["deleted"]),
            withdrawn=at_least(counts["withdrawn"]),
            forgotten=at_least(counts["forgotten"]),
            not_wanted=at_least(counts["watch_removed"] + counts["source_removed"]),
        ),
    )
