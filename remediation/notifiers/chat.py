"""Chat, by the incoming webhook of Slack, Mattermost or Teams."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from remediation.notifiers.http import post
from remediation.notifiers.message import Message
from remediation.notifiers.webhook import accepted

_JOINER = "\N{WORD JOINER}"
# What starts a link, a mention, emphasis, a code span, an image, a table or a quotation in their Markdown.
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+!|~])")


def send(message: Message) -> int:
    """POST the message in the receiver's own format; returns the status. Raises NotSent.

    ``payload``: ``title`` and ``lines``, each a text with an optional address: {"text": ..., "href": ...}.
    """
    body = json.dumps(body_of(message.style, message.payload), ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": message.key}
    return accepted(post(message.url, body, headers))


def body_of(style: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What the incoming webhook of ``style`` takes. No text of ours can mention anybody or format anything."""
    title, lines = payload["title"], list(payload["lines"])
    if style == "slack":
        return {"text": _slack(title, bold=True) + "".join(f"\n• {_slack(line)}" for line in lines)}
    if style == "mattermost":
        return {"text": f"**{_markdown(title)}**" + "".join(f"\n- {_markdown(line)}" for line in lines)}
    return _teams(title, lines)


def _slack(line: Mapping[str, str], *, bold: bool = False) -> str:
    """Slack's mrkdwn: three characters are escaped, so <!channel> and <@U1> stay text; the rest gets no meaning."""
    text = line["text"].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([*_~`@])", rf"\1{_JOINER}", text).replace("|", "\N{BROKEN BAR}")
    if line.get("href"):
        href = line["href"].replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
        text = f"<{href}|{text}>"
    return f"*{text}*" if bold else text


def _markdown(line: Mapping[str, str]) -> str:
    r"""Markdown with every sign of it escaped. A word joiner after @ and : ends mentions and emoji codes."""
    text = _MARKUP.sub(r"\\\1", line["text"])
    text = re.sub(r"([@:])(?=\S)", rf"\1{_JOINER}", text)
    if line.get("href"):
        return f"[{text}]({line['href'].replace('(', '%28').replace(')', '%29').replace(' ', '%20')})"
    return text


def _teams(title: Mapping[str, str], lines: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """An adaptive card. Its mentions need an entity list, which we never send, so <at> is only text."""

    def block(text: str, **more: Any) -> dict[str, Any]:
        return {"type": "TextBlock", "text": text, "wrap": True, **more}

    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            block(_markdown(title), weight="Bolder"),
            *(block(f"- {_markdown(line)}", spacing="Small") for line in lines),
        ],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}
