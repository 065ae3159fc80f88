"""The vendor's sample answers, word for word [doc].

Some are not JSON: a comma is missing, or one trails. They are kept as they are printed,
since a portal may well answer what its own page shows.
"""

# ruff: noqa: E501 - the samples are one line each, as they were copied

from typing import Final

SUCCESS: Final[dict[str, str]] = {
    "sendsms": '{ "request": "sendsms", "status": "queued", "group_id": "1234", "date": "2018-04-24 12:25:23" }',
    "groupstatus": '{ "request": "groupstatus", "status": "success", "group_id": "1234", "group_status": "sent", "recipients": [ { "id": "21", "to": "231235433", "status": "failed" }, { "id": "22", "to": "4471235433", "status": "sent" }, { "id": "25", "to": "1871235433", "status": "queued" } ], "date": "2018-04-24 12:25:23" }',
    "getinbox": '{ "request": "getinbox", "status": "success", "inbox": [ { "id": "12", "from": "123456789", "to": "2347015272", "message": "Hi. This is message 1", "date": "2018-04-24 12:25:23" }, { "id": "26", "from": "447882892", "to": "2347015272", "message": "Hi again. This is message 2", "date": "2018-04-24 12:25:23" } ] }',
    "balance": '{ "balance": "12345" }',
    "createchannel": '{ "request": "createchannel", "status": "success", "channel_id": "53583gd693dg93tdg923gd2reo", "gateway_id": "123", "subscription_end": "2018-04-24 12:25:23" }',
    "listchannel": '{ "request": "listchannel", "status": "success", "channels": [ { "channel_id": "53583gd693dg93tdg923gd2reo", "gateway_id": "123", "whatsapp_number": "123456789", "label": "My First Channel", "last_sync": "2019-04-24 12:25:23" }, { "channel_id": "61fg68d6f3dg83tggr78gd2c7h", "gateway_id": "456", "whatsapp_number": "123556789", "label": "My Other Channel", "last_sync": "2019-06-14 12:25:23" } ] "channel_count": "2" }',
    # The page prints no sample, only says that the body is an image in base 64: a QR
    # code that says SMSKit stands in.
    "scanqr": "iVBORw0KGgoAAAANSUhEUgAAAHQAAAB0AQAAAAB84SuKAAAAlElEQVR42uVVsQ3AMAxCfcD/f8kHLqRZMlXCYzwUZaAY7LToo4j7zgCqN/DBWX9n8UUuVBkyvsjqwzDg14xfA32/4oOI7+BVcf6u4p5nxAfIRrPT/EgZ0CPzT3mXfoX6q+82P9MnLb92aJC/N2gwf6XvJYr3j6uBeP+F6MH9WSY4uH/0BHL/GoDpcf7+EKb5Xf3/eAFw8I79LFrOkwAAAABJRU5ErkJggg==",
    "viewchannel": '{ "request": "viewchannel", "status": "success", "channel_id": "3639t3g337g3bf3fg730f", "gateway_id": "123", "plan": "pro", "whatsapp_number": "123456789", "whatsapp_version": "1289", "label": "My First Channel", "last_sync": "2019-04-24 12:25:23" "device_status": "session active", "up_time": "2:04:44" }',
    "clearqueue": '{ "request": "clearqueue", "status": "success", "channel_id": "3639t3g337g3bf3fg730f", "queue_count": "0" }',
    "resetchannel": '{ "request": "resetchannel", "status": "success", "channel_id": "3639t3g337g3bf3fg730f", }',
    "deletechannel": '{ "request": "deletechannel", "status": "success", "channel_id": "3639t3g337g3bf3fg730f", }',
}

ERROR: Final[dict[str, str]] = {
    "sendsms": '{ "request": "sendsms", "status": "error", "message": "Sender ID not allowed" }',
    "groupstatus": '{ "request": "groupstatus", "status": "error", "message": "Error message", }',
    "getinbox": '{ "request": "getinbox", "status": "error", "message": "Error", }',
    "balance": '{ "request": "balance", "status": "error", "message": "Invalid user", }',
    "createchannel": '{ "request": "createchannel", "status": "error", "message": "Error message", }',
    "listchannel": '{ "request": "listchannel", "status": "error", "message": "Error message", }',
    "scanqr": '{ "request": "scanqr", "status": "error", "message": "Error message", }',
    "viewchannel": '{ "request": "viewchannel", "status": "error", "message": "Error message", }',
    "clearqueue": '{ "request": "clearqueue", "status": "error", "message": "Error message", }',
    "resetchannel": '{ "request": "resetchannel", "status": "error", "message": "Error message", }',
    "deletechannel": '{ "request": "deletechannel", "status": "error", "message": "Error message", }',
}
