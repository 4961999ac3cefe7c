"""The bare mirror: following a source, and the questions a pass asks, on real repositories."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from remediation.collection import fetching
from remediation.collection.mirror import Mirror, SourceError
from tests.collection.gitrepo import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


@pytest.fixture
def mirror(repository: Repository, tmp_path: Path) -> Mirror:
    return Mirror(tmp_path / "mirror.git", str(repository.path), allow_local=True)


def test_branches_tags_and_ids_resolve(repository: Repository, mirror: Mirror) -> None:
    first = repository.commit({"a.py": "1"})
    repository.git("tag", "-a", "-m", "annotated", "v1")
    repository.git("branch", "feature/x")
    second = repository.commit({"a.py": "2"})
    repository.git("branch", first[:8], second)  # a branch that looks like an abbreviated id
    mirror.fetch()
    assert mirror.resolve("main") == mirror.resolve("refs/heads/main") == second
    assert mirror.resolve("v1") == mirror.resolve("refs/tags/v1") == mirror.resolve("feature/x") == first
    assert mirror.resolve(first) == mirror.resolve(first[:7]) == first
    assert mirror.resolve(first[:8]) == second, "a name goes before an abbreviation"
    assert mirror.default_branch() == "main"


def test_what_is_not_there_is_said_by_code(repository: Repository, mirror: Mirror) -> None:
    with pytest.raises(SourceError) as never:
        mirror.resolve("main")
    assert never.value.code == "ref-missing"
    assert "Fetch" in str(never.value)
    repository.commit({"a.py": "1"})
    mirror.fetch()
    with pytest.raises(SourceError) as branch:
        mirror.resolve("nope")
    assert branch.value.code == "ref-missing"
    for sha in ("0" * 40, "abcdef0"):
        with pytest.raises(SourceError) as commit:
            mirror.resolve(sha)
        assert commit.value.code == "commit-missing"
    blob = repository.git("rev-parse", "main:a.py")
    with pytest.raises(SourceError):
        mirror.resolve(blob)


def test_a_commit_is_told_in_clean_text_and_utc(repository: Repository, mirror: Mirror) -> None:
    message = "red \x1b[31malert\u202e\n\nbody is left out"
    sha = repository.commit({"a.py": "1"}, message)
    mirror.fetch()
    commit = mirror.commit(sha)
    assert (commit.sha, commit.subject) == (sha, "red alert")
    assert (commit.author_name, commit.author_email) == ("Ada", "ada@example.org")
    assert commit.committed_at == datetime.fromtimestamp(1_757_000_060, UTC)
    assert commit.committed_at.utcoffset() is not None


def test_a_commit_without_message_or_with_an_absurd_time_is_still_a_commit(
    repository: Repository, mirror: Mirror
) -> None:
    tree = repository.git("write-tree")
    raw = f"tree {tree}\nauthor  <> 99999999999999999 +0000\ncommitter  <> 99999999999999999 +0000\n\n"
    sha = repository.git("hash-object", "-t", "commit", "--literally", "-w", "--stdin", stdin=raw.encode())
    repository.git("update-ref", "refs/heads/main", sha)
    mirror.fetch()
    commit = mirror.commit("main")
    assert (commit.sha, commit.subject, commit.author_name) == (sha, "", "")
    assert commit.committed_at.utcoffset() is not None


def test_positions_follow_first_parents_through_merges(repository: Repository, mirror: Mirror) -> None:
    root = repository.commit({"a.py": "1"})
    repository.git("checkout", "-q", "-b", "side")
    side = repository.commit({"b.py": "1"})
    repository.git("checkout", "-q", "main")
    second = repository.commit({"a.py": "2"})
    repository.git("merge", "--quiet", "--no-ff", "-m", "merge", "side")
    merge = repository.git("rev-parse", "HEAD")
    last = repository.commit({"a.py": "3"})
    mirror.fetch()
    assert mirror.first_parents("main") == [last, merge, second, root]
    assert mirror.first_parents("main", limit=2) == [last, merge]
    assert [mirror.position("main", sha) for sha in (root, second, merge, last)] == [1, 2, 3, 4]
    assert mirror.position("main", side) is None
    assert mirror.position("side", side) == 2
    assert mirror.is_ancestor(side, last)
    assert mirror.is_ancestor(last, last)
    assert not mirror.is_ancestor(last, side)
    newest = repository.commit({"a.py": "4"})
    mirror.fetch()
    assert mirror.position("main", newest) == 5, "a new tip is not answered from an old line"


def test_a_force_push_moves_the_ref_and_keeps_the_recorded_commit(repository: Repository, mirror: Mirror) -> None:
    repository.commit({"a.py": "1"})
    lost = repository.commit({"a.py": "2"})
    mirror.fetch()
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    kept = repository.commit({"a.py": "3"})
    repository.git("reflog", "expire", "--expire=now", "--all")
    repository.git("gc", "--quiet", "--prune=now")
    mirror.fetch()
    assert mirror.resolve("main") == kept
    assert mirror.position("main", lost) is None
    assert mirror.read(lost, "a.py") == b"2"


def test_deleted_and_replaced_branches_are_pruned(repository: Repository, mirror: Mirror) -> None:
    sha = repository.commit({"a.py": "1"})
    repository.git("branch", "topic")
    mirror.fetch()
    repository.git("branch", "-D", "topic")
    repository.git("branch", "topic/part")
    mirror.fetch()
    assert mirror.resolve("topic/part") == sha
    with pytest.raises(SourceError):
        mirror.resolve("topic")


def test_a_source_that_disappeared_says_so_and_the_mirror_stays_readable(
    repository: Repository, mirror: Mirror
) -> None:
    sha = repository.commit({"a.py": "1"})
    mirror.fetch()
    shutil.rmtree(repository.path)
    with pytest.raises(SourceError) as gone:
        mirror.fetch()
    assert gone.value.code == "source-unreachable"
    assert mirror.resolve("main") == sha
    assert mirror.read("main", "a.py") == b"1"
    again = Mirror(mirror.path, mirror.source, allow_local=True)
    assert again.first_parents("main") == [sha]


def test_an_empty_repository_is_fetched_and_has_no_ref(mirror: Mirror, repository: Repository) -> None:
    mirror.fetch()
    with pytest.raises(SourceError) as empty:
        mirror.resolve("main")
    assert empty.value.code == "ref-missing"
    sha = repository.commit({"a.py": ""})
    mirror.fetch()
    assert mirror.resolve("main") == sha


def test_a_remote_that_never_answers_ends_in_time_and_leaves_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        mirror = Mirror(tmp_path / "mirror.git", f"https://127.0.0.1:{port}/a")
        started = time.monotonic()
        with pytest.raises(SourceError) as slow:
            mirror.fetch(timeout=2)
        assert time.monotonic() - started < 6
        assert slow.value.code == "timeout"
    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert f"127.0.0.1:{port}" not in left


def test_a_refused_connection_is_unreachable(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(SourceError) as refused:
        Mirror(tmp_path / "mirror.git", f"https://127.0.0.1:{port}/a").fetch(timeout=10)
    assert refused.value.code == "source-unreachable"
    assert "Check the address" in str(refused.value)


def test_a_repository_over_the_size_limit_is_refused(repository: Repository, mirror: Mirror) -> None:
    repository.commit({"noise.bin": os.urandom(300_000)})
    with pytest.raises(SourceError) as large:
        mirror.fetch(limit_bytes=100_000)
    assert large.value.code == "too-large"


def test_locks_and_halves_of_a_killed_git_do_not_stop_the_next_fetch(repository: Repository, mirror: Mirror) -> None:
    repository.commit({"a.py": "1"})
    mirror.fetch()
    (mirror.path / "refs/heads/main.lock").write_text("")
    (mirror.path / "packed-refs.lock").write_text("")
    half = mirror.path / "objects/pack/tmp_pack_half"
    half.parent.mkdir(exist_ok=True)
    half.write_text("half")
    (mirror.path / "HEAD").unlink()  # killed inside git init
    sha = repository.commit({"a.py": "2"})
    mirror.fetch()
    assert mirror.resolve("main") == sha
    assert not half.exists()


def test_many_small_packs_are_put_together_and_nothing_is_lost(repository: Repository, mirror: Mirror) -> None:
    commits = []
    for number in range(8):
        commits.append(repository.commit({f"f{number}.py": str(number)}))
        mirror.fetch()
    repository.git("reset", "--quiet", "--hard", commits[3])
    mirror.fetch()
    packs = mirror.path / "objects/pack"
    assert len(list(packs.glob("*.pack"))) == 8
    fetching.tidy(mirror.path, most=3)
    assert len(list(packs.glob("*.pack"))) < 4
    assert mirror.read(commits[7], "f7.py") == b"7", "no ref names this commit any more, a recorded pass may"


def test_two_fetches_at_once_wait_for_each_other(repository: Repository, mirror: Mirror) -> None:
    for number in range(20):
        repository.commit({f"f{number}.py": str(number)})
        repository.git("branch", f"b{number}")
    failures: list[SourceError] = []

    def fetch() -> None:
        try:
            Mirror(mirror.path, mirror.source, allow_local=True).fetch()
        except SourceError as error:
            failures.append(error)

    threads = [threading.Thread(target=fetch) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert mirror.resolve("b19") == mirror.resolve("main")


def test_a_fetch_that_is_locked_out_gives_up_in_time(repository: Repository, mirror: Mirror) -> None:
    repository.commit({"a.py": ""})
    mirror.fetch()
    code = (
        "import fcntl, sys, time; f = open(sys.argv[1]); fcntl.flock(f, 2); print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, f"{mirror.path}.lock"], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(SourceError) as busy:
            mirror.fetch(timeout=0.5)
        assert busy.value.code == "timeout"
    finally:
        holder.kill()
        holder.communicate()


def test_a_partial_clone_is_taken_as_it_is(repository: Repository, tmp_path: Path) -> None:
    large = os.urandom(50_000)
    first = repository.commit({"a.py": "1", "large.bin": large})
    repository.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial.git"
    clone = ["clone", "--quiet", "--bare", "--filter=blob:limit=10k", f"file://{repository.path}", str(partial)]
    repository.git(*clone)
    away = repository.path.rename(tmp_path / "away")
    mirror = Mirror(tmp_path / "mirror.git", str(partial), allow_local=True)
    mirror.fetch()
    assert mirror.resolve("main") == first
    assert mirror.read("main", "a.py") == b"1"
    assert mirror.read("main", "large.bin", limit=1 << 20) is None
    assert {entry.path: entry.size for entry in mirror.tree("main")} == {"a.py": 1, "large.bin": -1}
    away.rename(repository.path)
    second = repository.commit({"a.py": "2"})
    repository.git("branch", "topic")
    environment = {**os.environ, "GIT_DIR": str(partial)}
    fetch = ["git", "fetch", "--quiet", str(repository.path), "+refs/heads/*:refs/heads/*", "--filter=blob:limit=10k"]
    subprocess.run(fetch, env=environment, check=True)
    mirror.fetch()
    assert mirror.resolve("topic") == mirror.resolve("main") == second
    subprocess.run(["git", "update-ref", "-d", "refs/heads/topic"], env=environment, check=True)
    shutil.rmtree(repository.path)
    mirror.fetch()
    with pytest.raises(SourceError):
        mirror.resolve("topic")
    assert mirror.read(second, "a.py") == b"2"
    shutil.rmtree(partial)
    assert mirror.read(second, "a.py") == b"2", "the mirror holds its own objects"


def test_control_git_itself_refuses_to_fetch_from_that_partial_clone(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a.py": "1", "large.bin": os.urandom(50_000)})
    repository.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial.git"
    repository.git("clone", "--quiet", "--bare", "--filter=blob:limit=10k", f"file://{repository.path}", str(partial))
    shutil.rmtree(repository.path)
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "plain.git")], check=True)
    fetch = ["git", "-C", str(tmp_path / "plain.git"), "fetch", f"file://{partial}", "+refs/heads/*:refs/heads/*"]
    assert subprocess.run(fetch, capture_output=True).returncode != 0


def test_a_local_source_of_another_user_is_served(repository: Repository, mirror: Mirror) -> None:
    sha = repository.commit({"a.py": "1"})
    if os.getuid() == 0:
        subprocess.run(["chown", "-R", "65534:65534", str(repository.path)], check=True)
    else:  # nobody can give files away without being root: then at least our own must work
        assert repository.path.stat().st_uid == os.getuid()
    mirror.fetch()
    assert mirror.resolve("main") == sha


def test_a_linked_work_tree_is_a_source(repository: Repository, tmp_path: Path) -> None:
    sha = repository.commit({"a.py": "1"})
    repository.git("worktree", "add", "--quiet", "-b", "linked", str(tmp_path / "linked"))
    mirror = Mirror(tmp_path / "mirror.git", str(tmp_path / "linked"), allow_local=True)
    mirror.fetch()
    assert mirror.resolve("main") == sha
    assert mirror.default_branch() == "linked"


def test_the_settings_of_a_hostile_source_and_of_the_user_run_nothing(
    repository: Repository, mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = tmp_path / "canary"
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        f'[core]\n\tfsmonitor = "touch {canary}"\n[uploadpack]\n\tpackObjectsHook = "touch {canary}"\n'
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", f"'core.fsmonitor'='touch {canary}'")
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", f"touch {canary}")
    sha = repository.commit({"a.py": "1"})
    for key in ("core.fsmonitor", "core.sshCommand", "diff.external", "uploadpack.packObjectsHook", "core.gitProxy"):
        repository.git("config", key, f"touch {canary}")
    for hook in ("post-upload-pack", "reference-transaction", "post-update", "update"):
        file = repository.path / ".git/hooks" / hook
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\ntouch {canary}\n")
        file.chmod(0o755)
    mirror.fetch()
    assert mirror.resolve("main") == sha
    mirror.changed(sha, sha)
    assert not canary.exists()


def _tree(*entries: tuple[str, bytes, str]) -> bytes:
    return b"".join(mode.encode() + b" " + name + b"\0" + bytes.fromhex(sha) for mode, name, sha in entries)


@pytest.mark.parametrize("name", [b"..", b".", b".git", b".GIT", b".git.", b".git ", b"git~1"])
def test_a_tree_with_a_path_that_leaves_the_checkout_is_refused(
    repository: Repository, tmp_path: Path, name: bytes
) -> None:
    blob = repository.blob(b"x")
    inner = repository.git(
        "hash-object", "-t", "tree", "--literally", "-w", "--stdin", stdin=_tree(("100644", b"f", blob))
    )
    repository.commit_tree(_tree(("40000", name, inner)))
    mirror = Mirror(tmp_path / "mirror.git", str(repository.path), allow_local=True)
    mirror.fetch()
    with pytest.raises(SourceError) as refused:
        mirror.tree("hostile")
    assert refused.value.code == "source-refused"


def test_a_tree_in_which_a_link_is_also_a_directory_is_refused(repository: Repository, mirror: Mirror) -> None:
    blob, link = repository.blob(b"x"), repository.blob(b"/etc")
    inner = repository.git(
        "hash-object", "-t", "tree", "--literally", "-w", "--stdin", stdin=_tree(("100644", b"f", blob))
    )
    repository.commit_tree(_tree(("120000", b"a", link), ("40000", b"a", inner)))
    mirror.fetch()
    with pytest.raises(SourceError, match="twice"):
        mirror.tree("hostile")


@pytest.mark.parametrize("path", [b"d/" * 3_000 + b"f.py", b"n" * 300 + b".py"])
def test_paths_longer_than_any_file_system_takes_are_refused(
    repository: Repository, mirror: Mirror, path: bytes
) -> None:
    head = b"commit refs/heads/hostile\ncommitter A <a@b> 1757000000 +0000\ndata 1\nx\n"
    repository.git("fast-import", "--quiet", stdin=head + b"M 100644 inline " + path + b"\ndata 1\nx\n")
    mirror.fetch()
    with pytest.raises(SourceError) as long:
        mirror.tree("hostile")
    assert long.value.code == "too-large"


def test_odd_names_survive_the_listing_and_the_reading(repository: Repository, mirror: Mirror) -> None:
    names = [
        "new\nline.py",
        "tab\t.py",
        'quo"te.py',
        "back\\slash.py",
        ":(top)x.py",
        "-x.py",
        "a*.py",
        "ü.py",
        "\udcff.py",
    ]
    blobs = [(name, repository.blob(name.encode("utf-8", "surrogateescape"))) for name in names]
    entries = sorted((os.fsencode(name), blob) for name, blob in blobs)
    repository.commit_tree(_tree(*(("100644", name, blob) for name, blob in entries)))
    mirror.fetch()
    assert {entry.path for entry in mirror.tree("hostile")} == set(names)
    for name in names:
        assert mirror.read("hostile", name) == name.encode("utf-8", "surrogateescape")


def test_read_gives_regular_files_within_the_limit_only(repository: Repository, mirror: Mirror) -> None:
    (repository.path / "link.toml").symlink_to("/etc/passwd")
    repository.commit({"pyproject.toml": "[project]\n", "pkg/setup.cfg": "", "large.txt": "x" * 2_000})
    mirror.fetch()
    assert mirror.read("main", "pyproject.toml") == b"[project]\n"
    assert mirror.read("main", "pkg/setup.cfg") == b""
    assert mirror.read("main", "large.txt", limit=1_999) is None
    for path in ("link.toml", "pkg", "absent", "", "/etc/passwd", "../x", "pkg/"):
        assert mirror.read("main", path) is None, path


def test_renames_changes_and_the_log_between(repository: Repository, mirror: Mirror) -> None:
    body = "".join(f"line {number}\n" for number in range(40))
    before = repository.commit({"tests/old_name.py": body, "stays.py": "1", "goes.py": "1"})
    repository.git("mv", "tests/old_name.py", "tests/new\tname.py")
    moved = repository.commit({"tests/new\tname.py": body + "one more\n"}, "move it")
    after = repository.commit({"stays.py": "2", "goes.py": None}, "rest")
    mirror.fetch()
    assert mirror.renames(before, after) == {"tests/old_name.py": "tests/new\tname.py"}
    assert mirror.changed(before, after) == ["goes.py", "stays.py", "tests/new\tname.py", "tests/old_name.py"]
    assert mirror.changed(after, after) == []
    assert [commit.subject for commit in mirror.log_between(before, after, [], 10)] == ["rest", "move it"]
    assert [commit.sha for commit in mirror.log_between(before, after, ["tests/new\tname.py"], 10)] == [moved]
    assert [commit.sha for commit in mirror.log_between(before, after, [], 1)] == [after]
    assert mirror.log_between(after, after, [], 10) == []
    assert mirror.log_between(before, after, ["*"], 10) == [], "a path is a name, never a pattern"


def test_renames_in_a_partial_clone_are_the_exact_ones(repository: Repository, tmp_path: Path) -> None:
    noise = os.urandom(50_000)
    before = repository.commit({"a.bin": noise, "b.bin": os.urandom(50_000)})
    repository.git("mv", "a.bin", "c.bin")
    repository.git("mv", "b.bin", "d.bin")
    after = repository.commit({"d.bin": (repository.path / "d.bin").read_bytes() + b"x"})
    repository.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial.git"
    repository.git("clone", "--quiet", "--bare", "--filter=blob:limit=10k", f"file://{repository.path}", str(partial))
    mirror = Mirror(tmp_path / "mirror.git", str(partial), allow_local=True)
    mirror.fetch()
    assert mirror.renames(before, after) == {"a.bin": "c.bin"}


def test_a_repository_with_sha256_names_is_refused_in_plain_words(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository", "--object-format=sha256")
    repository.commit({"a.py": ""})
    with pytest.raises(SourceError) as refused:
        Mirror(tmp_path / "mirror.git", str(repository.path), allow_local=True).fetch()
    assert refused.value.code == "source-unreachable"
    assert "SHA-256" in str(refused.value)


def test_a_source_behind_https_is_mirrored_and_followed(tmp_path: Path, https_repository: str) -> None:
    mirror = Mirror(tmp_path / "mirror.git", https_repository)
    mirror.fetch()
    assert mirror.default_branch() == "main"
    assert mirror.resolve("next") == mirror.resolve("main")
    assert mirror.read(mirror.resolve("main"), "tests/test_a.py") == b"def test_a(): pass\n"
    mirror.fetch()
    fetching.check_answers(https_repository, "next")
    with pytest.raises(SourceError) as refused:
        fetching.check_answers(https_repository, "nowhere")
    assert refused.value.code == "ref-missing"


def test_a_certificate_that_nobody_vouches_for_is_refused(
    tmp_path: Path, https_repository: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GIT_SSL_CAINFO")
    with pytest.raises(SourceError) as refused:
        Mirror(tmp_path / "mirror.git", https_repository).fetch(timeout=20)
    assert refused.value.code == "source-unreachable"
