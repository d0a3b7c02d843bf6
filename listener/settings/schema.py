"""
What `listener.toml` may say: one model per table, frozen, unknown keys refused.

Takes the document that `loading` read; gives it back typed. What needs more than one table to judge is in `checks`,
and what an adapter adds to a `[[source]]` is checked by the adapter's own model.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from listener.events import Keep, Relation
from listener.settings.kinds import (
    ConsentMode,
    Contact,
    Country,
    Day,
    Handle,
    Hashtag,
    Host,
    HostPort,
    Language,
    Network,
    NoBotTag,
    Phrase,
    QueueUrl,
    Said,
    Scope,
    Slug,
    SpacingBy,
    Stated,
    Take,
    Token,
    Truth,
    WebAddress,
    number,
    whole,
)

# ---------------------------------------------------------------------------------------------------------- tables


class Table(BaseModel):
    """
    What all tables share. Prints without values, because tables end up in tracebacks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    __str__ = __repr__


class Approval(Table):
    """
    Somebody says by name that what looks like a person's name is none, and answers for that.
    """

    term: Said = Field(description="As it stands in the table that this approval is part of.")
    by: Stated = Field(description="Who says so: name and office.")
    because: Stated = Field(description="What it is.")


class Organisation(Table):
    """
    Who listens.
    """

    name: Said = Field(
        description="Name of the public body; stands in the User-Agent and in the public notice."
    )
    contact: Contact = Field(description="Web or e-mail address for the owners of sites that are read.")
    country: Country = Field(description="Where it is; decides which numbers are read as phone numbers.")
    own_handles: tuple[Handle, ...] = Field(
        default=(),
        description="The organisation's own accounts. Only these may be listened for, and only these stay unmasked.",
    )
    approved: tuple[Approval, ...] = Field(
        default=(), description="Accounts of `own_handles` that look like a person's name and are nobody's."
    )


class Watch(Table):
    """
    What is listened for, why, and who answers for it.
    """

    name: Slug = Field(description="Stands in every event that this watch asked for.")
    hashtags: tuple[Hashtag, ...] = Field(default=(), description="With or without the sign.")
    phrases: tuple[Phrase, ...] = Field(
        default=(), description="Found on word boundaries, whatever the case."
    )
    mentions: Truth = Field(default=False, description="Listen for `organisation.own_handles`.")
    purpose: Stated = Field(description="What the organisation does with it; in the public notice.")
    owner: Stated = Field(description="Office that answers for the watch.")
    legal_authority: Stated = Field(description="Statute or by-law that allows it.")
    review_by: Day = Field(description="The watch pauses after this day until somebody reviews it.")
    pia_ref: Stated | None = Field(default=None, description="Reference of the privacy impact assessment.")
    retention_days: Annotated[int, *whole(1, 365)] | None = Field(
        default=None, description="Keep for less than `privacy.retention_days`."
    )
    approved: tuple[Approval, ...] = Field(
        default=(), description="Hashtags and phrases that look like a person's name and are none."
    )


class Attestation(Table):
    """
    Who may see what is read, and under which plan of the network: what its terms want to know of public bodies.
    """

    plan: Stated = Field(description="Plan that was agreed with the network, such as `Enterprise`.")
    end_users: tuple[Stated, ...] = Field(
        min_length=1, description="Every office that may see what is read, by name, as the network was told."
    )
    attested_on: Day = Field(description="Day on which somebody last made sure that this is so.")
    by: Stated = Field(description="Office that answers for it.")


class SourceTable(Table):
    """
    The keys that every `[[source]]` has; the adapter adds its own.
    """

    name: Slug = Field(description="Stands in the `source` of every event; renaming it starts it anew.")
    adapter: str = Field(description="Network or protocol: see `listener adapters`.")
    relation: Relation = Field(
        description="`own`: the organisation's blog, channel or account. `public`: the rest."
    )
    criterion: Stated | None = Field(
        default=None,
        description="Published rule by which this source is in, and by which any other could be.",
    )
    keep: Keep | None = Field(
        default=None, description="Volumes, time and link, or the masked text. Default: the adapter's."
    )
    take: Take | None = Field(
        default=None,
        description="Posts that a watch matches, or all. Default: `all` of own sources, else `matching`.",
    )
    watches: tuple[Slug, ...] | None = Field(
        default=None, description="Only these watches are looked for and matched here. Default: every watch."
    )
    retention_days: Annotated[int, *whole(1, 365)] | None = Field(
        default=None,
        description="Keep for less than `privacy.retention_days` and than the terms of the network allow.",
    )
    attestation: Attestation | None = Field(
        default=None,
        description="Who may see it under which plan; some networks ask for it before more is kept.",
    )
    approved: tuple[Approval, ...] = Field(
        default=(),
        description="Own accounts and words it searches for that look like a person's name and are none.",
    )
    permission_ref: Stated | None = Field(
        default=None, description="Where a written permission of the network is filed."
    )
    derived_metrics_agreed: Day | None = Field(
        default=None,
        description="Day on which the network's agreement was accepted under which numbers and classes may be made of what is read.",
    )


class QueueTable(Table):
    """
    Where events are kept.
    """

    url: QueueUrl | None = Field(default=None, description="Default: queue.sqlite in the data folder.")


class Privacy(Table):
    """
    How long, for whom, and under which objections.
    """

    retention_days: Annotated[int, *whole(1, 365)] = Field(
        default=30, description="Bodies end after so many days."
    )
    consent: ConsentMode = Field(
        default="objection", description="`opt-in` takes only authors who invited being indexed."
    )
    consent_wait_s: Annotated[float, *number(0, 86_400)] = Field(
        default=3600.0,
        description="A page waits so long for signals that cannot be read; then those posts are left out, with a gap.",
    )
    backfill_days: Annotated[int, *whole(0, 36_500)] = Field(
        default=0,
        description="A post older than the retention when it is first seen is shown only up to this age.",
    )
    secret_files: tuple[Path, ...] = Field(
        default=(),
        description="Keys are signed with the first and looked up with all. Default: secret in the data folder.",
    )
    objections_file: Path | None = Field(
        default=None, description="People who objected: one HMAC in hex per line."
    )
    nobot_tags: tuple[NoBotTag, ...] = Field(
        default=("#nobot", "#noindex"), description="Hashtags in a profile that mean: do not collect."
    )


class HttpToken(Table):
    """
    One key to the API. Its text comes from `file` or from the environment.
    """

    name: Slug = Field(description="Stands in logs instead of the token.")
    scopes: tuple[Scope, ...] = Field(min_length=1, description="What it opens.")
    value: Token = Field(description="The token; only by environment or through `file`.")

    @property
    def sha256(self) -> str:
        """
        Hex digest of the token: all that whoever checks one needs to hold.
        """
        return hashlib.sha256(self.value.get_secret_value().encode()).hexdigest()


class Http(Table):
    """
    Where the API and the dashboard are served.
    """

    host: Host = Field(default="127.0.0.1", description="Beyond loopback a token is needed.")
    port: Annotated[int, *whole(0, 65535)] = Field(default=8080, description="0 takes any free one.")
    public_url: WebAddress | None = Field(
        default=None,
        description="Where users reach it. Links that name an account are sealed and opened there; without it they are null.",
    )
    allowed_hosts: tuple[HostPort, ...] = Field(default=(), description="Further names it may be asked by.")
    token: tuple[HttpToken, ...] = Field(default=(), description="Keys to the API.")

    @property
    def tokens(self) -> tuple[HttpToken, ...]:
        """
        Every `[[http.token]]`.
        """
        return self.token


class ReaderLimits(Table):
    """
    Limits of the only way out.
    """

    deadline_s: Annotated[float, *number(1, 300)] = Field(
        default=30.0, description="For one answer, all in all."
    )
    max_bytes: Annotated[int, *whole(1024, 256 * 2**20)] = Field(
        default=8 * 2**20, description="Of one answer, on the wire and unpacked."
    )
    allow_addresses: tuple[Network, ...] = Field(
        default=(), description="Private networks that may be read all the same."
    )
    spacing_s: Annotated[float, *number(0.5, 3600)] = Field(
        default=2.0, description="Between two starts on one public host."
    )
    spacing_by: SpacingBy = Field(
        default="host", description="What is spaced: each name, or all names that lead to one address."
    )
    workers: Annotated[int, *whole(1, 256)] = Field(default=16, description="Sources read at the same time.")


class NoticeTable(Table):
    """
    What the public notice says beside what follows from the other tables.
    """

    language: Language | None = Field(
        default=None, description="In which the texts of this file are written; the notice marks them."
    )
    objections: Contact | None = Field(
        default=None, description="Where people object. Default: `organisation.contact`."
    )
    complaints: Said | None = Field(
        default=None, description="Who hears complaints about us: name and address of the supervisory body."
    )
    more: Said | None = Field(default=None, description="A paragraph of your own.")
    en: dict[Said, Said] = Field(
        default={}, description="Texts of this file, each with its English for the notice."
    )
    fr: dict[Said, Said] = Field(
        default={}, description="Texts of this file, each with its French for the notice."
    )


class Document(Table):
    """
    The whole file.
    """

    data_dir: Path = Field(
        default=Path("data"), description="Queue, secret and control socket; relative to this file."
    )
    organisation: Organisation = Field(description="Who listens.")
    watch: tuple[Watch, ...] = Field(default=(), description="What is listened for.")
    source: tuple[SourceTable, ...] = Field(
        min_length=1,
        description="Where.",
        json_schema_extra={"x-allowed": "at least one [[source]]"},
    )
    queue: QueueTable = Field(default=QueueTable(), description="Where events are kept.")
    privacy: Privacy = Field(default=Privacy(), description="How long, for whom, under which objections.")
    http: Http = Field(default=Http(), description="Where the API is served.")
    reader: ReaderLimits = Field(default=ReaderLimits(), description="Limits of the only way out.")
    notice: NoticeTable = Field(default=NoticeTable(), description="What the public notice says besides.")
