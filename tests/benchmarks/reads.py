"""What pages, searches and cards read of a history."""

from collections.abc import Awaitable, Callable

from custom_components.smskit.store import Direction, MessageFilter, MessageLog

from .filled import message_id, number


def reads(log: MessageLog) -> dict[str, Callable[[], Awaitable[object]]]:
    """Return readers by their names."""

    def search(which: MessageFilter) -> Callable[[], Awaitable[object]]:
        async def read() -> None:
            found, total = await log.async_search(which, 50)
            assert len(found) == min(total, 50)
            assert found

        return read

    async def page() -> None:
        found, more = await log.async_conversation(number(7), None, 20)
        assert (len(found), more) == (20, True)

    async def next_page() -> None:
        found, _ = await log.async_conversation(number(7), _middle(7), 20)
        assert len(found) == 20

    async def conversations() -> None:
        found, total = await log.async_conversations(0, 50)
        assert (len(found), total) == (50, 1000)

    async def last_conversations() -> None:
        found, _ = await log.async_conversations(950, 50)
        assert len(found) == 50

    return {
        "search: a word that all have": search(MessageFilter(text="freezer")),
        "search: beginnings of words": search(MessageFilter(text="temp free")),
        "search: a word that one has": search(MessageFilter(text="31234")),
        "no search: the newest received": search(MessageFilter(direction=Direction.IN)),
        "conversation: first page": page,
        "conversation: a later page": next_page,
        "conversations: the first 50 of 1,000": conversations,
        "conversations: the last 50 of 1,000": last_conversations,
    }


def _middle(index: int) -> str:
    """Return the id of a message in the middle of a conversation."""
    return message_id(25_000 + index)
