"""Calculates a workbook's formulas again, by another program than the one that wrote their values."""

from __future__ import annotations

import ast
import io
import operator
import re
from collections.abc import Callable
from typing import Any

import openpyxl

_CELL = r"(?:(\w+)!)?([A-Z]+)(\d+)"
_RANGE = re.compile(rf"{_CELL}:([A-Z]+)(\d+)")
_CALL = re.compile(r"(SUM|COUNTIF)\(([^(),]+)(?:,\"(\w+)\")?\)")
_OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip


class Workbook:
    """``formulas`` and ``values``: the two readings of one file."""

    def __init__(self, content: bytes) -> None:
        self.formulas = openpyxl.load_workbook(io.BytesIO(content))
        self.values = openpyxl.load_workbook(io.BytesIO(content), data_only=True)

    def rows(self, sheet: str) -> list[tuple[Any, ...]]:
        """The stored values, row by row."""
        return list(self.values[sheet].iter_rows(values_only=True))

    def faults(self) -> list[str]:
        """Formulas whose stored value is another than what they give, and checks that are not 0."""
        found = []
        for sheet in self.formulas:
            for cell in (cell for row in sheet for cell in row if cell.data_type == "f"):
                stored, right = self.values[sheet.title][cell.coordinate].value, self.at(sheet.title, cell.coordinate)
                label = str(sheet.cell(cell.row, 1).value)
                if stored is None or abs(stored - right) > 1e-9 or (label.startswith("Check") and right != 0):
                    found.append(f"{sheet.title}!{cell.coordinate} {cell.value}: {stored}, not {right}")
        return found

    def at(self, sheet: str, place: str) -> float:
        """What a cell gives; an empty one gives 0, as in every sum."""
        value = self.formulas[sheet][place].value
        if not (isinstance(value, str) and value.startswith("=")):
            return value or 0
        text = _CALL.sub(lambda call: str(self._call(sheet, *call.groups())), value[1:]).replace("INT", "")
        text = re.sub(_CELL, lambda cell: f"({self.at(cell[1] or sheet, cell[2] + cell[3])})", text)
        found = _arithmetic(ast.parse(text, mode="eval").body)
        return int(found * 1000 + 1e-9) / 1000 if "INT(" in value else found

    def _call(self, sheet: str, name: str, where: str, word: str | None) -> float:
        match = _RANGE.fullmatch(where)
        assert match, where
        title, left, top, right, bottom = match.groups()
        cells = [cell for row in self.formulas[title or sheet][f"{left}{top}:{right}{bottom}"] for cell in row]
        if name == "COUNTIF":
            return sum(cell.value == word for cell in cells)
        return sum(self.at(title or sheet, cell.coordinate) for cell in cells)


def _arithmetic(node: ast.expr) -> float:
    if isinstance(node, ast.BinOp):
        return _OPERATORS[type(node.op)](_arithmetic(node.left), _arithmetic(node.right))
    if isinstance(node, ast.UnaryOp):
        return -_arithmetic(node.operand)
    assert isinstance(node, ast.Constant), ast.dump(node)
    return float(node.value)
