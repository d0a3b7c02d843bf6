"""
Whether the clocks of re-check can be kept, in lines for `listener check` and a table for `listener sources`.

Asks the running daemon; where none runs, the queue itself, if there is one already: checking a configuration makes none.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from listener.settings import Settings

COLUMNS: Final = ("re-check of", "stored", "overdue", "each within", "a round takes", "next (UTC)", "trouble")


def clocks(config: Path, loaded: Settings) -> list[dict[str, Any]]:
    """
    What each source that can be asked again must do and can do: `name`, `within_s` and `capacity` from its terms; `stored`
    and `beyond` as far as a daemon or a queue tells, else None.
    """
    asked = {
        source.name: source.spec.recheck
        for source in loaded.sources
        if source.spec.recheck is not None and source.keep != "counts"  # volumes hold no post to ask about
    }
    if not asked:
        return []
    from listener.hear.recheck_plan import forecast

    known = {view["name"]: view for view in _views(config, loaded)}
    found = []
    for name, terms in asked.items():
        view = known.get(name, {})
        found.append(
            {
                "name": name,
                "within_s": terms.within_s,
                "capacity": forecast(terms, 0).capacity,
                "stored": view.get("stored"),
                "beyond": view.get("beyond"),
            }
        )
    return found


def _views(config: Path, loaded: Settings) -> list[dict[str, Any]]:
    """
    As a daemon or the queue tells; empty where neither can: a check must not fail for that.
    """
    from listener.cli.offline import with_control
    from listener.errors import ListenerError
    from listener.queues import file_of

    file = file_of(loaded.queue.url, base_dir=loaded.base_dir)
    if file is not None and not file.exists():
        return []
    try:
        views: list[dict[str, Any]] = with_control(
            config,
            ask=("GET", "/v1/rechecks", {}),
            otherwise=lambda control: control.rechecks(),
            member="rechecks",
        )
    except ListenerError:
        return []
    return views


def line(clock: dict[str, Any]) -> str:
    """
    One clock in a sentence.
    """
    able = f"{clock['name']} can ask again about {clock['capacity']} posts in {span(clock['within_s'])}"
    if clock["stored"] is None:
        return f"{able}; how many are stored is not known: no daemon runs, and there is no queue to look into"
    if clock["beyond"]:
        return (
            f"{able}, and {clock['stored']} are stored: {clock['beyond']} too many."
            " Keep less (retention_days, narrower watches)"
        )
    return f"{able}; {clock['stored']} are stored"


def span(seconds: float) -> str:
    """
    A number of seconds for a person.
    """
    for unit_s, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit_s:
            return f"{round(seconds / unit_s, 1):g} {unit}"
    return f"{round(seconds, 1):g} s"


def row(view: dict[str, Any]) -> tuple[str, ...]:
    """
    One source in the table.
    """
    from listener.cli.screen import moment

    trouble = [
        f"{view['beyond']} posts beyond the clock" if view["beyond"] else None,
        view["error_code"],
        "everything is asked about early" if view["early"] else None,
    ]
    return (
        view["name"],
        str(view["stored"]),
        str(view["overdue"]),
        span(view["within_s"]),
        span(view["round_s"]),
        moment(view["next_at"], otherwise="-"),
        ", ".join(word for word in trouble if word),
    )
