"""A project with a thousand passes, copied from its last one: recorded one by one they would take minutes."""

from __future__ import annotations

from datetime import timedelta

from remediation.models import CategoryCount, CollectionPass, Project


def lengthen(project: Project, passes: int) -> None:
    """Counted passes until there are so many; each clears one error of one category or brings one in another."""
    last = project.passes.order_by("-number").first()
    assert last is not None and last.total is not None
    counts = list(last.category_counts.order_by("pk"))
    errors = [row.errors for row in counts]
    rows, sums = [], []
    for n in range(1, passes - project.passes.count() + 1):
        row = CollectionPass.objects.get(pk=last.pk) if not rows else _copy(rows[-1])
        place, more = n % len(errors), 1 if (n // len(errors)) % 2 else -1
        more = more if errors[place] + more >= 0 else 1
        errors[place] += more
        row.pk, row.number, row.position = None, last.number + n, last.position + n
        row.commit = f"{row.position:040x}"
        row.effective_at = last.effective_at + timedelta(minutes=7 * n)
        row.total, row.hidden, row.unmasked, row.regressed = sum(errors), 0, 0, 0
        row.cleared, row.new, row.comparable = int(more < 0), int(more > 0), True
        rows.append(row)
        sums.append(list(errors))
    CollectionPass.objects.bulk_create(rows)
    Project.objects.filter(pk=project.pk).update(last_pass_number=last.number + len(rows))
    CategoryCount.objects.bulk_create(
        CategoryCount(
            collection_pass=row, category_id=count.category_id, environment=count.environment, errors=number,
            tickets=count.tickets,
        )
        for row, numbers in zip(rows, sums, strict=True)
        for count, number in zip(counts, numbers, strict=True)
    )  # fmt: skip


def _copy(row: CollectionPass) -> CollectionPass:
    copied = CollectionPass()
    copied.__dict__.update({name: value for name, value in row.__dict__.items() if name != "_state"})
    return copied
