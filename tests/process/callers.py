"""Those who send a message and note what they are answered."""

import asyncio

import aiohttp

from tests.demo.home_assistant import ActionError

from .home import Home
from .messages import Answer, Message


async def send(home: Home, message: Message) -> None:
    """Send a message through whatever Home Assistant is there; note the answer."""
    message.life = home.life
    if not home.is_connected:
        message.answer = Answer.NOT_CONNECTED
        return
    try:
        response = await home.action(
            "smskit.send_message",
            returns=True,
            numbers=[message.number],
            message=message.text,
        )
    except ActionError as err:
        message.answer, message.reason = Answer.ERROR, str(err)
    except (aiohttp.ClientError, OSError, asyncio.CancelledError) as err:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        # The connection ended before an answer came, or none came in time.
        message.answer, message.reason = Answer.NO_ANSWER, type(err).__name__
    else:
        (outcome,) = response["recipients"]
        message.answer = Answer(outcome["status"])
        message.reason = outcome["reason"] or ""
