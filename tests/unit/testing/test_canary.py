"""
The canary kit finds what is planted, and nothing else.
"""

from __future__ import annotations

import base64
import gzip
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from listener.testing.canary import SCRIPTS, Canary, Finding
from listener.testing.virtual_clock import VirtualClock


def test_equal_seeds_make_equal_markers() -> None:
    """A seed that failed can be run again."""
    first, second, other = Canary(1), Canary(1), Canary(2)
    people = [canary.person("someone", script="greek") for canary in (first, second, other)]

    assert people[0] == people[1] != people[2]
    assert first.markers == second.markers != other.markers


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_part_of_a_person_is_found(script: str) -> None:
    """Each part alone is found under its own label, whatever script the name is in."""
    canary = Canary(3)
    person = canary.person("someone", script=script)
    parts = {
        "name": person.name,
        "handle": person.handle,
        "e-mail": person.email,
        "profile": person.profile,
        "avatar": person.avatar,
        "phone": person.phone,
        "account id": person.account_id,
        "bio": person.bio,
    }

    found = {part: canary.search({"log": f"<<{text}>>".encode()}) for part, text in parts.items()}

    assert found == {part: (Finding("log", f"someone: {part}"),) for part in parts}


@pytest.mark.parametrize(
    "form", ["{0}{1}{2}", "({0}) {1}-{2}", "{0}.{1}.{2}", "{0}-{1}-{2}", "+1 {0} {1} {2}"]
)
def test_a_phone_number_is_found_however_it_is_written(form: str) -> None:
    """Blanks, points, hyphens and brackets hide nothing."""
    canary = Canary(4)
    digits = "".join(filter(str.isdigit, canary.person("someone").phone))[1:]
    written = form.format(digits[:3], digits[3:6], digits[6:])

    assert canary.search({"log": written.encode()}) == (Finding("log", "someone: phone"),)


def test_half_a_marker_is_found() -> None:
    """A name of which a mask covers one word, or which a page boundary parts, is found."""
    canary = Canary(5)
    first, second = canary.person("someone", script="cyrillic").name.split()

    assert canary.search({"a": first.encode(), "b": second.encode()}) == (
        Finding("a", "someone: name"),
        Finding("b", "someone: name"),
    )


def test_words_may_stand_in_events_and_people_may_not() -> None:
    """The same bytes are judged by what they are meant to hold."""
    canary = Canary(6)
    data = {"page": f"{canary.word('text')} {canary.trace('handle')} {canary.secret('token')}".encode()}

    assert canary.search(data, events=True) == (Finding("page", "handle"), Finding("page", "token"))
    assert canary.search(data) == (
        Finding("page", "handle"),
        Finding("page", "text"),
        Finding("page", "token"),
    )


def test_findings_and_markers_print_no_content() -> None:
    """A failed test shows where and what, so that its output may be pasted anywhere."""
    canary = Canary(7)
    secret = canary.secret("token")

    printed = f"{canary.search({'log': secret.encode()})!r} {canary.search({'log': secret.encode()})[0]}"

    assert (secret in printed, secret in repr(canary.markers)) == (False, False)
    assert printed.endswith("log: token")


def test_clean_data_holds_nothing() -> None:
    """A megabyte of noise in several encodings is no person."""
    canary = Canary(8)
    canary.feed_world(VirtualClock())
    noise = random.Random(8).randbytes(200_000)
    clean = {
        "raw": noise,
        "hex": noise.hex().encode(),
        "base64": base64.b64encode(noise),
        "gzip": gzip.compress(noise),
        "text": b"The sanders were late. 2026-01-05T12:00:00Z 4035550000000 " * 2000,
    }

    assert canary.search(clean) == ()


def test_a_folder_is_searched_with_its_names(tmp_path: Path) -> None:
    """Files of a database are read as bytes, deleted rows included, and a name of a file counts as well."""
    canary = Canary(9)
    person, word = canary.person("someone"), canary.word("text")
    with closing(sqlite3.connect(tmp_path / "queue.sqlite")) as db:
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("CREATE TABLE post (body TEXT)")
        db.execute("INSERT INTO post VALUES (?)", (f"{word} by {person.name}",))
        db.commit()
        db.execute("DELETE FROM post")
        db.commit()
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / f"{person.handle}.json").write_bytes(person.account_id.encode("utf-16"))

    assert canary.search_folder(tmp_path, events=True) == (
        Finding("file 1", "someone: account id"),
        Finding("queue.sqlite", "someone: name"),
        Finding("name of file 1", "someone: handle"),
    )


def test_missing_tells_what_was_never_served() -> None:
    """A search that finds nothing is worth something only where everything was planted."""
    canary = Canary(10)
    served, unserved = canary.trace("served"), canary.trace("unserved")

    assert canary.missing({"wire": served.encode()}) == ("unserved",)
    assert canary.missing({"wire": f"{served} {unserved}".encode()}) == ()
