"""An account that is removed takes all of its own along, and nothing of another's."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from homeassistant.components.homeassistant import SERVICE_SAVE_PERSISTENT_STATES
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.helpers import issue_registry as ir, restore_state
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.setup import async_setup_component
import pytest

from custom_components.smskit.const import DOMAIN
from tests.channels.home import Home
from tests.conftest import ANNA, CARLA
from tests.portal import Channel

TEXT: Final = "Meet me at the old bridge"
HEARD: Final = "The key is under the mat"
# In a database, a log, a copy, or a dump.
PRIVATE: Final = (TEXT.encode(), HEARD.encode(), ANNA[1:].encode(), CARLA[1:].encode())


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home with channels."""
    return Home


def storage(home: Home) -> Path:
    """Return the folder that the account's files are in."""
    return Path(home.hass.config.path(STORAGE_DIR))


def files(home: Home) -> list[Path]:
    """Return every file of the account, by its name."""
    return [one for one in storage(home).rglob("*") if home.entry.entry_id in one.name]


def leaking(home: Home) -> list[Path]:
    """Return every file of Home Assistant that has anything private in it."""
    return [
        path
        for path in Path(home.hass.config.config_dir).rglob("*")
        if path.is_file() and any(word in path.read_bytes() for word in PRIVATE)
    ]


def issues(home: Home) -> list[str]:
    """Return every issue of the account, also those that are not shown."""
    registry = ir.async_get(home.hass)
    return [id_ for domain, id_ in registry.issues if domain == DOMAIN]


async def stay_loaded(_: Home) -> None:
    """Remove an account that runs."""


async def unload(home: Home) -> None:
    """Remove an account that was unloaded."""
    await home.stop()


async def disable(home: Home) -> None:
    """Remove an account that is disabled."""
    entries = home.hass.config_entries
    await entries.async_set_disabled_by(home.entry.entry_id, ConfigEntryDisabler.USER)


async def kill(home: Home) -> None:
    """Remove an account of which a kill left everything where it was."""
    kept = home.snapshot_storage()
    await home.stop()
    for path, content in kept.items():
        path.write_bytes(content)
    folder = storage(home)
    name = f"{DOMAIN}.{home.entry.entry_id}"
    (folder / "__pycache__" / f"{name}.new").write_text("half")
    for problem in "channel_lost", "subscription_ends", "disk_error", "hourly_limit":
        ir.async_create_issue(
            home.hass,
            DOMAIN,
            f"{problem}_{home.entry.entry_id}_x",
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=problem,
        )


@pytest.mark.parametrize("leave", [stay_loaded, unload, disable, kill])
async def test_nothing_is_left(
    office: Channel, new_home: Home, leave: Callable[[Home], Awaitable[None]]
) -> None:
    """No file, no issue, and no state is left, whatever happened before."""
    home = new_home
    assert await async_setup_component(home.hass, "homeassistant", {})
    await _use(home)
    await _damage(home, b"no database at all")
    await _use(home)
    await _damage(home, b"and again none")
    await _use(home)
    home.portal.drop(office.channel_id)
    await home.advance(1300)
    assert len(files(home)) > 3
    assert set(home.issues) == {"store_damaged", "channel_lost"}
    await home.hass.services.async_call(
        "homeassistant", SERVICE_SAVE_PERSISTENT_STATES, blocking=True
    )
    await leave(home)
    assert leaking(home)

    await home.hass.config_entries.async_remove(home.entry.entry_id)
    await home.settle()
    assert files(home) == []
    assert leaking(home) == []
    assert issues(home) == []
    stored = restore_state.async_get(home.hass).async_get_stored_states()
    assert not [one for one in stored if HEARD in str(one.as_dict())]


async def _use(home: Home) -> None:
    """Send, receive, and look at it."""
    await home.call(
        "send_message",
        config_entry_id=home.entry.entry_id,
        numbers=[CARLA],
        message=TEXT,
        allow_repeat=True,
    )
    home.portal.receive(home.account, ANNA[1:], HEARD)
    await home.advance(61)


async def _damage(home: Home, content: bytes) -> None:
    """Have the database set aside, with what can be read of it."""
    await home.stop()
    database = storage(home) / f"{DOMAIN}.{home.entry.entry_id}.db"
    database.write_bytes(content + database.read_bytes())
    # The name of what is set aside has the time in it.
    home.clock.tick(2)
    await home.restart()


async def test_other_accounts_stay(home: Home, second: Any) -> None:
    """What belongs to another account is left alone."""
    await _use(home)
    await second.advance(61)
    for one in (home, second):
        ir.async_create_issue(
            home.hass,
            DOMAIN,
            f"inbox_full_{one.entry.entry_id}",
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key="inbox_full",
        )
    before = files(second)
    assert before
    await home.hass.config_entries.async_remove(home.entry.entry_id)
    await home.settle()
    assert files(home) == []
    assert files(second) == before
    assert issues(home) == [f"inbox_full_{second.entry.entry_id}"]
    await second.advance(61)
    assert second.state("sensor.second_balance") == "100"
