"""
What the simulator of a network offers so that `listener demo` can make it part of its city.

`AdapterSpec.quarter` names what makes one from `(day, clock)`. The demo finds it through the registry and knows no network by
name: it serves the quarter, writes its `[[source]]` tables into the configuration, lets the story happen in it, and in the
end compares its book with what a consumer outside was told.

Invariants: a quarter holds nothing of the daemon and asks it nothing. Each post of the story carries its mark, so that it is
known again without a link. What should become of a post stands in the book before anybody can read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from listener.simulation.ledger import Ledger, PostRow
from listener.simulation.snowstorm import Moment

Way = Literal["announced", "asked", "untold"]
"""
How the daemon learns that a post is gone: it is told by the next answer or at once; it has to ask again, inside the clock of
the adapter's `RecheckTerms`; or nobody says it, and the words go when their time is over.
"""


class Quarter(Protocol):
    """
    One network of the city.
    """

    @property
    def network(self) -> str:
        """
        Name of the adapter.
        """
        ...

    @property
    def ledger(self) -> Ledger:
        """
        The book of what was published, shown, edited and deleted; reasons in the words of the gate.
        """
        ...

    @property
    def numbers(self) -> Mapping[str, int]:
        """
        By post of the book, its number in the story; those that are missing were made beside it, and carry no mark.
        """
        ...

    @property
    def objectors(self) -> tuple[str, ...]:
        """
        Names of people of this network who are on the organisation's objection list.
        """
        ...

    @property
    def looks_back_s(self) -> float:
        """
        How much of what was said before a first reading it shows, in seconds; 0 for nothing.
        """
        ...

    def serving(self, folder: Path) -> AbstractAsyncContextManager[tuple[str, ...]]:
        """
        Its servers, on loopback, until the block ends; gives the `[[source]]` tables of a daemon that hears them.

        Args:
            folder: For files that a configuration names, such as tokens; there only for this run.
        """
        ...

    def is_heard(self) -> bool:
        """
        Whether what is said from now on can be heard; always true where a reading looks back.
        """
        ...

    def happen(self, moment: Moment) -> None:
        """
        Now; or at its own time, where that is before listening began. What cannot happen any more does not: an edit of
        what was deleted, an answer to it.
        """
        ...

    def calm(self) -> None:
        """
        Nothing fails any more.
        """
        ...

    def asked_since(self, row: PostRow, at: datetime) -> bool:
        """
        Whether since then an answer left whole that had to show the post as it stands, gone or changed.
        """
        ...

    def sources_of(self, row: PostRow) -> tuple[str, ...]:
        """
        Names, as in the tables, of the sources that show the post first.
        """
        ...

    def not_before(self, row: PostRow) -> datetime | None:
        """
        Until when no answer can tell of the post, however often its place is asked; None where the next one does.
        """
        ...

    def deletion(self, row: PostRow) -> Way:
        """
        How anybody learns that the post is gone.
        """
        ...
