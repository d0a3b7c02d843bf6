"""
RSS 1.0, 1.1 and 0.90 (RDF) to `WireFeed`: RSS by other names, with items beside the channel.

Source: https://web.resource.org/rss/1.0/spec, https://inamidst.com/rss1.1/, https://www.rssboard.org/rss-0-9-0.
"""

from __future__ import annotations

from lxml import etree

from adapters.feed.rss import read_channel
from adapters.feed.wire import WireFeed


def read_rdf(root: etree._Element) -> WireFeed:
    """
    A whole `rdf:RDF` document.
    """
    return read_channel("rdf", root)
