"""What a step looks at does not grow with the files times the files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from remediation.core.fingerprint import Identified, Pair, identify
from remediation.core.reconcile import step
from remediation.core.whereabouts import Seen
from tests.core.test_reconcile import fold, missing, result


class Walked(dict[Pair, Identified]):
    """Errors that count how often all of them are walked through."""

    walks = 0

    def items(self) -> Any:
        self.walks += 1
        return super().items()

    def __iter__(self) -> Iterator[Pair]:
        self.walks += 1
        return super().__iter__()


class Unsearched(tuple[str, ...]):
    """An inventory in which nothing is looked for one by one."""

    def __contains__(self, path: object) -> bool:
        raise AssertionError(f"all files are compared with {path}")


def test_thousands_of_files_are_not_walked_through_for_each_of_thousands() -> None:
    def walks(count: int) -> int:
        paths = [f"tests/test_{number}.py" for number in range(count)]
        half = paths[: count // 2]
        state, _ = fold(result(*(missing("atlas.gone", path) for path in paths)))
        after = result(*(missing("atlas.other", path) for path in half))
        after = replace(after, inventory=Unsearched(after.inventory))
        errors = Walked(identify(after))
        _, movement = step(state, Seen(after, {"old.py": "new.py"}), errors)
        assert Counter(movement.closed.values()) == {"fixed": len(half), "deleted": count - len(half)}
        return errors.walks

    assert walks(40) == walks(4)
