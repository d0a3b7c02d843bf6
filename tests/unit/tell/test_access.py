"""
Who may ask for what: every door, token and scope against every operation, on the verdict.
"""

from __future__ import annotations

import hashlib

import pytest

from listener.tell.api.access import (
    FOREIGN_PAGE,
    NEEDS_TOKEN,
    SCOPES,
    UNKNOWN_TOKEN,
    WRONG_HOST,
    Access,
    Door,
    Refused,
    Scope,
    Token,
    bind_door,
    refusal,
)

SECRETS = {scope: f"token-for-{scope}-0123456789" for scope in SCOPES}
TOKENS = tuple(
    Token(scope, hashlib.sha256(secret.encode()).hexdigest(), frozenset({scope}))
    for scope, secret in SECRETS.items()
)
HOME = {"host": "127.0.0.1:8080"}


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


@pytest.mark.parametrize("scope", [None, *SCOPES])
@pytest.mark.parametrize("sent", [None, *SCOPES])
@pytest.mark.parametrize("door", ["loopback", "network", "socket"])
def test_matrix(door: Door, sent: Scope | None, scope: Scope | None) -> None:
    """
    The socket may everything; loopback reads freely; everything else needs a token of exactly the right scope.
    """
    headers = HOME | (bearer(SECRETS[sent]) if sent else {})

    found = refusal(Access(door=door, tokens=TOKENS), headers, scope=scope, changes=scope == "operate")

    expected: Refused | None
    if door == "socket" or scope is None or (door == "loopback" and scope != "operate"):
        expected = None
    elif sent is None:
        expected = NEEDS_TOKEN
    elif sent != scope:
        expected = Refused(403, "scope-missing", f"This token does not have the scope {scope}.")
    else:
        expected = None
    assert expected == found


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.8.9.1:8080",
        "localhost",
        "LOCALHOST:80",
        "listener.localhost:8080",
        "localhost.",
        "[::1]",
        "[::1]:8080",
    ],
)
def test_loopback_names(host: str) -> None:
    """
    Every name that can only mean this machine is answered.
    """
    assert refusal(Access(door="loopback"), {"host": host}, scope="read", changes=False) is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil.example:127.0.0.1",
        "[::1",
        "[::1]evil.example",
        "127.0.0.1, evil.example",
        "127.0.0.1@evil.example",
        "10.0.0.1",
        "0.0.0.0",
    ],
)
def test_rebound_names(host: str) -> None:
    """
    A name that a page on the web could have pointed at this machine is refused, token or not, on every operation.
    """
    for scope in (None, *SCOPES):
        found = refusal(
            Access(door="loopback", tokens=TOKENS),
            {"host": host} | bearer(SECRETS["read"]),
            scope=scope,
            changes=False,
        )

        assert found == WRONG_HOST


@pytest.mark.parametrize("host", ["city.example", "CITY.example", "city.example:8443", "town.example:81"])
def test_allowed_name_was_forwarded(host: str) -> None:
    """
    A configured name reaches a loopback door through a proxy, so it is answered with a token only.
    """
    access = Access(door="loopback", tokens=TOKENS, hosts=frozenset({"City.example", "town.example:81"}))

    assert refusal(access, {"host": host}, scope="read", changes=False) == NEEDS_TOKEN
    assert refusal(access, {"host": host} | bearer(SECRETS["read"]), scope="read", changes=False) is None


@pytest.mark.parametrize("header", ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"])
def test_forwarded_request(header: str) -> None:
    """
    A proxy that rewrites the host name does not open reading to the world.
    """
    found = refusal(Access(door="loopback"), HOME | {header: "x"}, scope="read", changes=False)

    assert found == NEEDS_TOKEN


def test_network_with_names() -> None:
    """
    Where names are configured, a network door answers under those and loopback's only.
    """
    access = Access(door="network", tokens=TOKENS, hosts=frozenset({"city.example"}))
    token = bearer(SECRETS["read"])

    assert refusal(access, {"host": "city.example"} | token, scope="read", changes=False) is None
    assert refusal(access, {"host": "localhost"} | token, scope="read", changes=False) is None
    assert refusal(access, {"host": "other.example"} | token, scope="read", changes=False) == WRONG_HOST


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"origin": "http://127.0.0.1:8080"}, False),
        ({"origin": "http://127.0.0.1:8081"}, True),
        ({"origin": "https://evil.example"}, True),
        ({"origin": "null"}, True),
        ({"origin": ""}, True),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
    ],
)
def test_foreign_page(headers: dict[str, str], refused: bool) -> None:
    """
    A page of another origin cannot change anything, even with a token.
    """
    found = refusal(
        Access(door="loopback", tokens=TOKENS),
        HOME | bearer(SECRETS["operate"]) | headers,
        scope="operate",
        changes=True,
    )

    assert found == (FOREIGN_PAGE if refused else None)


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        ("", NEEDS_TOKEN),
        ("Bearer", UNKNOWN_TOKEN),
        ("Bearer ", UNKNOWN_TOKEN),
        ("Basic dXNlcjpwYXNz", NEEDS_TOKEN),
        ("bearer " + SECRETS["read"], None),
        ("Bearer  " + SECRETS["read"] + " ", None),
        ("Bearer " + SECRETS["read"] + "x", UNKNOWN_TOKEN),
        ("Bearer " + SECRETS["read"].upper(), UNKNOWN_TOKEN),
        ("Bearer " + TOKENS[0].sha256, UNKNOWN_TOKEN),
        ("Bearer \udcff", UNKNOWN_TOKEN),
        (SECRETS["read"], NEEDS_TOKEN),
    ],
)
def test_token_forms(authorization: str, expected: Refused | None) -> None:
    """
    Only the token itself opens: not its digest, not another case, not another scheme.
    """
    access = Access(door="network", tokens=TOKENS)

    found = refusal(access, HOME | {"authorization": authorization}, scope="read", changes=False)

    assert expected == found


@pytest.mark.parametrize(
    ("host", "door"),
    [
        ("127.0.0.1", "loopback"),
        ("::1", "loopback"),
        ("[::1]", "loopback"),
        ("localhost", "loopback"),
        ("0.0.0.0", "network"),
        ("::", "network"),
        ("", "network"),
        ("10.1.2.3", "network"),
        ("city.example", "network"),
    ],
)
def test_bind_door(host: str, door: Door) -> None:
    """
    Only an address that nothing but this machine reaches is a loopback door.
    """
    assert bind_door(host) == door


def test_token_tells_nothing() -> None:
    """
    A token prints as its name.
    """
    assert repr(TOKENS[0]) == "Token('read')"
    assert TOKENS[0].sha256 not in repr(Access(door="network", tokens=TOKENS))
