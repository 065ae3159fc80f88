"""How much of a portal's answer is taken: nobody means what is longer."""

from typing import Final

BODY: Final = 64 * 1024
"""Bytes of an answer, unless it lists what there may be many of."""
LIST: Final = 256 * 1024
"""Bytes of an answer that lists channels or recipients."""
LISTING: Final = 1024 * 1024
"""Bytes of an inbox that are decoded at once."""
PICTURE: Final = 1536 * 1024
"""Bytes of the answer that is a picture in Base64."""

ITEMS: Final = 10_000
"""Items of a list, except the inbox."""
CHANNELS: Final = 50
"""Channels of an account: each becomes a device."""
MESSAGES: Final = 50_000
"""Messages of an inbox that is read item by item."""
MESSAGES_TEXT: Final = 40 * 1024 * 1024
"""Characters of all their texts."""

WORDS: Final = 500
"""Characters of what the portal says: it is cut before anything looks at it."""
TEXT: Final = 64 * 1024
"""Characters of a received text."""
NAME: Final = 256
"""Characters of a name, a label, a number or a status."""
ID: Final = 128
"""Characters of an ID. A longer one is none: cut, it would be that of another."""
DIGITS: Final = 40
"""Digits of a number."""

ON_LOOP: Final = 32 * 1024
"""Characters that are worked on in the event loop. More are in a thread."""
