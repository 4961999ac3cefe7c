"""The score's arithmetic on tiny groupings, and what the recipes must hold."""

from __future__ import annotations

import pytest

from remediation.core.classify import KINDS
from remediation.core.records import Cause, CollectionError
from tests.corpus.recipes import RECIPES, Recipe, RecipeError, TrueCause, load, load_all
from tests.corpus.report import TreeReport, disagreements, document, lines, passed
from tests.corpus.scoring import NOTHING, Pairs, Scored, confusion, distinct, macro, pairs_of, score

CAUSES = "aaabb"  # one label per error: pairs aa, aa, aa, bb


@pytest.mark.parametrize(
    ("causes", "tickets", "pairs", "precision", "recall", "f1"),
    [
        (CAUSES, "xxxyy", Pairs(4, 4, 4), 1.0, 1.0, 1.0),
        (CAUSES, "yyyxx", Pairs(4, 4, 4), 1.0, 1.0, 1.0),  # what a ticket is called says nothing
        (CAUSES, "xxxxx", Pairs(4, 10, 4), 0.4, 1.0, 8 / 14),  # everything in one ticket
        (CAUSES, "vwxyz", Pairs(4, 0, 0), 1.0, 0.0, 0.0),  # each error alone
        (CAUSES, "xxyzz", Pairs(4, 2, 2), 1.0, 0.5, 4 / 6),  # one cause in two tickets
        (CAUSES, "xxxxy", Pairs(4, 6, 3), 0.5, 0.75, 0.6),  # one error in the wrong ticket
        ("abc", "xyz", Pairs(0, 0, 0), 1.0, 1.0, 1.0),  # nothing to pair, nothing paired
        ("abc", "xxx", Pairs(0, 3, 0), 0.0, 1.0, 0.0),
        ("", "", Pairs(0, 0, 0), 1.0, 1.0, 1.0),
    ],
)
def test_pairs_of_errors_are_compared_with_the_truth(causes, tickets, pairs, precision, recall, f1):
    found = pairs_of(causes, tickets)
    assert found == pairs
    assert (found.precision, found.recall, found.f1) == pytest.approx((precision, recall, f1))


def test_groupings_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match="2 causes for 1 tickets"):
        pairs_of("ab", "x")


def scored(
    path: str, cause: str, ticket: str, kind: str = "syntax-error", true: str = "syntax-error", **more
) -> Scored:
    return Scored("tree", path, cause, true, kind, ticket, **more)


def test_a_file_that_fails_twice_for_one_reason_is_one_error():
    twice = [scored("a", "1", "x"), scored("a", "1", "x"), scored("a", "2", "x"), scored("b", "1", "x")]
    assert len(distinct(twice)) == 3
    assert score(twice).errors == 3


def test_a_tree_is_scored_by_kind_side_and_grouping():
    found = score(
        [
            scored("a", "1", "x"),
            scored("b", "1", "x", kind="raised-at-import"),
            scored("c", "2", "y", true_environment=True, environment=False),
            scored("d", "2", "z", true_environment=True, environment=True),
        ]
    )
    assert (found.errors, found.kinds_right, found.sides_right, found.causes, found.tickets) == (4, 3, 3, 2, 3)
    assert (found.kind, found.side) == (0.75, 0.75)
    assert found.pairs == Pairs(true=2, said=1, both=1)


def test_pairs_never_reach_across_trees():
    one = score([scored("a", "1", "x"), scored("b", "2", "y")])
    assert (one + one).pairs == Pairs(0, 0, 0)
    assert (one + one).errors == 4


def test_macro_gives_every_tree_that_has_errors_the_same_weight():
    right = score([scored(str(n), "1", "x") for n in range(99)])
    wrong = score([scored("a", "1", "x", kind="crash"), scored("b", "1", "y", kind="crash")])
    assert macro([right, wrong, NOTHING]) == (0.5, 0.5)
    assert (right + wrong).kind == pytest.approx(99 / 101)
    assert macro([]) == (1.0, 1.0)


def test_confusion_counts_truth_against_what_we_said():
    counts = confusion(
        [scored("a", "1", "x"), scored("b", "1", "x", kind="crash"), scored("b", "1", "x", kind="crash")]
    )
    assert counts == {("syntax-error", "syntax-error"): 1, ("syntax-error", "crash"): 1}


NAMES = TrueCause("cause 1", "removed-stdlib", True, "Mapping left collections", says=("'Mapping' from 'collections'",))
SYNTAX = TrueCause("cause 2", "syntax-error", False, "print is a statement", files=("old/*",))
RECIPE = Recipe("tree", "tree", "1", "0" * 64, "3.12", (), (NAMES, SYNTAX), pytest_errors=2)


def test_a_reading_can_hold_for_each_file_apart():
    apart = TrueCause("cause 1", "syntax-error", False, "print is a statement", each_file=True)
    assert apart.label(failing("test_a.py", "")) == "cause 1 in test_a.py"
    assert SYNTAX.label(failing("old/test_a.py", "")) == SYNTAX.label(failing("old/test_b.py", "")) == "cause 2"


def failing(path: str, message: str) -> CollectionError:
    return CollectionError(path, path, Cause("ImportError", message))


def test_an_error_has_exactly_one_true_cause():
    says = "cannot import name 'Mapping' from 'collections'"
    assert RECIPE.cause_of(failing("test_a.py", says)) is NAMES
    assert RECIPE.cause_of(failing("old/test_b.py", "invalid syntax")) is SYNTAX
    with pytest.raises(RecipeError, match=r"0 causes claim test_a\.py"):
        RECIPE.cause_of(failing("test_a.py", "no database"))
    with pytest.raises(RecipeError, match=r"2 causes claim old/test_b\.py"):
        RECIPE.cause_of(failing("old/test_b.py", says))


def report(*errors: Scored, complaint: str = "") -> TreeReport:
    return TreeReport(RECIPE, "counted", "", len(errors), errors, score(errors), complaint)


def test_the_goals_decide_and_one_unexpected_ending_is_enough_to_miss_them():
    good = report(scored("a", "1", "x"), scored("b", "1", "x"))
    assert passed([good])
    assert list(disagreements([good])) == []
    assert not passed([report(scored("a", "1", "x"), scored("b", "1", "y"))])
    assert not passed([report(scored("a", "1", "x", kind="crash"))])
    assert not passed([good, report(complaint="the pass is blocked")])


def test_every_disagreement_is_named_with_file_truth_and_what_we_said():
    bad = report(
        scored("a", "cause 1: gone", "x", kind="crash"),
        scored("b", "cause 1: gone", "y"),
        scored("c", "cause 2: old", "y", true_environment=True),
    )
    assert list(disagreements([bad])) == [
        "tree: a: kind crash, truth syntax-error (cause 1: gone), key x",
        "tree: c: syntax-error belongs to the environment (cause 2: old), key y",
        "tree: cause 1: gone is in 2 tickets: x; y",
        "tree: ticket y holds 2 causes: cause 1: gone; cause 2: old",
    ]
    assert "NOT reached" in list(lines([bad]))[-1]
    assert document([bad])["passed"] is False


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda path: path.stem)
def test_a_recipe_is_whole_and_named_after_what_it_collects(path):
    recipe = load(path)
    (version,) = [pin.partition("==")[2] for pin in recipe.pins if pin.startswith("pytest==")]
    named = f"{recipe.project}-{recipe.version}-py{recipe.python}-pytest{version.partition('.')[0]}"
    assert path.stem.startswith(named.lower())
    assert all("==" in pin for pin in recipe.pins)
    assert len(recipe.sha256) == 64
    assert all(cause.what and cause.kind in KINDS for cause in recipe.causes)
    assert bool(recipe.blocked) != bool(recipe.pytest_errors)


def test_an_unknown_word_in_a_recipe_is_refused(tmp_path):
    path = tmp_path / "tree.toml"
    text = 'project = "a"\nversion = "1"\nsha256 = ""\npython = "3.12"\npins = []\n'
    cause = '[[cause]]\nkind = "{}"\nenvironment = false\nwhat = "it"\n'
    path.write_text(text + cause.format("crash"))
    assert load(path).causes[0].kind == "crash"
    for wrong in (
        text + cause.format("gremlins"),
        text + "pin = []\n" + cause.format("crash"),
        text + 'blocked = "x"\n',
    ):
        path.write_text(wrong)
        with pytest.raises(RecipeError):
            load(path)
    with pytest.raises(RecipeError, match="no recipe is named"):
        load_all(["nothing-of-that-name"])
