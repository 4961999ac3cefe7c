"""What a chat gets: text that cannot mention anybody, format anything or lead elsewhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from remediation.notifiers.chat import body_of
from remediation.notifiers.signed import new_secret, signature

HOSTILE = [
    "<!channel> wake up", "<!here|x>", "<!subteam^S1>", "<@U024BE7LH>", "<#C024BE7LR>", "@channel", "@here", "@all",
    "@everyone", "<at>Everyone</at>", "[click](https://evil.example.org)", "![x](https://evil.example.org/x.png)",
    "https://evil.example.org|Slack", "<https://evil.example.org|Slack>", "*bold* _it_ `code` ~no~", "# heading",
    "| a | b |", "> quote", ":tada:", "</a><script>alert(1)</script>", "a\\](https://evil.example.org)",
]  # fmt: skip


def _payload(text: str) -> dict[str, Any]:
    line = {"text": text, "href": "https://dash.example.org/p/atlas/t/ATL-1/?a=(1)&b=<2>|3"}
    return {"title": {"text": text}, "lines": [line, {"text": text}]}


@pytest.mark.parametrize("text", HOSTILE)
def test_slack_gives_no_word_a_meaning(text: str) -> None:
    body = body_of("slack", _payload(text))
    said = body["text"]
    assert set(body) == {"text"}
    # The one link is ours, and its end is the only other sign of that kind.
    assert said.count("<") == said.count(">") == said.count("<https://dash.example.org/p/atlas/t/ATL-1/?a=(1)") == 1
    assert said.count("|") == 1 and "@c" not in said and "@h" not in said and "@e" not in said
    assert "`code`" not in said and "_it_" not in said


@pytest.mark.parametrize("style", ["mattermost", "teams"])
@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_gives_no_word_a_meaning(style: str, text: str) -> None:
    found = body_of(style, _payload(text))
    card = found["text"] if style == "mattermost" else found["attachments"][0]["content"]
    texts = card.split("\n") if style == "mattermost" else [block["text"] for block in card["body"]]
    plain = texts[2].removeprefix("- ")
    for sign in "[]()`*_<>|#!~":
        assert plain.count(sign) == plain.count("\\" + sign), (sign, plain)
    assert "@channel" not in plain and "@here" not in plain and "@all" not in plain and ":tada:" not in plain
    assert texts[1].count("](https://dash.example.org/p/atlas/t/ATL-1/?a=%281%29") == 1
    assert texts[1].count("](") == 1


def test_teams_gets_an_adaptive_card() -> None:
    body = body_of("teams", {"title": {"text": "atlas: pass #31"}, "lines": [{"text": "ATL-1 came back"}]})
    attachment = body["attachments"][0]
    assert (body["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    assert attachment["content"]["type"] == "AdaptiveCard" and "msteams" not in attachment["content"]
    assert [block["text"] for block in attachment["content"]["body"]] == [
        "atlas: pass \\#31",
        "- ATL-1 came back",
    ]
    json.dumps(body)


def test_signatures_are_those_of_standard_webhooks() -> None:
    """The example of the specification's own libraries."""
    secret, key, at = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
    assert signature(secret, key, at, b'{"test": 2432232314}') == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature(secret, key, at + 1, b"{}") != signature(secret, key, at, b"{}")
    assert new_secret() != new_secret() and new_secret().startswith("whsec_")
