"""What is told of a pass that ended, in the transaction that ends it."""

from __future__ import annotations

from collections.abc import Sequence

from remediation.core.notices import is_news
from remediation.models import CollectionPass, Transition
from remediation.telling import events, people

_VERBS = ("opened", "verified", "regressed", "still-seen")


def of_pass(collection_pass: CollectionPass) -> None:
    """Tell of a pass and of what it wrote into tickets' histories; the caller's transaction has just ended it.

    A replayed pass, and one of an older commit than others, is history and no news.
    """
    if collection_pass.trigger == "replay":
        return
    lines, counted = _lines(collection_pass), collection_pass.outcome == "counted"
    first = counted or _is_first(collection_pass)
    people.of_lines(collection_pass, lines)
    if first and not counted:
        people.of_ended(collection_pass)
    events.of_pass(collection_pass, lines, first=first)


def _lines(collection_pass: CollectionPass) -> Sequence[Transition]:
    """Its lines with their tickets. At the tip only: what a late commit changes is not what happens now."""
    if not collection_pass.decides:
        return []
    rows = Transition.objects.filter(collection_pass=collection_pass, verb__in=_VERBS).order_by("ticket__number")
    found = list(rows.select_related("ticket").defer("ticket__rule_facts"))
    later = collection_pass.project.passes.deciding().after(collection_pass)
    return [] if found and later.exists() else found


def _is_first(collection_pass: CollectionPass) -> bool:
    """Whether the pass before it ended in another way."""
    earlier = collection_pass.project.passes.filter(state="ended", number__lt=collection_pass.number)
    before = earlier.order_by("-number").values_list("outcome", "reason").first()
    return is_news(collection_pass.outcome, collection_pass.reason, before)
