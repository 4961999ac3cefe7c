"""Read the arguments of ``setup()`` in a setup.py that are plain values, without running it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

_DEPTH = 50  # of names that stand for names; nobody's honest script comes near


def setup_arguments(data: bytes) -> tuple[dict[str, Any], frozenset[str]]:
    """(arguments whose value can be read, names of those that code computes) of the first call of ``setup``.

    ``setup(**something)`` makes ``install_requires`` a computed one, unless it is also given. Raises what
    ``ast.parse`` raises: SyntaxError, ValueError, RecursionError or MemoryError.
    """
    module = ast.parse(data)
    names = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call) and _called(node.func) == "setup"]
    values: dict[str, Any] = {}
    computed = set()
    for keyword in calls[0].keywords if calls else ():
        name = keyword.arg or "install_requires"
        value = _literal(keyword.value, names, 0) if keyword.arg else None
        if value is not None:
            values[name] = value
        else:
            computed.add(name)
    return values, frozenset(computed - set(values))


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def _literal(node: ast.expr, names: Mapping[str, ast.expr], depth: int) -> Any:
    """The value of an expression made of literals, sums and names of literals; None where code would have to run."""
    if depth > _DEPTH:
        return None
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return _literal(names[node.id], names, depth + 1) if node.id in names else None
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        items = [_literal(item, names, depth + 1) for item in node.elts]
        return None if None in items else items
    if isinstance(node, ast.Dict):
        keys = [_literal(key, names, depth + 1) if key else None for key in node.keys]
        values = [_literal(value, names, depth + 1) for value in node.values]
        return {key: value for key, value in zip(keys, values, strict=True) if isinstance(key, str)}
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _literal(node.left, names, depth + 1), _literal(node.right, names, depth + 1)
        return left + right if type(left) is type(right) and isinstance(left, (str, list)) else None
    return None
