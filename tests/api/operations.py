"""The client's operations on an account that has something of everything."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import aiohttp

from custom_components.smskit.api import (
    ChannelIds,
    PortalClient,
    SendType,
    Submission,
    Traits,
)
from tests.conftest import API_KEY, API_TOKEN
from tests.portal import Channel, Portal

TEXT: Final = "The door is open"
NUMBER: Final = "12025550123"
OTHER_NUMBER: Final = "447700900123"


@dataclass(frozen=True)
class Scene:
    """A client, and what its account has at the portal."""

    portal: Portal
    client: PortalClient
    group_id: str
    channel: ChannelIds

    @property
    def sent(self) -> int:
        """How many requests of this client reached the portal."""
        return len(self.portal.requests)


def clock() -> datetime:
    """Return a time that stands still."""
    return datetime(2026, 1, 31, 11, 0, tzinfo=UTC)


def submission(text: str = TEXT, *to: str) -> Submission:
    """Return a text to two numbers, or to others."""
    numbers = to or (NUMBER, OTHER_NUMBER)
    return Submission(type=SendType.SMS, sender="HOME", to=numbers, text=text)


def ids(channel: Channel) -> ChannelIds:
    """Return what a channel at the portal is named by."""
    return ChannelIds(channel_id=channel.channel_id, gateway_id=channel.gateway_id)


async def scene(
    portal: Portal,
    session: aiohttp.ClientSession,
    *,
    full: bool = True,
    get_operations: tuple[str, ...] = (),
) -> Scene:
    """Return an account with messages and a channel, or with neither."""
    account = portal.add_account(api_key=API_KEY, api_token=API_TOKEN)
    client = PortalClient(
        session,
        portal.url,
        API_KEY,
        API_TOKEN,
        traits=Traits(get_operations=frozenset(get_operations)),
    )
    channel = portal.add_channel(account)
    portal.pair(channel)
    # What changes a channel is refused until the portal has shown it.
    await client.channel(ids(channel))
    accepted = await client.send(submission("Before"))
    if full:
        portal.receive(account, OTHER_NUMBER, "One")
        portal.receive(account, OTHER_NUMBER, "Two")
    else:
        portal.remove_channel(channel)
    portal.requests.clear()
    assert accepted.group_id is not None
    return Scene(portal, client, accepted.group_id, ids(channel))


OPERATIONS: Final[dict[str, Callable[[Scene], Awaitable[object]]]] = {
    "balance": lambda scene: scene.client.balance(),
    "getinbox": lambda scene: scene.client.inbox(unread=True),
    "sendsms": lambda scene: scene.client.send(submission()),
    "groupstatus": lambda scene: scene.client.group_status(scene.group_id),
    "listchannel": lambda scene: scene.client.channels(),
    "viewchannel": lambda scene: scene.client.channel(scene.channel),
    "createchannel": lambda scene: scene.client.create_channel("Home", "pro"),
    "clearqueue": lambda scene: scene.client.clear_queue(scene.channel),
    "resetchannel": lambda scene: scene.client.reset_channel(scene.channel),
    "deletechannel": lambda scene: scene.client.delete_channel(scene.channel),
}
