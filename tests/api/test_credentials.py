"""What the client believes of its credentials."""

from typing import Final

import aiohttp
import pytest

from custom_components.smskit.api import InvalidAuthError, PortalError, RefusedError
from tests.portal import Portal

from .operations import OPERATIONS, scene, submission

CALLS: Final = OPERATIONS | {
    "scanqr": lambda scene: scene.client.scan_qr(scene.channel)
}
OTHERS: Final = sorted(CALLS.keys() - {"balance"})
WORDS: Final = ("Invalid user", "WhatsApp not logged in", "API access disabled")


@pytest.mark.parametrize("operation", OTHERS)
@pytest.mark.parametrize("words", WORDS)
async def test_only_the_balance_tells(
    operation: str, words: str, session: aiohttp.ClientSession
) -> None:
    """A refusal with such words is one of what was asked for."""
    async with Portal() as portal:
        there = await scene(portal, session)
        portal.fail("refused_error", operation, text=words)
        portal.requests.clear()
        with pytest.raises(RefusedError) as error:
            await CALLS[operation](there)
        assert type(error.value) is RefusedError
        assert error.value.reason == words
        assert [r.operation for r in portal.requests] == [operation, "balance"]
        assert not there.client.credentials.are_doubted


@pytest.mark.parametrize("operation", OTHERS)
async def test_the_balance_confirms(
    operation: str, session: aiohttp.ClientSession
) -> None:
    """What the balance is refused for, too, is about the credentials."""
    async with Portal() as portal:
        there = await scene(portal, session)
        portal.fail("refused_error", text="API access disabled")
        with pytest.raises(InvalidAuthError, match="API access disabled"):
            await CALLS[operation](there)
        assert there.client.credentials.are_doubted
        assert not there.client.credentials.are_refused


@pytest.mark.parametrize("operation", OTHERS)
@pytest.mark.parametrize("fault", ["html_page", "reset", "empty_body", "refused_error"])
async def test_the_balance_does_not_tell(
    operation: str, fault: str, session: aiohttp.ClientSession
) -> None:
    """Without an answer about the credentials, they are not doubted."""
    async with Portal() as portal:
        there = await scene(portal, session)
        portal.fail("refused_error", operation, text="Unauthorized")
        portal.fail(fault, "balance", text="Something is wrong")
        with pytest.raises(PortalError) as error:
            await CALLS[operation](there)
        assert type(error.value) is RefusedError
        assert not there.client.credentials.are_doubted


@pytest.mark.parametrize(
    "text",
    ["Invalid user", "The door says: unauthorized!", "api token expired or invalid"],
)
async def test_words_of_the_message(session: aiohttp.ClientSession, text: str) -> None:
    """What a refusal quotes of the message says nothing of the credentials."""
    async with Portal() as portal:
        there = await scene(portal, session)
        portal.fail("refused_error", "sendsms", text=f"Forbidden words in {text}")
        portal.requests.clear()
        with pytest.raises(RefusedError, match="Forbidden words in …"):
            await there.client.send(submission(text))
        assert [r.operation for r in portal.requests] == ["sendsms"]
