"""What makes two counts incomparable: the facts of two scopes, and how they differ, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SHORT = 18  # characters of a value that is written on the plot

# What a scope is made of, in words; what says most comes first.
NAMES = {
    "python": "Python",
    "pytest": "pytest",
    "arguments": "pytest arguments",
    "testpaths": "test paths",
    "addopts": "options in the configuration",
    "ini": "configuration file",
    "python_files": "test file patterns",
    "rootdir": "root directory",
    "sandbox": "sandbox level",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One fact of a scope that became another."""

    name: str
    before: str
    after: str

    @property
    def sentence(self) -> str:
        """ "Python: 3.11 became 3.12"."""
        return f"{self.name}: {self.before} became {self.after}"

    @property
    def short(self) -> str:
        """ "Python 3.11 to 3.12"; the name alone where the values are long or one of them is nothing."""
        if "nothing" in (self.before, self.after) or len(self.before) + len(self.after) > SHORT:
            return self.name
        return f"{self.name} {self.before} to {self.after}"


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """What differs between the stored facts of two scopes, the weightiest first."""
    return tuple(
        Change(words, _say(before.get(name)), _say(after.get(name)))
        for name, words in NAMES.items()
        if before.get(name) != after.get(name)
    )


def in_short(changed: Sequence[Change]) -> str:
    """ "Python 3.11 to 3.12", "pytest arguments and 2 more"; "" where nothing is known to differ."""
    if not changed:
        return ""
    more = len(changed) - 1
    return changed[0].short + (f" and {more} more" if more else "")


def _say(value: Any) -> str:
    if isinstance(value, list | tuple):
        value = " ".join(map(str, value))
    return str(value) if value not in (None, "") else "nothing"
