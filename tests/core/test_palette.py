"""The category colours of tokens.css: told from the paper, and from each other with any colour vision."""

from __future__ import annotations

import math
import re
from itertools import combinations
from pathlib import Path

import pytest

from remediation.core.colour import contrast

SHEET = (Path(__file__).resolve().parent.parent.parent / "static" / "css" / "tokens.css").read_text()
Colour = tuple[float, float, float]

# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
VISION: dict[str, tuple[Colour, Colour, Colour]] = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def blocks() -> dict[str, dict[str, str]]:
    """The tokens of each block of the sheet: light, and dark twice."""
    light, by_wish, by_toggle = re.split(r"@media \(prefers-color-scheme: dark\)|:root\[data-theme=dark\]", SHEET)
    return {
        name: dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", text))
        for name, text in (("light", light), ("dark", by_wish), ("dark by the toggle", by_toggle))
    }


def linear(colour: str) -> Colour:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return red, green, blue


def seen(colour: str, vision: str) -> Colour:
    """CIE L*a*b* (D65) of the colour as that vision sees it."""
    rgb = linear(colour)
    red, green, blue = (min(1.0, max(0.0, sum(a * b for a, b in zip(row, rgb, strict=True)))) for row in VISION[vision])
    x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047
    y = 0.2126729 * red + 0.7151522 * green + 0.0721750 * blue
    z = (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def ciede2000(one: Colour, other: Colour) -> float:
    """The colour difference of CIE 142-2001, after Sharma, Wu and Dalal 2005."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    g = 0.5 * (1 - math.sqrt(mean**7 / (mean**7 + 25**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = math.degrees(math.atan2(b1, a1)) % 360, math.degrees(math.atan2(b2, a2)) % 360
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    dl, dc, dh = l2 - l1, c2 - c1, 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2))
    lm, cm = (l1 + l2) / 2, (c1 + c2) / 2
    hm = h1 + h2 if c1 * c2 == 0 else ((h1 + h2) / 2 if abs(h1 - h2) <= 180 else ((h1 + h2 + 360) / 2) % 360)
    cosine = [math.cos(math.radians(angle)) for angle in (hm - 30, 2 * hm, 3 * hm + 6, 4 * hm - 63)]
    t = 1 - 0.17 * cosine[0] + 0.24 * cosine[1] + 0.32 * cosine[2] - 0.20 * cosine[3]
    sl = 1 + 0.015 * (lm - 50) ** 2 / math.sqrt(20 + (lm - 50) ** 2)
    sc, sh = 1 + 0.045 * cm, 1 + 0.015 * cm * t
    rotation = -math.sin(math.radians(60 * math.exp(-(((hm - 275) / 25) ** 2)))) * 2
    rotation *= math.sqrt(cm**7 / (cm**7 + 25**7))
    return math.sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + rotation * (dc / sc) * (dh / sh))


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [  # of the data that Sharma, Wu and Dalal published for checking
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, -1.0, 2.0), (50.0, 0.0, 0.0), 2.3669),
        ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0011), 7.2195),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_measure_is_the_published_one(one: Colour, other: Colour, difference: float) -> None:
    assert ciede2000(one, other) == pytest.approx(difference, abs=1e-4)


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [("#000000", "#ffffff", 21), ("#777777", "#777777", 1), ("#767676", "#ffffff", 4.54)]
)
def test_the_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast(one, other) == contrast(other, one)


@pytest.mark.parametrize("ground", ["paper", "surface"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_slot_is_told_from_what_it_stands_on(theme: str, ground: str) -> None:
    tokens = blocks()[theme]
    faint = {f"c{n}": contrast(tokens[f"c{n}"], tokens[ground]) for n in range(9)}
    assert {name: round(ratio, 2) for name, ratio in faint.items() if ratio < 3} == {}


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize(("theme", "least", "first_four"), [("light", 12.3, 16.8), ("dark", 15.6, 18)])
def test_any_two_slots_are_told_apart(theme: str, least: float, first_four: float, vision: str) -> None:
    colours = {n: seen(blocks()[theme][f"c{n}"], vision) for n in range(1, 9)}
    found = {pair: ciede2000(colours[pair[0]], colours[pair[1]]) for pair in combinations(colours, 2)}
    assert {pair: round(d, 1) for pair, d in found.items() if d < least} == {}
    assert {pair: round(d, 1) for pair, d in found.items() if max(pair) <= 4 and d < first_four} == {}


def test_the_dark_values_that_stand_twice_are_the_same() -> None:
    found = blocks()
    assert found["dark"] == found["dark by the toggle"]
    assert set(found["dark"]) >= {f"c{n}" for n in range(9)}


def test_control_red_and_green_are_one_colour_to_some() -> None:
    assert ciede2000(seen("#b06a2c", "deutan"), seen("#7f7f2c", "deutan")) < 12
    assert ciede2000(seen("#b06a2c", "full"), seen("#7f7f2c", "full")) > 20
