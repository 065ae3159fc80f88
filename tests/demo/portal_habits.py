"""The steps about how the portal works: its cron job, its clock, and a report on it."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
import json
import time
from zoneinfo import ZoneInfo

from .home_assistant import Json
from .portal_control import CRON_INTERVAL, PORTAL_ZONE
from .stage import ANNA, BEN, OURS, RECENT, Stage, as_time, billed, clock, is_number
from .transcript import NotSeenError


async def follow_the_cron_job(stage: Stage) -> str:
    """Follow a message that waits for the portal's cron job."""
    # Just after a run, so that the next one is a while away.
    await asyncio.sleep(CRON_INTERVAL - time.time() % CRON_INTERVAL + 0.1)
    text = "The oven is hot."
    response = await stage.home.action(
        "smskit.send_message", returns=True, numbers=[BEN], message=text
    )
    group_id = response["recipients"][0]["group_id"]
    await billed(stage, text, BEN)
    seen: list[str] = []
    async with asyncio.timeout(3 * CRON_INTERVAL):
        while "sent" not in seen:
            status = await stage.home.action(
                "smskit.get_message_status", returns=True, group_id=group_id
            )
            states = [recipient["status"] for recipient in status["recipients"]]
            word = states[0] if states else "no recipient"
            if word not in seen:
                seen.append(word)
            await asyncio.sleep(0.1)
    if seen[0] != "no recipient":
        raise NotSeenError(f"its group had {', '.join(seen)}")
    # Home Assistant asks for it, too.
    pending = stage.entities["messages_pending"]
    await stage.home.until(pending, lambda s: is_number(s, 0))
    return f"its group lists {', then '.join(seen)}; {pending}: 0"


async def learn_the_offset(stage: Stage) -> str:
    """Learn from what the portal answered how far its clock is ahead."""
    offset = portal_offset()
    diagnostics = await stage.home.diagnostics(stage.entry_id)
    learned = diagnostics["portal"]
    if (learned["clock"], learned["offset"]) != ("learned", str(timezone(offset))):
        raise NotSeenError(f"it learned {learned}")
    if "time_zone" in diagnostics["options"]:
        raise NotSeenError("the time zone is set in the options")
    return f"diagnostics: {learned['offset']}, {learned['clock']} after three sends"


async def date_anew(stage: Stage) -> str:
    """See Anna's first message dated anew by it."""
    last = await stage.home.until(
        stage.entities["last_message"],
        lambda s: abs(as_time(s["state"]) - stage.received_at) < RECENT,
    )
    return f"{last['entity_id']}: {clock(last['state'])}, when it came"


async def schedule(stage: Stage) -> str:
    """Schedule a message, at the portal's time."""
    text = "Take the bins out."
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=3)
    response = await stage.home.action(
        "smskit.send_message",
        returns=True,
        recipients=["notify.anna"],
        message=text,
        schedule=due.isoformat(),
    )
    status = response["recipients"][0]["status"]
    if status != "scheduled":
        raise NotSeenError(f"the response says {response}")
    await stage.home.until(
        stage.entities["message_status"],
        lambda s: s["attributes"].get("event_type") == "scheduled",
    )
    await billed(stage, text, ANNA)
    (entry,) = [e for e in await stage.portal.ledger() if e["text"] == text]
    planned = datetime.fromisoformat(entry["schedule"])
    if planned != due:
        raise NotSeenError(f"the portal sends it at {planned}, not at {due}")
    there = planned.astimezone(ZoneInfo(PORTAL_ZONE))
    return f"{status} for {due:%H:%M:%S} UTC, {there:%H:%M:%S} at the portal"


async def report_on_the_portal(stage: Stage) -> str:
    """Check the portal: how it answers, without a word of what it answers."""
    report = await stage.home.action("smskit.check_portal", returns=True)
    diagnostics = await stage.home.diagnostics(stage.entry_id)
    if diagnostics["check"] != report:
        raise NotSeenError("it is not in the diagnostics")
    text = json.dumps(report)
    secrets = (stage.api_key, stage.api_token, ANNA[1:], BEN[1:], OURS, "4711", "HOME")
    if any(secret in text for secret in secrets):
        raise NotSeenError("it has more in it than habits")
    traits = report["traits"]
    wanted = {
        "escaping": "handwritten",
        "processing": "cron",
        "offset": str(timezone(portal_offset())),
    }
    if not wanted.items() <= traits.items():
        raise NotSeenError(f"it says {traits}")
    return "\n".join(
        [
            *(_line(one) for one in report["operations"]),
            ", ".join(
                f"{name}: {traits[name]}" for name in (*wanted, "channel_parameter")
            ),
        ]
    )


def _line(report: Json) -> str:
    """Return what a report says of one operation."""
    answer = report["answer"]
    flaws = [
        name.replace("_", " ")
        for name in ("missing_comma", "trailing_comma", "repeated_key")
        if answer.get(name)
    ]
    return ", ".join(
        [
            f"{report['operation']}: {report['method']} {report['status']}",
            report["content_type"],
            answer["kind"],
            *flaws,
        ]
    )


def portal_offset() -> timedelta:
    """Return how far the portal's clock is ahead of UTC."""
    return _offset(PORTAL_ZONE)


async def offset_between(stage: Stage) -> timedelta:
    """Return how far the portal's clock is ahead of Home Assistant's."""
    config = await stage.home.call("get_config")
    return portal_offset() - _offset(config["time_zone"])


def _offset(zone: str) -> timedelta:
    return datetime.now(ZoneInfo(zone)).utcoffset() or timedelta()
