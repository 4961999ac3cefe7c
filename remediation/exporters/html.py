"""A report as one HTML file: styles and chart inside, no script, nothing to fetch, light and dark."""

from __future__ import annotations

from html import escape
from pathlib import Path

from remediation.core import report_words
from remediation.core.document import Block, Chart, Code, Heading, Items, Paragraph, Part, Stated, Table, Words, bare
from remediation.core.report import Report
from remediation.core.report_document import blocks
from remediation.exporters.json import content_hash
from remediation.exporters.looks import Looks

_STYLE = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
_SHORT = 20  # letters of a row's heading that stay on one line
# A browser is told to run and to fetch nothing, whatever stands in the file.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def export(report: Report, looks: Looks) -> str:
    """The whole document."""
    title = escape(f"{report_words.title(report)}: {' '.join(report.project.split())}")
    body = "\n".join(_block(block, looks) for block in blocks(report))
    made = report_words.made(report)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{looks.tokens}{_STYLE}</style>
</head>
<body>
<main>
{body}
</main>
<footer><p>{made} Content hash <code>{content_hash(report)}</code></p></footer>
</body>
</html>
"""


def _block(block: Block, looks: Looks) -> str:
    if isinstance(block, Heading):
        return f"<h{block.level}>{_words(block.words)}</h{block.level}>"
    if isinstance(block, Paragraph):
        tone = f' class="{block.tone}"' if block.tone else ""
        return f"<p{tone}>{_words(block.words)}</p>"
    if isinstance(block, Items):
        return f"<ul>{''.join(f'<li>{_words(row)}</li>' for row in block.rows)}</ul>"
    if isinstance(block, Chart):
        return _chart(block, looks)
    return _table(block)


def _chart(block: Chart, looks: Looks) -> str:
    scroller = '<div class="wide" tabindex="0" role="group" aria-label="Chart, scrolls sideways on narrow screens">'
    return f"<figure>{scroller}{looks.chart}</div><figcaption>{escape(block.caption)}</figcaption></figure>"


def _table(table: Table) -> str:
    words = len(table.head) - table.numbers
    kinds = ["" if place < words else ' class="num"' for place in range(len(table.head))]
    head = "".join(f'<th scope="col"{kind}>{escape(name)}</th>' for kind, name in zip(kinds, table.head, strict=True))
    if all(len(bare(row[0])) <= _SHORT for row in table.rows):
        kinds[0] = ' class="key"'
    rows = "".join(f"<tr>{_cells(row, kinds)}</tr>\n" for row in table.rows)
    return (
        '<div class="wide" tabindex="0" role="group" aria-label="Table, scrolls sideways on narrow screens">'
        f"<table><caption>{escape(table.caption)}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>"
    )


def _cells(row: tuple[Words, ...], kinds: list[str]) -> str:
    first, *rest = (_words(cell) for cell in row)
    return f'<th scope="row"{kinds[0]}>{first}</th>' + "".join(
        f"<td{kind}>{cell}</td>" for kind, cell in zip(kinds[1:], rest, strict=True)
    )


def _words(words: Words) -> str:
    return "".join(_part(part) for part in words)


def _part(part: Part) -> str:
    if isinstance(part, str):
        return escape(part)
    text = escape(" ".join(part.text.split()))
    if isinstance(part, Code):
        return f"<code>{text}</code>"
    return f'{text} <span class="stated">stated, not measured</span>' if isinstance(part, Stated) else text
