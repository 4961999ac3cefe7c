"""Plotly's JavaScript out of the installed wheel, as a static file."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage, Storage

NAME = "plotly/plotly.min.js"


class PlotlyFinder(BaseFinder):
    """Serves ``plotly/plotly.min.js``; nothing is vendored and no CDN is asked."""

    def __init__(self) -> None:
        spec = importlib.util.find_spec("plotly")  # found, not imported: plotly takes 100 MB
        if spec is None or not spec.submodule_search_locations:
            raise RuntimeError("The plotly package is not installed. Run `make run` again.")
        self.storage = FileSystemStorage(location=Path(spec.submodule_search_locations[0]) / "package_data")
        self.storage.prefix = "plotly"  # type: ignore[attr-defined]

    def find(self, path: str, find_all: bool = False, **_: Any) -> Any:
        """The file's path, or a list of it; ``[]`` on a miss (None breaks every later lookup in Django 5.2)."""
        if path.replace("\\", "/") != NAME:
            return []
        found = self.storage.path("plotly.min.js")
        return [found] if find_all else found

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, Storage]]:
        """The one file."""
        yield "plotly.min.js", self.storage
