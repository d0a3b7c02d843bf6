"""
D22: nobody is listened for, by account or by name; protest terms are refused on X; what only looks so needs an approval by name.

Here the promise end to end, on what ships. In detail: accounts and addresses in `tests/unit/settings/test_settings_linter.py`, names
on labelled lists in `test_linter_lists.py`, approvals in `test_settings_naming.py`, words on X in `tests/adapters/x/test_x_sensitive.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from listener.errors import ConfigError
from listener.settings import load

CONFIG = """
[organisation]
name = "City of Example"
contact = "https://www.example.org/listening"
country = "CA"
own_handles = [{handles}]
[[watch]]
name = "streets"
phrases = [{phrases}]
purpose = "Answer what residents ask"
owner = "Communications"
legal_authority = "By-law 7"
review_by = 2099-01-01
{approved}
[[source]]
name = "x"
adapter = "x"
relation = "public"
criterion = "Every public post that a watch asks for, whoever wrote it"
"""
APPROVED = '[[watch.approved]]\nterm = "{term}"\nby = "J. Doe, privacy officer"\nbecause = "a street"'


def refused(
    folder: Path, *, phrases: str = '"potholes"', handles: str = '"@cityofexample"', approved: str = ""
) -> set[str]:
    """The keys that are refused, of a source's credentials apart."""
    file = folder / "listener.toml"
    file.write_text(CONFIG.format(phrases=phrases, handles=handles, approved=approved), "utf-8")
    with pytest.raises(ConfigError) as raised:
        load(file, environ={})
    return {fault.key for fault in raised.value.faults if not fault.key.startswith("source")}


def test_d22_a_person_is_refused_by_account_and_by_name_and_protest_on_x(tmp_path: Path) -> None:
    """A handle, a name, a citizen among the own accounts and a protest are each refused where they stand; a topic is not."""
    assert refused(tmp_path) == set()
    assert refused(tmp_path, phrases='"potholes", "@robin_ellery"') == {"watch[0].phrases[1]"}
    assert refused(tmp_path, phrases='"potholes", "Robin Ellery"') == {"watch[0].phrases[1]"}
    assert refused(tmp_path, handles='"@robin.ellery"') == {"organisation.own_handles[0]"}
    assert refused(tmp_path, phrases='"protest march"') == {"watch[0].phrases[0]"}


def test_d22_an_approval_by_name_opens_a_name_and_neither_an_account_nor_a_protest(tmp_path: Path) -> None:
    """Somebody may answer for a street that is called like a person; for an account nobody can, and X's terms bind everybody."""
    name, handle, protest = (
        APPROVED.format(term=term) for term in ("Robin Ellery", "@robin", "protest march")
    )

    assert refused(tmp_path, phrases='"Robin Ellery"', approved=name) == set()
    assert refused(tmp_path, phrases='"@robin"', approved=handle) == {
        "watch[0].phrases[0]",
        "watch[0].approved[0].term",
    }
    assert refused(tmp_path, phrases='"protest march"', approved=protest) == {"watch[0].phrases[0]"}
