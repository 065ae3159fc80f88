"""A stream of messages survives the death of the process, again and again."""

import os
import subprocess
import sys

import pytest

from tests.demo.installation import ROOT

_SHORT = ("--kills", "3", "--sends", "50")
_LONG = ("--kills", "20", "--sends", "500")
_STOP_TIMEOUT = 60


@pytest.mark.process
def test_killed_while_it_sends() -> None:
    """Nothing is sent twice, and every message is accounted for.

    The environment variable SMSKIT_LONG=1 makes it the long form.
    """
    is_long = os.environ.get("SMSKIT_LONG") == "1"
    # A process of its own: here, no connection may be opened.
    with subprocess.Popen(  # noqa: S603 - of ours
        (
            *(sys.executable, "-m", "tests.process.sends"),
            *(_LONG if is_long else _SHORT),
        ),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=3600 if is_long else 300)
        except BaseException:
            # It ends what it has started.
            process.terminate()
            process.wait(_STOP_TIMEOUT)
            raise
    sys.stdout.write(output)
    assert process.returncode == 0, output
