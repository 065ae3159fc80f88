"""What is held can be dropped, and then it never leaves."""

import asyncio
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
import sqlite3
from typing import Any, Final

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.storage import STORAGE_DIR
import pytest

from custom_components.smskit.const import DOMAIN
from tests.conftest import ANNA, BORIS, CARLA

from .home import Home

_AWAY: Final = pytest.mark.expected_log("Error fetching")
_REFUSED: Final = pytest.mark.expected_log("The database cannot be written")

_TO_ANNA: Final = ("To Anna", ANNA)
_TO_FAMILY: Final = {("To the family", ANNA), ("To the family", BORIS)}
_TO_NUMBERS: Final = {("To numbers", ANNA), ("To numbers", CARLA)}
_EVERYTHING: Final = {_TO_ANNA} | _TO_FAMILY | _TO_NUMBERS


async def _hold(home: Home) -> None:
    """Have messages held for two recipients and for two numbers."""
    await home.refuse()
    await home.notify("notify.anna", "To Anna")
    await home.notify("notify.family", "To the family")
    await home.send(ANNA, CARLA, message="To numbers")
    assert home.total("pending") == len(_EVERYTHING)


@contextmanager
def _locked(home: Home) -> Generator[None]:
    """Let the account's database wait with what it writes."""
    file = Path(home.hass.config.path(STORAGE_DIR), f"smskit.{home.entry.entry_id}.db")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def _sent(home: Home) -> set[tuple[str, str]]:
    """Return what leaves once the portal is back, nothing of it twice."""
    await home.portal.accept()
    await home.advance(30)
    sent = Counter((entry.text, f"+{entry.to}") for entry in home.portal.ledger)
    assert set(sent.values()) <= {1}
    return set(sent)


@pytest.mark.parametrize(
    ("which", "dropped"),
    [
        ({"recipients": "notify.anna"}, {_TO_ANNA}),
        ({"recipients": ["notify.family"]}, _TO_FAMILY),
        (
            {"recipients": ["notify.anna", "notify.family"]},
            {_TO_ANNA} | _TO_FAMILY,
        ),
        (
            {"numbers": ["(202) 555-0123"]},
            {_TO_ANNA, ("To the family", ANNA), ("To numbers", ANNA)},
        ),
        ({"numbers": CARLA}, {("To numbers", CARLA)}),
        ({"numbers": 12025550145}, {("To numbers", CARLA)}),
        (
            {"numbers": f"(+44) 7700 900123; {CARLA}"},
            {("To the family", BORIS), ("To numbers", CARLA)},
        ),
        (
            {"recipients": "notify.anna", "numbers": [BORIS, CARLA]},
            {_TO_ANNA, ("To the family", BORIS), ("To numbers", CARLA)},
        ),
        ({"numbers": ["+1 202 555 0199"]}, set()),
        ({"all": True}, _EVERYTHING),
    ],
)
async def test_what_is_dropped(
    home: Home, which: dict[str, Any], dropped: set[tuple[str, str]]
) -> None:
    """What was named fails and never leaves; the rest leaves once."""
    await _hold(home)
    assert await home.call("cancel_held_messages", **which) == {"count": len(dropped)}
    await home.settle()
    failed = [e for e in home.events if e.status == "failed"]
    assert sorted(e.number for e in failed) == sorted(number for _, number in dropped)
    assert {e.code for e in failed} <= {"canceled"}
    assert home.totals == (0, len(dropped), len(_EVERYTHING) - len(dropped))
    assert await _sent(home) == _EVERYTHING - dropped


@pytest.mark.parametrize("which", [{"recipients": "notify.anna"}, {"all": True}])
async def test_history(home: Home, which: dict[str, Any]) -> None:
    """The history shows what became of it, and it may be sent again at once."""
    await _hold(home)
    await home.call("cancel_held_messages", **which)
    shown = await home.call("get_messages", direction="out", text="To Anna")
    (message,) = shown["messages"]
    assert (message["status"], message["reason_code"]) == ("failed", "canceled")
    await home.portal.accept()
    await home.advance(30)
    assert await home.statuses(ANNA, message="To Anna") == ["queued"]


@_AWAY
@pytest.mark.parametrize(
    ("send", "cancel", "count"),
    [
        ({"recipients": ["notify.anna", "notify.family"]}, ["notify.anna"], 0),
        ({"recipients": ["notify.anna", "notify.family"]}, ["notify.family"], 1),
        (
            {"recipients": ["notify.family", "notify.anna"]},
            ["notify.anna", "notify.family"],
            2,
        ),
        ({"recipients": ["notify.anna"], "numbers": [ANNA]}, ["notify.anna"], 0),
    ],
)
async def test_one_message_for_two(
    home: Home, send: dict[str, Any], cancel: list[str], count: int
) -> None:
    """A message that stands for two goes on to the one who was not named."""
    await home.refuse()
    await home.call("send_message", message="To both", **send)
    held = home.total("pending")
    # As the database has it, too.
    await home.restart()
    answer = await home.call("cancel_held_messages", recipients=cancel)
    assert answer == {"count": count}
    assert len(await _sent(home)) == held - count


@pytest.mark.parametrize(
    ("which", "key"),
    [
        ({}, "nothing_to_cancel"),
        ({"all": False, "numbers": [], "recipients": []}, "nothing_to_cancel"),
        ({"numbers": [ANNA, "Anna"]}, "invalid_number"),
        ({"recipients": ["notify.nobody", "notify.anna"]}, "not_a_recipient"),
    ],
)
async def test_errors(home: Home, which: dict[str, Any], key: str) -> None:
    """What cannot be understood drops nothing."""
    await _hold(home)
    with pytest.raises(ServiceValidationError) as raised:
        await home.call("cancel_held_messages", **which)
    assert raised.value.translation_key == key
    assert await _sent(home) == _EVERYTHING


@_AWAY
@pytest.mark.parametrize("which", [{"numbers": [CARLA]}, {"all": True}])
async def test_after_a_kill(home: Home, which: dict[str, Any]) -> None:
    """What the action said is dropped, is dropped for ever."""
    await _hold(home)
    await home.call("cancel_held_messages", **which)
    pending = home.total("pending")
    await home.restart(home.snapshot_storage())
    assert home.total("pending") == pending
    assert len(await _sent(home)) == pending


async def test_later_messages_follow(home: Home) -> None:
    """What waits behind a dropped message goes as soon as it may."""
    await home.refuse()
    await home.send(ANNA, BORIS, message="First")
    await home.send(BORIS, message="Second")
    await home.call("cancel_held_messages", numbers=[ANNA])
    await home.send(ANNA, message="Third")
    assert await _sent(home) == {("First", BORIS), ("Second", BORIS), ("Third", ANNA)}


async def test_what_has_left_is_not_held(home: Home) -> None:
    """What the portal has, it keeps."""
    await home.send(ANNA)
    await home.settle()
    assert await home.call("cancel_held_messages", all=True) == {"count": 0}
    home.portal.deliver("sent")
    await home.advance(60)
    assert home.published() == ["queued", "sent"]


@pytest.mark.parametrize(
    ("numbers", "left"), [([ANNA, BORIS], set()), ([ANNA], {("Hello", BORIS)})]
)
async def test_while_it_is_being_tried(
    home: Home, numbers: list[str], left: set[tuple[str, str]]
) -> None:
    """A message that is on its way is dropped when it turns out that it did not leave.

    It may have left, so the action does not count it.
    """
    home.portal.fail("http_status", "sendsms", status=503)
    await home.send(ANNA, BORIS)
    # A batch is stored as sent before it leaves: that has to wait.
    with _locked(home):
        for _ in range(100):
            home.clock.tick(1)
            await home.turns(20)
            if home.entry.runtime_data.outbox.counts["sending"]:
                break
        answer = await home.hass.services.async_call(
            DOMAIN,
            "cancel_held_messages",
            {"numbers": numbers},
            blocking=True,
            return_response=True,
        )
    assert answer == {"count": 0}
    await home.settle()
    dropped = [e.number for e in home.events if e.code == "canceled"]
    assert sorted(dropped) == sorted(numbers)
    home.portal.clear_faults()
    assert await _sent(home) == left


async def test_while_its_caller_waits(home: Home) -> None:
    """A caller who is to be told that it is held is told what became of it."""
    await home.refuse()
    await home.send(ANNA, BORIS, message="First")
    begin: Callable[..., asyncio.Task[Any]] = home.hass.async_create_task
    with _locked(home):
        sending = begin(home.send(ANNA, BORIS, message="Second"))
        await home.turns(50)
        canceling = begin(home.call("cancel_held_messages", numbers=[ANNA]))
        await home.turns(50)
        assert [task.done() for task in (sending, canceling)] == [False, False]
    assert await canceling == {"count": 2}
    outcomes = [(o["number"], o["status"], o["reason_code"]) for o in await sending]
    assert outcomes == [(ANNA, "failed", "canceled"), (BORIS, "held", "behind_held")]
    assert await _sent(home) == {("First", BORIS), ("Second", BORIS)}


@_REFUSED
async def test_disk_refuses(home: Home) -> None:
    """The action says that a restart may bring back what it dropped."""
    await _hold(home)
    await home.entry.runtime_data.store.database.async_fetch("PRAGMA query_only = ON")
    with pytest.raises(HomeAssistantError) as raised:
        await home.call("cancel_held_messages", all=True)
    assert raised.value.translation_key == "not_stored"
    await home.entry.runtime_data.store.database.async_fetch("PRAGMA query_only = OFF")
    assert await _sent(home) == set()
    await home.restart()
    assert await _sent(home) == set()
