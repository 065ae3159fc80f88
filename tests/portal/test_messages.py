"""What the portal makes of a message: numbers, tags, templates, requirements."""

from decimal import Decimal

import pytest

from . import Template, inferred, php
from .client import OTHER_PHONE, PHONE, Client, message_of
from .strip_tags import strip_tags


@pytest.mark.parametrize(
    ("to", "read"),
    [
        (f"+{PHONE}", [PHONE]),
        ("+1 (202) 555-0123", [PHONE]),
        (f"00{PHONE}", [PHONE]),
        ("0803 123 4567", ["2348031234567"]),
        (f"{PHONE}, {OTHER_PHONE},", [PHONE, OTHER_PHONE]),
        (f"{PHONE},+{PHONE},{PHONE}", [PHONE]),
        (f"mum,{PHONE},12,{'1' * 16}", [PHONE]),
    ],
)
async def test_numbers(client: Client, to: str, read: list[str]) -> None:
    """Numbers are cleaned, completed and billed once; bad ones are dropped silently."""
    assert (await client.send(to=to))["status"] == "queued"
    assert [entry.to for entry in client.portal.ledger] == read
    assert client.account.credits == 100 - len(read)


async def test_the_country_is_the_accounts(client: Client) -> None:
    """A national number is one of the account's own country."""
    client.account.country_code = "94"
    await client.send(to="0712775742")
    assert [entry.to for entry in client.portal.ledger] == ["94712775742"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Temp <5 now", "Temp "),
        ("Temp < 5 now", "Temp < 5 now"),
        ("Temp <\n5 now", "Temp <\n5 now"),
        ("a <b> c", "a  c"),
        ("1 > 0", "1 > 0"),
        ("I <3 you", "I "),
        ("I <3 you > me", "I  me"),
        ("a <b <c> d> e", "a  e"),
        ("a <b title='>'> c", "a  c"),
        ("a <!-- <b> --> c", "a  c"),
        ("a <!-- c", "a "),
        ("a <", "a "),
    ],
)
async def test_strip_tags(client: Client, text: str, left: str) -> None:
    """What looks like a tag is lost, and with it what follows."""
    assert strip_tags(text) == left
    await client.send(text=text)
    assert client.portal.ledger[0].text == left
    assert client.portal.requests[0].parameters["text"] == text


async def test_the_type_may_be_left_out(client: Client) -> None:
    """A message is an SMS unless it says what it is."""
    await client.send(type="")
    message = {"from": "Home", "to": PHONE, "text": "Hi"}
    assert (await client.call("sendsms", **message))["status"] == "queued"
    assert [entry.type for entry in client.portal.ledger] == ["sms", "sms"]


async def test_voice(client: Client) -> None:
    """A voice message has a duration, and a language if it is read aloud."""
    file = {"file": "https://example.com/a.mp3"}
    assert message_of(await client.send(type="voice")) == inferred.NO_DURATION
    answer = await client.send(type="voice", duration="10")
    assert message_of(answer) == inferred.NO_LANGUAGE
    answer = await client.send(type="voice", text="", **file)
    assert message_of(answer) == inferred.NO_DURATION
    assert client.portal.ledger == []
    await client.send(type="voice", text="", duration="10", **file)
    await client.send(type="voice", duration="7", language="en", route="12")
    kept = [(e.duration, e.language, e.route, e.file) for e in client.portal.ledger]
    assert kept == [
        ("10", None, "0", "https://example.com/a.mp3"),
        ("7", "en", "12", None),
    ]


async def test_templates(client: Client) -> None:
    """A template of WhatsApp Cloud goes in the text, and through no channel."""
    whole = "content:door|lang=fr||body=01234|header=image:https://example.com/a.png"
    await client.send(type="whatsapp", text=f"{whole}|button=01234")
    await client.send(type="whatsapp", text="content:hello")
    await client.send(type="sms", text="content:hello")
    assert [entry.template for entry in client.portal.ledger] == [
        Template(
            name="door",
            language="fr",
            body=("01234",),
            header="image:https://example.com/a.png",
            buttons=("01234",),
        ),
        Template(name="hello", language=None, body=(), header=None, buttons=()),
        None,
    ]


async def test_emoji_in_an_old_database(client: Client) -> None:
    """What takes four bytes cannot be stored, and the answer is the database's."""
    client.portal.stores_emoji = False
    message = {"type": "unicode", "from": "Home", "to": PHONE, "text": "Hé 😀"}
    assert await client.text("sendsms", **message) == php.SQL_ERROR
    assert php.SQL_ERROR.startswith("Illegal mix of collations (utf8mb3")
    assert client.portal.ledger == []
    assert (await client.send(type="unicode", text="Привет ¯"))["status"] == "queued"


async def test_words_for_success(client: Client) -> None:
    """Portals have several words for what was accepted."""
    client.portal.accepted_word = "okey"
    assert (await client.send())["status"] == "okey"


async def test_routes_that_address_no_channel(client: Client) -> None:
    """Nobody has seen a channel addressed by its route; it may not be taken."""
    channel = client.portal.add_channel(client.account)
    client.portal.pair(channel)
    client.portal.routes_channels = False
    answer = await client.send(type="whatsapp", route=channel.gateway_id)
    assert message_of(answer) == inferred.BAD_ROUTE
    assert (await client.send(type="whatsapp"))["status"] == "queued"


async def test_receiving_may_cost_credits(client: Client) -> None:
    """Some accounts pay for what comes in, down to a negative balance."""
    client.account.credits = Decimal(1)
    client.account.receive_price = Decimal("1.5")
    client.portal.receive(client.account, PHONE, "Hi")
    assert await client.call("balance") == {"balance": "-0.5"}


async def test_senders_with_a_plus(client: Client) -> None:
    """Nobody normalizes the numbers of an inbox."""
    client.portal.receive(client.account, PHONE, "Hi")
    client.portal.inbox_plus = True
    (message,) = (await client.call("getinbox", list="all"))["inbox"]
    assert message["from"] == f"+{PHONE}"
