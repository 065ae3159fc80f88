"""What a portal quotes of what was sent, however it does, is in no error."""

import asyncio
from collections.abc import Callable
from html import escape
import re
from typing import Final
from urllib.parse import quote, quote_plus

import aiohttp
import pytest

from custom_components.smskit.api import (
    NotAPortalError,
    PortalClient,
    PortalError,
    SendType,
    Submission,
)
from tests.conftest import API_KEY, API_TOKEN
from tests.portal import Account, Portal
from tests.servers import serving

NUMBERS: Final = ("12025550123", "447700900123")
SENDER: Final = "BRIDGEWATER"
TEXT: Final = 'Meet <b>Carla</b> & "Boris" at the old bridge tonight, bring 40 roses'
SENT: Final = Submission(type=SendType.SMS, sender=SENDER, to=NUMBERS, text=TEXT)
# Nothing of these is in what is said of it, in whatever letters.
PRIVATE: Final = (
    "carla",
    "boris",
    "bridge",
    "roses",
    "meet",
    "5550123",
    "7700900",
    API_KEY,
    API_KEY[:5],
    API_TOKEN,
)

# How a text is quoted, or a part of it.
FORMS: Final[dict[str, Callable[[str], str]]] = {
    "as it is": lambda text: text,
    "in capitals": str.upper,
    "escaped for HTML": escape,
    "escaped for a URL": quote,
    "escaped for a form": quote_plus,
    "without tags": lambda text: re.sub("<.*?>", "", text),
    "without punctuation": lambda text: " ".join(re.findall(r"\w+", text)),
    "cut off": lambda text: text[:40] + "…",
    "the end of it": lambda text: "…" + text[30:],
    "broken into lines": lambda text: text.replace(" ", "\r\n"),
    "with invisible characters": lambda text: text.replace("r", "r\u200b"),
    "in one word of it": lambda _: 'word "Roses"',
    "in another word of it": lambda _: "word [x] (roses)",
    "beyond what is looked at": lambda text: " " * 470 + text,
    "twice": lambda text: f"{text}: {text}",
    "behind tags": lambda text: "<i>" * 150 + text,
}
# What stands around it, and what the portal's answer is.
ANSWERS: Final = {
    "refusal": ("refused_error", "Message '{}' is not allowed"),
    "no JSON": ("not_json", "Error near {}"),
    "page": ("html_page", "<html><title>Rejected: {}</title></html>"),
}


def shown(err: PortalError) -> str:
    """Return all that is said by an error."""
    return f"{err} {err!r} {err.quote}".casefold()


def assert_private(err: PortalError) -> None:
    """Fail if an error says what is nobody's business, or is more than a line."""
    assert not [word for word in PRIVATE if word in shown(err)]
    assert str(err).isprintable()
    assert err.quote.isprintable()


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_text(
    client: PortalClient,
    portal: Portal,
    account: Account,
    answer: tuple[str, str],
    form: Callable[[str], str],
) -> None:
    """Neither the answer to a text, nor to what is asked for next, gives it away."""
    kind, words = answer
    words = words.format(form(TEXT)).replace(
        '"', "”" if kind == "refused_error" else '"'
    )
    portal.fail(kind, "sendsms", text=words)
    with pytest.raises(PortalError) as error:
        await client.send(SENT)
    assert_private(error.value)
    portal.clear_faults()
    portal.fail(kind, text=words)
    for call in (client.balance(), client.group_status("1"), client.channels()):
        with pytest.raises(PortalError) as error:
            await call
        assert_private(error.value)


@pytest.mark.parametrize(
    "words",
    [
        NUMBERS[0],
        f"+{NUMBERS[1]}",
        "+44 7700 900 123",
        "(202) 555-0123",
        "02025550123",
        "44.7700.900.123",
        "44/7700/900123",
        "0044\u20137700\u2013900123",
        "4477\u200b00900123",
        ",".join(NUMBERS),
        SENDER,
        SENDER.lower(),
        "Bridge\u200bwater",
        API_KEY,
        API_KEY.upper(),
        f"{API_KEY}:{API_TOKEN}",
        quote(f"apikey={API_KEY}&to={NUMBERS[0]}"),
        f"<b>{API_KEY}</b>",
        f"“{API_KEY[:-1]}…”",
        f"{API_KEY[:5]}",
        "x " * 240 + API_KEY,
        " " * 490 + API_KEY,
    ],
)
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_other_values(
    client: PortalClient,
    portal: Portal,
    account: Account,
    answer: tuple[str, str],
    words: str,
) -> None:
    """Numbers, senders, and credentials are taken out, however they are written."""
    kind, around = answer
    portal.fail(kind, text=around.format(words))
    for call in (client.send(SENT), client.balance()):
        with pytest.raises(PortalError) as error:
            await call
        assert_private(error.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello", "Sender ID Not Allowed"),
        ("WhatsApp?", "WhatsApp not logged in"),
        ("Is there no balance?", "Insufficient Balance"),
        ("No, I am not", "No Valid Recipients Supplied"),
        ("The message is here", "Message Contains Forbidden Words"),
        ("Hello", "Unread messages (all) of type whatsapp"),
    ],
)
async def test_what_is_not_quoted(
    client: PortalClient, portal: Portal, account: Account, text: str, words: str
) -> None:
    """Words that a text happens to have in common with a refusal stay readable."""
    portal.fail("refused_error", text=words)
    sent = Submission(type=SendType.WHATSAPP, sender="HOME", to=NUMBERS, text=text)
    with pytest.raises(PortalError) as error:
        await client.send(sent)
    assert str(error.value) == words


# Each would be a second line of a log, hide a part of one, or look like another.
FORGERIES: Final = {
    "line feed": "\n",
    "carriage return": "\r",
    "both": "\r\n",
    "vertical tab": "\v",
    "form feed": "\f",
    "next line": "\x85",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "file separator": "\x1c",
    "NUL": "\0",
    "backspace": "\b" * 20,
    "escape": "\x1b[2K\x1b[1A",
    "control sequence": "\x9b2K",
    "right to left": "\u202e",
    "isolate": "\u2067",
    "mark": "\u200f",
    "zero width": "\u200b",
    "escaped": "&#10;",
    "escaped for a URL": "%0A",
    "tag": "\U000e0041",
}
LINE: Final = "2027-02-10 12:00:00.000 ERROR (MainThread) [core] Everything is lost"


@pytest.mark.parametrize("separator", FORGERIES.values(), ids=FORGERIES)
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_one_line(
    client: PortalClient,
    portal: Portal,
    account: Account,
    answer: tuple[str, str],
    separator: str,
) -> None:
    """Whatever a portal says is one line of printable characters."""
    kind, around = answer
    portal.fail(kind, text=around.format(f"Sorry{separator}{LINE}"))
    for call in (client.balance(), client.send(SENT)):
        with pytest.raises(PortalError) as error:
            await call
        assert_private(error.value)


@pytest.mark.parametrize(
    "head",
    [
        "HTTP/1.1 302 Found\r\nLocation: https://{}.example/",
        "HTTP/1.1 302 Found\r\nLocation: https://example.com/?{}",
        "HTTP/1.1 302 Found\r\nLocation: //{}",
        "HTTP/1.1 302 {}\r\nLocation: {}",
        "HTTP/1.1 500 {}\r\nContent-Type: text/html",
        "HTTP/1.1 500 Error\r\nContent-Type: text/{}",
        "HTTP/1.1 429 Error\r\nContent-Type: {}\r\nRetry-After: {}",
        "HTTP/1.1 404 Error\r\nContent-Type: {}; charset={}\r\nX-Error: {}",
        "{}",
    ],
)
async def test_headers(session: aiohttp.ClientSession, head: str) -> None:
    """What a server says beside its answer gives nothing away either."""
    values = [*NUMBERS, API_KEY, SENDER, quote(TEXT)]
    for value in values:

        async def answer(
            _: asyncio.StreamReader,
            writer: asyncio.StreamWriter,
            value: str = value,
        ) -> None:
            writer.write(head.replace("{}", value).encode() + b"\r\n\r\n")
            writer.close()

        async with serving(answer) as address:
            client = PortalClient(session, f"http://{address}", API_KEY, API_TOKEN)
            with pytest.raises(PortalError) as error:
                await client.send(SENT)
            assert_private(error.value)


async def test_host_of_a_redirect(client: PortalClient, portal: Portal) -> None:
    """Where a portal sends its clients is named: that is no number, if it looks so."""
    for host in ("portal.example", "192.168.100.200", "203.0.113.77"):
        portal.fail("redirect", text=f"https://{host}/login", times=1)
        with pytest.raises(NotAPortalError, match=host):
            await client.balance()
