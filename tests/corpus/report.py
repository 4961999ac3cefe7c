"""The score in words and tables, for a terminal and as JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.corpus.recipes import Recipe
from tests.corpus.scoring import F1_GOAL, KIND_GOAL, NOTHING, Score, Scored, confusion, distinct, macro


@dataclass(frozen=True, slots=True)
class TreeReport:
    """One tree: its recipe, what became of its pass, its errors beside the truth, and what does not fit."""

    recipe: Recipe
    outcome: str
    reason: str
    pytest_errors: int | None
    errors: tuple[Scored, ...]
    score: Score
    complaint: str = ""


def total(trees: Sequence[TreeReport]) -> Score:
    """All trees' errors and pairs together."""
    return sum((tree.score for tree in trees), start=NOTHING)


def passed(trees: Sequence[TreeReport]) -> bool:
    """Whether both goals are reached and every pass ended as its recipe says."""
    whole = total(trees)
    return whole.kind >= KIND_GOAL and whole.pairs.f1 >= F1_GOAL and not any(tree.complaint for tree in trees)


def lines(trees: Sequence[TreeReport]) -> Iterator[str]:
    """The whole report."""
    width = max(len(tree.recipe.name) for tree in trees)
    yield (
        f"{'tree':{width}}  errors pytest's  tickets/causes   kind   side  precision recall     F1"
        "   (side: repository or environment)"
    )
    for tree in trees:
        yield f"{tree.recipe.name:{width}}  {_row(tree.score, tree.pytest_errors)}{_ending(tree)}"
    whole = total(trees)
    yield f"{'all errors and pairs (micro)':{width}}  {_row(whole, None)}"
    kind, f1 = macro([tree.score for tree in trees])
    yield f"{'each tree the same (macro)':{width}}  {'':33}  {kind:5.3f}  {'':22}  {f1:6.3f}"
    yield ""
    yield from _confusion([error for tree in trees for error in tree.errors])
    yield ""
    yield from disagreements(trees)
    yield f"goals: kind {whole.kind:.3f} of {KIND_GOAL}, F1 {whole.pairs.f1:.3f} of {F1_GOAL}: " + (
        "reached" if passed(trees) else "NOT reached"
    )


def disagreements(trees: Sequence[TreeReport]) -> Iterator[str]:
    """Every kind that is not the true one, every cause in several tickets, every ticket of several causes."""
    for tree in trees:
        if tree.complaint:
            yield f"{tree.recipe.name}: {tree.complaint}"
        found = distinct(tree.errors)
        for one in found:
            if one.kind != one.true_kind:
                yield f"{one.tree}: {one.path}: kind {one.kind}, truth {one.true_kind} ({one.cause}), key {one.ticket}"
            elif one.environment != one.true_environment:
                side = "environment" if one.true_environment else "repository"
                yield f"{one.tree}: {one.path}: {one.kind} belongs to the {side} ({one.cause}), key {one.ticket}"
        for cause, tickets in _grouped((one.cause, one.ticket) for one in found).items():
            if len(tickets) > 1:
                yield f"{tree.recipe.name}: {cause} is in {len(tickets)} tickets: {'; '.join(tickets)}"
        for ticket, causes in _grouped((one.ticket, one.cause) for one in found).items():
            if len(causes) > 1:
                yield f"{tree.recipe.name}: ticket {ticket} holds {len(causes)} causes: {'; '.join(causes)}"


def document(trees: Sequence[TreeReport]) -> dict[str, Any]:
    """The report as plain data."""
    whole = total(trees)
    kind, f1 = macro([tree.score for tree in trees])
    return {
        "kind_accuracy": whole.kind,
        "f1": whole.pairs.f1,
        "precision": whole.pairs.precision,
        "recall": whole.pairs.recall,
        "side_accuracy": whole.side,
        "macro": {"kind_accuracy": kind, "f1": f1},
        "errors": whole.errors,
        "tickets": whole.tickets,
        "causes": whole.causes,
        "passed": passed(trees),
        "confusion": [
            {"truth": truth, "said": said, "errors": count}
            for (truth, said), count in sorted(confusion(e for tree in trees for e in tree.errors).items())
        ],
        "trees": [
            {
                "name": tree.recipe.name,
                "outcome": tree.outcome,
                "reason": tree.reason,
                "pytest_errors": tree.pytest_errors,
                "complaint": tree.complaint,
                **asdict(tree.score),
                "kind_accuracy": tree.score.kind,
                "f1": tree.score.pairs.f1,
                "list": [asdict(one) for one in distinct(tree.errors)],
            }
            for tree in trees
        ],
        "disagreements": list(disagreements(trees)),
    }


def _row(score: Score, pytest_errors: int | None) -> str:
    pairs = score.pairs
    bare = "" if pytest_errors is None else str(pytest_errors)
    return (
        f"{score.errors:6} {bare:>8}  {f'{score.tickets}/{score.causes}':>14}  {score.kind:5.3f}  {score.side:5.3f}"
        f"  {pairs.precision:9.3f} {pairs.recall:6.3f} {pairs.f1:6.3f}"
    )


def _ending(tree: TreeReport) -> str:
    return "" if tree.outcome == "counted" else f"  {tree.outcome}: {tree.reason}"


def _confusion(errors: Sequence[Scored]) -> Iterator[str]:
    counts = confusion(errors)
    columns = sorted({said for _, said in counts})
    rows = sorted({truth for truth, _ in counts} | set(columns))
    width = max((len(name) for name in rows), default=0)
    yield "kinds: rows are the truth, columns what we said"
    for number, name in enumerate(columns, start=1):
        yield f"  column {number:2}: {name}"
    yield f"{'':{width}}  " + " ".join(f"{number:4}" for number in range(1, len(columns) + 1)) + "   all"
    for truth in rows:
        row = [counts[truth, said] for said in columns]
        yield f"{truth:{width}}  " + " ".join(f"{count or '.':>4}" for count in row) + f"  {sum(row):4}"


def _grouped(pairs: Iterator[tuple[str, str]]) -> Mapping[str, list[str]]:
    groups: dict[str, dict[str, None]] = defaultdict(dict)
    for one, other in pairs:
        groups[one][other] = None
    return {one: list(others) for one, others in groups.items()}
