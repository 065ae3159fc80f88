"""The eleven operations: parameters in, an answer out.

An answer is a dict, to be encoded as JSON, or the text of a body. Every number in it
is a string, every time is in the portal's zone as YYYY-MM-DD HH:mm:ss.
"""

from collections.abc import Callable, Mapping
import hmac
from typing import Final

from . import channel_operations, inferred
from .delivery import settle
from .sending import sendsms
from .state import Account, RefusedError, State

type Parameters = Mapping[str, str]
type Answer = dict[str, object] | str
type Operation = Callable[[State, Account, Parameters], Answer]

INVALID_USER: Final = "Invalid user"


def perform(state: State, operation: str, parameters: Parameters) -> Answer:
    """Do what a request asks, or answer why not."""
    try:
        account = authenticate(state, parameters)
        if (function := OPERATIONS.get(operation)) is None:
            return error(operation, inferred.UNKNOWN_OPERATION)
        return function(state, account, parameters)
    except RefusedError as refused:
        return error(operation, str(refused))


def error(operation: str, message: str) -> dict[str, object]:
    """Return the answer to what is refused."""
    return {"request": operation, "status": "error", "message": message}


def authenticate(state: State, parameters: Parameters) -> Account:
    """Return the account of the credentials, or refuse."""
    account = state.account_of(parameters.get("apikey", ""))
    token = parameters.get("apitoken", "").encode()
    if account is None or not hmac.compare_digest(account.api_token.encode(), token):
        raise RefusedError(INVALID_USER)
    if not account.api_enabled:
        raise RefusedError(inferred.API_DISABLED)
    return account


def groupstatus(state: State, account: Account, parameters: Parameters) -> Answer:
    """Tell what became of a send."""
    group = state.groups.get(parameters.get("groupid", ""))
    if group is None or group.account is not account:
        raise RefusedError(inferred.UNKNOWN_GROUP)
    settle(state, group.recipients)
    return {
        "request": "groupstatus",
        "status": "success",
        "group_id": group.group_id,
        "group_status": inferred.group_status([r.state for r in group.recipients]),
        "recipients": [
            {"id": recipient.id, "to": recipient.to, "status": recipient.state}
            for recipient in group.recipients
        ],
        "date": state.local(group.accepted),
    }


def getinbox(state: State, account: Account, parameters: Parameters) -> Answer:
    """List inbound messages, oldest first; what was listed as unread is read."""
    wanted = "all" if parameters.get("list") == "all" else inferred.DEFAULT_LIST
    listed = [m for m in account.inbox if wanted == "all" or not m.read]
    if wanted in inferred.LISTS_THAT_MARK_READ:
        for message in listed:
            message.read = True
    return {
        "request": "getinbox",
        "status": "success",
        "inbox": [
            {
                "id": message.id,
                "from": message.sender,
                "to": message.to,
                "message": message.text,
                "date": state.local(message.date),
            }
            for message in listed
        ],
    }


def balance(state: State, account: Account, parameters: Parameters) -> Answer:
    """Tell the account's credits; this answer has no status."""
    del state, parameters
    return {"balance": f"{account.credits:f}"}


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
