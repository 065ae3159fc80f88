"""What each operation makes of each way in which a portal can fail."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
import traceback
from typing import Final

import aiohttp
import pytest
from pytest_socket import socket_allow_hosts

from custom_components.smskit.api import (
    Cause,
    ChannelDetails,
    InvalidAuthError,
    NoAnswerError,
    NotAPortalError,
    NotReachableError,
    PortalClient,
    PortalError,
    RefusedError,
    TryLaterError,
)
from tests.conftest import API_KEY, API_TOKEN
from tests.portal import Portal, Spelling
from tests.servers import hang_up, serving, silent, untrusted_tls

from .operations import NUMBER, OPERATIONS, OTHER_NUMBER, TEXT, clock, scene, submission
from .vendor import EXPECTED

LISTS: Final = ("getinbox", "listchannel")
SECRETS: Final = (API_KEY, API_TOKEN, NUMBER, OTHER_NUMBER, TEXT)


@dataclass(frozen=True)
class Case:
    """A fault and the error that it becomes, or none."""

    kind: str
    error: type[PortalError] | None = None
    seconds: float | None = None
    text: str | None = None
    status: int | None = None
    of_send: type[PortalError] | None = None
    """The error of a send, if it is another one."""

    def __str__(self) -> str:
        """Return what tells the cases apart."""
        return f"{self.kind} {self.status or self.text or ''}".strip()


CASES: Final = (
    Case("slow", NoAnswerError, seconds=60),
    Case("hang", NoAnswerError),
    Case("hang", NoAnswerError, seconds=0),
    Case("cut", NoAnswerError),
    Case("reset", NoAnswerError),
    Case("http_500", NotAPortalError),
    Case("http_status", NotAPortalError, status=400, of_send=RefusedError),
    Case("http_status", NotAPortalError, status=404, of_send=RefusedError),
    Case("http_status", TryLaterError, status=429),
    Case("http_status", NotAPortalError, status=502),
    Case("http_status", TryLaterError, status=503),
    Case("http_status", NotAPortalError, status=503, text="Backend fetch failed"),
    Case("http_status", NotAPortalError, status=503, text="upstream timed out"),
    Case("http_status", NotAPortalError, status=429, text='{"group_id": "1"}'),
    Case("http_status", NotAPortalError, status=400, text='{"group_id": "1"}'),
    Case("html_page", NotAPortalError),
    Case("redirect", NotAPortalError),
    Case("not_json", NotAPortalError),
    Case("not_json", NotAPortalError, text='{"status": "succ'),
    Case("not_json", NotAPortalError, text='{"result": "what is this"}'),
    Case("huge", NotAPortalError),
    Case("empty_body", NotAPortalError),
    Case("refused_error", RefusedError, text="Something is wrong"),
    Case("php_notice"),
    Case("bom"),
    Case("odd_types"),
)


@pytest.fixture(autouse=True)
def _short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a moment only for what never comes."""
    monkeypatch.setattr(
        "custom_components.smskit.api.transport._TIMEOUT",
        aiohttp.ClientTimeout(total=0.3),
    )


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("case", CASES, ids=str)
async def test_fault(
    operation: str, case: Case, session: aiohttp.ClientSession
) -> None:
    """A fault becomes its own error after a single request, or changes nothing."""
    call = OPERATIONS[operation]
    # Such types come from an encoder with other options.
    encoded = case.kind == "odd_types"
    spelling = Spelling.ENCODED if encoded else Spelling.HANDWRITTEN
    async with (
        Portal(clock=clock, spelling=spelling) as portal,
        Portal(clock=clock, spelling=spelling) as sound,
    ):
        there = await scene(portal, session)
        portal.fail(
            case.kind,
            operation,
            seconds=case.seconds,
            text=case.text,
            status=case.status,
        )
        if case.error is None:
            expected = await call(await scene(sound, session))
            assert _in_lower_case(await call(there)) == expected
        else:
            with pytest.raises(PortalError) as error:
                await call(there)
            of_send = case.of_send if operation == "sendsms" else None
            assert type(error.value) is (of_send or case.error)
            _assert_clean(error.value)
        assert there.sent == 1


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_refused_connection(
    operation: str, session: aiohttp.ClientSession
) -> None:
    """What never left is told from what may have been carried out."""
    async with Portal() as portal:
        there = await scene(portal, session)
        await portal.refuse()
        with pytest.raises(NotReachableError) as error:
            await OPERATIONS[operation](there)
        _assert_clean(error.value)
        assert there.sent == 0


async def test_unknown_host(session: aiohttp.ClientSession) -> None:
    """A name that nobody knows means that nothing left."""
    await _assert_not_reachable(session, "https://portal.invalid", Cause.DNS)


async def test_closed_port(portal: Portal, session: aiohttp.ClientSession) -> None:
    """A port that nobody listens on means that nothing left."""
    await portal.refuse()
    await _assert_not_reachable(session, portal.url, Cause.REFUSED)


async def test_no_route(session: aiohttp.ClientSession) -> None:
    """A network that is not there means that nothing left."""
    # No connection can be made to a multicast address: nothing leaves the machine.
    address = "224.0.0.1"
    socket_allow_hosts(["127.0.0.1", address])
    await _assert_not_reachable(session, f"http://{address}", Cause.NO_ROUTE)


async def test_no_tls(portal: Portal, session: aiohttp.ClientSession) -> None:
    """A failed TLS handshake means that nothing left."""
    url = portal.url.replace("http:", "https:")
    await _assert_not_reachable(session, url, Cause.TLS)


async def test_broken_handshake(session: aiohttp.ClientSession) -> None:
    """A handshake that is hung up on is one of a server without TLS."""
    async with serving(hang_up) as address:
        await _assert_not_reachable(session, f"https://{address}", Cause.TLS)


async def test_silent_handshake(session: aiohttp.ClientSession) -> None:
    """A handshake without an answer is a connection that timed out."""
    with silent() as address:
        url = f"https://{address}"
        await _assert_not_reachable(session, url, Cause.CONNECT_TIMEOUT)


async def test_untrusted_certificate(session: aiohttp.ClientSession) -> None:
    """A certificate that is not trusted is told from a server without TLS."""
    received = bytearray()
    with untrusted_tls(received) as address:
        error = await _assert_not_reachable(
            session, f"https://{address}", Cause.CERTIFICATE
        )
    assert error.quote == "self-signed certificate"
    assert not received


async def test_closed_session(portal: Portal, session: aiohttp.ClientSession) -> None:
    """A session that is closed sends nothing."""
    await session.close()
    await _assert_not_reachable(session, portal.url, Cause.NOT_CONNECTED)
    assert portal.requests == []


@pytest.mark.parametrize(
    ("kind", "text", "status", "cause", "quote"),
    [
        ("hang", None, None, Cause.TIMEOUT, ""),
        ("cut", None, None, Cause.CUT_OFF, ""),
        ("reset", None, None, Cause.CUT_OFF, ""),
        ("http_status", None, 403, Cause.FORBIDDEN, "403"),
        ("http_status", None, 405, Cause.METHOD, "405"),
        ("http_status", None, 503, Cause.HTTP_STATUS, "503"),
        (
            "redirect",
            "https://other.example/?x=1",
            None,
            Cause.REDIRECT,
            "other.example",
        ),
        ("redirect", "/login", None, Cause.REDIRECT, ""),
        ("html_page", None, None, Cause.PAGE, "Maintenance"),
        ("html_page", "<body>Log in</body>", None, Cause.PAGE, ""),
        ("empty_body", None, None, Cause.EMPTY, ""),
        ("not_json", "No database", None, Cause.UNREADABLE, "No database"),
        ("not_json", '{"balance": "1', None, Cause.UNREADABLE, ""),
        ("refused_error", "Invalid user", None, Cause.REFUSAL, "Invalid user"),
    ],
)
async def test_causes(  # noqa: PLR0913, PLR0917 - what a fault is, and becomes
    client: PortalClient,
    portal: Portal,
    kind: str,
    text: str | None,
    status: int | None,
    cause: Cause,
    quote: str,
) -> None:
    """An error has the cause and the words of the portal apart from its message."""
    portal.fail(kind, text=text, status=status)
    with pytest.raises(PortalError) as error:
        await client.balance()
    assert (error.value.cause, error.value.quote) == (cause, quote)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        (None, 0),
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("-5", 0),
        ("86400", 3600),
        ("99999999999999999999", 3600),
        ("1.5", 0),
        ("soon", 0),
        ("", 0),
        ("Wed, 10 Feb 2027 12:00:30", 0),
    ],
)
async def test_retry_after(
    client: PortalClient, portal: Portal, status: int, words: str | None, seconds: int
) -> None:
    """A server that is busy says for how long, at most an hour, or does not."""
    portal.fail("http_status", status=status, retry_after=words)
    with pytest.raises(TryLaterError) as error:
        await client.send(submission())
    assert error.value.retry_after == seconds
    _assert_clean(error.value)


@pytest.mark.parametrize(
    ("ahead", "seconds"), [(600, 600), (-600, 0), (86400, 3600), (0, 0)]
)
async def test_retry_after_a_time_of_day(
    client: PortalClient, portal: Portal, ahead: float, seconds: float
) -> None:
    """A time of day is one by the clock of the server, which dates its answer."""
    at = datetime.now(UTC) + timedelta(seconds=ahead)
    portal.fail("http_status", retry_after=format_datetime(at, usegmt=True))
    with pytest.raises(TryLaterError) as error:
        await client.send(submission())
    assert error.value.retry_after == pytest.approx(seconds, abs=3)


async def test_refusal_without_words(client: PortalClient, portal: Portal) -> None:
    """A refusal may give no reason."""
    portal.fail("not_json", text='{"status": "error", "message": ""}')
    with pytest.raises(RefusedError, match="no reason given") as error:
        await client.balance()
    assert not error.value.quote


@pytest.mark.parametrize("operation", EXPECTED)
async def test_vendors_success(operation: str, session: aiohttp.ClientSession) -> None:
    """The vendor's sample is read as what it says."""
    async with Portal() as portal:
        there = await scene(portal, session)
        if isinstance(shown := EXPECTED[operation], ChannelDetails):
            # The sample shows a channel of its own.
            there = replace(there, channel=shown)
        portal.fail("vendor_success", operation)
        assert await OPERATIONS[operation](there) == EXPECTED[operation]


@pytest.mark.parametrize("operation", EXPECTED)
async def test_vendors_error(operation: str, session: aiohttp.ClientSession) -> None:
    """The vendor's sample of an error is a refusal; only one is about credentials."""
    async with Portal() as portal:
        there = await scene(portal, session)
        portal.fail("vendor_error", operation)
        with pytest.raises(RefusedError) as error:
            await OPERATIONS[operation](there)
    is_auth = isinstance(error.value, InvalidAuthError)
    assert is_auth is (operation == "balance")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("form", ["null", "string", "object", "missing", "error"])
async def test_empty_forms(
    operation: str, form: str, session: aiohttp.ClientSession
) -> None:
    """Nothing to list is an empty list in all its forms; the rest is as ever."""
    call = OPERATIONS[operation]
    full = operation not in LISTS
    async with Portal(clock=clock) as portal, Portal(clock=clock) as sound:
        there = await scene(portal, session, full=full)
        expected = await call(await scene(sound, session, full=full))
        portal.fail("empty_forms", operation, text=form)
        assert await call(there) == expected
        assert (expected == ()) is not full


@pytest.mark.parametrize("kind", ["hang", "cut", "reset", "http_500", "html_page"])
async def test_no_second_send(kind: str, client: PortalClient, portal: Portal) -> None:
    """A send whose outcome is unknown was made once, and is billed once."""
    portal.accounts.clear()
    account = portal.add_account(api_key=API_KEY, api_token=API_TOKEN)
    portal.fail(kind, "sendsms", processed=True)
    with pytest.raises((NoAnswerError, NotAPortalError)):
        await client.send(submission())
    assert len(portal.requests) == 1
    assert [entry.to for entry in portal.ledger] == [NUMBER, OTHER_NUMBER]
    assert account.credits == 98


@pytest.mark.parametrize("kind", ["hang", "cut", "reset"])
async def test_no_second_get(
    kind: str, portal: Portal, session: aiohttp.ClientSession
) -> None:
    """A listing that marks messages as read is not asked for again by itself."""
    there = await scene(portal, session, get_operations=("getinbox",))
    portal.fail(kind, "getinbox", processed=True)
    with pytest.raises(NoAnswerError) as error:
        await there.client.inbox(unread=True)
    _assert_clean(error.value)
    assert there.sent == 1


ECHO: Final = (
    f"apikey={API_KEY}&apitoken={API_TOKEN} said “{TEXT}” to {NUMBER},+{OTHER_NUMBER} "
    f"and +1 202 555 0199"
)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("refused_error", ECHO),
        ("not_json", ECHO),
        ("not_json", f"<html><title>{ECHO}</title></html>"),
        ("not_json", f"<br><b>{ECHO}</b>"),
        ("not_json", f'{{"echo": "{ECHO}'),
        ("http_500", ECHO),
        ("http_status", ECHO),
        ("html_page", f"<title>{ECHO}</title>"),
        ("redirect", f"/login?apikey={API_KEY}&apitoken={API_TOKEN}&to={NUMBER}"),
        ("redirect", f"https://portal.example/{API_TOKEN}/{NUMBER}?text={TEXT}"),
    ],
    ids=range(10),
)
async def test_errors_quote_no_secret(
    kind: str, text: str, client: PortalClient, portal: Portal
) -> None:
    """What a portal echoes of a request is in no error."""
    portal.fail(kind, text=text)
    with pytest.raises(PortalError) as error:
        await client.send(submission())
    _assert_clean(error.value)
    assert "0199" not in str(error.value)


async def _assert_not_reachable(
    session: aiohttp.ClientSession, url: str, cause: Cause
) -> NotReachableError:
    """Fail unless a portal is not reached for this cause; return the error."""
    lost = PortalClient(session, url, API_KEY, API_TOKEN)
    with pytest.raises(NotReachableError) as error:
        await lost.balance()
    _assert_clean(error.value)
    assert error.value.cause is cause
    return error.value


def _in_lower_case(result: object) -> object:
    """Return a result with the portal's own words about a device in lower case."""
    if isinstance(result, ChannelDetails):
        return replace(result, device_status=(result.device_status or "").lower())
    return result


def _assert_clean(error: PortalError) -> None:
    """Fail when an error shows what nobody else should read."""
    shown = f"{error!s} {error!r} {''.join(traceback.format_exception(error))}"
    assert not [secret for secret in SECRETS if secret in shown]
    assert "?" not in str(error)
