"""What the README says is what the integration has."""

from pathlib import Path
import re

from homeassistant import components
from homeassistant.util.yaml import load_yaml_dict

from custom_components.smskit.const import DOMAIN

from .text import (
    ACTIONS,
    EN,
    INTEGRATION,
    PROSE,
    README,
    ROOT,
    STAND_INS,
    blocks,
    fields,
    named,
    names,
    section,
    sections,
    steps,
)


def test_forms() -> None:
    """The tables of the forms have every field, by the name that is on the screen."""
    user = EN["config"]["step"]["user"]["data"]
    assert named(section("Setup")) == user
    recipient = EN["config_subentries"]["recipient"]["step"]["user"]["data"]
    assert named(section("Recipients")) == recipient
    parts = EN["options"]["step"]["init"]["sections"].values()
    options = {key: name for part in parts for key, name in part["data"].items()}
    assert named(section("Options")) == options


def test_entities() -> None:
    """The tables of the entities have every entity, of its kind and by its name."""
    text = section("Entities")
    expected = {
        key: (name, platform.replace("_", " "))
        for platform, entities in EN["entity"].items()
        for key, name in names(entities).items()
        if key not in STAND_INS
    }
    rows = re.findall(r"^\| \*\*(.+?)\*\* `(\w+)` \| ([\w ]+) \|", text, re.MULTILINE)
    assert {key: (name, kind) for name, key, kind in rows} == expected


def test_events() -> None:
    """The table of the events has their types and their attributes."""
    rows = re.findall(
        r"^\| \*\*.+?\*\* `(\w+)` \| (.+) \| (.+) \|$",
        section("Automations"),
        re.MULTILINE,
    )
    events = EN["entity"]["event"]
    assert [key for key, _, _ in rows] == list(events)
    for key, types, attributes in rows:
        expected = events[key]["state_attributes"]
        assert set(re.findall(r"`(\w+)`", types)) == set(
            expected["event_type"]["state"]
        )
        said = set(re.findall(r"`(\w+)`", attributes))
        assert said == expected.keys() - {"event_type"}


def test_triggers_and_conditions() -> None:
    """Every trigger and condition is there by its name, with its options."""
    text = section("Triggers and conditions")
    said = {key: name for name, key in re.findall(r"\*\*(.+?)\*\* `(\w+)`", text)}
    fields = EN["triggers"]["message_received"]["fields"]
    assert said == {
        key: one["name"]
        for key, one in {**EN["triggers"], **EN["conditions"], **fields}.items()
    }


def test_actions() -> None:
    """Each action has its own heading, with a table of all its fields."""
    reported: set[str] = set()
    for heading, text in sections():
        for action in re.findall(rf"`{DOMAIN}\.(\w+)`", heading):
            reported.add(action)
            # The preview takes what sending takes, and says so.
            if action != "preview_message":
                assert named(text) == fields(action), action
    assert reported == ACTIONS.keys()
    assert fields("preview_message") == fields("send_message")


def test_every_action_that_is_named_exists() -> None:
    """Nothing is named that is not there, nor given a field that it does not have."""
    named_actions = set(re.findall(rf"`{DOMAIN}\.([a-z_]+)`", PROSE))
    assert named_actions == ACTIONS.keys()
    for block in blocks():
        for step in steps(block):
            domain, _, action = step["action"].partition(".")
            if domain == DOMAIN:
                assert step["data"].keys() <= ACTIONS[action]["fields"].keys()


def test_links() -> None:
    """Every picture, every file and every part that is linked to is there."""
    links = re.findall(r"\]\(([^)]+)\)", PROSE)
    links += re.findall(r"(?:src|srcset)=\"([^\"]+)\"", PROSE)
    anchors = {
        re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")
        for heading, _ in sections()
    }
    for link in links:
        if link.startswith("#"):
            assert link[1:] in anchors
        elif "://" not in link:
            assert (ROOT / link).is_file(), link


def test_numbers_are_nobodys() -> None:
    """Numbers are from the ranges that are set aside for fiction."""
    numbers = re.findall(r"\+?\d[\d ]{8,}\d", README)
    assert numbers
    for number in numbers:
        digits = re.sub(r"\D", "", number)
        assert re.fullmatch(r"120255501\d\d|447700900\d{3}", digits), number


def test_quality_scale() -> None:
    """Each rule of the quality scale is there, in order, with a reason if not done."""
    rules = load_yaml_dict(str(INTEGRATION / "quality_scale.yaml"))["rules"]
    (folder,) = components.__path__
    core = Path(folder) / "ntfy" / "quality_scale.yaml"
    assert list(rules) == list(load_yaml_dict(str(core))["rules"])
    for rule in rules.values():
        if rule != "done":
            assert rule["status"] in {"exempt", "todo"}
            assert rule["comment"]
