"""
D23: no author timeline, no influencers, no matching between networks, no sentiment of a person, no search in text.

There is no such query because no shape has a place for one. Every shape that is stored or sent is walked by name: events, answers
and bodies of the API, its parameters, columns of the embedded log, records of the privacy statement, labels of metrics, fields of
log lines, options of the command line. Seen red with `author: str | None = None` in `PostData`, with `Parameter("q", …)` among those
of `/v1/events`, with a column `handle` in the log and with an option `--author` of `listener tail`, one at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec
import orjson
import pytest
import typer.main

from listener.cli import build, schema
from listener.clock import SystemClock
from listener.queues.sqlite import open_sqlite
from listener.settings import Statement
from listener.telemetry import Telemetry

pytestmark = pytest.mark.anyio

OF_A_PERSON: Final = re.compile(
    "authors?|users?|username|handles?|accounts?|acct|did|profile|avatar|bio|followers?|following|person|people|influencers?|sentiment"
    "|mood|emotion|pseudonyms?|reach|likes|rank|ranking|score|karma|verified|gender|nickname|nick|screen|display|speaker|poster"
    "|writer|citizen|identity|fingerprint|timeline"
)
OF_TEXT: Final = re.compile(
    "q|query|search|text|contains|match|phrases?|keywords?|fulltext|fts|grep|words?|terms?|like|regex"
)
TEXT_FILTERS: Final = frozenset(
    ["after", "limit", "watch", "network", "kind", "lang", "hashtag", "type", "since", "until", "addressed"]
)


def parts(name: str) -> set[str]:
    """The words of a name, in snake, kebab or camel case."""
    return set(
        re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace("-", "_").replace(".", "_").lower().split("_")
    )


def suspicious(names: Iterable[str], *kinds: re.Pattern[str]) -> set[str]:
    """The names in which a word is of one of these kinds."""
    return {name for name in names if any(kind.fullmatch(part) for kind in kinds for part in parts(name))}


def properties(node: Any) -> Iterator[str]:
    """The name of every property anywhere in a JSON schema."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "properties" and isinstance(value, Mapping):
                yield from value
            yield from properties(value)
    elif isinstance(node, list):
        for each in node:
            yield from properties(each)


def page(shape: schema.Shape) -> Any:
    """A schema as `listener schema` prints it."""
    return orjson.loads(schema._text(shape))


def test_d23_no_event_and_no_answer_has_an_author_dimension() -> None:
    """Every property of every event, answer and body of the API says what was said, when and where; none says who."""
    names = set(properties(page("event"))) | set(properties(page("openapi")))

    assert {"text", "watches", "in_reply_to", "by_us", "addressed", "link"} <= names
    assert suspicious(names, OF_A_PERSON) == set()


def test_d23_the_api_filters_by_nothing_of_an_author_and_by_no_text() -> None:
    """Events are chosen by position, watch, network, kind, language, hashtag, type and time; no parameter is of a person or of text."""
    paths = page("openapi")["paths"]
    asked = {
        (path, each["name"])
        for path, operations in paths.items()
        for operation in operations.values()
        for each in operation.get("parameters", ())
    }
    stream = {name for path, name in asked if path == "/v1/events/stream"}

    assert {name for path, name in asked if path == "/v1/events"} == TEXT_FILTERS
    assert stream == TEXT_FILTERS - {"limit"}
    assert suspicious((name for _, name in asked), OF_A_PERSON, OF_TEXT) == set()


async def test_d23_no_stored_column_is_of_an_author_and_no_index_is_of_text(tmp_path: Path) -> None:
    """The embedded log has columns for what was said and for keys of posts; SQLite's own text search is not used."""
    file = tmp_path / "queue.sqlite"
    queue = await open_sqlite(file, fingerprints=("f" * 16,), clock=SystemClock())
    await queue.aclose()
    connection = apsw.Connection(str(file))
    tables = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    columns = {row[1] for table in tables for row in connection.execute(f"PRAGMA table_info({table})")}
    connection.close()

    assert {"key", "body", "ask", "seq"} <= columns
    assert suspicious(columns, OF_A_PERSON, OF_TEXT) == set()
    assert [name for name, sql in tables.items() if "VIRTUAL" in (sql or "").upper()] == []


def test_d23_no_metric_is_counted_by_a_person_or_by_words() -> None:
    """Labels of metrics come from the configuration and from closed sets: sources, reasons, outcomes."""
    registry = Telemetry().registry
    labels = {
        label
        for collector in list(registry._collector_to_names)
        for label in getattr(collector, "_labelnames", ())
    } | {label for metric in registry.collect() for sample in metric.samples for label in sample.labels}

    assert {"source", "reason"} <= labels
    assert suspicious(labels, OF_A_PERSON, OF_TEXT) == set()


def test_d23_no_log_line_has_a_field_of_a_person() -> None:
    """Fields of log lines are declared in the catalogue, which is printed; none is of a person or of a text."""
    declared = set(re.findall(r"`([a-z_]+)`", schema._text("telemetry")))

    assert {"source", "reason", "added"} <= declared
    assert suspicious(declared, OF_A_PERSON, OF_TEXT) == set()


def test_d23_the_statement_has_no_place_for_a_person_that_is_listened_for() -> None:
    """What an officer signs lists words, own accounts, and who answers; nothing in it is of somebody who is heard."""
    statement = msgspec.json.schema(Statement)["$defs"]
    names = {f"{record}.{name}" for record, each in statement.items() for name in each["properties"]}

    assert suspicious(names, OF_A_PERSON) == {
        "Statement.own_handles",
        "AttestationRecord.end_users",  # offices that may see what is read
    }


def test_d23_no_command_asks_for_a_person_or_for_text() -> None:
    """No option and no argument of the command line chooses posts by who wrote them or by words in them."""
    asked = {
        f"{path} {parameter.name}"
        for path, command in commands(typer.main.get_command(build()), "listener")
        for parameter in command.params
        if parameter.name
    }
    by_name = {each.rpartition(" ")[2] for each in asked}

    assert len(asked) > 50
    assert suspicious(by_name, OF_A_PERSON, OF_TEXT) == set()


def commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every command with its path, groups included."""
    yield path, command
    for name, each in getattr(command, "commands", {}).items():
        yield from commands(each, f"{path} {name}")
