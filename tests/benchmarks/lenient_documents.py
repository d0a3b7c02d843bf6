"""
Broken, lying and hostile feeds, small and synthetic: what a fast parser loses without saying so. For `bench_parse`.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Case(NamedTuple):
    """
    One document.

    Args:
        name: What is wrong with it.
        body: As it comes.
        titles: Of its entries, as a reader would want them; None where it should be refused or read without expansion.
    """

    name: str
    body: bytes
    titles: tuple[str, ...] | None


def _rss(title: str, *, head: str = '<?xml version="1.0" encoding="utf-8"?>', inside: str = "") -> str:
    items = f"<item><title>{title}</title>{inside}<link>https://a.example/1</link></item>"
    items += "<item><title>last</title><link>https://a.example/2</link></item>"
    return f'{head}<rss version="2.0"><channel><title>c</title><link>https://a.example/</link>{items}</channel></rss>'


def _atom(title: str) -> str:
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>c</title><id>f</id><updated>2026-01-05T00:00:00Z</updated>'
        f"<entry><id>1</id>{title}<updated>2026-01-05T00:00:00Z</updated><link href='https://a.example/1'/></entry></feed>"
    )


_BOMB: Final = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
_RDF: Final = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel rdf:about="a">'
    '<title>c</title><link>https://a.example/</link></channel><item rdf:about="https://a.example/1"><title>one</title>'
    "<link>https://a.example/1</link></item></rdf:RDF>"
)
_JSON: Final = (
    '{"version": "https://jsonfeed.org/version/1.1", "title": "c", "items": '
    '[{"id": "1", "title": "one", "url": "https://a.example/1", "content_text": "t"}]}'
)

CASES: Final = (
    Case("names of HTML entities", _rss("a&nbsp;b &eacute;").encode(), ("a b é", "last")),
    Case("bare ampersands", _rss("AT&T fish & chips").encode(), ("AT&T fish & chips", "last")),
    Case("Latin-1 declared UTF-8", _rss("Käse").encode("latin-1"), ("Käse", "last")),
    Case(
        "windows-1252 declared 8859-1",
        _rss("“Käse”", head='<?xml version="1.0" encoding="iso-8859-1"?>').encode("cp1252"),
        ("“Käse”", "last"),
    ),
    Case("junk before the prologue", b"\n\n<br>Warning: x\n" + _rss("one").encode(), ("one", "last")),
    Case(
        "unclosed <br>",
        _rss("one", inside="<description>a<br>b</description>").encode(),
        ("one", "last"),
    ),
    Case("upper-case tags", _rss("one", head="").upper().replace("HTTPS", "https").encode(), ("ONE", "LAST")),
    Case(
        "Atom title in XHTML",
        _atom(
            '<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">a <b>b</b> c</div></title>'
        ).encode(),
        ("a b c",),
    ),
    Case("entity of its own", _rss("&city;", head='<!DOCTYPE rss [<!ENTITY city "Mill Town">]>').encode(), ("Mill Town", "last")),
    Case("control characters", _rss("a\x0bb\x00c").encode(), ("abc", "last")),
    Case("undeclared prefix", _rss("one", inside="<dc:creator>N</dc:creator>").encode(), ("one", "last")),
    Case("text after the end", _rss("one").encode() + b"<script>1 < 2 & 3</script>", ("one", "last")),
    Case("cut off", _rss("one").encode()[:-60], ("one",)),
    Case("UTF-16", _rss("Käse", head='<?xml version="1.0" encoding="utf-16"?>').encode("utf-16"), ("Käse", "last")),
    Case("RSS 1.0", _RDF.encode(), ("one",)),
    Case("JSON Feed", _JSON.encode(), ("one",)),
    Case("billion laughs", _rss("&l9;", head=f'<!DOCTYPE rss [<!ENTITY l0 "lol">{_BOMB}]>').encode(), None),
    Case(
        "file from outside",
        _rss("&x;", head='<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>').encode(),
        None,
    ),
)  # fmt: skip
