"""What is under way between Home Assistant and a server on loopback.

Loopback is quick, but not at once on a busy machine: whoever moves the clock on while
an answer is still on the wire makes a request time out that was answered.
"""

from typing import Any, Final
from weakref import WeakSet

import aiohttp

_CONNECTORS: Final[WeakSet[aiohttp.TCPConnector]] = WeakSet()
_init: Final = aiohttp.TCPConnector.__init__


def _noted(self: aiohttp.TCPConnector, *args: Any, **kwargs: Any) -> None:
    _init(self, *args, **kwargs)
    _CONNECTORS.add(self)


aiohttp.TCPConnector.__init__ = _noted  # type: ignore[method-assign]


def requests_under_way(port: int) -> int:
    """Return how many requests to a port are not fully answered."""
    return sum(
        _peer_port(connection) in {port, None}
        for connector in _CONNECTORS
        for connection in connector._acquired  # noqa: SLF001 - there is no other way to see
    )


def _peer_port(connection: Any) -> int | None:
    """Return the port at the other end; none while it is being connected."""
    transport = connection.transport
    peer = None if transport is None else transport.get_extra_info("peername")
    return None if peer is None else peer[1]
