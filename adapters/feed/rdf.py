"""
RSS 1.0 and 0.90 (RDF) to `WireFeed`: items stand beside the channel, not in it.

Source: https://web.resource.org/rss/1.0/spec, https://www.rssboard.org/rss-0-9-0.
"""

from __future__ import annotations

from lxml import etree

from adapters.feed.elements import Names
from adapters.feed.rss import assemble
from adapters.feed.wire import WireFeed


def read_rdf(root: etree._Element) -> WireFeed:
    """
    A whole `rdf:RDF` document; items inside the channel, as some write them, come first.
    """
    names = Names()
    channel = root
    items: list[etree._Element] = []
    for name, child in names.children(root):
        if name == "channel":
            channel = child
            items.extend(inner for inner_name, inner in names.children(child) if inner_name == "item")
        elif name == "item":
            items.append(child)
    return assemble("rdf", channel, items, names)
