"""The page of the API: its operations, read from its own description."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from dashboard.api.bearer import PER_MINUTE
from dashboard.api.problems import KINDS


@dataclass(frozen=True, slots=True)
class Row:
    """One operation. ``takes``: names and what each means; ``gives``: the names in its answer."""

    name: str
    method: str
    path: str
    scope: str
    summary: str
    takes: list[tuple[str, str]]
    gives: list[str]
    status: str


def build(request: HttpRequest) -> dict[str, Any]:
    """The context of the page; ``nouns``: the operations by what they are about, in the order of their addresses."""
    from dashboard.api import schema

    document = schema.document()
    nouns: dict[str, list[Row]] = defaultdict(list)
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            row = _row(path.removeprefix(schema.PREFIX), method, said, document["components"]["schemas"])
            nouns[_noun(row.path)].append(row)
    return {
        "nouns": list(nouns.items()),
        "operations": sum(len(rows) for rows in nouns.values()),
        "problems": [(name, kind.status, kind.title) for name, kind in KINDS.items()],
        "base": request.build_absolute_uri(reverse("api")),
        "per_minute": PER_MINUTE,
    }


def _noun(path: str) -> str:
    """ "tickets" of "projects/{slug}/tickets/{label}/claim/"."""
    names = path.split("/")
    return names[2] if len(names) > 3 else names[0]


def _row(path: str, method: str, said: Mapping[str, Any], schemas: Mapping[str, Any]) -> Row:
    takes = [(each["name"], _meaning(each["schema"], each)) for each in said["parameters"] if each["in"] != "path"]
    if "requestBody" in said:
        body = _named(said["requestBody"]["content"]["application/json"], schemas)
        takes += [(name, _meaning(each, each)) for name, each in body["properties"].items()]
    status, good = next(iter(said["responses"].items()))
    shape = _named(good["content"].get("application/json", {}), schemas)
    return Row(
        name=said["operationId"],
        method=method.upper(),
        path=path,
        scope=said["x-scope"],
        summary=said["summary"],
        takes=takes,
        gives=list(shape.get("properties", {})),
        status=status,
    )


def _named(content: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema that a content refers to; {} for a file."""
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    return schemas.get(name, {})


def _meaning(schema: Mapping[str, Any], said: Mapping[str, Any]) -> str:
    """What may be given: its own words, else the words that it may be, else its type."""
    inner = next((each for each in schema.get("anyOf", ()) if each.get("type") != "null"), schema)
    said_of_it = str(said.get("description") or inner.get("description", ""))
    return "; ".join(filter(None, [", ".join(inner.get("enum", ())), said_of_it])) or str(inner.get("type", ""))
