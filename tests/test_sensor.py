"""The account's sensors: its balance and its inbox."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import (
    ATTR_DEVICE_CLASS,
    ATTR_UNIT_OF_MEASUREMENT,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    snapshot_platform,
)
from syrupy.assertion import SnapshotAssertion

from tests.home import settle
from tests.portal import Account, Portal
from tests.steps import pass_time, shown

BALANCE = "sensor.127_0_0_1_balance"
UNREAD = "sensor.127_0_0_1_unread_messages"
LAST = "sensor.127_0_0_1_last_message"
PHONE = "447700900123"
NOON = datetime(2026, 1, 31, 11, 0, tzinfo=UTC)


async def test_all(  # noqa: PLR0913, PLR0917 - fixtures
    hass: HomeAssistant,
    entry: MockConfigEntry,
    portal: Portal,
    account: Account,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    """Every sensor is as it was, with all it shows."""
    portal.receive(account, PHONE, "Hello", date=NOON, id="12")
    with patch("custom_components.smskit.PLATFORMS", [Platform.SENSOR]):
        assert await hass.config_entries.async_setup(entry.entry_id)
        await settle(hass)
    await snapshot_platform(hass, entity_registry, snapshot, entry.entry_id)


@pytest.mark.parametrize("options", [{"balance_unit": "EUR"}])
async def test_balance_in_a_currency(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """A balance in a currency is an amount of money under the same name."""
    state = shown(hass, BALANCE)
    assert state.state == "100"
    assert state.attributes[ATTR_DEVICE_CLASS] == SensorDeviceClass.MONETARY
    assert state.attributes[ATTR_UNIT_OF_MEASUREMENT] == "EUR"
    assert state.name == "127.0.0.1 Balance"


@pytest.mark.parametrize("amount", ["0", "-5.25", "1234.5067", "12345678901.5"])
async def test_balance_changes(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    account: Account,
    freezer: FrozenDateTimeFactory,
    amount: str,
) -> None:
    """The balance follows the portal within five minutes, digit by digit."""
    account.credits = Decimal(amount)
    await pass_time(hass, freezer, minutes=5.1)
    state = shown(hass, BALANCE)
    assert state.state == amount
    assert state.attributes[ATTR_UNIT_OF_MEASUREMENT] == "credits"


async def test_empty_inbox(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Without a message there is none to show."""
    assert shown(hass, UNREAD).state == "0"
    assert shown(hass, UNREAD).attributes["messages"] == []
    assert shown(hass, LAST).state == STATE_UNKNOWN
    assert "text" not in shown(hass, LAST).attributes


async def test_new_message(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    portal: Portal,
    account: Account,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A message is counted and shown at the next poll, and stays."""
    portal.receive(account, PHONE, "Hello", date=NOON, id="12")
    for _ in range(2):
        await pass_time(hass, freezer, minutes=1)
        assert shown(hass, UNREAD).state == "1"
        (message,) = shown(hass, UNREAD).attributes["messages"]
        expected = {
            "id": "12",
            "from": f"+{PHONE}",
            "to": f"+{account.number}",
            "text": "Hello",
            "read": False,
        }
        assert expected.items() <= message.items()
        assert datetime.fromisoformat(message["date"]) == NOON
        last = shown(hass, LAST)
        assert last.state == NOON.isoformat()
        attributes = ("id", "from", "to", "text")
        assert {key: last.attributes[key] for key in attributes} == {
            key: expected[key] for key in attributes
        }


async def test_newest_ten(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    portal: Portal,
    account: Account,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Of many messages the newest ten are shown, newest first; all are counted."""
    for minute in (*range(6, 12), *range(6)):
        date = NOON + timedelta(minutes=minute)
        portal.receive(account, PHONE, f"Text {minute}", date=date)
    await pass_time(hass, freezer, minutes=1)
    state = shown(hass, UNREAD)
    assert state.state == "12"
    texts = [message["text"] for message in state.attributes["messages"]]
    assert texts == [f"Text {minute}" for minute in range(11, 1, -1)]
    assert shown(hass, LAST).attributes["text"] == "Text 11"


@pytest.mark.parametrize(
    "sender", ["INFO", "My Bank", "12345", "SMS-Kit", "\u202eknaB"], ids=ascii
)
async def test_named_senders(  # noqa: PLR0913, PLR0917 - fixtures
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    portal: Portal,
    account: Account,
    freezer: FrozenDateTimeFactory,
    sender: str,
) -> None:
    """A sender that is no phone number is shown as it is."""
    portal.receive(account, sender, "Hello")
    await pass_time(hass, freezer, minutes=1)
    assert shown(hass, LAST).attributes["from"] == sender


@pytest.mark.parametrize(
    "text",
    [
        "👩‍👩‍👧‍👦 🇳🇬 👍🏽",
        "مرحبا, שלום \u202eabc\u202c",
        "long " * 400,
        "<script>alert(1)</script> <b>&amp;</b>",
        "{{ states('sensor.x') }} {% raw %} ${a} %s {0}",
        "a\x00b\x00",
        "one\ntwo\r\nthree\u2028four\tfive",
        "  blank at both ends\n",
        '"quoted" \\ \' {"status": "error", "message": "Invalid user"}',
        "",
    ],
    ids=range(10),
)
async def test_odd_texts(  # noqa: PLR0913, PLR0917 - fixtures
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    portal: Portal,
    account: Account,
    freezer: FrozenDateTimeFactory,
    text: str,
) -> None:
    """A text is shown whole, as it was written."""
    portal.receive(account, PHONE, text)
    await pass_time(hass, freezer, minutes=1)
    assert shown(hass, LAST).attributes["text"] == text
    (message,) = shown(hass, UNREAD).attributes["messages"]
    assert message["text"] == text


async def test_nothing_changed(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    portal: Portal,
    account: Account,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A poll that brings nothing new writes no state."""
    portal.receive(account, PHONE, "Hello")
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    await pass_time(hass, freezer, minutes=1)
    before = {entity: shown(hass, entity) for entity in (BALANCE, UNREAD, LAST)}
    reported = {entity: state.last_reported for entity, state in before.items()}
    portal.requests.clear()
    await pass_time(hass, freezer, minutes=5.1)
    assert {"balance", "getinbox"} <= {r.operation for r in portal.requests}
    after = {entity: shown(hass, entity).last_reported for entity in before}
    assert after == reported


class TestSummerTime:
    """A portal in Paris, where the clocks change."""

    @pytest.fixture
    async def portal(self, socket_enabled: None) -> AsyncGenerator[Portal]:
        """Return a portal whose times are those of Paris."""
        async with Portal(time_zone="Europe/Paris") as portal:
            yield portal

    @pytest.fixture
    def options(self) -> dict[str, Any]:
        """Return the options of an account there."""
        return {"time_zone": "Europe/Paris"}

    @pytest.mark.parametrize(
        "date",
        [
            datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC),
            datetime(2026, 3, 29, 1, 0, 0, tzinfo=UTC),
            datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC),
            datetime(2026, 10, 24, 23, 59, 59, tzinfo=UTC),
            datetime(2026, 10, 25, 2, 0, 0, tzinfo=UTC),
        ],
    )
    async def test_times(  # noqa: PLR0913, PLR0917 - fixtures
        self,
        hass: HomeAssistant,
        loaded: MockConfigEntry,
        portal: Portal,
        account: Account,
        freezer: FrozenDateTimeFactory,
        date: datetime,
    ) -> None:
        """A time on either side of a change is the same moment here."""
        portal.receive(account, PHONE, "Hello", date=date)
        await pass_time(hass, freezer, minutes=1)
        assert shown(hass, LAST).state == date.isoformat()
