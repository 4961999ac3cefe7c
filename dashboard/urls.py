"""The site's addresses: the product's table of contents."""

from __future__ import annotations

from django.urls import path

from dashboard.health import healthz
from dashboard.views import (
    conditions,
    find,
    first_run,
    frame,
    hooks,
    my_work,
    notices,
    overview,
    passes,
    people,
    portfolio,
    reports,
    rules,
    schedule,
    settings,
    silenced,
    ticket,
    tickets,
    work,
)

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    # / and signing in
    path("", portfolio.portfolio, name="portfolio"),
    path("login/", people.SignIn.as_view(), name="login"),
    path("logout/", people.SignOut.as_view(), name="logout"),
    path("welcome/<str:token>/", people.welcome, name="welcome"),
    path("me/", my_work.my_work, name="my-work"),
    path("find/", find.find, name="find"),
    path("hooks/<str:token>/", hooks.hook, name="hook"),
    path("me/notices/", notices.notices, name="notices"),
    path("me/notices/settings/", notices.choices, name="notice-choices"),
    path("me/notices/stop/<str:token>/", notices.stop, name="notices-stop"),
    path("projects/menu/", frame.projects_menu, name="projects-menu"),
    # /p/new/ stands before /p/<slug>/
    path("p/new/", first_run.project_new, name="project-new"),
    path("p/new/validate/", first_run.project_validate, name="project-validate"),
    path("p/new/<int:pk>/", first_run.check, name="project-check"),
    path("p/new/<int:pk>/stop/", first_run.check_stop, name="stop-check"),
    # /p/<slug>/
    path("p/<slug:slug>/", overview.overview, name="overview"),
    path("p/<slug:slug>/live/", overview.live, name="overview-live"),
    path("p/<slug:slug>/work/", work.work, name="work"),
    path("p/<slug:slug>/trend.json", overview.trend, name="trend"),
    # /p/<slug>/tickets/ and /p/<slug>/t/<KEY-n>/
    path("p/<slug:slug>/tickets/", tickets.tickets, name="tickets"),
    path("p/<slug:slug>/tickets/together/", tickets.together, name="tickets-together"),
    path("p/<slug:slug>/tickets/views/", tickets.views, name="saved-views"),
    path("p/<slug:slug>/t/<str:label>/", ticket.ticket, name="ticket"),
    path("p/<slug:slug>/t/<str:label>/claim/", tickets.claim, name="claim"),
    path("p/<slug:slug>/t/<str:label>/assign/", tickets.assign, name="assign"),
    path("p/<slug:slug>/t/<str:label>/release/", tickets.release, name="release"),
    path("p/<slug:slug>/t/<str:label>/renew/", tickets.renew, name="renew"),
    path("p/<slug:slug>/t/<str:label>/fixed/", ticket.mark_fixed, name="mark-fixed"),
    path("p/<slug:slug>/t/<str:label>/mute/", ticket.mute, name="mute"),
    path("p/<slug:slug>/t/<str:label>/unmute/", ticket.unmute, name="unmute"),
    path("p/<slug:slug>/t/<str:label>/category/", ticket.category, name="ticket-category"),
    path("p/<slug:slug>/silenced/", silenced.silenced, name="silenced"),
    # /p/<slug>/passes/
    path("p/<slug:slug>/passes/", passes.passes, name="passes"),
    path("p/<slug:slug>/passes/run/", passes.run, name="run-pass"),
    path("p/<slug:slug>/passes/<int:number>/", passes.show, name="pass"),
    path("p/<slug:slug>/passes/<int:number>/live/", passes.live, name="pass-live"),
    path("p/<slug:slug>/passes/<int:number>/output.txt", passes.output, name="pass-output"),
    path("p/<slug:slug>/passes/<int:number>/conditions/", conditions.conditions, name="pass-conditions"),
    path("p/<slug:slug>/passes/<int:number>/again/", passes.again, name="pass-again"),
    path("p/<slug:slug>/passes/<int:number>/stop/", passes.stop, name="stop-pass"),
    path("p/<slug:slug>/passes/<int:number>/confirm/", passes.confirm, name="confirm-pass"),
    # /p/<slug>/reports/
    path("p/<slug:slug>/reports/", reports.reports, name="reports"),
    path("p/<slug:slug>/reports/now/", reports.this_week, name="report-now"),
    path("p/<slug:slug>/reports/<str:label>/", reports.report, name="report"),
    path("p/<slug:slug>/reports/<str:label>.<str:format>", reports.export, name="report-export"),
    # /p/<slug>/settings/ and /p/<slug>/rules/
    path("p/<slug:slug>/settings/", settings.settings, name="settings"),
    path("p/<slug:slug>/settings/schedule/", schedule.schedule, name="schedule"),
    path("p/<slug:slug>/settings/schedule/due/", schedule.due, name="due"),
    path("p/<slug:slug>/settings/schedule/pause/", schedule.pause, name="pause"),
    path("p/<slug:slug>/settings/schedule/hook/", schedule.hook, name="hook-settings"),
    path("p/<slug:slug>/rules/", rules.rules, name="rules"),
    path("p/<slug:slug>/rules/preview/", rules.preview, name="rules-preview"),
    path("p/<slug:slug>/rules/versions/<int:number>/", rules.version, name="rules-version"),
    path("p/<slug:slug>/rules/categories/<int:pk>/", rules.category, name="category"),
]
