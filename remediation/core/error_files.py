"""Which test files have an error here, elsewhere, or in both places."""

from __future__ import annotations

from dataclasses import dataclass

Texts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Files:
    """Test files with an error: in one of the two only, or in both."""

    ours: Texts
    theirs: Texts
    both: Texts


def split_files(ours: Texts | None, theirs: Texts | None) -> Files | None:
    """Which files fail where. A path that the other side writes from another folder is found by its end."""
    if ours is None or theirs is None:
        return None
    mine, pairs = set(ours), {}
    ends: dict[str, list[str]] = {}
    for path in ours:
        ends.setdefault(path.rpartition("/")[2], []).append(path)
    for path in theirs:
        near = [path] if path in mine else [p for p in ends.get(path.rpartition("/")[2], ()) if _same_end(p, path)]
        if len(near) == 1:
            pairs[path] = near[0]
    both = set(pairs.values())
    return Files(
        tuple(sorted(mine - both)), tuple(sorted(path for path in theirs if path not in pairs)), tuple(sorted(both))
    )


def _same_end(one: str, other: str) -> bool:
    return f"/{one}".endswith(f"/{other}") or f"/{other}".endswith(f"/{one}")
