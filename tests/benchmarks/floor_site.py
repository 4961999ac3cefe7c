"""The site with one more address: the floor, a page that returns a constant through the same middleware."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from dashboard.wsgi import application

__all__ = ["application", "urlpatterns"]


def floor(request: HttpRequest) -> HttpResponse:
    """Nothing but the server, the middleware and the question who is asking."""
    return HttpResponse("<!doctype html><title>floor</title><h1>Floor</h1>")


urlpatterns = [path("floor/", floor), path("", include("dashboard.urls"))]
settings.ROOT_URLCONF = "tests.benchmarks.floor_site"
