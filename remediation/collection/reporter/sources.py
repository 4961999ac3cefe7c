"""Statements of source files: what stands at a line, and which imports follow. PYTEST_DONT_REWRITE"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import linecache
import re
from typing import Any

STATEMENT, PENDING = 200, 200


class Sources:
    """Statements of the repository's files: which import stands at a line, and which imports follow."""

    def __init__(self) -> None:
        self._imports: dict[str, list[tuple[int, int, str]]] = {}

    def imports(self, filename: str) -> list[tuple[int, int, str]]:
        """(first line, last line, statement on one line) of every import, in order; [] if unreadable."""
        if filename not in self._imports:
            found = []
            lines = linecache.getlines(filename)
            with contextlib.suppress(SyntaxError, ValueError, RecursionError):
                for node in ast.walk(ast.parse("".join(lines))):
                    if isinstance(node, (ast.Import, ast.ImportFrom)):
                        found.append(self._segment(lines, node))
            self._imports[filename] = sorted(found)
        return self._imports[filename]

    @staticmethod
    def _segment(lines: list[str], node: Any) -> tuple[int, int, str]:
        rows = [line.encode() for line in lines[node.lineno - 1 : node.end_lineno]]  # columns count UTF-8 bytes
        rows[-1] = rows[-1][: node.end_col_offset]
        rows[0] = rows[0][node.col_offset :]
        text = " ".join(b" ".join(row.split(b"#")[0] for row in rows).decode("utf-8", "replace").split())
        return node.lineno, node.end_lineno, text[:STATEMENT]

    def statement(self, filename: str, line: int) -> str:
        for first, last, text in self.imports(filename):
            if first <= line <= last:
                return text
        return " ".join(linecache.getline(filename, line).split())[:STATEMENT]

    def pending(self, filename: str, line: int) -> list[str]:
        later = [text for first, _, text in self.imports(filename) if first > line]
        return [hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8] for text in later[:PENDING]]

    def mentions(self, filename: str, name: str) -> bool:
        """Whether the file defines or sets the name anywhere, also as an attribute."""
        bound = re.compile(
            r"\b(?:def|class)\s+" + re.escape(name) + r"\b|\b" + re.escape(name) + r"\s*(?::[^=]+)?=(?!=)"
        )
        return any(bound.search(line) for line in linecache.getlines(filename))

    def binds(self, filename: str, name: str) -> bool:
        """Whether the file gives the name a value anywhere at its top level, or may do so by a star import."""
        nodes: list[Any] = []
        with contextlib.suppress(SyntaxError, ValueError, RecursionError):
            nodes = list(ast.parse("".join(linecache.getlines(filename))).body)
        while nodes:
            node = nodes.pop()
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                bound = [node.name]
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                bound = [alias.asname or alias.name.partition(".")[0] for alias in node.names]
            else:
                bound = [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else []
                nodes.extend(ast.iter_child_nodes(node))
            if name in bound or "*" in bound:
                return True
        return False
