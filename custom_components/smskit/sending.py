"""From a draft and its recipients to what became of it."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from itertools import batched, groupby
from typing import Final

from .api import (
    MAX_RECIPIENTS,
    InvalidAuthError,
    NotReachableError,
    PortalClient,
    PortalError,
    RefusedError,
    SendType,
    Submission,
)
from .encoding import EncodedText, Encoding, measure
from .outgoing import (
    Draft,
    MessageType,
    Outcome,
    Recipient,
    Report,
    Status,
    Way,
)

_IN_FLIGHT: Final = 4


class Sender:
    """Sends the messages of one account."""

    def __init__(
        self,
        client: PortalClient,
        sender_id: str,
        *,
        on_auth_error: Callable[[], None],
        on_sent: Callable[[], None],
    ) -> None:
        """Send under `sender_id` unless a draft or a recipient has its own."""
        self._client = client
        self._sender_id = sender_id
        self._on_auth_error = on_auth_error
        self._on_sent = on_sent
        self._slots = asyncio.Semaphore(_IN_FLIGHT)

    async def async_send(self, draft: Draft, recipients: Iterable[Recipient]) -> Report:
        """Send a draft; a failure is an outcome, never an exception.

        What has left is seen through to its end, also when the caller is cancelled.
        """
        recipients = _merge(recipients)
        measured = measure(draft.text)
        batches = self._batches(draft, recipients, measured)
        tasks = [asyncio.create_task(self._submit(*batch)) for batch in batches]
        done = await asyncio.shield(asyncio.gather(*tasks))
        outcomes = {o.recipient.number: o for batch in done for o in batch}
        if any(outcome.accepted for outcome in outcomes.values()):
            self._on_sent()
        return Report(
            outcomes=tuple(
                outcomes.get(recipient.number)
                or Outcome(
                    recipient=recipient,
                    way=recipient.way,
                    status=Status.FAILED,
                    reason=recipient.error,
                )
                for recipient in recipients
            ),
            measured=measured,
        )

    def _batches(
        self, draft: Draft, recipients: Sequence[Recipient], measured: EncodedText
    ) -> list[tuple[Submission, tuple[Recipient, ...]]]:
        """Return what one request carries each: one kind, one sender, so many."""

        def kind(recipient: Recipient) -> tuple[SendType, str]:
            sender = draft.sender or recipient.sender or self._sender_id
            return send_type(draft.type, recipient.way, measured), sender

        valid = sorted((r for r in recipients if r.error is None), key=kind)
        return [
            (
                Submission(
                    type=type_,
                    sender=sender,
                    to=tuple(recipient.number.removeprefix("+") for recipient in batch),
                    text=draft.text,
                ),
                batch,
            )
            for (type_, sender), group in groupby(valid, kind)
            for batch in batched(group, MAX_RECIPIENTS, strict=False)
        ]

    async def _submit(
        self, submission: Submission, recipients: tuple[Recipient, ...]
    ) -> list[Outcome]:
        group_id: str | None = None
        reason: str | None = None
        try:
            async with self._slots:
                accepted = await self._client.send(submission)
        except InvalidAuthError as err:
            self._on_auth_error()
            status, reason = Status.FAILED, err.reason
        except RefusedError as err:
            status, reason = Status.FAILED, err.reason
        except NotReachableError as err:
            status, reason = Status.FAILED, str(err)
        except PortalError as err:
            status, reason = Status.UNKNOWN, str(err)
        else:
            status, group_id = Status(accepted.status.value), accepted.group_id
        way = Way.WHATSAPP if submission.type is SendType.WHATSAPP else Way.SMS
        return [
            Outcome(
                recipient=recipient,
                way=way,
                status=status,
                group_id=group_id,
                reason=reason,
            )
            for recipient in recipients
        ]


def send_type(type_: MessageType, way: Way, measured: EncodedText) -> SendType:
    """Return the portal's kind of message for a recipient.

    Text that GSM 7-bit cannot carry would arrive as question marks as `sms`.
    """
    if type_ is MessageType.AUTO:
        type_ = MessageType.SMS if way is Way.SMS else MessageType.WHATSAPP
    if type_ is MessageType.SMS and measured.encoding is Encoding.UCS2:
        type_ = MessageType.UNICODE
    return SendType(type_.value)


def _merge(recipients: Iterable[Recipient]) -> list[Recipient]:
    """Return the recipients with each number once, as it was first named."""
    merged: dict[str, Recipient] = {}
    for recipient in recipients:
        merged.setdefault(recipient.number, recipient)
    return list(merged.values())
