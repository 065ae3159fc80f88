"""What sendsms is refused with, word for word as portals answer [server].

The wording that nobody has seen stands in `inferred.py`.
"""

from typing import Final

EMPTY_TEXT: Final = "Message Field Is Empty"
# Also where the sender ID is empty.
NO_RECIPIENTS: Final = "No Valid Recipients Supplied"
# The vendor's sample writes it with small letters [doc].
SENDER_NOT_ALLOWED: Final = "Sender ID Not Allowed"
# Not yet requested, or not yet approved.
SENDER_NOT_REQUESTED: Final = "Sender ID was not Request"
FORBIDDEN_WORDS: Final = "Message Contains Forbidden Words"
INSUFFICIENT_BALANCE: Final = "Insufficient Balance"
