"""The colour slots of categories as the style sheet has them, for showing a slot before it is chosen."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from remediation.core.colour import contrast

SLOTS = range(9)  # 0: grey, no colour of its own
_COLOUR = re.compile(r"--([a-z][a-z0-9-]*):\s*(#[0-9a-f]{6})")
_TOKEN = re.compile(r"--(paper|c\d):\s*(#[0-9a-f]{6})")


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot on the paper of both themes. ``least``: the lower of its two contrasts, which is never below 3."""

    number: int
    light: str
    dark: str
    light_paper: str
    dark_paper: str

    @property
    def on_light(self) -> float:
        """Contrast to the light paper."""
        return contrast(self.light, self.light_paper)

    @property
    def on_dark(self) -> float:
        """Contrast to the dark paper."""
        return contrast(self.dark, self.dark_paper)

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"Colour {self.number}" if self.number else "Grey"

    @property
    def says(self) -> str:
        """Its contrasts in words."""
        return f"{self.on_light:.1f}:1 on light, {self.on_dark:.1f}:1 on dark"


@functools.cache
def slots() -> tuple[Slot, ...]:
    """All slots by number, read once from tokens.css: a colour is written in one place."""
    light, dark = themes(sheet())
    return tuple(Slot(n, light[f"c{n}"], dark[f"c{n}"], light["paper"], dark["paper"]) for n in SLOTS)


@dataclass(frozen=True, slots=True)
class Colours:
    """Every colour of the style sheet by its name, in both themes."""

    light: dict[str, str]
    dark: dict[str, str]


@functools.cache
def colours() -> Colours:
    """Read once, for what cannot link the style sheet."""
    light, _, dark = sheet().partition("@media (prefers-color-scheme: dark)")
    return Colours(dict(_COLOUR.findall(light)), dict(_COLOUR.findall(dark.partition(":root[data-theme=dark]")[0])))


def sheet() -> str:
    """The style sheet that holds every colour, size and space."""
    return (Path(settings.BASE_DIR) / "static" / "css" / "tokens.css").read_text()


def themes(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """The paper and the slots of the light and of the dark theme."""
    light, _, dark = text.partition("@media (prefers-color-scheme: dark)")
    return dict(_TOKEN.findall(light)), dict(_TOKEN.findall(dark.partition(":root[data-theme=dark]")[0]))
