"""Inboxes of any size: read item by item, or what could be read of them is kept."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import datetime
from typing import Final

import aiohttp
import pytest

from custom_components.smskit.api import (
    Cause,
    Escaping,
    InboxMessage,
    IncompleteInboxError,
    NoAnswerError,
    NotAPortalError,
    PortalClient,
    Traits,
    bounds,
)
from tests.hostile.bodies import inbox
from tests.hostile.portal import HostilePortal, respond
from tests.portal import Spelling
from tests.portal.spelling import spell

TEXTS: Final = (
    "Plain",
    'He said "no", \\ and left',
    "Ünïcödé 🙂",
    'x", "date": "2026-01-31 12:00:00"}, {"id": "7", "from": "1',
    "{}[]\n\t,",
)


@pytest.fixture
async def portal(socket_enabled: None) -> AsyncGenerator[HostilePortal]:
    """Return a portal of raw bodies."""
    portal = HostilePortal()
    async with portal.running():
        yield portal


def _spelled(texts: list[str], spelling: Spelling) -> bytes:
    records = [
        {
            "id": str(n),
            "from": "12025550199",
            "to": "12025550100",
            "message": text,
            "date": "2026-01-31 12:00:00",
        }
        for n, text in enumerate(texts)
    ]
    answer: dict[str, object] = {"request": "getinbox", "status": "success"}
    answer["inbox"] = records
    return spell(answer, spelling).encode()


def _serve(portal: HostilePortal, body: bytes, length: int | None = None) -> None:
    portal.attack = lambda writer: respond(writer, body, length=length)


def _client(
    portal: HostilePortal,
    session: aiohttp.ClientSession,
    escaping: Escaping = Escaping.UNKNOWN,
) -> PortalClient:
    traits = Traits(escaping=escaping)
    return PortalClient(session, portal.url, "key", "token", traits=traits)


@pytest.mark.parametrize(
    ("spelling", "escaping"),
    [
        (Spelling.ENCODED, Escaping.ENCODED),
        (Spelling.ENCODED, Escaping.UNKNOWN),
        (Spelling.HANDWRITTEN, Escaping.UNKNOWN),
        (Spelling.HANDWRITTEN, Escaping.HANDWRITTEN),
    ],
)
@pytest.mark.parametrize("unread", [True, False])
async def test_as_if_it_were_small(
    spelling: Spelling,
    escaping: Escaping,
    unread: bool,
    portal: HostilePortal,
    session: aiohttp.ClientSession,
) -> None:
    """Megabytes of messages are those that a few of them would be."""
    client = _client(portal, session, escaping)
    # Only one that cannot be told from two records.
    texts = [text for text in TEXTS if "date" not in text]
    _serve(portal, _spelled(texts, spelling))
    few = await client.inbox(unread=unread)
    assert [message.text for message in few] == texts

    count = 4 * bounds.LISTING // 300
    _serve(portal, _spelled(texts * (count // len(texts)), spelling))
    many = await client.inbox(unread=unread)
    assert len(many) == count // len(texts) * len(texts)
    assert [message.id for message in many] == [str(n) for n in range(len(many))]
    for n, message in enumerate(many):
        expected = few[n % len(texts)]
        is_forgeable = n > 0 and escaping is not Escaping.ENCODED
        alike = replace(expected, id=str(n), is_forgeable=is_forgeable)
        # A part has an escape, or has none.
        assert message == replace(alike, shows_encoder=message.shows_encoder)
    assert (client.traits.escaping is Escaping.HANDWRITTEN) is (
        spelling is Spelling.HANDWRITTEN
    )


@pytest.mark.parametrize("text", ["x", "é", "🙂"])
async def test_long_texts(
    text: str, portal: HostilePortal, session: aiohttp.ClientSession
) -> None:
    """Hundreds of texts of WhatsApp at their longest blind nothing."""
    length = bounds.TEXT // len(text.encode())
    _serve(portal, inbox(500, text * length))
    messages = await _client(portal, session).inbox(unread=False)
    assert [message.text for message in messages] == [text * length] * 500
    assert messages[0].date == datetime.fromisoformat("2026-01-31 12:00:00")


@pytest.mark.parametrize("length", [None, 10**9])
async def test_what_breaks_off(
    length: int | None, portal: HostilePortal, session: aiohttp.ClientSession
) -> None:
    """What was read of the unread is not lost, as the portal lists it only once."""
    body = inbox(20_000, "One")[:-100_000]
    _serve(portal, body, length)
    client = _client(portal, session)
    with pytest.raises(IncompleteInboxError) as error:
        await client.inbox(unread=True)
    messages: tuple[InboxMessage, ...] = error.value.messages
    ids = [message.id for message in messages]
    assert ids == [str(n) for n in range(len(messages))]
    assert {message.text for message in messages} == {"One"}
    assert len(messages) > 10_000

    with pytest.raises((NotAPortalError, NoAnswerError)) as whole:
        await client.inbox(unread=False)
    assert not isinstance(whole.value, IncompleteInboxError)


async def test_too_many(portal: HostilePortal, session: aiohttp.ClientSession) -> None:
    """More than all bounds is too large, and the unread are kept as far as that."""
    _serve(portal, inbox(bounds.MESSAGES + 20_000, "One"))
    client = _client(portal, session)
    with pytest.raises(NotAPortalError) as error:
        await client.inbox(unread=False)
    assert error.value.cause is Cause.TOO_LARGE
    with pytest.raises(IncompleteInboxError) as part:
        await client.inbox(unread=True)
    assert part.value.cause is Cause.TOO_LARGE
    assert bounds.MESSAGES <= len(part.value.messages) < bounds.MESSAGES + 10_000
