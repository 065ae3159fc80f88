"""The vendor's samples as the client reads them."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from custom_components.smskit.api import (
    Accepted,
    Balance,
    Channel,
    ChannelDetails,
    Connection,
    DeliveryStatus,
    GroupRecipient,
    GroupStatus,
    InboxMessage,
    NewChannel,
)

_2018: Final = datetime.fromisoformat("2018-04-24 12:25:23")
_2019: Final = datetime.fromisoformat("2019-04-24 12:25:23")

EXPECTED: Final[dict[str, object]] = {
    "sendsms": Accepted(group_id="1234", date=_2018),
    "groupstatus": GroupStatus(
        group_id="1234",
        status="sent",
        recipients=(
            GroupRecipient(id="21", to="231235433", status=DeliveryStatus.FAILED),
            GroupRecipient(id="22", to="4471235433", status=DeliveryStatus.SENT),
            GroupRecipient(id="25", to="1871235433", status=DeliveryStatus.QUEUED),
        ),
        date=_2018,
    ),
    "getinbox": (
        InboxMessage(
            id="12",
            sender="123456789",
            recipient="2347015272",
            text="Hi. This is message 1",
            date=_2018,
        ),
        InboxMessage(
            id="26",
            sender="447882892",
            recipient="2347015272",
            text="Hi again. This is message 2",
            date=_2018,
            is_forgeable=True,
        ),
    ),
    "balance": Balance(amount=Decimal(12345)),
    "createchannel": NewChannel(
        channel_id="53583gd693dg93tdg923gd2reo",
        gateway_id="123",
        subscription_end=_2018,
    ),
    "listchannel": (
        Channel(
            channel_id="53583gd693dg93tdg923gd2reo",
            gateway_id="123",
            number="123456789",
            label="My First Channel",
            last_sync=_2019,
        ),
        Channel(
            channel_id="61fg68d6f3dg83tggr78gd2c7h",
            gateway_id="456",
            number="123556789",
            label="My Other Channel",
            last_sync=datetime.fromisoformat("2019-06-14 12:25:23"),
        ),
    ),
    "viewchannel": ChannelDetails(
        channel_id="3639t3g337g3bf3fg730f",
        gateway_id="123",
        number="123456789",
        label="My First Channel",
        last_sync=_2019,
        plan="pro",
        version="1289",
        device_status="session active",
        connection=Connection.CONNECTED,
        up_time=timedelta(hours=2, minutes=4, seconds=44),
        subscription_end=None,
    ),
    "clearqueue": 0,
    "resetchannel": None,
    "deletechannel": None,
}
