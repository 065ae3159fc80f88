"""Recipients of messages, from subentries, notify entities and numbers."""

from collections.abc import Container, Iterable
from typing import Final

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.group import get_entity_ids
from homeassistant.util.signal_type import SignalTypeFormat

from .channels import device_channel_id
from .const import (
    CONF_CHANNEL,
    CONF_NUMBERS,
    CONF_SENDER,
    CONF_VIA,
    DOMAIN,
    SUBENTRY_RECIPIENT,
)
from .phone_number import (
    InvalidNumberError,
    current_form,
    lost_plus_readings,
    normalize_number,
)
from .sending import Recipient, Report, Via
from .settings import Settings
from .store import MessageLog


def subentry_recipients(
    hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry
) -> list[Recipient]:
    """Return the recipients of a subentry, whose numbers are already validated."""
    device_id = subentry.data.get(CONF_CHANNEL)
    return [
        Recipient(
            number=number,
            name=subentry.data[CONF_NAME],
            via=Via(subentry.data[CONF_VIA]),
            sender=subentry.data.get(CONF_SENDER),
            channel=device_id
            and (device_channel_id(hass, entry.entry_id, device_id) or device_id),
            subentry_ids=frozenset({subentry.subentry_id}),
        )
        for number in subentry.data[CONF_NUMBERS]
    ]


# Sent for an account after a recipient was added, changed or removed.
SIGNAL_RECIPIENTS: Final[SignalTypeFormat[()]] = SignalTypeFormat(
    f"{DOMAIN}_recipients_{{}}"
)
# Sent to the notify entity of a subentry after a message to it was accepted.
SIGNAL_NOTIFIED: Final[SignalTypeFormat[()]] = SignalTypeFormat(
    f"{DOMAIN}_notified_{{}}"
)


def recipient_identifier(entry_id: str, subentry_id: str) -> tuple[str, str]:
    """Return the device identifier of a recipient."""
    return (DOMAIN, f"{entry_id}_{subentry_id}")


@callback
def rename_devices(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Give the devices of recipients the names that the recipients have now."""
    registry = dr.async_get(hass)
    for subentry in entry.get_subentries_of_type(SUBENTRY_RECIPIENT):
        identifier = recipient_identifier(entry.entry_id, subentry.subentry_id)
        device = registry.async_get_device_by_identifier(identifier, entry.entry_id)
        if device is not None:
            registry.async_update_device(device.id, name=subentry.title)


def entity_recipients(
    hass: HomeAssistant, entry: ConfigEntry, entity_ids: Iterable[str]
) -> list[Recipient]:
    """Return the recipients of an account's notify entities, and of groups of them.

    Raises ServiceValidationError for any other entity.
    """
    registry = er.async_get(hass)
    recipients: list[Recipient] = []
    for entity_id in _expand_groups(hass, entity_ids):
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


def _expand_groups(hass: HomeAssistant, entity_ids: Iterable[str]) -> list[str]:
    """Return entities with groups replaced by their members, each of them once."""
    expanded: dict[str, None] = {}
    left = list(entity_ids)
    seen: set[str] = set()
    while left:
        entity_id = left.pop(0)
        if entity_id in seen:
            continue
        seen.add(entity_id)
        if members := get_entity_ids(hass, entity_id):
            left = [*members, *left]
        else:
            expanded[entity_id] = None
    return list(expanded)


@callback
def async_record_sent(
    hass: HomeAssistant, entity_ids: Iterable[str], report: Report
) -> None:
    """Notify the entities that a message was accepted for a number of."""
    taken = {outcome.number for outcome in report.outcomes if outcome.status.taken}
    registry = er.async_get(hass)
    for entity_id in _expand_groups(hass, entity_ids):
        entity = registry.async_get(entity_id)
        if entity is None or entity.config_entry_id is None:
            continue
        entry = hass.config_entries.async_get_entry(entity.config_entry_id)
        subentry_id = entity.config_subentry_id or ""
        subentry = entry.subentries.get(subentry_id) if entry else None
        if subentry is not None and not taken.isdisjoint(subentry.data[CONF_NUMBERS]):
            async_dispatcher_send(hass, SIGNAL_NOTIFIED.format(subentry_id))


async def async_known_numbers(
    entry: ConfigEntry,
    log: MessageLog,
    numbers: Iterable[int],
    country: str | None,
) -> set[str]:
    """Return which readings of integers that lost their `+` somebody is known by.

    Raises StoreError.
    """
    readings = [one for raw in numbers for one in lost_plus_readings(raw, country)]
    names = recipient_names(entry)
    known = {number for number in readings if current_form(number) in names}
    return known | await log.async_known(readings)


def number_recipients(
    numbers: Iterable[str | int], country: str | None, known: Container[str] = ()
) -> list[Recipient]:
    """Return numbers as recipients; an invalid number has its error set."""
    recipients = []
    for raw in numbers:
        try:
            recipient = Recipient(number=normalize_number(raw, country, known))
        except InvalidNumberError as err:
            recipient = Recipient(number=str(raw), error=str(err))
        recipients.append(recipient)
    return recipients


def recipient_names(entry: ConfigEntry) -> dict[str, str]:
    """Return recipient names by number, in its current form; the first has priority."""
    names: dict[str, str] = {}
    for subentry in entry.get_subentries_of_type(SUBENTRY_RECIPIENT):
        for number in subentry.data[CONF_NUMBERS]:
            names.setdefault(current_form(number), subentry.data[CONF_NAME])
    return names


def recipient_name(entry: ConfigEntry, number: str) -> str | None:
    """Return the name of the recipient that has a number.

    A sender that calls itself by that name, but has another number, has no name.
    """
    return recipient_names(entry).get(current_form(number))


def recipient_numbers(entry: ConfigEntry) -> dict[str, str]:
    """Return the numbers of recipients, by their current form."""
    numbers: dict[str, str] = {}
    for subentry in entry.get_subentries_of_type(SUBENTRY_RECIPIENT):
        for number in subentry.data[CONF_NUMBERS]:
            numbers.setdefault(current_form(number), number)
    return numbers


def is_trusted(entry: ConfigEntry, settings: Settings, number: str) -> bool:
    """Return whether a number is trusted: allowed, or by default any recipient's."""
    if settings.allowed_senders:
        return current_form(number) in map(current_form, settings.allowed_senders)
    return current_form(number) in recipient_names(entry)
