"""One check, step by step: reach, clone, find tests, choose a Python, install, ask for pytest."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.models.functions import Now

from remediation import credentials
from remediation.checks.queueing import claim, steps_of
from remediation.collection import fetching, removal, sandbox
from remediation.collection.environment import BuildError
from remediation.collection.mirror import SourceError
from remediation.collection.runtime import describe_interpreter
from remediation.collection.sandbox import SandboxError
from remediation.core.progress import files_found
from remediation.core.text import clean_line, clean_text
from remediation.models import ConnectionCheck, Project
from remediation.passes.install import Wanted, build, wanted_by
from remediation.passes.lease import Heartbeat, held
from remediation.passes.watching import last_lines
from remediation.passes.workshop import Workshop, check_root

log = logging.getLogger(__name__)

_LOG = 4_000  # characters of the installation's output that are kept
_NAMED = 8  # branches


class Failed(Exception):
    """A step did not succeed. The text says what to do, ``field`` which setting to change."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True, slots=True)
class Said:
    """What a step found, for people. ``warn``: it goes on, but somebody should read this."""

    text: str
    warn: bool = False


def run(check_id: int) -> None:
    """Run one check from the claim to its verdict; does nothing when another worker has it."""
    row = claim(check_id)
    if row is None:
        return
    _sweep()
    with Heartbeat(row) as heartbeat:
        passed, field = _Check(row, heartbeat).all()
    # Not held any more: it was stopped, or another worker has it.
    held(row).update(
        state="ended", passed=passed, field=field, steps=row.steps, found=row.found, log=row.log,
        step="", live=None, lease_until=None, ended_at=Now(),
    )  # fmt: skip


def _sweep() -> None:
    """Remove from this machine what forgotten checks have fetched and built."""
    folder = Path(settings.DATA_DIR) / "checks"
    known = set(ConnectionCheck.objects.values_list("pk", flat=True))
    for place in folder.iterdir() if folder.is_dir() else ():
        if place.name.isdigit() and int(place.name) not in known:
            removal.remove(place)


class _Check:
    """The work; every step adds to the row, and the first that fails is the last."""

    def __init__(self, row: ConnectionCheck, heartbeat: Heartbeat) -> None:
        self.row, self.heartbeat = row, heartbeat
        # A project's own mirror is brought up to date by its test; a draft has none yet.
        self.project = row.project or Project(**row.draft)
        self.workshop = Workshop(self.project, None if row.project else check_root(row.pk))
        self.level = sandbox.probe().level
        self.start = time.monotonic()
        self.sha = ""
        self.wanted: Wanted | None = None
        self.python = ""

    def all(self) -> tuple[bool, str]:
        """Every step in its order; whether all passed, and else the setting to change."""
        for code in steps_of(self.row, STEPS):
            if not self.heartbeat.alive:
                return False, ""
            since = time.monotonic() - self.start
            self.heartbeat.report(
                step=code, step_since=round(since, 3), steps=list(self.row.steps), live=None, now=True
            )
            try:
                said = STEPS[code](self)
            except Failed as failed:
                self._note(code, since, "failed", str(failed))
                return False, failed.field
            self._note(code, since, "warn" if said.warn else "done", said.text)
        return True, ""

    def _note(self, code: str, since: float, state: str, text: str) -> None:
        seconds = round(time.monotonic() - self.start - since, 3)
        line = {"code": code, "state": state, "seconds": seconds, "said": clean_text(text, 600)}
        self.row.steps = [*self.row.steps, line]


Step = Callable[[_Check], Said]


def _refusing(fields: Mapping[str, str], otherwise: str) -> Callable[[Step], Step]:
    """Turn what a step's own functions raise into Failed, naming the setting by the error's code."""

    def wrap(step: Step) -> Step:
        def wrapped(check: _Check) -> Said:
            try:
                return step(check)
            except Failed:
                raise
            except (SourceError, BuildError) as error:
                raise Failed(str(error), fields.get(error.code, otherwise)) from error
            except SandboxError as error:
                raise Failed(str(error)) from error
            except Exception as error:
                log.exception("check %s failed in our own code", check.row.pk)
                text = f"The dashboard itself failed ({type(error).__name__}); its log says more."
                raise Failed(text) from error

        return wrapped

    return wrap


@_refusing({"ref-missing": "ref"}, "source")
def _reach(check: _Check) -> Said:
    """git ls-remote: the server answers and has the branch."""
    project = check.project
    with credentials.opening(project) as given:
        names = fetching.branches(project.source, given=given)
    check.row.found = {**check.row.found, "branches": names[:100], "level": check.level}
    listed = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else "")
    try:
        with credentials.opening(project) as given:
            fetching.check_answers(project.source, project.ref, given=given)
    except SourceError as error:
        if error.code != "ref-missing" or not names:
            raise
        said = "No default branch is named" if project.ref == "HEAD" else f"No branch or tag {project.ref}"
        raise Failed(f"{said}; branches are {listed}.", "ref") from error
    return Said(f"The server answers; {len(names):,} branch{'' if len(names) == 1 else 'es'}: {listed}.")


@_refusing({"ref-missing": "ref"}, "source")
def _clone(check: _Check) -> Said:
    """The mirror, which the first pass takes over. Nothing of it is run."""
    branch = check.workshop.follow()
    check.sha = check.workshop.mirror.resolve(branch)
    commit = check.workshop.mirror.commit(check.sha)
    check.row.found = {**check.row.found, "commit": check.sha, "branch": branch}
    return Said(f"Commit {check.sha[:9]} on {branch}: {clean_line(commit.subject, 120)}")


@_refusing({}, "ref")
def _tests(check: _Check) -> Said:
    """How many files pytest's default patterns take for tests. None is no failure: the project may have its own."""
    paths = [entry.path for entry in check.workshop.mirror.tree(check.sha) if entry.path.endswith(".py")]
    files = files_found(paths)
    check.row.found = {**check.row.found, "files": files, "modules": len(paths)}
    if not paths:
        raise Failed("There is no Python file at this commit. Choose another branch or repository.", "ref")
    if not files:
        return Said(
            f"None of {len(paths):,} Python files is named test_*.py or *_test.py. Go on where the project's own "
            "configuration names its tests in another way.",
            warn=True,
        )
    return Said(f"{files:,} test file{'' if files == 1 else 's'} among {len(paths):,} Python files.")


@_refusing({}, "interpreter")
def _python(check: _Check) -> Said:
    """The Python that is installed here and fits; static reading only."""
    sandbox.require(check.level, settings.SANDBOX_MIN_LEVEL)
    wanted = wanted_by(check.workshop, check.sha)
    facts = describe_interpreter(wanted.python, level=check.level)
    check.wanted, check.python = wanted, wanted.python
    check.row.found = {**check.row.found, "python": facts.version}
    asked = wanted.declared.requires_python or wanted.declared.python
    if check.project.interpreter:
        return Said(f"Python {facts.version}, as you asked.")
    return Said(f"Python {facts.version}; " + (f"the repository asks for {asked}." if asked else "the newest here."))


@_refusing({"no-python": "interpreter"}, "install")
def _install(check: _Check) -> Said:
    """The environment, built in the sandbox; the only step that has network besides git."""
    wanted = check.wanted
    assert wanted is not None
    if not wanted.key:
        return Said("Nothing to install: the interpreter is given.")

    def printed(output: bytes) -> None:
        check.heartbeat.report(live={"log": last_lines(output)})

    try:
        built = build(check.workshop, wanted, level=check.level, alive=lambda: check.heartbeat.alive, printed=printed)
    except BuildError as error:
        check.row.log = clean_text(error.log[-_LOG:], _LOG)
        raise
    check.python, check.row.log = str(built.python), clean_text(built.log[-_LOG:], _LOG)
    lines = " ".join(wanted.recipe) or "nothing; the repository declares nothing"
    return Said(f"Installed in the sandbox: {clean_line(lines, 200)}.")


@_refusing({}, "install")
def _pytest(check: _Check) -> Said:
    """pytest --version, asked of the interpreter inside the sandbox."""
    facts = describe_interpreter(check.python, level=check.level)
    check.row.found = {**check.row.found, "python": facts.version, "pytest": facts.pytest}
    if facts.pytest:
        return Said(f"pytest {facts.pytest} on Python {facts.version}.")
    wanted = check.wanted
    if wanted is None or not wanted.key:
        raise Failed("The given interpreter has no pytest. Install it there, or let the worker choose.", "interpreter")
    where = clean_line(" ".join(wanted.recipe), 120) or "what the repository declares"
    raise Failed(f"No pytest found in {where}. Choose the install command: add a line such as pytest.", "install")


STEPS: dict[str, Step] = {
    "reach": _reach,
    "clone": _clone,
    "tests": _tests,
    "python": _python,
    "install": _install,
    "pytest": _pytest,
}
