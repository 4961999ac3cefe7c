"""A worksheet that is filled from the top: a text is always a text, an unknown number an empty cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

_LONGEST = 32_000  # letters of a cell; Excel refuses 32,768
Formula = tuple[str, Any]  # with its value, for who opens it without calculating


def letter(column: int) -> str:
    """A, B, … AA for 0, 1, … 26."""
    found = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


class Book:
    """The formats of a workbook, and its sheets."""

    def __init__(self, workbook: Any) -> None:
        self._workbook = workbook
        self.formats = {
            "": workbook.add_format({"num_format": "#,##0"}),
            "text": workbook.add_format({"text_wrap": False, "valign": "top"}),
            "bold": workbook.add_format({"bold": True, "num_format": "#,##0"}),
            "title": workbook.add_format({"bold": True, "font_size": 14}),
            "quiet": workbook.add_format({"font_color": "#474c53"}),
            "time": workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            "part": workbook.add_format({"num_format": "0.0000"}),
            "percent": workbook.add_format({"num_format": "0.0%"}),
        }

    def sheet(self, name: str) -> Sheet:
        """A new, empty one at the end."""
        return Sheet(self._workbook.add_worksheet(name), self.formats)


class Sheet:
    """``row``: the next one to be filled, from 0."""

    def __init__(self, worksheet: Any, formats: Mapping[str, Any]) -> None:
        self._sheet, self._formats = worksheet, formats
        self.row = 0

    def head(self, names: Sequence[str]) -> None:
        """The first row: it stays while the rest is scrolled, and it filters."""
        self.add(names, "bold")
        self._sheet.freeze_panes(1, 0)
        self._sheet.autofilter(0, 0, 0, len(names) - 1)

    def widths(self, of: Mapping[int, float]) -> None:
        """In letters, by column; others are as wide as a number."""
        for column, width in of.items():
            self._sheet.set_column(column, column, width)

    def add(self, cells: Sequence[Any], style: str = "") -> int:
        """Fill the next row and return its number as formulas write it, from 1.

        A cell is a str, an int, a float, a datetime, a Formula, or None for what is unknown.
        """
        for column, cell in enumerate(cells):
            self.place(column, cell, style)
        self.row += 1
        return self.row

    def place(self, column: int, cell: Any, style: str = "") -> None:
        """Write one cell of the next row."""
        if cell is None or cell == "":
            return
        if isinstance(cell, tuple):
            self._sheet.write_formula(self.row, column, cell[0], self._formats[style], cell[1])
        elif isinstance(cell, datetime):
            naive = cell.astimezone(UTC).replace(tzinfo=None)
            self._sheet.write_datetime(self.row, column, naive, self._formats["time"])
        elif isinstance(cell, str):
            self._sheet.write_string(self.row, column, cell[:_LONGEST], self._formats[style or "text"])
        else:
            self._sheet.write_number(self.row, column, cell, self._formats[style])
