"""How PHP reads a request and writes an answer."""

from collections.abc import Mapping
import json
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.web_request import FileField

# The header of every answer, whatever its body is.
CONTENT_TYPE: Final = "text/html; charset=UTF-8"

NOTICE: Final = (
    "<br />\n<b>Notice</b>:  Undefined index: channel in "
    "<b>/home/portal/public_html/smsAPI/api.php</b> on line <b>12</b><br />\n"
)

# The whole body where a text cannot be stored [wild].
SQL_ERROR: Final = (
    "Illegal mix of collations (utf8mb3_general_ci,IMPLICIT) and "
    "(utf8mb4_general_ci,COERCIBLE) for operation '='"
)

MAINTENANCE_PAGE: Final = (
    "<!DOCTYPE html>\n<html><head><title>Maintenance</title></head><body>"
    "<h1>We will be back soon</h1><p>The portal is down for maintenance.</p>"
    "</body></html>\n"
)
LOGIN_PAGE: Final = (
    "<!DOCTYPE html>\n<html><head><title>Login</title></head><body>"
    '<form method="post" action="/login"><input name="username">'
    '<input name="password" type="password"><button>Login</button></form>'
    "</body></html>\n"
)


def error_page(status: int, reason: str) -> str:
    """Return a web server's own page for a status."""
    return (
        f"<!DOCTYPE html>\n<html><head><title>{status} {reason}</title></head>"
        f"<body><h1>{reason}</h1></body></html>\n"
    )


def encode(answer: object) -> str:
    r"""Return what json_encode makes of it: ASCII, no blanks, and \/ for every /."""
    return json.dumps(answer, separators=(",", ":")).replace("/", "\\/")


def query_parameters(query: str) -> dict[str, str]:
    """Return $_GET; of a repeated name the last one counts."""
    return dict(_pairs(query))


async def body_parameters(request: web.Request) -> dict[str, str]:
    """Return $_POST: empty for any other method, and for a body of another type.

    Both forms of a body are read, and the query beside them [server, wild].
    """
    if request.method != "POST":
        return {}
    if request.content_type == "application/x-www-form-urlencoded":
        return dict(_pairs((await request.read()).decode("utf-8", "replace")))
    if request.content_type == "multipart/form-data":
        form = await request.post()
        return {
            _variable(name): value
            for name, value in form.items()
            if isinstance(value, str) and not isinstance(value, FileField)
        }
    await request.read()
    return {}


def _pairs(text: str) -> list[tuple[str, str]]:
    pairs = parse_qsl(text, keep_blank_values=True, errors="replace")
    return [(_variable(name), value) for name, value in pairs]


def _variable(name: str) -> str:
    """Return what PHP makes of a name: no blanks in front, and underscores."""
    return name.lstrip(" ").translate({ord(" "): "_", ord("."): "_"})


def without_credentials(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that may be kept in a log."""
    return {
        name: value
        for name, value in parameters.items()
        if name.lower() not in {"apikey", "apitoken"}
    }
