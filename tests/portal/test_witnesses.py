"""Public clients of such portals as witnesses: what they send has to be served.

Each row is how one client that anybody can read asks: the method, where the operation
stands and with what value, what the body is, and the form of the numbers. Nothing of
their code is here, only what they put on the line; every number is a fictional one.
"""

import asyncio
from dataclasses import dataclass
import json
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from yarl import URL

from .client import OTHER_PHONE, PHONE, Client

_KEYS: Final = "apikey=key&apitoken=token"
_FORM: Final = "application/x-www-form-urlencoded"
_BOUNDARY: Final = "----witness"
_MULTIPART: Final = f"multipart/form-data; boundary={_BOUNDARY}"


def _multipart(fields: dict[str, str]) -> str:
    """Return a form of parts."""
    parts = (
        f"--{_BOUNDARY}\r\n"
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    return "".join(parts) + f"--{_BOUNDARY}--\r\n"


# No type, which is an SMS then.
_PARTS: Final = {
    "apikey": "key",
    "apitoken": "token",
    "from": "Home",
    "to": PHONE,
    "text": "Hi",
}


@dataclass(frozen=True)
class Witness:
    """One request of a client, and what comes of it.

    `to` is what the portal bills, None: nothing is sent.
    """

    client: str
    method: str
    target: str
    body: str = ""
    content_type: str | None = None
    to: tuple[str, ...] | None = None
    text: str = "Hi"


SENDING: Final = (
    Witness(
        "PHP, by the URL alone; blanks as pluses, an empty date, route 0",
        "GET",
        f"/smsAPI?sendsms&{_KEYS}&type=sms&from=Home&to={PHONE}&text=Your+code+is+1"
        "&scheduledate=&route=0",
        to=(PHONE,),
        text="Your code is 1",
    ),
    Witness(
        "PHP, a form of one unrelated field beside a complete URL, on another path",
        "POST",
        f"/SMSC/smsAPI?sendsms&{_KEYS}&type=sms&from=Home&text=Hi"
        f"&to={PHONE},{OTHER_PHONE}",
        "do=1",
        _FORM,
        to=(PHONE, OTHER_PHONE),
    ),
    Witness(
        "PHP, all in the body, the operation first and without a value",
        "POST",
        "/smsAPI",
        f"sendsms&{_KEYS}&type=unicode&from=My Home&to={PHONE}&text=Привет",
        _FORM,
        to=(PHONE,),
        text="Привет",
    ),
    Witness(
        "PHP, all in the body, the operation with an empty value, the text before to",
        "POST",
        "/smsAPI",
        f"sendsms=&{_KEYS}&type=sms&from=Home&text=Hi&to={PHONE}",
        _FORM,
        to=(PHONE,),
    ),
    Witness(
        "A form of parts, the operation in the URL",
        "POST",
        "/smsAPI?sendsms",
        _multipart(_PARTS),
        _MULTIPART,
        to=(PHONE,),
    ),
    Witness(
        "A form of parts, the operation in one of them",
        "POST",
        "/portal/smsAPI",
        _multipart({"sendsms": "", **_PARTS}),
        _MULTIPART,
        to=(PHONE,),
    ),
    Witness(
        "PHP, made by a tool that writes null for no value",
        "GET",
        f"/smsAPI?sendsms=null&{_KEYS}&type=sms&from=My%20Home&to={PHONE}"
        "&text=Your%20code%2C%0Aplease&route=0",
        to=(PHONE,),
        text="Your code,\nplease",
    ),
    Witness(
        "PHP, a list of numbers that each have a plus, which a URL makes a blank",
        "GET",
        f"/smsAPI?sendsms&{_KEYS}&type=sms&from=Home&to=+{PHONE},+{OTHER_PHONE}"
        "&text=Hi&route=0",
        to=(PHONE, OTHER_PHONE),
    ),
    Witness(
        "JavaScript, a form with the operation in the URL",
        "POST",
        "/smsAPI?sendsms",
        f"{_KEYS}&type=sms&from=Home&to={PHONE}&text=OTP+3456&route=0",
        _FORM,
        to=(PHONE,),
        text="OTP 3456",
    ),
    Witness(
        "JavaScript, a POST without a body, the type behind the numbers",
        "POST",
        f"/smsAPI?sendsms&{_KEYS}&from=Home&to={PHONE}&type=sms&text=Hi",
        to=(PHONE,),
    ),
    Witness(
        "JavaScript, a page in a browser, a POST of plain text that is empty",
        "POST",
        f"/smsAPI?sendsms&{_KEYS}&from=Home&to={PHONE}&type=sms&text=Hi&language=en",
        "",
        "text/plain;charset=UTF-8",
        to=(PHONE,),
    ),
    Witness(
        "TypeScript, parameters of a URL: the operation has an empty value",
        "GET",
        "/smsAPI?"
        + urlencode(
            {
                "sendsms": "",
                "apikey": "key",
                "apitoken": "token",
                "type": "whatsapp",
                "from": "Home",
                "to": PHONE,
                "text": "content:door|lang=fr|body=01234|button=01234",
            }
        ),
        to=(PHONE,),
        text="content:door|lang=fr|body=01234|button=01234",
    ),
    Witness(
        "Java, the operation is true",
        "GET",
        f"/smsAPI?sendsms=true&{_KEYS}&type=sms&from=Home&to={PHONE}&text=Hi",
        to=(PHONE,),
    ),
    Witness(
        "Java on a phone, a number with a plus, a text of lines",
        "GET",
        f"/smsAPI?sendsms&{_KEYS}&type=sms&from=Home&to=+{PHONE}"
        "&text=Thank%20you%20%0AHome&scheduledate=&route=0",
        to=(PHONE,),
        text="Thank you \nHome",
    ),
    Witness(
        "C#, blanks in front of names, a national number",
        "GET",
        "/smsAPI?sendsms&%20apikey=key&%20apitoken=token&%20type=sms&from=MY%20HOME"
        "&%20to=0712775742&%20text=Hi&route=0",
        to=("94712775742",),
    ),
    Witness(
        "C#, a country code and what stands behind it",
        "GET",
        f"/smsAPI?sendsms&{_KEYS}&type=sms&from=Home&to={OTHER_PHONE}&text=Hi",
        to=(OTHER_PHONE,),
    ),
    Witness(
        "Python, a POST without a body and with all in the URL",
        "POST",
        f"/smsAPI?sendsms&{_KEYS}&type=sms&from=Home&to={PHONE}"
        "&text=Order%2012%20was%20accept%C3%A9e.",
        to=(PHONE,),
        text="Order 12 was acceptée.",
    ),
    Witness(
        "curl, as the vendor's own page has it, a date with a blank in it",
        "GET",
        f"/portal/smsAPI?sendsms&{_KEYS}&type=sms&from=Home&to={PHONE}"
        "&text=My+first+text&scheduledate=2026-02-28%2004:33:19&route=0",
        to=(PHONE,),
        text="My first text",
    ),
    Witness(
        "Notes of a user, the operation behind the credentials",
        "GET",
        f"/smsAPI?{_KEYS}&sendsms&type=sms&from=Home&to={PHONE}&text=Hi",
        to=(PHONE,),
    ),
)

ASKING: Final = (
    Witness("PHP, VB.NET", "GET", f"/smsAPI?balance&{_KEYS}"),
    Witness("Java", "GET", f"/smsAPI?balance=true&{_KEYS}"),
    Witness("Java", "GET", f"/smsAPI?getinbox=true&{_KEYS}&list=unread"),
    Witness("PHP", "GET", f"/smsAPI?getinbox&{_KEYS}&list=all"),
    Witness("PHP, a stray &", "GET", f"/smsAPI?&groupstatus&{_KEYS}&groupid=1001"),
    Witness("PHP, no ?", "GET", f"/smsAPI&groupstatus&{_KEYS}&groupid=1001"),
    Witness("Java", "GET", f"/smsAPI?groupstatus=true&{_KEYS}&groupid=1001"),
    Witness("curl", "GET", f"/smsAPI?groupstatus&{_KEYS}&groupid=1001"),
    Witness(
        "PHP, all in the body",
        "POST",
        "/smsAPI",
        f"groupstatus=&{_KEYS}&groupid=1001",
        _FORM,
    ),
)


async def _ask(client: Client, witness: Witness) -> dict[str, Any]:
    """Put the request on the line as it stands, and read the answer."""
    url = URL(client.portal.url)
    assert url.host is not None
    body = witness.body.encode()
    head = [f"{witness.method} {witness.target} HTTP/1.1", f"Host: {url.host}"]
    if witness.content_type is not None:
        head.append(f"Content-Type: {witness.content_type}")
    if witness.method == "POST":
        head.append(f"Content-Length: {len(body)}")
    head.append("Connection: close")
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write("\r\n".join([*head, "", ""]).encode() + body)
    answer = await reader.read()
    writer.close()
    status, _, rest = answer.partition(b"\r\n")
    assert status == b"HTTP/1.1 200 OK"
    answered: dict[str, Any] = json.loads(rest.partition(b"\r\n\r\n")[2])
    return answered


@pytest.mark.parametrize("witness", SENDING, ids=lambda witness: witness.client)
async def test_sending(client: Client, witness: Witness) -> None:
    """A send is accepted, and goes to whom its client meant."""
    client.account.country_code = "94"
    answer = await _ask(client, witness)
    assert (answer["request"], answer["status"]) == ("sendsms", "queued")
    ledger = client.portal.ledger
    assert tuple(entry.to for entry in ledger) == witness.to
    assert {entry.text for entry in ledger} == {witness.text}


@pytest.mark.parametrize(
    "witness", ASKING, ids=lambda witness: f"{witness.client}: {witness.target[:24]}"
)
async def test_asking(client: Client, witness: Witness) -> None:
    """A question is answered, to whoever asks."""
    client.portal.receive(client.account, PHONE, "Hi")
    await client.send()
    answer = await _ask(client, witness)
    if "balance" in answer:
        assert answer == {"balance": "99"}
    else:
        assert answer["status"] == "success"
        assert answer.get("inbox") or answer["group_id"] == "1001"


def test_witnesses_speak_five_languages() -> None:
    """They are of several authors, or they would be one guess."""
    languages = {witness.client.partition(",")[0].split()[0] for witness in SENDING}
    assert languages >= {"PHP", "JavaScript", "TypeScript", "Java", "C#", "Python"}
