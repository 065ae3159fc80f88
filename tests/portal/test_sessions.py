"""The portal starts a session with every request."""

import asyncio

import aiohttp

from .client import Client
from .sessions import COOKIE

_CREDENTIALS = {"apikey": "key", "apitoken": "token"}


async def test_every_answer_starts_a_session(client: Client) -> None:
    """Unless the request brought one, even where the answer is a fault."""
    seen = set()
    for kind in ("slow", "http_500", "cut", "huge"):
        client.portal.clear_faults()
        client.portal.fail(kind, seconds=0)
        async with client.session.post(f"{client.portal.url}/smsAPI?balance") as answer:
            seen.add(answer.cookies[COOKIE].value)
    assert len(seen) == 4
    assert not any(request.has_cookie for request in client.portal.requests)


async def test_requests_of_one_session_wait_for_each_other(client: Client) -> None:
    """Whoever shares a cookie shares a queue; others do not wait."""
    url = f"{client.portal.url}/smsAPI?balance"
    cookies = {COOKIE: "abc"}
    client.portal.fail("slow", times=1, seconds=0.2)
    answered = []

    async def ask(name: str, cookies: dict[str, str] | None) -> None:
        async with aiohttp.ClientSession(cookies=cookies) as session:
            response = await session.post(url, data=_CREDENTIALS)
            assert (COOKIE in response.cookies) == (cookies is None)
        answered.append(name)

    first = asyncio.create_task(ask("slow", cookies))
    while not client.portal.requests:  # noqa: ASYNC110
        await asyncio.sleep(0)
    await asyncio.gather(first, ask("behind it", cookies), ask("alone", None))
    assert answered == ["alone", "slow", "behind it"]
    assert sum(request.has_cookie for request in client.portal.requests) == 2
