"""
Two configurations as an officer meets them: one blog, and every network there is.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import pytest

from listener import registry
from listener.pia import Annex, compose
from listener.settings import Lock, load, statement

TODAY: Final = date(2026, 11, 25)

SMALL: Final = """
[organisation]
name = "City of Example"
contact = "https://city.example/listener"
country = "CA"
own_handles = ["@cityofexample"]

[[watch]]
name = "river"
hashtags = ["exampleriver"]
phrases = ["river flood"]
purpose = "Answer questions about the river"
owner = "Communications Office"
legal_authority = "Municipal Government Act, section 3"
review_by = 2027-03-01

[[source]]
name = "blog"
adapter = "feed"
relation = "public"
criterion = "Blogs about the city, by anybody"
address = "https://blog.example/feed?key=canary-in-query"
"""

_MORE: Final = """
[http]
public_url = "https://listen.city.example"

[[http.token]]
name = "dashboard"
scopes = ["read", "open"]
file = "token"
"""


def loaded(folder: Path, text: str, *, accepted: bool = False) -> Annex:
    """The annex of a configuration."""
    (folder / "token").write_text("0123456789abcdef0123456789abcdef0123")
    (folder / "token").chmod(0o600)
    file = folder / "listener.toml"
    file.write_text(text, "utf-8")
    settings = load(file, environ={}, now=datetime(2026, 11, 25, tzinfo=UTC))
    said = statement(settings)
    lock = Lock(
        digest=said.digest,
        accepted_by="Privacy Office",
        reason="PIA-12",
        accepted_at=datetime(2026, 11, 1, 8, tzinfo=UTC),
        statement=said,
    )
    return compose(settings, lock if accepted else None, today=TODAY)


def every_network() -> str:
    """One source of each adapter, as its own example has it."""
    sources = "\n".join(registry.spec(name).example for name in registry.names())
    for stated in ('"put-the-key-here"', '"the app\'s bearer token; better in a file, as token_file"'):
        sources = sources.replace(f"key = {stated}", 'key_file = "token"')
        sources = sources.replace(f"token = {stated}", 'token_file = "token"')
    sources = sources.replace("UCxxxxxxxxxxxxxxxxxxxxxx", "UC0123456789abcdefghijkl")
    watch = SMALL.partition("[[source]]")[0].replace("phrases", 'mentions = true\npia_ref = "PIA-7"\nphrases')
    return watch + sources + _MORE


@pytest.fixture
def small(tmp_path: Path) -> Annex:
    """One blog, nothing accepted."""
    return loaded(tmp_path, SMALL)


@pytest.fixture
def full(tmp_path: Path) -> Annex:
    """Every network, accepted."""
    return loaded(tmp_path, every_network(), accepted=True)
