"""People are asked one after the other, until somebody has it."""

from typing import Any

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.issue_registry import IssueRegistry
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
import voluptuous as vol

from custom_components.smskit.const import DOMAIN
from tests.portal import FaultKind

from .home import ANNA, BORIS, CARLA, MESSAGE, STEPS, Home

WAIT = 121


async def test_nobody_answers(home: Home) -> None:
    """Everybody is asked in turn, each is waited for, and then it is an issue."""
    await home.alert(alert_id="smoke")
    assert home.asked == [ANNA]
    await home.advance(110)
    assert home.asked == [ANNA]
    await home.advance(15)
    assert home.asked == [ANNA, CARLA]
    assert home.alert_issues == []
    await home.advance(WAIT)
    assert home.asked == [ANNA, CARLA]
    assert home.alert_types == ["started", "step", "step", "exhausted"]
    assert home.open_alerts == []
    assert home.alert_issues == ["smoke"]


@pytest.mark.parametrize("rounds", [2, 3])
async def test_repeat(home: Home, rounds: int) -> None:
    """The chain begins anew so often; the same text is no repeat to be dropped."""
    await home.alert(steps=[{"numbers": [CARLA], "wait": 10}], repeat=rounds - 1)
    await home.advance(12 * rounds)
    assert home.asked == [CARLA] * rounds
    steps = [e for e in home.alert_events if e["event_type"] == "step"]
    assert [e["round"] for e in steps] == list(range(1, rounds + 1))
    assert home.alert_types[-1] == "exhausted"


async def test_what_is_shown(home: Home) -> None:
    """The sensor says who was asked and who is next, the events what happened."""
    alert_id = await home.alert()
    assert home.open_alerts == [
        {
            "alert_id": alert_id,
            "message": MESSAGE,
            "step": 1,
            "round": 1,
            "asked": ("Anna",),
            "next": (CARLA,),
        }
    ]
    await home.advance(WAIT)
    (shown,) = home.open_alerts
    assert (shown["asked"], shown["next"]) == (("Anna", CARLA), ())
    await home.answer("OK!", ANNA)
    assert home.open_alerts == []
    started, first, second, end = home.alert_events
    assert {e["alert_id"] for e in home.alert_events} == {alert_id}
    assert (started["step"], started["asked"]) == (None, [])
    assert (first["step"], first["asked"]) == (1, ["Anna"])
    assert (second["step"], second["asked"]) == (2, [CARLA])
    assert (end["by"], end["name"], end["step"]) == (ANNA, "Anna", 2)


@pytest.mark.parametrize(
    ("text", "data", "counts"),
    [
        ("ok", {}, True),
        ("  Ok, I am there ", {}, True),
        ("YES", {}, True),
        ("Oui j\u2019y vais", {}, True),
        ("👍", {}, True),
        ("okra", {}, False),
        ("not ok", {}, False),
        ("", {}, False),
        ("What happened?", {}, False),
        ("on  my WAY", {"acknowledge_words": "on my way, coming"}, True),
        ("coming", {"acknowledge_words": ["on my way", "coming"]}, True),
        ("ok", {"acknowledge_words": "coming"}, False),
        ("d\u2019accord", {"acknowledge_words": "d'accord"}, True),
    ],
)
async def test_words(home: Home, text: str, data: dict[str, Any], counts: bool) -> None:
    """A word acknowledges by itself or at the beginning, however it is written."""
    await home.alert(**data)
    await home.answer(text, ANNA)
    assert ("acknowledged" in home.alert_types) is counts
    assert len(home.open_alerts) == (not counts)


async def test_only_who_was_asked(home: Home) -> None:
    """A trusted sender who was not asked, or not yet, acknowledges nothing."""
    await home.alert()
    await home.answer("ok", BORIS)
    await home.answer("ok", CARLA)
    assert home.alert_types == ["started", "step"]
    await home.advance(WAIT)
    await home.answer("ok now", CARLA)
    assert home.alert_types == ["started", "step", "step", "acknowledged"]
    assert home.alert_events[-1]["by"] == CARLA


async def test_not_what_was_there_before(home: Home) -> None:
    """An "ok" that the portal had before the question is about something else."""
    home.portal.receive(home.account, ANNA[1:], "ok")
    await home.alert()
    await home.advance(35)
    assert home.alert_types == ["started", "step"]
    await home.answer("ok", ANNA)
    assert home.alert_types[-1] == "acknowledged"


async def test_inbox_was_away(home: Home) -> None:
    """Without a look before the question, the next listing has what was there."""
    home.portal.receive(home.account, ANNA[1:], "ok")
    home.portal.fail(FaultKind.HTTP_500, "getinbox")
    await home.alert()
    assert home.asked == [ANNA]
    home.portal.clear_faults()
    await home.advance(70)
    assert home.alert_types == ["started", "step"]
    await home.answer("ok", ANNA)
    assert home.alert_types[-1] == "acknowledged"


async def test_announcement(home: Home) -> None:
    """The others who were texted are told who has it, and she is not."""
    steps = [{"recipients": ["notify.family"], "wait": 60}, {"numbers": [CARLA]}]
    await home.alert(steps=steps, announce="{name} has it.")
    await home.advance(61)
    await home.answer("ok", BORIS)
    assert home.told("Family has it.") == [ANNA, CARLA]
    assert home.asked == [ANNA, BORIS, CARLA]


async def test_end(home: Home) -> None:
    """An alert is called off: who was texted is told, and nobody else is asked."""
    await home.alert(alert_id="smoke")
    response = await home.call("end_alert", alert_id="smoke", message="False alarm.")
    assert response == {"count": 1}
    await home.advance(2 * WAIT)
    assert home.asked == home.told("False alarm.") == [ANNA]
    assert home.alert_types == ["started", "step", "ended"]
    assert await home.call("end_alert", all=True) == {"count": 0}


async def test_end_all(home: Home) -> None:
    """All open alerts are called off, and nobody is told without a text."""
    await home.alert()
    await home.alert()
    assert len(home.open_alerts) == 2
    assert await home.call("end_alert", alert_id="another") == {"count": 0}
    assert await home.call("end_alert", all=True) == {"count": 2}
    await home.settle()
    assert home.open_alerts == []
    assert home.texts == [MESSAGE, MESSAGE]


async def test_same_id(home: Home) -> None:
    """While an alert is open, another call of the same ID starts nothing."""
    for is_open in False, True:
        response = await home.until_done(
            home.call("alert", alert_id="smoke", message=MESSAGE, steps=STEPS)
        )
        assert response == {"alert_id": "smoke", "already_open": is_open}
    await home.advance(5)
    assert home.asked == [ANNA]
    await home.answer("ok", ANNA)
    await home.alert(alert_id="smoke")
    assert home.asked == [ANNA, ANNA]


async def test_one_answer_for_one_alert(home: Home) -> None:
    """Of two open alerts, an answer acknowledges the one that asked first."""
    first = await home.alert()
    second = await home.alert()
    await home.answer("ok", ANNA)
    assert [one["alert_id"] for one in home.open_alerts] == [second]
    assert home.alert_events[-1]["alert_id"] == first


async def test_failed_step(home: Home) -> None:
    """When no message of a step can arrive, the next one is asked at once."""
    home.portal.fail(FaultKind.REFUSED_ERROR, "sendsms", times=1)
    await home.alert()
    await home.advance(1)
    assert home.asked == [CARLA]
    assert home.alert_types == ["started", "step", "step"]


async def test_undelivered_step(home: Home) -> None:
    """That is so, too, when the portal reports it later."""
    home.portal.next_delivery = "failed"
    home.portal.deliver_after = 1
    await home.alert()
    await home.advance(90)
    assert home.asked == [ANNA, CARLA]


async def test_portal_away(home: Home) -> None:
    """A step that cannot leave is held, and leaves when it can."""
    await home.refuse()
    await home.alert()
    await home.advance(30)
    assert home.asked == []
    await home.portal.accept()
    await home.advance(80)
    assert home.asked == [ANNA]
    await home.answer("ok", ANNA)
    assert home.alert_types == ["started", "step", "acknowledged"]


async def test_held_until_the_end(home: Home) -> None:
    """What is held of an alert expires when that ends, and nobody is told."""
    await home.refuse()
    await home.alert(alert_id="smoke")
    await home.advance(10)
    await home.call("end_alert", all=True, message="False alarm.")
    await home.portal.accept()
    await home.advance(300)
    assert home.texts == []
    assert home.published(ANNA) == ["held", "expired"]


@pytest.mark.parametrize("options", [{"hourly_limit": 1, "country": "US"}])
@pytest.mark.parametrize(("critical", "asked"), [(False, []), (True, [ANNA, CARLA])])
async def test_limit(home: Home, critical: bool, asked: list[str]) -> None:
    """The limit holds an alert until it permits it, but not a critical one."""
    await home.send(BORIS)
    await home.alert(critical=critical)
    await home.advance(WAIT)
    assert home.asked == asked


async def test_limit_of_critical_alerts(home: Home) -> None:
    """Critical alerts have a limit of their own: 50 recipients an hour."""
    numbers = [f"+120255501{n:02}" for n in range(49)]
    step = {"numbers": numbers, "wait": 600}
    await home.alert(steps=[step], critical=True)
    await home.alert(critical=True)
    assert len(home.asked) == 50
    await home.advance(WAIT)
    assert len(home.asked) == 50
    assert await home.statuses(BORIS) == ["queued"]


@pytest.mark.parametrize(
    ("type_", "sent_as"), [("sms", "sms"), ("voice", "voice"), ("auto", "sms")]
)
async def test_types(home: Home, type_: str, sent_as: str) -> None:
    """A step goes by what it says; a call has a language and a duration."""
    await home.alert(steps=[{"numbers": [CARLA], "type": type_}])
    (request,) = home.requests()
    assert request.parameters["type"] == sent_as
    assert ("duration" in request.parameters) is (sent_as == "voice")


async def test_removed_recipient(home: Home) -> None:
    """Who was removed is not asked: the next one is, at once."""
    steps = [STEPS[1], STEPS[0], {"numbers": [BORIS]}]
    await home.alert(steps=steps)
    (anna,) = (s for s in home.entry.subentries.values() if s.title == "Anna")
    home.hass.config_entries.async_remove_subentry(home.entry, anna.subentry_id)
    await home.advance(WAIT + 2)
    assert home.asked == [CARLA, BORIS]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"steps": []}, vol.Invalid),
        ({"steps": [{}]}, ServiceValidationError),
        ({"steps": [{"numbers": ["12"]}]}, ServiceValidationError),
        ({"steps": [{"recipients": ["notify.nobody"]}]}, ServiceValidationError),
        ({"steps": [{"numbers": [CARLA], "type": "flash"}]}, vol.Invalid),
        ({"steps": [{"numbers": [CARLA], "wait": 0}]}, vol.Invalid),
        ({"message": " "}, vol.Invalid),
        ({"message": "x" * 2000}, ServiceValidationError),
        ({"announce": "x" * 2000}, ServiceValidationError),
        ({"acknowledge_words": " , "}, vol.Invalid),
        ({"repeat": -1}, vol.Invalid),
    ],
)
async def test_what_is_refused(
    home: Home, data: dict[str, Any], error: type[Exception]
) -> None:
    """What could not be sent in an emergency is refused when the alert is started."""
    with pytest.raises(error):
        await home.call("alert", **{"message": MESSAGE, "steps": STEPS, **data})
    await home.advance(5)
    assert home.alert_events == []
    assert home.texts == []


async def test_issue(
    home: Home, hass_client: ClientSessionGenerator, issue_registry: IssueRegistry
) -> None:
    """The issue goes when it is confirmed, or when the alert comes again."""
    assert await async_setup_component(home.hass, "repairs", {})
    client = await hass_client()
    steps = [{"numbers": [CARLA], "wait": 5}]
    for _ in range(2):
        await home.alert(alert_id="smoke", steps=steps)
        assert home.alert_issues == []
        await home.advance(7)
        assert home.alert_issues == ["smoke"]
    (issue_id,) = (id_ for _, id_ in issue_registry.issues if "alert" in id_)
    address = "/api/repairs/issues/fix"
    response = await client.post(
        address, json={"handler": DOMAIN, "issue_id": issue_id}
    )
    step = await response.json()
    assert step["description_placeholders"]["alert"] == "smoke"
    response = await client.post(f"{address}/{step['flow_id']}", json={})
    assert (await response.json())["type"] == "create_entry"
    assert home.alert_issues == []


async def test_end_needs_to_know_which(home: Home) -> None:
    """Without an ID, all have to be meant."""
    with pytest.raises(HomeAssistantError) as raised:
        await home.call("end_alert")
    assert raised.value.translation_key == "no_alert"
