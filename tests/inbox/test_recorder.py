"""What the recorder keeps of messages: that something came, and not what it says."""

from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.components.recorder.db_schema import StateAttributes, States
from homeassistant.components.recorder.util import session_scope
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from tests.conftest import ANNA

from .home import PHONE, Home


@pytest.fixture(autouse=True)
def _custom_integrations(
    recorder_mock: Recorder, enable_custom_integrations: None
) -> None:
    """Have the recorder there before anything else."""


async def test_texts_and_numbers_are_not_recorded(
    hass: HomeAssistant, home: Home
) -> None:
    """States and times of the inbox's entities are recorded, no more of a message."""
    home.receive("The secret is swordfish", id="7712001")
    await home.poll()
    await home.call("send_message", numbers=[ANNA], message="Drop the anchor")
    await async_wait_recording_done(hass)

    def recorded() -> tuple[list[tuple[str | None, str]], str]:
        with session_scope(hass=hass, read_only=True) as session:
            states = [
                (row.state, str(row.attributes_id)) for row in session.query(States)
            ]
            attributes = [
                row.shared_attrs or "" for row in session.query(StateAttributes)
            ]
        return states, "\n".join(attributes)

    states, attributes = await get_instance(hass).async_add_executor_job(recorded)
    values = [value for value, _ in states]
    for platform, key in (
        ("event", "message_received"),
        ("event", "message_status"),
        ("sensor", "last_message"),
    ):
        assert home.shown(home.entity(platform, key)).state in values
    # What is no secret is there: the attributes were recorded at all.
    assert '"backlog":false' in attributes
    assert '"trusted":true' in attributes
    assert '"reason_code":null' in attributes
    secrets = ("swordfish", "anchor", PHONE, ANNA[1:], home.account.number, "7712001")
    for secret in (*secrets, '"name":', '"group_id":'):
        assert secret not in attributes
        assert not any(secret in (value or "") for value in values)
