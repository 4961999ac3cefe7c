"""One line of a ticket's history, and it in words: its shape, its tone, and what was done by whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.defaultfilters import pluralize, truncatechars
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dashboard.templatetags.codes import in_words
from dashboard.templatetags.figures import count, date_day, errors, when

NOTHING = SafeString("")


@dataclass(slots=True)
class Line:
    """What a person or a pass did. ``actor``: the person's name, "" where it was a pass or their account is gone.

    ``slug``: of the project; ``label``: of the ticket on which it was done. ``withdrawn``: of a note, the line that
    took it back; ``of``: of such a line, its note where that is shown too. ``words`` and ``html``: for a page.
    """

    pk: int
    verb: str
    at: datetime
    data: dict[str, Any]
    ticket_pk: int
    label: str
    slug: str
    actor: str
    actor_pk: int | None
    number: int | None
    commit: str
    withdrawn: Line | None = None
    of: Line | None = None
    words: Words | None = None
    html: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """``icon``: id of a shape; ``tone``: good, bad or none; ``said``: escaped HTML that fits inside of a line."""

    icon: str
    said: SafeString
    tone: str = ""


def words(line: Line) -> Words:
    """What a line says. A note is no line of this kind: its text has a part of its own."""
    return SAID.get(line.verb, _other)(line)


def _bold(text: str) -> SafeString:
    return format_html("<b>{}</b>", text)


def _alarm(text: str) -> SafeString:
    return format_html('<b class="bad">{}</b>', text)


def _who(line: Line) -> SafeString:
    return _bold(line.actor or "Somebody")


def _did(icon: str, text: str) -> Callable[[Line], Words]:
    """Of lines that say no more than who did it."""
    return lambda line: Words(icon, format_html("{} {}", _who(line), text))


def _link(line: Line) -> SafeString:
    """To the ticket that a line names."""
    other = str(line.data["other"])
    return format_html('<a href="{}">{}</a>', reverse("ticket", args=[line.slug, other]), other)


def _because(line: Line) -> SafeString:
    reason = line.data.get("reason")
    return format_html(": {}", reason) if reason else NOTHING


def _seen(line: Line) -> str:
    return "it blocks everything" if line.data.get("blocks") else errors(line.data["after"])


def _opened(line: Line) -> Words:
    return Words("s-open", _bold(f"First seen{': ' if line.data.get('blocks') else ', '}{_seen(line)}"))


def _regressed(line: Line) -> Words:
    return Words("s-regressed", _alarm(f"Back{': ' if line.data.get('blocks') else ', '}{_seen(line)}"), "bad")


def _blocks(line: Line) -> Words:
    return Words("s-blocked", _alarm("Blocks everything"), "bad")


def _changed(line: Line) -> Words:
    return Words("s-open", _bold(f"{count(line.data['before'])} to {errors(line.data['after'])}"))


def _verified(line: Line) -> Words:
    return Words("s-verified", format_html("{}: no longer seen", _bold("Verified")), "good")


def _still_seen(line: Line) -> Words:
    return Words("s-failed", _bold(f"Still seen, {errors(line.data['after'])}"), "bad")


def _assigned(line: Line) -> Words:
    before = line.data.get("from")
    over = format_html(", who takes over from {}", before) if before else NOTHING
    return Words("s-claimed", format_html("{} assigned it to {}{}", _who(line), line.data["to"], over))


def _idle(line: Line) -> str:
    days = line.data["days"]
    return f"no commit on the blamed files and no note for {days} day{pluralize(days)}"


def _flagged(line: Line) -> Words:
    return Words("s-claimed", format_html("{}: {}", _bold(f"Claim of {line.data['owner']} flagged"), _idle(line)))


def _released(line: Line) -> Words:
    owner = line.data.get("owner")
    if line.data.get("idle"):
        return Words("s-open", format_html("{}: {}", _bold(f"Released from {owner}"), _idle(line)))
    whose = format_html(" from {}", owner) if owner else NOTHING
    return Words("s-open", format_html("{} released it{}", _who(line), whose))


def _marked(line: Line) -> Words:
    return Words("s-awaiting", format_html("{} named a fix: <code>{}</code>", _who(line), line.data["named"]))


def _withdrawn(line: Line) -> Words:
    which = f"the note of {when(line.of.at)}" if line.of else "a note"
    return Words("s-open", format_html("{} withdrew {}", _who(line), which))


def _stated(line: Line) -> Words:
    """ "stated the solution and the business value", "changed the solution and took back the business value"; each
    with what stood there before."""
    verbs = {name: _verb(said) for name, said in line.data.items()}
    names = {name: name.replace("_", " ") for name in line.data}
    if len(set(verbs.values())) == 1:
        did = f"{next(iter(verbs.values()))} {' and '.join(f'the {names[name]}' for name in verbs)}"
    else:
        did = " and ".join(f"{verb} the {names[name]}" for name, verb in verbs.items())
    was = format_html_join(
        "",
        '<div class="s m was">{} before: {}</div>',
        (
            (names[name].capitalize(), truncatechars(said["before"], 300))
            for name, said in line.data.items()
            if said["before"]
        ),
    )
    return Words("i-report", format_html("{} {}{}", _who(line), did, was))


def _verb(said: dict[str, str]) -> str:
    return "took back" if not said["after"] else "changed" if said["before"] else "stated"


def _muted(line: Line) -> Words:
    data = line.data
    until = f"until {date_day(data['until'])}" if data.get("until") else "for good"
    until = f"until pass #{data['number']}" if data.get("number") and not data.get("until") else until
    return Words("s-muted", format_html("{} muted it {}: {}", _who(line), until, data["reason"]))


def _unmuted(line: Line) -> Words:
    data, over = line.data, _bold("The mute ended")
    if data.get("until"):
        said = format_html("{} with {}", over, date_day(data["until"]))
    elif data.get("pass"):
        address = reverse("pass", args=[line.slug, data["pass"]])
        commit = str(data.get("commit", ""))[:9]
        said = format_html('{} with pass <a href="{}">#{}</a>, <code>{}</code>', over, address, data["pass"], commit)
    else:
        said = format_html("{} unmuted it", _who(line))
    return Words("s-open", said)


def _category(line: Line) -> Words:
    return Words("i-tick", format_html("{} moved it from {} to {}", _who(line), line.data["from"], line.data["to"]))


def _merged(line: Line) -> Words:
    return Words("i-tick", format_html("{} merged it into {}{}", _who(line), _link(line), _because(line)))


def _took_in(line: Line) -> Words:
    claim = line.data.get("claim")
    also = format_html(", with the claim of {}", claim) if claim else NOTHING
    return Words(
        "i-tick", format_html("{} merged {} into it{}{}", _who(line), line.data["other"], also, _because(line))
    )


def _split(line: Line) -> Words:
    number = line.data["causes"]
    off = f"{count(number)} root cause{pluralize(number)}"
    said = format_html("{} split {} off into {}{}", _who(line), off, _link(line), _because(line))
    return Words("i-tick", said)


def _split_off(line: Line) -> Words:
    return Words("i-tick", format_html("{} split it off from {}{}", _who(line), _link(line), _because(line)))


def _taken_back(what: str) -> Callable[[Line], Words]:
    said = "{} took the " + what + " {} back{}"
    return lambda line: Words("i-tick", format_html(said, _who(line), _link(line), _because(line)))


def _other(line: Line) -> Words:
    by = f" by {line.actor}" if line.actor else ""
    return Words("s-open", format_html("{}{}", _bold(in_words(line.verb).capitalize()), by))


SAID: dict[str, Callable[[Line], Words]] = {
    "opened": _opened,
    "blocks": _blocks,
    "changed": _changed,
    "verified": _verified,
    "regressed": _regressed,
    "still-seen": _still_seen,
    "claimed": _did("s-claimed", "claimed it"),
    "assigned": _assigned,
    "renewed": _did("s-claimed", "is still on it"),
    "claim-flagged": _flagged,
    "released": _released,
    "marked-fixed": _marked,
    "unmarked": _did("s-open", "took the fix back"),
    "withdrawn": _withdrawn,
    "stated": _stated,
    "muted": _muted,
    "unmuted": _unmuted,
    "category": _category,
    "merged": _merged,
    "took-in": _took_in,
    "split": _split,
    "split-off": _split_off,
    "unmerged": _taken_back("merge with"),
    "unsplit": _taken_back("split from"),
}
