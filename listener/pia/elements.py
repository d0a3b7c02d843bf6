"""
Which data elements there are under a configuration, how long each lives, where, and who sees it. Pure.

Keys are those of the words; `page` puts them into a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from listener.pia.facts import Annex


@dataclass(frozen=True, slots=True)
class Element:
    """
    Args:
        key: In the words.
        seen_by: Key in the words.
        days: Kept so long at most; None where `kept` says it in words.
        kept: Key in the words.
        where: Key in the words.
    """

    key: str
    seen_by: Literal["readers", "openers", "operators", "nobody"]
    days: int | None = None
    kept: Literal["moment", "longer", "while_set", "your_choice"] = "moment"
    where: Literal["queue", "memory", "file", "logs"] = "queue"


def elements(annex: Annex) -> tuple[Element, ...]:
    """
    What is there, stored or not; left out what these settings never make.
    """
    notice = annex.notice
    kept = {place.keep for place in notice.places}
    days, posts = notice.retention_days, bool(kept & {"links", "text"})
    readers: Literal["readers"] = "readers"
    found = [Element("words", readers, days)] if "text" in kept else []
    found += [Element("about", readers, days), Element("link", readers, days)] if posts else []
    found += [Element("sealed", "openers", days)] if posts and notice.links else []
    found += [Element("numbers", readers, days)] if "counts" in kept else []
    found += [Element("code", "nobody", kept="longer"), Element("ask", "nobody", days)] if posts else []
    found += [Element("export", "operators", days, where="file")] if posts else []
    found += [Element("author", "nobody", where="memory")] if any(p.authors for p in notice.places) else []
    found += (
        [Element("objection", "operators", kept="while_set", where="file")] if notice.objection_list else []
    )
    return (*found, Element("log", "operators", kept="your_choice", where="logs"))
