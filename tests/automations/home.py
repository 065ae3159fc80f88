"""A home with automations."""

from dataclasses import dataclass
from typing import Any

from homeassistant.core import ServiceCall
from homeassistant.setup import async_setup_component

from tests.home import Home


@dataclass(frozen=True, slots=True)
class Run:
    """One run of an automation, by what it got of its trigger."""

    automation: str
    data: dict[str, Any]


class Automations:
    """Automations that note each run, and what they got."""

    def __init__(self, home: Home) -> None:
        """Register the action that notes."""
        self.home = home
        self.runs: list[Run] = []
        home.hass.services.async_register("test", "note", self._note)

    def _note(self, call: ServiceCall) -> None:
        data = dict(call.data)
        self.runs.append(Run(data.pop("automation"), data))

    async def add(
        self,
        *triggers: dict[str, Any],
        conditions: list[dict[str, Any]] | None = None,
        note: str = "message",
    ) -> None:
        """Set up an automation for each trigger, as YAML has them."""
        config = [
            {
                "id": f"number_{number}",
                "alias": f"Number {number}",
                "mode": "queued",
                "triggers": [trigger],
                "conditions": conditions or [],
                "actions": [
                    {
                        "action": "test.note",
                        "data": {
                            "automation": str(number),
                            note: f"{{{{ trigger.{note} | default(none) }}}}",
                        },
                    }
                ],
            }
            for number, trigger in enumerate(triggers)
        ]
        assert await async_setup_component(
            self.home.hass, "automation", {"automation": config}
        )
        await self.home.settle()
        assert len(self.home.hass.states.async_entity_ids("automation")) == len(config)
