"""What the portal's answer to a send means, and what becomes of it from then on."""

import json
from typing import Any

from homeassistant.exceptions import HomeAssistantError
import pytest

from tests.conftest import ANNA, BORIS, CARLA
from tests.portal import Channel, Processing, Spelling

from .home import Home


def _answer(home: Home, *, processed: bool = True, **answer: Any) -> None:
    """Let the portal answer the next send with something else."""
    text = json.dumps({"request": "sendsms", **answer})
    home.portal.fail("not_json", "sendsms", text=text, processed=processed, times=1)


def _group(home: Home, status: str, **recipients: str) -> None:
    """Let the portal answer with a group's status and recipients from now on."""
    home.portal.clear_faults()
    listed = [{"id": "1", "to": to, "status": s} for to, s in recipients.items()]
    answer = {"group_id": "1001", "group_status": status, "recipients": listed}
    text = json.dumps({"request": "groupstatus", "status": "success", **answer})
    home.portal.fail("not_json", "groupstatus", text=text)


@pytest.mark.parametrize("word", ["failed", "error", "on its way"])
async def test_group_is_an_acceptance(home: Home, word: str) -> None:
    """What has a group was taken: it is asked for, and not sent again."""
    _answer(home, status=word, group_id="1001")
    (outcome,) = await home.send(ANNA)
    assert (outcome["status"], outcome["group_id"]) == ("queued", "1001")
    home.portal.deliver("sent")
    await home.advance(6)
    assert home.published() == ["queued", "sent"]
    assert len(home.portal.ledger) == 1


async def test_no_fallback_from_a_group(channel: Channel, home: Home) -> None:
    """WhatsApp that failed with a group was billed: no SMS follows."""
    home.portal.drop(channel)
    _answer(home, status="failed", group_id="1001", notice="Not on WhatsApp")
    (outcome,) = await home.send(ANNA, type="whatsapp")
    assert (outcome["status"], outcome["reason"]) == (
        "queued",
        "The portal remarked: “Not on WhatsApp”",
    )
    assert [r.parameters["type"] for r in home.requests()] == ["whatsapp"]


async def test_notice_is_the_reason(home: Home) -> None:
    """What the portal remarks is why a number failed, without what is private in it."""
    notice = f"No route to {ANNA[1:]}"
    _answer(home, status="failed", group_id="1001", notice=notice)
    (outcome, _) = await home.send(ANNA, BORIS)
    assert outcome["reason"] == "The portal remarked: “No route to …”"
    home.portal.deliver("failed", to=ANNA[1:])
    home.portal.deliver("sent", to=BORIS[1:])
    await home.advance(6)
    reported = {e.number: (e.status, e.reason) for e in home.events[2:]}
    assert reported == {
        ANNA: ("failed", "It was not delivered: “No route to …”"),
        BORIS: ("sent", None),
    }


async def test_notice_survives_a_restart(home: Home) -> None:
    """The reason of a number that fails later is known after a restart, too."""
    _answer(home, status="failed", group_id="1001", notice="Barred")
    await home.send(ANNA)
    await home.restart()
    home.portal.deliver("failed")
    await home.advance(6)
    assert [(e.status, e.reason) for e in home.events] == [
        ("queued", "The portal remarked: “Barred”"),
        ("failed", "It was not delivered: “Barred”"),
    ]


async def test_sent_is_the_last_number_alone(home: Home) -> None:
    """Where several numbers are `sent`, each is asked for."""
    _answer(home, status="sent", group_id="1001")
    assert await home.statuses(ANNA, BORIS) == ["queued"] * 2
    home.portal.deliver("sent", to=BORIS[1:])
    home.portal.deliver("failed", to=ANNA[1:])
    await home.advance(6)
    assert home.published(ANNA) == ["queued", "failed"]
    assert home.published(BORIS) == ["queued", "sent"]


async def test_each_message_sent(home: Home) -> None:
    """Where the answer has a message for each number, and all are sent, that is all."""
    messages = [{"message_id": str(n), "status": "sent"} for n in range(2)]
    _answer(home, status="sent", group_id="1001", messages=messages)
    assert await home.statuses(ANNA, BORIS) == ["sent"] * 2
    await home.advance(600)
    assert home.requests("groupstatus") == []


@pytest.mark.parametrize("group_id", ["0", "", None])
async def test_no_group(home: Home, group_id: str | None) -> None:
    """Without a group nothing is left to ask for."""
    _answer(home, status="queued", group_id=group_id)
    (outcome,) = await home.send(ANNA)
    assert (outcome["status"], outcome["group_id"]) == ("queued", None)
    await home.advance(600)
    assert home.requests("groupstatus") == []
    assert home.stored_batches() == []


async def test_refused_without_a_group(home: Home) -> None:
    """A failure without a group was not taken, and may be tried again at once."""
    _answer(home, processed=False, status="failed", group_id="0", notice="Barred")
    with pytest.raises(HomeAssistantError, match="Barred"):
        await home.send(ANNA)
    assert await home.statuses(ANNA) == ["queued"]


async def test_dropped_number(home: Home) -> None:
    """A number that a completed group lacks was dropped; the others have it."""
    await home.send(ANNA, BORIS, CARLA)
    # Empty at first, then in part, each as the portal writes it.
    _group(home, "queued")
    await home.advance(6)
    assert home.published() == ["queued"] * 3
    _group(home, "processing", **{ANNA[1:]: "sent"})
    await home.advance(61)
    assert home.totals == (1, 0, 2)
    _group(home, "completed", **{ANNA[1:]: "sent", f"0{CARLA[2:]}": "canceled"})
    await home.advance(61)
    assert home.published(ANNA) == ["queued", "sent"]
    assert home.published(CARLA) == ["queued", "failed"]
    dropped = [(e.status, e.code) for e in home.events if e.number == BORIS]
    assert dropped == [("queued", None), ("failed", "dropped")]
    assert home.stored_batches() == []


async def test_strangers_say_nothing(home: Home) -> None:
    """A completed group of other numbers tells nothing of ours."""
    await home.send(ANNA, CARLA)
    _group(home, "completed", **{"4471235433": "sent"})
    await home.advance(600)
    assert home.published() == ["queued"] * 2


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("DELIVRD", "sent"),
        ("Delivered: 2018-04-24 12:25:23", "sent"),
        ("UNDELIV", "failed"),
        ("FAILED - Absent subscriber", "failed"),
        ("delivery failed", "failed"),
        ("REJECTD (0x45)", "failed"),
    ],
)
@pytest.mark.parametrize(
    "listed", [ANNA[1:], "+1 (202) 555-0123", "5550123", "12025***123", "Anna"]
)
async def test_as_portals_write_it(
    home: Home, words: str, status: str, listed: str
) -> None:
    """A report is understood by its word, and the number by what it can be."""
    await home.send(ANNA)
    _group(home, "COMPLETED", **{listed: words})
    await home.advance(6)
    assert home.published() == ["queued", status]
    assert home.stored_batches() == []


async def test_hidden_numbers(home: Home) -> None:
    """Where the portal hides numbers, their order tells, after a restart, too."""
    numbers = [CARLA, ANNA, BORIS]
    await home.send(*numbers)
    await home.restart()
    hidden = {"1202*(1)": "SENT", "1202*(2)": "FAILED: barred", "4477*": "sending"}
    _group(home, "processing", **hidden)
    await home.advance(66)
    assert home.published(CARLA) == ["queued", "sent"]
    assert home.published(ANNA) == ["queued", "failed"]
    assert home.published(BORIS) == ["queued"]


async def test_rhythm_of_a_cron(home: Home) -> None:
    """Where a group is empty at first, it is asked for once a minute."""
    start = home.now
    await home.send(ANNA)
    _group(home, "queued")
    await home.advance(190)
    times = [r.time.timestamp() - start for r in home.requests("groupstatus")]
    assert times == pytest.approx([5, 65, 125, 187], abs=2)
    assert home.entry.runtime_data.client.traits.processing == "cron"


async def test_rhythm_of_an_immediate_portal(home: Home) -> None:
    """Where the answer has an outcome, the others are asked for more often."""
    _answer(home, status="sent", group_id="1001")
    start = home.now
    await home.send(ANNA, BORIS)
    await home.advance(24)
    times = [r.time.timestamp() - start for r in home.requests("groupstatus")]
    assert times == pytest.approx([5, 10, 15, 22], abs=2)
    # It is known from then on, also after a restart.
    await home.restart()
    assert home.entry.runtime_data.client.traits.processing == "immediate"


async def test_at_a_portal_with_a_cron(home: Home) -> None:
    """It is queued until the cron has run, and each number is told then."""
    home.portal.processing = Processing.CRON
    home.portal.outcomes[BORIS[1:]] = "failed"
    # Neither just before a run, nor just after one.
    await home.advance(20)
    assert await home.statuses(ANNA, BORIS) == ["queued"] * 2
    await home.advance(6)
    assert home.entry.runtime_data.client.traits.processing == "cron"
    assert home.published() == ["queued"] * 2
    await home.advance(60)
    assert home.published(ANNA) == ["queued", "sent"]
    assert home.published(BORIS) == ["queued", "failed"]
    assert len(home.requests("groupstatus")) == 2


async def test_at_a_portal_that_sends_at_once(home: Home) -> None:
    """One number is known by the answer; of several, each is asked for."""
    home.portal.processing = Processing.IMMEDIATE
    home.portal.outcomes[BORIS[1:]] = "failed"
    home.portal.notice = "Absent subscriber"
    assert await home.statuses(ANNA) == ["sent"]
    assert await home.statuses(ANNA, CARLA, message="Each") == ["sent"] * 2
    # The last one has it, or the last one has not.
    await home.send(BORIS, ANNA, message="First")
    await home.send(ANNA, BORIS, message="Last")
    assert home.entry.runtime_data.client.traits.processing == "immediate"
    await home.advance(7)
    assert home.published(BORIS) == ["queued", "queued", "failed", "failed"]
    assert {e.reason for e in home.events if e.status == "failed"} == {
        "It was not delivered: “Absent subscriber”"
    }
    assert home.totals == (5, 2, 0)
    assert len(home.portal.ledger) == 7


async def test_notice_that_breaks_its_answer(channel: Channel, home: Home) -> None:
    """What a portal does not escape hides neither the group nor the reason."""
    home.portal.processing = Processing.IMMEDIATE
    home.portal.spelling = Spelling.HANDWRITTEN
    home.portal.outcomes[ANNA[1:]] = "failed"
    home.portal.notice = 'The phone says "no"'
    (outcome,) = await home.send(ANNA, type="whatsapp")
    assert (outcome["status"], outcome["group_id"]) == ("queued", "1001")
    await home.advance(6)
    assert [(e.status, e.reason) for e in home.events] == [
        ("queued", 'The portal remarked: “The phone says "no"”'),
        ("failed", 'It was not delivered: “The phone says "no"”'),
    ]
    assert len(home.portal.ledger) == 1
