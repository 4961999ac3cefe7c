"""One fact of two collections, side by side."""

from __future__ import annotations

from dataclasses import dataclass

Texts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One fact side by side. ``differs``: None where one side does not say. ``why``: what it can do to the count.

    A side is a tuple of words, () for "none", or None for "not said"; ``prose``: they are our words, not the
    program's. ``explains``: it differs and can explain another count, as the counts themselves cannot.
    """

    topic: str
    ours: Texts | None
    theirs: Texts | None
    differs: bool | None
    why: Texts = ()
    explains: bool = False
    prose: bool = False

    @property
    def name(self) -> str:
        """The fact within a sentence; the rows on plugins are one fact there, as those on packages."""
        topic = next((family for family in ("Plugins", "Packages") if self.topic.startswith(family)), self.topic)
        return _NAMES.get(topic, topic.lower())


_NAMES = {
    "Python": "Python",
    "pytest": "pytest",
    "Paths collected": "paths",
    "Stopped early": "an early end",
    "Distributed": "distribution over workers",
    "Environment variables, names": "environment variables",
}


def plain(topic: str, ours: Texts | None, theirs: Texts | None) -> Row:
    """A fact that is compared and explains nothing."""
    return Row(topic, ours, theirs, differ(ours, theirs))


def fact(
    topic: str, ours: Texts | None, theirs: Texts | None, why: str, *, always: bool = False, prose: bool = False
) -> Row:
    """A fact that explains another count where it differs.

    ``always``: the reason is worth saying even where the other side says nothing.
    """
    differs = differ(ours, theirs)
    said = (why,) if differs or (differs is None and always) else ()
    return Row(topic, ours, theirs, differs, said, bool(differs), prose)


def differ(ours: Texts | None, theirs: Texts | None) -> bool | None:
    """None where one side does not say."""
    return None if ours is None or theirs is None else ours != theirs


def one(value: str | None) -> Texts | None:
    """A single text as a side of a row."""
    return None if value is None else (value,) if value else ()
