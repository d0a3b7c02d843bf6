"""
A status in the words the rest of the service uses. Pure; wire → `Post`.

Takes structs from `wire`, gives `Post` and `Rejected` to `client`, `stream` and `recheck`.

Decisions:

- A boost is no item: its author said nothing, and who boosted is nobody's business.
- Only `visibility: public` is read out; of anything else (also `local_only` of some forks) no word is taken, and the
  post says of itself that it is not public, so that the gate withholds it and takes away what it held.
- A content warning stands before the text: it is part of what was said.
- A poll's options are part of what was asked; a picture's alternative text is not read: it describes people oftener than
  it says something to us, and no masking finds a stranger's name in it.
- The link is the same on whatever instance the post was seen, or a post seen on two would change with every reading:
  `https://<origin>/statuses/<id>`, made of the `uri`, opens any Mastodon post and names nobody.
- Mentions are written out (`@city@town.example`), because the HTML shows `@city` for every city's account.
- `discoverable` is no consent flag: it is about being recommended. `indexable` is about being found.

Source: docs.joinmastodon.org/entities/Status, entities/Account; read 2026-11-24.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Final

from adapters.mastodon.wire import WireAccount, WireMention, WirePolicy, WireQuote, WireStatus
from listener.events import Author, Consent, Kind, Openness, Post, Rejected
from listener.text import clean, fold, hashtags, html_to_text, same_address

_ANCHOR: Final = re.compile(r"<a\s([^<>]{1,2000})>(.{0,400}?)</a\s*>", re.IGNORECASE | re.DOTALL)
_HREF: Final = re.compile(r"""(?:^|\s)href\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_QUOTE_INLINE: Final = re.compile(
    r"""<(p|span)\s[^<>]{0,200}?\bquote-inline\b[^<>]{0,200}>.{0,2000}?</\1\s*>""", re.IGNORECASE | re.DOTALL
)
"""What repeats the address of a quoted post for programs that know no quotes. Source: FEP-e232; Mastodon 4.5, Akkoma."""

_OF_MASTODON: Final = re.compile(
    r"(https?://[^/?#@\s]+)/(?:users/[^/?#]+|ap/users/[0-9]+)/statuses/([0-9]+)", re.IGNORECASE
)
"""The identity of a status whose origin is Mastodon; the number is its id there. Source: config/routes.rb."""

_SHORTCODE: Final = re.compile(r":[A-Za-z0-9_]{2,}:")
_NAMES_SOMEBODY: Final = re.compile(r"/(?:@|users/|u/|profile/|p/)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where statuses were read, as far as their meaning depends on it.

    Args:
        host: Of the instance, with port where it has one; scopes its ids.
        domain: What handles of its own people end with.
        own: The organisation's accounts: folded handles with domain, and addresses of profiles.
        to_us: Everything read here is said to us.
    """

    host: str
    domain: str
    own: frozenset[str] = frozenset()
    to_us: bool = False

    def full(self, acct: str) -> str:
        """
        A handle with its domain: Mastodon leaves it out for its own people.
        """
        return acct if "@" in acct else f"{acct}@{self.domain}"


def place_of(
    *, host: str, domain: str | None, own_accounts: Iterable[str] = (), to_us: bool = False
) -> Place:
    """
    Args:
        domain: None: the host, without port.
        own_accounts: As configured; those without a domain are of this instance.
    """
    ending = domain or host.partition(":")[0]
    own = frozenset(account if "@" in account else f"{account}@{ending}" for account in own_accounts)
    return Place(host=host, domain=ending, own=own, to_us=to_us)


def item_from(status: WireStatus | None, place: Place) -> Post | Rejected | None:
    """
    One status.

    Returns:
        None for a boost; Rejected where it cannot be read, has no identity, or says nothing.
    """
    if status is None:
        return Rejected("unreadable_item")
    if status.reblog is not None:
        return None
    if status.account is None:  # nothing tells what its author chose, and asking again would not
        return Rejected("unreadable_item")
    native, local = status.uri or status.url, str(status.id)
    if not native or not local:
        return Rejected("no_identity")
    public = status.visibility == "public" and not status.local_only
    text = said(status, place) if public else ""
    if public and not text:
        return Rejected("no_content")
    link = link_of(status)
    private = None if link else _stated_address(status)
    return Post(
        native=native,
        aliases=_aliases(status, native=native, link=link, place=place),
        ask=local,
        kind=_kind(status),
        text=text,
        lang=status.language or None,
        tags=tuple(tag.name for tag in status.tags or () if tag.name),
        published_at=instant(status.created_at),
        edited_at=instant(status.edited_at),
        link=link or private,
        private_link=private is not None,
        reply_to=_answered(status, place),
        by_us=_is_own(status.account, place),
        addressed=place.to_us or _mentions_us(status.mentions or (), place),
        open_to_reply=_openness(status.interaction_policy),
        consent=consent_of(status.account, public=public),
        author=author_of(status.account, place),
    )


def items_from(statuses: Iterable[WireStatus | None], place: Place) -> tuple[Post | Rejected, ...]:
    """
    In their order, boosts left out, each post once.
    """
    found: dict[str, Post | Rejected] = {}
    for number, status in enumerate(statuses):
        item = item_from(status, place)
        if item is not None:
            found.setdefault(item.native if isinstance(item, Post) else f"\0{number}", item)
    return tuple(found.values())


def alias_of(local: str | int, place: Place) -> str:
    """
    The name of a status on one instance, by which that instance tells of its removal.
    """
    return f"{place.host}/{local}"


def instant(stated: str | None) -> datetime | None:
    """
    An aware instant in UTC; None where none is stated readably.
    """
    if not stated:
        return None
    try:
        parsed = datetime.fromisoformat(stated)
        return parsed.astimezone(UTC) if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


# ------------------------------------------------------------------------------------------------- what is said


def said(status: WireStatus, place: Place) -> str:
    """
    Content warning, text, options of a poll; parted by blank lines, plain, whole.
    """
    content = status.content or ""
    if status.quote is not None and "quote-inline" in content:
        content = _QUOTE_INLINE.sub("", content)
    parts = [
        clean(status.spoiler_text or "").strip(),
        html_to_text(_written_out(content, status.mentions or (), place)),
    ]
    if status.poll is not None:
        titles = [clean(option.title or "").strip() for option in status.poll.options or ()]
        parts.append("\n".join(f"- {title}" for title in titles if title))
    return "\n\n".join(part for part in parts if part)


def _written_out(html: str, mentions: Iterable[WireMention], place: Place) -> str:
    """
    The HTML with each link to a mentioned account as its whole handle.
    """
    handles = {
        _comparable(mention.url): place.full(mention.acct)
        for mention in mentions
        if mention.url and mention.acct
    }
    if not handles or "<a" not in html:
        return html
    return _ANCHOR.sub(lambda found: _handle_or_link(found, handles), html)


def _handle_or_link(found: re.Match[str], handles: Mapping[str, str]) -> str:
    href = _HREF.search(found[1])
    if href is None:
        return found[0]
    handle = handles.get(_comparable(unescape(href[1] or href[2] or "")))
    if handle is None or "<" in handle or "&" in handle:
        return found[0]
    return f"@{handle}"


def _comparable(address: str) -> str:
    return address.strip().rstrip("/").casefold()


# ------------------------------------------------------------------------------------------------ what it is


def _kind(status: WireStatus) -> Kind:
    return "post" if status.in_reply_to_id is None else "reply"


def link_of(status: WireStatus) -> str | None:
    """
    An address that is the same wherever the status was seen, and that names nobody where there is one. One that lies
    under the author's own profile names the author, however it is spelled.
    """
    found = _OF_MASTODON.fullmatch(status.uri or "")
    if found:
        return f"{found[1]}/statuses/{found[2]}"
    link = _stated_address(status)
    return None if link and _is_under_profile(link, status.account) else link


def _stated_address(status: WireStatus) -> str | None:
    """
    The less telling one of those the instance states.
    """
    url, uri = _web(status.url), _web(status.uri)
    if url and uri and _NAMES_SOMEBODY.search(url) and not _NAMES_SOMEBODY.search(uri):
        return uri
    return url or uri


def _is_under_profile(link: str, account: WireAccount | None) -> bool:
    """
    The profile of a whole site (its first page) is no person's.
    """
    profile = (account.url or "").rstrip("/") if account is not None else ""
    return profile.count("/") > 2 and f"{link.casefold()}/".startswith(f"{profile.casefold()}/")


def _web(address: str | None) -> str | None:
    return address if address and address.startswith(("https://", "http://")) else None


def _aliases(status: WireStatus, *, native: str, link: str | None, place: Place) -> tuple[str, ...]:
    """
    Its other names: by id where it was read, and its addresses, in the spelling they are looked for by.
    """
    others = [alias_of(status.id, place)]
    others += [same_address(address) for address in (status.url, link) if address]
    return tuple(name for name in dict.fromkeys(others) if name != native)


def _answered(status: WireStatus, place: Place) -> str | None:
    """
    What it answers; else what it quotes, where the quoted author has not refused.
    """
    if status.in_reply_to_id is not None:
        return alias_of(status.in_reply_to_id, place)
    quoted = _quoted(status.quote)
    quoted = status.quote_id if quoted is None else quoted
    if quoted is None or quoted == "" or str(quoted) == str(status.id):
        return None
    return alias_of(quoted, place)


def _quoted(quote: WireQuote | None) -> str | int | None:
    if quote is None or quote.state not in (None, "accepted"):
        return None
    if quote.quoted_status is not None and quote.quoted_status.id is not None:
        return quote.quoted_status.id
    return quote.quoted_status_id if quote.quoted_status_id is not None else quote.id


def _openness(policy: WirePolicy | None) -> Openness:
    """
    Mastodon has no way to say it; GoToSocial has.
    """
    rule = None if policy is None else policy.can_reply
    if rule is None:
        return "unknown"
    everybody = {*(rule.always or ()), *(rule.automatic_approval or ())}
    return "yes" if "public" in everybody else "no"


# ------------------------------------------------------------------------------------------------ who said it


def author_of(account: WireAccount, place: Place) -> Author | None:
    """
    Every string that names the author: for masking and for the objection test, in memory only.
    """
    names = dict.fromkeys(name for name in _names(account, place) if name and name.strip())
    return Author(tuple(names)) if names else None


def _names(account: WireAccount, place: Place) -> Iterator[str | None]:
    if acct := account.acct:
        full = place.full(acct)
        yield from (acct, f"@{acct}", full, f"@{full}")
    yield account.username
    if shown := account.display_name:
        yield shown
        yield _SHORTCODE.sub("", shown).strip()
    yield from (account.url, account.uri)
    yield None if account.id is None else str(account.id)


def consent_of(account: WireAccount, *, public: bool) -> Consent:
    """
    What the author chose. The tags of a profile become flags, and the profile is forgotten. Who states nothing of being
    indexed has not agreed to it.
    """
    flags = set(_profile_tags(account))
    if account.noindex:
        flags.add("noindex")
    if account.indexable is not True:
        flags.add("not_indexable")
    if account.limited or account.suspended:
        flags.add("limited")
    return Consent(public=public, flags=frozenset(flags))


def _profile_tags(account: WireAccount) -> Iterator[str]:
    for html in (account.note, *(field.value for field in account.fields or ())):
        if html and ("#" in html or "＃" in html or "&" in html):
            yield from map(fold, hashtags(html_to_text(html)))


def _is_own(account: WireAccount, place: Place) -> bool:
    return _is_named(account.acct, place)


def _mentions_us(mentions: Iterable[WireMention], place: Place) -> bool:
    return bool(place.own) and any(_is_named(mention.acct, place) for mention in mentions)


def _is_named(acct: str | None, place: Place) -> bool:
    return bool(acct) and place.full(acct or "").casefold() in place.own
