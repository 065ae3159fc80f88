"""What a run leaves in files: complaints of the integration, and secrets."""

from collections.abc import Collection, Iterable
from pathlib import Path
import re
from typing import Final

# Home Assistant keeps the credentials of every integration here.
_ALLOWED: Final = Path("config/.storage/core.config_entries")
_COMPLAINT: Final = re.compile(
    r" (?:WARNING|ERROR|CRITICAL) \([^)]*\) "
    # Others complain of it too: of its set-up, of blocking calls. That it was not
    # tested by Home Assistant, the loader says of every custom integration.
    r"(?:\[custom_components\.smskit|\[(?!homeassistant\.loader\])[^]]*\].*smskit)"
    # A line of a traceback.
    r"|custom_components/smskit/"
)


def complaints(folder: Path, expected: Collection[str] = ()) -> list[str]:
    """Return the lines of Home Assistant's log that complain of the integration.

    A line with one of the expected texts in it is none.
    """
    return [
        line
        for path in sorted(folder.glob("home-assistant.log*"))
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
        if _COMPLAINT.search(line) and not any(text in line for text in expected)
    ]


def leaks(folder: Path, secrets: Iterable[str]) -> list[str]:
    """Return the files of the folder that have one of the secrets in them."""
    wanted = [secret.encode() for secret in secrets]
    found: list[str] = []
    for parent, _, names in folder.walk():
        for name in names:
            path = parent / name
            relative = path.relative_to(folder)
            if relative == _ALLOWED or not path.is_file():
                continue
            content = path.read_bytes()
            if any(secret in content for secret in wanted):
                found.append(str(relative))
    return sorted(found)
