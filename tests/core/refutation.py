"""A second reading of a written report: what it says, against the bare passes, by another computation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser

from remediation.core.period import Period
from remediation.core.trend import Point, Trend

TERMS = ("cleared", "hidden", "unmasked", "new", "regressed")
_N = r"[\d,]+(?![\d,-])"
PERCENT = re.compile(rf"\(({_N}) − ({_N})\) / ({_N}) = ([\d.]+) → ([\d.]+)%")
LEDGER = re.compile(rf"(From|Since) #(\d+)(?: to #(\d+))?: ({_N}(?: [−+] {_N} (?:{'|'.join(TERMS)}))*) = ({_N})")
SUM = re.compile(rf"Sum(?: at #\d+)?: ({_N}(?: \+ {_N})*) = ({_N})")
WEEK = re.compile(rf"(\d{{4}}-W\d\d) ({_N}) of ({_N})((?: [−+]?{_N})*)( not counted)?")
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")


def number(text: str) -> int:
    return int(text.replace(",", "").replace("−", "-").replace("+", ""))


def flat(text: str) -> str:
    """The words of a Markdown document or of a PDF on one line, without signs of tables and escapes."""
    return " ".join(re.sub(r"\\(.)", r"\1", text).replace("|", " ").split())


class _Words(HTMLParser):
    """What an HTML document says, without what it draws."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.silent += tag in {"svg", "style"}
        self.said.append(" " if tag not in {"code", "span"} else "")

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in {"svg", "style"}
        self.said.append(" " if tag not in {"code", "span"} else "")

    def handle_data(self, data: str) -> None:
        self.said.append("" if self.silent else data)


def words_of_html(text: str) -> str:
    reader = _Words()
    reader.feed(text)
    return " ".join("".join(reader.said).split())


class Passes:
    """The passes a report may know, and the three it compares; found from the bare points."""

    def __init__(self, trend: Trend, span: Period) -> None:
        self.trend, self.span = trend, span
        self.known = [point for point in trend.points if point.at < span.end]
        self.counted = [point for point in self.known if point.total is not None]
        earlier = [point for point in self.counted if point.at < span.start] or self.counted[:1]
        self.start, self.first, self.last = earlier[-1], self.counted[0], self.counted[-1]
        self.columns = list({point.number: point for point in (self.first, self.start, self.last)}.values())

    def change(self, numbers: list[int | None]) -> str:
        """What stands behind the numbers of the columns: " +12", " −97", " 0"; "" for one column."""
        if self.first is self.last:
            return ""
        if self.first.scope != self.last.scope:
            return " not comparable"
        before, after = numbers[0], numbers[-1]
        return "" if before is None or after is None else f" {after - before:+,}".replace("-", "−").replace("+0", "0")

    def terms(self, start: Point, name: str) -> int:
        """One term, summed step by step."""
        steps = [point.ledger for point in self.counted if point.number > start.number]
        return sum(getattr(step, name) for step in steps if step)


def faults(said: str, trend: Trend, span: Period) -> list[str]:
    """What the passes refute of a document's words (``flat``, ``words_of_html``); empty for an honest one."""
    if not any(point.total is not None for point in trend.points if point.at < span.end):
        return [f"a percentage of nothing: {part}" for part in re.findall(r"[\d.]+%", said)]
    passes = Passes(trend, span)
    return [*_percentages(said, passes), *_ledgers(said, passes), *_sums(said, passes), *_weeks(said, passes),
            *_tables(said, passes)]  # fmt: skip


def _percentages(said: str, passes: Passes) -> Iterator[str]:
    allowed = {passes.first.total, passes.start.total}
    percents = set()
    for a, b, of, fraction, percent in PERCENT.findall(said):
        before, after = number(a), number(b)
        percents.add(percent)
        right = before == number(of) >= 10 and after == passes.last.total and before in allowed
        exact = (before - after) / before
        right &= -1e-9 <= exact - float(fraction) < 0.0001 + 1e-9 and -1e-9 <= exact * 100 - float(percent) < 0.1 + 1e-9
        if not right or (percent == "100") != (after == 0):
            yield f"({a} − {b}) / {of} = {fraction} → {percent}%"
    for percent in re.findall(r"([\d.]+)%", said):
        if percent not in percents:
            yield f"{percent}% without its fraction"


def _ledgers(said: str, passes: Passes) -> Iterator[str]:
    for verb, first, last, terms, result in LEDGER.findall(said):
        start = next((point for point in passes.counted if point.number == int(first)), None)
        parts = re.findall(rf"([−+]) ({_N}) (\w+)", terms)
        told = dict.fromkeys(TERMS, 0) | {name: number(n) for _, n, name in parts}
        signed = number(terms.split(" ")[0]) + sum(-number(n) if sign == "−" else number(n) for sign, n, _ in parts)
        right = start is (passes.start if verb == "From" else passes.first)
        right &= not last or int(last) == passes.last.number
        right &= number(terms.split(" ")[0]) == (start.total if start else None)
        right &= signed == number(result) == passes.last.total
        if not right or (start and told != {name: passes.terms(start, name) for name in TERMS}):
            yield f"{verb} #{first}: {terms} = {result}"


def _sums(said: str, passes: Passes) -> Iterator[str]:
    found = SUM.findall(said)
    for parts, result in found:
        if sum(map(number, parts.split(" + "))) != number(result) or number(result) != passes.last.total:
            yield f"Sum: {parts} = {result}"
    if len(found) != 2:
        yield f"{len(found)} sums, not those of the categories and of the tickets"


def _weeks(said: str, passes: Passes) -> Iterator[str]:
    for label, counted, ran, rest, nothing in WEEK.findall(said):
        monday = passes.span.start - timedelta(days=passes.span.start.weekday())
        inside = [p for p in passes.known if "{}-W{:02}".format(*p.at.isocalendar()[:2]) == label]
        values = [p for p in inside if p.total is not None]
        numbers = [number(n) for n in rest.split()]
        right = (number(counted), number(ran)) == (len(values), len(inside)) and monday <= passes.span.end
        right &= bool(nothing) == (not values)
        steps = [p.ledger for p in values if p.ledger]
        terms = [sum(getattr(step, name) for step in steps) for name in TERMS] if steps else []
        net = [terms[2] + terms[3] + terms[4] - terms[0] - terms[1]] if steps else []
        if not right or numbers != [*terms, *net, *([values[-1].total] if values else [])]:
            yield f"{label}: {counted} of {ran}{rest}{nothing}"


def _tables(said: str, passes: Passes) -> Iterator[str]:
    for name, numbers in {
        "Collection errors": [p.total for p in passes.columns],
        "Tests collected": [p.tests for p in passes.columns],
    }.items():
        right = " ".join(f"{n:,}" for n in numbers if n is not None) + passes.change(numbers)
        for found in re.findall(rf"{name}((?: [−+]?{_N}(?!-W))+(?: not comparable)?)", said):
            if found.strip() != right:
                yield f"{name}{found}, not {right}"
    rows = {}
    for i, layer in enumerate(passes.trend.layers):
        rows[layer.name] = [p.counts[i] if p.counts else None for p in passes.columns]
    for name, right in rows.items():
        for found in re.findall(rf"{re.escape(name)}((?: {_N}){{1,3}})", said):
            if [number(n) for n in found.split()] != right:
                yield f"{name}{found}, not {right}"
    for before, after in re.findall(rf"({_N}) collection errors? became ({_N})", said):
        if [number(before), number(after)] != [passes.start.total, passes.last.total]:
            yield f"{before} became {after}"
    for before, after in re.findall(rf"has gone from ({_N}) to ({_N})", said):
        if [number(before), number(after)] != [passes.first.total, passes.last.total]:
            yield f"gone from {before} to {after}"
