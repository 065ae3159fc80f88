"""What the portal has is followed until every recipient is final."""

from itertools import pairwise
from typing import Any, Final

import pytest

from tests.conftest import ANNA, BORIS, CARLA
from tests.portal import FaultKind

from .home import NO_LIMIT, Home


def _asked(home: Home, group_id: str | None = None) -> list[float]:
    """Return when the portal was asked what became of a message."""
    return [
        request.time.timestamp()
        for request in home.requests("groupstatus")
        if group_id in {None, request.parameters["groupid"]}
    ]


def _gaps(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(times)]


async def test_followed_to_the_end(home: Home) -> None:
    """Each change of a recipient is reported once and counted, until all are final."""
    (outcome, *_) = await home.send(ANNA, BORIS, CARLA)
    assert home.totals == (0, 0, 3)
    home.portal.deliver("sent", to=ANNA[1:])
    await home.advance(6)
    assert home.published(ANNA) == ["queued", "sent"]
    assert home.totals == (1, 0, 2)
    home.portal.deliver("failed", to=BORIS[1:])
    await home.advance(60)
    assert home.published(BORIS) == ["queued", "failed"]
    assert home.totals == (1, 1, 1)
    home.portal.deliver("sent", to=CARLA[1:])
    await home.advance(120)
    assert home.published(CARLA) == ["queued", "sent"]
    assert home.totals == (2, 1, 0)
    assert {event.group_id for event in home.events} == {outcome["group_id"]}
    asked = len(_asked(home))
    await home.advance(24 * 3600)
    assert len(_asked(home)) == asked
    assert len(home.events) == 6


async def test_soon_then_ever_more_slowly(home: Home) -> None:
    """The first question comes after 5 s, then one a minute, then ever fewer."""
    start = home.now
    await home.send(ANNA)
    await home.advance(60)
    await home.advance(24 * 3600 - 61)
    times = _asked(home)
    assert 5 <= times[0] - start < 6
    gaps = _gaps(times)
    assert gaps[:2] == pytest.approx([60, 60], abs=1)
    # A step of the clock is up to 10 s.
    assert all(later >= earlier - 10 for earlier, later in pairwise(gaps))
    assert max(gaps) <= 3610
    # Slow enough for a day of many messages, and often enough to be of use.
    assert 25 <= len(times) <= 60


async def test_gives_up_after_a_day(home: Home) -> None:
    """What is not final after a day is unknown, and nobody asks any more."""
    await home.send(ANNA, BORIS)
    home.portal.deliver("sent", to=BORIS[1:])
    await home.advance(23 * 3600)
    assert home.published(ANNA) == ["queued"]
    await home.advance(2 * 3600 + 60)
    assert home.published(ANNA) == ["queued", "unknown"]
    assert home.published(BORIS) == ["queued", "sent"]
    assert home.totals == (1, 0, 0)
    asked = len(_asked(home))
    await home.advance(24 * 3600)
    assert len(_asked(home)) == asked
    assert home.stored_batches() == []


@pytest.mark.parametrize("options", [NO_LIMIT])
async def test_many_groups_cost_a_request_a_second(home: Home) -> None:
    """Fifty groups under way cost one request a second at most, one at a time."""
    for index in range(50):
        await home.send(ANNA, message=str(index))
    home.portal.reset_max_in_flight()
    await home.advance(120)
    times = _asked(home)
    assert min(_gaps(times)) >= 1
    assert home.portal.max_in_flight["groupstatus"] == 1
    # No group is forgotten over the others.
    asked = {r.parameters["groupid"] for r in home.requests("groupstatus")}
    assert asked == set(home.portal.groups)
    home.portal.deliver("sent")
    await home.advance(180)
    assert home.totals == (50, 0, 0)


@pytest.mark.parametrize("options", [NO_LIMIT])
async def test_new_groups_do_not_hurry_the_others(home: Home) -> None:
    """Sending while many are followed does not raise the rate of questions."""
    for index in range(20):
        await home.send(ANNA, message=f"before {index}")
    # All of them are due by now.
    await home.advance(5)
    for index in range(40):
        await home.send(BORIS, message=f"meanwhile {index}")
        await home.advance(0.25)
    await home.advance(20)
    assert min(_gaps(_asked(home))) >= 1


async def test_one_question_at_a_time(home: Home) -> None:
    """A slow answer holds up the next question."""
    for index in range(5):
        await home.send(ANNA, message=str(index))
    home.portal.fail("slow", "groupstatus", seconds=7)
    home.portal.reset_max_in_flight()
    await home.pass_time(60)
    assert home.portal.max_in_flight["groupstatus"] == 1
    assert 5 <= len(_asked(home)) <= 9


async def test_survives_reload_and_restart(home: Home) -> None:
    """What was queued is followed on, and what was reported is not reported again."""
    await home.send(ANNA, BORIS, CARLA)
    home.portal.deliver("sent", to=ANNA[1:])
    await home.advance(10)
    await home.reload()
    assert home.totals == (1, 0, 2)
    home.portal.deliver("failed", to=BORIS[1:])
    await home.advance(60)
    await home.restart()
    assert home.totals == (1, 1, 1)
    home.portal.deliver("sent", to=CARLA[1:])
    await home.advance(120)
    assert home.totals == (2, 1, 0)
    assert home.published(ANNA) == ["queued", "sent"]
    assert home.published(BORIS) == ["queued", "failed"]
    assert home.published(CARLA) == ["queued", "sent"]


async def test_answer_across_a_reload(home: Home) -> None:
    """An answer that comes after a reload does not bring back what was before it."""
    await home.send(ANNA, message="Followed")
    await home.settle()
    # The question is under way when the account is loaded anew, and so is a message
    # that is held.
    home.portal.fail("slow", "groupstatus", seconds=10, times=1)
    home.portal.deliver("sent", to=ANNA[1:])
    await home.pass_time(5.5)
    assert len(_asked(home)) == 1
    await home.portal.refuse()
    assert await home.statuses(BORIS, message="Held") == ["held"]
    await home.portal.accept()
    entry_id = home.entry.entry_id
    assert await home.until_done(home.hass.config_entries.async_reload(entry_id))
    await home.pass_time(20)
    assert home.texts == ["Followed", "Held"]
    assert home.published(ANNA) == ["queued", "sent"]
    stages = [batch["stage"] for batch in home.stored_batches()]
    assert stages == ["accepted"]


_CUT_OFF: Final = '{"request":"sendsms","status":"queued","group_id":"1001","da'


async def test_broken_answer_that_names_its_group(home: Home) -> None:
    """What is unknown is looked up where the broken answer named a group."""
    # The text takes the place of the answer; what was asked for is done.
    home.portal.fail("not_json", "sendsms", processed=True, text=_CUT_OFF, times=1)
    outcomes = await home.send(ANNA, BORIS)
    assert [(o["status"], o["group_id"]) for o in outcomes] == [("unknown", "1001")] * 2
    assert home.total("pending") == 2
    home.portal.deliver("sent", to=ANNA[1:])
    await home.advance(5)
    assert home.published(ANNA) == ["unknown", "sent"]
    assert home.published(BORIS) == ["unknown", "queued"]
    assert home.totals == (1, 0, 1)
    home.portal.deliver("failed", to=BORIS[1:])
    await home.advance(60)
    assert home.published(BORIS) == ["unknown", "queued", "failed"]
    assert home.totals == (1, 1, 0)
    assert len(home.portal.ledger) == 2


async def test_broken_answer_whose_group_is_none(home: Home) -> None:
    """A group that the portal does not know leaves unknown what it was."""
    home.portal.fail("not_json", "sendsms", text=_CUT_OFF, times=1)
    assert await home.statuses(ANNA) == ["unknown"]
    await home.advance(25 * 3600)
    assert home.published() == ["unknown"]
    assert home.totals == (0, 0, 0)
    assert home.portal.ledger == []
    assert home.stored_batches() == []


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (FaultKind.HTML_PAGE, {}),
        (FaultKind.HTTP_500, {}),
        (FaultKind.CUT, {}),
        (FaultKind.EMPTY_BODY, {}),
        (FaultKind.HUGE, {}),
        (FaultKind.VENDOR_ERROR, {}),
        # Another group, with numbers that nobody wrote to.
        (FaultKind.VENDOR_SUCCESS, {}),
        (FaultKind.NOT_JSON, {"text": '{"status":"success","recipients":"?"}'}),
        (FaultKind.NOT_JSON, {"text": '{"group_id":"1001","recipients":[null,1,[]]}'}),
        (
            FaultKind.NOT_JSON,
            {
                "text": '{"group_id":"1001","group_status":"sent","recipients":'
                '[{"to":"12025550123","status":"on its way"}]}'
            },
        ),
    ],
)
async def test_odd_answers(home: Home, kind: FaultKind, more: dict[str, Any]) -> None:
    """An answer that says nothing of a recipient changes nothing; it is asked again."""
    await home.send(ANNA)
    home.portal.fail(kind, "groupstatus", **more)
    await home.advance(300)
    assert home.published() == ["queued"]
    assert home.totals == (0, 0, 1)
    assert len(_asked(home)) > 3
    home.portal.clear_faults()
    home.portal.deliver("sent")
    await home.advance(200)
    assert home.published() == ["queued", "sent"]


@pytest.mark.parametrize(
    "kind", [FaultKind.PHP_NOTICE, FaultKind.BOM, FaultKind.ODD_TYPES]
)
async def test_true_answers_in_odd_forms(home: Home, kind: FaultKind) -> None:
    """The truth is understood, however it is written."""
    await home.send(ANNA, BORIS)
    home.portal.fail(kind, "groupstatus")
    home.portal.deliver("sent", to=ANNA[1:])
    home.portal.deliver("failed", to=BORIS[1:])
    await home.advance(5)
    assert home.published(ANNA) == ["queued", "sent"]
    assert home.published(BORIS) == ["queued", "failed"]


async def test_portal_that_hangs_while_asked(home: Home) -> None:
    """A question without an answer is asked again, and holds up no sending."""
    await home.send(ANNA)
    home.portal.fail("hang", "groupstatus", times=1)
    await home.pass_time(5)
    assert await home.statuses(BORIS) == ["queued"]
    home.portal.deliver("sent")
    await home.pass_time(120)
    assert home.published(ANNA) == ["queued", "sent"]
    assert home.published(BORIS) == ["queued", "sent"]


async def test_answer_that_says_sent_at_once(home: Home) -> None:
    """Where the portal has delivered it by its answer, nothing is asked after."""
    answer = '{"request":"sendsms","status":"sent","group_id":"1001"}'
    home.portal.fail("not_json", "sendsms", text=answer, processed=True, times=1)
    assert await home.statuses(ANNA) == ["sent"]
    assert home.totals == (1, 0, 0)
    await home.advance(600)
    assert _asked(home) == []
    assert home.published() == ["sent"]
