"""
A body to a `WireFeed`: encoding, then format, then dialect. Pure; called by `client`, gives to `normalise`.

Ordinary, well-formed documents whose HTML stands in CDATA are read by `quick`, all others by `xml`.

Invariant: whatever the bytes, the result is a feed or `DocumentRefused`, in time linear in their length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from adapters.feed.atom import read_atom
from adapters.feed.elements import local_name
from adapters.feed.encoding import to_utf8
from adapters.feed.jsonfeed import read_json
from adapters.feed.quick import parse_quickly
from adapters.feed.rdf import read_rdf
from adapters.feed.rss import read_rss
from adapters.feed.wire import WireFeed
from adapters.feed.xml import parse_xml
from listener.errors import DocumentRefused

if TYPE_CHECKING:
    from lxml import etree

REASONS: Final = frozenset(
    {"empty", "not_a_feed", "not_well_formed", "limits_exceeded", "entities_refused", "gone"}
)
"""Every reason this adapter refuses a document for. `gone` is said by the status, the others by the body."""

_DIALECTS: Final = {
    "rss": read_rss,
    "channel": read_rss,
    "rdf": read_rdf,
    "feed": read_atom,
    "entry": read_atom,
}
"""Local name of the root, in any case and namespace, to who reads it."""


def read_document(body: bytes, *, address: str, content_type: str | None = None) -> WireFeed:
    """
    The feed in a body.

    Args:
        body: After content encoding.
        address: Where it came from; relative addresses are resolved against it.
        content_type: The header's value; only its `charset` counts, because sites get the type wrong.

    Raises:
        DocumentRefused: with one of `REASONS`; the message holds nothing of the document.
    """
    text = to_utf8(body, content_type)
    if text.lstrip()[:1] in (b"{", b"["):
        return read_json(text, base=address)
    quick = parse_quickly(text, base=address)
    # Of lxml's interface it has what the dialects use; see `quick.Element`.
    root = parse_xml(text, base=address) if quick is None else cast("etree._Element", quick)
    read = _DIALECTS.get(local_name(root))
    if read is None:
        raise DocumentRefused("the answer is XML, but no feed", reason="not_a_feed")
    return read(root)
