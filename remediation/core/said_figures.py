"""The figures in a text that people wrote: each with what it is said of, and what is only a date or a name left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import inf

from remediation.core import figure_words as say


@dataclass(frozen=True, slots=True)
class Claim:
    """A figure as a text has it: ``words``, in its ``sentence``. Any number from ``low`` to ``high`` would bear it out.

    ``noun``: errors, tests, tickets, files, passes; "reduction" for percent of errors that are gone; "passing" for a
    word that only a run of the tests could prove; "" for a figure of anything else. ``turn``: what became of them
    ("now" for what is left), "" where that is not said. ``place``: where it begins in the text.
    """

    words: str
    noun: str
    turn: str
    low: float
    high: float
    sentence: str
    place: int


@lru_cache(maxsize=1_000)  # one report is written in several formats, each of which asks about each text
def claims(text: str) -> tuple[Claim, ...]:
    """In the text's order. A figure that stands for nothing that passes count has the noun ""."""
    bare = say.NAMES.sub(lambda match: "\0" * len(match[0]), text)
    found: list[Claim] = []
    taken = bytearray(len(text))
    for match in say.SENTENCE.finditer(bare):
        start, end = match.span()
        for finder in _FINDERS:
            for first, last, claim in finder(bare[start:end], text[start:end], start):
                if not any(taken[start + first : start + last]):
                    found.append(claim)
                    taken[start + first : start + last] = b"\1" * (last - first)
        for left in say.ANY.finditer(bare, start, end):
            if not any(taken[left.start() : left.end()]):
                found.append(Claim(left[0], "", "", 0, inf, text[start:end].strip(), left.start()))
    return tuple(sorted(found, key=lambda claim: claim.place))


SUITE = 100  # tests that nobody has written by hand in one sentence
_Found = Iterator[tuple[int, int, Claim]]


def _ran(bare: str, said: str, offset: int) -> _Found:
    if say.NOT_CLAIMED.search(bare):
        return
    for match in say.RUN.finditer(bare):
        words = said[match.start() : match.end()].strip()
        yield *match.span(), Claim(words, "passing", "", 0, 0, said.strip(), offset + match.start())


def _percents(bare: str, said: str, offset: int) -> _Found:
    for match in say.PERCENT.finditer(bare):
        end = match.start("rest")
        clause = bare[max(0, match.start() - 60) : match.end()]
        errors = say.FEWER.search(clause) and say.OF_ERRORS.search(clause)
        noun = "reduction" if errors or say.BARELY.match(match["rest"]) else ""
        words = said[match.start() : end].strip()
        low, high = _bounds(match, percent=True)
        yield match.start(), end, Claim(words, noun, "", low, high, said.strip(), offset + match.start())


def _pairs(bare: str, said: str, offset: int) -> _Found:
    for match in say.PAIR.finditer(bare):
        named = f"{match['mid']} {match['after']}"
        noun = _noun_in(named) or _noun_in(bare[: match.start()])
        before = set(re.findall(r"[a-z]+", bare[: match.start()].lower()))
        nothing_after = not match["after"].strip() or not re.match(r"\s+[a-z]", match["after"], re.IGNORECASE)
        if not noun and nothing_after and not match["mid"].strip() and before <= say.BARE:
            noun = "errors"
        unknown = match["after"].split()[:1] and not _noun_in(match["after"]) and not _noun_in(bare[: match.start()])
        if not noun or (unknown and not _noun_in(match["mid"])):
            continue
        end = match.end("to_more") if match["to_more"] else max(match.end("to_first"), match.end("to_second"))
        low, high = _bounds(match)
        then = _bounds(match, "to_")
        words, sentence = said[match.start() : end].strip(), said.strip()
        middle = match.start("to_first")
        yield match.start(), middle, Claim(words, noun, "", low, high, sentence, offset + match.start())
        yield middle, end, Claim(words, noun, "", *then, sentence, offset + middle)


def _counts(bare: str, said: str, offset: int) -> _Found:
    for pattern in (say.COUNT, say.NONE):
        for match in pattern.finditer(bare):
            noun = _kind(match["noun"])
            between = [word.lower() for word in match["between"].split()]
            around = [*between, *_neighbours(match)]
            turns = [turn for word in around if (turn := say.TURN_OF.get(word)) in say.TURNS_OF[noun]]
            part = any(word not in say.WHOLE and word not in say.TURN_OF for word in between)
            suite = noun == "tests" and _is_suite(bare, match)
            if part or not (suite or _plain(noun, match["noun"], between, turns)) or _is_part(bare, match):
                continue
            start = match.start("verb") if _verb(match) else _start(match)
            end = match.end("after") if (match["after"] or "").lower() in say.TURN_OF else match.end("noun")
            words = said[start:end].strip()
            low, high = (0.0, 0.0) if pattern is say.NONE else _bounds(match)
            turn = turns[0] if turns else ""
            claim = Claim(words, noun, turn, low, high, said.strip(), offset + start)
            yield start, end, claim
            if pattern is say.COUNT and match["of"]:
                whole = _value(match["of"])
                yield end, end, Claim(words, noun, "", whole, whole, said.strip(), offset + start)


def _labelled(bare: str, said: str, offset: int) -> _Found:
    """ "Tests collected: 3,834"."""
    for match in say.LABELLED.finditer(bare):
        between = match["between"].lower().split()
        turn = next((say.TURN_OF[word] for word in between if word in say.TURN_OF), "")
        noun = _kind(match["noun"])
        if (between and not turn) or (noun == "tests" and not turn):
            continue
        end = match.end("more") if match["more"] else match.end("first")
        words = said[match.start() : end].strip()
        yield match.start(), end, Claim(words, noun, turn, *_bounds(match), said.strip(), offset + match.start())


def turns_in(sentence: str) -> set[str]:
    """What a sentence says became of anything; "fewer than" and "more than" say nothing of it."""
    found = {say.TURN_OF[word] for word in re.findall(r"[a-z]+", sentence.lower()) if word in say.TURN_OF}
    return found - {"fewer", "more"}


def _changes(bare: str, said: str, offset: int) -> _Found:
    """ "Errors fell by 10", "25 → 15 errors"."""
    for match in say.CHANGE.finditer(bare):
        if say.OF_ERRORS.search(bare):
            words, turn = said[match.start() : match.end()].strip(), "fewer" if match["less"] else "more"
            yield *match.span(), Claim(words, "errors", turn, *_bounds(match), said.strip(), offset + match.start())
    for match in say.ARROW.finditer(bare):
        if noun := _noun_in(bare[match.end() :][:20]) or _noun_in(bare[: match.start()]):
            words, middle = said[match.start() : match.end()].strip(), match.start("to_first")
            place = offset + match.start()
            yield match.start(), middle, Claim(words, noun, "", *_bounds(match), said.strip(), place)
            yield middle, match.end(), Claim(words, noun, "", *_bounds(match, "to_"), said.strip(), place)


def _befores(bare: str, said: str, offset: int) -> _Found:
    """ "15 errors, down from 25"."""
    for match in say.BEFORE.finditer(bare):
        if noun := _noun_in(bare[: match.start()]):
            words = said[match.start() : match.end()].strip()
            yield *match.span(), Claim(words, noun, "", *_bounds(match), said.strip(), offset + match.start())


def _plain(noun: str, word: str, between: list[str], turns: list[str]) -> bool:
    """Whether it is said of what passes count: an issue may be any issue, three tests those that somebody wrote, and
    three files those that somebody changed."""
    if noun == "errors" and not word.lower().startswith("error"):
        return "collection" in between or "now" in turns
    if noun == "tests":
        return bool(turns) or "total" in between or "all" in between
    return noun != "files" or bool({"freed", "deleted", "hidden"} & set(turns))


def _is_suite(bare: str, match: re.Match[str]) -> bool:
    """A hundred tests and more are the suite's, unless somebody is said to have worked on them."""
    before = re.findall(r"[a-z]+", bare[: match.start()].lower())[-2:]
    first = match.groupdict().get("first")
    return bool(first) and _value(first or "0") >= SUITE and not (say.WORKED & {*before, _verb(match)})


def _is_part(bare: str, match: re.Match[str]) -> bool:
    """Whether it is said of a place of which nothing is computed; a name that is known is asked for by the reader."""
    where = say.ELSEWHERE.match(bare, match.end("noun"))
    return where is not None and not say.EVERYWHERE.match(where[1]) and where[1].islower()


def _neighbours(match: re.Match[str]) -> list[str]:
    return [_verb(match), (match["after"] or "").lower()]


def _verb(match: re.Match[str]) -> str:
    return (match.groupdict().get("verb") or "").lower()


def _start(match: re.Match[str]) -> int:
    groups = match.groupdict()
    names = [name for name in ("about", "bound", "first") if groups.get(name)]
    return match.start(names[0]) if names else match.start()


def _kind(word: str) -> str:
    return next(noun for noun, pattern in say.NOUNS.items() if re.fullmatch(pattern, word, re.IGNORECASE))


def _noun_in(words: str) -> str:
    found = re.search(r"\b(?:" + "|".join(say.NOUNS.values()) + r")\b", words, re.IGNORECASE)
    return _kind(found[0]) if found else ""


def _bounds(match: re.Match[str], prefix: str = "", *, percent: bool = False) -> tuple[float, float]:
    """The numbers that would bear it out; "about" is good to a tenth, a whole percentage to its rounding."""
    first, second = match[f"{prefix}first"], match[f"{prefix}second"]
    value = float(first) if percent else _value(first)
    bound = (match[f"{prefix}bound"] or "").lower()
    step = 1e-9 if percent else 1
    if second:
        return value, _value(second)
    if match[f"{prefix}more"] or re.fullmatch(r"at least", bound):
        return value, inf
    if bound:
        return (value + step, inf) if re.fullmatch(say.LEAST, bound) else _at_most(value, bound, step)
    if match[f"{prefix}about"]:
        return (value - 5, value + 5) if percent else (value * 0.9, value * 1.1)
    if percent and value < 100:
        half = 0.5 / 10 ** len(first.partition(".")[2])
        return value - half, value + 2 * half  # cut or rounded
    return value, value


def _at_most(value: float, bound: str, step: float) -> tuple[float, float]:
    return 0, value if bound in {"at most", "up to"} else value - step


def _value(text: str) -> float:
    return float(say.WORDS.index(text.lower())) if text.lower() in say.WORDS else float(text.replace(",", ""))


_FINDERS = (_ran, _percents, _changes, _pairs, _counts, _labelled, _befores)
