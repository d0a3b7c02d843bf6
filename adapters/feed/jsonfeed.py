"""
JSON Feed 1.0 and 1.1 to `WireFeed`.

Source: https://www.jsonfeed.org/version/1.1/, https://www.jsonfeed.org/version/1/.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final, TypeVar

import msgspec

from adapters.feed.elements import base_of, distinct, resolve, web_address
from adapters.feed.wire import JsonAuthor, JsonDocument, JsonItem, Text, WireEntry, WireFault, WireFeed
from listener.errors import DocumentRefused

_Shape = TypeVar("_Shape", bound=msgspec.Struct)

_document: Final = msgspec.json.Decoder(JsonDocument)
_item: Final = msgspec.json.Decoder(JsonItem)
_fields: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_json(text: bytes, *, base: str) -> WireFeed:
    """
    A whole document; an item that is none becomes a fault of its own.

    Raises:
        DocumentRefused: `not_well_formed`, `limits_exceeded` (nested too deep), `not_a_feed` (other JSON).
    """
    try:
        document = _decoded(text, JsonDocument, _document)
    except msgspec.ValidationError:
        raise DocumentRefused("the answer is JSON, but no JSON Feed", reason="not_a_feed") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise DocumentRefused("the JSON is not well formed", reason="not_well_formed") from None
    except RecursionError:
        raise DocumentRefused("the JSON is nested too deep", reason="limits_exceeded") from None
    if "jsonfeed.org" not in (document.version or "") or document.items is None:
        raise DocumentRefused("the answer is JSON, but no JSON Feed", reason="not_a_feed")
    return WireFeed(
        dialect="json",
        entries=tuple(_entry(raw, base) for raw in document.items),
        authors=_names(document.authors, document.author),
        lang=document.language,
        home=web_address(document.home_page_url),
        self_address=_address(document.feed_url, base),
        next_page=_address(document.next_url, base),
        ended=bool(document.expired),
    )


def _decoded(text: bytes | msgspec.Raw, shape: type[_Shape], decoder: msgspec.json.Decoder[_Shape]) -> _Shape:
    """
    The object; without those of its fields that are not of their type, because one bad field harms no other.

    Raises:
        msgspec.ValidationError: no object at all.
        msgspec.DecodeError, UnicodeDecodeError, RecursionError: no JSON, or nested too deep.
    """
    try:
        return decoder.decode(text)
    except msgspec.ValidationError:
        stated = _fields.decode(text)
    sound: dict[str, object] = {}
    for field in msgspec.structs.fields(shape):
        with suppress(msgspec.ValidationError):
            if field.encode_name in stated:
                sound[field.name] = msgspec.json.decode(stated[field.encode_name], type=field.type)
    return shape(**sound)


def _entry(raw: msgspec.Raw, base: str) -> WireEntry | WireFault:
    try:
        item = _decoded(raw, JsonItem, _item)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return WireFault("unreadable_item")
    return WireEntry(
        id=_identity(item.id),
        link=_address(item.url, base) or _address(item.external_url, base),
        title=Text(item.title, "plain") if item.title else None,
        content=_content(item, base),
        summary=Text(item.summary, "plain") if item.summary else None,
        published=item.date_published,
        updated=item.date_modified,
        lang=item.language,
        categories=distinct(item.tags or ()),
        authors=_names(item.authors, item.author),
        expired=bool(item.expired),
    )


def _identity(stated: str | float | None) -> str | None:
    """
    A number, which the specification forbids and sites send, is taken by its digits.
    """
    if stated is None or isinstance(stated, str):
        return stated or None
    return str(int(stated)) if float(stated).is_integer() else repr(stated)


def _address(stated: str | None, base: str) -> str | None:
    stated = (stated or "").strip()
    return web_address(resolve(stated, base)) if stated else None


def _content(item: JsonItem, base: str) -> Text | None:
    if item.content_html:
        return Text(item.content_html, "html", base_of(item.content_html, base))
    return Text(item.content_text, "plain") if item.content_text else None


def _names(authors: tuple[JsonAuthor, ...] | None, author: JsonAuthor | None) -> tuple[str, ...]:
    everybody = (authors or ()) + ((author,) if author else ())
    return distinct(part for one in everybody for part in (one.name, one.url))
