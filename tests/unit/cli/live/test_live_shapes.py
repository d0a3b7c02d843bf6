"""
The shape of an answer, and that nobody is in it: keys, texts and numbers that name people leave only their type.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from listener.adapter import Reach
from listener.cli.live.documents import Body, Flow, body_of
from listener.cli.live.patterns import Patterns
from listener.cli.live.shapes import MOST_DEPTH, MOST_LINES, Line
from listener.cli.live.vocabulary import declared_names, may_be_named
from listener.testing.canary import Canary

CANARY = Canary(seed=11)
PEOPLE = [CANARY.person(f"person {n}", script=script) for n, script in enumerate(("latin", "greek", "han"))]
SAID = [
    part
    for person in PEOPLE
    for part in (
        person.name, person.handle, f"@{person.handle}", f"@{person.handle}@town.example", person.email,
        person.phone, person.account_id, person.profile, person.avatar, person.bio, f"did:plc:{person.handle}",
    )
]  # fmt: skip
NAMES = ["items", "author", "text", "created_at", "user_id", "error", "message", "snippet"]
DECLARED = frozenset({"items", "author", "snippet"})


def line(path: str, types: dict[str, int], *, entries: int = 0, declared: bool | None = None) -> Line:
    """
    One line, in one line.
    """
    return Line(path=path, types=types, entries=entries, declared=declared)


def found_in(body: Body) -> tuple[str, ...]:
    """
    Which people a shape names, in any disguise.
    """
    shown = json.dumps(asdict(body), ensure_ascii=False).encode() + repr(body).encode()
    return tuple(str(each) for each in CANARY.search({"shape": shown}))


def test_a_document_leaves_its_shape() -> None:
    """
    Siblings are one, types are counted, what the adapter does not read is marked, strange keys are counted together.
    """
    person = PEOPLE[0]
    document = {
        "items": [
            {"id": 1, "author": {"name": person.name}, "snippet": "words"},
            {"id": None, "author": None, "snippet": '{"author": [1, 2.5]}'},
        ],
        "users": {person.handle: {"created_at": "today"}, person.account_id: True},
    }

    assert body_of(json.dumps(document).encode(), DECLARED) == Body(
        format="json",
        whole=True,
        lines=(
            line("(document)", {"object": 1}),
            line("items", {"list": 1}, entries=2, declared=True),
            line("items[]", {"object": 2}),
            line("items[].id", {"null": 1, "number": 1}, declared=False),
            line("items[].author", {"null": 1, "object": 1}, declared=True),
            line("items[].author.name", {"string": 1}, declared=False),
            line("items[].snippet", {"json in string": 1, "object": 1, "string": 1}, declared=True),
            line("items[].snippet.author", {"list": 1}, entries=2, declared=True),
            line("items[].snippet.author[]", {"number": 2}),
            line("users", {"object": 1}, entries=2, declared=False),
            line("users.{other}", {"boolean": 1, "object": 1}),
            line("users.{other}.created_at", {"string": 1}, declared=False),
        ),
    )


def test_a_feed_leaves_its_shape() -> None:
    """
    Elements and attributes by name, text only as a fact; an element that is named after somebody is not named.
    """
    person = PEOPLE[0]
    feed = f"""<?xml version="1.0"?><rss version="2.0"><channel><title>{person.name}</title>
      <item><dc:creator>{person.name}</dc:creator><{person.handle} {person.handle}="1" rel="me"/></item>
      <item><dc:creator/></item></channel></rss>"""

    assert body_of(feed.encode(), frozenset()).lines == (
        line("(document)", {"element": 1}),
        line("rss", {"element": 1}, declared=False),
        line("rss.@version", {"string": 1}, declared=False),
        line("rss.channel", {"element": 1}, declared=False),
        line("rss.channel.title", {"element": 1, "text": 1}, declared=False),
        line("rss.channel.item", {"element": 2}, entries=1, declared=False),
        line("rss.channel.item.dc:creator", {"element": 2, "text": 1}, declared=False),
        line("rss.channel.item.{other}", {"element": 1}, entries=1),
        line("rss.channel.item.{other}.@rel", {"string": 1}, declared=False),
        line("rss.channel.item.{other}.{other}", {"string": 1}),
    )


def test_what_is_no_document_is_told_by_its_kind() -> None:
    """
    Pages for people, plain text, bytes, nothing, documents that are cut short, and a bomb that is not looked into.
    """
    bomb = b'<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><rss>&c;</rss>'
    bodies = (
        b"",
        b" \n",
        b"<!doctype html><p>Jo Fenn",
        b"Jo Fenn",
        b"\0\1",
        b'{"items": [',
        b"<rss><channel>",
        bomb,
    )
    found = [body_of(each, frozenset()) for each in bodies]

    assert [(body.format, body.whole) for body in found] == [
        ("empty", True),
        ("empty", True),
        ("html", True),
        ("text", True),
        ("binary", True),
        ("json", False),
        ("xml", False),
        ("xml", False),
    ]
    assert [len(body.lines) for body in found] == [0, 0, 0, 0, 0, 0, 3, 0]


def test_a_connection_leaves_one_shape() -> None:
    """
    Server-sent events are put together from parts as they come; messages are counted, those that are no JSON too.
    """
    events, messages = Flow(DECLARED, is_events=True), Flow(DECLARED, is_events=False)
    for part in (b"event: update\nda", b'ta: {"items": "a"}\n\n:heartbeat\n', b'data: {"items": null}\n'):
        events.take(part)
    for message in (b'{"items": 1}', b"\x28\xb5\x2f\xfd"):
        messages.take(message)

    assert events.body() == Body(
        format="events",
        whole=True,
        lines=(line("(document)", {"object": 2}), line("items", {"null": 1, "string": 1}, declared=True)),
        pieces=2,
    )
    assert messages.body() == Body(
        format="messages",
        whole=False,
        lines=(line("(document)", {"object": 1}), line("items", {"number": 1}, declared=True)),
        pieces=2,
    )


def test_a_report_stays_readable() -> None:
    """
    However deep or wide an answer is, its shape ends.
    """
    deep: Any = {"text": 1}
    for _ in range(200):
        deep = {"items": deep}
    wide = {f"{one}_{two}": 1 for one in ("user", "item", "text") for two in sorted(declared_words())}
    shape, many = (body_of(json.dumps(each).encode(), DECLARED) for each in (deep, wide))

    assert len(shape.lines) == MOST_DEPTH + 1
    assert (len(many.lines), many.left_out) == (MOST_LINES, 3 * len(declared_words()) + 1 - MOST_LINES)


def declared_words() -> list[str]:
    """
    Words that make names.
    """
    from listener.cli.live.vocabulary import WORDS

    return sorted(word for word in WORDS if len(word) > 2)[:120]


def test_only_what_somebody_chose_before_is_named() -> None:
    """
    A declared field as it is spelt on the wire, and words that APIs are made of; nothing that could be a name or a number.
    """

    class Wire(msgspec.Struct, rename={"kind": "$kindOfThing"}):
        kind: str
        zzyx: int

    declared = declared_names((Wire,))
    named = [
        "$kindOfThing",
        "zzyx",
        "created_at",
        "createdAt",
        "dc:creator",
        "max_id",
        "HTTPStatus",
    ]
    not_named = [
        "kind_of_zzyx", "zzyxwv", "max", "by", "ada", "ada_lovelace", "adaText", "user1", "110022", "", "user text",
        "did:plc:text", "@text@town", "text@", "https://text", "tëxt", "user_" * 12 + "id", "text\nuser",
    ]  # fmt: skip

    assert declared == {"$kindOfThing", "zzyx"}
    assert [key for key in named if not may_be_named(key, declared)] == []
    assert [key for key in not_named if may_be_named(key, declared)] == []


def test_patterns_hold_nothing_of_the_configuration() -> None:
    """
    A host and a pattern are told; what an adapter took over from its configuration, and long numbers, are not.
    """
    reaches = (
        Reach("a.example", r"/api/v[12]/accounts/\d+"),
        Reach("a.example", r"/channels/UCjofenn"),
        Reach("a.example", r"/2/users/1234567/mentions"),
        Reach("b.example", r"/@jo\.fenn/[^/]+\.atom"),
    )
    patterns = Patterns(
        reaches, {"channel": ["UCjofenn"], "address": "https://b.example/@jo.fenn/posts.atom"}
    )

    assert [
        patterns.of(f"https://{address}")
        for address in (
            "a.example/api/v1/accounts/77?q=jo",
            "a.example/channels/UCjofenn",
            "a.example/2/users/1234567/mentions",
            "b.example:8443/@jo.fenn/posts.atom",
            "c.example/",
            "[",
        )
    ] == [
        ("a.example", r"/api/v[12]/accounts/\d+"),
        ("a.example", "/channels/(configured)"),
        ("a.example", "/2/users/(configured)/mentions"),
        ("b.example", r"/(configured)/[^/]+\.atom"),
        ("", "(outside its reach)"),
        ("", "(outside its reach)"),
    ]


_SAID = st.sampled_from(SAID)
_DOCUMENTS = st.recursive(
    st.one_of(_SAID, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False)),
    lambda below: st.one_of(
        st.lists(below, max_size=4),
        st.dictionaries(st.one_of(_SAID, st.sampled_from(NAMES)), below, max_size=5),
        below.map(json.dumps),
    ),
    max_leaves=25,
)


@given(_DOCUMENTS)
def test_no_value_and_no_key_of_any_json_is_told(document: Any) -> None:
    """
    People anywhere in a document, as texts, keys, JSON in a string: none is in its shape.
    """
    content = json.dumps(document).encode()
    flow = Flow(DECLARED, is_events=False)
    flow.take(content)

    assert found_in(body_of(content, DECLARED)) == ()
    assert found_in(flow.body()) == ()


@given(st.lists(st.tuples(st.sampled_from(NAMES), _SAID, st.booleans()), max_size=8))
def test_no_value_and_no_name_of_any_xml_is_told(parts: list[tuple[str, str, bool]]) -> None:
    """
    People as texts, attributes, elements and comments, in documents that are whole and that are cut.
    """
    handle = PEOPLE[0].handle
    inner = "".join(
        f'<{name} {name}="{said}" {handle}="{said}"><{handle}>{said}</{handle}><!-- {said} -->{said}</{name}>'
        for name, said, _ in parts
    )
    content = f"<rss>{inner}</rss>".encode()
    cut = content[: len(content) * 2 // 3] if any(cut for *_, cut in parts) else content

    assert found_in(body_of(cut, DECLARED)) == ()


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"{", b"<", b"<?xml version='1.0' encoding='", b"\xff\xfe"]),
)
def test_any_bytes_have_a_shape(noise: bytes, start: bytes) -> None:
    """
    Whatever a server sends, looking at its shape raises nothing.
    """
    flow = Flow(DECLARED, is_events=True)
    flow.take(start + noise)

    assert body_of(start + noise, DECLARED).left_out == 0
    assert flow.body().left_out == 0
