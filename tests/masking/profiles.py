"""
Lines with addresses of accounts: profiles, and posts whose address names who wrote them.

The networks are those of the gate's dated list of hosts, the paths those the networks themselves give an account, as their help and API
pages show them (X `url` of a user object; atproto's `bsky.app/profile/<handle or DID>`; Mastodon `Account.url`, docs.joinmastodon.org/entities/Account;
ActivityPub actors `/users/<name>`; YouTube `/@`, `/c/`, `/user/`, `/channel/UC…`, support.google.com/youtube/answer/6180214; LinkedIn `/in/`; Reddit `/user/` and
`/u/`; GitHub and its like `/<name>`; the rest likewise). Percent-encoding: RFC 3986, section 2.1; that `/%40name` is `/@name` follows from section 6.2.2.2.

What is planted: the account's name, or the number that stands for it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Final

from tests.masking import invented
from tests.masking.handles import bluesky_name, drawn, mastodon_name, x_name
from tests.masking.languages import LANGUAGES

Planted = tuple[str, tuple[str, ...]]

_HEX: Final = "0123456789abcdef"
_ALNUM: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

BY_NAME: Final = (
    "x.com/{}", "twitter.com/{}", "twitter.com/{}/with_replies", "x.com/intent/user?screen_name={}", "nitter.net/{}",
    "bsky.app/profile/{}.bsky.social", "bsky.app/profile/{}.example.com", "{}.bsky.social", "youtube.com/@{}", "youtube.com/c/{}", "youtube.com/user/{}",
    "youtube.com/@{}/videos", "instagram.com/{}", "instagram.com/{}/", "instagram.com/{}/reels/", "facebook.com/{}", "facebook.com/{}/photos", "fb.com/{}", "fb.me/{}", "m.me/{}",
    "linkedin.com/in/{}", "linkedin.com/in/{}/", "reddit.com/user/{}", "reddit.com/u/{}", "reddit.com/user/{}/comments/",
    "github.com/{}", "gitlab.com/{}", "codeberg.org/{}", "bitbucket.org/{}/", "sr.ht/~{}", "git.sr.ht/~{}", "gist.github.com/{}",
    "t.me/{}", "telegram.me/{}", "pinterest.com/{}", "pinterest.ca/{}/", "snapchat.com/add/{}", "twitch.tv/{}", "soundcloud.com/{}", "patreon.com/{}", "ko-fi.com/{}",
    "buymeacoffee.com/{}", "paypal.me/{}", "linktr.ee/{}", "about.me/{}", "gravatar.com/{}", "keybase.io/{}", "tumblr.com/{}", "vk.com/{}", "cash.app/${}",
    "venmo.com/u/{}", "note.com/{}", "threads.net/@{}", "threads.com/@{}", "behance.net/{}", "dribbble.com/{}", "unsplash.com/@{}", "ask.fm/{}", "onlyfans.com/{}",
    "bio.link/{}", "clubhouse.com/@{}", "mixcloud.com/{}/", "medium.com/@{}", "{}.medium.com", "substack.com/@{}", "tiktok.com/@{}", "{}.tumblr.com", "{}.carrd.co", "{}.itch.io",
    "{}.deviantart.com", "deviantart.com/{}", "flickr.com/photos/{}/", "flickr.com/people/{}/", "vimeo.com/{}", "zhihu.com/people/{}", "douban.com/people/{}/", "steamcommunity.com/id/{}",
    "quora.com/profile/{}", "researchgate.net/profile/{}", "couchsurfing.com/people/{}",
)  # fmt: skip
"""Without scheme; the hole is a name of letters, at least six."""

MOBILE: Final = (
    "mobile.twitter.com/{}", "mobile.x.com/{}", "m.facebook.com/{}", "mbasic.facebook.com/{}", "fr-ca.facebook.com/{}", "web.facebook.com/{}", "m.youtube.com/@{}", "m.youtube.com/user/{}",
    "old.reddit.com/user/{}", "np.reddit.com/u/{}", "m.twitch.tv/{}", "m.soundcloud.com/{}", "m.vk.com/{}", "ca.linkedin.com/in/{}", "fr.linkedin.com/in/{}", "m.tiktok.com/@{}",
    "www.threads.net/@{}", "m.instagram.com/{}", "ca.pinterest.com/{}", "m.ok.ru/profile/{}", "web.telegram.org/k/#@{}",
)  # fmt: skip
"""Hosts for small screens and other languages."""

FEDIVERSE: Final = (
    "{host}/@{}", "{host}/@{}@{other}", "{host}/users/{}", "{host}/web/@{}", "{host}/u/{}", "{host}/c/{}@{other}", "{host}/users/{}/followers", "{host}/@{}/with_replies",
    "{host}/accounts/{}/video-channels", "{host}/a/{}/video-channels", "{host}/profile/{}", "{host}/@{}.rss",
)  # fmt: skip
"""Mastodon, Misskey, Lemmy, PeerTube, Friendica and Pixelfed, on any host; `/c/` is a community's, so not among them where it stands alone."""

POSTS: Final = (
    "x.com/{}/status/18{digits}", "twitter.com/{}/status/18{digits}/photo/1", "bsky.app/profile/{}.bsky.social/post/3l{base}", "{host}/@{}/1134{digits}", "{host}/users/{}/statuses/1134{digits}",
    "threads.net/@{}/post/C{base}", "tiktok.com/@{}/video/73{digits}", "instagram.com/{}/p/C{base}/", "instagram.com/stories/{}/33{digits}/", "medium.com/@{}/a-river-story-{base}",
    "reddit.com/user/{}/comments/1{base}/river/", "facebook.com/{}/posts/33{digits}", "linkedin.com/posts/{}_river-valley-activity-72{digits}", "github.com/{}/river-map",
    "flickr.com/photos/{}/53{digits}/", "soundcloud.com/{}/river-song", "youtube.com/@{}/shorts", "t.me/{}/4{digits}", "gist.github.com/{}/{base}", "x.com/share?via={}&text=pool",
    "twitter.com/intent/tweet?text=pool&via={}",
)  # fmt: skip
"""Where a post's address names an account."""

AUTHORS: Final = (
    "blog.example.org/author/{}/", "www.example.com/authors/{}", "news.example.ca/author/{}", "www.example.org/blog/author/{}/page/2/", "magazine.example/en/author/{}", "news.example.ca/contributors/{}/",
    "paper.example/journalist/{}",
)  # fmt: skip


def _sentence(chance: random.Random, language: str, address: str) -> str:
    return chance.choice(LANGUAGES[language].see).format(address)


def _name(chance: random.Random) -> str:
    name = invented.word(chance)
    return chance.choice((name, name, name.capitalize(), f"{name}{invented.digits(chance, 2)}"))


def _https(chance: random.Random, language: str) -> Planted:
    name = _name(chance)
    address = chance.choice(BY_NAME).format(name)
    www = chance.choice(("", "www.")) if "{" not in address and not address.startswith(name) else ""
    return _sentence(chance, language, f"{chance.choice(('https', 'https', 'http'))}://{www}{address}"), (
        name,
    )


def _bare(chance: random.Random, language: str) -> Planted:
    name = _name(chance)
    return _sentence(chance, language, chance.choice(BY_NAME).format(name)), (name,)


def _mobile(chance: random.Random, language: str) -> Planted:
    name = _name(chance)
    return _sentence(
        chance, language, f"{chance.choice(('https://', 'http://', ''))}{chance.choice(MOBILE).format(name)}"
    ), (name,)


def _fediverse(chance: random.Random, language: str) -> Planted:
    name = mastodon_name(chance)
    address = chance.choice(FEDIVERSE).format(name, host=invented.host(chance), other=invented.host(chance))
    return _sentence(chance, language, f"{chance.choice(('https://', 'https://', ''))}{address}"), (name,)


def _post(chance: random.Random, language: str) -> Planted:
    name = x_name(chance).strip("_")
    address = chance.choice(POSTS).format(
        name,
        host=invented.host(chance),
        digits=invented.digits(chance, 14),
        base=drawn(chance, "abcdefghijklmnopqrstuvwxyz234567", 10),
    )
    return _sentence(chance, language, f"{chance.choice(('https://', 'https://', ''))}{address}"), (name,)


def _author(chance: random.Random, language: str) -> Planted:
    name = f"{invented.word(chance)}-{invented.word(chance)}"
    return _sentence(chance, language, f"https://{chance.choice(AUTHORS).format(name)}"), (name,)


def _encoded(chance: random.Random, language: str) -> Planted:
    name = _name(chance)
    hidden = list(name)
    at = chance.randrange(len(hidden))
    hidden[at] = f"%{ord(hidden[at]):02x}"
    other = chance.choice(invented.UNICODE_WORDS)
    written, planted = chance.choice(
        (
            (
                chance.choice(BY_NAME[:1] + BY_NAME[12:14] + BY_NAME[20:21] + BY_NAME[25:28]).format(
                    "".join(hidden)
                ),
                name,
            ),
            (
                f"{chance.choice(('tiktok.com', 'youtube.com', 'medium.com', invented.host(chance)))}/%40{name}",
                name,
            ),
            (f"{invented.host(chance)}/%40{name}%40{invented.host(chance)}", name),
            (f"youtube.com/@{''.join(f'%{byte:02X}' for byte in other.encode())}", other),
            (f"{invented.host(chance)}/redirect?to=https%3A%2F%2Fx.com%2F{name}", name),
            (f"facebook.com/sharer.php?u=https%3A%2F%2Fmastodon.example.org%2F%40{name}", name),
        )
    )
    return _sentence(chance, language, f"https://{written}"), (planted,)


def _dressed(chance: random.Random, language: str) -> Planted:
    """Queries, fragments, capitals, user information, ports, invisible characters, a final dot of the host."""
    name = _name(chance)
    host, _, path = chance.choice(
        [each for each in BY_NAME if not each.startswith("{") and "?" not in each]
    ).partition("/")
    path = path.format(name).rstrip("/")
    address = chance.choice(
        (
            f"https://{host}/{path}?utm_source=share&lang=fr", f"https://{host}/{path}#about", f"HTTPS://{host.upper()}/{path}", f"https://{host}:443/{path}", f"https://{host}./{path}", f"https://{host}//{path}",
            f"https://user@{host}/{path}", f"https://\u200b{host}/{path}", f"{host}\u200b/{path}", f"hxxps://{host}/{path}", f"//{host}/{path}", f"https://{host}/{path}/?hl=en", f"{host.capitalize()}/{path}",
            f"https://{host}/{path[:-1]}\u200d{path[-1]}",
        )
    )  # fmt: skip
    return _sentence(chance, language, address), (name,)


def _punctuated(chance: random.Random, language: str) -> Planted:
    name = _name(chance)
    address = chance.choice(("https://", "https://www.", "")) + chance.choice(
        [each for each in BY_NAME if not each.startswith("{")]
    ).format(name)
    around = chance.choice(
        (
            "({})",
            "<{}>",
            "[{}]",
            '"{}"',
            "«{}»",
            "{}.",
            "{},",
            "{};",
            "{}!",
            "{}?",
            "[Mari]({})",
            "*{}*",
            "**{}**",
            "`{}`",
            "「{}」",
            "（{}）",
            "{}…",
            "→{}",
            "X:{}",
            "{}|",
            "👉{}",
            "{}👈",
            "{}。",
            "_{}_",
        )
    )
    return _sentence(chance, language, around.format(address)), (name,)


def _by_number(chance: random.Random, language: str) -> Planted:
    """Where a number or a key stands for the account."""
    name, key = invented.word(chance), invented.digits(chance, 14)
    npub, letters = drawn(chance, "qpzry9x8gf2tvdw0s3jn54khce6mua7l", 58), drawn(chance, _ALNUM, 22)
    written, planted = chance.choice(
        (
            (f"facebook.com/profile.php?id=1{key}", (f"1{key}",)), (f"facebook.com/people/{name.capitalize()}-Vik/1{key}/", (name, f"1{key}")), (f"youtube.com/channel/UC{letters}", (letters,)),
            (f"bsky.app/profile/did:plc:{drawn(chance, 'abcdefghijklmnopqrstuvwxyz234567', 24)}", ()), (f"stackoverflow.com/users/{key[:7]}/{name}", (name, key[:7])),
            (f"discord.com/users/{key}1234", (key,)), (f"steamcommunity.com/profiles/765{key}", (key,)), (f"strava.com/athletes/{key[:8]}", (key[:8],)), (f"weibo.com/u/{key[:10]}", (key[:10],)),
            (f"m.weibo.cn/u/{key[:10]}", (key[:10],)), (f"ok.ru/profile/{key[:12]}", (key[:12],)), (f"space.bilibili.com/{key[:9]}", (key[:9],)), (f"xiaohongshu.com/user/profile/{drawn(chance, _HEX, 24)}", ()),
            (f"goodreads.com/user/show/{key[:8]}-{name}", (name, key[:8])), (f"yelp.ca/user_details?userid={letters}", (letters,)), (f"njump.me/npub1{npub}", (npub,)), (f"primal.net/p/npub1{npub}", (npub,)),
            (f"scholar.google.com/citations?user={letters[:12]}", (letters[:12],)), (f"google.com/maps/contrib/1{key}123456", (key,)), (f"orcid.org/0000-000{key[0]}-{key[1:5]}-{key[5:9]}", (key[1:5] + "-" + key[5:9],)),
            (f"wa.me/1587{key[:7]}", (key[:7],)), (f"matrix.to/#/@{name}:{invented.host(chance)}", (name,)), (f"line.me/ti/p/~{name}", (name,)),
        )
    )  # fmt: skip
    planted = planted or (written.rpartition("/")[2].removeprefix("did:plc:"),)
    return _sentence(
        chance, language, f"https://{chance.choice(('', 'www.')) if written[0] in 'fyr' else ''}{written}"
    ), planted


def _bluesky(chance: random.Random, language: str) -> Planted:
    """Under every name of the web client."""
    name = bluesky_name(chance)
    client = chance.choice(("bsky.app", "deer.social", "blacksky.community"))
    return _sentence(
        chance,
        language,
        f"https://{client}/profile/{name}.{chance.choice(('bsky.social', 'example.org'))}{chance.choice(('', '/feed/river', '/lists/3lriver'))}",
    ), (name,)


TRICKS: Final[Mapping[str, Callable[[random.Random, str], Planted]]] = {
    "profile, https": _https,
    "profile, without scheme": _bare,
    "profile, mobile host": _mobile,
    "profile, fediverse": _fediverse,
    "profile, Bluesky clients": _bluesky,
    "profile, by number": _by_number,
    "profile, percent-encoded": _encoded,
    "profile, dressed up": _dressed,
    "profile, punctuation around": _punctuated,
    "author page": _author,
    "handle in a post's address": _post,
}
