"""The tool with which a language model texts somebody, called as an agent calls it."""

from types import MappingProxyType
from typing import Any, Final

from homeassistant.auth.const import GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.components.llm import async_get_tools
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er, llm
from homeassistant.setup import async_setup_component
import probatio
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.const import DOMAIN, SUBENTRY_RECIPIENT
from tests.conftest import ANNA, BORIS, CARLA
from tests.home import OPTIONS, wait_for_databases
from tests.sending.errors import TEXT, assert_nothing_private
from tests.sending.home import Home
from tests.users import log_in

TOOL: Final = "smskit__send_text"
ASSISTANT: Final = "conversation"
# An answer for each number that a recipient has.
QUEUED: Final = {
    "via": "sms",
    "status": "queued",
    "duplicate": False,
    "reason": None,
}


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options with an inbox that is out of the way."""
    return OPTIONS


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home that sends."""
    return Home


@pytest.fixture
async def home(hass: HomeAssistant, new_home: Home) -> Home:
    """Return a home with Assist, in which nothing is exposed yet."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    await new_home.start()
    return new_home


class Agent:
    """A conversation agent with a language model, for a user or for nobody."""

    def __init__(self, home: Home, context: Context | None = None) -> None:
        """Initialize the agent."""
        self.hass = home.hass
        self.context = llm.LLMContext(
            platform="test",
            context=context,
            language="en",
            assistant=ASSISTANT,
            device_id=None,
        )

    async def api(self) -> llm.APIInstance:
        """Return what the agent gets to work with."""
        return await llm.async_get_api(self.hass, llm.LLM_API_ASSIST, self.context)

    async def tool(self) -> llm.Tool | None:
        """Return the tool of the integration, if there is one."""
        own = [one for one in (await self.api()).tools if one.integration == DOMAIN]
        assert [one.name for one in own] in ([], [TOOL])
        return own[0] if own else None

    async def prompt(self) -> list[str]:
        """Return the lines of the prompt that are about money."""
        lines = (await self.api()).api_prompt.split("\n")
        return [line for line in lines if "money" in line]

    async def send(self, recipient: Any, message: Any = TEXT) -> llm.ToolResult:
        """Call the tool."""
        arguments = {"recipient": recipient, "message": message}
        try:
            return await (await self.api()).async_call_tool(
                llm.ToolInput(tool_name=TOOL, tool_args=arguments)
            )
        finally:
            await wait_for_databases()


def expose(home: Home, *entity_ids: str, should_expose: bool = True) -> None:
    """Expose entities to Assist, as a user does."""
    for entity_id in entity_ids:
        async_expose_entity(home.hass, ASSISTANT, entity_id, should_expose)


def enum(tool: llm.Tool | None) -> Any:
    """Return the names that a model may choose from."""
    assert tool is not None
    schema: Any = probatio.to_openapi(tool.parameters)
    return schema["properties"]["recipient"]["enum"]


def outcomes(result: llm.ToolResult) -> list[dict[str, Any]]:
    """Return the outcomes of a call that did something."""
    assert not result.error
    assert_nothing_private(str(result.data))
    found: Any = result.data["outcomes"]
    return list(found)


def failure(result: llm.ToolResult) -> str:
    """Return the error of a call that sent nothing."""
    assert result.error
    assert result.data["status"] == "failed"
    assert_nothing_private(str(result.data))
    return str(result.data["error"])


# --- Who -----------------------------------------------------------------------------


async def test_off_until_a_recipient_is_exposed(home: Home) -> None:
    """There is no tool, and no word in the prompt, unless a user exposes somebody."""
    agent = Agent(home)
    assert await agent.tool() is None
    before = await agent.prompt()
    with pytest.raises(HomeAssistantError, match="not found"):
        await agent.send("Anna")
    # What else there is of an account opens nothing.
    expose(home, *(one.entity_id for one in home.hass.states.async_all("sensor")))
    assert await agent.tool() is None
    expose(home, "notify.anna")
    assert enum(await agent.tool()) == ["Anna"]
    (added,) = {*await agent.prompt()} - {*before}
    assert "costs money" in added
    assert len(added) < 200
    expose(home, "notify.anna", should_expose=False)
    assert await agent.tool() is None
    assert not home.portal.ledger


async def test_not_exposed_any_more(home: Home) -> None:
    """Whom a user hides is not texted in a conversation that began before."""
    expose(home, "notify.anna", "notify.family")
    api = await Agent(home).api()
    expose(home, "notify.anna", should_expose=False)
    arguments = {"recipient": "Anna", "message": TEXT}
    result = await api.async_call_tool(
        llm.ToolInput(tool_name=TOOL, tool_args=arguments)
    )
    assert "Not a recipient" in failure(result)
    assert not home.requests()


async def test_other_notify_entities(home: Home) -> None:
    """Only recipients of this integration can be texted by it."""
    other = MockConfigEntry(domain="other")
    other.add_to_hass(home.hass)
    er.async_get(home.hass).async_get_or_create(
        "notify",
        "other",
        "1",
        config_entry=other,
        suggested_object_id="other",
        original_name="Other",
    )
    home.hass.states.async_set("notify.other", "unknown")
    home.hass.states.async_set("notify.nobody", "unknown")
    expose(home, "notify.other", "notify.nobody")
    assert await Agent(home).tool() is None


async def test_other_apis(home: Home) -> None:
    """The tool is one of Assist: no other API gets it."""
    expose(home, "notify.anna")
    for api_id, names in ((llm.LLM_API_ASSIST, [TOOL]), ("other", [])):
        found = await async_get_tools(home.hass, Agent(home).context, api_id)
        assert [one.name for one in found.tools if one.integration == DOMAIN] == names


async def test_what_a_tool_must_have(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    """Home Assistant has nothing to say against the tool; the model may beware."""
    expose(home, "notify.anna")
    tool = await Agent(home).tool()
    assert tool is not None
    assert tool.annotations == llm.ToolAnnotations(
        read_only=False, destructive=True, idempotent=False, open_world=True
    )
    assert probatio.to_openapi(tool.parameters)["required"] == ["recipient", "message"]
    result = await Agent(home).send("Anna")
    assert not result.error
    assert TOOL not in caplog.text


@pytest.mark.parametrize("name", ["Anna", "anna", " ANNA ", "Mum", "mum"])
async def test_names_and_aliases(home: Home, name: str) -> None:
    """A recipient is found by its names, as Assist compares names."""
    er.async_get(home.hass).async_update_entity(
        "notify.anna", aliases=[er.COMPUTED_NAME, "Mum"]
    )
    expose(home, "notify.anna")
    assert enum(await Agent(home).tool()) == ["Anna", "Mum"]
    result = await Agent(home).send(name)
    assert result.data == {"recipient": "Anna", "outcomes": [QUEUED]}
    assert [(one.to, one.text) for one in home.portal.ledger] == [(ANNA[1:], TEXT)]


@pytest.mark.parametrize(
    "name",
    [ANNA, ANNA[1:], BORIS, CARLA, "2025550123", "Family", "notify.anna", "Ann", "all"],
)
async def test_nobody_else(home: Home, name: str) -> None:
    """Neither numbers, nor recipients that are not exposed, nor IDs are taken."""
    expose(home, "notify.anna")
    result = await Agent(home).send(name)
    assert "Not a recipient" in failure(result)
    assert result.data["recipients"] == ["Anna"]
    assert not home.requests()


@pytest.mark.parametrize(
    "arguments",
    [
        {"message": TEXT},
        {"recipient": "Anna"},
        {"recipient": "Anna", "message": TEXT, "numbers": [CARLA]},
        {"recipient": "Anna", "message": TEXT, "media": "https://example.org/a.jpg"},
        {"recipient": ["Anna", "Family"], "message": TEXT},
        {"recipient": 12025550123, "message": TEXT},
    ],
)
async def test_nothing_else(home: Home, arguments: dict[str, Any]) -> None:
    """A call has one name and one text, and nothing beside them."""
    expose(home, "notify.anna", "notify.family")
    with pytest.raises(probatio.Invalid):
        await (await Agent(home).api()).async_call_tool(
            llm.ToolInput(tool_name=TOOL, tool_args=arguments)
        )
    assert not home.requests()


async def test_ambiguous(home: Home) -> None:
    """A name of two recipients is nobody's."""
    registry = er.async_get(home.hass)
    registry.async_update_entity(
        "notify.family", aliases=[er.COMPUTED_NAME, "anna", "Everybody"]
    )
    expose(home, "notify.anna", "notify.family")
    agent = Agent(home)
    for name in ("Anna", "anna"):
        assert "More than one" in failure(await agent.send(name))
    assert not home.requests()
    # By a name of its own it is found.
    assert not (await agent.send("Everybody")).error
    # What is not exposed is in nobody's way.
    expose(home, "notify.family", should_expose=False)
    assert not (await agent.send("Anna", "Hello")).error


async def test_account(home: Home, second: Home) -> None:
    """Whoever is texted, it goes by the account of the recipient."""
    data: Any = {"name": "Carla", "numbers": [CARLA], "via": "sms"}
    home.hass.config_entries.async_add_subentry(
        second.entry,
        ConfigSubentry(
            data=MappingProxyType(data),
            subentry_type=SUBENTRY_RECIPIENT,
            title="Carla",
            unique_id=None,
        ),
    )
    await home.settle()
    expose(home, "notify.anna", "notify.carla")
    agent = Agent(home)
    assert enum(await agent.tool()) == ["Anna", "Carla"]
    for name in ("Anna", "Carla"):
        assert not (await agent.send(name)).error
    assert [(one.to, one.account) for one in home.portal.ledger] == [
        (ANNA[1:], home.account.name),
        (CARLA[1:], second.account.name),
    ]
    await second.stop()
    assert "not loaded" in failure(await agent.send("Carla"))


# --- What ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "segments"), [("x", 1), ("x" * 320, 3), ("\u00fc" * 320, 3)]
)
async def test_length(home: Home, message: str, segments: int) -> None:
    """A text has up to 320 characters."""
    expose(home, "notify.anna")
    assert not (await Agent(home).send("Anna", message)).error
    assert [(one.text, one.segments) for one in home.portal.ledger] == [
        (message, segments)
    ]


@pytest.mark.parametrize("message", ["", "  \n", "x" * 321, "\u00fc" * 321, None, 4711])
async def test_not_a_text(home: Home, message: Any) -> None:
    """Nothing is cut off, and nothing is sent that has no words."""
    expose(home, "notify.anna")
    with pytest.raises(probatio.Invalid) as raised:
        await Agent(home).send("Anna", message)
    assert_nothing_private(str(raised.value))
    assert not home.requests()


async def test_no_template(home: Home) -> None:
    """What a model writes is a text, whatever it looks like."""
    text = "{{ states('sensor.127_0_0_1_balance') }}"
    expose(home, "notify.anna")
    assert not (await Agent(home).send("Anna", text)).error
    assert home.texts == [text]


# --- What it reports -----------------------------------------------------------------


async def test_held(home: Home) -> None:
    """A message that waits is reported as held, with the reason, and goes later."""
    expose(home, "notify.anna")
    await home.refuse()
    result = await home.until_done(Agent(home).send("Anna"))
    (outcome,) = outcomes(result)
    assert outcome["status"] == "held"
    assert outcome["reason"]
    await home.portal.accept()
    await home.advance(900)
    assert home.texts == [TEXT]


async def test_failed(home: Home) -> None:
    """A message that the portal refuses is an error, with its reason."""
    expose(home, "notify.anna")
    home.portal.fail("refused_error", "sendsms", text="Sender ID not allowed")
    assert "Sender ID not allowed" in failure(await Agent(home).send("Anna"))


async def test_unknown(home: Home) -> None:
    """A message that may have gone out is not reported as failed, to be tried again."""
    expose(home, "notify.anna")
    home.portal.fail("reset", "sendsms", processed=True)
    result = await home.until_done(Agent(home).send("Anna"))
    (outcome,) = outcomes(result)
    assert outcome["status"] == "unknown"
    assert outcome["reason"]
    assert len(home.portal.ledger) == 1


async def test_in_part(home: Home) -> None:
    """Each number of a recipient has an outcome of its own."""
    expose(home, "notify.family")
    home.portal.refused_numbers = {BORIS[1:]}
    result = await Agent(home).send("Family")
    assert sorted(one["status"] for one in outcomes(result)) == ["failed", "queued"]
    assert any("not allowed" in (one["reason"] or "") for one in outcomes(result))


async def test_repeated(home: Home) -> None:
    """A model that calls twice texts once."""
    expose(home, "notify.anna")
    results = [await Agent(home).send("Anna") for _ in range(2)]
    assert [one["duplicate"] for result in results for one in outcomes(result)] == [
        False,
        True,
    ]
    assert home.texts == [TEXT]


@pytest.mark.parametrize("options", [{**OPTIONS, "hourly_limit": 2}])
async def test_spend_guard(home: Home) -> None:
    """The hourly limit stops a model, too."""
    expose(home, "notify.anna")
    for number in range(2):
        assert not (await Agent(home).send("Anna", f"Hello {number}")).error
    assert "2" in failure(await Agent(home).send("Anna", "Hello again"))
    assert len(home.portal.ledger) == 2


# --- Who asks ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (None, True),
        (GROUP_ID_USER, True),
        (GROUP_ID_READ_ONLY, False),
        ({"entities": {"entity_ids": {"notify.anna": {"control": True}}}}, True),
        ({"entities": {"entity_ids": {"notify.family": True}}}, False),
    ],
)
async def test_permissions(home: Home, role: Any, may: bool) -> None:
    """Who talks to the assistant needs the permission to text the recipient.

    A satellite has no user: what it may do is what is exposed.
    """
    expose(home, "notify.anna")
    context = Context()
    if isinstance(role, str):
        context = Context(user_id=(await log_in(home.hass, role)).user.id)
    elif role is not None:
        context = Context(user_id=(await log_in(home.hass, policy=role)).user.id)
    result = await Agent(home, context).send("Anna")
    if may:
        assert outcomes(result) == [QUEUED]
    else:
        assert failure(result) == "Unauthorized"
    assert len(home.portal.ledger) == may


@pytest.mark.parametrize("options", [{**OPTIONS, "inbox_interval": 30}])
async def test_the_inbox_is_not_readable(home: Home) -> None:
    """No tool that an agent has shows a message, whatever is exposed."""
    home.portal.receive(home.account, BORIS[1:], TEXT)
    await home.advance(60)
    assert int(home.shown(home.entity("sensor", "unread_messages")).state) == 1
    states = home.hass.states.async_all()
    expose(home, *(one.entity_id for one in states))
    api = await Agent(home).api()
    assert_nothing_private(api.api_prompt)
    read = [one for one in api.tools if one.annotations.read_only]
    assert "homeassistant__GetLiveContext" in {one.name for one in read}
    for tool in read:
        result = await api.async_call_tool(
            llm.ToolInput(tool_name=tool.name, tool_args={})
        )
        assert_nothing_private(str(result.data))
