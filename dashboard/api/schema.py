"""The API's description (OpenAPI 3.1), made of its addresses, its operations and their types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
from django.urls import URLPattern

from dashboard.api.bearer import PER_MINUTE
from dashboard.api.operation import Operation
from dashboard.api.problems import CONTENT_TYPE, KINDS, Kind
from remediation.exporters import FORMATS

PREFIX = "/api/v1/"
_AT = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
_PLACE = re.compile(r"{(\w+)}")
_IN_PATH = {
    "slug": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
    "number": {"type": "integer", "minimum": 1},
    "label": {"type": "string"},
    "format": {"enum": list(FORMATS)},
}
_EVERYWHERE = ("token-in-address", "no-token", "not-allowed", "too-many", "failed")
_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "Problem details as RFC 9457 has them; `detail` says what to do. A conflict may say more.",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail"],
}


@cache
def document() -> dict[str, Any]:
    """The whole description, as JSON holds it."""
    found = list(operations())
    types = {kind for _, _, one in found for kind in (one.query, one.body, one.gives) if kind}
    _, shapes = msgspec.json.schema_components(sorted(types, key=lambda kind: kind.__name__), ref_template=_AT)
    paths: dict[str, dict[str, Any]] = {}
    for path, method, one in found:
        paths.setdefault(path, {})[method] = _operation(path, one, shapes)
    queries = {one.query.__name__ for _, _, one in found if one.query}  # they stand as parameters
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Remediation Dashboard",
            "version": "1",
            "description": "What is not counted is null, never 0. Times are in UTC. "
            f"A token may call {PER_MINUTE} times a minute.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {name: _problem(kind) for name, kind in KINDS.items()},
            "schemas": {name: shape for name, shape in shapes.items() if name not in queries} | {"Problem": _PROBLEM},
        },
    }


def operations() -> Iterator[tuple[str, str, Operation]]:
    """Each operation with its path, "/api/v1/projects/{slug}/", and its method, "get"."""
    from dashboard.api.urls import urlpatterns

    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        for method, one in getattr(pattern.callback, "operations", {}).items():
            yield PREFIX + _PARAMETER.sub(r"{\1}", str(pattern.pattern)), method.lower(), one


def _operation(path: str, one: Operation, shapes: dict[str, Any]) -> dict[str, Any]:
    named = _PLACE.findall(path)
    said: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "x-scope": one.scope,
        "parameters": [
            *({"name": name, "in": "path", "required": True, "schema": _IN_PATH[name]} for name in named),
            *(_header(name, text) for name, text in one.headers.items()),
            *(_parameters(shapes[one.query.__name__]) if one.query else ()),
        ],
        "responses": {str(one.status): _good(one), **_problems(one, in_project=bool(named))},
    }
    if one.body:
        shape = shapes[one.body.__name__]
        content = {"application/json": {"schema": {"$ref": _AT.format(name=one.body.__name__)}}}
        said["requestBody"] = {"content": content, "required": bool(shape["required"])}
    return said


def _header(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "schema": {"type": "string"}, "description": text}


def _parameters(shape: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One for each member. What is left out is null to us, and a query knows no null."""
    for name, schema in shape["properties"].items():
        either = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
        inner = dict(either[0])
        if "enum" in inner:
            inner["enum"] = [value for value in inner["enum"] if value is not None]
        if inner.get("default", 0) is None:
            del inner["default"]
        text = inner.pop("description", "")
        yield {"name": name, "in": "query", "schema": inner} | ({"description": text} if text else {})


def _good(one: Operation) -> dict[str, Any]:
    if one.gives is None:
        kinds = sorted({kind.content_type.partition(";")[0] for kind in FORMATS.values()})
        return {"description": "The file.", "content": {kind: {} for kind in kinds}}
    schema = {"$ref": _AT.format(name=one.gives.__name__)}
    return {"description": "Done.", "content": {"application/json": {"schema": schema}}}


def _problems(one: Operation, *, in_project: bool) -> dict[str, Any]:
    kinds = {*_EVERYWHERE, "cannot-work", *one.refuses}
    if in_project:
        kinds.add("not-found")
    if one.body:
        kinds |= {"not-json", "too-large"}
    return {
        str(kind.status): {"$ref": f"#/components/responses/{name}"} for name, kind in KINDS.items() if name in kinds
    }


def _problem(kind: Kind) -> dict[str, Any]:
    schema = {"$ref": _AT.format(name="Problem")}
    return {"description": kind.title, "content": {CONTENT_TYPE: {"schema": schema}}}
