"""Who is told, in which words, and when a mail about it is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from remediation.core.notices import KINDS, TOLD_LINES, is_news, mail_due, next_digest, sentence, told

ADA, BO, CY = 1, 2, 3
NOW = datetime(2026, 3, 12, 6, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("verb", "actor", "owner", "data", "expected"),
    [
        # passes tell the owner
        ("regressed", None, ADA, {}, {ADA: "regressed"}),
        ("still-seen", None, ADA, {}, {ADA: "still-seen"}),
        ("verified", None, ADA, {}, {ADA: "verified"}),
        ("regressed", None, None, {}, {}),
        ("opened", None, ADA, {}, {}),
        ("changed", None, ADA, {}, {}),
        # so does the clock
        ("claim-flagged", None, ADA, {}, {ADA: "claim-flagged"}),
        ("released", None, None, {"owner_id": ADA}, {ADA: "released"}),
        # people, and never the one who did it
        ("claimed", ADA, ADA, {}, {}),
        ("assigned", ADA, BO, {"to_id": BO}, {BO: "assigned"}),
        ("assigned", ADA, CY, {"to_id": CY, "from_id": BO}, {CY: "assigned", BO: "released"}),
        ("assigned", BO, CY, {"to_id": CY, "from_id": BO}, {CY: "assigned"}),
        ("assigned", ADA, ADA, {"to_id": ADA, "from_id": BO}, {BO: "released"}),
        ("released", ADA, None, {}, {}),
        ("released", CY, None, {"owner": "Ada", "owner_id": ADA}, {ADA: "released"}),
        ("note", BO, ADA, {}, {ADA: "note"}),
        ("note", ADA, ADA, {}, {}),
        ("note", BO, None, {}, {}),
        ("marked-fixed", BO, ADA, {}, {}),
        ("category", BO, ADA, {}, {}),
    ],
)
def test_a_line_is_news_to(verb: str, actor: Any, owner: Any, data: dict[str, Any], expected: dict[int, str]) -> None:
    assert told(verb, actor=actor, owner=owner, data=data) == expected
    assert not expected or verb in TOLD_LINES
    assert set(expected.values()) <= set(KINDS)


@pytest.mark.parametrize(
    ("ended", "before", "expected"),
    [
        (("blocked", "conftest-failure"), None, True),
        (("blocked", "conftest-failure"), ("counted", ""), True),
        (("blocked", "conftest-failure"), ("blocked", "conftest-failure"), False),
        (("blocked", "configuration"), ("blocked", "conftest-failure"), True),
        (("failed", "lost-worker"), ("blocked", "conftest-failure"), True),
        (("failed", "cancelled"), ("counted", ""), False),
        (("counted", ""), ("blocked", "x"), False),
    ],
)
def test_of_a_row_of_passes_without_a_count_the_first_is_news(
    ended: tuple[str, str], before: tuple[str, str] | None, expected: bool
) -> None:
    assert is_news(*ended, before) is expected


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        ("assigned", {"label": "ATL-3", "by": "Ada"}, "Ada gave ATL-3 to you"),
        ("regressed", {"label": "ATL-3", "number": 31, "errors": 4}, "ATL-3 came back at pass #31, 4 errors"),
        ("regressed", {"label": "ATL-3", "number": 31, "errors": None}, "ATL-3 came back at pass #31"),
        ("still-seen", {"label": "ATL-3", "number": 31, "errors": 1}, "ATL-3 is still seen at pass #31, 1 error"),
        ("verified", {"label": "ATL-3", "number": 31}, "ATL-3 is verified by pass #31"),
        ("claim-flagged", {"label": "ATL-3"}, "Your claim of ATL-3 stands still"),
        (
            "claim-flagged",
            {"label": "ATL-3", "days": 5, "release_after": 2},
            "Your claim of ATL-3 stands still: no sign of life for 5 days, and it ends after 2 days more",
        ),
        (
            "claim-flagged",
            {"label": "ATL-3", "days": 1, "release_after": 0},
            "Your claim of ATL-3 stands still: no sign of life for 1 day",
        ),
        ("released", {"label": "ATL-3", "by": "Ada", "to": "Bo"}, "Ada gave ATL-3, which was yours, to Bo"),
        ("released", {"label": "ATL-3", "by": "Ada", "to": ""}, "Ada released ATL-3, which was yours"),
        ("released", {"label": "ATL-3", "by": ""}, "Your claim of ATL-3 was released"),
        (
            "released",
            {"label": "ATL-3", "by": "", "days": 7},
            "Your claim of ATL-3 was released: no sign of life for 7 days",
        ),
        ("note", {"label": "ATL-3", "by": "Ada"}, "Ada wrote on ATL-3"),
        ("pass", {"number": 31, "outcome": "blocked"}, "Pass #31 is blocked"),
        ("pass", {"number": 31, "outcome": "failed"}, "Pass #31 failed"),
    ],
)
def test_sentences(kind: str, data: dict[str, Any], text: str) -> None:
    assert sentence(kind, data) == text


def test_when_a_mail_is_due() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert mail_due("off", NOW, berlin, 8) is None
    assert mail_due("now", NOW, berlin, 8) == NOW + timedelta(seconds=30)
    assert mail_due("digest", NOW, berlin, 8) == datetime(2026, 3, 12, 7, tzinfo=UTC)
    assert mail_due("digest", NOW, berlin, 7) == datetime(2026, 3, 13, 6, tzinfo=UTC)  # 07:00:30 there already


def test_the_daily_mail_follows_the_clock_of_its_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    for day, utc_hour in ((27, 7), (29, 6), (30, 6)):  # 29 March 2026: one hour is skipped
        assert next_digest(datetime(2026, 3, day, 0, 30, tzinfo=UTC), berlin, 8) == datetime(
            2026, 3, day, utc_hour, tzinfo=UTC
        )
    skipped = next_digest(datetime(2026, 3, 29, 0, 30, tzinfo=UTC), berlin, 2)
    assert skipped == datetime(2026, 3, 29, 1, tzinfo=UTC)  # 02:00 is 03:00 on that day
    twice = datetime(2026, 10, 25, 0, tzinfo=UTC)
    first = next_digest(twice - timedelta(hours=2), berlin, 2)
    assert (first, next_digest(first, berlin, 2)) == (twice, datetime(2026, 10, 26, 1, tzinfo=UTC))
