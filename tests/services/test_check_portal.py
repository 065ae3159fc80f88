"""The report on a portal: how it answers, without a word of what it answers."""

from http import HTTPStatus
import json
from typing import Any, Final

from homeassistant.exceptions import ServiceValidationError
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tests.channels.home import Home
from tests.conftest import ANNA, API_KEY, API_TOKEN, BORIS, CARLA
from tests.home import OPTIONS
from tests.portal import Channel, FaultKind, Processing, Spelling

PHONE: Final = "447700900456"
SECRET: Final = "canary"
HARMLESS: Final = {"balance", "getinbox", "groupstatus", "listchannel", "viewchannel"}


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options with an inbox that is out of the way."""
    return OPTIONS


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home with channels."""
    return Home


async def check(home: Home, **data: Any) -> dict[str, Any]:
    """Return the report; fail if it has anything in it that is nobody's business."""
    report = await home.until_done(home.call("check_portal", **data), within=200)
    text = json.dumps(report)
    secrets = {
        SECRET,
        API_KEY,
        API_TOKEN,
        PHONE,
        "HOME",
        "127.0.0.1",
        "Family",
        "Office",
        *(number.lstrip("+") for number in (ANNA, BORIS, CARLA)),
        *home.portal.groups,
        *home.portal.channels,
        *(channel.label for channel in home.portal.channels.values()),
    }
    assert not [secret for secret in secrets if secret in text]
    return report


def answers(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the reports on operations that were asked for once."""
    return {one["operation"]: one for one in report["operations"]}


async def test_of_a_sound_portal(office: Channel, new_home: Home) -> None:
    """Each harmless operation is reported, by its method, parameter and shape."""
    home = new_home
    home.portal.spelling = Spelling.ENCODED
    await home.call("send_message", numbers=[CARLA], message="Hello")
    message = home.portal.receive(home.account, PHONE, f"Some/{SECRET}")
    home.forget_requests()
    report = await check(home)
    assert [one["operation"] for one in report["operations"]] == [
        "balance",
        "getinbox",
        "listchannel",
        "viewchannel",
        "groupstatus",
    ]
    for one in report["operations"]:
        assert (one["method"], one["status"]) == ("POST", 200)
        assert one["content_type"] == "text/html"
        assert not one["redirect"]
        assert one["refusal"] is None
        assert one["error"] is None
        assert one["answer"]["kind"] == "json"
        assert one["answer"]["valid"]
        assert one["answer"]["blank_after_colon"] == "never"
    found = answers(report)
    assert found["balance"]["answer"]["shape"] == {"balance": "string: digits"}
    assert found["getinbox"]["answer"]["escapes"] == ["\\/"]
    assert found["getinbox"]["answer"]["shape"] == {
        "request": "string",
        "status": "word success",
        "inbox": {
            "count": "1",
            "items": [
                {
                    "id": "string: digits",
                    "from": "string: digits",
                    "to": "string: digits",
                    "message": "string",
                    "date": "string: date",
                }
            ],
        },
    }
    assert found["viewchannel"]["parameter"] == "channel_id+channelid"
    assert found["viewchannel"]["names_channel"]
    assert found["viewchannel"]["answer"]["shape"]["device_status"] == (
        "word session active"
    )
    recipients = found["groupstatus"]["answer"]["shape"]["recipients"]
    assert recipients["items"][0]["status"] == "word queued"
    traits = report["traits"]
    assert traits["channel_parameter"] == "channel_id+channelid"
    assert traits["get_operations"] == []
    # Nothing was changed, and no message was taken from the inbox.
    assert {request.operation for request in home.portal.requests} == HARMLESS
    assert not any(r.credentials_in_url for r in home.portal.requests)
    assert not message.read
    assert office.session == 1


async def test_of_a_handwritten_portal(office: Channel, new_home: Home) -> None:
    """A portal that puts its answers together by hand shows by them."""
    home = new_home
    home.portal.spelling = Spelling.HANDWRITTEN
    home.portal.rename(office, f"{SECRET} / 1")
    found = answers(await check(home))
    listed = found["listchannel"]["answer"]
    assert listed["kind"] == "repaired_json"
    assert listed["missing_comma"]
    assert listed["blank_after_colon"] == "always"
    assert listed["escapes"] == []
    assert found["viewchannel"]["answer"]["missing_comma"]
    assert found["balance"]["answer"]["kind"] == "json"


@pytest.mark.parametrize("spelling", Spelling)
@pytest.mark.parametrize(
    "text",
    [
        f'He said "{SECRET}"',
        f'x", "{SECRET}": "{SECRET}',
        f'x" }} ], "status": "{SECRET}", "{SECRET}": [ {{ "x": "{SECRET}',
        f'x" }} ] }} {{ "status": "error", "message": "{SECRET}" }} {{ "y": "',
        f'x" }} ], "status": "error", "message": "{SECRET}", "error": "{SECRET}',
        f"{SECRET}\\",
        f'", "status": "error", "message": "{SECRET}", "device_status": "{SECRET}',
    ],
)
async def test_of_hostile_texts(
    office: Channel, new_home: Home, spelling: Spelling, text: str
) -> None:
    """No message, no sender and no label gets a word into the report."""
    home = new_home
    home.portal.spelling = spelling
    home.portal.rename(office, text)
    home.portal.receive(home.account, PHONE, text)
    home.portal.receive(home.account, text, text)
    report = await check(home)
    assert all(one["refusal"] is None for one in report["operations"])


@pytest.mark.parametrize("kind", FaultKind)
async def test_of_a_faulty_portal(
    office: Channel, new_home: Home, kind: FaultKind
) -> None:
    """Whatever a portal answers, there is a report on it."""
    home = new_home
    await home.call("send_message", numbers=[CARLA], message="Hello")
    page = f"<h1>{SECRET}</h1>" if kind is FaultKind.HTTP_STATUS else None
    home.portal.fail(kind, text=page)
    found = answers(await check(home))
    assert found.keys() == HARMLESS
    for one in found.values():
        assert (one["answer"] is None) is (one["error"] is not None)
    view = found["viewchannel"]
    expected = {
        FaultKind.HANG: "NoAnswerError",
        FaultKind.CUT: "NoAnswerError",
        FaultKind.RESET: "NoAnswerError",
    }
    assert view["error"] == expected.get(kind)
    kinds = {
        FaultKind.HTTP_500: "html",
        FaultKind.HTTP_STATUS: "html",
        FaultKind.HTML_PAGE: "html",
        FaultKind.REDIRECT: "empty",
        FaultKind.NOT_JSON: "text",
        FaultKind.EMPTY_BODY: "empty",
    }
    if kind in kinds:
        assert view["answer"]["kind"] == kinds[kind]
        assert view["redirect"] is (kind is FaultKind.REDIRECT)
    if kind is FaultKind.PHP_NOTICE:
        assert view["answer"]["preceded_by"] == "php_message"
    if kind is FaultKind.VENDOR_ERROR:
        assert view["refusal"] == "Error message"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("API access disabled", "API access disabled"),
        ("Your IP 203.0.113.7 is not white-listed", "Your IP … is not white-listed"),
        (f"Sender HOME of +{PHONE} not allowed", "Sender … of +… not allowed"),
        (f"User {SECRET}@example.com: no access", "User … no access"),
        (f"Channel “{SECRET} two” is closed", "Channel … is closed"),
        ("Channel Office is closed", "Channel … is closed"),
        (f"See https://example.com/{SECRET} for help", "See … for help"),
        (f"Key {API_KEY} is wrong", "Key … is wrong"),
        (f"Id {SECRET}7 is unknown", "Id … is unknown"),
        ("<b>Forbidden</b>", "Forbidden"),
    ],
)
async def test_words_of_a_refusal(
    office: Channel, new_home: Home, words: str, expected: str
) -> None:
    """The words of a refusal are reported, without whom they are about."""
    home = new_home
    home.portal.fail(FaultKind.REFUSED_ERROR, text=words)
    found = answers(await check(home))
    assert {one["refusal"] for one in found.values()} == {expected}


@pytest.mark.parametrize(
    "body",
    [
        f'{{"status": "done", "label": "x", "message": "{SECRET}"}}',
        f'{{"status": "ok", "message": "{SECRET}"}}',
        f'{{"status": "error", "message": {{"text": "{SECRET}"}}}}',
        f'{{"status": "error", "message": "{"x" * 2000} {SECRET}"}}',
        f'{{"status": "error", "message": "{SECRET}',
    ],
)
async def test_of_what_is_no_refusal(
    office: Channel, new_home: Home, body: str
) -> None:
    """Words are quoted only from an answer that has nothing but a refusal in it."""
    home = new_home
    home.portal.fail(FaultKind.NOT_JSON, text=body)
    report = await check(home)
    assert all(one["refusal"] is None for one in report["operations"])


async def test_of_a_parameter_that_is_not_known(new_home: Home) -> None:
    """While no parameter names a channel, the report shows what became of each."""
    home = new_home
    home.portal.channel_parameters = ("chan",)
    home.portal.add_channel(home.account)
    await home.start()
    report = await check(home)
    views = [one for one in report["operations"] if one["operation"] == "viewchannel"]
    assert [one["parameter"] for one in views] == [
        "channel_id+channelid",
        "channel_id",
        "channelid",
        "gateway_id",
        "gatewayid",
        "channel",
        "id",
    ]
    assert not any(one["names_channel"] for one in views)
    assert {one["refusal"] for one in views} == {"Invalid channel"}
    assert report["traits"]["channel_parameter"] is None


async def test_of_what_was_learned(home: Home) -> None:
    """What answers have shown of the portal so far is in the report."""
    home.portal.spelling = Spelling.HANDWRITTEN
    home.portal.processing = Processing.CRON
    home.portal.receive(home.account, PHONE, f'"{SECRET}"')
    for number in (ANNA, BORIS, CARLA):
        await home.call("send_message", numbers=[number], message="Hello")
        await home.advance(90)
    await home.advance(3600)
    traits = (await check(home))["traits"]
    assert traits == {
        "channel_parameter": None,
        "escaping": "handwritten",
        "get_operations": [],
        "offset": "UTC+01:00",
        "processing": "cron",
        "route_accepted": None,
    }


async def test_of_an_empty_account(home: Home) -> None:
    """Without a channel and a message there is less to report."""
    found = answers(await check(home))
    assert list(found) == ["balance", "getinbox", "listchannel"]


async def test_of_a_portal_that_is_away(home: Home) -> None:
    """A portal that cannot be reached is reported as such."""
    await home.portal.refuse()
    found = answers(await check(home))
    assert {one["error"] for one in found.values()} == {"NotReachableError"}


async def test_of_operations_by_get(new_home: Home) -> None:
    """What is known to need GET is asked by GET, and nothing else."""
    home = new_home
    home.hass.config_entries.async_update_entry(
        home.entry, data={**home.entry.data, "get_operations": ["balance"]}
    )
    await home.start()
    report = await check(home)
    assert [one["method"] for one in report["operations"]] == ["GET", "POST", "POST"]
    assert report["traits"]["get_operations"] == ["balance"]


async def test_account_is_named(home: Home, second: Home) -> None:
    """With several accounts, the call says whose portal is meant."""
    with pytest.raises(ServiceValidationError):
        await home.call("check_portal")
    second.account.api_enabled = False
    report = await check(home, config_entry_id=second.entry.entry_id)
    assert report["operations"][0]["refusal"] == "API access disabled"
    report = await check(home, config_entry_id=home.entry.entry_id)
    assert report["operations"][0]["refusal"] is None


async def test_in_the_diagnostics(
    office: Channel, new_home: Home, hass_client: ClientSessionGenerator
) -> None:
    """The last report is in the file that a user downloads."""
    home = new_home
    assert await async_setup_component(home.hass, "diagnostics", {})
    client = await hass_client()
    address = f"/api/diagnostics/config_entry/{home.entry.entry_id}"

    async def download() -> dict[str, Any]:
        response = await client.get(address)
        assert response.status == HTTPStatus.OK
        data: dict[str, Any] = (await response.json())["data"]
        return data

    before = await download()
    assert before["check"] is None
    report = await check(home)
    data = await download()
    assert data["check"] == report
    assert data["portal"]["channel_parameter"] == "channel_id+channelid"
