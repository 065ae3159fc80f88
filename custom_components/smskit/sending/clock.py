"""Times that survive a restart, and a clock that somebody sets meanwhile.

Inside a process, moments are monotonic. They are stored as epoch seconds, and anchored
anew when they are read: as far in the future or the past as they were by the clock.
"""

import time


def monotonic(epoch: float) -> float:
    """Return a stored moment as a monotonic one."""
    return time.monotonic() + (epoch - time.time())


def epoch(moment: float) -> float:
    """Return a monotonic moment as it is stored."""
    return time.time() + (moment - time.monotonic())
