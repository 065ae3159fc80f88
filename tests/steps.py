"""What tests of a running account do and see again and again."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, State
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from tests.home import settle


def assert_state(entry: ConfigEntry, state: ConfigEntryState) -> None:
    """Fail unless an entry has come as far as this."""
    assert entry.state is state


def shown(hass: HomeAssistant, entity_id: str) -> State:
    """Return a state that has to be there."""
    state = hass.states.get(entity_id)
    assert state is not None
    return state


async def pass_time(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, *, minutes: float
) -> None:
    """Let time pass, and what it brings happen."""
    freezer.tick(timedelta(minutes=minutes))
    async_fire_time_changed(hass)
    await settle(hass)
