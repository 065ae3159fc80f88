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


def is_under_way(port: int, paused: set[int]) -> bool:
    """Return whether a request to a port will be answered without time passing.

    `paused` are the ports at this end of those that will not.
    """
    return any(
        _ends(connection)[1] in {port, None} and _ends(connection)[0] not in paused
        for connector in _CONNECTORS
        for connection in connector._acquired  # noqa: SLF001 - nobody else knows them
    )


def _ends(connection: Any) -> tuple[int | None, int | None]:
    """Return the ports at both ends; none while it is being connected."""
    transport = connection.transport
    if transport is None or (there := transport.get_extra_info("peername")) is None:
        return None, None
    return transport.get_extra_info("sockname")[1], there[1]
