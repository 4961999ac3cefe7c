"""What one collection ran under, on our side or on another, as far as it is known."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from remediation.core.ci_log import CiLog
from remediation.core.packages import Packages, read_packages

Texts = tuple[str, ...]

# Variables that CI services and installers set for themselves.
_OF_THE_SERVICE = re.compile(
    r"(?:CI|GITHUB_|RUNNER_|GITLAB_|CI_|PIP_|UV_|POETRY_|pythonLocation|Python\d?_?ROOT_DIR|Python\d_ROOT|PKG_CONFIG_PATH"
    r"|LD_LIBRARY_PATH|FORCE_COLOR|NO_COLOR|TERM|LANG|LC_).*"
)


@dataclass(frozen=True, slots=True)
class Conditions:
    """One collection's conditions and its numbers. None: not said; an empty text or tuple: there is none.

    ``errors``: failing collectors as pytest counts them; ``files``: test files with one, from the repository's root
    on our side and from pytest's root directory in a log. ``stopped``: pytest's words for an early end.
    """

    commit: str | None = None
    arguments: Texts | None = None
    addopts: Texts | None = None
    testpaths: Texts | None = None
    python_files: Texts | None = None
    configuration: str | None = None
    rootdir: str | None = None
    python: str | None = None
    pytest: str | None = None
    platform: str | None = None
    plugins: Packages | None = None
    packages: Packages | None = None
    network: bool | None = None
    sandbox: int | None = None
    interpreter: str | None = None
    source_roots: Texts | None = None
    variables: Texts | None = None
    workers: int | None = None
    stopped: str | None = None
    errors: int | None = None
    tests: int | None = None
    files: Texts | None = None
    ours: bool = False


def of_pass(
    stored: Mapping[str, Any] | None,
    *,
    commit: str | None,
    errors: int | None,
    tests: int | None,
    files: Collection[str] | None,
) -> Conditions:
    """A pass of ours from its stored conditions. ``errors``: pytest's own count. Whatever is missing is not said."""
    facts = stored or {}
    return Conditions(
        commit=commit or None,
        arguments=_texts(facts, "arguments"),
        addopts=_texts(facts, "addopts"),
        testpaths=_texts(facts, "testpaths"),
        python_files=_texts(facts, "python_files"),
        configuration=_text(facts, "inipath"),
        rootdir=_text(facts, "rootdir"),
        python=_text(facts, "python"),
        pytest=_text(facts, "pytest"),
        platform=_text(facts, "platform"),
        plugins=read_packages(_texts(facts, "plugins"), plugins=True),
        packages=read_packages(_texts(facts, "packages")),
        network=facts["network"] if isinstance(facts.get("network"), bool) else None,
        sandbox=facts["sandbox_level"] if isinstance(facts.get("sandbox_level"), int) else None,
        interpreter=_text(facts, "interpreter"),
        source_roots=_texts(facts, "source_roots"),
        variables=_texts(facts, "variables"),
        workers=0,  # collecting only is never distributed, and our --maxfail=0 comes last
        stopped="",
        errors=errors,
        tests=tests,
        files=tuple(sorted(files)) if files is not None else None,
        ours=True,
    )


def of_log(log: CiLog) -> Conditions:
    """The other side, as far as a pasted log tells it."""
    return Conditions(
        commit=log.commit,
        arguments=log.arguments,
        testpaths=log.testpaths,
        configuration=log.configuration,
        rootdir=log.rootdir,
        python=log.python,
        pytest=log.pytest,
        platform=log.platform,
        plugins=read_packages(log.plugins, plugins=True),
        packages=read_packages(log.packages),
        variables=tuple(name for name in log.variables if not _OF_THE_SERVICE.fullmatch(name)) or None
        if log.variables is not None
        else None,
        workers=log.workers,
        stopped=log.stopped,
        errors=log.errors,
        tests=log.tests,
        files=log.files,
    )


def _text(facts: Mapping[str, Any], name: str) -> str | None:
    value = facts.get(name)
    return value if isinstance(value, str) else None


def _texts(facts: Mapping[str, Any], name: str) -> Texts | None:
    value = facts.get(name)
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else None
