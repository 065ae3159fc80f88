"""The eleven operations: parameters in, an answer out. Their names are [doc].

An answer is a dict, to be encoded as JSON, or the text of a body. Every number in it
is a string [doc], every time is YYYY-MM-DD HH:mm:ss [doc]: in the user's zone where
something is listed, else in the portal's.
"""

from collections.abc import Callable, Container, Mapping
import hmac
from typing import Final

from . import balances, channel_operations, inferred, php
from .delivery import group_status, listed
from .sending import sendsms
from .spelling import Answer
from .state import Account, RefusedError, SqlError, State
from .strip_tags import strip_tags

type Parameters = Mapping[str, str]
type Operation = Callable[[State, Account, Parameters], Answer]

# [doc]; the only sign of bad credentials is the message.
INVALID_USER: Final = "Invalid user"


def perform(
    state: State, operation: str, parameters: Parameters, address: str
) -> Answer:
    """Do what a request from an address asks, or answer why not.

    Every parameter becomes a variable of the server's code, after strip_tags [server].
    """
    parameters = {name: strip_tags(value) for name, value in parameters.items()}
    try:
        account = authenticate(state, parameters, address)
        if (function := OPERATIONS.get(operation)) is None:
            return error(operation, inferred.UNKNOWN_OPERATION)
        return function(state, account, parameters)
    except RefusedError as refused:
        return error(operation, str(refused))
    except SqlError:
        return php.SQL_ERROR


def operation_of(names: Container[str]) -> str:
    """Return the operation: a key of that name, wherever it is [server]."""
    return next((name for name in OPERATIONS if name in names), "")


def error(operation: str, message: str) -> dict[str, object]:
    """Return the answer to what is refused."""
    return {"request": operation, "status": "error", "message": message}


def authenticate(state: State, parameters: Parameters, address: str) -> Account:
    """Return the account of the credentials [doc], or refuse.

    An account has API access once its user has enabled it [doc]; a list of addresses
    that is empty is turned off [doc].
    """
    account = state.account_of(parameters.get("apikey", ""))
    token = parameters.get("apitoken", "").encode()
    if account is None or not hmac.compare_digest(account.api_token.encode(), token):
        raise RefusedError(INVALID_USER)
    if not account.api_enabled:
        raise RefusedError(inferred.API_DISABLED)
    if account.white_list and address not in account.white_list:
        raise RefusedError(inferred.ADDRESS_NOT_ALLOWED)
    return account


def groupstatus(state: State, account: Account, parameters: Parameters) -> Answer:
    """Tell what became of a send [doc]; it answers group_id and takes groupid [doc]."""
    group = state.groups.get(parameters.get("groupid", ""))
    if group is None or group.account is not account:
        raise RefusedError(inferred.UNKNOWN_GROUP)
    recipients = listed(state, group)
    return {
        "request": "groupstatus",
        "status": "success",
        "group_id": group.group_id,
        "group_status": group_status(state, group),
        "recipients": [
            {"id": recipient.id, "to": recipient.to, "status": recipient.state}
            for recipient in recipients
        ],
        "date": state.shown(group.accepted, account),
    }


def getinbox(state: State, account: Account, parameters: Parameters) -> Answer:
    """List inbound messages [doc]; what was listed as unread is read [inferred]."""
    # Without a word it is the unread ones [doc].
    wanted = "all" if parameters.get("list") == "all" else "unread"
    listed = [m for m in account.inbox if wanted == "all" or not m.read]
    if wanted in inferred.LISTS_THAT_MARK_READ:
        for message in listed:
            message.read = True
    plus = "+" if state.installation.inbox_plus else ""
    return {
        "request": "getinbox",
        "status": "success",
        "inbox": [
            {
                "id": message.id,
                "from": f"{plus}{message.sender}",
                "to": message.to,
                "message": message.text,
                "date": state.shown(message.date, account),
            }
            for message in listed
        ],
    }


def balance(state: State, account: Account, parameters: Parameters) -> Answer:
    """Tell the account's credits; this answer has no status [doc]."""
    del parameters
    form = state.installation.balance_format
    return {"balance": balances.write(account.credits, form)}


OPERATIONS: Final[dict[str, Operation]] = {
    "sendsms": sendsms,
    "groupstatus": groupstatus,
    "getinbox": getinbox,
    "balance": balance,
    "createchannel": channel_operations.createchannel,
    "listchannel": channel_operations.listchannel,
    "scanqr": channel_operations.scanqr,
    "viewchannel": channel_operations.viewchannel,
    "clearqueue": channel_operations.clearqueue,
    "resetchannel": channel_operations.resetchannel,
    "deletechannel": channel_operations.deletechannel,
}
