"""What Python source says by its text alone: names it binds, and what an import statement asks for."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator, Mapping

from remediation.core.uncollected import uncollected

_FROM = re.compile(r"from\s+([.\w]+)\s+import\s+\(?\s*(.+?)\s*\)?$")
_IMPORT = re.compile(r"import\s+(.+)$")
_BASES = 30
_BETWEEN = b" \t\n\r\f\v\\"
_ENDS = re.compile(rb"[\s\\)]*+(?:=(?!=)|:|#|in\b|(?:\*\*|//|>>|<<|[-+*/%@&|^])=)")
_EXTENDS = re.compile(rb"Extension|set_source|cythonize")


@uncollected
def parse(source: bytes) -> ast.Module | None:
    """The module's syntax tree; None where this Python cannot parse it."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _could_define(source: bytes, name: str) -> bool:
    """Whether the name follows ``def`` or ``class``, or stands before what ends a target: ``=``, ``:``, ``+=``, ``in``.

    A comment may stand between the two where they are in brackets; what is behind one is left to the parser.
    """
    for found in _word(name).finditer(source):
        before = found.start()
        while before and source[before - 1] in _BETWEEN:
            before -= 1
        if source.endswith((b"def", b"class"), 0, before) or _ENDS.match(source, found.end()):
            return True
    return False


@functools.lru_cache(maxsize=256)
def _word(name: str) -> re.Pattern[bytes]:
    """The name as a whole word. It begins with the name itself: that is what makes searching for it fast.

    Not a word boundary: to a pattern of bytes a letter beyond ASCII is none.
    """
    raw = re.escape(name.encode("utf-8", "surrogatepass"))
    return re.compile(raw + rb"(?<![\w\x80-\xff]" + raw + rb")(?![\w\x80-\xff])")


@functools.lru_cache(maxsize=64)
def bound_names(source: bytes) -> frozenset[str] | None:
    """The names that a module binds at its top level, "*" among them for a star import; None where it cannot be read.

    What stands in a branch or a try counts; what stands in a function or a class does not.
    """
    module = parse(source)
    return None if module is None else frozenset(_bound(module))


def _bound(module: ast.Module) -> Iterator[str]:
    nodes: list[ast.AST] = list(module.body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        else:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
            nodes.extend(ast.iter_child_nodes(node))


def defines(source: bytes, name: str) -> bool:
    """Whether a module defines a name itself, and does not merely import it."""
    # To parse a file takes a hundred times as long as to see that nothing in it could define the name.
    module = parse(source) if _could_define(source, name) else None
    if module is None:
        return False
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name:
            return True
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return True
    return False


def asked(statement: str) -> list[tuple[str, tuple[str, ...]]]:
    """(module, names) of a one-line import statement; no names for a plain ``import``; [] for anything else."""
    if found := _FROM.match(statement):
        names = (part.split()[0] for part in found[2].rstrip(",").split(",") if part.split())
        return [(found[1], tuple(names))]
    if found := _IMPORT.match(statement):
        return [(part.split()[0], ()) for part in found[1].split(",") if part.split()]
    return []


@functools.lru_cache(maxsize=256)
def extensions(source: bytes) -> frozenset[str]:
    """Names of the compiled modules that a build script declares: ``Extension("a._b")``, ``ffi.set_source("a._b")``."""
    tree = parse(source) if _EXTENDS.search(source) else None
    names: set[str] = set()
    for node in ast.walk(tree) if tree else ():
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called.endswith("Extension") or called in {"set_source", "cythonize"}:
            first = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "name")]
            names |= {one.value for one in first if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return frozenset(names)


@functools.lru_cache(maxsize=16)
def package_folders(source: bytes) -> Mapping[str, str]:
    """Package to folder, where a setup.py says that they differ: ``package_dir={"pygame": "lib"}``."""
    tree = parse(source)
    found: dict[str, str] = {}
    for node in ast.walk(tree) if tree else ():
        tables = []
        if isinstance(node, ast.keyword) and node.arg == "package_dir":
            tables = [node.value]
        elif isinstance(node, ast.Dict):
            tables = [v for k, v in zip(node.keys, node.values, strict=True) if _text(k) == "package_dir"]
        for table in tables:
            if isinstance(table, ast.Dict):
                pairs = zip(map(_text, table.keys), map(_text, table.values), strict=True)
                found |= {package: folder for package, folder in pairs if package and folder}
    return found


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@functools.lru_cache(maxsize=256)
def imports(source: bytes, top: str) -> bool:
    """Whether a file anywhere imports that top-level name, or something below it, absolutely."""
    tree = parse(source)
    found: list[str] = []
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.append(node.module or "")
    return any(name.partition(".")[0] == top for name in found)


def attributes_of(source: bytes, module: str) -> frozenset[str]:
    """The attributes that a file uses of a module it imports by ``import module`` or ``import module as name``."""
    tree = parse(source)
    if tree is None:
        return frozenset()
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == module
    }
    return frozenset(
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names
    )


def place_of(source: bytes, name: str) -> tuple[int, str] | None:
    """(line, "class", "function" or "name") of a name that a module defines at its top level, else None."""
    module = parse(source)
    for node in module.body if module else ():
        if isinstance(node, ast.ClassDef) and node.name == name:
            return node.lineno, "class"
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            return node.lineno, "function"
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return node.lineno, "name"
    return None


def bases_of(source: bytes) -> dict[str, tuple[str, ...]]:
    """Class to the dotted names of its bases, for every class a module defines at its top level.

    "?" stands for a base that is no name: what it is, only running the code would tell.
    """
    module = parse(source)
    classes = [node for node in module.body if isinstance(node, ast.ClassDef)] if module else []
    # A class of hundreds of bases is made to waste time.
    return {n.name: tuple(map(_dotted, n.bases)) if len(n.bases) <= _BASES else ("?",) for n in classes}


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):  # a loop: a stranger's source may nest as deep as it likes
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else "?"


def imported_from(source: bytes) -> dict[str, str]:
    """Name to module, for every name that a file takes from a module by an absolute ``from ... import``."""
    module = parse(source)
    found: dict[str, str] = {}
    for node in module.body if module else ():
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {alias.asname or alias.name: node.module for alias in node.names}
    return found
