"""Who may be sent credentials without TLS: hosts of the own network, nobody else."""

from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Final, override

import aiohttp

if TYPE_CHECKING:
    from aiohttp.connector import Connection

# Private beyond doubt. Addresses that lead to another one (6to4, Teredo, NAT64), those
# that a provider shares among its customers (100.64.0.0/10), those of one link, and
# reserved ones are not: somebody else may be behind them.
_PRIVATE: Final = tuple(
    map(
        ip_network,
        (
            "127.0.0.0/8",
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "::1/128",
            "fc00::/7",
        ),
    )
)


def is_private_host(host: str) -> bool:
    """Return whether a host is this machine, or a private address.

    A name other than localhost is not, whatever it ends with: only its resolution says
    where it leads to, today.
    """
    return host == "localhost" or is_private_address(host)


def is_private_address(text: str) -> bool:
    """Return whether a text is an address that only the own network can have."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        # The same address, in the notation of IPv6.
        address = address.ipv4_mapped or address
    return any(address in network for network in _PRIVATE)


class NotPrivateError(aiohttp.ClientError):
    """Nothing was sent: a connection without TLS leads out of the own network."""


class PortalRequest(aiohttp.ClientRequest):
    """A request that is sent without TLS only within the own network.

    What counts is the address at the other end of the connection in use, not what the
    host's name led to when it was entered, or leads to by the next look-up.
    """

    @override
    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        if not self.is_ssl():
            peer = conn.transport and conn.transport.get_extra_info("peername")
            if not peer or not is_private_address(peer[0]):
                raise NotPrivateError
        return await super().send(conn)
