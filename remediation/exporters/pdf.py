"""A report as a PDF: A4, tagged, the same bytes for the same report, set by Typst in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from remediation.core import report_words
from remediation.core.document import (
    Block,
    Chart,
    Code,
    Heading,
    Items,
    Paragraph,
    Part,
    Said,
    Stated,
    Table,
    Words,
    bare,
)
from remediation.core.report import Report
from remediation.core.report_document import blocks
from remediation.exporters.json import content_hash
from remediation.exporters.looks import Looks

MOST = 300  # rows of each list; the other formats have all
SECONDS = 90  # until the process is ended, whatever it does
LONGEST = 2_000  # letters of one piece of text
# One thread for each of many processors would ask for more address space than the process may have.
_ENVIRONMENT = {"RAYON_NUM_THREADS": "2", "MALLOC_ARENA_MAX": "2"}
_HERE = Path(__file__).parent
_KINDS = {Said: "said", Code: "code", Stated: "stated"}


class NotSet(RuntimeError):
    """The document could not be set; the text says how it ended."""


def export(report: Report, looks: Looks) -> bytes:
    """The document. Raises NotSet."""
    sent = {
        "source": (_HERE / "report.typ").read_text(encoding="utf-8"),
        "report": {
            "title": report_words.title(report),
            "description": f"{_clean(report.project)}, {report_words.days(report)}",
            "footer": f"{_clean(report.project)} · {report_words.days(report)}. {report_words.made(report)}",
            "hash": content_hash(report),
            "blocks": [_block(block) for block in blocks(report, MOST)],
        },
        "chart": looks.paper_chart,
        "made": int(report.built.timestamp()),
    }
    return _set(json.dumps(sent).encode())


def _set(sent: bytes) -> bytes:
    # -I: neither the working directory nor PYTHONPATH decides what is imported.
    command = [sys.executable, "-I", str(_HERE / "typesetting.py")]
    try:
        done = subprocess.run(  # noqa: S603
            command, input=sent, capture_output=True, timeout=SECONDS, env=_ENVIRONMENT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NotSet(f"The PDF was not set within {SECONDS} s.") from error
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise NotSet(f"The PDF was not set (exit code {done.returncode}): {said[-1][:300] if said else 'no words'}")
    return done.stdout


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Heading):
        return {"kind": "heading", "level": block.level, "words": _words(block.words)}
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "tone": block.tone, "words": _words(block.words)}
    if isinstance(block, Items):
        return {"kind": "items", "rows": [_words(row) for row in block.rows]}
    if isinstance(block, Chart):
        return {"kind": "chart", "caption": block.caption, "summary": block.summary}
    return _table(block)


def _table(table: Table) -> dict[str, Any]:
    lengths = [sum(len(bare(row[column])) for row in table.rows) for column in range(len(table.head))]
    return {
        "kind": "table",
        "caption": table.caption,
        "head": table.head,
        "numbers": table.numbers,
        "widest": lengths.index(max(lengths)),  # the column that takes what room there is
        "cells": [_words(cell) for row in table.rows for cell in row],
    }


def _words(words: Words) -> list[dict[str, str]]:
    return [_part(part) for part in words]


def _part(part: Part) -> dict[str, str]:
    if isinstance(part, str):
        return {"kind": "ours", "text": part}
    return {"kind": _KINDS[type(part)], "text": _clean(part.text)}


def _clean(text: str) -> str:
    """One line, cut."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
