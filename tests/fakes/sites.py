"""
Web sites of a few pages each, every one on a loopback address of its own so that each is a host of its own, and a
configuration beside them. For tests of whatever looks for feeds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio.from_thread

from tests.fakes.loopback import Asked, Loopback, Said, Script, answer, loopback

FEED = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><id>urn:x:1</id><title>Synthetic</title>
<updated>2026-11-24T12:00:00Z</updated></feed>"""

Pages = Mapping[str, Said]


def feed(body: bytes = FEED) -> bytes:
    """
    An answer that is a feed.
    """
    return answer(200, body, content_type="application/atom+xml")


def page(*feeds: str, title: str = "", body: str = "") -> bytes:
    """
    An answer that is a page announcing feeds.
    """
    links = "".join(
        f'<link rel="alternate" type="application/rss+xml" title="{title}" href="{each}">' for each in feeds
    )
    html = f"<!doctype html><html><head><title>{title}</title>{links}</head><body>{body}</body></html>"
    return answer(200, html.encode(), content_type="text/html; charset=utf-8")


def moved(status: int, to: str) -> bytes:
    """
    A redirect.
    """
    return answer(status, location=to)


def robots(*lines: str) -> bytes:
    """
    An answer that is a robots.txt for everybody.
    """
    return answer(200, "\n".join(["User-agent: *", *lines]).encode(), content_type="text/plain")


def script(pages: Pages) -> Script:
    """
    Answers from the pages, 404 elsewhere.
    """

    def said(asked: Asked) -> Said:
        return pages.get(asked.target, answer(404, b"nothing here"))

    return said


@dataclass
class Sites:
    """
    Args:
        servers: By number: site 1 is on 127.0.0.1.
    """

    servers: Mapping[int, Loopback]

    def at(self, number: int, path: str = "/") -> str:
        """
        An address on a site.
        """
        return self.servers[number].at(path, host=f"127.0.0.{number}")

    def asked(self, number: int) -> list[str]:
        """
        What a site was asked for.
        """
        return [each.target for each in self.servers[number].asked]


@contextmanager
def sites(pages: Mapping[int, dict[str, Said]]) -> Iterator[Sites]:
    """
    The sites while the block runs. A page may be added to its mapping later.
    """
    with anyio.from_thread.start_blocking_portal() as portal, ExitStack() as stack:
        servers = {}
        for number, each in pages.items():
            serving = loopback(script(each), host=f"127.0.0.{number}")
            servers[number] = stack.enter_context(portal.wrap_async_context_manager(serving))
        yield Sites(servers)


CONFIG = """\
# kept: a comment of the officer's
data_dir = "data"

[organisation]
name = "City of Example"
contact = "https://city.example/listener"
country = "CA"
own_handles = ["@cityofexample"]

[[watch]]
name = "city"
hashtags = ["#yyc"]
purpose = "Answer questions"
owner = "Communications"
legal_authority = "Municipal Government Act, s. 3"
review_by = 2099-11-24

[[source]]
name = "river"
adapter = "feed"
relation = "public"
criterion = "Blogs about the city with a public feed"
address = "ADDRESS"

[http]
port = 0

[reader]
allow_addresses = ["127.0.0.0/8"]
spacing_s = 0.5   # kept, too
"""


def configured(folder: Path, address: str = "https://river.example/feed/") -> Path:
    """
    A configuration that reads one feed.
    """
    config = folder / "listener.toml"
    config.write_text(CONFIG.replace("ADDRESS", address), "utf-8")
    return config
