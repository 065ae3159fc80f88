"""An alert goes on after a restart, or a kill, where it was."""

import pytest

from .home import ANNA, CARLA, MESSAGE, STEPS, Home

WAIT = 121


async def test_goes_on(home: Home) -> None:
    """After a restart, who is next is asked when it is due, and nobody again."""
    await home.alert()
    await home.advance(60)
    await home.restart()
    await home.advance(50)
    assert home.asked == [ANNA]
    await home.advance(15)
    assert home.asked == [ANNA, CARLA]
    assert home.alert_types == ["started", "step", "step"]


async def test_late_steps(home: Home) -> None:
    """A step that was due meanwhile is taken at once, and then it is waited."""
    await home.alert()
    await home.stop()
    home.clock.tick(3600)
    await home.restart()
    await home.advance(2)
    assert home.asked == [ANNA, CARLA]
    await home.advance(100)
    assert "exhausted" not in home.alert_types
    await home.advance(25)
    assert home.alert_types[-1] == "exhausted"


@pytest.mark.parametrize("seconds", [5, 3600])
async def test_answer_meanwhile(home: Home, seconds: int) -> None:
    """An answer that came while nobody looked acknowledges before anybody is asked."""
    await home.alert(announce="{name} has it.", steps=[*STEPS, *STEPS])
    await home.advance(WAIT)
    await home.stop()
    home.portal.receive(home.account, ANNA[1:], "ok")
    home.clock.tick(seconds)
    await home.restart()
    await home.advance(5)
    assert home.asked == [ANNA, CARLA]
    assert home.told("Anna has it.") == [CARLA]
    assert home.alert_types == ["started", "step", "step", "acknowledged"]
    assert home.open_alerts == []


@pytest.mark.expected_log("Error fetching")
async def test_answer_before_meanwhile(home: Home) -> None:
    """What came before the question left, while the portal was away, is none."""
    await home.refuse()
    await home.alert()
    await home.advance(20)
    home.portal.receive(home.account, ANNA[1:], "ok")
    await home.restart()
    await home.portal.accept()
    await home.advance(90)
    assert home.asked == [ANNA]
    assert home.alert_types == ["started", "step"]
    await home.answer("ok", ANNA)
    assert home.alert_types[-1] == "acknowledged"


@pytest.mark.parametrize("is_killed", [False, True])
async def test_failed_meanwhile(home: Home, is_killed: bool) -> None:
    """A step that turned out to have failed is not waited for after a restart."""
    home.portal.next_delivery = "failed"
    home.portal.deliver_after = 1
    await home.alert(steps=[*STEPS, {"numbers": [CARLA], "wait": 120}])
    before = home.snapshot_storage()
    if is_killed:
        await home.restart(before)
    else:
        await home.reload()
    home.portal.next_delivery = "sent"
    await home.advance(90)
    assert home.asked == [ANNA, CARLA]


async def test_restored_from_a_backup(home: Home) -> None:
    """Nobody knows how far an alert of a backup has come: it does not go on."""
    await home.alert()
    storage = home.snapshot_storage()
    await home.answer("ok", ANNA)
    await home.reload()
    backup = {p: c for p, c in storage.items() if "__pycache__" not in p.parts}
    await home.stop()
    markers = {p: c for p, c in home.snapshot_storage().items() if p not in backup}
    await home.restart(backup | markers)
    await home.advance(2 * WAIT)
    assert home.texts == [MESSAGE]
    assert home.alert_types[-1] == "ended"
    assert home.open_alerts == []
