"""Paths as the stream has them: relative to the repository's root, whatever it is called here. PYTEST_DONT_REWRITE"""

from __future__ import annotations

# Strings, not Path: half the price, paid for every node.
# ruff: noqa: PTH100, PTH120
import os
from typing import Any

from .objects import is_directory


class Places:
    """The repository's root and what lies below it."""

    def __init__(self, root: str) -> None:
        self.root = os.path.abspath(root)
        self.known: dict[str, str] = {}  # of nodes: each item of a file asks for the same place, and asks twice

    def path(self, path: Any) -> str:
        """Relative to the repository's root with forward slashes; what lies outside stays absolute."""
        text = os.path.abspath(str(path))
        if text.startswith(self.root + os.sep):
            text = text[len(self.root) + 1 :]
        return "." if text == self.root else text.replace(os.sep, "/")

    def text(self, text: str) -> str:
        # The root differs from pass to pass where the tree has no constant path; facts must not.
        return text.replace(self.root + os.sep, "")

    def place(self, node: Any) -> str:
        """The node's file, or its directory with a slash at the end, relative to the root."""
        path = str(getattr(node, "path", None) or node.fspath)
        if is_directory(node):
            return self.path(os.path.dirname(path) if path.endswith(".py") else path) + "/"
        place = self.known.get(path)
        if place is None:
            place = self.known[path] = self.path(path)
        return place
