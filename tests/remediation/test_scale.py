"""Text at a scale that nobody expects: stored clean, capped with a note, shown without a failure."""

from __future__ import annotations

import hashlib
import json

import pytest
from django.test import Client

from remediation import passes
from remediation.core.events import judge
from remediation.core.records import ProcessEnd, Verdict
from remediation.models import Project, Ticket
from tests import factories

HOSTILE = (
    "\x00 NUL \ud800 lone \x1b[31mred\x1b[0m \x1b]8;;https://x.example\x07link\x1b]8;;\x07 \u202eorder\u202c "
    "<script>alert(1)</script> {{ template }} %s \x9b31m \ufeff https://user:pass"
    "word@host.example/x "
)


def stream(errors: list[dict[str, object]]) -> bytes:
    lines: list[dict[str, object]] = [{"event": "loaded"}, {"event": "session", "pytest": "9.1", "python": "3.12.1"}]
    for error in errors:
        lines += [{"event": "start", "path": error["path"], "node": ""}, error]
    text = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    end = {"event": "finish", "status": 2, "tests": 0, "pytest_errors": len(errors), "interrupted": False,
           "stopped": "", "size": len(text), "digest": hashlib.sha256(text).hexdigest()}  # fmt: skip
    return text + json.dumps(end).encode() + b"\n"


def error(path: str, message: str, **cause: object) -> dict[str, object]:
    frame = {"path": path, "line": 3, "function": "<module>", "statement": message[:300], "pending": []}
    return {"event": "error", "path": path, "node": path, "traceback": message,
            "cause": {"type": "ValueError", "message": message, "frames": [frame], **cause}}  # fmt: skip


def recorded(project: Project, verdict: Verdict) -> None:
    held = passes.claim(passes.queue(project, trigger="manual").pk)
    assert held is not None
    passes.record(held, passes.Report(verdict=verdict, position=1, sandbox_level=3), factories.no_renames)


def pages(project: Project) -> dict[str, str]:
    client = Client()
    client.force_login(factories.user(is_superuser=True))
    ticket = Ticket.objects.filter(project=project).order_by("-errors").first()
    assert ticket is not None
    paths = ["", "tickets/", f"t/{ticket.label}/", "passes/", "passes/1/", "passes/1/conditions/", "silenced/"]
    found = {}
    for path in [*paths, "trend.json"]:
        answer = client.get(f"/p/{project.slug}/{path}")
        assert answer.status_code == 200, path
        found[path] = answer.content.decode()
    return found


@pytest.fixture
def project(db: None) -> Project:
    return factories.project()


def test_hostile_text_is_clean_wherever_it_is_shown(project: Project) -> None:
    names = [f"tests/{HOSTILE}{n}/test_a.py" for n in range(3)]
    verdict = judge(stream([error(name, HOSTILE * 3) for name in names]), ProcessEnd(2), inventory=names)
    assert verdict.result is not None
    recorded(project, verdict)
    for path, text in pages(project).items():
        assert "<script>alert" not in text and "alert(1)</script>" not in text, path
        for bad in "\x00\x1b\x9b\u202e\u202c\ufeff":
            assert bad not in text, (path, hex(ord(bad)))
        assert "password@" not in text, path
        assert len(text) < 400_000


def test_a_message_of_ten_megabytes_is_capped_with_a_note(project: Project) -> None:
    whole = "x" * 10 * 1024**2
    verdict = judge(stream([error("tests/test_a.py", whole)]), ProcessEnd(2), inventory=["tests/test_a.py"])
    # A line that no reporter of ours writes is not believed: the pass has no number, and says why.
    assert (verdict.outcome, verdict.reason) == ("blocked", "garbled-stream")
    capped = judge(stream([error("tests/test_a.py", whole[:1_500_000])]), ProcessEnd(2), inventory=["tests/test_a.py"])
    assert capped.result is not None
    (one,) = capped.result.errors
    assert len(one.cause.message) <= 4_000 and one.cause.message.endswith("[…]")
    assert len(one.traceback) <= 20_100 and one.traceback.endswith("[…]")
    recorded(project, capped)
    assert all(len(text) < 200_000 for text in pages(project).values())


@pytest.mark.slow
def test_a_hundred_thousand_errors_are_all_counted(project: Project) -> None:
    """Every one of them, in 60 tickets; the lists are cut with a note, the numbers never."""
    many = [
        error(f"tests/d{n % 100}/test_{n}.py", f"No module named 'app.m{n % 60}'", name=f"app.m{n % 60}",
              type="ModuleNotFoundError")
        for n in range(100_000)
    ]  # fmt: skip
    verdict = judge(stream(many), ProcessEnd(2), inventory=[str(one["path"]) for one in many])
    assert verdict.result is not None and len(verdict.result.errors) == 100_000
    recorded(project, verdict)
    assert project.passes.get().total == 100_000
    assert Ticket.objects.filter(project=project).count() == 60
    found = pages(project)
    assert "100,000" in found[""]
    assert all(len(text) < 1_500_000 for text in found.values()), {p: len(t) for p, t in found.items()}
