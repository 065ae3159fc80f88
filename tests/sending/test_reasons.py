"""Why a message has its status: a code, and a text in Home Assistant's language."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
import json
import re
from typing import Any, Final
from unittest.mock import patch

from homeassistant.auth.models import User
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.translation import async_load_integrations
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smskit.api import Cause
from custom_components.smskit.backup import async_post_backup, async_pre_backup
from custom_components.smskit.const import DOMAIN
from custom_components.smskit.sending import FailureReason
from custom_components.smskit.store import DiskProblem
from tests.conftest import ANNA, BORIS, CARLA, recipient_data
from tests.flow_translations import translation
from tests.portal import Channel, Processing

from .home import Home
from .test_disk import refuse as refuse_to_store

DORA: Final = "+12025550167"
_COMMON: Final = {
    language: translation(language)["common"] for language in ("en", "fr")
}
# The number of an Egyptian or, in America, of somebody in New Jersey.
_AMBIGUOUS: Final = 2015550123
# Words of the English texts that no French one has.
_ENGLISH: Final = {
    *("an", "and", "answer", "answered", "are", "be", "been", "by", "canceled"),
    *("cannot", "connection", "could", "failed", "goes", "has", "held", "is", "it"),
    *("may", "not", "number", "of", "portal", "queued", "reason", "refused", "sent"),
    *("that", "the", "there", "this", "to", "unknown", "was", "were"),
}
_SAID: Final = re.compile(r"[«“].*?[»”]")


@pytest.fixture
def recipients() -> list[ConfigSubentryData]:
    """Return recipients who are reached in different ways."""
    return [
        recipient_data("Anna", ANNA),
        recipient_data("Dora", DORA, via="whatsapp_then_sms"),
        recipient_data("Work", BORIS, via="whatsapp"),
        recipient_data("Gone", CARLA, via="whatsapp", channel="01GONE"),
    ]


@pytest.fixture
async def maison(channel: Channel, home: Home) -> Home:
    """Return a home whose language is French."""
    home.hass.config.language = "fr"
    # The bootstrap does that when the language is changed.
    await async_load_integrations(home.hass, {DOMAIN})
    return home


class Said:
    """What a home was told, and what it shows."""

    def __init__(self, home: Home, channel: Channel) -> None:
        """Note what is said from now on."""
        self.home = home
        self.channel = channel
        self.codes: set[str | None] = set()
        self.texts: list[str | None] = []

    async def send(self, *numbers: str | int, **data: Any) -> None:
        """Send a text, and note what is said of it."""
        try:
            self.take(await self.home.send(*numbers, **data))
        except HomeAssistantError as err:
            self.texts += (err.translation_placeholders or {}).values()

    def take(self, outcomes: list[dict[str, Any]]) -> None:
        """Note what is said of messages."""
        self.codes |= {one["reason_code"] for one in outcomes}
        self.texts += [one["reason"] for one in outcomes]

    async def look(self, clients: WebSocketGenerator, user: User) -> None:
        """Note what events, the history and dashboards show."""
        await self.home.settle()
        self.codes |= {event.code for event in self.home.events}
        self.texts += [event.reason for event in self.home.events]
        history = await self.home.call("get_messages", direction="out")
        self.take(history["messages"])
        # That of the fixture has expired where hours have passed.
        (refresh,) = user.refresh_tokens.values()
        token = self.home.hass.auth.async_create_access_token(refresh)
        client = await clients(self.home.hass, token)
        await client.send_json_auto_id({"type": "smskit/messages/list"})
        page = (await client.receive_json())["result"]
        self.take([one["last"] for one in page["conversations"]])
        await client.close()


async def _answer(said: Said, operation: str = "sendsms", **answer: Any) -> None:
    text = json.dumps({"request": operation, "date": "2027-02-10 13:00:00", **answer})
    said.home.portal.fail(
        "not_json", operation, text=text, processed=operation == "sendsms", times=1
    )


async def _without_channel(said: Said, **data: Any) -> None:
    said.home.portal.drop(said.channel)
    await said.home.advance(300.5)
    await said.send(ANNA, recipients=["notify.work"], **data)


async def _channel_without_gateway(said: Said) -> None:
    said.home.portal.fail(
        "not_json",
        "listchannel",
        text=json.dumps(
            {
                "request": "listchannel",
                "status": "success",
                "channels": [{"channel_id": said.channel.channel_id}],
            }
        ),
    )
    await said.home.advance(700)
    gone = next(iter(said.home.entry.subentries.values()))
    data = {**gone.data, "via": "whatsapp", "channel": said.channel.channel_id}
    said.home.hass.config_entries.async_update_subentry(
        said.home.entry, gone, data=data
    )
    await said.send(BORIS, recipients=["notify.anna"])


async def _fault(said: Said, kind: str, to: str = ANNA, **data: Any) -> None:
    said.home.portal.fail(kind, "sendsms", times=1, **data)
    await said.send(to)


async def _away(said: Said, **data: Any) -> None:
    await said.home.refuse()
    await said.send(ANNA, **data)
    await said.home.portal.accept()


async def _behind_held(said: Said) -> None:
    await _away(said)
    await said.send(ANNA, message="Second")


async def _over_the_limit(said: Said) -> None:
    options = {**said.home.entry.options, "hourly_limit": 1}
    said.home.hass.config_entries.async_update_entry(said.home.entry, options=options)
    await said.home.reload()
    steps = [{"numbers": [ANNA], "wait": 60}]
    for number in range(2):
        await said.home.call("alert", message=f"Smoke {number}", steps=steps)


async def _busy_for_a_while(said: Said) -> None:
    await _fault(said, "http_status", status=429, retry_after="60")
    await said.send(BORIS, message="Second")


async def _refused_credentials(said: Said) -> None:
    said.home.account.api_token = "another-token-of-the-tests"
    await said.send(ANNA)


async def _not_in_time(said: Said) -> None:
    said.home.portal.fail("hang", "sendsms", processed=True)
    begin = said.home.hass.async_create_task
    calls = [begin(said.send(ANNA, message=str(number))) for number in range(3)]
    await said.home.pass_time(50)
    said.home.portal.clear_faults()
    await said.home.pass_time(60)
    for call in calls:
        await call


async def _stopping(said: Said) -> None:
    said.home.portal.fail("slow", "sendsms", seconds=5)
    begin = said.home.hass.async_create_task
    calls = [begin(said.send(ANNA, message=str(number))) for number in range(2)]
    await said.home.turn()
    entry_id = said.home.entry.entry_id
    reload = begin(said.home.hass.config_entries.async_reload(entry_id))
    await said.home.pass_time(10)
    await reload
    said.home.portal.clear_faults()
    await said.home.pass_time(20)
    for call in calls:
        await call


async def _reported(said: Said, status: Any, *, to: str = ANNA) -> None:
    await said.send(to) if to == ANNA else await said.send(recipients=["notify.dora"])
    said.home.portal.deliver(status)
    await said.home.advance(10)


async def _dropped(said: Said) -> None:
    await said.send(ANNA, BORIS)
    listed = [{"id": "1", "to": ANNA[1:], "status": "sent"}]
    group = {"group_id": "1001", "group_status": "completed", "recipients": listed}
    await _answer(said, "groupstatus", status="success", **group)
    await said.home.advance(6)


async def _whatsapp_refused(said: Said) -> None:
    said.home.portal.fail("refused_error", "sendsms", text="Not there", times=1)
    await said.send(recipients=["notify.dora"])


async def _notice(said: Said) -> None:
    await _answer(said, status="failed", group_id="1001", notice="Not on WhatsApp")
    await said.send(ANNA)


def _later() -> str:
    return dt_util.as_local(dt_util.utcnow() + timedelta(hours=2)).isoformat()


async def _sent_at_once(said: Said) -> None:
    await _answer(said, status="sent", group_id="1001")
    await said.send(ANNA, schedule=_later())


async def _not_tracked(said: Said) -> None:
    said.home.portal.processing = Processing.CRON
    await said.send(ANNA, schedule=_later())
    await said.home.advance(timedelta(hours=2, seconds=70))


async def _not_reported(said: Said) -> None:
    await said.send(ANNA)
    await said.home.advance(timedelta(hours=26))


async def _unexpected(said: Said) -> None:
    with patch("aiohttp.ClientSession.request", side_effect=RuntimeError):
        await said.send(ANNA)


async def _killed(said: Said) -> None:
    said.home.portal.fail("hang", "sendsms", processed=True)
    call = said.home.hass.async_create_task(said.send(ANNA))
    await said.home.turn()
    killed = said.home.snapshot_storage()
    await said.home.until_done(call)
    said.home.portal.clear_faults()
    await said.home.restart(killed)


async def _restored(said: Said) -> None:
    home = said.home
    await home.refuse()
    await said.send(ANNA)
    await async_pre_backup(home.hass)
    backup = {
        path: content
        for path, content in home.snapshot_storage().items()
        if "__pycache__" not in path.parts
    }
    await async_post_backup(home.hass)
    await home.portal.accept()
    await home.advance(10)
    await home.restart(backup)


async def _forgotten(said: Said) -> None:
    said.home.portal.processing = Processing.IMMEDIATE
    options = {**said.home.entry.options, "keep_messages": 1}
    said.home.hass.config_entries.async_update_entry(said.home.entry, options=options)
    await said.home.settle()
    await said.send(ANNA)
    await said.send(BORIS)
    await said.home.restart()
    await said.send(ANNA)


async def _not_stored(said: Said) -> None:
    await refuse_to_store(said.home)
    await said.send(ANNA)


async def _canceled(said: Said) -> None:
    await _away(said)
    await said.home.call("cancel_held_messages", all=True)


async def _recipient_removed(said: Said) -> None:
    await said.home.refuse()
    await said.send(recipients=["notify.anna"])
    subentry_id = next(iter(said.home.entry.subentries))
    said.home.hass.config_entries.async_remove_subentry(said.home.entry, subentry_id)
    await said.home.portal.accept()


async def _expired(said: Said) -> None:
    said.home.portal.fail("http_status", "sendsms", status=503, retry_after="600")
    await said.send(ANNA, expires_in=60)
    await said.home.advance(61)


type Situation = Callable[[Said], Awaitable[None]]

_SITUATIONS: Final[dict[FailureReason, Situation]] = {
    FailureReason.INVALID_NUMBER: lambda s: s.send("+1 202", ANNA),
    FailureReason.LETTERS_IN_NUMBER: lambda s: s.send("ask Boris", ANNA),
    FailureReason.AMBIGUOUS_NUMBER: lambda s: s.send(_AMBIGUOUS, ANNA),
    FailureReason.AREA_CODE_MISSING: lambda s: s.send("555-0123", ANNA),
    FailureReason.SHORT_CODE: lambda s: s.send(911, ANNA),
    FailureReason.NO_CHANNEL_CONNECTED: _without_channel,
    FailureReason.CHANNEL_GONE: lambda s: s.send(ANNA, recipients=["notify.gone"]),
    FailureReason.CHANNEL_NOT_CONNECTED: lambda s: _without_channel(
        s, channel=s.channel.gateway_id
    ),
    FailureReason.CHANNEL_WITHOUT_GATEWAY: _channel_without_gateway,
    FailureReason.NOT_REACHABLE: _away,
    FailureReason.BUSY: lambda s: _fault(s, "http_status", status=503),
    FailureReason.PORTAL_AWAY: _busy_for_a_while,
    FailureReason.CREDENTIALS_REFUSED: _refused_credentials,
    FailureReason.BEHIND_HELD: _behind_held,
    FailureReason.HOURLY_LIMIT: _over_the_limit,
    FailureReason.NOT_IN_TIME: _not_in_time,
    FailureReason.STOPPING: _stopping,
    FailureReason.REFUSED: lambda s: _fault(s, "refused_error", text="Not allowed"),
    FailureReason.WHATSAPP_REFUSED: _whatsapp_refused,
    FailureReason.WHATSAPP_NOT_DELIVERED: lambda s: _reported(s, "failed", to=DORA),
    FailureReason.NOT_DELIVERED: lambda s: _reported(s, "failed"),
    FailureReason.DROPPED: _dropped,
    FailureReason.PORTAL_NOTICE: _notice,
    FailureReason.SENT_AT_ONCE: _sent_at_once,
    FailureReason.NOT_REPORTED: _not_reported,
    FailureReason.NOT_TRACKED: _not_tracked,
    FailureReason.NO_ANSWER: lambda s: _fault(s, "reset", processed=True),
    FailureReason.UNREADABLE_ANSWER: lambda s: _fault(s, "http_500"),
    FailureReason.UNEXPECTED_ERROR: _unexpected,
    FailureReason.STOPPED: _killed,
    FailureReason.RESTORED: _restored,
    FailureReason.FORGOTTEN: _forgotten,
    FailureReason.NOT_STORED: _not_stored,
    FailureReason.CANCELED: _canceled,
    FailureReason.RECIPIENT_REMOVED: _recipient_removed,
    FailureReason.EXPIRED: _expired,
}
_LOGGED: Final = {
    FailureReason.CREDENTIALS_REFUSED: "Error fetching 127.0.0.1 balance data",
    FailureReason.UNEXPECTED_ERROR: "Unexpected error while a message was sent",
    FailureReason.NOT_STORED: "The database cannot be written",
}


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", ".+", re.escape(text)))


def _english(text: str) -> set[str]:
    """Return the English words of a text, but for what the portal said."""
    return set(re.findall(r"[a-z]+", _SAID.sub("", text).lower())) & _ENGLISH


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(
            code,
            marks=pytest.mark.expected_log(_LOGGED[code]) if code in _LOGGED else (),
        )
        for code in FailureReason
    ],
)
async def test_in_french(
    channel: Channel,
    maison: Home,
    hass_ws_client: WebSocketGenerator,
    hass_admin_user: User,
    code: FailureReason,
) -> None:
    """Each reason is told by its code, and nowhere by an English word."""
    said = Said(maison, channel)
    await _SITUATIONS[code](said)
    await said.look(hass_ws_client, hass_admin_user)
    assert code in said.codes
    texts = [text for text in said.texts if text]
    text = _pattern(_COMMON["fr"][f"reason_{code}"])
    assert any(text.search(one) for one in texts), texts
    assert not [one for one in texts if _english(one)]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_code_has_a_text(language: str) -> None:
    """Nothing is shown by its code, in any language."""
    wanted = {f"reason_{code}" for code in FailureReason}
    wanted |= {f"cause_{cause}" for cause in Cause}
    wanted |= {f"disk_{problem}" for problem in DiskProblem}
    assert wanted <= _COMMON[language].keys()
    for code in FailureReason:
        placeholders = re.findall(r"\{(\w+)\}", _COMMON[language][f"reason_{code}"])
        assert placeholders in ([], ["cause"])


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("cancel_held_messages", {}),
        ("alert", {"message": "Feu", "steps": [{"numbers": ["555-0123"]}]}),
    ],
)
async def test_bad_number(maison: Home, action: str, data: dict[str, Any]) -> None:
    """An action that takes no bad number says which one it is, and why."""
    with pytest.raises(HomeAssistantError) as raised:
        await maison.call(action, **data or {"numbers": ["555-0123"]})
    assert raised.value.translation_placeholders == {
        "number": "555-0123",
        "error": _COMMON["fr"]["reason_area_code_missing"],
    }


async def test_words_of_the_portal_are_quoted(maison: Home) -> None:
    """What the portal said stays in its language, in quotes."""
    maison.portal.fail("refused_error", "sendsms", text="Sender ID not allowed")
    with pytest.raises(HomeAssistantError) as raised:
        await maison.send(BORIS, recipients=["notify.anna"])
    refused = _COMMON["fr"]["reason_refused"].format(cause="« Sender ID not allowed »")
    assert raised.value.translation_placeholders == {
        "accepted": "",
        "reasons": f"Anna : {refused}; {BORIS} : {refused}",
    }


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("http_500", {}),
        ("http_status", {"status": 403}),
        ("http_status", {"status": 405}),
        ("http_status", {"status": 429}),
        ("html_page", {}),
        ("redirect", {"text": "https://login.example.com/"}),
        ("redirect", {"text": "/login"}),
        ("empty_body", {}),
        ("not_json", {"text": "OK"}),
        ("not_json", {"text": '{"request": "groupst'}),
        ("huge", {}),
        ("reset", {}),
        ("cut", {}),
        ("refused_error", {"text": "Not allowed"}),
        ("refused_error", {"text": ""}),
        (None, {}),
    ],
)
@pytest.mark.parametrize(
    ("action", "data"),
    [("get_message_status", {"group_id": "1001"}), ("create_channel", {"label": "A"})],
)
async def test_errors_of_the_portal_in_french(
    maison: Home,
    kind: str | None,
    fault: dict[str, Any],
    action: str,
    data: dict[str, Any],
) -> None:
    """Whatever keeps an action from its answer is told without an English word."""
    if kind is None:
        await maison.refuse()
    else:
        for operation in ("groupstatus", "createchannel"):
            maison.portal.fail(kind, operation, **fault)
    with pytest.raises(HomeAssistantError) as raised:
        await maison.call(action, **data)
    assert raised.value.translation_key in {"portal_error", "portal_uncertain"}
    (text,) = (raised.value.translation_placeholders or {}).values()
    assert text
    assert not _english(text)
    causes = (f"cause_{cause}{quoted}" for cause in Cause for quoted in ("", "_quoted"))
    shown = [_COMMON["fr"][key] for key in causes if key in _COMMON["fr"]]
    assert any(_pattern(one).fullmatch(text) for one in shown)


# --- A reason ends with its cause ----------------------------------------------------


async def _expire(home: Home) -> None:
    await home.advance(700)


async def _cancel(home: Home) -> None:
    await home.call("cancel_held_messages", all=True)


async def _leave(home: Home) -> None:
    home.portal.clear_faults()
    await home.advance(61)


async def _arrive(home: Home) -> None:
    await _leave(home)
    home.portal.deliver("sent")
    await home.advance(70)


async def _fail(home: Home) -> None:
    await _leave(home)
    home.portal.deliver("failed")
    await home.advance(70)


async def _be_refused(home: Home) -> None:
    home.portal.clear_faults()
    home.portal.fail("refused_error", "sendsms", text="Barred")
    await home.advance(61)


async def _lose(home: Home) -> None:
    home.portal.clear_faults()
    home.portal.fail("reset", "sendsms", processed=True, times=1)
    await home.advance(61)


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize(
    ("then", "chain"),
    [
        (_expire, [("expired", "expired")]),
        (_cancel, [("failed", "canceled")]),
        (_leave, [("queued", None)]),
        (_arrive, [("queued", None), ("sent", None)]),
        (_fail, [("queued", None), ("failed", "not_delivered")]),
        (_be_refused, [("failed", "refused")]),
        (_lose, [("unknown", "no_answer")]),
    ],
)
async def test_ends_with_its_cause(
    home: Home,
    then: Callable[[Home], Awaitable[None]],
    chain: list[tuple[str, str | None]],
    *,
    restart: bool,
) -> None:
    """Whatever becomes of a held message, it does not say any more why it was held."""
    home.portal.fail("http_status", "sendsms", status=503, retry_after="60")
    await home.send(ANNA, expires_in=600)
    if restart:
        await home.restart(home.snapshot_storage())
    await then(home)
    shown = [(event.status, event.code) for event in home.events]
    assert shown == [("held", "busy"), *chain]
    (message,) = (await home.call("get_messages", direction="out"))["messages"]
    assert (message["status"], message["reason_code"]) == chain[-1]


async def test_unknown_and_then_known(home: Home) -> None:
    """What the portal reports in the end has no reason of when nobody knew."""
    text = '{"request": "sendsms", "group_id": "1001", "sta'
    home.portal.fail("not_json", "sendsms", text=text, processed=True, times=1)
    await home.send(ANNA)
    home.portal.deliver("sent")
    await home.advance(10)
    assert [(event.status, event.code) for event in home.events] == [
        ("unknown", "unreadable_answer"),
        ("sent", None),
    ]


async def test_sms_that_took_over(channel: Channel, home: Home) -> None:
    """Why it goes by SMS is said until the SMS has arrived."""
    home.portal.fail("refused_error", "sendsms", text="Not there", times=1)
    await home.send(recipients=["notify.dora"])
    home.portal.deliver("sent")
    await home.advance(10)
    assert [(event.status, event.code) for event in home.events] == [
        ("queued", "whatsapp_refused"),
        ("sent", None),
    ]
