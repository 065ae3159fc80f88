"""The address of a portal, from whatever a person pastes."""

from ipaddress import ip_address
from typing import Final

from yarl import URL

ENDPOINT: Final = "smsAPI"


def normalize_url(address: str) -> str:
    """Return the portal's base address, without `/smsAPI` and trailing slash.

    A bare host, a path, a trailing `/smsAPI` in any case and a query are understood.
    Raises ValueError for an address that is none, that carries a user name, or that
    would send credentials across the internet in clear.
    """
    address = address.strip()
    if any(char.isspace() for char in address):
        raise ValueError("white space in an address")
    if "://" not in address:
        address = f"https://{address}"
    url = URL(address)
    if url.scheme not in {"http", "https"} or not url.host or url.user or url.password:
        raise ValueError("not the address of a portal")
    if url.scheme == "http" and not _is_near(url.host):
        raise ValueError("http is for loopback and private addresses only")
    parts = [part for part in url.path.split("/") if part]
    if parts and parts[-1].lower() == ENDPOINT.lower():
        parts.pop()
    return str(url.origin().with_path("/" + "/".join(parts))).rstrip("/")


def _is_near(host: str) -> bool:
    """Whether a host is this machine or on a private network."""
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_private or address.is_loopback
