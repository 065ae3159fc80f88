"""The portal processes what it accepted, in each of its ways."""

from typing import Any

from . import Processing, inferred
from .client import OTHER_PHONE, PHONE, Client, message_of
from .processing import RECIPIENTS_PER_RUN


async def _status(client: Client, group: str) -> tuple[str, list[str]]:
    """Return a group's status, and those of its recipients."""
    answer = await client.call("groupstatus", groupid=group)
    return answer["group_status"], [r["status"] for r in answer["recipients"]]


async def test_cron(client: Client) -> None:
    """Nothing is listed before the job has run, and it takes a moment."""
    client.portal.processing = Processing.CRON
    client.portal.outcomes[OTHER_PHONE] = "failed"
    client.clock.tick(30)
    group = (await client.send(to=f"{PHONE},{OTHER_PHONE}"))["group_id"]
    assert await _status(client, group) == ("queued", [])
    client.clock.tick(29)
    assert await _status(client, group) == ("queued", [])
    client.clock.tick(1)
    assert await _status(client, group) == ("processing", ["sending"] * 2)
    client.clock.tick(inferred.CRON_SECONDS)
    assert await _status(client, group) == ("completed", ["sent", "failed"])


async def test_a_faster_cron(client: Client) -> None:
    """Where the job runs more often, each run is over sooner."""
    client.portal.processing = Processing.CRON
    await client.control("POST", "portal", cron_interval=3)
    client.clock.tick(2.5)
    group = (await client.send())["group_id"]
    assert await _status(client, group) == ("queued", [])
    client.clock.tick(0.5)
    assert await _status(client, group) == ("processing", ["sending"])
    client.clock.tick(inferred.CRON_SECONDS / 20)
    assert await _status(client, group) == ("completed", ["sent"])


async def test_a_run_of_the_cron_job_takes_so_many(client: Client) -> None:
    """What is too much for one run waits for the next one, listed."""
    client.portal.processing = Processing.CRON
    client.account.credits *= 2
    numbers = [str(12025550000 + n) for n in range(RECIPIENTS_PER_RUN + 1)]
    group = (await client.send(to=",".join(numbers)))["group_id"]
    client.clock.tick(60 + inferred.CRON_SECONDS)
    status, states = await _status(client, group)
    assert status == "processing"
    assert states == ["sent"] * RECIPIENTS_PER_RUN + ["queued"]
    # Another group goes behind it.
    other = (await client.send())["group_id"]
    client.clock.tick(60)
    assert await _status(client, group) == ("completed", ["sent"] * len(numbers))
    assert await _status(client, other) == ("completed", ["sent"])


async def test_at_once(client: Client) -> None:
    """The answer to a send says what became of it, of the last number above all."""
    client.portal.processing = Processing.IMMEDIATE
    client.portal.outcomes[OTHER_PHONE] = "failed"
    client.portal.notice = "Absent subscriber"
    answer = await client.send(to=f"{PHONE},{OTHER_PHONE}")
    date = "2026-01-31 12:00:00"
    assert answer == {
        "request": "sendsms",
        "status": "failed",
        "notice": "Absent subscriber",
        "group_id": "1001",
        "messages": [
            {"message_id": "20001", "status": "sent", "date": date},
            {"message_id": "20002", "status": "failed", "date": date},
        ],
    }
    # It was billed, whatever the word says, and one number has it.
    assert len(client.portal.ledger) == 2
    assert await _status(client, "1001") == ("completed", ["sent", "failed"])
    client.portal.notice = None
    answer = await client.send(to=f"{OTHER_PHONE},{PHONE}")
    assert answer["status"] == "sent"
    assert "notice" not in answer


async def test_at_once_by_hand(client: Client) -> None:
    """That answer is written without blanks, as was seen."""
    client.portal.processing = Processing.IMMEDIATE
    await client.control("POST", "portal", spelling="handwritten")
    message = {"type": "sms", "from": "Home", "to": PHONE, "text": "Hi"}
    assert await client.text("sendsms", **message) == (
        '{"request": "sendsms","status": "sent","group_id": "1001","messages":'
        '[{"message_id": "20001","status": "sent","date": "2026-01-31 12:00:00"}]}'
    )


async def test_what_is_scheduled_has_no_group(client: Client) -> None:
    """Where nothing waits to be told, or if so told, it is group 0."""
    schedule = {"scheduledate": "2026-01-31 12:05:00"}

    async def answer() -> dict[str, Any]:
        return await client.send(**schedule)

    assert (await answer())["group_id"] == "1001"
    client.portal.schedules_have_groups = False
    assert (await answer())["group_id"] == "0"
    client.portal.schedules_have_groups = True
    for processing in (Processing.CRON, Processing.IMMEDIATE):
        client.portal.processing = processing
        assert await answer() == {
            "request": "sendsms",
            "status": "queued",
            "group_id": "0",
            "date": "2026-01-31 12:00:00",
        }
    unknown = await client.call("groupstatus", groupid="0")
    assert message_of(unknown) == inferred.UNKNOWN_GROUP
    client.clock.tick(299)
    assert {r.state for r in client.portal.groups["1004"].recipients} == {"queued"}
    client.clock.tick(1)
    assert {r.state for r in client.portal.groups["1004"].recipients} == {"sent"}
    client.clock.tick(60 + inferred.CRON_SECONDS)
    assert {r.state for r in client.portal.groups["1003"].recipients} == {"sent"}


async def test_schedules_that_are_ignored(client: Client) -> None:
    """One installation sends at once and has never heard of a file."""
    client.portal.processing = Processing.IMMEDIATE
    client.portal.ignores_schedule = True
    answer = await client.send(
        scheduledate="2026-01-31 12:05:00", file="https://example.com/a.mp3"
    )
    assert (answer["status"], answer["group_id"]) == ("sent", "1001")
    (entry,) = client.portal.ledger
    assert (entry.schedule, entry.file) == (None, None)
