"""Turns one template and a table of rows into the sample's test files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from string import Template


@dataclass(frozen=True, slots=True)
class Extra:
    """Code that only the rows called ``names`` (space separated) carry; ``imports`` follow the template's own.

    Python stops at the first import that fails, then at the first decorator: the order of a suite's
    extras is the order in which a file's causes come to light.
    """

    names: str
    code: str
    imports: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """One test file per line of ``rows``, each ``name: value value ...``.

    ``path`` and ``template`` use ``$name``, ``$title`` and ``$values`` (a tuple literal); the template
    also ``$imports`` at the end of its own import line.
    """

    path: str
    template: str
    rows: str
    extras: tuple[Extra, ...] = ()

    def files(self) -> Iterator[tuple[str, str]]:
        """Yield ``(path, text)`` per row. Raises ValueError where an extra names no row."""
        rows = [line.split(":", 1) for line in self.rows.strip().splitlines()]
        strangers = {n for e in self.extras for n in e.names.split()} - {name for name, _ in rows}
        if strangers:
            raise ValueError(f"{self.path}: no row called {sorted(strangers)}")
        for name, values in rows:
            extras = [e for e in self.extras if name in e.names.split()]
            template = Template(self.template + "".join("\n\n" + e.code for e in extras))
            words = ", ".join(f'"{value}"' for value in values.split())
            text = template.substitute(
                name=name,
                title=name.replace("_", " ").capitalize(),
                values=f"({words},)" if " " not in words else f"({words})",
                imports="".join(f"\n{e.imports}" for e in extras if e.imports),
            )
            yield Template(self.path).substitute(name=name), text


def files(suites: tuple[Suite, ...]) -> dict[str, str]:
    """All files of ``suites``, path to text. Raises ValueError when two suites write the same path."""
    found: dict[str, str] = {}
    for path, text in (pair for suite in suites for pair in suite.files()):
        if path in found:
            raise ValueError(f"two suites write {path}")
        found[path] = text
    return found
