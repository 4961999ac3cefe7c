"""What surrounds each operation of the API: its token, its scope, what it takes and gives, and how it says no."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from dashboard import access
from dashboard.acting import address_of
from dashboard.api.bearer import caller
from dashboard.api.problems import NOTHING_HERE, Problem, answer
from dashboard.vanished import is_gone
from remediation import api_tokens
from remediation.audit import Actor, acting
from remediation.models import ApiToken, CollectionPass, Project, Ticket, User
from remediation.refusals import Refused

log = logging.getLogger(__name__)

_NEEDS: dict[str, access.Need] = {"read": "read", "trigger": "work", "write": "work"}
Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. ``query``, ``body``, ``gives``: the types of what it takes and answers; None for none.

    ``gives`` None: the function makes the whole answer itself. ``refuses``: the kinds of problems of its own;
    ``headers``: those that it reads, and what each means.
    """

    function: Function
    scope: str
    query: type[msgspec.Struct] | None
    body: type[msgspec.Struct] | None
    gives: type[msgspec.Struct] | None
    status: int
    refuses: tuple[str, ...]
    headers: Mapping[str, str]

    @property
    def name(self) -> str:
        """By which the schema and the tests know it."""
        return self.function.__name__

    @property
    def summary(self) -> str:
        """The first paragraph of what the function says of itself."""
        return " ".join((self.function.__doc__ or "").partition("\n\n")[0].split())


@dataclass(frozen=True, slots=True)
class Call:
    """One call: whose token it bears, and what was sent, as the operation's types have it."""

    request: HttpRequest
    token: ApiToken
    need: access.Need
    query: Any
    body: Any

    @property
    def user(self) -> User:
        """The token's owner, in whose name everything is done."""
        return self.token.owner

    def project(self, slug: str) -> Project:
        """The project, as :func:`access.project_or_404` gives it."""
        return access.project_or_404(access.reached_by(self.token, slug), slug, self.need)

    def ticket(self, slug: str, label: str) -> Ticket:
        """The ticket of that label."""
        return access.ticket_or_404(access.reached_by(self.token, slug), slug, label, self.need)

    def collection_pass(self, slug: str, number: int) -> CollectionPass:
        """Pass #number."""
        return access.pass_or_404(access.reached_by(self.token, slug), slug, number, self.need)


def operation(
    scope: str,
    *,
    query: type[msgspec.Struct] | None = None,
    body: type[msgspec.Struct] | None = None,
    gives: type[msgspec.Struct] | None = None,
    status: int = 200,
    refuses: tuple[str, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Callable[[Function], Operation]:
    """Make a function an operation. It is called with a :class:`Call` and the names in its address."""
    return lambda function: Operation(function, scope, query, body, gives, status, refuses, headers or {})


def endpoint(**methods: Operation) -> Callable[..., HttpResponse]:
    """The view of one address: an operation for each method, "get" standing for HEAD, too."""
    known = {method.upper(): each for method, each in methods.items()}

    @csrf_exempt  # no cookie lets anybody in, so no other site can use one
    @login_not_required
    @never_cache
    def view(request: HttpRequest, **named: Any) -> HttpResponse:
        method = "GET" if request.method == "HEAD" else str(request.method)
        try:
            token = caller(request)
        except Problem as problem:
            return answer(request, problem)
        with acting(Actor(token.owner, token=token.name, address=address_of(request))):
            made = _answer(request, token, known, method, named)
        _note_use(request, token, method, made.status_code)
        return made

    view.operations = known  # type: ignore[attr-defined]
    return view


def _note_use(request: HttpRequest, token: ApiToken, method: str, status: int) -> None:
    """What was done is done, and is answered even where its note cannot be written."""
    route = request.resolver_match.url_name if request.resolver_match else ""
    use = {"address": address_of(request), "method": method[:7], "route": route[:40]}
    try:
        api_tokens.note_use(token, now=timezone.now(), status=status, **use)
    except DatabaseError as error:  # its owner's account was removed meanwhile
        log.warning("the use of a token could not be noted: %s", error)


def _answer(
    request: HttpRequest, token: ApiToken, known: dict[str, Operation], method: str, named: dict[str, Any]
) -> HttpResponse:
    """What the operation answers, or the problem that ended it."""
    try:
        if not known:
            raise Http404
        if method not in known:
            allow = {"Allow": ", ".join(sorted(known))}
            raise Problem("no-such-method", f"This address takes {allow['Allow']}.", headers=allow)
        return _do(known[method], request, token, named)
    except Problem as problem:
        return answer(request, problem)
    except Http404:
        return answer(request, Problem("not-found", NOTHING_HERE))
    except PermissionDenied as denied:
        return answer(request, Problem("not-allowed", str(denied)))
    except Refused as refused:  # of a field: what was sent; of none: what the object is by now
        kind = "cannot-work" if refused.field else "conflict"
        return answer(request, Problem(kind, refused.text))
    except RequestDataTooBig:
        return answer(request, Problem("too-large", "Send less."))
    except Exception as error:
        if is_gone(request, error):
            return answer(request, Problem("not-found", NOTHING_HERE))
        log.exception("an operation of the API failed")
        return answer(request, Problem("failed", "Nothing is known to be done. The log of the dashboard says more."))


def _do(one: Operation, request: HttpRequest, token: ApiToken, named: dict[str, Any]) -> HttpResponse:
    access.may_call(token, one.scope)
    call = Call(request, token, _NEEDS[one.scope], _query(one.query, request), _body(one.body, request))
    given = one.function(call, **named)
    if isinstance(given, HttpResponse):
        return given
    made = HttpResponse(msgspec.json.encode(given), status=one.status, content_type="application/json")
    if address := getattr(given, "address", ""):
        made["Location"] = address
    return made


def _query(wanted: type[msgspec.Struct] | None, request: HttpRequest) -> Any:
    """What stands behind the question mark; a word that is not known is refused, for it would change the answer."""
    sent = dict(request.GET.items())
    if wanted is None:
        if sent:
            raise Problem("cannot-work", "This address takes nothing behind a question mark.")
        return None
    try:
        return msgspec.convert(sent, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise Problem("cannot-work", f"{error}. Times are as in 2026-03-02T06:00:00Z.") from error


def _body(wanted: type[msgspec.Struct] | None, request: HttpRequest) -> Any:
    """The JSON that was sent. Nothing at all is as good as {}."""
    if wanted is None or not request.body:
        sent = b"{}"
    elif request.content_type == "application/json":
        sent = request.body
    else:
        raise Problem("not-json", "Send JSON, with “Content-Type: application/json”.")
    try:
        return msgspec.json.decode(sent, type=wanted) if wanted else None
    except msgspec.ValidationError as error:
        raise Problem("cannot-work", f"{error}.") from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Problem("not-json", "The body cannot be read as JSON.") from error
