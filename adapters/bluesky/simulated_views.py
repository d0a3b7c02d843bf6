"""
How an AppView shows accounts and posts. Pure: takes records of `simulated_network`, gives JSON. A post is shown as it was
written first, because the AppView ignores changes.

Sources: lexicons app.bsky.actor.defs, app.bsky.feed.defs, app.bsky.embed.*, com.atproto.label.defs of
bluesky-social/atproto, read 2026-11-24; looks of the recorded getPosts.json of myConsciousness/atproto.dart.
"""

from __future__ import annotations

from typing import Any, Final

from adapters.bluesky.simulated_names import (
    FOLLOW,
    LIKE,
    POST,
    PROFILE,
    REPOST,
    THREADGATE,
    blob_cid,
    cid_of,
    stamp,
    uri_of,
)
from adapters.bluesky.simulated_network import Account, Network, Record
from adapters.bluesky.simulated_records import label_values

_CDN: Final = "https://cdn.bsky.example/img"


def profile_basic(network: Network, account: Account) -> dict[str, Any]:
    """
    profileViewBasic: what stands at every post.
    """
    profile = network.records.get(uri_of(account.did, PROFILE, "self"))
    view: dict[str, Any] = {
        "did": account.did,
        "handle": account.handle,
        "avatar": f"{_CDN}/avatar/plain/{account.did}/{blob_cid(account.did)}@jpeg",
        "labels": [] if profile is None else labels_view(profile),
    }
    if profile is not None:
        view["displayName"] = profile.value["displayName"]
        view["createdAt"] = profile.value["createdAt"]
    return view


def profile_detailed(network: Network, account: Account) -> dict[str, Any]:
    """
    profileViewDetailed.
    """
    view = profile_basic(network, account)
    profile = network.records.get(uri_of(account.did, PROFILE, "self"))
    if profile is not None:
        view["description"] = profile.value["description"]
        view["indexedAt"] = stamp(profile.indexed_at)
    view["postsCount"] = len(network.of(account.did, POST))
    view["followsCount"] = len(network.of(account.did, FOLLOW))
    view["followersCount"] = sum(
        each.collection == FOLLOW and each.value["subject"] == account.did
        for each in network.records.values()
    )
    return view


def post_view(network: Network, record: Record) -> dict[str, Any]:
    """
    postView.
    """
    counts = _counts(network, record.uri)
    view: dict[str, Any] = {
        "uri": record.uri,
        "cid": cid_of(record.shown),
        "author": profile_basic(network, network.accounts[record.did]),
        "record": record.shown,
        "replyCount": counts["reply"],
        "repostCount": counts[REPOST],
        "likeCount": counts[LIKE],
        "quoteCount": counts["quote"],
        "indexedAt": stamp(record.indexed_at),
        "labels": labels_view(record),
    }
    if (embed := record.shown.get("embed")) is not None:
        view["embed"] = _embed_view(network, record.did, embed)
    gate = network.records.get(uri_of(record.did, THREADGATE, record.rkey))
    if gate is not None:
        view["threadgate"] = {"uri": gate.uri, "cid": gate.cid, "record": gate.value, "lists": []}
    return view


def labels_view(record: Record) -> list[dict[str, Any]]:
    """
    Labels that a record carries, as if a labeler had given them.
    """
    return [
        {
            "src": record.did,
            "uri": record.uri,
            "cid": record.cid,
            "val": value,
            "cts": record.value["createdAt"],
        }
        for value in label_values(record.value)
    ]


def _counts(network: Network, uri: str) -> dict[str, int]:
    counts = {"reply": 0, "quote": 0, LIKE: 0, REPOST: 0}
    for each in network.records.values():
        subject = each.value.get("subject")
        if each.collection in counts and isinstance(subject, dict) and subject["uri"] == uri:
            counts[each.collection] += 1
        elif each.collection == POST:
            counts["reply"] += each.value.get("reply", {}).get("parent", {}).get("uri") == uri
            counts["quote"] += _quoted(each.value.get("embed")) == uri
    return counts


def _quoted(embed: dict[str, Any] | None) -> str | None:
    record = (embed or {}).get("record")
    if record is None:
        return None
    return str(record.get("uri") or record["record"]["uri"])


def _embed_view(network: Network, did: str, embed: dict[str, Any]) -> dict[str, Any]:
    match embed["$type"]:
        case "app.bsky.embed.images":
            return {
                "$type": "app.bsky.embed.images#view",
                "images": [_image(did, each) for each in embed["images"]],
            }
        case "app.bsky.embed.external":
            return {"$type": "app.bsky.embed.external#view", "external": embed["external"]}
        case "app.bsky.embed.record":
            return {"$type": "app.bsky.embed.record#view", "record": _quote(network, embed["record"]["uri"])}
        case _:
            return {
                "$type": "app.bsky.embed.recordWithMedia#view",
                "record": {"record": _quote(network, embed["record"]["record"]["uri"])},
                "media": _embed_view(network, did, embed["media"]),
            }


def _image(did: str, image: dict[str, Any]) -> dict[str, Any]:
    cid = image["image"]["ref"]["$link"]
    return {
        "thumb": f"{_CDN}/feed_thumbnail/plain/{did}/{cid}@jpeg",
        "fullsize": f"{_CDN}/feed_fullsize/plain/{did}/{cid}@jpeg",
        "alt": image["alt"],
    }


def _quote(network: Network, uri: str) -> dict[str, Any]:
    """
    A quoted post, or that there is none.
    """
    record = network.visible(uri)
    if record is None:
        return {"$type": "app.bsky.embed.record#viewNotFound", "uri": uri, "notFound": True}
    return {
        "$type": "app.bsky.embed.record#viewRecord",
        "uri": record.uri,
        "cid": cid_of(record.shown),
        "author": profile_basic(network, network.accounts[record.did]),
        "value": record.shown,
        "labels": labels_view(record),
        "indexedAt": stamp(record.indexed_at),
    }
