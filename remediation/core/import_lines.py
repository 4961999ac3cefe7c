"""An import statement written again for another module: what would have to stand there, as lines to compare."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import PurePosixPath

Line = tuple[str, str]  # ("-" or "+", statement)


def dotted_of(path: str, like: str, roots: Sequence[str] = ()) -> str:
    """The name by which a file is imported, given the name ``like`` that was asked for; "" where that is not clear.

    The import root is one of ``roots``, or else the folder that holds the top-level package of ``like``.
    """
    stem = path.removesuffix(".py").removesuffix("/__init__")
    if stem == path and not path.endswith("/__init__.py"):
        return ""
    for root in sorted((root.strip("/") for root in roots if root.strip("/")), key=len, reverse=True):
        if stem.startswith(root + "/"):
            return _name(stem.removeprefix(root + "/").split("/"))
    parts, top = stem.split("/"), like.partition(".")[0]
    if parts.count(top) != 1:
        return ""
    return _name(parts[parts.index(top) :])


def _name(parts: Sequence[str]) -> str:
    return ".".join(parts) if all(part.isidentifier() for part in parts) else ""


def moved_module(statement: str, old: str, new: str) -> tuple[Line, ...]:
    """The statement with module ``old`` under its new name; () where it does not plainly import that module."""
    node = _import(statement)
    if not new or new == old or node is None:
        return ()
    if isinstance(node, ast.Import):
        return _plain(statement, node, old, new)
    module = node.module or ""
    if node.level or any(alias.name == "*" for alias in node.names):
        return ()
    if module == old:
        return ("-", statement), ("+", _from(new, node.names))
    if module.startswith(old + ".") and PurePosixPath(new.replace(".", "/")).name == module.rpartition(".")[2]:
        # Python names the first part that is missing; the file that was found is the whole module.
        return ("-", statement), ("+", _from(new, node.names))
    if len(node.names) == 1 and f"{module}.{node.names[0].name}" == old and "." in new:
        return _module_of_package(statement, node.names[0], new)
    return ()


def _plain(statement: str, node: ast.Import, old: str, new: str) -> tuple[Line, ...]:
    """``import a.b``; what the file then asks of ``a.b`` by its whole name is not rewritten."""
    if len(node.names) != 1 or node.names[0].name != old:
        return ()
    alias = node.names[0].asname
    return ("-", statement), ("+", f"import {new} as {alias}" if alias else f"import {new}")


def _module_of_package(statement: str, alias: ast.alias, new: str) -> tuple[Line, ...]:
    package, _, last = new.rpartition(".")
    name = alias.asname or alias.name
    return ("-", statement), ("+", f"from {package} import {last}" + (f" as {name}" if name != last else ""))


def moved_name(statement: str, module: str, name: str, new: str) -> tuple[Line, ...]:
    """The statement with one name taken from module ``new``; the other names stay where they are."""
    node = _from_module(statement, module)
    if not new or new == module or node is None:
        return ()
    taken = [alias for alias in node.names if alias.name == name]
    kept = [alias for alias in node.names if alias.name != name]
    if len(taken) != 1:
        return ()
    lines: list[Line] = [("-", statement)]
    lines += [("+", _from(module, kept))] if kept else []
    return *lines, ("+", _from(new, taken))


def renamed(statement: str, module: str, name: str, new: str) -> tuple[Line, ...]:
    """The statement with another name of the same module, bound under the name the file uses."""
    node = _from_module(statement, module)
    if node is None or sum(alias.name == name for alias in node.names) != 1:
        return ()
    names = [ast.alias(new, alias.asname or name) if alias.name == name else alias for alias in node.names]
    return ("-", statement), ("+", _from(module, names))


def reordered(statement: str, before: Sequence[str], after: Sequence[str]) -> tuple[Line, ...]:
    """The statement of a class with its bases in another order; () where they do not stand there once."""
    written = ", ".join(before)
    if not statement.startswith("class ") or statement.count(written) != 1 or list(before) == list(after):
        return ()
    return ("-", statement), ("+", statement.replace(written, ", ".join(after)))


def _import(statement: str) -> ast.Import | ast.ImportFrom | None:
    """The statement's one node; None where it is no import, or was cut."""
    try:
        body = ast.parse(statement).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return body[0] if len(body) == 1 and isinstance(body[0], ast.Import | ast.ImportFrom) else None


def _from_module(statement: str, module: str) -> ast.ImportFrom | None:
    node = _import(statement)
    plain = isinstance(node, ast.ImportFrom) and not node.level and node.module == module
    return node if plain and isinstance(node, ast.ImportFrom) else None


def _from(module: str, names: Sequence[ast.alias]) -> str:
    return ast.unparse(ast.ImportFrom(module=module, names=list(names), level=0))
