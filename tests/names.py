"""Names that lead to this machine, and no others: no test asks a name server."""

from socket import AF_INET, AI_NUMERICHOST
from typing import Any, Final

from aiohttp.abc import ResolveResult
from aiohttp.resolver import AsyncResolver
import pytest

PUBLIC: Final = "portal.example"


async def _resolve(
    _: AsyncResolver, host: str, port: int = 0, **__: Any
) -> list[ResolveResult]:
    """Answer as aiohttp's resolver does."""
    if host not in {PUBLIC, "localhost"}:
        raise OSError(None, "Domain name not found")
    return [
        ResolveResult(
            hostname=host,
            host="127.0.0.1",
            port=port,
            family=AF_INET,
            proto=0,
            flags=AI_NUMERICHOST,
        )
    ]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a public name and localhost lead to this machine."""
    monkeypatch.setattr(AsyncResolver, "resolve", _resolve)
