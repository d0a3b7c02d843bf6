"""
JSON as the servers write it: statuses, accounts, notifications and instances, in the dialect of each.

Takes posts from `simulated_instance`; gives dictionaries to `simulator` and `simulated_streams`. A field appears where a
recorded reply or a published schema has it, and nowhere else; a test compares them path by path.

Sources: recorded replies of Mastodon 4.x (2026); docs.joinmastodon.org, entities Status, Account, Notification and
Instance; Pleroma, docs/development/API/differences_in_mastoapi_responses.md; GoToSocial, internal/api/model/status.go,
account.go and instancev2.go (read or quoted 2026-11).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from adapters.mastodon.simulated_html import content_html, note_html
from adapters.mastodon.simulated_ids import folded
from adapters.mastodon.simulated_instance import Instance, Token
from adapters.mastodon.simulated_posts import Account, Copy, Notice, Picture, Poll, Toot

Json = dict[str, Any]

_BLURHASH: Final = "UeKUpFxuo~R%0nW;WCnhF6RjaJt757oJodS$"
_OPEN_TO_ALL: Final = {"automatic": ["public"], "manual": [], "current_user": "automatic"}
_DENIED: Final = {"automatic": ["public"], "manual": [], "current_user": "denied"}


def instant(at: datetime) -> str:
    """
    With milliseconds, in UTC.
    """
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


# --------------------------------------------------------------------------------------------------- statuses


def status(here: Instance, copy: Copy, *, viewer: Token | None, now: datetime, depth: int = 0) -> Json:
    """
    A post as one instance shows it.

    Args:
        viewer: The token it is read with; what a user did to a post is told to users only.
        depth: How many posts it is nested in; a quote within a quote is told by its id.
    """
    toot, words = copy.toot, copy.words
    parent = here.copy_of(toot.reply_to) if toot.reply_to is not None else None
    boosted = here.copy_of(toot.boost_of) if toot.boost_of is not None else None
    shown = boosted or copy
    found: Json = {
        "id": copy.local_id,
        "created_at": instant(toot.created_at),
        "in_reply_to_id": parent.local_id if parent else None,
        "in_reply_to_account_id": here.id_of(parent.toot.account) if parent else None,
        "sensitive": shown.words.sensitive or bool(shown.words.spoiler_text),
        "spoiler_text": shown.words.spoiler_text,
        "visibility": toot.visibility,
        "language": shown.words.language,
        "uri": toot.uri,
        "url": _url_of(here, toot, copy),
        "replies_count": here.related["reply", toot.post],
        "reblogs_count": here.related["boost", toot.post],
        "favourites_count": 0,
        "edited_at": instant(words.edited_at) if words.edited_at else None,
    }
    if viewer is not None and viewer.account is not None:
        found |= {"favourited": False, "reblogged": False, "muted": False, "bookmarked": False}
        found |= {"filtered": []} if here.software == "mastodon" else {}
    found |= {
        "content": content_html(here, shown),
        "reblog": status(here, boosted, viewer=viewer, now=now, depth=depth + 1) if boosted else None,
        "account": account(here, toot.account),
        "media_attachments": [
            _picture(here, copy, number, each) for number, each in enumerate(shown.words.media)
        ],
        "mentions": [_mention(here, each) for each in shown.words.mentions],
        "tags": [_tag(here, name) for name in shown.words.tag_names],
        "emojis": [],
        "card": _card(words.link) if words.link else None,
        "poll": _poll(here, copy, words.poll, now) if words.poll else None,
    }
    if toot.account.home == here.domain:
        found["application"] = {"name": toot.application, "website": None}
    found |= _dialect_of(here, copy, viewer=viewer, now=now, depth=depth)
    return here.adorned("status", found)


def _dialect_of(here: Instance, copy: Copy, *, viewer: Token | None, now: datetime, depth: int) -> Json:
    """
    What only one software shows of a post.
    """
    toot = copy.toot
    if here.software == "gotosocial":
        always = {"always": ["public"], "with_approval": []}
        policy = {"can_favourite": always, "can_reply": always, "can_reblog": always}
        return {"interaction_policy": policy, "pinned": False}
    if here.software in ("akkoma", "pleroma"):
        return {"pleroma": _pleroma(here, copy)}
    found: Json = {}
    if here.release >= (4, 4):
        found["quotes_count"] = here.related["quote", toot.post]
        found["quote"] = _quote(here, toot, viewer=viewer, now=now, depth=depth)
    if here.release >= (4, 5):
        found["quote_approval"] = _OPEN_TO_ALL if viewer is not None and viewer.account else _DENIED
    if here.release >= (4, 6):
        found["tagged_collections"] = []
    return found


def _pleroma(here: Instance, copy: Copy) -> Json:
    """
    The `pleroma` object of a status. Source: differences_in_mastoapi_responses.md, "Statuses".
    """
    toot = copy.toot
    return {
        "local": toot.account.home == here.domain,
        "conversation_id": int(toot.post.rpartition("-")[2]),
        "direct_conversation_id": None,
        "in_reply_to_account_acct": acct(here, toot.reply_to.account) if toot.reply_to else None,
        "content": {"text/plain": copy.words.text},
        "spoiler_text": {"text/plain": copy.words.spoiler_text},
        "expires_at": None,
        "thread_muted": False,
        "emoji_reactions": [],
        "parent_visible": toot.reply_to is not None and here.copy_of(toot.reply_to) is not None,
        "pinned_at": None,
    }


def _quote(here: Instance, toot: Toot, *, viewer: Token | None, now: datetime, depth: int) -> Json | None:
    """
    Source: docs.joinmastodon.org, entities Quote and ShallowQuote; `deleted` where what was quoted is no longer here.
    """
    if toot.quote_of is None:
        return None
    quoted = here.copy_of(toot.quote_of)
    key = "quoted_status" if depth == 0 else "quoted_status_id"
    if quoted is None:
        return {"state": "deleted", key: None}
    if depth:
        return {"state": "accepted", key: quoted.local_id}
    return {"state": "accepted", key: status(here, quoted, viewer=viewer, now=now, depth=1)}


def _url_of(here: Instance, toot: Toot, copy: Copy) -> str:
    """
    The web page at a post's home, handle included; a boost's is that of what is boosted.
    """
    shown = toot.boost_of or toot
    home = shown.account.home
    if "/objects/" in shown.uri:
        return shown.uri if home != here.domain else f"https://{home}/notice/{copy.local_id}"
    name = shown.uri.rpartition("/statuses/")[2]
    return f"https://{home}/@{shown.account.username}/{name}"


def _mention(here: Instance, who: Account) -> Json:
    return {
        "id": here.id_of(who),
        "username": who.username,
        "url": f"https://{who.home}/@{who.username}",
        "acct": acct(here, who),
    }


def _tag(here: Instance, name: str) -> Json:
    return {"name": name, "url": f"https://{here.domain}/tags/{folded(name)}"}


def _card(link: str) -> Json:
    """
    A preview of a page that says who wrote it: personal data outside of `account`.
    """
    return {
        "url": link,
        "title": "A page about it",
        "description": "",
        "language": "en",
        "type": "link",
        "author_name": "",
        "author_url": "",
        "provider_name": "",
        "provider_url": "",
        "html": "",
        "width": 0,
        "height": 0,
        "image": None,
        "image_description": "",
        "embed_url": "",
        "blurhash": None,
        "published_at": None,
        "missing_attribution": False,
        "authors": [],
    }


def _poll(here: Instance, copy: Copy, poll: Poll, now: datetime) -> Json:
    votes = sum(each for _, each in poll.options)
    return {
        "id": str(int(copy.toot.post.rpartition("-")[2])),
        "expires_at": instant(poll.expires_at),
        "expired": poll.expires_at <= now,
        "multiple": poll.multiple,
        "votes_count": votes,
        "voters_count": votes,
        "options": [{"title": title, "votes_count": each} for title, each in poll.options],
        "emojis": [],
    }


def _picture(here: Instance, copy: Copy, number: int, picture: Picture) -> Json:
    file = f"https://files.{here.domain}/{copy.local_id}-{number}.png"
    meta = {
        "original": {
            "width": picture.width,
            "height": picture.height,
            "size": f"{picture.width}x{picture.height}",
            "aspect": picture.width / picture.height,
        }
    }
    found: Json = {
        "id": f"{copy.local_id}{number}",
        "type": "image",
        "url": file,
        "preview_url": file,
        "remote_url": None,
        "description": picture.description,
    }
    if here.software in ("akkoma", "pleroma"):
        # It does not look into remote images: no meta, no blurhash (differences document, "Limitations").
        return found | {"pleroma": {"mime_type": "image/png"}}
    return found | {"preview_remote_url": None, "text_url": None, "meta": meta, "blurhash": _BLURHASH}


# --------------------------------------------------------------------------------------------------- accounts


def acct(here: Instance, who: Account) -> str:
    """
    The handle as seen from an instance: its own accounts have no domain.
    """
    return who.username if who.home == here.domain else f"{who.username}@{who.home}"


def account(here: Instance, who: Account) -> Json:
    """
    An account as one instance shows it.
    """
    last = here.last_said.get(who.number)
    picture = "" if who.suspended else who.person.avatar
    local_id = here.id_of(who)
    found: Json = {
        "id": local_id,
        "username": who.username,
        "acct": acct(here, who),
        "display_name": "" if who.suspended else who.person.name,
        "locked": who.locked,
        "bot": who.bot,
        "discoverable": who.discoverable,
        "group": False,
        "created_at": instant(who.created_at),
        "note": "" if who.suspended else note_html(here, who.note or who.person.bio),
        "url": f"https://{who.home}/@{who.username}",
        "avatar": picture,
        "avatar_static": picture,
        "header": f"https://{here.domain}/headers/original/missing.png",
        "header_static": f"https://{here.domain}/headers/original/missing.png",
        "followers_count": who.number * 7,
        "following_count": who.number * 5,
        "statuses_count": here.said[who.number],
        "last_status_at": last.strftime("%Y-%m-%d") if last else None,
        "emojis": [],
        "fields": [
            {"name": name, "value": note_html(here, value), "verified_at": None} for name, value in who.fields
        ],
    }
    for flag in ("suspended", "limited", "memorial"):
        if getattr(who, flag):
            found[flag] = True
    return here.adorned("account", found | _account_dialect(here, who))


def _account_dialect(here: Instance, who: Account) -> Json:
    if here.software == "gotosocial":
        return {"avatar_description": "", "header_description": ""}
    if here.software in ("akkoma", "pleroma"):
        return {"pleroma": _pleroma_account(who)}
    found: Json = {
        "uri": f"https://{who.home}/users/{who.username}",
        "hide_collections": False,
    }
    if here.release >= (4, 3):
        found["indexable"] = who.indexable
    if here.release >= (4, 6):
        found |= {
            "avatar_description": "",
            "header_description": "",
            "show_media": True,
            "show_media_replies": True,
            "show_featured": True,
        }
    if who.home == here.domain:
        found |= {"noindex": who.noindex, "roles": []}
    return found


def _pleroma_account(who: Account) -> Json:
    """
    The `pleroma` object of an account. Source: differences_in_mastoapi_responses.md, "Accounts".
    """
    return {
        "ap_id": f"https://{who.home}/users/{who.username}",
        "background_image": None,
        "tags": [],
        "relationship": {},
        "is_moderator": False,
        "is_admin": False,
        "confirmation_pending": False,
        "hide_favorites": True,
        "hide_followers": False,
        "hide_follows": False,
        "hide_followers_count": False,
        "hide_follows_count": False,
        "accepts_chat_messages": None,
        "favicon": None,
        "deactivated": who.suspended,
    }


def credentials(here: Instance, who: Account) -> Json:
    """
    One's own account. Source: docs.joinmastodon.org, entities/Account, CredentialAccount.
    """
    source = {
        "privacy": "public",
        "sensitive": False,
        "language": "",
        "note": who.note or who.person.bio,
        "fields": [{"name": name, "value": value, "verified_at": None} for name, value in who.fields],
        "follow_requests_count": 0,
    }
    role = {"id": "-99", "name": "", "permissions": "0", "color": "", "highlighted": False}
    return account(here, who) | {"source": source, "role": role}


# ---------------------------------------------------------------------------------- notifications, instances


def notification(here: Instance, notice: Notice, *, viewer: Token, now: datetime) -> Json:
    """
    Source: docs.joinmastodon.org, entities/Notification; Pleroma's differences document, "Notifications".
    """
    found: Json = {
        "id": notice.local_id,
        "type": notice.kind,
        "created_at": instant(notice.at),
        "account": account(here, notice.by),
    }
    if here.software == "mastodon" and here.release >= (4, 3):
        found["group_key"] = f"ungrouped-{notice.local_id}"
    if notice.copy is not None:
        found["status"] = status(here, notice.copy, viewer=viewer, now=now)
    if here.software in ("akkoma", "pleroma"):
        found["pleroma"] = {"is_seen": False}
    if notice.emoji is not None:
        found["emoji"] = notice.emoji
    return found


def instance_v2(here: Instance) -> Json:
    """
    `GET /api/v2/instance`.
    """
    configuration: Json = {
        "urls": {"streaming": here.address.replace("http", "ws", 1)},
        "vapid": {
            "public_key": "BCkMmVdKDnKYwzVCDC99Iuc9GvId-x7-kKtuHnLgfF98ENiZp_aj-UNthbCdI70DqN1zUVis-x0Wrot2sBagkMc="
        },
        "accounts": {"max_featured_tags": 10},
        "statuses": {"max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23},
        "media_attachments": {"supported_mime_types": ["image/png"], "image_size_limit": 16_777_216},
        "polls": {"max_options": 4, "max_characters_per_option": 50},
        "translation": {"enabled": False},
    }
    if here.software == "mastodon" and here.release >= (4, 4):
        configuration["limited_federation"] = here.limited_federation
    if here.software == "mastodon" and here.release >= (4, 5):
        feeds = {"local": here.local_access, "remote": here.remote_access}
        rest = {"local": "public", "remote": "public"}
        configuration["timelines_access"] = {
            "live_feeds": rest,
            "hashtag_feeds": feeds,
            "trending_link_feeds": rest,
        }
    found: Json = {
        "domain": here.domain,
        "title": f"Instance {here.number}",
        "version": here.version,
        "source_url": _SOURCES[here.software],
        "description": "Simulated.",
        "usage": {"users": {"active_month": 100}},
        "thumbnail": {"url": f"https://files.{here.domain}/thumbnail.png"},
        "languages": ["en"],
        "configuration": configuration,
        "registrations": {"enabled": False, "approval_required": False, "message": None},
        "contact": {"email": f"staff@{here.domain}", "account": None},
        "rules": [{"id": "1", "text": "Be kind.", "hint": ""}],
    }
    if here.software == "mastodon" and here.release >= (4, 3):
        found["api_versions"] = {"mastodon": 9}
    return here.adorned("instance", found)


_SOURCES: Final = {
    "mastodon": "https://github.com/mastodon/mastodon",
    "gotosocial": "https://codeberg.org/superseriousbusiness/gotosocial",
    "akkoma": "https://akkoma.dev/AkkomaGang/akkoma",
    "pleroma": "https://git.pleroma.social/pleroma/pleroma",
}


def instance_v1(here: Instance) -> Json:
    """
    `GET /api/v1/instance`.
    """
    found: Json = {
        "uri": here.domain,
        "title": f"Instance {here.number}",
        "short_description": "Simulated.",
        "description": "",
        "email": f"staff@{here.domain}",
        "version": here.version,
        "urls": {"streaming_api": here.address.replace("http", "ws", 1)},
        "stats": {
            "user_count": len(here.account_ids),
            "status_count": len(here.copies),
            "domain_count": 2,
        },
        "thumbnail": f"https://files.{here.domain}/thumbnail.png",
        "languages": ["en"],
        "registrations": False,
        "approval_required": False,
        "invites_enabled": False,
        "configuration": {
            "statuses": {
                "max_characters": 500,
                "max_media_attachments": 4,
                "characters_reserved_per_url": 23,
            },
            "media_attachments": {"supported_mime_types": ["image/png"], "image_size_limit": 16_777_216},
            "polls": {"max_options": 4, "max_characters_per_option": 50},
        },
        "contact_account": None,
        "rules": [{"id": "1", "text": "Be kind.", "hint": ""}],
    }
    return here.adorned("instance", found)


def application(token: Token) -> Json:
    """
    `GET /api/v1/apps/verify_credentials`. Source: docs.joinmastodon.org, entities/Application.
    """
    return {
        "id": "7",
        "name": "listener",
        "website": None,
        "scopes": list(token.scopes),
        "redirect_uris": ["urn:ietf:wg:oauth:2.0:oob"],
    }
