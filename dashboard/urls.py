"""The site's addresses: the product's table of contents."""

from __future__ import annotations

from django.urls import path

from dashboard.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
]
