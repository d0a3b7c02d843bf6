"""What may be connected to, and how an address is read."""

from __future__ import annotations

import socket
from ipaddress import ip_network

import pytest

from listener.adapter import Reach
from listener.errors import RequestRefused
from listener.hear.guard import AddressRefused, Guard, may_connect, parse, socket_factory

REFUSED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:8.8.8.8",
    "::ffff:0:8.8.8.8",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:1ff::1",
    "2001:db8::1",
    "2002:808:808::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "8000::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "not-an-address",
    "127.1",
    "2130706433",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "192.167.255.255",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2606:4700::1111",
    "2a00:1450:4001::1",
    "2003::1",
]


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    """Every special-purpose block at its edges, and IPv4 in every disguise."""
    assert not may_connect(address, ())


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_not_refused(address: str) -> None:
    """Neighbours of the refused blocks included."""
    assert may_connect(address, ())


def test_an_operator_may_allow_a_network_and_nothing_beside_it() -> None:
    """Its own addresses, not those that only stand for them."""
    allow = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    told = {
        address: may_connect(address, allow)
        for address in ("10.1.2.3", "fd00::1", "10.2.0.1", "::ffff:10.1.2.3")
    }

    assert told == {"10.1.2.3": True, "fd00::1": True, "10.2.0.1": False, "::ffff:10.1.2.3": False}


def test_the_socket_factory_makes_only_sockets_that_may_connect() -> None:
    """Internet families only; a refusal says nothing of the address."""
    make = socket_factory([ip_network("127.0.0.0/8")])
    with make((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))) as made:
        family = made.family
    for info in (
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 80)),
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 80, 0, 0)),
        (socket.AF_UNIX, socket.SOCK_STREAM, 0, "", ("127.0.0.1",)),
    ):
        with pytest.raises(AddressRefused) as raised:
            make(info)
        assert str(raised.value) == "the address is private, reserved, or an IPv4 address in disguise"

    assert family == socket.AF_INET


@pytest.mark.parametrize(
    ("address", "sent", "host", "path"),
    [
        ("http://Blog.Example/a", "http://Blog.Example/a", "blog.example", "/a"),
        ("http://blog.example.:8080/a#b", "http://blog.example.:8080/a", "blog.example", "/a"),
        ("HTTPS://blog.example", "https://blog.example", "blog.example", "/"),
        ("http://blog.example?a=/x", "http://blog.example/?a=/x", "blog.example", "/"),
        (
            "http://münchen.example/ä",
            "http://xn--mnchen-3ya.example/%C3%A4",
            "xn--mnchen-3ya.example",
            "/%C3%A4",
        ),
        ("http://[2606:4700::1]/a..b/...", "http://[2606:4700::1]/a..b/...", "2606:4700::1", "/a..b/..."),
    ],
)
def test_an_address_is_read_as_it_is_sent(address: str, sent: str, host: str, path: str) -> None:
    """Host folded for comparing; path and query untouched; the fragment stays here."""
    target = parse(address, source="blog")

    assert (str(target.url), target.host, target.path) == (sent, host, path)
    assert repr(target) == f"Target(host='{host}')"


@pytest.mark.parametrize(
    "host", ["a b", "a,b", "a<b>", "", "%31", "a\u2028b", ".", "[fe80::1%25eth0]", "[::1", "a'b"]
)
def test_a_host_that_could_not_exist_is_refused(host: str) -> None:
    """Names, IDNA-encoded, and IP addresses; nothing that two parsers could read in two ways."""
    with pytest.raises(RequestRefused):
        parse(f"http://{host}/", source="blog")


def test_a_reach_is_host_and_whole_path() -> None:
    """A pattern that matches only a part of the path lets nothing through; the query is free."""
    guard = Guard(
        "network", (Reach("api.example", r"/tag/[a-z]+"), Reach("api.example", "/me"), Reach("b.example"))
    )
    allowed = [
        "https://api.example/tag/yyc?since=/../x",
        "http://api.example/me",
        "https://b.example:8443/any/path",
    ]
    refused = [
        "https://api.example/tag/yyc/x",
        "https://api.example/x/tag/yyc",
        "https://api.example/tag/YYC",
    ]
    reaches = [guard.first(address)[1] for address in allowed]
    for address in refused:
        with pytest.raises(RequestRefused, match="network: the address is outside"):
            guard.first(address)

    assert reaches == [Reach("api.example", r"/tag/[a-z]+"), Reach("api.example", "/me"), Reach("b.example")]
