"""Counts the files of one message on its way out: `python -m tests.trace`.

Home Assistant sends one SMS to one number through a portal over loopback. The account
is in use: a few messages went before it, and nothing is left to learn of the portal.
Printed are the files of the integration that run from the action's call to its
response, in order of first entry, and how often execution changes from one to another;
`calls` has the counting rule. With `--list`, every change is printed, too.
"""

import argparse
from pathlib import Path
import sys

import pytest

from .calls import CallTrace


class _Plugin:
    """Gives the trace to the test that fills it."""

    def __init__(self, trace: CallTrace) -> None:
        self._trace = trace

    @pytest.fixture
    def trace(self) -> CallTrace:
        """Return the trace to fill."""
        return self._trace


def main() -> int:
    """Trace a message and print what it went through."""
    parser = argparse.ArgumentParser(prog="python -m tests.trace", description=__doc__)
    parser.add_argument("--list", action="store_true", help="print every change")
    arguments = parser.parse_args()
    trace = CallTrace()
    send = Path(__file__).with_name("send.py")
    options = ("-qq", "--no-header", "--show-capture=no", "-p", "no:cacheprovider")
    if status := pytest.main([str(send), *options], plugins=[_Plugin(trace)]):
        return status
    lines = [*trace.files, ""]
    if arguments.list:
        lines += [f"{before} -> {after}" for before, after in trace.changes]
        lines.append("")
    lines.append(f"{len(trace.files)} files, {len(trace.changes)} changes")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
