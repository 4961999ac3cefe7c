"""The process that sets one PDF: JSON on standard input, the PDF on standard output. It imports nothing of ours."""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

import typst

SECONDS = 60  # of processor time
MEMORY = 2 << 30  # bytes of address space; a report of a thousand tickets takes a tenth


def main() -> None:
    """Set what the parent sent, under limits that a stranger's words cannot lift."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    if sys.platform == "linux":  # elsewhere the limit is unknown or does nothing
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sent = json.load(sys.stdin)
    try:
        made = _compile(sent, ["ua-1"])
    except typst.TypstError as error:
        # A script that the fonts of the package do not have: PDF/UA forbids signs without a shape, a reader does not.
        if "could not be displayed" not in str(error):
            raise
        made = _compile(sent, [])
    sys.stdout.buffer.write(made)


def _compile(sent: dict[str, Any], standards: list[Any]) -> bytes:
    inputs = {"report": json.dumps(sent["report"], ensure_ascii=False), "chart": sent["chart"]}
    return typst.compile(
        str(sent["source"]).encode(),
        format="pdf",
        sys_inputs=inputs,
        ignore_system_fonts=True,  # the same letters on every machine
        pdf_standards=standards,
        timestamp=sent["made"],
    )


if __name__ == "__main__":
    main()
