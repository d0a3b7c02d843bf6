"""Whatever an instance sends: nothing raises, nobody and no undeclared field comes through."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.mastodon.frames import EventStream, items_of_event, items_of_message
from adapters.mastodon.instance import instance_from
from adapters.mastodon.normalise import item_from, items_from, place_of
from adapters.mastodon.wire import (
    NOTIFICATIONS,
    STATUSES,
    UNREADABLE,
    WIRE_TYPES,
    WireStatus,
    decode_instance,
    decode_status,
)
from listener.errors import SourceError
from listener.events import Post, Rejected, Removal
from tests.adapters.mastodon.statuses import HOST, MASTODON, account, status

PLACE = place_of(host=HOST, domain=None, own_accounts=("city@town.example",))
CANARY = "canary-in-a-field-that-nobody-declared"

WHOLE = status(
    "42",
    spoiler_text="Flood",
    mentions=[{"id": "1", "acct": "city", "url": "https://social.example/@city", "username": "city"}],
    content='<p><a href="https://social.example/@city">@<span>city</span></a> hello <b>there</b></p>',
    poll={"options": [{"title": "Yes", "votes_count": 1}]},
    quote={"state": "accepted", "quoted_status": status("8")},
    interaction_policy={"can_reply": {"always": ["public"]}},
    account=account(note="<p>#poet</p>", fields=[{"name": "x", "value": "#y", "verified_at": None}]),
)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a document."""
    found = [path]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        found += paths(part, (*path, key))
    return found


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The document with something else in one place."""
    if not path:
        return new
    head, *rest = path
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[head] = changed(copy[head], tuple(rest), new)
    return copy


PATHS = paths(WHOLE)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(PATHS), JSON), min_size=1, max_size=3))
def test_mutations_of_a_status_never_raise(mutations: list[tuple[tuple[Any, ...], Any]]) -> None:
    """Any value in any place gives a post, a refusal or nothing, in a list, alone and on a stream."""
    document: Any = WHOLE
    for path, new in mutations:
        try:
            document = changed(document, path, new)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier mutation took the place away
    raw = json.dumps([document]).encode()
    found = items_from(STATUSES.read(raw), PLACE)
    payload = json.dumps(document).encode()
    frame = json.dumps({"event": "update", "payload": payload.decode()}).encode()

    assert all(isinstance(item, Post | Rejected) for item in found)
    assert items_of_event("update", payload, PLACE) == items_of_message(frame, PLACE)
    assert all(notice is None or notice.id is not None for notice in NOTIFICATIONS.read(b"[%b]" % payload))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_bytes_never_raise_anything_else(raw: bytes) -> None:
    """What is no JSON at all is refused where it is read, or counted."""
    for decode in (decode_status, decode_instance, STATUSES.read, NOTIFICATIONS.read):
        try:
            decode(raw)
        except UNREADABLE:
            continue
    for name, payload in EventStream().feed(raw + b"\n\n"):
        items_of_event(name, payload, PLACE)
    try:
        found = items_of_message(raw, PLACE)
    except SourceError:
        return
    assert all(isinstance(item, Post | Rejected | Removal) for item in found)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["version", "domain", "uri", "source_url", "urls", "configuration"]), JSON
    )
)
def test_mutations_of_an_instance_never_raise(said: dict[str, Any]) -> None:
    """Whatever an instance says of itself, it is one or it is refused."""
    try:
        found = instance_from(decode_instance(json.dumps({**MASTODON, **said}).encode()))
    except UNREADABLE:
        return

    assert found.access(token=False) in {"open", "local_only", "remote_only", "needs_token", "disabled"}


@pytest.mark.parametrize("path", [path for path in PATHS if path], ids=lambda path: ".".join(map(str, path)))
def test_unknown_fields_never_pass(path: tuple[Any, ...]) -> None:
    """A new field beside any declared one leaves no trace in what was decoded; the declared ones are the whole of it."""
    document: Any = WHOLE
    for end in range(len(path)):
        inner = document
        for key in path[:end]:
            inner = inner[key]
        if isinstance(inner, dict):
            document = changed(document, path[:end], {**inner, "brand_new": CANARY})
    decoded = decode_status(json.dumps(document).encode())
    item = item_from(decoded, PLACE)

    assert decoded == decode_status(json.dumps(WHOLE).encode())
    assert CANARY not in repr(decoded)
    assert isinstance(item, Post)
    assert CANARY not in "".join(map(repr, (item.text, item.aliases, item.author and item.author.names)))


def test_what_is_declared_is_what_is_needed() -> None:
    """The allow-list of an account, word for word: a field more is a decision, not an accident."""
    fields = {kind.__name__: kind.__struct_fields__ for kind in WIRE_TYPES}

    assert fields["WireAccount"] == (
        "id",
        "username",
        "acct",
        "display_name",
        "url",
        "uri",
        "note",
        "fields",
        "noindex",
        "indexable",
        "limited",
        "suspended",
    )
    assert not {"card", "media_attachments", "application", "in_reply_to_account_id"} & set(
        fields["WireStatus"]
    )
    assert issubclass(WireStatus, msgspec.Struct)
