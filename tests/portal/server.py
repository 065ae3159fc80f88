"""HTTP: a request becomes an operation, its answer a response."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import unquote

from aiohttp import web
from yarl import URL

from . import php
from .faults import ANY_OPERATION, Fault, FaultKind, FaultRules
from .operations import operation_of, perform
from .pauses import Pauses
from .replies import error_page, faulty_reply, reply
from .sessions import COOKIE, Sessions, set_cookie
from .spelling import spell
from .state import PostAnswer, RequestLog, State

# [doc] for the first one; operators have others [wild].
API_PATHS: Final = ("/smsAPI", "/portal/smsAPI", "/SMSC/smsAPI")
# PHP's own limit for a form.
_LARGEST_REQUEST: Final = 8 * 2**20
# What some portals hand out by GET only: older pages document these so [doc].
_GET_ONLY: Final = frozenset({"balance", "getinbox"})
_CREDENTIAL_NAMES: Final = frozenset({"apikey", "apitoken"})
# What stands in the place of an answer to a POST.
_POST_PAGES: Final = {
    "login_page": lambda: reply(php.LOGIN_PAGE),
    "status_405": lambda: error_page(405),
    "status_403": lambda: error_page(403),
}


class Server:
    """The portal's web server. `pauses` end when the portal stops."""

    def __init__(
        self, state: State, faults: FaultRules, paths: tuple[str, ...]
    ) -> None:
        """Answer the API under these paths."""
        self._state = state
        self._faults = faults
        self._paths = paths
        self._redirects: set[str] = set()
        self._sessions = Sessions()
        self._in_flight: Counter[str] = Counter()
        self.max_in_flight: Counter[str] = Counter()
        self.pauses = Pauses()

    def application(self) -> web.Application:
        """Return the application that serves every path."""
        application = web.Application(client_max_size=_LARGEST_REQUEST)
        application.router.add_route("*", "/{path:.*}", self._handle)
        application.on_response_prepare.append(set_cookie)
        return application

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        path, query = _path_and_query(request)
        is_api = path in self._paths
        in_query = php.query_parameters(query)
        in_body = await php.body_parameters(request)
        operation = operation_of(in_query | in_body) if is_api else ""
        with self._counted(operation):
            fault = self._faults.take(operation) if is_api else None
            self._log(request, path, operation, in_query, in_body, fault)
            if not is_api:
                return _page(path)
            post_answer = self._post_answer(request.method, operation, in_body)
            if post_answer == "refusal":
                in_body = {}
            elif post_answer is not None:
                return _POST_PAGES[post_answer]()
            async with self._sessions.turn(request):
                return await self._answer(request, operation, in_query | in_body, fault)

    async def _answer(
        self,
        request: web.Request,
        operation: str,
        parameters: dict[str, str],
        fault: Fault | None,
    ) -> web.StreamResponse:
        answer = None
        if fault is None or fault.takes_effect:
            answer = perform(self._state, operation, parameters, request.remote or "")
        spelling = self._state.installation.spelling
        if fault is None:
            return reply(spell(answer or "", spelling))
        if fault.kind is FaultKind.REDIRECT and fault.text:
            self._redirects.add(URL(fault.text).raw_path_qs)
        return await faulty_reply(
            request, fault, operation, answer, spelling, self.pauses
        )

    def _post_answer(
        self, method: str, operation: str, in_body: dict[str, str]
    ) -> PostAnswer | None:
        """Return how a request is answered that some accounts may not make by POST."""
        if method != "POST" or operation not in _GET_ONLY:
            return None
        account = self._state.account_of(in_body.get("apikey", ""))
        return None if account is None else account.post_answer

    @contextmanager
    def _counted(self, operation: str) -> Iterator[None]:
        """Keep the highest number of requests at once, overall and by operation."""
        names = [ANY_OPERATION, operation] if operation else [ANY_OPERATION]
        for name in names:
            self._in_flight[name] += 1
            self.max_in_flight[name] = max(
                self.max_in_flight[name], self._in_flight[name]
            )
        try:
            yield
        finally:
            self._in_flight.subtract(names)

    def _log(  # noqa: PLR0913, PLR0917 - the request and all about it
        self,
        request: web.Request,
        path: str,
        operation: str,
        in_query: dict[str, str],
        in_body: dict[str, str],
        fault: Fault | None,
    ) -> None:
        parameters = in_query | in_body
        named = {name: value for name, value in parameters.items() if name != operation}
        self._state.requests.append(
            RequestLog(
                time=self._state.now(),
                method=request.method,
                path=path,
                operation=operation,
                parameters=php.without_credentials(named),
                has_credentials=parameters.keys() >= _CREDENTIAL_NAMES,
                credentials_in_url=(
                    not _CREDENTIAL_NAMES.isdisjoint(in_query)
                    or self._has_secret(str(request.rel_url))
                ),
                credentials_in_headers=any(
                    self._has_secret(value) for value in request.headers.values()
                ),
                has_cookie=COOKIE in request.cookies,
                followed=request.rel_url.raw_path_qs in self._redirects,
                fault=None if fault is None else fault.kind.value,
            )
        )

    def _has_secret(self, text: str) -> bool:
        return any(
            secret in text
            for account in self._state.accounts
            for secret in (account.api_key, account.api_token)
            if secret
        )


def _path_and_query(request: web.Request) -> tuple[str, str]:
    """Return both parts of a URL; of `smsAPI&op&…` too [doc, wild]."""
    path, _, rest = request.rel_url.raw_path.partition("&")
    query = request.rel_url.raw_query_string
    return unquote(path), f"{rest}&{query}" if rest else query


def _page(path: str) -> web.Response:
    """Return what stands beside the API."""
    return reply(php.LOGIN_PAGE) if path == "/" else error_page(404)
