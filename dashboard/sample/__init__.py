"""The sample: a small invented Python project with a history of collection errors, for a first look."""

from dashboard.sample.build import Built, build

__all__ = ["Built", "build"]
