"""Who a message goes to: the account's recipients, and numbers beside them."""

from collections.abc import Iterable

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .channel_coordinator import channel_identifier
from .const import CONF_CHANNEL, CONF_NUMBERS, CONF_SENDER, CONF_WAY, DOMAIN
from .coordinator import SmskitConfigEntry
from .outgoing import Recipient, Way
from .phone_number import normalise_number


def subentry_recipients(
    hass: HomeAssistant, entry: SmskitConfigEntry, subentry: ConfigSubentry
) -> list[Recipient]:
    """Return the numbers of a recipient; they were checked when it was saved."""
    device_id = subentry.data.get(CONF_CHANNEL)
    return [
        Recipient(
            number=number,
            name=subentry.data[CONF_NAME],
            way=Way(subentry.data[CONF_WAY]),
            sender=subentry.data.get(CONF_SENDER),
            channel=device_id and (channel_id(hass, entry, device_id) or device_id),
        )
        for number in subentry.data[CONF_NUMBERS]
    ]


def entity_recipients(
    hass: HomeAssistant, entry: SmskitConfigEntry, entity_ids: Iterable[str]
) -> list[Recipient]:
    """Return the numbers behind notify entities of an account.

    Raises ServiceValidationError for an entity that is none of them.
    """
    registry = er.async_get(hass)
    recipients: list[Recipient] = []
    for entity_id in entity_ids:
        entity = registry.async_get(entity_id)
        subentry = None
        if entity is not None and entity.config_entry_id == entry.entry_id:
            subentry = entry.subentries.get(entity.config_subentry_id or "")
        if subentry is None:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="not_a_recipient",
                translation_placeholders={"entity_id": entity_id},
            )
        recipients += subentry_recipients(hass, entry, subentry)
    return recipients


def channel_id(
    hass: HomeAssistant, entry: SmskitConfigEntry, device_id: str
) -> str | None:
    """Return the portal's id of the channel that a device of the account is."""
    device = dr.async_get(hass).async_get(device_id)
    for one in entry.runtime_data.channels.data:
        identifier = channel_identifier(entry.entry_id, one)
        if device is not None and identifier in device.identifiers:
            return one
    return None


def number_recipients(
    numbers: Iterable[str | int], country: str | None
) -> list[Recipient]:
    """Return numbers as recipients; one that cannot be a number carries its error."""
    recipients = []
    for raw in numbers:
        try:
            recipient = Recipient(number=normalise_number(raw, country))
        except ValueError as err:
            recipient = Recipient(number=str(raw), error=str(err))
        recipients.append(recipient)
    return recipients
