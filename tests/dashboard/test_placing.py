"""Words on the plot never touch, at any width; and they are there when there is room."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations, pairwise

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from dashboard.placing import SIZES, Box, Size
from dashboard.scene import Scene, compose
from dashboard.scene_words import NAMES_ROOM, Word, spread
from dashboard.text_width import DESCENT, LINE, fitting, width, wrapped
from remediation.core.forecast import forecast
from remediation.core.ledger import Ledger
from remediation.core.picture import picture
from remediation.core.trend import Layer, Trend
from tests.core.histories import histories, told

MINUTE = timedelta(minutes=1)


def scene_of(trend: Trend, target: datetime | None = None, start: datetime | None = None) -> Scene:
    last = trend.points[-1].at
    due = [last + timedelta(days=i + 1) for i in range(60)]
    drawn = picture(trend, last + MINUTE, target, start, forecast(trend, due, 7, last + MINUTE, target))
    assert drawn is not None
    return compose(drawn)


def box(word: Word, size: Size, wide: float) -> Box:
    """What a word covers on a plot of that width, in pixels."""
    letters, bold = {"last": (15, True), "first": (13, True)}.get(word.kind, (12, False))
    long = width(word.words, letters, bold=bold)
    x, y = word.x * wide / 100, word.y * size.height / 100
    if word.turned:
        return Box(x - LINE / 2, y - long / 2, x + LINE / 2, y + long / 2)
    left = {"start": x + 3, "end": x - 3 - long, "middle": x - long / 2}[word.anchor]
    return Box(left, y + DESCENT - LINE * letters / 12, left + long, y + DESCENT)


def check(scene: Scene) -> None:
    """No two words touch, none leaves the plot, none lies on a gap's band unless it has a ground of its own."""
    for size in SIZES:
        ours = [word for word in scene.words if word.size == size.name]
        for wide in (size.width, size.width * 1.13, size.width * 2):
            boxes = [box(word, size, wide) for word in ours]
            for (one, a), (other, b) in combinations(zip(ours, boxes, strict=True), 2):
                assert not a.hits(b), f"{one.words!r} touches {other.words!r} at {wide:.0f} of {size.name}"
            for word, covered in zip(ours, boxes, strict=True):
                assert covered.left >= -0.5 and covered.right <= wide + 0.5, word
                assert covered.top >= -size.above - 0.5 and covered.bottom <= size.height + 1, word
                for band in scene.of_kind("gap"):
                    left, right = (scene.x(at) * wide / 100 for at in (band.outline[0][0], band.outline[-1][0]))
                    assert word.over or not covered.hits(Box(left, 0, right, size.height), -0.5), word
            for word, covered in zip(ours, boxes, strict=True):
                x = word.x * wide / 100
                if word.foot is not None:
                    leader = Box(x - 0.5, covered.bottom, x + 0.5, word.foot * size.height / 100)
                    others = [b for b in boxes if b is not covered]
                    assert not any(leader.hits(b) for b in others), f"the line of {word.words!r} runs through words"
    for one, other in pairwise(scene.labels):
        rows = (len(one.lines) + len(other.lines)) * (LINE - 1) / 2
        assert (other.y - one.y) * 2.7 >= rows - 0.1, "names beside the plot"
    for label in scene.labels:
        assert max(width(line) for line in label.lines) <= NAMES_ROOM + label.names_x + 0.5


@settings(max_examples=60, deadline=None, phases=[Phase.generate])
@given(histories(), st.sampled_from([None, 1, 9, 40]), st.sampled_from([None, 1, 5]), st.integers(1, 10**6))
def test_words_never_touch_on_random_histories(
    trend: Trend, target: int | None, days: int | None, squeeze: int
) -> None:
    if not trend.counted:
        return
    # The same history in any time: from a minute to months.
    quick = 1 + squeeze % 3000
    first = trend.points[0].at
    points = tuple(replace(p, at=first + (p.at - first) / quick) for p in trend.points)
    trend, last = Trend(trend.layers, points), points[-1].at
    check(
        scene_of(
            trend, last + timedelta(days=target) if target else None, last - timedelta(days=days) if days else None
        )
    )


def moved(*steps: int | str, every: timedelta = timedelta(days=1)) -> Trend:
    """A told history whose rises are half unmasked and half regressed."""
    trend = told(*steps, every=every)
    points = []
    for point in trend.points:
        ledger = point.ledger
        if ledger and ledger.new:
            ledger = Ledger(
                ledger.before, ledger.cleared, 0, ledger.new - ledger.new // 2, 0, ledger.new // 2, ledger.after
            )
            points.append(replace(point, ledger=ledger))
        else:
            points.append(point)
    return Trend(trend.layers, tuple(points))


TIMES = [timedelta(seconds=2), timedelta(minutes=10), timedelta(hours=3), timedelta(days=1), timedelta(days=9)]


@pytest.mark.parametrize("every", TIMES)
@pytest.mark.parametrize("target", [None, 1, 30])
@pytest.mark.parametrize(
    "steps",
    [
        (5,),
        (5, 4),
        (5, "blocked", 4),
        ("blocked", 5),
        (5, "blocked"),
        (112, 110, 117, "blocked", 60, 15),
        (112, 117, "blocked", 116, "failed", 118, "blocked", 9),
        (10, 60, "blocked", 60, 90, "blocked", 20, 40, 12, 30, 11),
        (9, 0, 9, 0, 9, 0, 9, 0, 9, 8, 7),
        (1_204_113, 1_204_999, "blocked", 1_204_000),
        tuple(range(60, 20, -2)),
        tuple([30, "blocked"] * 12 + [29]),
    ],
)
def test_words_never_touch_where_it_is_tight(
    every: timedelta, target: int | None, steps: tuple[int | str, ...]
) -> None:
    trend = moved(*steps, every=every)
    points = list(trend.points)
    points[len(points) // 2] = replace(points[len(points) // 2], scope_words="Python 3.11 to 3.12")
    if points[len(points) // 2].counted:
        points[len(points) // 2] = replace(points[len(points) // 2], scope_changed=True, rules=2)
    trend = Trend(trend.layers, tuple(points))
    scene = scene_of(trend, points[-1].at + timedelta(days=target) if target else None)
    check(scene)
    for size in SIZES:
        kinds = {word.kind for word in scene.words if word.size == size.name}
        assert "first" in kinds, "the first value is always written"
        assert "last" in kinds or len(trend.counted) == 1, "and so is the last"
        assert "target" in kinds or scene.target is None or size.name == "narrow", "a phone has at least its diamond"


def test_control_words_that_touch_are_found() -> None:
    scene = scene_of(told(112, 110, 117, 60, 15))
    word = scene.words[0]
    with pytest.raises(AssertionError, match="touches"):
        check(replace(scene, words=(word, replace(word, x=word.x + 0.2))))
    with pytest.raises(AssertionError):
        check(replace(scene, words=(replace(word, x=99.0, anchor="start"),)))


def test_a_wide_band_has_its_words_inside_and_a_thin_one_beside_it() -> None:
    wide = [w for w in scene_of(told(9, 8, "blocked", 7)).words if w.kind == "gap"]
    assert {w.words for w in wide} == {"#3 blocked, not counted"} and all(w.turned for w in wide)
    thin = [w for w in scene_of(told(*[30] * 30, "blocked", *[10] * 30)).words if w.kind == "gap"]
    assert [w.words for w in thin] == ["#31 blocked, not counted"] * 2 + ["#31 not counted"], "in short on a phone"
    assert not any(w.turned for w in thin)


def test_a_peak_stands_beside_the_hatching_and_not_on_it() -> None:
    scene = scene_of(moved(100, 100, 100, 140, "blocked", "blocked", 80, 60))
    peaks = [word for word in scene.words if word.kind == "peak"]
    assert peaks and all(word.words.startswith("peak 140") and not word.over for word in peaks)


def test_nine_long_names_find_room_beside_the_plot() -> None:
    layers = [Layer(i, f"A very long name of a category, number {i}", i % 9) for i in range(1, 10)]
    points = told(90).points
    trend = Trend(tuple(layers), (replace(points[0], counts=(82, *[1] * 8)),))
    scene = scene_of(trend)
    check(scene)
    assert len(scene.labels) == 9


@given(st.text(max_size=60), st.floats(20, 200))
@example("", 30)
@example("x" * 60, 22)
def test_a_name_is_cut_to_its_room(name: str, room: float) -> None:
    assert width(fitting(name, room)) <= room or fitting(name, room) == "…"
    lines = wrapped(name, room)
    assert 1 <= len(lines) <= 2
    assert all(width(line) <= room or len(line) <= 1 for line in lines)


def test_names_keep_their_order_and_their_room() -> None:
    assert spread([20, 50, 80], [10] * 3, 0, 100) == [20, 50, 80]
    assert spread([50, 51], [10, 20], 0, 100) == pytest.approx([50, 65])
    assert spread([99, 100], [10, 20], 0, 100) == pytest.approx([75, 90])
