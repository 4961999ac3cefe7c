"""What a check of `manage.py doctor` finds."""

from __future__ import annotations

from dataclasses import dataclass

OK, WARN, FAIL = "ok", "warn", "FAIL"


@dataclass(frozen=True)
class Finding:
    """One line of the report: ``state`` is "ok", "warn" or "FAIL"; ``remedy`` says what to do, "" when ok."""

    state: str
    name: str
    text: str
    remedy: str = ""

    def line(self) -> str:
        """``state name: text, remedy``"""
        return f"{self.state:4} {self.name}: {self.text}" + (f", {self.remedy}" if self.remedy else "")
