"""What happens in the demo, step by step.

A step is a function in `STEPS`: its docstring is the line that the transcript prints,
what it returns is the detail below it. It raises NotSeenError, as `home.until` does,
when something does not come. After a step in `_NEEDED` that fails, the others are left
out.
"""

from datetime import timedelta
import inspect
import secrets
from typing import Any, Final

from homeassistant.util import dt as dt_util

from .alarm import ask_the_next, let_somebody_have_it
from .audit import complaints, leaks
from .installation import FOLDER
from .outside import ignore_a_late_command, tell_a_family_exactly
from .portal_habits import (
    date_anew,
    follow_the_cron_job,
    learn_the_offset,
    offset_between,
    report_on_the_portal,
    schedule,
)
from .stage import (
    ANNA,
    BEN,
    NEIGHBOR,
    OURS,
    RECENT,
    Stage,
    Step,
    as_time,
    billed,
    clock,
    is_available,
    is_number,
    is_recent,
)
from .strange_texts import (
    receive_backslashes,
    receive_quotation_marks,
    see_through_a_forgery,
)
from .transcript import NotSeenError, Transcript
from .trials import (
    answer_a_question,
    fall_back_to_sms,
    hold_and_deliver,
    obey_anna_only,
    pair_channel,
    stop_a_loop,
)

DASHBOARD: Final = "smskit-demo"


def make_secret(kind: str) -> str:
    """Return a credential that stands nowhere by accident."""
    return f"{kind}-{secrets.token_hex(16)}"


async def tell(stage: Stage, transcript: Transcript) -> None:
    """Go through the steps."""
    for step in STEPS:
        title = (inspect.getdoc(step) or "").removesuffix(".")
        is_seen = await transcript.step(title, step(stage))
        if not is_seen and step in _NEEDED:
            transcript.say("The other steps need this one.")
            return


# --- Set-up --------------------------------------------------------------------------


async def add_account(stage: Stage) -> str:
    """Add the account in the form of Settings → Devices & services."""
    home = stage.home
    answer = await home.fill_in(
        "flow",
        "smskit",
        {
            "url": stage.portal.url,
            "api_key": stage.api_key,
            "api_token": stage.api_token,
            "sender": "HOME",
        },
    )
    stage.entry_id = answer["result"]["entry_id"]
    await home.until_loaded(stage.entry_id)
    await _name_device(stage, "SMSKit")
    balance = await home.until(stage.entities["balance"], lambda s: is_number(s, 100))
    unit = balance["attributes"]["unit_of_measurement"]
    return f"{balance['entity_id']}: {balance['state']} {unit}"


async def _name_device(stage: Stage, name: str) -> None:
    """Name the account as the dialog does that follows the form."""
    home = stage.home
    stage.device_id = next(
        device["id"]
        for device in await home.call("config/device_registry/list")
        if device["config_entries"] == [stage.entry_id]
    )
    await home.call(
        "config/device_registry/update", device_id=stage.device_id, name_by_user=name
    )
    entities = {
        entity["entity_id"]: entity["translation_key"]
        for entity in await home.call("config/entity_registry/list")
        if entity["device_id"] == stage.device_id
    }
    renamed = await home.call(
        "config/entity_registry/get_automatic_entity_ids", entity_ids=list(entities)
    )
    for old, new in renamed.items():
        if new != old:
            await home.call(
                "config/entity_registry/update", entity_id=old, new_entity_id=new
            )
        stage.entities[entities[old]] = new


async def set_options(stage: Stage) -> str:
    """Change its options: a look at the inbox every 10 seconds, and a command PIN."""
    options = {"inbox_interval": 10, "command_pin": "4711"}
    await stage.home.fill_in("options/flow", stage.entry_id, options)
    await stage.home.until_loaded(stage.entry_id)
    return "the rest stays as the form shows it: no time zone of the portal is set"


async def add_recipients(stage: Stage) -> str:
    """Add two recipients: Anna, and the family with two numbers."""
    for entity_id, page in (
        ("notify.anna", {"name": "Anna", "numbers": ["(202) 555-0123"]}),
        (
            "notify.family",
            {"name": "Family", "numbers": ["202 555 0123", "+44 7700 900123"]},
        ),
    ):
        await stage.home.fill_in("subentries/flow", [stage.entry_id, "recipient"], page)
        await stage.home.until(entity_id, is_available)
        await stage.home.until_loaded(stage.entry_id)
    return "notify.anna and notify.family are there"


async def find_entities(stage: Stage) -> str:
    """Find every entity that the dashboard shows."""
    config = await stage.home.call("lovelace/config", url_path=DASHBOARD)
    shown = _entities_of(config)
    missing = sorted(shown - stage.home.states.keys())
    if missing:
        raise NotSeenError(f"not there: {', '.join(missing)}")
    # Every page asks for the actions as they are described, too.
    actions = (await stage.home.call("get_services"))["smskit"]
    return (
        f"{len(shown)} entities at {stage.home.url}/{DASHBOARD}\n"
        f"actions: {', '.join(sorted(actions))}"
    )


# --- Sending -------------------------------------------------------------------------


async def notify_anna(stage: Stage) -> str:
    """Send to Anna with notify.send_message."""
    text = "The washing machine is done."
    await stage.home.action(
        "notify.send_message", target={"entity_id": "notify.anna"}, message=text
    )
    state = await stage.home.until("notify.anna", is_recent)
    await billed(stage, text, ANNA)
    return f"notify.anna: {clock(state['state'])}; billed once: {ANNA} “{text}”"


async def balance_goes_down(stage: Stage) -> str:
    """See the balance go down by what the message cost."""
    state = await stage.home.until(
        stage.entities["balance"], lambda s: is_number(s, 99)
    )
    return f"{state['entity_id']}: {state['state']}"


async def send_to_many(stage: Stage) -> str:
    """Send to the family and one more number with smskit.send_message."""
    text = "Dinner is at seven 🍝"
    response = await stage.home.action(
        "smskit.send_message",
        returns=True,
        recipients=["notify.family"],
        numbers=["202-555-0145"],
        message=text,
    )
    outcomes = {o["number"]: o["status"] for o in response["recipients"]}
    if outcomes != dict.fromkeys((ANNA, BEN, NEIGHBOR), "queued"):
        raise NotSeenError(f"the response says {response}")
    await billed(stage, text, ANNA, BEN, NEIGHBOR)
    await stage.home.until(stage.entities["balance"], lambda s: is_number(s, 96))
    return (
        f"queued for {', '.join(outcomes)}; {response['encoding']}, "
        f"{response['segments']} segment; {stage.number('balance')} credits left"
    )


# --- Receiving -----------------------------------------------------------------------


async def receive(stage: Stage) -> str:
    """Receive Anna's answer, whose date cannot be known yet."""
    text = "On my way, 10 minutes!"
    stage.received_at = dt_util.utcnow()
    # It is read as if the portal were in Home Assistant's zone.
    date = stage.received_at + min(await offset_between(stage), timedelta())
    await stage.portal.tell("inbound", **{"from": ANNA[1:], "to": OURS, "text": text})
    unread = await stage.home.until(
        stage.entities["unread_messages"], lambda s: is_number(s, 1), within=25
    )
    last = await stage.home.until(
        stage.entities["last_message"],
        lambda s: s["attributes"].get("text") == text,
    )
    if abs(as_time(last["state"]) - date) > RECENT:
        raise NotSeenError(f"its date is {last['state']}")
    if last["attributes"]["from"] != ANNA:
        raise NotSeenError(f"it came from {last['attributes']['from']}")
    return (
        f"{unread['entity_id']}: {unread['state']}; "
        f"{last['entity_id']}: {clock(last['state'])}, {ANNA} “{text}”\n"
        f"it came at {stage.received_at:%H:%M:%S} UTC; the portal says no time zone"
    )


# --- What is left behind -------------------------------------------------------------


async def keep_secrets(stage: Stage) -> str:
    """Keep the key and the token in the bodies of requests, and out of all files."""
    requests = (await stage.portal.get("requests"))["requests"]
    if loose := [
        request["operation"]
        for request in requests
        if request["credentials_in_url"] or request["credentials_in_headers"]
    ]:
        raise NotSeenError(f"in the address or a header: {', '.join(loose)}")
    return f"{len(requests)} requests\n{check_files(stage)}"


def check_files(stage: Stage) -> str:
    """Look through all that was written; raise NotSeenError for what must not be."""
    if found := leaks(FOLDER, (stage.api_key, stage.api_token)):
        raise NotSeenError(f"a secret is in {', '.join(found)}")
    return "no log, database or store has them, but for Home Assistant's config entry"


async def stay_quiet(stage: Stage) -> str:
    """See Home Assistant's log free of complaints."""
    return check_log(stage)


def check_log(stage: Stage) -> str:
    """Look through the log; raise NotSeenError for a complaint."""
    if lines := complaints(FOLDER, stage.expected_log):
        raise NotSeenError("\n".join(lines))
    return "no warning and no error of smskit"


STEPS: Final[tuple[Step, ...]] = (
    add_account,
    set_options,
    add_recipients,
    find_entities,
    notify_anna,
    balance_goes_down,
    send_to_many,
    receive,
    follow_the_cron_job,
    learn_the_offset,
    date_anew,
    receive_quotation_marks,
    receive_backslashes,
    see_through_a_forgery,
    hold_and_deliver,
    stop_a_loop,
    fall_back_to_sms,
    pair_channel,
    answer_a_question,
    obey_anna_only,
    ignore_a_late_command,
    tell_a_family_exactly,
    schedule,
    report_on_the_portal,
    ask_the_next,
    let_somebody_have_it,
    keep_secrets,
    stay_quiet,
)
_NEEDED: Final[frozenset[Step]] = frozenset({add_account, add_recipients})


# --- Helpers of the steps ------------------------------------------------------------


def _entities_of(config: Any) -> set[str]:
    """Return the entity ids that a dashboard's configuration names."""
    found: set[str] = set()
    for key, value in config.items() if isinstance(config, dict) else ():
        if key in {"entity", "entity_id"}:
            found |= {value} if isinstance(value, str) else set(value)
        else:
            found |= _entities_of(value)
    for item in config if isinstance(config, list) else ():
        found |= _entities_of(item)
    return found
