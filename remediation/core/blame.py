"""Which place is to blame for an error: a file of the repository, or a function outside it."""

from __future__ import annotations

import re

from remediation.core.classify import Classified, package_importing, syntax_file
from remediation.core.records import Outside

# From Python 3.10 on the name is qualified; before, "__init__()" alone says nothing.
_SIGNATURE = re.compile(r"(?!__\w+\(\))[\w.]+\(\) (?:got an unexpected keyword argument '|missing \d+ required )")


def place_of(error: Classified) -> str:
    """Where an exception is at home: the function outside the repository that raises it on purpose, else the file.

    A package that complains ("settings are not configured") says one thing, whichever file made it complain. What
    the standard library or pytest says, and what merely went wrong inside a package, is the calling file's.
    """
    last = error.cause.outside[-1] if error.cause.outside else Outside("")
    if error.cause.type.endswith("Warning"):
        # A warning names what is deprecated; who used it first is chance, but a package's use is not the repository's.
        return package_importing(error.cause)
    if _SIGNATURE.match(error.cause.message) and error.cause.type == "TypeError":
        return ""  # a function that takes other arguments now is one cause, whoever calls it
    deliberate = last.statement.startswith("raise") or package_importing(error.cause)
    if last.origin == "package" and deliberate:
        return f"{last.module}:{last.function}"
    return blamed(error)


def variable_of(error: Classified) -> str:
    """The environment variable that is not set, where ``os.environ[...]`` raised; else "". Whoever asks, it is one."""
    cause = error.cause
    last = cause.outside[-1] if cause.outside else Outside("")
    asked = cause.type == "KeyError" and (last.module, last.function) == ("os", "__getitem__")
    return cause.message.strip("'") if asked else ""


def blamed(error: Classified) -> str:
    """The in-repository file that is to blame: where the syntax is wrong, else the last frame, else the test file."""
    if error.kind == "syntax-error":
        return syntax_file(error.path, error.cause)
    blame = error.cause.blame
    return blame.path if blame else error.path
