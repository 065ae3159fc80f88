"""A home with WhatsApp channels."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import Any, Final

from aiohttp.test_utils import TestClient
from homeassistant.core import Context
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from PIL import Image
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import zxingcpp

from custom_components.smskit.const import DOMAIN
from tests import home
from tests.conftest import API_KEY, API_TOKEN
from tests.users import Login, log_in

# The entities of a channel with the label Office.
CONNECTED: Final = "binary_sensor.office_connected"
DEVICE_STATUS: Final = "sensor.office_device_status"
CONNECTED_SINCE: Final = "sensor.office_connected_since"
SUBSCRIPTION_END: Final = "sensor.office_subscription_end"
PAIRING_QR: Final = "image.office_pairing_qr_code"
RESET: Final = "button.office_reset"
CLEAR_QUEUE: Final = "button.office_clear_queue"
REFRESH_QR: Final = "button.office_refresh_qr_code"


type Deed = Callable[[Home], Awaitable[object]]


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


class Home(home.Home):
    """A home with channels, whose pictures are looked at."""

    def __init__(self, world: home.World, entry: MockConfigEntry) -> None:
        """Take hold of an account, set up or not."""
        super().__init__(world, entry)
        self._make_client = world.client
        self._client: TestClient[Any, Any] | None = None
        self._admin: Login | None = None

    # --- What a user does ------------------------------------------------------------

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

    async def look(self, login: Login | None = None) -> Served:
        """Fetch the only picture as an administrator, or as another user."""
        if login is None:
            self._admin = login = self._admin or await log_in(self.hass)
        (entity_id,) = self.hass.states.async_entity_ids("image")
        return await self.fetch(f"/api/image_proxy/{entity_id}", login.headers)

    async def look_by_token(self) -> Served:
        """Fetch the only picture by the address in its state, as built-in cards do."""
        (entity_id,) = self.hass.states.async_entity_ids("image")
        return await self.fetch(self.shown(entity_id).attributes["entity_picture"])

    async def fetch(
        self, address: str, headers: dict[str, str] | None = None
    ) -> Served:
        """Fetch a picture."""
        if self._client is None:
            self._client = await self._make_client()
        response = await self._client.get(
            address, headers={"Connection": "close", **(headers or {})}
        )
        assert response.status == HTTPStatus.OK
        served = Served(content_type=response.content_type, body=await response.read())
        await self.settle()
        return served

    # --- What a user sees ------------------------------------------------------------

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
        """The repair issues of the integration, by their translation key."""
        return {
            issue.translation_key or "": issue
            for (domain, _), issue in ir.async_get(self.hass).issues.items()
            if domain == DOMAIN and issue.active
        }

    # --- What the portal saw ---------------------------------------------------------

    def forget_requests(self) -> None:
        """Count requests afresh."""
        self.portal.requests.clear()


async def error_of(home: Home, deed: Deed) -> HomeAssistantError:
    """Return the error of what has to fail, however long it takes."""

    async def fail() -> HomeAssistantError:
        with pytest.raises(HomeAssistantError) as raised:
            await deed(home)
        return raised.value

    error = await home.until_done(home.hass.async_create_task(fail()))
    assert error.translation_domain == DOMAIN
    assert API_KEY not in str(error)
    assert API_TOKEN not in str(error)
    return error
