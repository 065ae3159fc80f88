"""What ten thousand held messages cost."""

from collections.abc import AsyncGenerator
import gc
from pathlib import Path
import time
import tracemalloc

from homeassistant.core import HomeAssistant
import pytest

from custom_components.smskit.api import SendType
from custom_components.smskit.const import DOMAIN
from custom_components.smskit.sending.batch import Batch, BatchRecipient, Stage
from custom_components.smskit.sending.limits import HourlyLimit
from custom_components.smskit.sending.outbox import Outbox

_COUNT = 10_000
_MEGABYTE = 2**20


def _held(index: int) -> Batch:
    """Return a message as an automation makes it, to one of a hundred numbers."""
    return Batch(
        created=1_800_000_000 + index,
        expires=1_800_003_600 + index,
        type=SendType.SMS,
        sender="HOME",
        text=f"Message {index}: the temperature in the freezer is {index % 30} °C",
        recipients=[BatchRecipient(number=f"+120255501{index % 100:02}", name="Anna")],
        stage=Stage.HELD,
        reason="no connection to account.example.com",
    )


@pytest.fixture
def _custom_integrations() -> None:
    """Need no Home Assistant of the tests: its files are in memory."""


@pytest.fixture
async def hass(tmp_path: Path) -> AsyncGenerator[HomeAssistant]:
    """Return a Home Assistant whose files are on a disk."""
    hass = HomeAssistant(str(tmp_path))
    yield hass
    await hass.async_stop(force=True)


async def test_ten_thousand_held(
    hass: HomeAssistant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They load in under a second, and cost under 20 MB."""
    outbox = Outbox(hass, "account", HourlyLimit(100))
    for index in range(_COUNT):
        outbox.add(_held(index))
    start = time.perf_counter()
    await outbox.async_commit()
    kept = time.perf_counter() - start

    outbox = Outbox(hass, "account", HourlyLimit(100))
    start = time.perf_counter()
    await outbox.async_load()
    seconds = time.perf_counter() - start
    assert outbox.totals.pending == _COUNT

    # Measured apart: to count every allocation takes its own time.
    del outbox
    gc.collect()
    tracemalloc.start()
    outbox = Outbox(hass, "account", HourlyLimit(100))
    await outbox.async_load()
    gc.collect()
    megabytes = tracemalloc.get_traced_memory()[0] / _MEGABYTE
    tracemalloc.stop()
    assert len(outbox.in_stage(Stage.HELD)) == _COUNT

    path = tmp_path / ".storage" / f"{DOMAIN}.account.outbox"
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what it is for
            f"\n{_COUNT} held messages: {path.stat().st_size / _MEGABYTE:.1f} MB on"
            f" disk, loaded in {seconds:.2f} s, {megabytes:.1f} MB in memory,"
            f" kept in {kept:.2f} s"
        )
    assert seconds < 1
    assert megabytes < 20
