"""No change without a trace: every changing route of the site writes into the audit log or a ticket's history."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models.signals import post_save
from django.urls import reverse
from django.utils import timezone

from remediation.models import AuditLine, ConnectionCheck, Transition
from tests.dashboard.cast import Cast
from tests.dashboard.test_permissions import CHECK, READ, ROUTES
from tests.dashboard.traces import DEEDS, LEAVE_NOTHING, Deed

HERE = "203.0.113.7"


@pytest.fixture
def cast(db: None) -> Cast:
    cast = Cast.make()
    draft = {"source": "https://git.example.org/x.git", "ref": "HEAD"}
    ConnectionCheck.objects.create(pk=CHECK, requested_by=cast.admin, draft=draft, created_at=timezone.now())
    return cast


@pytest.fixture
def depths() -> Any:
    """How deep in transactions every trace was written; a test itself is one."""
    found: list[int] = []

    def note(sender: type, **_: object) -> None:
        if sender in {AuditLine, Transition}:
            found.append(len(connection.atomic_blocks))

    post_save.connect(note)
    yield found
    post_save.disconnect(note)


def _traces() -> int:
    return AuditLine.objects.count() + Transition.objects.count()


def _do(cast: Cast, name: str, deed: Deed) -> int:
    """Send it; the answer's status."""
    route = ROUTES[name]
    args = deed.args(cast) if callable(deed.args) else deed.args
    args = route.args if args is None else args
    told = [arg.format(key=cast.project.key) if isinstance(arg, str) else arg for arg in args]
    url = reverse(name, args=[cast.project.slug, *told] if route.in_project else told)
    data = deed.data(cast) if callable(deed.data) else deed.data
    return cast.client(deed.role).post(url, data, REMOTE_ADDR=HERE).status_code


@pytest.mark.parametrize("name", DEEDS)
def test_what_succeeds_leaves_a_trace_in_its_own_transaction(cast: Cast, name: str, depths: list[int]) -> None:
    deed, outside = DEEDS[name], len(connection.atomic_blocks)
    if deed.before:
        deed.before(cast)
    lines = set(AuditLine.objects.values_list("pk", flat=True))
    before = _traces()
    depths.clear()
    assert _do(cast, name, deed) in {200, 302}
    assert _traces() > before
    assert depths and all(depth > outside for depth in depths)
    for line in AuditLine.objects.exclude(pk__in=lines):
        assert line.address == HERE
        if deed.role != "anonymous":
            account = getattr(cast, deed.role)
            assert (line.actor_id, line.actor) == (account.pk, f"{account.label} ({account.username})")
        if ROUTES[name].in_project:
            assert (line.project_id, line.project) == (cast.project.pk, cast.project.slug)


@pytest.mark.parametrize("name", [name for name in DEEDS if (ROUTES[name].post or 0) > READ])
def test_what_is_refused_leaves_none(cast: Cast, name: str) -> None:
    deed = DEEDS[name]
    if deed.before:
        deed.before(cast)
    before = _traces()
    assert _do(cast, name, Deed("viewer", deed.data, args=deed.args)) == 403
    assert _traces() == before


def test_a_change_without_a_line_would_be_noticed(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remediation.audit.write", lambda *_, **__: None)
    before = _traces()
    assert _do(cast, "run-pass", DEEDS["run-pass"]) == 302
    assert _traces() == before


def test_every_exception_has_its_reason() -> None:
    assert all(len(reason) > 20 for reason in LEAVE_NOTHING.values())
