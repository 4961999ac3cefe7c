"""The ordered rules that sort errors into categories, and the categories themselves."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from dashboard import access
from dashboard.forms import CategoryForm
from dashboard.rule_rows import RuleRows
from dashboard.sending import rebuild_soon
from dashboard.views.fragments import wants_part
from remediation import categories
from remediation.models import Category, Project


@require_http_methods(["GET", "POST"])
def rules(request: HttpRequest, slug: str) -> HttpResponse:
    """Edit the rules. Add, remove, up and down only redraw the form; nothing is stored before Save."""
    project = access.project_or_404(request.user, slug, "read" if request.method == "GET" else "lead")
    rows = RuleRows.of_post(request.POST) if request.method == "POST" else RuleRows.of_project(project)
    errors: dict[int, str] = {}
    if request.method == "POST" and request.POST.get("do") == "save":
        try:
            with transaction.atomic():
                version = categories.save_rules(project, rows.as_rules())
                rebuild_soon(project)
        except categories.Refused as refused:
            errors = {rows.row_of(refused.field): refused.text}
        else:
            messages.success(request, f"Saved as version {version}. History is sorted again.", extra_tags="good")
            # The whole page: its message and the categories stand outside the part that htmx replaces.
            back = reverse("rules", args=[project.slug])
            return HttpResponseClientRedirect(back) if wants_part(request) else redirect(back)
    context = {"project": project, "page": "settings", "rows": rows.shown(errors), "errors": errors, **_page(project)}
    template = "dashboard/_rules.html" if wants_part(request) else "dashboard/rules.html"
    return render(request, template, context, status=422 if errors else 200)


@require_POST
def category(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Change a category, or add one (pk 0)."""
    project = access.project_or_404(request.user, slug, "lead")
    row = None if pk == 0 else project.categories.filter(pk=pk).first()
    if pk and row is None:
        raise Http404("No such category.")
    form = CategoryForm(request.POST, prefix=f"c{pk}")
    if form.is_valid():
        try:
            with transaction.atomic():
                saved = categories.save_category(project, row, **form.cleaned_data)
                rebuild_soon(project)
        except categories.Refused as refused:
            form.refuse(refused.field, refused.text)
        else:
            messages.success(request, f"{saved.name} is saved.", extra_tags="good")
            return redirect("rules", project.slug)
    page = _page(project, wrong=(pk, form))
    context = {"project": project, "page": "settings", "rows": RuleRows.of_project(project).shown({}), **page}
    return render(request, "dashboard/rules.html", context, status=422)


def _page(project: Project, wrong: tuple[int, CategoryForm] | None = None) -> dict[str, object]:
    """What both forms of the page share."""
    found = list(project.categories.all())
    wrong_pk, wrong_form = wrong or (None, None)

    def form_of(row: Category | None) -> CategoryForm:
        pk = row.pk if row else 0
        if wrong_form is not None and pk == wrong_pk:
            return wrong_form
        return CategoryForm.of(row)

    return {
        "categories": [(row, form_of(row)) for row in found],
        "new_category": form_of(None),
        "active": [row for row in found if not row.archived],
    }
