"""What the forms say when a portal does not answer as it should."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.smskit.api import Cause
from custom_components.smskit.const import DEFAULT_URL
from tests.conftest import API_KEY, API_TOKEN
from tests.flow_translations import flat, translated_flows, translation  # noqa: F401
from tests.forms import SOURCES, Form, described, open_form, said
from tests.names import names  # noqa: F401 - a fixture
from tests.portal import Account, Portal
from tests.servers import silent, untrusted_tls

pytestmark = pytest.mark.usefixtures("translated_flows")


@pytest.fixture
async def portal(socket_enabled: None) -> AsyncGenerator[Portal]:
    """Return a portal in real time: a connection that hangs has to time out."""
    async with Portal() as portal:
        yield portal


@pytest.fixture
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a moment only for what never comes."""
    monkeypatch.setattr(
        "custom_components.smskit.api.transport._TIMEOUT",
        aiohttp.ClientTimeout(total=0.3),
    )


@dataclass(frozen=True)
class Case:
    """A fault of a portal: the name of its error, and what is said in two languages."""

    kind: str
    name: str
    en: str
    fr: str
    text: str | None = None
    status: int | None = None

    def __str__(self) -> str:
        """Return what tells the cases apart."""
        return f"{self.kind} {self.status or self.text or ''}".strip()


FAULTS: Final = (
    Case(
        "html_page",
        "not_a_portal",
        "the web page “Maintenance”",
        "la page web « Maintenance »",
    ),
    Case("html_page", "not_a_portal", "a web page", "une page web", text="<body>"),
    Case("http_status", "not_a_portal", "HTTP 403", "IP autorisées", status=403),
    Case("http_status", "not_a_portal", "HTTP 405", "HTTP 405", status=405),
    Case("http_status", "not_a_portal", "HTTP 503", "HTTP 503", status=503),
    Case(
        "redirect",
        "not_a_portal",
        "a redirect to login.example",
        "une redirection vers login.example",
        text="https://login.example/?next=smsAPI",
    ),
    Case("redirect", "not_a_portal", "another page", "autre page", text="/login"),
    Case("empty_body", "not_a_portal", "an empty page", "une page vide"),
    Case("not_json", "not_a_portal", "“No database”", "« No database »", "No database"),
    Case("not_json", "not_a_portal", "could not be read", "illisible", text="{"),
    Case(
        "refused_error",
        "invalid_auth",
        "“Not for you”",
        "« Not for you »",
        "Not for you",
    ),
    Case(
        "not_json",
        "invalid_auth",
        "no reason given",
        "aucune raison",
        text='{"status": "error", "message": ""}',
    ),
    Case("reset", "cannot_connect", "broke off", "interrompue"),
)


def assert_no_secret(result: Any) -> None:
    """Fail if a form quotes a credential."""
    shown = str(result["description_placeholders"])
    assert API_KEY not in shown
    assert API_TOKEN not in shown


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("case", FAULTS, ids=str)
async def test_what_the_portal_says(
    hass: HomeAssistant, portal: Portal, account: Account, source: str, case: Case
) -> None:
    """Each form quotes the portal, and is right once the portal is."""
    form = await open_form(hass, source, portal)
    portal.fail(case.kind, text=case.text, status=case.status)
    result = await form.submit(portal.url)
    assert result["errors"] == {"base": case.name}
    assert case.en in said(result)
    assert "127.0.0.1" in said(result)
    assert_no_secret(result)
    hass.config.language = "fr"
    result = await form.submit(portal.url)
    assert case.fr in said(result, "fr")
    portal.clear_faults()
    result = await form.submit(portal.url)
    assert result["type"] is not FlowResultType.FORM


NETWORK: Final = (
    ("dns", "the name was not found", "ce nom est introuvable"),
    ("refused", "the connection was refused", "la connexion a été refusée"),
    ("tls", "no encrypted connection", "chiffrée (https)"),
)


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(("kind", "en", "fr"), NETWORK)
async def test_what_the_network_says(  # noqa: PLR0913, PLR0917 - fixtures
    hass: HomeAssistant,
    portal: Portal,
    account: Account,
    source: str,
    kind: str,
    en: str,
    fr: str,
) -> None:
    """A failed connection is not just one: each form says which, and where to."""
    url, host = portal.url, "127.0.0.1"
    match kind:
        case "dns":
            url, host = "https://portal.invalid", "portal.invalid"
        case "refused":
            await portal.refuse()
        case "tls":
            url = portal.url.replace("http:", "https:")
    await assert_not_reached(
        hass, await open_form(hass, source, portal, url), url, host, en, fr
    )
    assert portal.requests == []


async def assert_not_reached(  # noqa: PLR0913, PLR0917 - where, and what is said of it
    hass: HomeAssistant, form: Form, url: str, host: str, en: str, fr: str
) -> None:
    """Fail unless a form says why there is no connection, in two languages."""
    result = await form.submit(url)
    assert result["errors"] == {"base": "cannot_connect"}
    assert said(result).startswith(f"Failed to connect to {host}: ")
    assert en in said(result)
    assert_no_secret(result)
    hass.config.language = "fr"
    assert fr in said(await form.submit(url), "fr")


@pytest.mark.parametrize("source", SOURCES)
async def test_untrusted_certificate(
    hass: HomeAssistant, portal: Portal, source: str
) -> None:
    """A certificate that is not trusted gets nothing to see."""
    received = bytearray()
    with untrusted_tls(received) as address:
        url = f"https://{address}"
        form = await open_form(hass, source, portal, url)
        en = "is not trusted (“self-signed certificate”)"
        fr = "pas approuvé (« self-signed certificate »)"
        await assert_not_reached(hass, form, url, "127.0.0.1", en, fr)
    assert not received


@pytest.mark.usefixtures("short_timeout")
@pytest.mark.parametrize("source", SOURCES)
async def test_silence(hass: HomeAssistant, portal: Portal, source: str) -> None:
    """What never connects is told from what never answers."""
    with silent() as address:
        url = f"https://{address}"
        form = await open_form(hass, source, portal, url)
        en, fr = "the connection timed out", "le délai de connexion"
        await assert_not_reached(hass, form, url, "127.0.0.1", en, fr)


@pytest.mark.usefixtures("short_timeout")
@pytest.mark.parametrize("source", SOURCES)
async def test_no_answer(hass: HomeAssistant, portal: Portal, source: str) -> None:
    """What never answers is told from what never connects."""
    portal.fail("hang")
    form = await open_form(hass, source, portal)
    en, fr = "there was no answer in time", "aucune réponse n"
    await assert_not_reached(hass, form, portal.url, "127.0.0.1", en, fr)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("source", SOURCES)
async def test_what_helps(
    hass: HomeAssistant, portal: Portal, account: Account, source: str, language: str
) -> None:
    """The forms link to the page where the two things are that keep an account out."""
    form = await open_form(hass, source, portal)
    before = described(form.first, language)
    shown = DEFAULT_URL if source == "user" else portal.url
    assert f"]({shown})" in before
    assert "Extras → API" in before
    account.api_enabled = False
    hass.config.language = language
    result = await form.submit(f"{portal.url}/portal/smsAPI")
    path = "" if source == "reauth" else "/portal"
    assert f"]({portal.url}{path})" in described(result, language)
    help_ = said(result, language)
    assert "Extras → API" in help_
    assert {"en": "white-listed IP addresses", "fr": "adresses IP autorisées"}[
        language
    ] in help_


@pytest.mark.parametrize("source", SOURCES)
async def test_echo(
    hass: HomeAssistant, portal: Portal, account: Account, source: str
) -> None:
    """What a portal echoes of the credentials is not shown."""
    form = await open_form(hass, source, portal)
    portal.fail("refused_error", text=f"{API_KEY}/{API_TOKEN} <b>of</b> +12025550123?")
    result = await form.submit(portal.url)
    assert "“…/… of +…?”" in said(result)
    assert_no_secret(result)


@pytest.mark.expected_log("Unexpected error while validating")
@pytest.mark.parametrize("source", SOURCES)
async def test_what_nobody_thought_of(
    hass: HomeAssistant,
    portal: Portal,
    account: Account,
    source: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An unknown error is named, too, without what it may contain."""

    async def unexpected(*args: object, **kwargs: object) -> None:
        msg = "something with a secret in it"
        raise LookupError(msg)

    form = await open_form(hass, source, portal)
    monkeypatch.setattr(aiohttp.ClientSession, "_request", unexpected)
    result = await form.submit(portal.url)
    assert result["errors"] == {"base": "unknown"}
    assert "(LookupError)" in said(result)


def test_words_for_every_cause() -> None:
    """No cause is without words, and no words are without a cause."""
    words = {
        key.removeprefix("common.cause_").removesuffix("_quoted")
        for key in flat(translation("en"))
        if key.startswith("common.cause_")
    }
    assert words == {cause.value for cause in Cause}
