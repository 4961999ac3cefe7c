"""Long lists in parts: each ends with the address of the next, which goes on from the number of its last row."""

from __future__ import annotations

from typing import Any

from django.utils.http import urlencode

from dashboard.api.operation import Call


def part_of(call: Call, rows: Any, goes_on: str) -> tuple[list[Any], str | None]:
    """At most ``limit`` of the rows, and the address of those after them; None where there are no more.

    ``goes_on``: the word of the query that says after, or before, which number.
    """
    limit = call.query.limit
    found = list(rows[: limit + 1])
    shown = found[:limit]
    if len(found) == len(shown):
        return shown, None
    query = urlencode({**call.request.GET.dict(), goes_on: shown[-1].number})
    return shown, call.request.build_absolute_uri(f"{call.request.path}?{query}")
