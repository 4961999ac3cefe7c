"""What people say in numbers, held against what passes counted: where the two disagree, and what was computed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from remediation.core.said_figures import Claim, claims, turns_in
from remediation.core.trend import Point

_MOST = 4  # computed numbers that are named beside a figure
LABEL = re.compile(r"\b[A-Z]{2,6}-[1-9]\d{0,8}\b", re.IGNORECASE)
_STANDING = frozenset({"", "now", "collected"})  # what a pass counted, and not what became of it


@dataclass(frozen=True, slots=True)
class Number:
    """A computed number: ``noun`` and ``turn`` as in a claim; ``words`` say it with its pass.

    ``of``: the category, ticket or "peak" that it is a part of. It is meant only where the sentence names that.
    """

    noun: str
    turn: str
    value: int
    words: str
    of: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """The part of the errors that is gone between two passes: in percent with its arithmetic, or why none may be said.

    ``percent`` None: it cannot be said, and ``words`` give the reason. ``of``: as in a number.
    """

    percent: float | None
    words: str
    of: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """All that a text can be held against. ``parts``: the numbers of a category, a ticket or the peak, by its name in
    small letters, and ``names`` those that are no tickets' labels. ``points``: the counted passes by number, for a text
    that names one."""

    numbers: tuple[Number, ...] = ()
    shares: tuple[Share, ...] = ()
    parts: Mapping[str, Sequence[Number]] = field(default_factory=dict)
    names: Sequence[str] = ()
    points: Mapping[int, Point] = field(default_factory=dict)

    def meant(self, claim: Claim, own: str) -> list[Number]:
        """The numbers that a claim may mean, in a text about ``own``."""
        every = [*self.numbers, *self._of_parts(claim.sentence, own), *self._of_passes(claim.sentence)]
        named = [number for number in every if number.noun == claim.noun]
        if claim.turn:
            return [number for number in named if number.turn == claim.turn]
        # Where nothing says what became of them, they are what a pass counted, and a change only if one is spoken of.
        turns = _STANDING | turns_in(claim.sentence)
        return [number for number in named if number.turn in turns or number.of == own != ""]

    def _of_parts(self, sentence: str, own: str) -> list[Number]:
        # A report may have thousands of tickets: their labels are looked up, and only other names are looked for.
        labels = {label.lower() for label in LABEL.findall(sentence)}
        named = {own.lower(), *labels, *(name for name in self.names if _is_named(name, sentence))}
        return [number for name in sorted(named) for number in self.parts.get(name, ())]

    def _of_passes(self, sentence: str) -> list[Number]:
        found = [self.points[int(n)] for n in re.findall(r"#(\d{1,9})\b", sentence) if int(n) in self.points]
        return [number for point in found for number in at_pass(point)]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """``words`` of a text, and the ``answer`` of the passes: "computed: 15 errors at #31", "collected, not run"."""

    words: str
    answer: str

    @property
    def text(self) -> str:
        """ "“96%”: computed: 40% ((25 − 15) / 25, #5 to #31)"."""
        return f"“{self.words}” — {self.answer}"


def at_pass(point: Point, turn: str = "", of: str = "") -> list[Number]:
    """Errors and tests of a counted pass."""
    errors = f"{point.value:,} error{'' if point.value == 1 else 's'} at #{point.number}"
    found = [Number("errors", turn, point.value, errors, of)]
    if point.tests is not None:
        tests = f"{point.tests:,} test{'' if point.tests == 1 else 's'} collected at #{point.number}"
        found.append(Number("tests", "collected", point.tests, tests, of))
    return found


def disagreements(text: str, known: Known, own: str = "") -> tuple[Disagreement, ...]:
    """Each figure of a text that no computed number bears out. ``own``: the ticket or category that it is about."""
    found = {}
    for claim in claims(text):
        answer = _answer(claim, known, own)
        if answer:
            found[claim.words] = Disagreement(claim.words, answer)
    return tuple(found.values())


def uncounted(text: str, known: Known) -> tuple[str, ...]:
    """The figures of a text of which passes count nothing, so that nothing can bear them out."""
    return tuple(claim.words for claim in claims(text) if not _is_counted(claim, known))


def figures_of(text: str, noun: str, turn: str) -> tuple[tuple[float, float], ...]:
    """The bounds of each figure that a text gives of a noun: of that turn, or of none."""
    return tuple((one.low, one.high) for one in claims(text) if one.noun == noun and one.turn in {"", turn})


def _is_counted(claim: Claim, known: Known) -> bool:
    if claim.noun in {"reduction", "passing"}:
        return True
    return bool(claim.noun and known.meant(claim, ""))


def _answer(claim: Claim, known: Known, own: str) -> str:
    if claim.noun == "passing":
        return "collected, not run"
    if claim.noun == "reduction":
        return _share(claim, known.shares)
    meant = known.meant(claim, own)
    if not meant or any(claim.low <= number.value <= claim.high for number in meant):
        return ""
    worth = [number for number in meant if claim.turn or number.value or number.turn in _STANDING]
    best = sorted(worth, key=lambda number: _rank(number, claim, own))[:_MOST]
    return "computed: " + ", ".join(dict.fromkeys(number.words for number in best))


def _share(claim: Claim, shares: Sequence[Share]) -> str:
    here = [share for share in shares if _is_named(share.of, claim.sentence)]
    said = [share for share in here if share.percent is not None]
    if not here or any(_bears_out(share.percent, claim) for share in said):
        return ""
    return f"computed: {(said or here)[0].words}"


def _bears_out(percent: float | None, claim: Claim) -> bool:
    # 100% is said only where nothing is left, however it is rounded.
    return percent is not None and claim.low <= percent <= claim.high and (percent == 100 or claim.low < 99.99)


def _rank(number: Number, claim: Claim, own: str) -> tuple[bool, bool]:
    """What has the claim's turn or, where it has none, what is no part of a change; of that the text's own first."""
    return (number.turn not in {claim.turn, *_STANDING}, bool(own) and number.of != own)


def _is_named(of: str, sentence: str) -> bool:
    return not of or re.search(rf"(?<![\w-]){re.escape(of)}(?![\w-])", sentence, re.IGNORECASE) is not None
