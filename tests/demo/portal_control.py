"""The portal of the demo: its process, and its control interface."""

import asyncio
from pathlib import Path
import sys
from typing import Any, Final, Self

import aiohttp

from .processes import Program

# An hour from Home Assistant's zone, which is all that it can assume at first.
PORTAL_ZONE: Final = "America/Chicago"
# A minute, as at real portals, is too long to watch. What is sent is done before Home
# Assistant asks for it.
CRON_INTERVAL: Final = 3
# A portal as real ones are.
REALISTIC: Final = (
    *("--spelling", "handwritten"),
    *("--processing", "cron", "--cron-interval", str(CRON_INTERVAL)),
    *("--time-zone", PORTAL_ZONE),
)
# One that sends on its own, whatever it is otherwise.
_PROMPT: Final = ("--deliver-after", "3")

_START_TIMEOUT = 20


class DemoPortal:
    """A portal in a process of its own."""

    def __init__(self, program: Program, url: str, control_url: str) -> None:
        """Hold a portal that runs."""
        self.program = program
        self.url = url
        self.control_url = control_url

    @classmethod
    async def start(
        cls, folder: Path, *habits: str, api_key: str, api_token: str
    ) -> Self:
        """Start a portal on free ports; its log and its ledger go into the folder.

        `habits` are what makes it a certain portal, as on the command line.
        """
        program = await Program.start(
            sys.executable,
            *("-m", "tests.portal"),
            *("--port", "0", "--control-port", "0"),
            *(habits or _PROMPT),
            *("--api-key", api_key, "--api-token", api_token),
            *("--ledger", str(folder / "ledger.jsonl")),
            log=folder / "portal.log",
            # Its last line has the credentials, which are to stand in no file.
            reads_output=True,
        )
        try:
            async with asyncio.timeout(_START_TIMEOUT):
                addresses = await _addresses(program)
        except BaseException:
            await program.stop()
            raise
        return cls(program, addresses["portal"], addresses["control"])

    async def get(self, what: str) -> dict[str, Any]:
        """Ask the control interface: `ledger`, `requests` or `state`."""
        return await self._request("GET", what)

    async def tell(self, what: str, **body: Any) -> dict[str, Any]:
        """Tell the control interface: `inbound`, `deliver`, `refuse`, and so on."""
        return await self._request("POST", what, body)

    async def untell(self, what: str) -> dict[str, Any]:
        """Take back: `faults`, `channels/{id}`."""
        return await self._request("DELETE", what)

    async def ledger(self) -> list[dict[str, Any]]:
        """Return every message to every recipient that was billed, in order."""
        ledger: list[dict[str, Any]] = (await self.get("ledger"))["ledger"]
        return ledger

    async def _request(
        self, method: str, what: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        address = f"{self.control_url}/control/{what}"
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, address, json=body) as response,
        ):
            answer: dict[str, Any] = await response.json()
            if response.status != 200:
                raise RuntimeError(f"the portal's control interface: {answer}")
            return answer


async def _addresses(program: Program) -> dict[str, str]:
    """Read what the portal prints when it has started."""
    addresses: dict[str, str] = {}
    while "account" not in addresses:
        if not (line := await program.line()):
            raise RuntimeError("the portal did not start")
        name, _, value = line.partition(": ")
        addresses[name] = value
    return addresses
