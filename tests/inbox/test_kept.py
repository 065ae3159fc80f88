"""What is kept and for how long, and that what went never comes back."""

from datetime import timedelta

from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.smskit.const import CONF_ACCOUNT, DOMAIN

from .home import DAY, PHONE, Home

_KEEP_TEN = {"time_zone": "Africa/Lagos", "keep_messages": 10}


@pytest.mark.parametrize("options", [_KEEP_TEN])
async def test_keeps_the_newest(home: Home) -> None:
    """Of those that were read the newest are kept, and what was dropped stays away."""
    for number in range(14):
        home.receive(f"message {number}")
        await home.poll()
    await home.call("mark_messages_read", all=True)
    kept = [f"message {number}" for number in range(13, 3, -1)]
    assert [m["text"] for m in await home.messages()] == kept
    await home.poll(DAY)
    await home.restart()
    assert [m["text"] for m in await home.messages()] == kept
    assert len(home.events) == 14


@pytest.mark.parametrize("options", [{"time_zone": "Africa/Lagos", "keep_days": 2}])
async def test_keeps_for_some_days(home: Home) -> None:
    """Those that were read are kept for so many days, also when nothing else comes."""
    home.receive("old")
    await home.poll()
    await home.call("mark_messages_read", all=True)
    await home.poll(timedelta(days=1))
    home.receive("newer")
    await home.poll()
    assert len(await home.messages()) == 2
    await home.poll(timedelta(days=1))
    await home.poll()
    assert [m["text"] for m in await home.messages()] == ["newer"]
    await home.restart()
    await home.poll(DAY)
    assert [m["text"] for m in await home.messages()] == ["newer"]
    assert home.texts == ["old", "newer"]


async def test_fewer_are_to_be_kept(home: Home) -> None:
    """A lower limit drops what is beyond it at once."""
    for number in range(14):
        home.receive(f"message {number}")
    await home.poll()
    await home.call("mark_messages_read", all=True)
    home.hass.config_entries.async_update_entry(home.entry, options=_KEEP_TEN)
    await home.settle()
    assert len(await home.messages()) == 10


@pytest.mark.parametrize("options", [{**_KEEP_TEN, "keep_days": 1}])
async def test_unread_ones_are_never_dropped(
    home: Home, issue_registry: ir.IssueRegistry
) -> None:
    """Unread messages stay beyond every limit, and an issue reports it while so."""
    issue_id = f"inbox_full_{home.entry.entry_id}"
    for number in range(10):
        home.receive(f"message {number}")
    await home.poll()
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is None
    home.receive("one too many")
    await home.poll(timedelta(days=3))
    assert len(await home.messages()) == 11
    issue = issue_registry.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.translation_placeholders == {
        "account": "127.0.0.1",
        "limit": "10",
        "most": "20000",
    }
    await home.restart()
    assert home.unread == 11
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is not None
    newest = (await home.messages())[0]
    await home.call("mark_messages_read", message_ids=[newest["id"]])
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is None


@pytest.mark.parametrize("options", [_KEEP_TEN])
@pytest.mark.parametrize("at_once", [True, False])
async def test_more_unread_ones_than_anybody_reads(
    home: Home, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    """The oldest of them are late and read, and may be dropped like any other."""
    monkeypatch.setattr("custom_components.smskit.settings._MOST_UNREAD", 20)
    await home.reload()
    await home.poll()
    for number in range(24):
        home.receive(f"message {number}")
        if not at_once:
            await home.poll()
    await home.poll()
    assert home.unread == 20
    assert home.texts == [f"message {number}" for number in range(24)]
    late = [event.text for event in home.events if event.backlog]
    assert late == [f"message {number}" for number in range(4) if at_once]
    kept = [message["text"] for message in reversed(await home.messages())]
    assert kept == [f"message {number}" for number in range(4, 24)]
    await home.restart()
    assert home.unread == 20


@pytest.mark.parametrize("options", [_KEEP_TEN])
async def test_issue_of_a_full_inbox_follows_the_account(
    home: Home, issue_registry: ir.IssueRegistry
) -> None:
    """The issue is there after a restart, and gone with its cause or the account."""
    issue_id = f"inbox_full_{home.entry.entry_id}"
    for number in range(11):
        home.receive(f"message {number}")
    await home.poll()
    # As a restart of Home Assistant does: it is not kept.
    ir.async_delete_issue(home.hass, DOMAIN, issue_id)
    await home.restart()
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is not None
    config_entries = home.hass.config_entries
    config_entries.async_update_entry(home.entry, options={"keep_messages": 20})
    await home.settle()
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is None
    config_entries.async_update_entry(home.entry, options=_KEEP_TEN)
    await home.settle()
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is not None
    await config_entries.async_remove(home.entry.entry_id)
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is None


async def test_deleted_ones_stay_away(home: Home) -> None:
    """What was deleted here never comes back while the portal lists it."""
    home.receive("Open the door", id="12")
    home.receive("Hello", id="13")
    await home.poll()
    assert await home.call("delete_messages", message_ids=["12"]) == {"count": 1}
    await home.poll()
    await home.poll(DAY)
    await home.restart()
    assert [m["id"] for m in await home.messages()] == ["13"]
    assert home.texts == ["Open the door", "Hello"]


@pytest.mark.parametrize(
    "empty", ["null", "string", "object", "missing", "error", "list"]
)
async def test_portal_lists_nothing_for_once(home: Home, empty: str) -> None:
    """A full portal that lists nothing for once brings nothing old back."""
    home.receive("Open the door", id="12")
    home.receive("Hello", id="13")
    await home.poll()
    await home.call("delete_messages", message_ids=["12"])
    kept = list(home.account.inbox)
    home.account.inbox.clear()
    if empty != "list":
        home.portal.fail("empty_forms", "getinbox", text=empty)
    await home.poll(DAY)
    home.account.inbox.extend(kept)
    home.portal.clear_faults()
    await home.poll(DAY)
    assert home.texts == ["Open the door", "Hello"]
    await home.restart()
    assert home.texts == ["Open the door", "Hello"]
    assert [m["id"] for m in await home.messages()] == ["13"]


async def test_another_account_under_the_same_entry(home: Home) -> None:
    """An entry that is changed to another account shows nothing of its past."""
    home.receive("Hello", sender=PHONE)
    await home.poll()
    other = home.portal.add_account(api_key="another-key", api_token="another-token")
    home.portal.receive(other, PHONE, "Open the door")
    home.hass.config_entries.async_update_entry(
        home.entry,
        data={
            **home.entry.data,
            "api_key": "another-key",
            "api_token": "another-token",
            # As the flow notes it once a user has said so.
            CONF_ACCOUNT: "another account",
        },
    )
    await home.settle()
    assert home.texts == ["Hello"]
    home.portal.receive(other, PHONE, "new")
    await home.poll()
    assert home.texts == ["Hello", "new"]
