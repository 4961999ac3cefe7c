"""What a chat is told about a pass."""

from __future__ import annotations

from typing import Any

import pytest

from remediation.core.webhook_events import EVENTS, body, chat_of

URL = "https://dashboard.example.org/p/atlas/"
LEDGER = {"before": 17, "cleared": 4, "hidden": 0, "unmasked": 1, "new": 1, "regressed": 0, "after": 15}


def _facts(**changes: Any) -> dict[str, Any]:
    return {"project": "atlas", "number": 31, "total": 15, "ledger": LEDGER, "url": f"{URL}passes/31/", **changes}


def _ticket(number: int, errors: int = 2) -> dict[str, Any]:
    label, title = f"ATL-{number}", f"Module m{number} does not exist"
    return {"label": label, "title": title, "errors": errors, "url": f"{URL}{number}"}


@pytest.mark.parametrize(
    ("event", "changes", "said"),
    [
        ("pass.counted", {}, "atlas: pass #31 counts 15 errors, 2 fewer than before"),
        ("pass.counted", {"ledger": LEDGER | {"before": 14}}, "atlas: pass #31 counts 15 errors, 1 more than before"),
        ("pass.counted", {"ledger": LEDGER | {"before": 15}}, "atlas: pass #31 counts 15 errors, as before"),
        ("pass.counted", {"ledger": None, "total": 1}, "atlas: pass #31 counts 1 error"),
        ("pass.blocked", {"total": None}, "atlas: pass #31 is blocked, nothing was counted"),
        ("pass.failed", {"total": None}, "atlas: pass #31 failed, nothing was counted"),
    ],
)
def test_the_first_line_says_what_the_pass_says(event: str, changes: dict[str, Any], said: str) -> None:
    found = chat_of(event, _facts(**changes), [], [event])
    assert found is not None and found["title"] == {"text": said, "href": f"{URL}passes/31/"}


def test_tickets_are_listed_as_far_as_they_are_wanted() -> None:
    tickets = [("ticket.opened", _ticket(1)), ("ticket.verified", _ticket(2, 0)), ("ticket.regressed", _ticket(3, 1))]
    found = chat_of("pass.counted", _facts(), tickets, ["ticket.verified", "ticket.regressed"])
    assert found is not None
    assert [line["text"] for line in found["lines"]] == [
        "Verified: ATL-2 Module m2 does not exist",
        "Back: ATL-3 Module m3 does not exist, 1 error",
    ]
    assert chat_of("pass.counted", _facts(), tickets[:1], ["ticket.verified", "pass.blocked"]) is None
    assert chat_of("pass.counted", _facts(), [], ["ticket.opened"]) is None


def test_many_tickets_are_counted_and_a_reason_is_said() -> None:
    found = chat_of("pass.counted", _facts(), [("ticket.opened", _ticket(n)) for n in range(25)], list(EVENTS))
    assert found is not None and len(found["lines"]) == 11 and found["lines"][-1] == {"text": "and 15 more"}
    found = chat_of("pass.blocked", _facts(reason_text="pytest stopped."), [], list(EVENTS))
    assert found is not None and found["lines"] == [{"text": "pytest stopped."}]


def test_the_body_of_a_webhook() -> None:
    found = body("pass.counted", "2026-03-12T06:00:00+00:00", {"slug": "atlas"}, **{"pass": {"total": None}})
    assert found == {
        "type": "pass.counted",
        "timestamp": "2026-03-12T06:00:00+00:00",
        "data": {"project": {"slug": "atlas"}, "pass": {"total": None}},
    }
