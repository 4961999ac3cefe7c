"""As much of JSON Schema as our own schemas use; a word it does not know is an error, never a pass."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_TYPES: dict[str, Any] = {"object": dict, "array": list, "string": str, "integer": int, "null": type(None)}
_TYPES["number"] = (int, float)
_TYPES["boolean"] = bool  # which Python takes for an int, too
_SAYS = {"$schema", "title", "description", "default", "$defs"}


def faults(value: Any, schema: dict[str, Any], root: dict[str, Any], place: str = "$") -> Iterator[str]:
    """Where a value is not as the schema has it."""
    for word, says in schema.items():
        if word in _SAYS:
            continue
        yield from _check(word, says, value, schema, root, place)


def _check(word: str, says: Any, value: Any, schema: dict[str, Any], root: dict[str, Any], place: str) -> Iterator[str]:
    whole = isinstance(value, dict)
    match word:
        case "$ref":
            yield from faults(value, root["$defs"][says.removeprefix("#/$defs/")], root, place)
        case "type":
            kinds = ([says] if isinstance(says, str) else says) if not isinstance(value, bool) else ["boolean"]
            if not any(isinstance(value, _TYPES[kind]) for kind in kinds) or kinds == ["boolean"] != [says]:
                yield f"{place}: {value!r} is not {says}"
        case "const" | "enum":
            if value not in ([says] if word == "const" else says):
                yield f"{place}: {value!r} is not {says}"
        case "anyOf":
            if all(list(faults(value, each, root, place)) for each in says):
                yield f"{place}: {value!r} is none of {len(says)}"
        case "format":
            assert says in {"date-time", "uri"}
            if isinstance(value, str) and not re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z$|https?://", value):
                yield f"{place}: {value!r} is no {says}"
        case "pattern":
            if isinstance(value, str) and not re.search(says, value):
                yield f"{place}: {value!r} is not {says}"
        case "minimum":
            if isinstance(value, int) and value < says:
                yield f"{place}: {value} < {says}"
        case "required":
            yield from (f"{place}: no {name}" for name in says if whole and name not in value)
        case "additionalProperties":
            assert says is False
            unknown = set(value) - set(schema["properties"]) if whole else set()
            yield from (f"{place}: {name} is unknown" for name in unknown)
        case "properties":
            for name, inner in says.items():
                if whole and name in value:
                    yield from faults(value[name], inner, root, f"{place}.{name}")
        case "items":
            for i, row in enumerate(value if isinstance(value, list) else []):
                yield from faults(row, says, root, f"{place}[{i}]")
        case _:
            raise NotImplementedError(word)
