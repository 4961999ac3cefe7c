"""The addresses of the API: its table of contents."""

from __future__ import annotations

from django.urls import path, re_path

from dashboard.api import passes, projects, reports, tickets, work
from dashboard.api.operation import endpoint
from dashboard.views import api

urlpatterns = [
    path("", api.page, name="api"),
    path("openapi.json", api.openapi, name="api-openapi"),
    path("projects/", endpoint(get=projects.list_projects), name="api-projects"),
    path("projects/<slug:slug>/", endpoint(get=projects.show_project), name="api-project"),
    path("projects/<slug:slug>/passes/", endpoint(get=passes.list_passes, post=passes.queue_pass), name="api-passes"),
    path("projects/<slug:slug>/passes/<int:number>/", endpoint(get=passes.show_pass), name="api-pass"),
    path("projects/<slug:slug>/tickets/", endpoint(get=tickets.list_tickets), name="api-tickets"),
    path("projects/<slug:slug>/tickets/<str:label>/", endpoint(get=tickets.show_ticket), name="api-ticket"),
    path("projects/<slug:slug>/tickets/<str:label>/claim/", endpoint(post=work.claim_ticket), name="api-claim"),
    path("projects/<slug:slug>/tickets/<str:label>/release/", endpoint(post=work.release_ticket), name="api-release"),
    path("projects/<slug:slug>/tickets/<str:label>/notes/", endpoint(post=work.note_on_ticket), name="api-notes"),
    path("projects/<slug:slug>/tickets/<str:label>/fixed/", endpoint(post=work.mark_fixed), name="api-fixed"),
    path("projects/<slug:slug>/reports/<str:label>.<str:format>", endpoint(get=reports.report_file), name="api-report"),
    re_path(".*", endpoint(), name="api-nowhere"),  # what is nothing is answered as what one may not see
]
