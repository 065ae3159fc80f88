"""Without TLS, credentials go to hosts of the own network only."""

import socket

import pytest

from custom_components.smskit.api import (
    Cause,
    NotReachableError,
    PortalClient,
    Traits,
    normalize_url,
)
from tests.portal import Account, Portal

# By range: what each of them is, and whether it is private beyond doubt.
PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.255.254",
    "::1",
    "fd00::1",
    "fc00::1",
    "::ffff:192.168.1.5",
]
OTHERS = {
    "public": "93.184.216.34",
    "beside a private range": "172.32.0.1",
    "of the provider": "100.64.0.1",
    "this network": "0.0.0.0",  # noqa: S104 - it is not listened to
    "of one link": "169.254.169.254",
    "documentation": "192.0.2.1",
    "benchmarks": "198.18.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "multicast": "224.0.0.1",
    "public, IPv6": "2606:4700::1111",
    "unspecified, IPv6": "::",
    "of one link, IPv6": "fe80::1",
    "with a zone": "fd00::1%eth0",
    "of one link, with a zone": "fe80::1%2",
    "of one site": "fec0::1",
    "mapped, public": "::ffff:8.8.8.8",
    "mapped, of the provider": "::ffff:100.64.0.1",
    "compatible, public": "::8.8.8.8",
    "compatible, private": "::192.168.1.5",
    "translated": "::ffff:0:192.168.1.5",
    "6to4 of a public one": "2002:808:808::1",
    "6to4 of a private one": "2002:c0a8:105::1",
    "Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "NAT64 of a public one": "64:ff9b::808:808",
    "NAT64 of a private one": "64:ff9b::c0a8:105",
    "NAT64 of the own network": "64:ff9b:1::c0a8:105",
    "ISATAP": "2606:4700::5efe:c0a8:105",
    "multicast, IPv6": "ff02::1",
}
# What some programs read as 127.0.0.1, 192.168.1.5, or 10.0.0.1.
SPELLINGS = [
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "192.168.261",
    "10.0.0.1.",
    "localhost.",
    "localhost.example.com",
    "portal.local",
    "192.168.1.5.nip.io",
    "portal",
]


def in_url(address: str) -> str:
    """Return an address as it stands in a URL."""
    return f"[{address.replace('%', '%25')}]" if ":" in address else address


@pytest.mark.parametrize("address", PRIVATE)
def test_private(address: str) -> None:
    """In the own network, a portal may be without TLS."""
    assert normalize_url(f"http://{in_url(address)}").startswith("http://")


@pytest.mark.parametrize(
    "host", [*map(in_url, OTHERS.values()), *SPELLINGS], ids=[*OTHERS, *SPELLINGS]
)
def test_not_private(host: str) -> None:
    """Nothing else may, whatever is embedded in it or behind its name."""
    with pytest.raises(ValueError, match=r"http is allowed|not appear to be"):
        normalize_url(f"http://{host}")


@pytest.mark.parametrize("by_get", [False, True])
@pytest.mark.parametrize("address", OTHERS.values(), ids=OTHERS)
async def test_connected_elsewhere(  # noqa: PLR0913, PLR0917 - fixtures
    client: PortalClient,
    portal: Portal,
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    by_get: bool,
) -> None:
    """A connection that leads out of the network is closed before anything is sent."""
    monkeypatch.setattr(socket.socket, "getpeername", lambda _: (address, 80))
    if by_get:
        client.traits = Traits(get_operations=frozenset({"balance"}))
    with pytest.raises(NotReachableError) as error:
        await client.balance()
    assert error.value.cause is Cause.NOT_PRIVATE
    assert portal.requests == []


async def test_rebinding(
    client: PortalClient,
    portal: Portal,
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each connection is judged by itself: a host that was private once may move."""
    await client.balance()
    monkeypatch.setattr(socket.socket, "getpeername", lambda _: ("93.184.216.34", 80))
    with pytest.raises(NotReachableError):
        await client.balance()
    monkeypatch.undo()
    await client.balance()
    assert len(portal.requests) == 2


async def test_unknown_peer(
    client: PortalClient,
    portal: Portal,
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A connection of which nobody knows where it leads is not used."""

    def unknown(_: socket.socket) -> None:
        raise OSError

    monkeypatch.setattr(socket.socket, "getpeername", unknown)
    with pytest.raises(NotReachableError):
        await client.balance()
    assert portal.requests == []
