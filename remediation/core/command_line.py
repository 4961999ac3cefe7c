"""Command lines: which one starts pytest, and what its options select."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST = 2_000  # characters of a line that may be a command

_PROMPT = re.compile(r"(?:Run |\$ |\+{1,4} |> |\s*\S{0,60} ?commands\[\d{1,3}\](?: \||>)? ?)")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=.*", re.DOTALL)
_LAUNCHERS = {
    "uv", "run", "poetry", "pdm", "pipenv", "hatch", "rye", "pixi", "coverage", "time", "exec", "env", "sudo",
    "xvfb-run", "-m", "nice", "python", "python3", "pypy", "pypy3", "py",
}  # fmt: skip
_PYTHON = re.compile(r"python\d(?:\.\d{1,2})?t?")
_PYTEST = {"pytest", "py.test", "pytest.exe", "py.test.exe"}
_BREAKS = {"&&", "||", ";", "|", "&", "(", ")"}

_VALUED = {"-k", "-m", "-n", "-p", "-c", "-o", "-W", "-r"}  # short options whose value may follow as a word of its own
_VALUED_LONG = {
    "--ignore", "--ignore-glob", "--deselect", "--maxfail", "--rootdir", "--confcutdir", "--import-mode", "--basetemp",
    "--override-ini", "--config-file", "--numprocesses", "--dist", "--pythonwarnings", "--tb", "--color", "--junitxml",
    "--junit-xml", "--durations", "--durations-min", "--cov-report", "--cov-config", "--cov-fail-under", "--ds", "--dc",
    "--capture", "--log-level", "--log-cli-level", "--log-file", "--html", "--timeout", "--reruns", "--report-log",
    "--maxprocesses", "--json-report-file", "--alluredir", "--verbosity", "--doctest-glob", "--markexpr", "--keyword",
}  # fmt: skip
_ALIASES = {
    "--exitfirst": "-x", "--numprocesses": "-n", "--strict": "--strict-markers", "--override-ini": "-o",
    "--config-file": "-c", "--pythonwarnings": "-W", "--co": "--collect-only", "--last-failed": "--lf",
    "--stepwise": "--sw", "--quiet": "-q", "--verbose": "-v",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """A command line of pytest, read: option names with their values in order, and the paths it names."""

    options: tuple[tuple[str, tuple[str, ...]], ...]
    paths: tuple[str, ...]


def pytest_command(line: str) -> tuple[str, tuple[str, ...], tuple[str, ...]] | None:
    """(command, pytest's arguments, names of variables set before it) where a line of a log shows one, else None.

    A bare "pytest" without a prompt counts only with arguments that look like it: prose begins like that too.
    """
    if len(line) > LONGEST or not ("pytest" in line or "py.test" in line):
        return None
    prompt = _PROMPT.match(line)
    text = line[prompt.end() :] if prompt else line
    for words in _commands(text):
        at, variables = _find(words)
        if at is None:
            continue
        arguments = tuple(words[at + 1 :])
        bare = at - len(variables) == 0
        if prompt or not bare or (arguments and all(_like_an_argument(word) for word in arguments)):
            return shlex.join(words[at:]) if bare else shlex.join(words[len(variables) :]), arguments, variables
    return None


def _commands(text: str) -> list[list[str]]:
    """The simple commands of one line, each as words; redirections end one."""
    try:
        lexer = shlex.shlex(text.strip(), posix=True, punctuation_chars="();&|")
        lexer.whitespace_split, lexer.commenters = True, ""
        words = list(lexer)
    except ValueError:  # an open quotation mark
        words = text.split()
    found: list[list[str]] = [[]]
    for word in words:
        if word in _BREAKS or set(word) <= set("();&|"):
            found.append([])
        else:
            found[-1].append(word)
    return [_before_redirection(words) for words in found if words]


def _before_redirection(words: list[str]) -> list[str]:
    return next((words[:i] for i, word in enumerate(words) if re.match(r"\d?>", word)), words)


def _find(words: Sequence[str]) -> tuple[int | None, tuple[str, ...]]:
    """Where pytest stands behind nothing but variables and launchers, and the variables' names."""
    variables: list[str] = []
    for i, word in enumerate(words[:16]):
        name = posixpath.basename(word.replace("\\", "/"))
        if name in _PYTEST:
            return i, tuple(variables)
        assignment = _ASSIGNMENT.fullmatch(word)
        if assignment and i == len(variables):
            variables.append(assignment[1])
        elif not (name in _LAUNCHERS or _PYTHON.fullmatch(name) or word.startswith("-")):
            return None, ()
    return None, ()


def _like_an_argument(word: str) -> bool:
    return word.startswith("-") or "/" in word or word.endswith(".py") or "::" in word


def read_options(arguments: Sequence[str]) -> Options:
    """Options by their usual names, values joined to them or following; -xvs is -x -v -s."""
    options: list[tuple[str, str]] = []
    paths: list[str] = []
    words = list(arguments)
    while words:
        word = words.pop(0)
        if word == "--":
            paths += words
            break
        if word.startswith("--"):
            name, given, value = word.partition("=")
            if not given and name in _VALUED_LONG and words and not words[0].startswith("-"):
                value = words.pop(0)
            options.append((_ALIASES.get(name, name), value))
        elif word.startswith("-") and len(word) > 1:
            options += _short(word, words)
        else:
            paths.append(posixpath.normpath(word))
    names = dict.fromkeys(name for name, _ in options)
    return Options(
        tuple((name, tuple(value for known, value in options if known == name)) for name in names), tuple(paths)
    )


def _short(word: str, following: list[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for i, letter in enumerate(word[1:], start=1):
        name = "-" + letter
        if name in _VALUED:
            value = word[i + 1 :].removeprefix("=") or (following.pop(0) if following else "")
            return [*found, (name, value)]
        found.append((name, ""))
    return found
