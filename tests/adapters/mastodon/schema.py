"""
Which JSON paths there are: those of recorded replies, those of published schemas, and those a document has.

A path begins with the entity it is of, such as `Status.tags[].name`; an entity within another begins a path of its own, so
that a quoted status is held to what a status may have, however deep it stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_ENTITIES = (
    ("Status", {"uri", "visibility", "content", "account"}),
    ("Account", {"acct", "username", "note"}),
    ("Notification", {"type", "created_at", "account", "id"}),
    ("InstanceV2", {"domain", "version", "configuration"}),
    ("InstanceV1", {"uri", "version", "stats"}),
    ("Application", {"name", "scopes"}),
)

DOCUMENTED = {
    # docs.joinmastodon.org, entities/Account (suspended, limited, memorial; CredentialAccount; Role), read 2026-11
    *(f"Account.{name}" for name in ("suspended", "limited", "memorial", "source", "role")),
    *(
        f"Account.source.{name}"
        for name in (
            "privacy",
            "sensitive",
            "language",
            "note",
            "fields",
            "fields[]",
            "fields[].name",
            "fields[].value",
            "fields[].verified_at",
            "follow_requests_count",
        )
    ),
    *(f"Account.role.{name}" for name in ("id", "name", "permissions", "color", "highlighted")),
    # docs.joinmastodon.org, entities/Quote and ShallowQuote
    *(f"Status.quote.{name}" for name in ("quoted_status", "quoted_status_id", "state")),
    # docs.joinmastodon.org, entities/Application (id, scopes, redirect_uris: 4.3.0)
    "Application",
    *(f"Application.{name}" for name in ("id", "name", "website", "scopes", "scopes[]")),
    *(f"Application.{name}" for name in ("redirect_uris", "redirect_uris[]")),
    # docs.joinmastodon.org, entities/Notification
    *(f"Notification.{name}" for name in ("group_key", "status")),
}
PLEROMA = {
    # differences_in_mastoapi_responses.md, read 2026-11
    "Status.pleroma",
    *(
        f"Status.pleroma.{name}"
        for name in (
            "local",
            "conversation_id",
            "direct_conversation_id",
            "in_reply_to_account_acct",
            "content",
            "content.text/plain",
            "spoiler_text",
            "spoiler_text.text/plain",
            "expires_at",
            "thread_muted",
            "emoji_reactions",
            "parent_visible",
            "pinned_at",
        )
    ),
    "Status.media_attachments[].pleroma",
    "Status.media_attachments[].pleroma.mime_type",
    "Account.pleroma",
    *(
        f"Account.pleroma.{name}"
        for name in (
            "ap_id",
            "background_image",
            "tags",
            "relationship",
            "is_moderator",
            "is_admin",
            "confirmation_pending",
            "hide_favorites",
            "hide_followers",
            "hide_follows",
            "hide_followers_count",
            "hide_follows_count",
            "accepts_chat_messages",
            "favicon",
            "deactivated",
        )
    ),
    "Notification.pleroma",
    "Notification.pleroma.is_seen",
    "Notification.emoji",
}
GOTOSOCIAL = {
    # internal/api/model/status.go and interactionpolicy.go, read or remembered 2026-11
    "Status.pinned",
    "Status.interaction_policy",
    *(
        f"Status.interaction_policy.{name}{rest}"
        for name in ("can_favourite", "can_reply", "can_reblog")
        for rest in ("", ".always", ".always[]", ".with_approval")
    ),
}


def paths(value: Any, at: str = "") -> Iterator[str]:
    """
    Every path of a document.
    """
    if isinstance(value, dict):
        entity = _entity_of(value)
        if entity is not None:
            if at:
                yield at
            at = entity
        yield at
        for key, inner in value.items():
            yield from paths(inner, f"{at}.{key}")
    elif isinstance(value, list):
        yield at
        for inner in value:
            yield from paths(inner, f"{at}[]")
    else:
        yield at


def _entity_of(value: dict[str, Any]) -> str | None:
    for name, keys in _ENTITIES:
        if keys <= value.keys():
            return name
    return None


def recorded(folder: Path) -> set[str]:
    """
    Every path of every recorded reply; streamed payloads decoded once more.
    """
    found: set[str] = set()
    for file in folder.rglob("*"):
        if file.suffix in (".json", ".txt") and not file.name.startswith("_"):
            try:
                found |= set(paths(_decoded(json.loads(file.read_bytes()))))
            except ValueError:
                continue
    return found


def _decoded(value: Any) -> Any:
    if isinstance(value, dict) and isinstance(value.get("payload"), str):
        try:
            return json.loads(value["payload"])
        except ValueError:
            return value
    return value
