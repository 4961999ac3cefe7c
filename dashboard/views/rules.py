"""The ordered rules that sort errors into categories, and the categories themselves."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from dashboard import access, rules_page
from dashboard.forms import CategoryForm
from dashboard.rule_rows import RuleRows
from dashboard.said_hints import hint
from dashboard.sending import rebuild_soon
from dashboard.views.fragments import wants_part
from remediation import categories
from remediation.models import Category, Project


@require_http_methods(["GET", "POST"])
def rules(request: HttpRequest, slug: str) -> HttpResponse:
    """Edit the rules. Add, remove, up and down only redraw the form; nothing is stored before Save."""
    project = access.project_or_404(request.user, slug, "read" if request.method == "GET" else "lead")
    posted = request.method == "POST"
    rows = RuleRows.of_post(request.POST) if posted else RuleRows.of_project(project)
    history, refused = request.POST.get("apply") == "history", ""
    if posted and request.POST.get("do") == "save":
        try:
            _save(request, project, rows, history)
        except categories.Refused as refusal:
            refused = refusal.text
        else:
            # The whole page: its message and the categories stand outside the part that htmx replaces.
            back = reverse("rules", args=[project.slug])
            return HttpResponseClientRedirect(back) if wants_part(request) else redirect(back)
    build = rules_page.build if wants_part(request) else rules_page.build_page
    template = "dashboard/_rules.html" if wants_part(request) else "dashboard/rules.html"
    context = build(project, rows, refused=refused, history=history)
    return render(request, template, context, status=422 if refused else 200)


@require_POST
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """What the rules in the form would do to the last counted pass; stores nothing."""
    project = access.project_or_404(request.user, slug, "lead")
    context = rules_page.build(project, RuleRows.of_post(request.POST))
    return render(request, "dashboard/_rules_preview.html", {**context, "live": True})


@require_safe
def version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The rules as an older version had them."""
    project = access.project_or_404(request.user, slug)
    found = project.rule_sets.select_related("saved_by").filter(version=number).first() if number < 2**31 else None
    if found is None:
        raise Http404("No such version.")
    rows = rules_page.version_rows(project, number)
    context = {"project": project, "page": "settings", "version": found, "rows": rows}
    return render(request, "dashboard/rules_version.html", context)


@require_POST
def category(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Change a category, let it change places, or add one (pk 0)."""
    project = access.project_or_404(request.user, slug, "lead")
    row = None if pk == 0 else project.categories.filter(pk=pk).first() if pk < 2**63 else None
    if pk and row is None:
        raise Http404("No such category.")
    if row and request.POST.get("do") in {"up", "down"}:
        categories.move_category(row, up=request.POST["do"] == "up")
        return redirect(reverse("rules", args=[slug]) + "#categories")
    form = CategoryForm(request.POST, prefix=f"c{pk}")
    if form.is_valid():
        try:
            text = _save_category(project, row, form.cleaned_data)
        except categories.Refused as refused:
            form.refuse(refused.field, refused.text)
        else:
            messages.success(request, text, extra_tags="good")
            hint(request, project, [form.cleaned_data["business_impact"]], form.cleaned_data["name"])
            return redirect("rules", project.slug)
    page = rules_page.build_page(project, RuleRows.of_project(project), wrong=(pk, form))
    return render(request, "dashboard/rules.html", page, status=422)


def _save(request: HttpRequest, project: Project, rows: RuleRows, history: bool) -> None:
    """Store a new version and say what becomes of the passes there are. Raises Refused."""
    counted = project.passes.counted().exists()
    with transaction.atomic():
        user = request.user
        number = categories.save_rules(project, rows.as_rules(), saved_by=user, history=history or not counted)
        if history and counted:
            rebuild_soon(project)
    text = f"Saved as version {number}."
    if counted:
        text += " History is sorted again." if history else " It sorts from the next pass on; older counts stay."
    messages.success(request, text, extra_tags="good")


def _save_category(project: Project, row: Category | None, values: dict[str, Any]) -> str:
    """Store a category and say it; history is sorted again only where its rules begin or cease. Raises Refused."""
    was = row.archived if row else False
    with transaction.atomic():
        saved = categories.save_category(project, row, **values)
        if saved.archived != was and row is not None:
            rebuild_soon(project)
    if saved.archived and not was:
        return f"{saved.name} is archived. Its rules sort nothing now, and its tickets are sorted again."
    return f"{saved.name} is saved."
