"""
The values before the gate, which hold people: they print nobody, no encoder takes an author, and nothing changes them.
"""

from __future__ import annotations

import copy
import json
import pickle
import pprint
import traceback
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from listener.events import Author, Consent, Post, Removal

PERSON = "jo.fenn"
AUTHOR = Author((PERSON,))
POST = Post(
    native=f"at://{PERSON}/1",
    kind="post",
    text=f"I am {PERSON}",
    aliases=(PERSON,),
    ask=PERSON,
    title=PERSON,
    tags=(PERSON,),
    link=f"https://social.example/@{PERSON}",
    reply_to=PERSON,
    author=AUTHOR,
)
REMOVAL = Removal(f"at://{PERSON}/1")
HOLDERS = (AUTHOR, POST, REMOVAL)

ENCODERS: dict[str, Callable[[Any], object]] = {
    "msgspec.json": msgspec.json.encode,
    "msgspec.msgpack": msgspec.msgpack.encode,
    "msgspec.to_builtins": msgspec.to_builtins,
    "json": json.dumps,
    "pickle": pickle.dumps,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("value", HOLDERS, ids=lambda value: type(value).__name__)
def test_nothing_before_the_gate_prints_what_it_holds(value: object) -> None:
    """Neither by itself nor within another value, in a traceback with its variables, or for printers that ask for fields."""
    try:
        raise ValueError(value)
    except ValueError as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    fields: object = getattr(value, "__rich_repr__", list)()

    assert PERSON not in f"{value} {value!r} {[value]} {pprint.pformat(value)} {fields} {shown}"
    assert type(value).__name__ in shown


@pytest.mark.parametrize("encode", ENCODERS.values(), ids=ENCODERS)
@pytest.mark.parametrize("value", [AUTHOR, POST], ids=("author", "post"))
def test_no_encoder_takes_an_author(encode: Callable[[Any], object], value: object) -> None:
    """Nor a post that has one; and what it says when it refuses names nobody."""
    with pytest.raises(TypeError) as refused:
        encode(value)

    assert PERSON not in str(refused.value)


def test_an_author_stays_opaque_among_the_fields_of_a_post() -> None:
    """Whoever takes a post apart gets the author whole."""
    assert repr(msgspec.structs.asdict(POST)["author"]) == "Author(…)"


@pytest.mark.parametrize(
    ("value", "name"), [(AUTHOR, "names"), (POST, "text"), (REMOVAL, "name"), (Consent(), "public")]
)
def test_values_never_change(value: object, name: str) -> None:
    """No field can be set or taken away, and none can be added."""
    for field in (name, "more"):
        with pytest.raises(AttributeError):
            setattr(value, field, ())
        with pytest.raises(AttributeError):
            delattr(value, field)


def test_values_are_equal_by_what_they_hold() -> None:
    """Two of the same fields are one, in a set too; another type or another field is another."""
    same = msgspec.structs.replace(POST, author=Author((PERSON,)))

    assert {POST, same, AUTHOR, Author((PERSON,)), REMOVAL, Removal(REMOVAL.name)} == {POST, AUTHOR, REMOVAL}
    assert Author((PERSON,)) != Author(("eve",))
    assert Author((PERSON,)) != (PERSON,)
    assert msgspec.structs.replace(POST, text="") != POST


def test_a_post_is_made_by_keywords_and_a_removal_by_position_too() -> None:
    """So that no text can be taken for a title."""
    with pytest.raises(TypeError):
        Post("1", "post", "text")  # type: ignore[call-arg]

    assert Removal("1", "withdrawn", True) == Removal(name="1", reason="withdrawn", held_only=True)
