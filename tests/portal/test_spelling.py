"""The portal puts its answers together in both ways."""

import json
import re
from typing import Any, Final

import pytest

from . import Spelling, handwriting, samples
from .client import OTHER_PHONE, PHONE, Client

# What a record's text does to a listing that is put together by hand.
_BREAKING: Final = ['He said "yes"', "C:\\temp\\new", "¯\\_(ツ)_/¯", "one\ntwo"]


def _read(text: str) -> dict[str, Any]:
    """Read a sample, with the commas that it lacks and without those too many."""
    text = re.sub(r'(["\]]) (?="\w+":)', r"\1, ", text)
    answer: dict[str, Any] = json.loads(re.sub(r", }", " }", text))
    return answer


@pytest.mark.parametrize(
    "sample",
    [
        sample
        for samples_ in (samples.SUCCESS, samples.ERROR)
        for sample in samples_.values()
        if sample.startswith("{")
    ],
)
def test_handwriting_is_that_of_the_samples(sample: str) -> None:
    """What the samples say is written as they are, wrong commas included."""
    assert handwriting.write(_read(sample)) == sample


def _skeleton(text: str) -> str:
    """Return an answer without its values."""
    return re.sub(r'": "[^"]*"', '": ""', text)


async def test_answers_by_hand_are_like_the_samples(client: Client) -> None:
    """Every operation answers with the keys of its sample, in the same order."""
    portal, account = client.portal, client.account
    portal.spelling = Spelling.HANDWRITTEN
    channel = portal.add_channel(account).channel_id
    portal.add_channel(account)
    portal.receive(account, PHONE, "Hi")
    portal.receive(account, PHONE, "Hi again")
    numbers = f"{PHONE},{OTHER_PHONE},12025550145"
    asked = {
        "sendsms": {"from": "Home", "to": numbers, "text": "Hi"},
        "groupstatus": {"groupid": "1001"},
        "getinbox": {},
        "balance": {},
        "listchannel": {},
        "viewchannel": {"channel_id": channel},
        "clearqueue": {"channel_id": channel},
        "resetchannel": {"channel_id": channel},
        "createchannel": {"label": "Office"},
        "deletechannel": {"channel_id": channel},
    }
    for operation, parameters in asked.items():
        answer = await client.text(operation, **parameters)
        assert _skeleton(answer) == _skeleton(samples.SUCCESS[operation])
        refusal = await client.text(operation, **parameters, apikey="")
        assert _skeleton(refusal) == _skeleton(samples.ERROR[operation])


async def test_the_spelling_can_change(client: Client) -> None:
    """One portal answers in either spelling, from one request to the next."""
    client.portal.receive(client.account, PHONE, "Hé/", id="7")
    client.portal.spelling = Spelling.HANDWRITTEN
    assert await client.text("balance") == '{ "balance": "100" }'
    assert await client.text("getinbox", list="all") == (
        '{ "request": "getinbox", "status": "success", "inbox": [ { "id": "7", '
        f'"from": "{PHONE}", "to": "2347015272", "message": "Hé/", '
        '"date": "2026-01-31 12:00:00" } ] }'
    )
    client.portal.spelling = Spelling.ENCODED
    assert await client.text("balance") == '{"balance":"100"}'
    assert '"message":"H\\u00e9\\/"' in await client.text("getinbox", list="all")


@pytest.mark.parametrize("text", _BREAKING)
async def test_handwriting_escapes_nothing(client: Client, text: str) -> None:
    """A text goes out as it came in, whatever that does to the answer."""
    client.portal.spelling = Spelling.HANDWRITTEN
    client.portal.receive(client.account, PHONE, text)
    body = await client.text("getinbox", list="all")
    assert f'"message": "{text}", "date"' in body
    client.portal.spelling = Spelling.ENCODED
    (message,) = (await client.call("getinbox", list="all"))["inbox"]
    assert message["message"] == text


async def test_a_text_forges_a_sender(client: Client) -> None:
    """Whoever knows the spelling writes a record of somebody else."""
    client.portal.spelling = Spelling.HANDWRITTEN
    text = f'x", "date": "" }}, {{ "id": "9", "from": "{OTHER_PHONE}", "message": "y'
    client.portal.receive(client.account, PHONE, text)
    listed = (await client.call("getinbox"))["inbox"]
    assert [message["from"] for message in listed] == [PHONE, OTHER_PHONE]


async def test_lists_without_anything(client: Client) -> None:
    """An empty list is one in both spellings."""
    for spelling in Spelling:
        client.portal.spelling = spelling
        assert (await client.call("getinbox"))["inbox"] == []


async def test_faults_are_spelled_alike(client: Client) -> None:
    """A distorted answer is in the spelling of the others."""
    client.portal.spelling = Spelling.HANDWRITTEN
    client.portal.fail("odd_types", times=1)
    client.portal.receive(client.account, PHONE, "Hi", id="7")
    assert '"inbox": { "0": { "id": 7, "from": ' in await client.text("getinbox")
    client.portal.fail("empty_forms", times=1, text="null")
    assert '"inbox": null }' in await client.text("getinbox")
    client.portal.fail("refused_error", times=1, text="No")
    assert await client.text("balance") == (
        '{ "request": "balance", "status": "error", "message": "No", }'
    )
