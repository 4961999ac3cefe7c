"""Reports and shared pictures where they end up: a file opened from a disk, an image in somebody else's page."""

from __future__ import annotations

from pathlib import Path

from django.test import Client
from django.utils import timezone

from remediation import sharing
from tests.dashboard.cast import Cast
from tests.e2e.conftest import Visit
from tests.e2e.test_pages import faults


def test_the_html_file_opens_from_a_disk_and_asks_for_nothing(visit: Visit, cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_bytes(cast.client("viewer").get("/p/atlas/reports/2026-W10.html").content)
    for theme, width in (("light", 1440), ("dark", 390), ("light", 320)):
        visitor = visit("anonymous", theme=theme, width=width)
        asked: list[str] = []
        visitor.page.on("request", lambda request, asked=asked: asked.append(request.url))
        visitor.page.goto(file.as_uri())
        assert faults(visitor.page, width) == []
        assert (asked, visitor.said) == ([file.as_uri()], [])
        ink = visitor.page.evaluate("getComputedStyle(document.body).color")
        assert ink == ("rgb(27, 29, 32)" if theme == "light" else "rgb(236, 234, 229)")
        drawn = visitor.page.locator("figure svg .lay").first.evaluate("part => getComputedStyle(part).fill")
        assert drawn.startswith("rgb(")  # the colours it names are in the file


def test_badge_and_trend_are_images_in_another_page(visit: Visit, cast: Cast) -> None:
    def address(shows: str) -> str:
        token = sharing.make(cast.project, cast.lead, shows=shows, name="Wiki", days=30, now=timezone.now())
        return f"/s/{token}/{shows}.svg"

    visitor = visit("anonymous")
    badge, trend = address("badge"), address("trend")
    page = visitor.page
    page.set_content("".join(f'<img src="{visitor.base}{path}" alt="">' for path in (badge, trend)))
    page.wait_for_function("Array.from(document.images).every(image => image.complete)")
    sizes = page.evaluate("Array.from(document.images, image => [image.naturalWidth, image.naturalHeight])")
    assert sizes[0][1] == 20 and 150 < sizes[0][0] < 400
    assert sizes[1] == [776, 456]
    assert Client().get(badge).status_code == 200
