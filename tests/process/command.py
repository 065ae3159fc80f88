"""How a run is started: from the command line, and as a test."""

import argparse
import asyncio
from collections.abc import Coroutine
import os
from pathlib import Path
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any, Final

import pytest

from tests.demo.installation import ROOT
from tests.demo.transcript import Transcript

from .shim import LeftOutError

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_STOP_TIMEOUT: Final = 60
# As Automake has it: the exit status of what a machine cannot do.
_LEFT_OUT: Final = 77


async def run(
    work: Coroutine[Any, Any, list[str]], out: Transcript, headline: str
) -> int:
    """Do the work, which returns what went wrong; a signal ends all it has started."""
    out.say(headline)
    begin = time.monotonic()
    working = asyncio.create_task(work)
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, working.cancel)
    problems = await working
    out.say()
    for problem in problems:
        out.say(f"✗ {problem}")
    verdict = f"{len(problems)} wrong" if problems else "Everything is accounted for"
    out.say(f"{verdict}, after {time.monotonic() - begin:.0f} s")
    return 1 if problems else 0


def folder_of(arguments: argparse.Namespace) -> Path:
    """Return where a run writes: the folder that is to be kept, or one of its own."""
    folder: Path = arguments.keep or Path(tempfile.mkdtemp(prefix="smskit-process-"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def finish(
    work: Coroutine[Any, Any, int], folder: Path, arguments: argparse.Namespace
) -> int:
    """Run to the end; return the exit status, and keep what a failed run wrote."""
    status = 1
    try:
        status = asyncio.run(work)
    except asyncio.CancelledError:
        sys.stderr.write("ended before its time\n")
    except LeftOutError as err:
        sys.stdout.write(f"{err}\n")
        status = _LEFT_OUT if err.may_be else 1
    finally:
        if arguments.keep is None and status in {0, _LEFT_OUT}:
            shutil.rmtree(folder)
        else:
            sys.stderr.write(f"logs and stores: {folder}\n")
    return status


def check(module: str, *, short: tuple[str, ...], long: tuple[str, ...]) -> None:
    """Run a module as a test does: the short form, or the long one by SMSKIT_LONG=1."""
    is_long = os.environ.get("SMSKIT_LONG") == "1"
    # A process of its own: in a test's, no connection may be opened.
    with subprocess.Popen(  # noqa: S603 - of ours
        (sys.executable, "-m", module, *(long if is_long else short)),
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
    if process.returncode == _LEFT_OUT:
        pytest.skip(output)
    assert process.returncode == 0, output
