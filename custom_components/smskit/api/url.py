"""Normalization of portal URLs as users enter them."""

from typing import Final

from yarl import URL

from .private import is_private_host

ENDPOINT: Final = "smsAPI"


def normalize_url(address: str) -> str:
    """Return the portal's base URL, without `/smsAPI` and trailing slash.

    Accepts a bare host, a path, a trailing `/smsAPI` in any case, and a query. Raises
    ValueError for an invalid URL, one that contains a user name, or one that would
    send the credentials across the internet unencrypted.
    """
    address = address.strip()
    if any(char.isspace() for char in address):
        raise ValueError("whitespace in the URL")
    if "://" not in address:
        address = f"https://{address}"
    url = URL(address)
    if url.scheme not in {"http", "https"} or not url.host or url.user or url.password:
        raise ValueError("not a portal URL")
    if url.scheme == "http" and not is_private_host(url.host):
        raise ValueError("http is allowed for loopback and private addresses only")
    parts = [part for part in url.path.split("/") if part]
    if parts and parts[-1].lower() == ENDPOINT.lower():
        parts.pop()
    return str(url.origin().with_path("/" + "/".join(parts))).rstrip("/")


def candidate_urls(address: str) -> tuple[str, ...]:
    """Return the base URLs that an address may stand for, in the order to try them.

    An address of the own network without a scheme may be one without TLS. Any other
    address stands for one URL. Raises ValueError like `normalize_url`.
    """
    url = normalize_url(address)
    if "://" in address or not is_private_host(URL(url).host or ""):
        return (url,)
    return (url, normalize_url(f"http://{address.strip()}"))
