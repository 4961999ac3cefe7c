"""A project that is deleted while its page is being made: there is nothing here, and that is no failure of ours."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.defaults import page_not_found

from remediation.models import Project


class Vanished:
    """Middleware: what a view stumbled over because its project is gone meanwhile is answered with 404."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Nothing of its own."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """404 where the project is gone; else the error stays one."""
        return page_not_found(request, Http404("The project was deleted.")) if is_gone(request, error) else None


def is_gone(request: HttpRequest, error: Exception) -> bool:
    """Whether a view failed because the project that its address names is not there any more."""
    slug = request.resolver_match.kwargs.get("slug") if request.resolver_match else None
    if not slug or not isinstance(error, ObjectDoesNotExist | IntegrityError | DatabaseError):
        return False
    try:
        return not Project.objects.filter(slug=slug).exists()
    except DatabaseError:  # it is the database that is away
        return False
