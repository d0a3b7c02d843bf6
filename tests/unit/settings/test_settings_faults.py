"""Every fault at once, each told so that it can be mended: file, key, found, allowed, nearest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from listener.errors import ConfigError, Fault
from listener.settings import load

FILE = "listener.toml"
PEOPLE = "words of a topic; own accounts belong into organisation.own_handles, with mentions = true"
TOP = "data_dir, http, notice, organisation, privacy, queue, reader, source, watch"
WATCH_KEYS = "approved, hashtags, legal_authority, mentions, name, owner, phrases, pia_ref, purpose, retention_days, review_by"
SOURCE_KEYS = (
    "adapter, address, approved, attestation, criterion, derived_metrics_agreed, interval_s, keep, name, permission_ref, relation,"
    " replies, retention_days, tags, take, token_file, watches"
)
HASHTAG = 'one hashtag such as "#yyc": letters, digits and _'
PHRASE = "2 to 200 characters with at least one letter or digit"
SLUG = "lower-case letters, digits, - and _, at most 63"
CONTACT = "https://… or name@server.example, in ASCII, for the User-Agent"
COUNTRY = 'an ISO 3166 code of two letters such as "CA"'
HANDLE = 'one account, such as "@name" or "name@server.example"'
QUEUE = "sqlite:///<file, relative to this one> or sqlite:////<absolute file>"
TEXT = "text of at most 2000 characters"


def changed(old: str, new: str) -> Callable[[str], str]:
    """The configuration with one line changed; it has to be there."""

    def change(base: str) -> str:
        assert old in base
        return base.replace(old, new)

    return change


def added(text: str) -> Callable[[str], str]:
    """The configuration with more at its end."""
    return lambda base: f"{base}\n{text}\n"


CASES: list[tuple[str, Callable[[str], str], Fault]] = [
    (
        "unknown table",
        added("[privcy]\nx = 1"),
        Fault(FILE, "privcy", "is not a key of this table", "a table", TOP, "privacy"),
    ),
    (
        "unknown key of a watch",
        changed('owner = "Transit', 'ownr = "x"\nowner = "Transit'),
        Fault(FILE, "watch[0].ownr", "is not a key of this table", '"x"', WATCH_KEYS, "owner"),
    ),
    (
        "unknown key of a source",
        changed("address =", "adress = 3\naddress ="),
        Fault(FILE, "source[0].adress", "is not a key of this table", "3", SOURCE_KEYS, "address"),
    ),
    (
        "unknown key that is called like a secret",
        changed("address =", 'api_key = "hunter2hunter2"\naddress ='),
        Fault(FILE, "source[0].api_key", "is not a key of this table", "(secret)", SOURCE_KEYS),
    ),
    (
        "unknown key that is no word",
        added('[privacy]\n"re\\u202etention days" = 1'),
        Fault(
            FILE,
            'privacy."re\\u202etention days"',
            "is not a key of this table",
            "1",
            "backfill_days, consent, consent_wait_s, nobot_tags, objections_file, retention_days, secret_files",
            "retention_days",
        ),
    ),
    (
        "missing key",
        changed('owner = "Transit customer service"\n', ""),
        Fault(FILE, "watch[0].owner", "is missing", None, TEXT),
    ),
    (
        "missing key of an adapter",
        changed('address = "https://river.example/feed/"\n', ""),
        Fault(FILE, "source[0].address", "is missing", None, "text"),
    ),
    (
        "empty text",
        changed('"Answer riders"', '" "'),
        Fault(FILE, "watch[0].purpose", "is empty", '" "', TEXT),
    ),
    (
        "wrong type",
        added('[http]\nport = "8080"'),
        Fault(FILE, "http.port", "is not a whole number", '"8080"', "a whole number, 0 to 65535"),
    ),
    (
        "true is no number",
        added("[reader]\nworkers = true"),
        Fault(FILE, "reader.workers", "is not a whole number", "true", "a whole number, 1 to 256"),
    ),
    (
        "text is no truth",
        changed("mentions = true", 'mentions = "yes"'),
        Fault(FILE, "watch[0].mentions", "is neither true nor false", '"yes"', "true or false"),
    ),
    (
        "quoted date",
        changed("review_by = 2027-06-30", 'review_by = "2027-06-30"'),
        Fault(FILE, "watch[0].review_by", "is not a date", '"2027-06-30"', "a date such as 2027-01-31"),
    ),
    (
        "instant instead of a date",
        changed("review_by = 2027-06-30", "review_by = 2027-06-30T12:00:00Z"),
        Fault(
            FILE,
            "watch[0].review_by",
            "is not a date",
            "2027-06-30T12:00:00+00:00",
            "a date such as 2027-01-31",
        ),
    ),
    (
        "out of range",
        added("[privacy]\nretention_days = 366"),
        Fault(FILE, "privacy.retention_days", "is out of range", "366", "a whole number, 1 to 365"),
    ),
    (
        "retention for ever",
        added("[privacy]\nretention_days = 0"),
        Fault(FILE, "privacy.retention_days", "is out of range", "0", "a whole number, 1 to 365"),
    ),
    (
        "too impolite",
        added("[reader]\nspacing_s = 0.25"),
        Fault(FILE, "reader.spacing_s", "is out of range", "0.25", "a number, 0.5 to 3600"),
    ),
    (
        "infinite",
        added("[reader]\ndeadline_s = inf"),
        Fault(FILE, "reader.deadline_s", "is not a number", "inf", "a number, 1 to 300"),
    ),
    (
        "out of an adapter's range",
        changed("address =", "interval_s = 5\naddress ="),
        Fault(FILE, "source[0].interval_s", "is out of range", "5", "a number, 60 to 86400"),
    ),
    (
        "closed set",
        changed('relation = "public"', 'relation = "pubic"'),
        Fault(
            FILE,
            "source[0].relation",
            "is not one of the accepted values",
            '"pubic"',
            '"own", "public"',
            "public",
        ),
    ),
    (
        "closed set of a list",
        added('[http]\n[[http.token]]\nname = "t"\nscopes = ["reed"]\nfile = "t"'),
        Fault(
            FILE,
            "http.token[0].scopes[0]",
            "is not one of the accepted values",
            '"reed"',
            '"read", "operate", "metrics", "open"',
            "read",
        ),
    ),
    (
        "unknown adapter",
        changed('adapter = "made-up"', 'adapter = "made-upp"'),
        Fault(
            FILE,
            "source[0].adapter",
            "no adapter of this name is installed",
            '"made-upp"',
            "made-up",
            "made-up",
        ),
    ),
    (
        "name that is no slug",
        changed('name = "transit"', 'name = "Transit Öffis"'),
        Fault(FILE, "watch[0].name", "has the wrong form", '"Transit Öffis"', SLUG),
    ),
    (
        "country",
        changed('"CA"', '"ca"'),
        Fault(FILE, "organisation.country", "is no country code", '"ca"', COUNTRY, "CA"),
    ),
    (
        "contact",
        changed('"https://www.example.org/listening"', '"call us"'),
        Fault(
            FILE,
            "organisation.contact",
            "is neither a web address nor an e-mail address",
            '"call us"',
            CONTACT,
        ),
    ),
    (
        "contact that breaks a header",
        changed('"https://www.example.org/listening"', '"https://www.example.org/(x)"'),
        Fault(
            FILE,
            "organisation.contact",
            "holds a sign that does not go into a User-Agent",
            "https://www.example.org/…",
            CONTACT,
        ),
    ),
    (
        "own handle that is no account",
        changed('"@cityofexample"', '"@city*"'),
        Fault(
            FILE,
            "organisation.own_handles[0]",
            "is not one account",
            "(text of 6 characters with @)",
            HANDLE,
        ),
    ),
    (
        "handle among the hashtags",
        changed('["exampletransit"]', '["@robin"]'),
        Fault(
            FILE,
            "watch[0].hashtags[0]",
            "asks for a handle, and a person cannot be watched",
            "(text of 6 characters with @)",
            PEOPLE,
        ),
    ),
    (
        "no hashtag",
        changed('["exampletransit"]', '["#example transit"]'),
        Fault(
            FILE,
            "watch[0].hashtags[0]",
            "is no hashtag that could be found in a text",
            '"#example transit"',
            HASHTAG,
        ),
    ),
    (
        "handle in a phrase",
        changed('["Example Transit"]', '["thanks ＠Robin"]'),
        Fault(
            FILE,
            "watch[0].phrases[0]",
            "asks for a handle, and a person cannot be watched",
            "(text of 13 characters with @)",
            PEOPLE,
        ),
    ),
    (
        "phrase without letters",
        changed('["Example Transit"]', '["!!!"]'),
        Fault(FILE, "watch[0].phrases[0]", "is too short, too long or has no letters", '"!!!"', PHRASE),
    ),
    (
        "watch that asks for nothing",
        changed(
            'hashtags = ["exampletransit"]\nphrases = ["Example Transit"]\nmentions = true', "hashtags = []"
        ),
        Fault(FILE, "watch[0]", "asks for nothing", None, "hashtags, phrases, or mentions = true"),
    ),
    (
        "mentions of nobody",
        changed('own_handles = ["@cityofexample", "cityofexample@social.example"]', "own_handles = []"),
        Fault(
            FILE,
            "watch[0].mentions",
            "asks for own handles, and there are none",
            "true",
            "true once organisation.own_handles names an account",
        ),
    ),
    (
        "public source without a rule",
        changed('criterion = "Publishes about city services"\n', ""),
        Fault(
            FILE,
            "source[0].criterion",
            "is missing, and a public source is read under a published rule",
            None,
            "a sentence that any other source could meet",
        ),
    ),
    (
        "watch that keeps longer",
        changed("review_by = 2027-06-30", "review_by = 2027-06-30\nretention_days = 31"),
        Fault(
            FILE,
            "watch[0].retention_days",
            "is longer than privacy.retention_days",
            "31",
            "a whole number, 1 to 30",
        ),
    ),
    (
        "backfill beyond a life",
        added("[privacy]\nbackfill_days = 36501"),
        Fault(
            FILE,
            "privacy.backfill_days",
            "is out of range",
            "36501",
            "a whole number, 0 to 36500",
        ),
    ),
    (
        "name taken by a watch",
        lambda base: base.replace(
            "[[source]]", base[base.index("[[watch]]") : base.index("[[source]]")] + "[[source]]"
        ),
        Fault(FILE, "watch[1].name", "is taken", '"transit"', "a name that watch[0] does not have"),
    ),
    (
        "name taken by a source",
        lambda base: base + base[base.index("[[source]]") :],
        Fault(FILE, "source[1].name", "is taken", '"river"', "a name that source[0] does not have"),
    ),
    (
        "no source",
        lambda base: base[: base.index("[[source]]")],
        Fault(FILE, "source", "is missing", None, "at least one [[source]]"),
    ),
    (
        "empty list of sources",
        lambda base: "source = []\n" + base[: base.index("[[source]]")],
        Fault(FILE, "source", "has too few items", "a list", "at least one [[source]]"),
    ),
    (
        "one table instead of a list of them",
        changed("[[watch]]", "[watch]"),
        Fault(FILE, "watch", "is not a list", "a table", "a list, each item a table"),
    ),
    (
        "open to other machines without a token",
        added('[http]\nhost = "0.0.0.0"'),
        Fault(
            FILE,
            "http.token",
            "is missing, and http.host is open to other machines",
            None,
            "at least one [[http.token]], or http.host on loopback",
        ),
    ),
    (
        "name that may resolve to anything",
        added('[http]\nhost = "listener"'),
        Fault(
            FILE,
            "http.token",
            "is missing, and http.host is open to other machines",
            None,
            "at least one [[http.token]], or http.host on loopback",
        ),
    ),
    (
        "engine that is not there",
        added('[queue]\nurl = "nats://user:hunter2@broker/x?token=hunter2"'),
        Fault(FILE, "queue.url", "names an engine that is not there", "nats://broker/…", QUEUE),
    ),
    (
        "queue without a file",
        added('[queue]\nurl = "sqlite:///"'),
        Fault(FILE, "queue.url", "names no file", "sqlite:///", QUEUE),
    ),
    (
        "network with host bits",
        added('[reader]\nallow_addresses = ["10.0.0.1/8"]'),
        Fault(
            FILE,
            "reader.allow_addresses[0]",
            "is no network",
            '"10.0.0.1/8"',
            'a network such as "10.1.0.0/16", host bits zero',
        ),
    ),
    (
        "feed of one account",
        changed("https://river.example/feed/", "https://social.example/@robin.rss?key=hunter2"),
        Fault(
            FILE,
            "source[0].address",
            "reads one account on a server of the fediverse",
            "https://social.example/…",
            'a hashtag: /tags/<tag>.rss, or the adapter of that network; your own account with relation = "own" '
            "and its handle in organisation.own_handles",
        ),
    ),
    (
        "secret in the file",
        changed("address =", 'token = "hunter2hunter2"\naddress ='),
        Fault(
            FILE,
            "source[0].token",
            "is a secret, and secrets do not stand in this file",
            "(secret)",
            'token_file = "<path>" here, or LISTENER_SOURCE__0__TOKEN in the environment',
        ),
    ),
    (
        "secret file that is not there",
        changed("address =", 'token_file = "gone"\naddress ='),
        Fault(
            FILE,
            "source[0].token_file",
            "cannot be read (No such file or directory)",
            None,
            "a file that holds the secret",
        ),
    ),
    (
        "token without a secret",
        added('[http]\n[[http.token]]\nname = "t"\nscopes = ["read"]'),
        Fault(
            FILE,
            "http.token[0].value",
            "is missing",
            None,
            'file = "<path>" here, or LISTENER_HTTP__TOKEN__0__VALUE in the environment',
        ),
    ),
]


@pytest.mark.parametrize(("change", "fault"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_one_mistake_is_one_whole_fault(
    change: Callable[[str], str], fault: Fault, base: str, faults: Callable[..., Any], tmp_path: Path
) -> None:
    """A single mistake is told once, with everything needed to mend it and nothing that is secret."""
    (tmp_path / "t").write_text("a" * 32)

    assert faults(change(base)) == (fault,)


def test_every_fault_is_told_at_once(base: str, faults: Callable[..., Any]) -> None:
    """Mistakes in five tables, in the environment and between tables come in one error."""
    text = (
        base.replace('"CA"', '"XX"')
        .replace('["Example Transit"]', '["@robin", "ok phrase"]')
        .replace('owner = "Transit customer service"\n', "")
        .replace('criterion = "Publishes about city services"\n', "")
        .replace("https://river.example/feed/", "https://x.com/robin")
    )

    found = faults(text + "[privacy]\nbackfill_days = -1\n", LISTENER_HTTP__PORT="-1")

    assert [(fault.file, fault.key) for fault in found] == [
        (FILE, "organisation.country"),
        (FILE, "watch[0].phrases[0]"),
        (FILE, "watch[0].owner"),
        (FILE, "privacy.backfill_days"),
        ("environment", "LISTENER_HTTP__PORT"),
        (FILE, "source[0].address"),
        (FILE, "source[0].criterion"),
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "[organisation]\nname == 1\n",
            Fault(FILE, "line 2", "is not TOML: invalid value", None, "TOML 1.0: https://toml.io/en/v1.0.0"),
        ),
        (
            'name = "x',
            Fault(
                FILE,
                "last line",
                "is not TOML: unterminated string",
                None,
                "TOML 1.0: https://toml.io/en/v1.0.0",
            ),
        ),
        (
            "[a]\n[a]\n",
            Fault(FILE, "line 2", "is not TOML", None, "TOML 1.0: https://toml.io/en/v1.0.0"),
        ),
        (
            f"x = {'9' * 5000}",
            Fault(FILE, "(whole file)", "is not TOML", None, "TOML 1.0: https://toml.io/en/v1.0.0"),
        ),
        (b"x = 1\ny = '\xff'\n", Fault(FILE, "line 2", "is not UTF-8 text")),
        ("x = " + "[" * 5000, Fault(FILE, "(whole file)", "nests too deeply to be read")),
    ],
)
def test_what_is_no_toml_is_one_fault_with_its_line(
    text: str | bytes, fault: Fault, faults: Callable[..., Any]
) -> None:
    """A file that cannot be parsed is told by line, without quoting it."""
    assert faults(text) == (fault,)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    """Where there is no configuration, the fault names the command that writes one."""
    with pytest.raises(ConfigError) as raised:
        load(tmp_path / "none.toml", environ={})

    assert raised.value.faults == (
        Fault(
            str(tmp_path / "none.toml"),
            "(whole file)",
            "cannot be read (No such file or directory)",
            allowed="a readable file; `listener init` writes a commented one",
        ),
    )


def test_a_mark_at_the_start_of_the_file_is_no_fault(base: str, loads: Callable[..., Any]) -> None:
    """Editors on Windows begin a file with a byte order mark."""
    assert loads(b"\xef\xbb\xbf" + base.encode()).sources[0].name == "river"
