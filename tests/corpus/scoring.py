"""The arithmetic of the score: kinds against the truth, and a grouping into tickets against the true root causes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

KIND_GOAL = 0.95
F1_GOAL = 0.97


@dataclass(frozen=True, slots=True)
class Scored:
    """One error of a tree: what is true of it and what we said. ``ticket`` is the key that errors share."""

    tree: str
    path: str
    cause: str
    true_kind: str
    kind: str
    ticket: str
    true_environment: bool = False
    environment: bool = False


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of errors within a tree: of one cause, in one ticket, and both."""

    true: int
    said: int
    both: int

    def __add__(self, other: Pairs) -> Pairs:
        return Pairs(self.true + other.true, self.said + other.said, self.both + other.both)

    @property
    def precision(self) -> float:
        """Of the pairs we put into one ticket, the part that has one cause; 1.0 where we paired nothing."""
        return self.both / self.said if self.said else 1.0

    @property
    def recall(self) -> float:
        """Of the pairs with one cause, the part that we put into one ticket; 1.0 where there is none."""
        return self.both / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, as 2 both / (true + said); 1.0 where there is no pair at all."""
        return 2 * self.both / (self.true + self.said) if self.true + self.said else 1.0


@dataclass(frozen=True, slots=True)
class Score:
    """Of one tree, or of several together: counts, and the pairs that F1 is made from."""

    errors: int
    kinds_right: int
    sides_right: int
    causes: int
    tickets: int
    pairs: Pairs

    def __add__(self, other: Score) -> Score:
        return Score(
            self.errors + other.errors,
            self.kinds_right + other.kinds_right,
            self.sides_right + other.sides_right,
            self.causes + other.causes,
            self.tickets + other.tickets,
            self.pairs + other.pairs,
        )

    @property
    def kind(self) -> float:
        """The part of the errors whose kind is the true one; 1.0 where there is no error."""
        return self.kinds_right / self.errors if self.errors else 1.0

    @property
    def side(self) -> float:
        """The part of the errors rightly put on the repository's or the environment's side."""
        return self.sides_right / self.errors if self.errors else 1.0


NOTHING = Score(0, 0, 0, 0, 0, Pairs(0, 0, 0))


def pairs_of(causes: Sequence[Hashable], tickets: Sequence[Hashable]) -> Pairs:
    """Compare two groupings of the same errors, given as one label per error."""
    if len(causes) != len(tickets):
        raise ValueError(f"{len(causes)} causes for {len(tickets)} tickets")
    return Pairs(_pairs(causes), _pairs(tickets), _pairs(list(zip(causes, tickets, strict=True))))


def score(errors: Sequence[Scored]) -> Score:
    """The score of one tree's errors; ``distinct`` errors are what is counted."""
    found = distinct(errors)
    return Score(
        errors=len(found),
        kinds_right=sum(one.kind == one.true_kind for one in found),
        sides_right=sum(one.environment == one.true_environment for one in found),
        causes=len({one.cause for one in found}),
        tickets=len({one.ticket for one in found}),
        pairs=pairs_of([one.cause for one in found], [one.ticket for one in found]),
    )


def distinct(errors: Iterable[Scored]) -> list[Scored]:
    """One error per (file, true cause, ticket): a file that fails thrice for one reason is one error, as we count."""
    return list({(one.tree, one.path, one.cause, one.ticket): one for one in errors}.values())


def confusion(errors: Iterable[Scored]) -> Counter[tuple[str, str]]:
    """How often each (true kind, kind we said) occurs."""
    return Counter((one.true_kind, one.kind) for one in distinct(errors))


def macro(scores: Sequence[Score]) -> tuple[float, float]:
    """(kind accuracy, F1), each tree counting the same; trees without an error are left out."""
    counted = [one for one in scores if one.errors]
    if not counted:
        return 1.0, 1.0
    return sum(one.kind for one in counted) / len(counted), sum(one.pairs.f1 for one in counted) / len(counted)


def _pairs(labels: Sequence[Hashable]) -> int:
    return sum(count * (count - 1) // 2 for count in Counter(labels).values())
