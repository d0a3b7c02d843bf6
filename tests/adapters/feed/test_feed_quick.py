"""
The strict fast path reads a document as lxml does, or declines it.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from adapters.feed.quick import Element, parse_quickly
from tests.fakes.thorough import examples

BASE = "https://river.example/feed/"

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<!-- made by hand --><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
  xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:media="http://search.yahoo.com/mrss/">
<channel xml:lang="en"><title>A &amp; B</title><link>https://river.example/</link>
<item><title><![CDATA[Käse <b>]]></title> <guid isPermaLink="false">1</guid>
<content:encoded>  <![CDATA[<p>a & b]] ]</p>]]>
</content:encoded><dc:creator/><media:content url="https://x.example/a.jpg?a=1&amp;b=2" type='image/jpeg'/>
<category domain=" a&#10;b
c ">&#x1F525; &lt;x&gt; &quot;</category></item>
<item></item></channel></rss>
<!-- cached -->
"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title type="text">t</title>
<entry><id>1</id><link href="https://river.example/1" rel='alternate'/><author><name>N</name>  <uri>u</uri></author>
<content type="html">&lt;p>x&lt;/p&gt;</content></entry></feed>"""

PIECES = [
    "<", ">", "&", ";", "]]>", "<![CDATA[", "<!--", "-->", "--", "<?x y?>", "&amp;", "&nbsp;", "&#0;", "&#x41;", "&#65;", "&#X41;", "'",
    '"', "/", "=", " ", "\n", "\t", "\r", "\r\n", "\0", "\x0b", "\ufffe", "\uffff", "\x85", "é", "🔥", "]", "x", "<b>", "</b>", "<b/>",
    "<item>", "</item>", "<title>", "</title>", "<x:y>", "<x:y/>", ' xmlns="http://a.example/"', ' xmlns:x="http://a.example/"', ' a="1"',
    " a='1'", ' a="1" a="2"', ' xml:base="/b"', ' xml:id="1"', ' xml:space="x"', ' dc:a="1"', ' x:a="1"', " a=1", "xmlns:", ":", "<!DOCTYPE rss>",
    "<entry>", "</entry>", "</channel>", "</rss>", "</feed>", ' xmlns:dc="urn:a b"', "&lt", "&#1114112;", "&#55296;", "\ufeff", "<rss>",
]  # fmt: skip


def strict(text: bytes) -> etree._Element | None:
    """What lxml says of the document from its root on, or None where it refuses it."""
    found = min((place for place in (text.find(b"<rss"), text.find(b"<feed")) if place >= 0), default=0)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True, encoding="utf-8"
    )
    try:
        return etree.fromstring(text[found:], parser, base_url=BASE)
    except etree.XMLSyntaxError:
        return None


Shape = tuple[object, ...]


def shape(element: Element | etree._Element) -> Shape:
    """Everything the dialects can see of an element and all inside it."""
    attributes = element.attributes if isinstance(element, Element) else dict(element.attrib)
    inside = tuple(shape(child) for child in element)
    return (
        element.tag,
        attributes,
        element.text,
        element.tail,
        element.base,
        "".join(element.itertext()),
        inside,
    )


@pytest.mark.parametrize("document", [RSS, ATOM])
def test_an_ordinary_document_is_read(document: str) -> None:
    """Names, attributes, text and what stands between elements are lxml's."""
    quick, lxml = parse_quickly(document.encode(), base=BASE), strict(document.encode())

    assert quick is not None
    assert lxml is not None
    assert shape(quick) == shape(lxml)


@given(
    st.sampled_from([RSS, ATOM]),
    st.lists(
        st.tuples(st.integers(0, 1100), st.integers(0, 12), st.sampled_from([*PIECES, ""])),
        min_size=1,
        max_size=3,
    ),
)
@settings(max_examples=examples(3000))
def test_a_changed_document_is_read_alike_or_declined(
    document: str, changes: list[tuple[int, int, str]]
) -> None:
    """Whatever is cut out of a document or put into it, what the fast path accepts lxml accepts, and reads alike."""
    for place, cut, piece in changes:
        place = min(place, len(document))
        document = document[:place] + piece + document[place + cut :]
    text = document.encode()
    quick = parse_quickly(text, base=BASE)
    if quick is not None:
        lxml = strict(text)

        assert lxml is not None
        assert shape(quick) == shape(lxml)


@given(
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    st.sampled_from(["text", "attribute", "between"]),
)
@settings(max_examples=examples(2000))
def test_anything_in_a_place_is_read_alike_or_declined(piece: str, place: str) -> None:
    """The same of whatever stands as text, as a value, or between two elements."""
    text, value, between = (piece if place == each else "" for each in ("text", "attribute", "between"))
    document = f'<rss xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title a="{value}">{text}</title>{between}</channel></rss>'
    quick, lxml = parse_quickly(document.encode(), base=BASE), strict(document.encode())
    if quick is not None:
        assert lxml is not None
        assert shape(quick) == shape(lxml)


@pytest.mark.parametrize(
    "document",
    [
        RSS.replace("<rss", "<!DOCTYPE rss [<!ENTITY a 'b'>]><rss"),
        RSS.replace("<title>A", "<!-- x --><title>A"),
        RSS.replace("A &amp; B", "A & B"),
        RSS.replace("A &amp; B", "A &nbsp; B"),
        RSS.replace("A &amp; B", "<b>A</b>"),
        RSS.replace("A &amp; B", "A ]]> B"),
        RSS.replace("<dc:creator/>", "<no:creator/>"),
        RSS.replace("<dc:creator/>", '<dc:creator xmlns:a="http://a.example/"/>'),
        RSS.replace("<guid ", '<guid isPermaLink="true" '),
        RSS.replace("</item>", ""),
        RSS.replace("</rss>", "</rss><rss/>"),
        RSS.replace('xml:lang="en"', 'xml:base="/x"'),
        RSS + "<!-- a -- b -->",
        RSS + "text",
        "\n" + "junk" + RSS,
        RSS.replace("\n", "\r"),
        RSS.replace("Käse", "K\x01se"),
        RSS.replace("Käse", "K\ufffese"),
        "<html><rss></rss></html>",
        RSS.replace("<link>", "<link>" + "x" * 9_000_000),
        "<rss >" + "<channel>" * 100_000,
        "<rss >" + "<channel>" * 300 + "</channel>" * 300 + "</rss>",
        "",
    ],
    ids=range(23),
)  # fmt: skip
def test_what_is_not_ordinary_is_declined(document: str) -> None:
    """Types, comments inside, undefined names, markup in tags, prefixes out of nowhere, `xml:base` and the like are lxml's."""
    assert parse_quickly(document.encode(), base=BASE) is None


def test_line_ends_of_windows() -> None:
    """They are one line feed each, as XML has it."""
    document = RSS.replace("\n", "\r\n").encode()
    quick, lxml = parse_quickly(document, base=BASE), strict(document)

    assert quick is not None
    assert lxml is not None
    assert shape(quick) == shape(lxml)


def test_an_element_prints_nobody() -> None:
    """What ends up in a log line is the name of an element."""
    quick = parse_quickly(ATOM.encode(), base=BASE)

    assert repr(quick) == "Element('{http://www.w3.org/2005/Atom}feed')"
