"""
No event has a field that could hold a person: a walk over the types against a closed list, each with its reason.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping

import msgspec
import pytest

from listener.events import Event, event_schema

ALLOWED = {
    "id": "key and revision, or a keyed digest",
    "type": "which event it is; from a closed set",
    "source": "adapter and configured name",
    "subject": "a post's key, a watch or a source",
    "time": "an instant",
    "expirytime": "an instant",
    "specversion": "a constant of CloudEvents",
    "datacontenttype": "a constant of CloudEvents",
    "data": "the fields below",
    "network": "adapter name",
    "kind": "from a closed set",
    "text": "masked by gate.redact",
    "title": "masked by gate.redact",
    "lang": "shape of a language tag, without private use",
    "watches": "names from the configuration",
    "hashtags": "folded; those that name the author are dropped",
    "link": "null where it names an account (gate.links)",
    "in_reply_to": "a key",
    "by_us": "about the organisation, not about a person",
    "addressed": "whether it was said to us",
    "open_to_reply": "from a closed set",
    "observed_at": "an instant",
    "masked": "numbers by kind of trace",
    "reason": "from a closed set",
    "watch": "name from the configuration",
    "start_at": "an instant",
    "end_at": "an instant",
    "count": "a number of posts",
    "cause": "from a closed set",
    "suspected": "a yes or no",
    "note": "from a closed set",
    "oldest": "a position in the log",
    "newest": "a position in the log",
}
"""Every field any event may have, and why nobody can be in it. A field that is not here has no business in an event."""

FREE_STRINGS = {
    "id", "source", "subject", "network", "text", "title", "lang", "watches", "hashtags", "link", "in_reply_to", "watch",
    "note", "oldest", "newest",
}  # fmt: skip
"""Fields whose type is a plain string, so that only the gate's own work keeps people out of them."""


def structs(shape: object) -> Iterator[type[msgspec.Struct]]:
    """Every struct within a type, each once."""
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        yield shape
        for annotation in typing.get_type_hints(shape).values():
            yield from structs(annotation)
    else:
        for part in typing.get_args(shape):
            yield from structs(part)


def holds_free_string(shape: object) -> bool:
    """Whether a value of this type may be any string."""
    if typing.get_origin(shape) is typing.Literal:
        return False
    if typing.get_origin(shape) is Mapping:
        return holds_free_string(typing.get_args(shape)[1])
    return shape is str or any(holds_free_string(part) for part in typing.get_args(shape))


def schema_fields(schema: object) -> set[str]:
    """Every property named anywhere in a JSON Schema."""
    if isinstance(schema, list):
        return set().union(*map(schema_fields, schema))
    if not isinstance(schema, dict):
        return set()
    named = set(schema.get("properties", ()))
    return named.union(*map(schema_fields, schema.values()))


def test_d23_no_event_has_a_field_without_a_reason() -> None:
    """
    The types and the published schema have exactly the fields of the list.
    """
    fields = {field for struct in set(structs(Event)) for field in struct.__struct_fields__}

    assert fields | {"type"} == ALLOWED.keys()
    assert schema_fields(event_schema()) == ALLOWED.keys()


def test_fields_that_could_hold_any_string_are_known() -> None:
    """
    A new field of type `str` must be argued for, as the ones below are.
    """
    free = {
        field
        for struct in set(structs(Event))
        for field, shape in typing.get_type_hints(struct).items()
        if holds_free_string(shape) and field not in ("__match_args__", "__struct_fields__")
    }

    assert free == FREE_STRINGS


@pytest.mark.parametrize("struct", sorted(set(structs(Event)), key=str))
def test_events_take_no_unknown_field_and_cannot_be_changed(struct: type[msgspec.Struct]) -> None:
    """
    What the list does not know cannot be smuggled in by decoding or assignment either.
    """
    assert struct.__struct_config__.forbid_unknown_fields
    assert struct.__struct_config__.frozen
