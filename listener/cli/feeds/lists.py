"""
Lists of feeds as files, in and out, for `listener feeds`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from listener import settings
from listener.admit import opml
from listener.cli.feeds.running import discovering
from listener.errors import ConfigError, Fault
from listener.settings.checks import addresses


def outlines(file: Path) -> tuple[opml.Outline, ...]:
    """
    The feeds of a list.

    Raises:
        ConfigError: it cannot be read, or is none.
    """
    try:
        if file.stat().st_size > opml.MOST_BYTES:
            raise opml.NotOpml(f"is longer than {opml.MOST_BYTES >> 20} MB")
        found = opml.read(file.read_bytes())
    except OSError as error:
        problem = f"cannot be read ({error.strerror or type(error).__name__})"
    except opml.NotOpml as error:
        problem = str(error)
    else:
        return found
    raise ConfigError([Fault(str(file), "(whole file)", problem, allowed="a list of feeds as OPML")])


def export(config: Path, environ: Mapping[str, str], output: Path | None) -> None:
    """
    The configured feeds as OPML, in the order of the configuration.

    Raises:
        ConfigError: the configuration does not load, or the file cannot be written.
    """
    now = settings.load(config, environ=environ)
    spec = discovering()
    feeds = [
        (source.name, addresses(source.config)[0]) for source in now.sources if source.adapter == spec.name
    ]
    text = opml.write(feeds, title=f"Sources of {now.organisation.name}")
    if output is None:
        print(text, end="")
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        problem = f"cannot be written ({error.strerror}); choose another with --output"
        raise ConfigError([Fault(str(output), "(whole file)", problem)]) from error
    print(f"wrote {len(feeds)} feeds to {output}")
