"""A home with WhatsApp channels: Home Assistant and the portal, on one clock."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from io import BytesIO
from typing import Any, Final

from aiohttp.test_utils import TestClient
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant, State
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from PIL import Image
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
import zxingcpp

from custom_components.smskit.const import DOMAIN
from tests.portal import Portal, RequestLog

# The entities of a channel with the label Office.
CONNECTED: Final = "binary_sensor.office_connected"
DEVICE_STATUS: Final = "sensor.office_device_status"
CONNECTED_SINCE: Final = "sensor.office_connected_since"
SUBSCRIPTION_END: Final = "sensor.office_subscription_end"
PAIRING_QR: Final = "image.office_pairing_qr_code"
RESET: Final = "button.office_reset"
CLEAR_QUEUE: Final = "button.office_clear_queue"
REFRESH_QR: Final = "button.office_refresh_qr_code"

# Everything is on one loop and loopback is quick: after so many turns nothing moves
# any more unless time does.
_TURNS: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """A picture as Home Assistant serves it."""

    content_type: str
    body: bytes

    @property
    def text(self) -> str:
        """What a picture of Home Assistant's own says."""
        assert self.content_type == "image/svg+xml"
        return self.body.decode()

    @property
    def code(self) -> str | None:
        """What a phone reads in it."""
        with Image.open(BytesIO(self.body)) as image:
            found = zxingcpp.read_barcodes(image.convert("L"))
        return found[0].text if found else None


class Home:
    """One account at the portal, used by its actions and seen by its entities.

    Time stands still, for the event loop too, unless it is moved.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        portal: Portal,
        freezer: FrozenDateTimeFactory,
        client: ClientSessionGenerator,
    ) -> None:
        """Take hold of an account that may be set up already."""
        self.hass = hass
        self.entry = entry
        self.portal = portal
        self.account = portal.accounts[0]
        self._freezer = freezer
        self._make_client = client
        self._client: TestClient[Any, Any] | None = None

    # --- Time ------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The time on the one clock."""
        return self.portal.state.now()

    async def turn(self) -> None:
        """Let happen what happens without time passing, answered or not."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    async def settle(self) -> None:
        """Let everything end that is under way and needs no time."""
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await self.hass.async_block_till_done(wait_background_tasks=True)

    def tick(self, seconds: float) -> None:
        """Move the clock, and let nothing happen yet."""
        self._freezer.tick(timedelta(seconds=seconds))

    async def advance(self, seconds: float, step: float = 0.5) -> None:
        """Let time pass in steps; the portal has to answer.

        What is polled is due within half a second after its interval.
        """
        left = seconds
        while left > 0:
            self.tick(min(step, left))
            left -= step
            await self.settle()

    async def advance_days(self, days: float) -> None:
        """Let days pass, of which the last minutes are polled as ever."""
        await self.advance(days * 86400 - 600, step=86400)
        await self.advance(600, step=300)

    async def pass_time(self, seconds: float, step: float = 0.5) -> None:
        """Let time pass in steps, also for what gets no answer meanwhile."""
        left = seconds
        while left > 0:
            await self.turn()
            self.tick(min(step, left))
            left -= step
        await self.turn()

    async def until_done[T](self, task: asyncio.Task[T], within: int = 60) -> T:
        """Return what a task returns, time passing as long as it takes."""
        for _ in range(within):
            await self.turn()
            if task.done():
                break
            self.tick(1)
        assert task.done(), f"not ended within {within} s"
        return await task

    # --- What a user does ------------------------------------------------------------

    async def set_up(self) -> None:
        """Set the account up."""
        assert await self.hass.config_entries.async_setup(self.entry.entry_id)
        await self.settle()

    async def reload(self) -> None:
        """Reload the account."""
        assert await self.hass.config_entries.async_reload(self.entry.entry_id)
        await self.settle()

    async def call(
        self, action: str, context: Context | None = None, **data: Any
    ) -> dict[str, Any]:
        """Call an action of the integration and return its response."""
        response: Any = await self.hass.services.async_call(
            DOMAIN, action, data, blocking=True, context=context, return_response=True
        )
        assert isinstance(response, dict)
        return response

    async def create(self, label: str = "Office") -> dict[str, Any]:
        """Create a channel and return what the action returned."""
        response = await self.call("create_channel", label=label, plan="pro")
        await self.settle()
        return response

    async def press(self, entity_id: str, context: Context | None = None) -> None:
        """Press a button."""
        await self.hass.services.async_call(
            "button", "press", {"entity_id": entity_id}, blocking=True, context=context
        )

    async def look(self) -> Served:
        """Fetch the only picture as a dashboard does, by the address in its state."""
        (entity_id,) = self.hass.states.async_entity_ids("image")
        address = self.shown(entity_id).attributes["entity_picture"]
        if self._client is None:
            self._client = await self._make_client()
        response = await self._client.get(address, headers={"Connection": "close"})
        assert response.status == HTTPStatus.OK
        served = Served(content_type=response.content_type, body=await response.read())
        await self.settle()
        return served

    # --- What a user sees ------------------------------------------------------------

    def shown(self, entity_id: str) -> State:
        """Return a state that has to be there."""
        state = self.hass.states.get(entity_id)
        assert state is not None, f"there is no {entity_id}"
        return state

    def state(self, entity_id: str) -> str | None:
        """Return what a state says, or none if it is not there."""
        state = self.hass.states.get(entity_id)
        return state.state if state else None

    @property
    def labels(self) -> list[str]:
        """The names of the channels' devices."""
        return sorted(
            device.name or ""
            for device in dr.async_entries_for_config_entry(
                dr.async_get(self.hass), self.entry.entry_id
            )
            if device.model == "WhatsApp channel"
        )

    def device_id(self, label: str = "Office") -> str:
        """Return the id of a channel's device."""
        (device_id,) = (
            device.id
            for device in dr.async_entries_for_config_entry(
                dr.async_get(self.hass), self.entry.entry_id
            )
            if device.name == label
        )
        return device_id

    @property
    def issues(self) -> dict[str, ir.IssueEntry]:
        """The repair issues of the integration, by what they tell of."""
        return {
            issue.translation_key or "": issue
            for (domain, _), issue in ir.async_get(self.hass).issues.items()
            if domain == DOMAIN and issue.active
        }

    # --- What the portal saw ---------------------------------------------------------

    def requests(self, *operations: str) -> list[RequestLog]:
        """Return the requests of operations."""
        return [r for r in self.portal.requests if r.operation in operations]

    def forget_requests(self) -> None:
        """Count requests afresh."""
        self.portal.requests.clear()
