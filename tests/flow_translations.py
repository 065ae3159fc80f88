"""A check of what flows show, as Home Assistant's own tests make it.

`pytestmark = pytest.mark.usefixtures("translated_flows")` and an import of the fixture
turn it on for the tests of a file.
"""

from collections.abc import Generator
from functools import cache
import json
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from homeassistant.config_entries import (
    ConfigEntriesFlowManager,
    ConfigSubentryFlowManager,
)
from homeassistant.data_entry_flow import FlowManager, FlowResultType, section
import pytest

TRANSLATIONS: Final = (
    Path(__file__).parents[1] / "custom_components/smskit/translations"
)
# Home Assistant has these itself.
_CORE_ABORTS: Final = {"already_in_progress", "reauth_successful"}


@cache
def translation(language: str) -> dict[str, Any]:
    """Return the translations of a language."""
    path = TRANSLATIONS / f"{language}.json"
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


def flat(tree: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Return translations by their dotted keys."""
    leaves: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            leaves |= flat(value, f"{prefix}{key}.")
        else:
            leaves[f"{prefix}{key}"] = value
    return leaves


def _fields(schema: dict[Any, Any], prefix: str) -> Generator[str]:
    """Yield the keys that the fields of a form need."""
    for field, value in schema.items():
        if isinstance(value, section):
            yield f"{prefix}.sections.{field}.name"
            yield from _fields(value.schema.schema, f"{prefix}.sections.{field}")
        else:
            yield f"{prefix}.data.{field}"
            yield f"{prefix}.data_description.{field}"


def needed(manager: object, result: Any) -> set[str]:
    """Return the translation keys that the result of a step needs."""
    root = "options"
    if isinstance(manager, ConfigEntriesFlowManager):
        root = "config"
    elif isinstance(manager, ConfigSubentryFlowManager):
        root = "config_subentries.recipient"
    match result["type"]:
        case FlowResultType.FORM:
            schema = result["data_schema"].schema
            keys = set(_fields(schema, f"{root}.step.{result['step_id']}"))
            errors = (result["errors"] or {}).values()
            return keys | {f"{root}.error.{error}" for error in errors}
        case FlowResultType.ABORT if result["reason"] not in _CORE_ABORTS:
            return {f"{root}.abort.{result['reason']}"}
    return set()


@pytest.fixture
def translated_flows() -> Generator[None]:
    """Fail a test in which a flow shows something that has no words."""
    handle_step = FlowManager._async_handle_step  # noqa: SLF001 - as core does
    missing: set[str] = set()

    async def checked(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = await handle_step(self, *args, **kwargs)
        missing.update(needed(self, result) - flat(translation("en")).keys())
        return result

    with patch.object(FlowManager, "_async_handle_step", checked):
        yield
    assert not missing
