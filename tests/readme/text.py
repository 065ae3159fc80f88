"""The README, taken apart, and what it is compared with."""

from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any, Final

from homeassistant.util.yaml import load_yaml_dict, parse_yaml

from custom_components.smskit.const import DOMAIN

type Json = dict[str, Any]

ROOT: Final = Path(__file__).parents[2]
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
INTEGRATION: Final = ROOT / "custom_components" / DOMAIN
EN: Final[Json] = json.loads(
    (INTEGRATION / "translations" / "en.json").read_text(encoding="utf-8")
)
ACTIONS: Final[Json] = load_yaml_dict(str(INTEGRATION / "services.yaml"))
BLOCKS: Final = re.findall(r"^```yaml\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
PROSE: Final = re.sub(r"^```.*?^```$", "", README, flags=re.DOTALL | re.MULTILINE)
HEADING: Final = re.compile(r"^(#+) (.+)$", re.MULTILINE)
# The entity that takes the place of another has its name.
STAND_INS: Final = {"balance_in_currency"}


def sections() -> Iterator[tuple[str, str]]:
    """Yield each heading with what is below it, up to the next one."""
    headings = list(HEADING.finditer(PROSE))
    ends = [heading.start() for heading in headings[1:]] + [len(PROSE)]
    for heading, end in zip(headings, ends, strict=True):
        yield heading[2], PROSE[heading.end() : end]


def section(title: str) -> str:
    """Return what is below a heading."""
    (text,) = (text for heading, text in sections() if heading == title)
    return text


def named(text: str) -> dict[str, str]:
    """Return the names in the tables of a text by the keys beside them."""
    rows = re.findall(r"^\| \*\*(.+?)\*\* `(\w+)` \|", text, re.MULTILINE)
    return {key: name for name, key in rows}


def names(data: Json) -> dict[str, str]:
    """Return the names that translations have, by key."""
    return {key: value["name"] for key, value in data.items() if "name" in value}


def fields(action: str) -> dict[str, str]:
    """Return the names of an action's fields by key, without the account."""
    found = names(EN["services"][action]["fields"])
    found.pop("config_entry_id", None)
    return found


def blocks() -> list[Json]:
    """Return what every block of YAML says."""
    parsed = [parse_yaml(block) for block in BLOCKS]
    found = [block for block in parsed if isinstance(block, dict)]
    assert len(found) == len(parsed)
    return found


def examples() -> list[Json]:
    """Return every automation."""
    return [block for block in blocks() if "triggers" in block]


def automation(alias: str) -> Json:
    """Return the automation of that name."""
    (found,) = (example for example in examples() if example["alias"] == alias)
    return found


def steps(config: Any) -> Iterator[Json]:
    """Yield everything in a configuration that calls an action."""
    if isinstance(config, dict):
        if "action" in config:
            yield config
        for value in config.values():
            yield from steps(value)
    elif isinstance(config, list):
        for item in config:
            yield from steps(item)
