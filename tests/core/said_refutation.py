"""A second reading of what a report answers to people's numbers, against the bare passes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from remediation.core.period import Period
from remediation.core.trend import Trend
from tests.core.refutation import TERMS, Passes, number

_N = r"[\d,]+"
ANSWER = re.compile(
    rf"“[^”]*” — (collected, not run|computed: (?:{_N} [\w #,-]+|no percentage, [\w ,#]+"
    rf"|[\d.]+% \(\({_N} − {_N}\) / {_N}, #\d+ to #\d+\)))"
)
AT = re.compile(rf"({_N}) (errors?|tests?)(?: collected)? at #(\d+)")
TERM = re.compile(rf"({_N}) ({'|'.join(TERMS)}) from #(\d+) to #(\d+)")
PART = re.compile(rf"([\d.]+)% \(\(({_N}) − ({_N})\) / ({_N}), #(\d+) to #(\d+)\)")
LOW = re.compile(rf"the base is ({_N}) at #(\d+), below 10")
ROSE = re.compile(rf"the count (rose|stayed) from ({_N}) to ({_N}), #(\d+) to #(\d+)")


def bare(said: str, quotes: Sequence[str] = ()) -> str:
    """A document's words without what people wrote in it and what was answered to them: the rest is the product's."""
    for quote in quotes:
        said = said.replace(" ".join(quote.split()), "…")
    return ANSWER.sub("…", said)


def faults(said: str, trend: Trend, span: Period) -> Iterator[str]:
    """Answers that the passes refute."""
    passes = Passes(trend, span)
    points = {point.number: point for point in passes.counted}
    for answer in ANSWER.findall(said):
        for value, noun, at in AT.findall(answer):
            right = points[int(at)].total if noun.startswith("error") else points[int(at)].tests
            if number(value) != right:
                yield f"{value} {noun} at #{at}, not {right}"
        for value, term, start, _ in TERM.findall(answer):
            if number(value) != passes.terms(points[int(start)], term):
                yield f"{value} {term} from #{start}"
        for percent, a, b, of, start, last in PART.findall(answer):
            before, after = points[int(start)].total or 0, points[int(last)].total or 0
            exact = (before - after) * 100 / max(before, 1)
            right = number(a) == number(of) == before >= 10 and number(b) == after
            if not right or not 0 <= exact - float(percent) < 0.1 + 1e-9:
                yield f"{percent}% from #{start} to #{last}"
        for base, at in LOW.findall(answer):
            if number(base) != points[int(at)].total or number(base) >= 10:
                yield f"a base of {base} at #{at}"
        for went, a, b, start, last in ROSE.findall(answer):
            told = (points[int(start)].total, points[int(last)].total)
            if told != (number(a), number(b)) or (went == "rose") != (number(b) > number(a)):
                yield f"{went} from {a} to {b}"
