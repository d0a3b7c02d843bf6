"""
What the annex says, in values. In no language: a text of the configuration carries its translations.

Made by `compose`; put into words by `page`; as JSON by `listener pia --json`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from listener.notice import Notice
from listener.pia.figures import Figures
from listener.pia.safeguards import Safeguard


@dataclass(frozen=True, slots=True)
class Approved:
    """
    What looks like a person's name, who says that it is none, and why.
    """

    where: str
    term: str
    by: str
    because: str


@dataclass(frozen=True, slots=True)
class Assessed:
    """
    Where the assessment of a watch is filed; None where nobody said.
    """

    watch: str
    pia_ref: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """
    Addresses that may be asked.

    Args:
        path: Regular expression that the whole path of a request must match; None: the address is one whole, at which a
            credential is traded for a token (the one POST there is).
        hosts: Exact, sorted; for a trade whole addresses.
        redirected: A redirect may lead to any public host.
    """

    path: str | None
    hosts: tuple[str, ...]
    redirected: bool = False


@dataclass(frozen=True, slots=True)
class Decoded:
    """
    Fields of one shape that are taken off the wire; what else comes is never decoded.
    """

    shape: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """
    What is exchanged with one network.

    Args:
        network: Adapter name.
        asked: What may be asked, everything else being refused before a byte leaves.
        decoded: What is taken of the answers.
        terms: Page of its terms; None for the open web.
        terms_read_on: When somebody read it last.
        clauses: What else they ask, in the words of the adapter.
    """

    network: str
    asked: tuple[Asked, ...]
    decoded: tuple[Decoded, ...]
    terms: str | None
    terms_read_on: date
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """
    What the privacy lock says.
    """

    by: str
    reason: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Annex:
    """
    The whole.

    Args:
        notice: What the public is told, which is most of it.
        program: Name and version.
        signed: The last acceptance; None where nobody accepted anything.
        assessed, approved: Of the watches, and of everything.
        exchanges: By network, sorted.
        http_host: Where the API listens beyond this machine; None on loopback.
        public_url: Where it is reached from outside.
        safeguards: See there.
        figures: See there.
    """

    notice: Notice
    program: str
    signed: Signed | None
    assessed: tuple[Assessed, ...]
    approved: tuple[Approved, ...]
    exchanges: tuple[Exchange, ...]
    http_host: str | None
    public_url: str | None
    safeguards: tuple[Safeguard, ...]
    figures: Figures
