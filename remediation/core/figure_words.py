"""The words and patterns by which figures are found in English text, and what only looks like one."""

from __future__ import annotations

import re

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_ABOUT = r"about|around|roughly|approximately|nearly|almost|some|circa|~|≈"
LEAST, _MOST = r"over|more than|above|at least", r"under|fewer than|less than|below|at most|up to"
_NUMBER = rf"(?<![\w.,$€£#/+-])(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?![\w/]|[.,]\d)|\b(?:{'|'.join(WORDS)})\b"
_QUANTITY = (
    rf"(?:(?P<about>{_ABOUT})\s*)?(?:(?P<bound>{LEAST}|{_MOST})\s+)?(?P<first>{_NUMBER})"
    r"(?:\s?[–-]\s?(?P<second>\d+)(?![\w%]))?(?P<more>\s?\+|\s+or\s+more\b|\s+plus\b)?"
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
# What has digits and counts nothing. Blanked before anything is looked for; the text keeps its length.
NAMES = re.compile(
    r"`[^`\n]*`|\bhttps?://\S+"
    r"|\b\d{4}-(?:\d\d(?:-\d\d)?|W\d\d)(?:[T ]\d\d:\d\d(?::\d\d)?)?\b|\b\d{1,2}:\d\d(?::\d\d)?\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH}\b(?:\s+\d{{4}}\b)?|\b{_MONTH}\s+\d{{1,2}}\b(?:st|nd|rd|th)?(?:,?\s+\d{{4}}\b)?"
    r"|\bv?\d+(?:\.\d+){2,}\S*|\bv\d[\w.]*|\b\d+\.\d+\b(?!\s?(?:%|per\s?cent))"
    r"|\b(?:python|pytest|django|version|release|py|node|postgres)[ =<>~]*v?\d[\w.]*"
    r"|\b[A-Z][A-Z0-9]*-\d+\b|(?<!\w)#\d+|\b(?:in|since|until|during|of|by)\s+(?:19|20)\d\d\b(?!\s+[a-z]*\s*(?:error|test))"
    r"|\b(?:issue|pr|pull request|ticket|pass|line|port|phase|step|week|sprint|rfc|pep|exit code|code|http"
    r"|status|q)\s*#?\d+\b"
    r"|\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{7,40}\b"
    r"|\b(?:localhost|[\w-]+\.[\w.-]+):\d+|\S*[/_\\]\S*",
    re.IGNORECASE,
)
SENTENCE = re.compile(r"(?:[^.!?\n]|[.!?](?=\S))+")

NOUNS = {
    "errors": r"errors?|issues?|problems?",
    "tests": r"tests?(?:\s+(?:cases?|functions?))?(?!\s+(?:files?|suites?|errors?))",
    "tickets": r"tickets?|(?:root\s+)?causes?",
    "files": r"files?",
    "passes": r"passes",
}
# Words between the number and its noun that leave it the whole of it; any other word makes it a part, of which
# nothing is computed.
WHOLE = {
    "the", "all", "total", "known", "visible", "current", "original", "initial", "distinct", "different", "separate",
    "collection", "test", "tests", "pytest", "integration", "minor", "simple", "trivial", "last", "unit", "suite",
}  # fmt: skip
_TURNS = {
    "now": "remain remains remaining left open outstanding still current",
    "cleared": "cleared fixed resolved solved closed repaired eliminated removed gone verified",
    "hidden": "hidden masked silenced",
    "unmasked": "unmasked uncovered revealed",
    "new": "new introduced",
    "regressed": "regressed reopened returned",
    "freed": "freed unblocked released recovered",
    "deleted": "deleted",
    "collected": "collected collectable discovered collects collect collecting available executable",
    "counted": "counted",
    "blocked": "blocked",
    "fewer": "fewer less",
    "more": "more additional",
}
TURN_OF = {word: turn for turn, words in _TURNS.items() for word in words.split()}
# What can become of each: a pass counts errors, but errors are not "counted" as passes are.
TURNS_OF = {
    "errors": {"now", "cleared", "hidden", "unmasked", "new", "regressed", "deleted", "fewer", "more"},
    "tests": {"now", "collected"},
    "tickets": {"now", "cleared", "regressed"},
    "files": {"freed", "deleted", "hidden"},
    "passes": {"counted", "blocked"},
}
# Who did this to tests speaks of those, and not of the suite.
WORKED = {
    "added", "adding", "wrote", "writing", "rewrote", "changed", "moved", "removed", "fixed", "deleted", "new",
    "ported", "migrated", "renamed",
}  # fmt: skip
_RAN = r"functional|operational|working|passing|passed|green|healthy|succeed(?:s|ed|ing)?"
_RAN_PATTERNS = (
    rf"\btests?(?:\s+(?:cases?|suites?))?(?:,?\s+(?:are|is|were|be|now|all|fully|again|still|back|collected|and))*"
    rf"\s+(?:{_RAN}|pass(?!\s*#|\s+\d))\b",
    rf"\bsuite(?:\s+(?:is|was|now|fully|again|back))*\s+(?:{_RAN}|passes(?!\s*#|\s+\d))\b",
    rf"(?:%|\bper\s?cent)\s+(?:{_RAN})\b",
    rf"\b(?:{_RAN})\s+(?:(?!on\b|with\b|for\b|through\b|towards?\b)\w+\s+)?(?:tests?|suite)\b",
    r"\b(?:pass(?:ing)?|success)[ -]rate\b",
)
RUN = re.compile("|".join(f"(?:{one})" for one in _RAN_PATTERNS), re.IGNORECASE)
NOT_CLAIMED = re.compile(r"\bwhether\b|\bnot (?:measured|run)\b|\bnot known\b", re.IGNORECASE)

# Where a figure ends and names nothing more.
_END = r"(?=\s*(?:[,;:.)(!?]|$|(?:at|before|after|last|now|left|and|errors?)\b))"
_FILLER = r"(?:(?:are|is|were|was|have|has|been|be|got|now|all|successfully|fully|can|could|to|that)\s+)*"
_PHRASE = r"(?P<between>(?:\s+[a-z-]+){0,3}?)\s+(?P<noun>" + "|".join(NOUNS.values()) + r")\b"
COUNT = re.compile(
    rf"(?:\b(?P<verb>{'|'.join(TURN_OF)})\s+(?:the\s+|all\s+)?)?{_QUANTITY}(?:\s+(?:out\s+)?of\s+(?:the\s+)?(?P<of>{_NUMBER}))?"
    rf"{_PHRASE}(?:\s+{_FILLER}(?P<after>[a-z]+))?",
    re.IGNORECASE,
)
NONE = re.compile(
    rf"\bno\b(?P<between>(?:\s+[a-z-]+){{0,2}}?)\s+(?P<noun>errors?)\b(?:\s+{_FILLER}(?P<after>[a-z]+))?", re.IGNORECASE
)
LABELLED = re.compile(
    rf"\b(?P<noun>errors?|tests?|tickets?|root causes?)(?P<between>(?:\s+[a-z]+)?)"
    rf"(?:\s*[:=]|\s+(?:is|are|was|were|stands at|stood at))\s*{_QUANTITY}{_END}",
    re.IGNORECASE,
)
CHANGE = re.compile(
    rf"\b(?:(?P<less>fell|dropped|decreased|declined|reduced|down)|(?P<grew>rose|grew|increased|up))\s+by\s+{_QUANTITY}{_END}",
    re.IGNORECASE,
)
ARROW = re.compile(rf"{_QUANTITY}\s*(?:→|->|=>)\s*{_QUANTITY.replace('?P<', '?P<to_')}", re.IGNORECASE)
PAIR = re.compile(
    rf"\bfrom\s+{_QUANTITY}(?P<mid>(?:\s+[a-z-]+){{0,3}}?)\s+(?:down\s+|up\s+)?to\s+"
    rf"{_QUANTITY.replace('?P<', '?P<to_')}(?P<after>(?:\s+[a-z-]+){{0,4}})",
    re.IGNORECASE,
)
# "15 errors, down from 25"
BEFORE = re.compile(rf"\b(?:down\s+|up\s+)?from\s+{_QUANTITY}{_END}", re.IGNORECASE)
# What may stand before "from … to …" where nothing names what is counted: the whole is meant, the errors.
BARE = {
    "we", "it", "this", "count", "counts", "went", "gone", "go", "down", "reduced", "reduction", "fell", "dropped",
    "drop", "cut", "decreased", "a", "the", "is",
}  # fmt: skip
PERCENT = re.compile(
    rf"(?:(?P<about>{_ABOUT})\s*)?(?:(?P<bound>{LEAST}|{_MOST})\s+)?(?<![\w.,-])(?P<first>\d{{1,3}}(?:\.\d+)?)"
    r"(?P<second>(?!))?(?P<more>\+)?\s?(?:%|per\s?cent\b)(?P<rest>[^.!?;\n]{0,60})",
    re.IGNORECASE,
)
FEWER = re.compile(
    r"reduc|fewer|less\b|drop|fell|fall|decreas|declin|\bdown\b|\bcut\b|lower|eliminat|improve|gone|fixed|resolved|cleared",
    re.IGNORECASE,
)
OF_ERRORS = re.compile(r"\berrors?\b|\bcollection\b|\bcount\b", re.IGNORECASE)
BARELY = re.compile(r"\s*(?:reduction|decrease|drop|fewer|improvement)\b(?!\s+(?:in|of|for|\w+s\b))", re.IGNORECASE)
ELSEWHERE = re.compile(r"\s+(?:in|under|within|across)\s+(?:the\s+|our\s+|all\s+)?([\w#.-]+)", re.IGNORECASE)
EVERYWHERE = re.compile(
    rf"total|all|suites?|repository|project|tests?|report|week|period|pass|#|collection|this|that|last|integration"
    rf"|one|two|three|\d|{_MONTH}$",
    re.IGNORECASE,
)
ANY = re.compile(r"[$€£]?\d(?:[\d.,]*\d)?(?:[kmb]\b)?", re.IGNORECASE)
