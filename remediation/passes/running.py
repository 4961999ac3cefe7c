"""One pass, line by line: claim, check out, install, collect, judge, record."""

from __future__ import annotations

import logging
import os
import shlex
from collections.abc import Sequence
from dataclasses import replace

from django.conf import settings
from django.db import OperationalError

from remediation.collection import checkout, parsing, sandbox
from remediation.collection import run as collection
from remediation.collection.contents import Contents
from remediation.collection.distributions import distribution_names
from remediation.collection.entries import Entry
from remediation.collection.environment import BuildError
from remediation.collection.mirror import Commit, SourceError
from remediation.collection.rounds import collect_whole, judge_whole
from remediation.collection.runtime import InterpreterError, describe_interpreter
from remediation.collection.sandbox import Limits, SandboxError
from remediation.core import tree
from remediation.core.blocker import located
from remediation.core.progress import files_found
from remediation.core.records import PassResult, SessionFacts, Verdict
from remediation.core.text import clean_line
from remediation.core.written import Naming, blocked_paths, with_written
from remediation.models import CollectionPass, Project
from remediation.passes.clearing import Clearing, clear_abandoned
from remediation.passes.fix_marks import follow_marks
from remediation.passes.install import Interpreter, interpreter_for
from remediation.passes.lease import Heartbeat, claim
from remediation.passes.record import LostLease, Report, record, renames_between
from remediation.passes.watching import Watch
from remediation.passes.who_knows import follow_people
from remediation.passes.workshop import Workshop, clear_deleted

log = logging.getLogger(__name__)


def run(pass_id: int) -> None:
    """Run one pass from the claim to the record; does nothing when another worker has it.

    Whatever goes wrong on the way is recorded as a failed pass with a reason: a pass never just vanishes.
    """
    collection_pass = claim(pass_id)
    if collection_pass is None:
        return
    workshop = Workshop(collection_pass.project)
    workshop.adopt()
    with Heartbeat(collection_pass) as heartbeat, Clearing(workshop) as clearing:
        watch = Watch(heartbeat)
        report = _Run(collection_pass, workshop, heartbeat, watch, clearing).report()
        watch.stage("record")
        report = replace(report, stage_times=watch.times)
        try:
            _record(collection_pass, report, workshop)
            _tidy(workshop)
            if report.commit:
                follow_people(pass_id, workshop, str(report.detected["branch"]))
        except (LostLease, Project.DoesNotExist):
            log.warning("pass %s was taken over, stopped or deleted; its result is not recorded", pass_id)
    clear_deleted()


def _tidy(workshop: Workshop) -> None:
    try:
        workshop.tidy()
        clear_abandoned(workshop)
    except OSError:  # the pass itself is recorded; the next one tries again
        log.exception("project %s: old environments could not be removed", workshop.project.pk)


def _record(collection_pass: CollectionPass, report: Report, workshop: Workshop) -> None:
    """Record the report; when its facts cannot be stored, that itself is recorded, not tried again for ever."""
    renames = renames_between(collection_pass.project, lambda: workshop.mirror)
    if report.position is not None:
        follow_marks(collection_pass.project, workshop, str(report.detected["branch"]))
    try:
        record(collection_pass, report, renames)
    except (LostLease, Project.DoesNotExist, OperationalError):
        raise  # somebody else's pass, or a database that is away: the lease decides
    except Exception as error:
        log.exception("pass %s: its result could not be recorded", collection_pass.pk)
        text = f"The result could not be stored ({type(error).__name__}); the dashboard's log says more."
        record(collection_pass, replace(report, verdict=_failed("internal-failure", text), detected={}), renames)


class _Run:
    """The work between claim and record; every step adds to the report."""

    def __init__(
        self,
        collection_pass: CollectionPass,
        workshop: Workshop,
        heartbeat: Heartbeat,
        watch: Watch,
        clearing: Clearing,
    ) -> None:
        self.collection_pass = collection_pass
        self.project = collection_pass.project
        self.workshop = workshop
        self.heartbeat = heartbeat
        self.watch = watch
        self.level = sandbox.probe().level
        self.so_far = Report(Verdict("failed"), sandbox_level=self.level)
        self.clearing = clearing

    def report(self) -> Report:
        """The report of the whole pass; expected trouble becomes a failed one that says what to do."""
        try:
            sandbox.require(self.level, settings.SANDBOX_MIN_LEVEL)
            commit = self.check_out()
            interpreter = self.install(commit)
            verdict = self.collect(commit, interpreter)
        except SourceError as error:
            verdict = _failed(error.code, str(error))
        except BuildError as error:
            self.so_far = replace(self.so_far, install_log=error.log)
            verdict = _failed(error.code, str(error), error.log[-4_000:])
        except SandboxError as error:
            verdict = _failed("sandbox-unavailable", str(error))
        except Exception as error:
            log.exception("pass %s failed in our own code", self.collection_pass.pk)
            verdict = _failed(
                "internal-failure", f"The dashboard itself failed ({type(error).__name__}); its log says more."
            )
        finally:
            self.clearing.begin()
        return replace(self.so_far, verdict=verdict)

    def check_out(self) -> Commit:
        """Fetch, find the commit and its place in the order, and lay its files out."""
        self.watch.stage("fetch")
        mirror, wanted = self.workshop.mirror, self.collection_pass.requested_commit
        branch = self.workshop.follow(wanted)
        sha = mirror.resolve(wanted or branch)
        commit = mirror.commit(sha)
        at_tip = sha == mirror.resolve(branch)
        # A commit named on the command line is a replay, even the newest: histories are replayed commit by commit.
        live = not wanted or (self.collection_pass.trigger in {"manual", "api"} and at_tip)
        self.so_far = replace(
            self.so_far,
            commit=commit,
            position=self.workshop.position(branch, sha, at_tip=at_tip),
            observed_at=None if live else commit.committed_at,
            detected={**self.project.detected, "branch": branch},
        )
        self.watch.stage("checkout", commit=sha, subject=commit.subject[:300])
        checkout.remove(self.workshop.work)
        self.lay_out(sha)
        return commit

    def lay_out(self, sha: str) -> None:
        """The commit's files in a tree that nobody has written to."""
        workshop = self.workshop
        checkout.remove(workshop.tree)
        # Hard links only where the target is another user: it can then replace files, but not write into the store.
        checkout.export(workshop.mirror, sha, blobs=workshop.blobs, target=workshop.tree, link=os.geteuid() == 0)

    def install(self, commit: Commit) -> Interpreter:
        """The interpreter of the pass: the given one, or an environment made from what the commit declares."""
        self.watch.stage("install")
        seen = {"alive": lambda: self.heartbeat.alive, "printed": self.watch.printed}
        interpreter = interpreter_for(self.workshop, commit.sha, level=self.level, **seen)
        self.so_far = replace(
            self.so_far,
            environment_key=interpreter.key,
            interpreter="given" if os.sep in self.project.interpreter else "built",
            source_roots=interpreter.source_roots,
            install_log=interpreter.log,
            detected={**self.so_far.detected, **interpreter.detected},
        )
        return interpreter

    def collect(self, commit: Commit, interpreter: Interpreter) -> Verdict:
        """Run pytest in the sandbox and judge what it left behind."""
        entries = self.workshop.mirror.tree(commit.sha)
        python_paths = [entry.path for entry in entries if entry.path.endswith(".py")]
        self.watch.stage("collect", files_total=files_found(python_paths))
        self.watch.collecting(self.workshop.work / "stream.jsonl", python_paths)
        self.workshop.work.mkdir()
        whole = collect_whole(
            self._target(interpreter),
            tree=self.workshop.tree,
            work=self.workshop.work,
            bytecode=self.workshop.bytecode(interpreter.key),
            renew=lambda: self.lay_out(commit.sha),
            limits=limits(self.project),
            level=self.level,
            on_tick=self._tick,
            on_round=self.watch.round,
        )
        self.clearing.begin()  # nothing below asks the tree
        collected = whole.last
        self.so_far = replace(
            self.so_far,
            seconds=round(whole.seconds, 3),
            sandbox_level=collected.sandbox_level,
            network=not sandbox.cuts_network(collected.sandbox_level),
            exit_code=collected.end.returncode,
            left_out=tuple(error.path for error in whole.left_out),
            command=shlex.join(collected.command),
            output_tail="\n".join(part for part in (collected.end.stdout, collected.end.stderr) if part),
        )
        verdict = judge_whole(whole, inventory=python_paths)
        if verdict.result is None:
            if verdict.blocker is not None:
                mirror = self.workshop.mirror
                found = located(verdict.blocker, lambda path: mirror.read(commit.sha, path) or b"")
                verdict = replace(verdict, blocker=found)
            return self._with_versions(verdict, interpreter)
        return replace(verdict, result=self._with_tree(verdict.result, verdict.session, entries, interpreter))

    def _with_tree(
        self, result: PassResult, session: SessionFacts, entries: Sequence[Entry], interpreter: Interpreter
    ) -> PassResult:
        """What the commit says of the errors; a file that cannot be parsed is shown to the other Pythons here."""
        read = Contents(self.workshop.mirror, entries, self.workshop.blobs, self.workshop.searched)
        tried = parsing.tried(
            {path: source for path in tree.unparsed_files(result) if (source := read(path))},
            python=session.python,
            requires_python=str(interpreter.detected.get("requires_python", "")),
            level=self.level,
        )
        paths = [entry.path for entry in entries]
        found = tree.with_tree(
            result,
            paths,
            interpreter.declared,
            read=read,
            holding=read.holding,
            distributions=distribution_names,
            parsed=tried,
        )
        read.searched.keep()
        naming = Naming(session.python_functions, session.python_classes)
        return with_written(found, read.only(blocked_paths(found)), naming)

    def _target(self, interpreter: Interpreter) -> collection.Target:
        """What the project's settings say, with the folders that hold its packages on the path."""
        environment = dict(self.project.environment)
        given = environment.pop("PYTHONPATH", "")
        paths = [*filter(None, [given]), *(f"{{checkout}}/{root}" for root in interpreter.source_roots)]
        if paths:
            environment["PYTHONPATH"] = os.pathsep.join(paths)
        return collection.Target(interpreter.path, tuple(shlex.split(self.project.arguments)), environment)

    def _with_versions(self, verdict: Verdict, interpreter: Interpreter) -> Verdict:
        """A pass that ended before pytest's session began still says which Python and pytest it ran."""
        if verdict.session.python:
            return verdict
        try:
            facts = describe_interpreter(interpreter.path, level=self.level)
        except (InterpreterError, SandboxError):
            return verdict
        return replace(verdict, session=replace(verdict.session, python=facts.version, pytest=facts.pytest))

    def _tick(self) -> bool:
        """Twice a second: show how far it is, and stop the target when the pass is no longer ours."""
        self.watch.look()
        return self.heartbeat.alive


def limits(project: Project) -> Limits:
    """What one collection may use: the settings', and less where the project asks for less."""
    memory = min(settings.COLLECT_MEMORY_MIB, project.memory_mib or settings.COLLECT_MEMORY_MIB)
    mebibyte = 1024 * 1024
    return Limits(
        wall_seconds=min(settings.COLLECT_WALL_SECONDS, project.wall_seconds or settings.COLLECT_WALL_SECONDS),
        file_seconds=settings.COLLECT_FILE_SECONDS,
        culprits=settings.COLLECT_CULPRITS,
        cpu_seconds=settings.COLLECT_CPU_SECONDS,
        memory_bytes=memory * mebibyte,
        file_bytes=settings.COLLECT_FILE_MIB * mebibyte,
        processes=settings.COLLECT_PROCESSES,
        open_files=settings.COLLECT_OPEN_FILES,
        output_bytes=settings.COLLECT_OUTPUT_MIB * mebibyte,
        temp_bytes=settings.COLLECT_TEMP_MIB * mebibyte,
    )


def _failed(code: str, text: str, detail: str = "") -> Verdict:
    return Verdict("failed", code, f"{clean_line(text, 500)} Nothing was counted.", detail)
