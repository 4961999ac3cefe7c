"""What is chosen of the plot, out of any address and back."""

from __future__ import annotations

import json

import pytest

from dashboard.plot_choice import Choice
from tests.dashboard.cast import Cast, words


@pytest.mark.parametrize(
    ("query", "expected", "back"),
    [
        ({}, Choice(), ""),
        ({"range": "4w"}, Choice("4w"), "?range=4w"),
        ({"range": "12w", "category": "3"}, Choice("12w", 3), "?range=12w&category=3"),
        ({"range": "all", "category": "0"}, Choice("all", 0), "?category=0"),
        ({"range": "5w", "category": "three"}, Choice(), ""),
        ({"range": "", "category": "-1"}, Choice(), ""),
        ({"category": "٣"}, Choice(), ""),
        ({"category": "9" * 40}, Choice(), ""),
    ],
)
def test_an_address_is_read_and_written(query: dict[str, str], expected: Choice, back: str) -> None:
    assert Choice.of(query) == expected
    assert Choice.of(query).query == back


def test_the_range_buttons_keep_the_category() -> None:
    made = Choice("4w", 7).ranges
    assert [(key, to.query, current) for key, _, to, current in made] == [
        ("4w", "?range=4w&category=7", True),
        ("12w", "?range=12w&category=7", False),
        ("all", "?category=7", False),
    ]


def test_one_category_is_drawn_alone_and_leads_back(db: None) -> None:
    cast = Cast.make()
    client, category = cast.client("viewer"), cast.ticket(1).category
    page = client.get(f"/p/atlas/?category={category.pk}&range=4w").content.decode()
    assert f"Errors per pass: {category.name} All categories" in words(page)
    assert f'data-trend="/p/atlas/trend.json?range=4w&amp;category={category.pk}"' in page
    sent = json.loads(client.get(f"/p/atlas/trend.json?category={category.pk}").content)
    assert sent["readings"][0]["total"] == 2, "of three errors"
    whole = json.loads(client.get("/p/atlas/trend.json").content)
    assert whole["readings"][0]["total"] == 3


@pytest.mark.parametrize("query", ["?category=999999", "?range=1y", "?category=x", "?range[]=4w", "?category=0"])
def test_what_is_not_known_shows_everything(db: None, query: str) -> None:
    cast = Cast.make()
    client = cast.client("viewer")
    answer = client.get(f"/p/atlas/{query}")
    assert answer.status_code == 200
    assert "Errors per pass, by category" in words(answer.content.decode())
    assert json.loads(client.get(f"/p/atlas/trend.json{query}").content)["readings"][0]["total"] == 3
