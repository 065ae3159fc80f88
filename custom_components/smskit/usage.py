"""Which automations and scripts use something."""

from collections.abc import Iterable, Iterator, Mapping
import re
from typing import Any, Final

from homeassistant.components import automation, script
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

# What people call an automation, or note about it, makes it do nothing.
_NOTES: Final = frozenset({"alias", "description"})


def users_of(hass: HomeAssistant, ids: Iterable[str]) -> dict[str, str]:
    """Return the automations and scripts that have one of these IDs in them.

    Their entity IDs, each with its name, which links to where it is edited. Home
    Assistant's own search knows the targets of actions, and no other fields.
    """
    wanted = "|".join(re.escape(one) for one in ids)
    if not wanted:
        return {}
    pattern = re.compile(rf"(?<!\w)(?:{wanted})(?!\w)")
    registry = er.async_get(hass)
    found: dict[str, str] = {}
    for domain, component in (
        (automation.DOMAIN, hass.data.get(automation.DATA_COMPONENT)),
        (script.DOMAIN, hass.data.get(script.DOMAIN)),
    ):
        for entity in component.entities if component else ():
            config = entity.raw_config or {}
            used = {key: value for key, value in config.items() if key not in _NOTES}
            if any(pattern.search(text) for text in _texts(used)):
                registered = registry.async_get(entity.entity_id)
                name = str(entity.name or entity.entity_id)
                found[entity.entity_id] = (
                    f"[{name}](/config/{domain}/edit/{registered.unique_id})"
                    if registered
                    else name
                )
    return found


def _texts(value: Any) -> Iterator[str]:
    """Yield every text of a configuration."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
