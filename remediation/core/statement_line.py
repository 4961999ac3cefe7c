"""A statement of the team as it stands in the report of a week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StatementLine:
    """What somebody of the team stated for the week. ``fact``: code of what it rests on, "" for nothing, and
    ``fact_words`` what that said then. ``id`` and ``author_id``: of the rows behind it, 0 for none."""

    id: int
    text: str
    author: str
    author_id: int
    at: datetime
    fact: str = ""
    fact_words: str = ""
