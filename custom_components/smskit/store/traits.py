"""What was learned about the portal, kept with the account."""

import json

from ..api import Traits
from .database import Database
from .statement import Statement

_KEY = "portal"


async def async_load_traits(database: Database, url: str) -> Traits | None:
    """Return what is known of the portal at a URL."""
    rows = await database.async_fetch("SELECT value FROM meta WHERE key = ?", (_KEY,))
    try:
        stored = json.loads(rows[0][0])
        return Traits.from_dict(stored["traits"]) if stored["url"] == url else None
    except IndexError, KeyError, TypeError, ValueError:
        return None


def store_traits(database: Database, url: str, traits: Traits) -> None:
    """Keep what was learned; a disk that refuses only means to learn it again."""
    value = json.dumps({"url": url, "traits": traits.as_dict()})
    database.write(
        Statement(
            "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", [(_KEY, value)]
        )
    )
