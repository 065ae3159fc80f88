"""The tool with which a language model texts somebody.

It calls the action, so that permissions, limits and outcomes are those of everybody
else. The model gets neither numbers nor messages.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, cast, override

from homeassistant.components.homeassistant import async_should_expose
from homeassistant.components.llm import LLMTools
from homeassistant.components.notify import DOMAIN as NOTIFY_DOMAIN
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er, intent
from homeassistant.helpers.llm import (
    LLM_API_ASSIST,
    LLMContext,
    Tool,
    ToolAnnotations,
    ToolInput,
    ToolResult,
)
from homeassistant.util.json import JsonArrayType, JsonValueType
import probatio

from .const import DOMAIN

_MAX_TEXT: Final = 320

_RECIPIENT: Final = "recipient"
_MESSAGE: Final = "message"


def _schema(recipient: Any) -> probatio.Schema:
    """Return the schema of a call, with that of the recipient's name."""
    text = probatio.All(str, str.strip, probatio.Length(min=1, max=_MAX_TEXT))
    return probatio.Schema(
        {
            probatio.Required(_RECIPIENT): recipient,
            probatio.Required(
                _MESSAGE, description="The text as the recipient will read it"
            ): text,
        }
    )


_SCHEMA: Final = _schema(str)
# What a model is told of an outcome: no number, and nothing to look more up with.
_TOLD: Final = ("via", "status", "duplicate", "reason")

_PROMPT: Final = (
    "Text somebody only if the user asks for it: it costs money and cannot be undone. "
    "Report the status that the tool returns, and do not repeat a call."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Exposed:
    """A recipient that is exposed to an assistant, and what it is called."""

    entity_id: str
    config_entry_id: str
    names: tuple[str, ...]

    def is_called(self, name: str) -> bool:
        """Return whether this is one of its names, as Assist compares names."""
        return _normalized(name) in map(_normalized, self.names)


def _normalized(name: str) -> str:
    return name.strip().casefold()


@callback
def _exposed(hass: HomeAssistant, assistant: str) -> list[_Exposed]:
    """Return the recipients that are exposed; none is until a user does that."""
    registry = er.async_get(hass)
    exposed = []
    for state in hass.states.async_all(NOTIFY_DOMAIN):
        entity = registry.async_get(state.entity_id)
        if (
            entity is None
            or entity.platform != DOMAIN
            or entity.config_entry_id is None
            or not async_should_expose(hass, assistant, state.entity_id)
        ):
            continue
        names = intent.async_get_entity_aliases(hass, entity, state=state)
        exposed.append(
            _Exposed(
                entity_id=state.entity_id,
                config_entry_id=entity.config_entry_id,
                names=tuple(filter(None, names)),
            )
        )
    return exposed


def _names(recipients: Iterable[_Exposed]) -> list[str]:
    """Return all names, in an order that does not depend on what was loaded first."""
    return sorted({name for one in recipients for name in one.names})


def _failed(error: str, **more: JsonValueType) -> ToolResult:
    """Return the result of a call that sent nothing."""
    return ToolResult(data={"status": "failed", "error": error, **more}, error=True)


class SendTextTool(Tool):
    """Tool that texts a recipient."""

    name = f"{DOMAIN}__send_text"
    title = "Send text message"
    description = (
        "Texts a recipient by SMS or WhatsApp, as set up for the recipient. Returns a "
        "status for each number of the recipient: queued or sent (the portal has the "
        "message), held (it goes out as soon as possible), failed, or unknown (it may "
        "have gone out). A duplicate was not sent again."
    )
    # It takes nothing away but money, which is not to be had back either.
    annotations = ToolAnnotations(
        read_only=False, destructive=True, idempotent=False, open_world=True
    )
    integration = DOMAIN

    def __init__(self, names: list[str]) -> None:
        """Initialize the tool with the names that it can be called with."""
        self.parameters = _schema(probatio.In(names))

    @override
    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> ToolResult:
        """Text a recipient that is exposed now, whatever was when the tool was made."""
        arguments = _SCHEMA(tool_input.tool_args)
        exposed = _exposed(hass, llm_context.assistant)
        found = [one for one in exposed if one.is_called(arguments[_RECIPIENT])]
        if not found:
            return _failed(
                "Not a recipient. Only these can be texted, by name, not by number.",
                recipients=cast(JsonArrayType, _names(exposed)),
            )
        if len(found) > 1:
            return _failed("More than one recipient has this name.")
        try:
            response = await hass.services.async_call(
                DOMAIN,
                "send_message",
                {
                    ATTR_CONFIG_ENTRY_ID: found[0].config_entry_id,
                    "recipients": [found[0].entity_id],
                    "message": arguments[_MESSAGE],
                },
                blocking=True,
                context=llm_context.context,
                return_response=True,
            )
        except HomeAssistantError as err:
            return _failed(str(err))
        outcomes = cast(dict[str, Any], response)["recipients"]
        return ToolResult(
            data={
                "recipient": found[0].names[0],
                "outcomes": [{key: one[key] for key in _TOLD} for one in outcomes],
            }
        )


@callback
def async_get_tools(
    hass: HomeAssistant, llm_context: LLMContext, api_id: str
) -> LLMTools | None:
    """Return the tool to text somebody, once a recipient is exposed."""
    if api_id != LLM_API_ASSIST:
        return None
    if not (names := _names(_exposed(hass, llm_context.assistant))):
        return None
    return LLMTools(tools=[SendTextTool(names)], prompt=_PROMPT)
