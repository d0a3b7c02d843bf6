"""
Which names of keys may be told. A key can be data (a map by handle or by id), and how often it occurs proves nothing: one
person may stand in every answer. So a name is told only where somebody chose it before anything was asked: the adapter
declares it, or it is made of nothing but words that APIs are made of. Every other key is counted, never named.

Pure; used by `shapes`, `documents` and `patterns`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Final

import msgspec

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_NAME: Final = re.compile(r"\$?[A-Za-z]+(?:[-_.:]?[A-Za-z]+)*")
_MOST_CHARS: Final = 48
"""Chosen: longer than any field of the five networks."""

_WORDS: Final = """
about access account accounts action active activity actor actors additional address aggregation album allow allowed
alt analytics and api app application approval approved archive article articles aspect at atom attachment attachments
attribute attributes audio author authors auto avatar ban banner base batch blank blocked blogger body boost boosts
bot build by cache can canonical caption captions card cards categories category cause channel channels characters
children cid class client clip clips cloud code codes collection color comment commentable comments commit complete
config configuration consent content contents context contributor control conversation coordinates copyright
correction count counts cover create created creator currency current cursor custom data date day days dc default
definition delete deleted delivery description detail details did digest dimension direct disabled discoverable
display distance div doc docs document documentation domain domains draft duration edit editable edited editor edits
element email embed emoji emojify emojis enabled enclosure encoded encoding end ended entities entity entries entry
error errors etag etags event events excerpt exclude expired expires expiry explicit extended extensions external
facet facets favicon favorite favorited favourite favourited favourites feed feeds field fields file filter filtered
filters first flag flags follow followed follower followers following force format formatted found from full game gate
gd generator geo georss gif global group groups guid handle handles hash hashtag hashtags head header headers height
help hidden hide high hint history home hour href html http https icon id identity ids image images impression
impressions include includes index indexable indexed info input instance interaction internal invalid invites ip is
item items itunes json key keys keyword keywords kind label labels lang langs language languages last latest layout
length level license like liked likes limit limited limits link links list listed lists live local locale location
locked login logo long low managing map mask match matching max media medium member members mention mentions message
messages meta metadata metrics mime min minor minute mode moderation modified month moved mute muted name names
network new newest next node nodes noindex non not note notes notification notifications null num number object offset
oldest op open opensearch operation options order organic origin original output own owned owner owners pagination
parameter parameters params parent parents part participant password path payload pending permalink permission
permissions phone photo pin pinned place platform player playlist podcast policy poll polls pos position possibly post
posted posts prefix preview previous primary privacy private problem profile profiles promoted properties property
protected protocol provider public publish published publisher query quota quote quoted quotes rating ratio raw rdf
reaction reactions read reason reasons reblog reblogged reblogs record records ref reference referenced references
region registration registrations rejected rel related relation relationship remaining remote removed replied replies
reply report repost reposts request requests require required requires reset resolution resource resources response
restricted result results retry retweet retweeted retweets rev rights root rss rule rules scale schedule scheduled
scope score screen search second seconds self sensitive sequence server service session sessions setting settings
severity shadow share shared shares short show single site size skip slash small snippet software source sources spam
span spoiler src standard start started state static statistics stats status statuses stream streaming streams string
strings style subject subscriber subscribers subscription subtitle suffix suggested summary supported suspended sy
sync system tag tags target temporary term terms text theme thr thread threads thumbnail thumbnails time timeline
timestamp timestamps timezone title titles token tokens top topic topics total translation truncated ttl tweet tweets
type types unit units unread untitled update updated updates upload uri url urls usage use used user username users
uses value values variant variants verified version versions video videos view viewable viewed viewer views visibility
vote voted voters votes warning warnings web website week wfw when width window withheld word write xhtml xml xmlns
year zone
"""

WORDS: Final = frozenset(_WORDS.split())
"""Chosen: what fields of public APIs and feeds are called, one word each; no word that people are called."""

_TOGETHER: Final = """
and ban banner bot by dc field gate gd head hide high is long low max may min place rev root short
sy
"""

_ONLY_TOGETHER: Final = frozenset(_TOGETHER.split())
"""Words that could stand for somebody where they stand alone."""

_WHOLE: Final = """
pageInfo page_info pageToken nextPageToken prevPageToken next_page prev_page per_page pages totalResults
resultsPerPage rdf:RDF rdf:about rdf:resource xml:lang xml:base xmlns content:encoded wfw:commentRss slash:comments
thr:in-reply-to thr:total thr:count sy:updatePeriod sy:updateFrequency itunes:author lastBuildDate webMaster pubDate
isPermaLink openSearch:totalResults openSearch:startIndex openSearch:itemsPerPage textInput skipHours skipDays _links
_id _embedded _meta $type $link
"""

WHOLE: Final = frozenset(_WHOLE.split())
"""Names that are common and hold a word that is not in the list above."""


def declared_names(wire: Iterable[type]) -> frozenset[str]:
    """
    Every field that the types of an adapter read off the wire, as it is spelt there. Where in a document a field belongs is
    not looked at.
    """
    names: set[str] = set()
    for kind in wire:
        if is_dataclass(kind):
            names.update(each.name for each in fields(kind))
        elif issubclass(kind, msgspec.Struct):
            names.update(kind.__struct_encode_fields__)
    return frozenset(names)


def may_be_named(key: str, declared: frozenset[str]) -> bool:
    """
    Whether the name of a key, an element or an attribute says nothing about anybody.
    """
    key = key.removeprefix("@")
    if key in declared or key in WHOLE:
        return True
    if len(key) > _MOST_CHARS or _NAME.fullmatch(key) is None:
        return False
    words = [word.lower() for word in _WORD.findall(key)]
    if not WORDS.issuperset(words):
        return False
    return len(words) > 1 or words[0] not in _ONLY_TOGETHER
