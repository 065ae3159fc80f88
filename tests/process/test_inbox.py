"""What comes in survives the death of the process, again and again."""

import os
import subprocess
import sys

import pytest

from tests.demo.installation import ROOT

_SHORT = ("--kills", "3", "--messages", "100")
_LONG = ("--kills", "20", "--messages", "2000")
_STOP_TIMEOUT = 60


@pytest.mark.process
def test_killed_while_messages_come_in() -> None:
    """Every message is in the inbox once, and no event is told a second time.

    The environment variable SMSKIT_LONG=1 makes it the long form.
    """
    is_long = os.environ.get("SMSKIT_LONG") == "1"
    # A process of its own: here, no connection may be opened.
    with subprocess.Popen(  # noqa: S603 - of ours
        (
            *(sys.executable, "-m", "tests.process.inbox"),
            *(_LONG if is_long else _SHORT),
        ),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=3600 if is_long else 600)
        except BaseException:
            # It ends what it has started.
            process.terminate()
            process.wait(_STOP_TIMEOUT)
            raise
    sys.stdout.write(output)
    assert process.returncode == 0, output
