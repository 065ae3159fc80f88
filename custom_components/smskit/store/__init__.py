"""Files that have to be on disk before something happens."""

from typing import Any, override

from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers.storage import Store

from ..const import DOMAIN


class Journal(Store[dict[str, Any]]):
    """A store of an account that is written when it says so.

    Home Assistant's own puts writes off while it stops. What had left or fired by
    then would do so again after the next start.
    """

    def __init__(
        self, hass: HomeAssistant, entry_id: str, name: str, version: int = 1
    ) -> None:
        """Keep a file of that name; it is made up outside of the event loop."""
        super().__init__(
            hass,
            version,
            f"{DOMAIN}.{entry_id}.{name}",
            private=True,
            atomic_writes=True,
            serialize_in_event_loop=False,
        )

    @override
    async def async_save(self, data: dict[str, Any]) -> None:
        await super().async_save(data)
        if self.hass.state is CoreState.stopping:
            await self._async_handle_write_data()  # type: ignore[no-untyped-call] # the base has no types there


def outbox_journal(hass: HomeAssistant, entry_id: str) -> Journal:
    """Return the file of what goes out."""
    return Journal(hass, entry_id, "outbox")


def inbox_journal(hass: HomeAssistant, entry_id: str) -> Journal:
    """Return the file of what came in."""
    return Journal(hass, entry_id, "inbox")


def channels_journal(hass: HomeAssistant, entry_id: str) -> Journal:
    """Return the file of what is known of channels."""
    return Journal(hass, entry_id, "channels")


def sent_journal(hass: HomeAssistant, entry_id: str) -> Journal:
    """Return the file of what went out, to be shown."""
    return Journal(hass, entry_id, "sent")
