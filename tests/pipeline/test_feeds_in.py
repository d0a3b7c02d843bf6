"""
From another reader's list to events: imported, checked, signed for, reloaded, read.
"""

from __future__ import annotations

import json
import re
from email.utils import format_datetime
from pathlib import Path

from adapters.feed.simulated_documents import home_page
from listener.clock import SystemClock
from tests.fakes.sites import configured, feed, page, robots, sites
from tests.pipeline.city import city
from tests.pipeline.daemon_process import Installed

RULE = "Blogs of associations in the city's register"


def rss(place: str) -> bytes:
    """A feed of one entry of today."""
    now = format_datetime(SystemClock().now())
    return feed(
        f'<rss version="2.0"><channel><title>{place}</title><item><guid>urn:{place}:1</guid><title>Snow</title>'
        f"<description>News of {place} #yyc</description><pubDate>{now}</pubDate></item></channel></rss>".encode()
    )


def test_a_list_becomes_events(tmp_path: Path) -> None:
    """Five lines get five verdicts while the daemon runs; check accepts the file, and after a signature the new source is read."""
    with sites(
        {
            1: {"/feed": rss("old")},
            2: {"/feed": rss("north")},
            3: {"/": page("/feed"), "/feed": rss("refused"), "/robots.txt": robots("Disallow: /")},
            4: {"/": page(), "/feed": rss("guessed")},
        }
    ) as there:
        configured(tmp_path, there.at(1, "/feed"))
        daemon = Installed(tmp_path)
        daemon.accept()
        addresses = [
            there.at(1, "/feed"),
            there.at(2, "/feed"),
            there.at(3),
            there.at(4),
            "https://social.example/@somebody.rss",
        ]
        outlines = "\n".join(f'<outline text="x" xmlUrl="{address}"/>' for address in addresses)
        (tmp_path / "blogs.opml").write_text(f"<opml><body>\n{outlines}\n</body></opml>")
        try:
            daemon.start()
            told = json.loads(
                daemon.command("feeds", "import", "blogs.opml", "--criterion", RULE, "--json", code=1)
            )
            daemon.command("check", code=3)
            daemon.command("reload", code=3)
            daemon.accept()
            daemon.command("check")
            reloaded = daemon.command("reload")
            daemon.wait(lambda: len(daemon.ask("/v1/events?after=start")["events"]) == 2)
            events = daemon.ask("/v1/events?after=start")["events"]
            assert daemon.stop() == 0
        finally:
            if daemon.process is not None and daemon.process.poll() is None:
                daemon.kill()

        assert [(line["line"], line["verdict"]) for line in told["lines"]] == [
            (2, "already_there"),
            (3, "added"),
            (4, "robots"),
            (5, "no_feed"),
            (6, "person"),
        ]
        assert reloaded.startswith(
            "1 sources added, 0 sources changed, 0 sources removed, 1 sources unchanged"
        )
        assert {(event["source"], event["data"]["text"]) for event in events} == {
            ("/feed/river", "News of old #yyc"),
            ("/feed/127-0-0-2", "News of north #yyc"),
        }
        assert there.asked(2) == ["/feed", "/feed"]  # once to see what it is, once by the daemon
        assert (there.asked(3), there.asked(4)) == (["/", "/robots.txt"], ["/", "/robots.txt"])


def test_the_home_page_of_a_simulated_blog_leads_to_its_feeds(tmp_path: Path) -> None:
    """What the simulator announces is what discovery finds: every form of its posts, one of which is configured."""
    with city(tmp_path) as blogs:
        daemon = Installed(tmp_path)
        (told,) = json.loads(daemon.command("feeds", "find", f"{blogs.served.address}/north/", "--json"))
        announced = re.findall(
            r'href="(/north/[^"]*)"', home_page(blogs.served.world, blogs.served.blogs["north"]).decode()
        )

        assert announced
        assert {each["address"] for each in told["feeds"]} == {
            blogs.served.address + path for path in announced
        }
        assert [each["kind"] for each in told["feeds"]] == ["feed"] * 4
        assert [each["standing"] for each in told["feeds"]].count("configured") == 1
