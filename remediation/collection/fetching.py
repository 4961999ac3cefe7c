"""Bring a bare mirror up to date with its source: one writer at a time, bounded in time and size."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from remediation.collection.complaints import complaint
from remediation.collection.git import GitEnd, git_environment, run_git
from remediation.collection.sign_in import Given, environment_for
from remediation.collection.source import SourceError
from remediation.core.text import clean_line

LIMIT_BYTES = 8 << 30  # of one mirror on disk
_REFSPECS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")


def fetch(path: Path, source: str, timeout: float, limit_bytes: int, given: Given = None) -> None:
    """Fetch heads and tags of the checked ``source`` into the bare mirror at ``path``, pruning what is gone.

    ``given`` opens it where it is private. Objects that no ref names any more are kept: a recorded pass on a
    force-pushed commit stays readable. Raises SourceError "source-unreachable", "timeout" or "too-large".
    """
    deadline = time.monotonic() + timeout
    with _only_writer(path, deadline) as lock:
        _sweep(path)
        _create(path)
        if source.startswith("/") and _is_partial(source):
            end = _adopt(path, source, max(1.0, deadline - time.monotonic()))
        else:
            end = _transfer(path, source, max(1.0, deadline - time.monotonic()), limit_bytes, lock, given)
        if end.returncode:
            raise complaint(end, given)
        _check_size(path, limit_bytes)
        tidy(path)


def tidy(path: Path, most: int = 40) -> None:
    """Put small packs together when there are more than ``most``; unreachable objects are kept.

    Every fetch with news adds a pack and automatic gc is off, because it would drop force-pushed commits.
    """
    if len(list(path.glob("objects/pack/*.pack"))) > most:
        # A mirror of a partial clone may refuse; it then stays as it is, which is slower and not wrong.
        with suppress(SourceError):
            run_git(path, "repack", "--geometric=2", "-d", "--quiet", timeout=300)


def _transfer(path: Path, source: str, timeout: float, limit_bytes: int, lock: int, given: Given) -> GitEnd:
    with environment_for(source, given, _configuration(path, source)) as environment:
        return run_git(
            path,
            *("fetch", "--prune", "--no-tags", "--force", "--no-recurse-submodules", "--no-write-fetch-head"),
            *("--quiet", "--", source, *_REFSPECS),
            timeout=timeout,
            environment=environment,
            tick=lambda: _check_size(path, limit_bytes),
            pass_fds=(lock,),
        )


def _ask(source: str, given: Given, timeout: float, *arguments: str) -> str:
    """What ``git ls-remote`` prints of the checked ``source``. Raises SourceError "source-unreachable" or "timeout"."""
    with environment_for(source, given) as environment:
        end = run_git(None, "ls-remote", *arguments, timeout=timeout, environment=environment)
    if end.returncode:
        raise complaint(end, given)
    return end.stdout.decode("utf-8", "replace")


def default_branch(source: str, timeout: float, given: Given = None) -> str:
    """The branch the checked ``source`` calls its default."""
    if source.startswith("/"):
        end = run_git(_git_dir(source), "symbolic-ref", "--quiet", "HEAD", timeout=timeout, environment=_local())
        name = end.stdout.decode("utf-8", "replace").strip()
    else:
        first = _ask(source, given, timeout, "--symref", "--", source, "HEAD").partition("\n")[0]
        name = first.removeprefix("ref: ").partition("\t")[0] if first.startswith("ref: ") else ""
    if not name.startswith("refs/heads/"):
        raise SourceError("ref-missing", "The source names no default branch. Choose a branch or tag yourself.")
    return name.removeprefix("refs/heads/")


def check_answers(source: str, ref: str, timeout: float = 20, given: Given = None) -> None:
    """Ask the checked ``source`` itself whether it answers and has the branch or tag ``ref`` ("HEAD": its default).

    Nothing is fetched. Raises SourceError "source-unreachable", "ref-missing" or "timeout".
    """
    if ref == "HEAD":
        default_branch(source, timeout, given)
        return
    names = (f"refs/heads/{ref}", f"refs/tags/{ref}")
    if source.startswith("/"):
        end = run_git(_git_dir(source), "for-each-ref", "--count=1", "--", *names, environment=_local())
        if end.returncode:
            raise complaint(end)
        found = end.stdout.decode("utf-8", "replace")
    else:
        found = _ask(source, given, timeout, "--", source, *names)
    if not found.strip():
        raise SourceError("ref-missing", f"The source has no branch or tag “{clean_line(ref, 80)}”. Choose another.")


def branches(source: str, timeout: float = 20, given: Given = None) -> list[str]:
    """The names of the checked ``source``'s branches, sorted. Nothing is fetched. Raises SourceError."""
    if source.startswith("/"):
        pattern = ("for-each-ref", "--format=%(objectname)\t%(refname)", "refs/heads")
        end = run_git(_git_dir(source), *pattern, timeout=timeout, environment=_local())
        if end.returncode:
            raise complaint(end)
        listed = end.stdout.decode("utf-8", "replace")
    else:
        listed = _ask(source, given, timeout, "--heads", "--", source)
    names = (line.partition("\trefs/heads/")[2] for line in listed.splitlines())
    return sorted(clean_line(name, 80) for name in names if name)


def tip(source: str, ref: str, timeout: float = 15, given: Given = None) -> str:
    """The commit that the branch or tag ``ref`` of the checked ``source`` names now ("HEAD": its default branch).

    Nothing is fetched. Raises SourceError "source-unreachable", "ref-missing" or "timeout".
    """
    missing = f"The source has no branch or tag “{clean_line(ref, 80)}”. Choose another."
    if source.startswith("/"):
        for name in ["HEAD"] if ref == "HEAD" else [f"refs/heads/{ref}", f"refs/tags/{ref}"]:
            end = run_git(_git_dir(source), "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", timeout=timeout)
            if not end.returncode:
                return end.stdout.decode("ascii").strip()
        raise SourceError("ref-missing", missing)
    # An annotated tag names itself; what it points at is listed behind it with ^{}.
    names = ["HEAD"] if ref == "HEAD" else [f"refs/heads/{ref}", f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}"]
    rows = (
        line.split("\t") for line in _ask(source, given, timeout, "--", source, *names).splitlines() if "\t" in line
    )
    found = {name: sha for sha, name in rows}
    for name in names:
        if name in found:
            return found[name]
    raise SourceError("ref-missing", missing)


def _local() -> dict[str, str]:
    return git_environment("file")


@contextmanager
def _only_writer(path: Path, deadline: float) -> Iterator[int]:
    """Hold the mirror's lock. git inherits the descriptor, so the lock outlives a killed worker as long as its git."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise SourceError(
                        "timeout", "Another worker is still fetching this source. Try again later."
                    ) from None
                time.sleep(0.1)
        yield lock
    finally:
        os.close(lock)


def _sweep(path: Path) -> None:
    """Remove what a killed git left behind; a stale lock would otherwise stop every later fetch."""
    if not path.is_dir():
        return
    stale = [
        *path.glob("*.lock"),
        *path.glob("refs/**/*.lock"),
        *path.glob("objects/pack/tmp_*"),
        *path.glob("objects/*.lock"),
    ]
    for leftover in stale:
        leftover.unlink(missing_ok=True)


def _create(path: Path) -> None:
    if (path / "HEAD").is_file() and (path / "objects").is_dir():
        return
    # Not created whole means killed while being created; git init completes it.
    end = run_git(None, "init", "--quiet", "--bare", "--template=", "--", str(path))
    if end.returncode:
        raise SourceError("source-unreachable", f"The mirror could not be created: {clean_line(end.stderr)}")


def _configuration(path: Path, source: str) -> Path | None:
    """The configuration a local source needs: git refuses to serve a repository that somebody else owns."""
    if not source.startswith("/"):
        return None
    config = path / "remediation.gitconfig"
    config.write_text('[safe]\n\tdirectory = "*"\n')
    return config


def _check_size(path: Path, limit_bytes: int) -> None:
    total = 0
    for entry in (path / "objects").glob("pack/*"):
        with suppress(FileNotFoundError):
            total += entry.stat().st_size
    if total > limit_bytes:
        raise SourceError(
            "too-large",
            f"The repository is larger than {limit_bytes:,} bytes on disk. Raise the limit or use a smaller one.",
        )


def _git_dir(source: str) -> Path:
    dot_git = Path(source) / ".git"
    return dot_git if dot_git.exists() else Path(source)


def _is_partial(source: str) -> bool:
    return any((_git_dir(source) / "objects" / "pack").glob("*.promisor"))


def _adopt(path: Path, source: str, timeout: float) -> GitEnd:
    """Take a local partial clone as it is: link its object files, then set our refs to what it names.

    git's own fetch refuses such a source, because it sends only complete histories.
    """
    deadline = time.monotonic() + timeout
    listing = run_git(_git_dir(source), "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags")
    ours = run_git(path, "for-each-ref", "--format=%(refname)")
    if listing.returncode or ours.returncode:
        return listing if listing.returncode else ours
    _link_objects(_git_dir(source) / "objects", path / "objects", deadline)
    wanted = {name: sha for sha, name in (line.split(b" ", 1) for line in listing.stdout.splitlines())}
    gone = [name for name in ours.stdout.splitlines() if name not in wanted]
    # Deleting first: branch "a" must be out of the way before "a/b" can come.
    run_git(path, "update-ref", "-z", "--stdin", stdin=b"".join(b"delete %s\0\0" % name for name in gone))
    updates = b"".join(b"update %s\0%s\0\0" % (name, sha) for name, sha in wanted.items())
    return run_git(path, "update-ref", "-z", "--stdin", stdin=updates, timeout=max(1.0, deadline - time.monotonic()))


def _link_objects(source: Path, target: Path, deadline: float) -> None:
    """Give ``target`` every pack and loose object of ``source`` it lacks; an index comes after its pack."""
    files = [*source.glob("??/*"), *source.glob("pack/*.pack"), *source.glob("pack/*.idx")]
    for file in files:
        wanted = target / file.relative_to(source)
        if wanted.exists() or file.is_symlink() or not file.is_file():
            continue
        if time.monotonic() > deadline:
            raise SourceError(
                "timeout", "The source's object files could not be taken over in time. Raise the timeout."
            )
        wanted.parent.mkdir(exist_ok=True)
        try:
            os.link(file, wanted)
        except OSError:  # another file system, or a file of somebody else that may not be linked
            partial = target / "pack" / f"tmp_{wanted.name}"
            shutil.copyfile(file, partial)
            partial.replace(wanted)
