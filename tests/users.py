"""Users of Home Assistant who are logged in."""

from dataclasses import dataclass
from typing import Any, Final

from homeassistant.auth.const import GROUP_ID_ADMIN
from homeassistant.auth.models import RefreshToken, User
from homeassistant.auth.permissions import PermissionLookup
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from pytest_homeassistant_custom_component.common import CLIENT_ID, MockGroup

type Policy = dict[str, Any]

NOTHING: Final[Policy] = {"entities": {}}


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """A user who is logged in."""

    hass: HomeAssistant
    user: User
    session: RefreshToken

    @property
    def token(self) -> str:
        """Return an access token, which is valid for half an hour."""
        return self.hass.auth.async_create_access_token(self.session)

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of a request of the user."""
        return {"Authorization": f"Bearer {self.token}"}


async def log_in(
    hass: HomeAssistant, group_id: str = GROUP_ID_ADMIN, *, policy: Policy | None = None
) -> Login:
    """Log in a new user of a group, or of a new one with a policy."""
    if policy is not None:
        # Home Assistant has no way to make one.
        group = MockGroup().add_to_hass(hass)
        group.policy = policy
        group_id = group.id
    if not any(user.is_owner for user in await hass.auth.async_get_users()):
        # The first user owns Home Assistant, and may do everything.
        await hass.auth.async_create_user("Owner", group_ids=[GROUP_ID_ADMIN])
    user = await hass.auth.async_create_user("Somebody", group_ids=[group_id])
    # Tests skip the start in which Home Assistant tells its users of the registries.
    user.perm_lookup = PermissionLookup(er.async_get(hass), dr.async_get(hass))
    session = await hass.auth.async_create_refresh_token(user, CLIENT_ID)
    return Login(hass=hass, user=user, session=session)
