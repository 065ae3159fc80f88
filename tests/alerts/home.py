"""A home that raises alerts."""

from typing import Any, Final

from homeassistant.core import State
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.const import DOMAIN
from tests import home
from tests.conftest import ANNA, BORIS, CARLA
from tests.sending.home import Home as SendingHome

MESSAGE: Final = "Smoke in the kitchen!"
# Anna is a recipient, Carla is a number; each is waited for for two minutes.
STEPS: Final[list[dict[str, Any]]] = [
    {"recipients": ["notify.anna"], "wait": 120},
    {"numbers": [CARLA], "wait": 120},
]
__all__ = ["ANNA", "BORIS", "CARLA", "MESSAGE", "STEPS", "Home"]


class Home(SendingHome):
    """A home that raises alerts, and notes what is reported of them."""

    def __init__(self, world: home.World, entry: MockConfigEntry) -> None:
        """Note each event of the account's `alert`."""
        super().__init__(world, entry)
        self.alert_events: list[dict[str, Any]] = []
        self.on_event(self.entity("event", "alert"), self._note_alert)

    def _note_alert(self, state: State) -> None:
        self.alert_events.append(dict(state.attributes))

    # --- What people do --------------------------------------------------------------

    async def alert(self, **data: Any) -> str:
        """Raise an alert; return its ID once the first ones were asked."""
        data = {"message": MESSAGE, "steps": STEPS, **data}
        response = await self.until_done(self.call("alert", **data))
        await self.settle()
        alert_id: str = response["alert_id"]
        return alert_id

    async def answer(self, text: str, sender: str, **fields: Any) -> None:
        """Have somebody send a message, and look at the inbox."""
        self.portal.receive(self.account, sender.removeprefix("+"), text, **fields)
        await self.advance(31)

    # --- What they see ---------------------------------------------------------------

    @property
    def asked(self) -> list[str]:
        """Who got the message of an alert, in order."""
        return [f"+{one.to}" for one in self.portal.ledger if one.text == MESSAGE]

    def told(self, text: str) -> list[str]:
        """Return who got another text."""
        return sorted(f"+{one.to}" for one in self.portal.ledger if one.text == text)

    @property
    def alert_types(self) -> list[str]:
        """The type of every event, in order."""
        return [event["event_type"] for event in self.alert_events]

    @property
    def open_alerts(self) -> list[dict[str, Any]]:
        """The open alerts, as the sensor shows them."""
        state = self.shown(self.entity("sensor", "open_alerts"))
        alerts: list[dict[str, Any]] = state.attributes["alerts"]
        assert int(state.state) == len(alerts)
        return alerts

    @property
    def alert_issues(self) -> list[str]:
        """The alerts that nobody acknowledged, by their issues."""
        return [
            str(issue.data["alert"])
            for (domain, _), issue in ir.async_get(self.hass).issues.items()
            if domain == DOMAIN
            and issue.translation_key == "alert_exhausted"
            and issue.data is not None
        ]
