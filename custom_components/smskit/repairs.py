"""Repair flows of the SMSKit integration."""

from abc import abstractmethod
from datetime import timezone
from typing import Any, override

from homeassistant.components.repairs import (
    ConfirmRepairFlow,
    RepairsFlow,
    RepairsFlowResult,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_TIME_ZONE
from homeassistant.core import HomeAssistant
import voluptuous as vol

from .api import Connection, PortalError
from .coordinator import SmskitConfigEntry
from .services import async_reset


async def async_create_fix_flow(
    hass: HomeAssistant,
    issue_id: str,
    data: dict[str, str | int | float | None] | None,
) -> RepairsFlow:
    """Create the repair flow of an issue: a lost channel, a wrong option, an alert."""
    if data is not None and "alert" in data:
        return ConfirmRepairFlow()
    if data is not None and "channel_id" in data:
        return ChannelLostFlow()
    return WrongTimeZoneFlow()


class AccountRepairFlow(RepairsFlow):
    """Base of the repair flows of a loaded account, which have one step."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Handle the first step of the flow."""
        return await self.async_step_confirm()

    @abstractmethod
    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask for confirmation, then repair."""

    @property
    def _entry(self) -> SmskitConfigEntry | None:
        """Return the account of the issue, None while it is not loaded."""
        entry: SmskitConfigEntry | None = self.hass.config_entries.async_get_entry(
            str((self.data or {})["entry_id"])
        )
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return None
        return entry


class WrongTimeZoneFlow(AccountRepairFlow):
    """Repair flow that removes a time zone which the portal's own times contradict."""

    @override
    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask for confirmation, then go by the portal's clock."""
        if (entry := self._entry) is None:
            return self.async_abort(reason="not_loaded")
        offset = entry.runtime_data.clock.contradiction
        if offset is None:
            # Settled while the form was open: nothing is left to change.
            return self.async_create_entry(data={})
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                data_schema=vol.Schema({}),
                description_placeholders={
                    "zone": entry.options[CONF_TIME_ZONE],
                    "offset": str(timezone(offset)),
                },
            )
        options = {k: v for k, v in entry.options.items() if k != CONF_TIME_ZONE}
        self.hass.config_entries.async_update_entry(entry, options=options)
        return self.async_create_entry(data={})


class ChannelLostFlow(AccountRepairFlow):
    """Repair flow that resets a lost channel, so that it can be paired again."""

    @override
    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask for confirmation, then reset the channel."""
        if (entry := self._entry) is None:
            return self.async_abort(reason="not_loaded")
        channel_id = str((self.data or {})["channel_id"])
        state = entry.runtime_data.channels.data.get(channel_id)
        if state is None:
            return self.async_abort(reason="not_loaded")
        if state.connection is Connection.EXPIRED:
            return self.async_abort(reason="expired")
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                data_schema=vol.Schema({}),
                description_placeholders={"channel": state.channel.label or channel_id},
            )
        try:
            await async_reset(entry, channel_id)
        except PortalError:
            return self.async_abort(reason="reset_failed")
        return self.async_create_entry(data={})
