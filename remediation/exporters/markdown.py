"""A report as Markdown: tables, and the trend as a line of bars."""

from __future__ import annotations

import re

from remediation.core.document import STATED, Block, Chart, Code, Heading, Items, Paragraph, Part, Stated, Table, Words
from remediation.core.report import Report
from remediation.core.report_document import blocks

_SIGNS = re.compile(r"([\\`*_{}\[\]<>|#~!&])")
_CODE = re.compile(r"[\w./-]+(?: [\w./=:,-]+)*", re.ASCII)  # a path or a command; any other code is plain text


def export(report: Report) -> str:
    """The whole document."""
    return "\n\n".join(_block(block) for block in blocks(report)) + "\n"


def plain(text: str) -> str:
    """Text of a repository or a person on one line, with nothing that Markdown or HTML would act on."""
    return _SIGNS.sub(r"\\\1", " ".join(text.split()))


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {_words(block.words)}"
    if isinstance(block, Paragraph):
        return _words(block.words)
    if isinstance(block, Items):
        return "\n".join(f"- {_words(row)}" for row in block.rows)
    if isinstance(block, Chart):
        return f"`{block.bars}`\n\nOne bar for each pass; · was not counted and is not zero."
    return _table(block)


def _table(table: Table) -> str:
    sides = ["---"] * (len(table.head) - table.numbers) + ["---:"] * table.numbers
    lines = [list(table.head), sides, *([_words(cell) for cell in row] for row in table.rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _words(words: Words) -> str:
    return "".join(_part(part) for part in words)


def _part(part: Part) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Code) and _CODE.fullmatch(part.text):
        return f"`{part.text}`"
    return f"{plain(part.text)} {STATED}" if isinstance(part, Stated) else plain(part.text)
