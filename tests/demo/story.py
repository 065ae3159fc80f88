"""What happens in the demo, step by step.

A step is a function in `STEPS`: its docstring is the line that the transcript prints,
what it returns is the detail below it. It raises NotSeenError, as `home.until` does,
when something does not come. After a step in `_NEEDED` that fails, the others are left
out.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, DecimalException
import inspect
import secrets
from typing import Any, Final

from homeassistant.util import dt as dt_util

from .audit import complaints, leaks
from .home_assistant import HomeAssistant, Json
from .installation import FOLDER
from .portal_control import DemoPortal
from .transcript import NotSeenError, Transcript

DASHBOARD: Final = "smskit-demo"

# From the ranges set aside for fiction.
ANNA: Final = "+12025550123"
BEN: Final = "+447700900123"
NEIGHBOUR: Final = "+12025550145"
OURS: Final = "12025550100"

_RECENT: Final = timedelta(minutes=2)


@dataclass(kw_only=True)
class Stage:
    """What the steps share."""

    home: HomeAssistant
    portal: DemoPortal
    api_key: str
    api_token: str
    entry_id: str = ""
    device_id: str = ""
    entities: dict[str, str] = field(default_factory=dict)
    """Entity ids of the account by their key: `balance`, `unread_messages`, …"""
    expected_log: list[str] = field(default_factory=list)
    """Parts of lines that a step makes the integration log as warnings."""

    def number(self, key: str) -> Decimal:
        """Return what a sensor of the account says now."""
        return Decimal(self.home.states[self.entities[key]]["state"])


type Step = Callable[[Stage], Awaitable[str]]


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
    balance = await home.until(stage.entities["balance"], lambda s: _is_number(s, 100))
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
    """Change its options: the portal's time zone, and a look every 10 seconds."""
    await stage.home.fill_in(
        "options/flow",
        stage.entry_id,
        {"time_zone": "Africa/Lagos", "inbox_interval": 10},
    )
    await stage.home.until_loaded(stage.entry_id)
    return "country, balance and limits stay as the form shows them"


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
        await stage.home.until(entity_id, _is_available)
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
    state = await stage.home.until("notify.anna", _is_recent)
    await _billed(stage, text, ANNA)
    return f"notify.anna: {_clock(state['state'])}; billed once: {ANNA} “{text}”"


async def balance_goes_down(stage: Stage) -> str:
    """See the balance go down by what the message cost."""
    state = await stage.home.until(
        stage.entities["balance"], lambda s: _is_number(s, 99)
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
    if outcomes != dict.fromkeys((ANNA, BEN, NEIGHBOUR), "queued"):
        raise NotSeenError(f"the response says {response}")
    await _billed(stage, text, ANNA, BEN, NEIGHBOUR)
    await stage.home.until(stage.entities["balance"], lambda s: _is_number(s, 96))
    return (
        f"queued for {', '.join(outcomes)}; {response['encoding']}, "
        f"{response['segments']} segment; {stage.number('balance')} credits left"
    )


# --- Receiving -----------------------------------------------------------------------


async def receive(stage: Stage) -> str:
    """Receive Anna's answer."""
    text = "On my way, 10 minutes!"
    await stage.portal.tell("inbound", **{"from": ANNA[1:], "to": OURS, "text": text})
    unread = await stage.home.until(
        stage.entities["unread_messages"], lambda s: _is_number(s, 1), within=25
    )
    last = await stage.home.until(
        stage.entities["last_message"],
        lambda s: s["attributes"].get("text") == text and _is_recent(s),
    )
    if last["attributes"]["from"] != ANNA:
        raise NotSeenError(f"it came from {last['attributes']['from']}")
    return (
        f"{unread['entity_id']}: {unread['state']}; "
        f"{last['entity_id']}: {_clock(last['state'])}, {ANNA} “{text}”"
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
    keep_secrets,
    stay_quiet,
)
_NEEDED: Final[frozenset[Step]] = frozenset({add_account, add_recipients})


# --- Helpers of the steps ------------------------------------------------------------


async def _billed(stage: Stage, text: str, *numbers: str) -> None:
    """See that the portal billed a text once to each of these, and to nobody else."""
    ledger = await stage.portal.ledger()
    billed = sorted(f"+{entry['to']}" for entry in ledger if entry["text"] == text)
    if billed != sorted(numbers):
        raise NotSeenError(f"“{text}” was billed to {billed or 'nobody'}")


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


def _is_available(state: Json) -> bool:
    return str(state["state"]) != "unavailable"


def _is_number(state: Json, number: int) -> bool:
    try:
        return Decimal(state["state"]) == number
    except DecimalException:
        return False


def _is_recent(state: Json) -> bool:
    """Whether a state is a time of just now."""
    time = _time(state["state"])
    return time is not None and abs(dt_util.utcnow() - time) < _RECENT


def _time(text: str) -> datetime | None:
    return dt_util.parse_datetime(text)


def _clock(text: str) -> str:
    time = _time(text)
    return text if time is None else f"{time:%H:%M:%S} UTC"
