"""Who may be sent credentials without TLS: hosts of the own network, nobody else."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

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


# Every request asks, and for few addresses.
@lru_cache(maxsize=128)
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
