"""Addresses and refs: what is accepted, what is refused, and that nothing hostile is ever run."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.collection import fetching
from remediation.collection.mirror import Mirror
from remediation.collection.source import CODES, SourceError, check_ref, check_source, protocol
from tests.collection.gitrepo import Repository

ACCEPTED = [
    ("https://github.com/a/b", "https://github.com/a/b", "https"),
    ("https://github.com/a/b.git/", "https://github.com/a/b.git", "https"),
    ("HTTPS://GitHub.com/A/b", "https://github.com/A/b", "https"),
    ("https://git.example.org:8443/team/project.git", "https://git.example.org:8443/team/project.git", "https"),
    ("https://[::1]:8443/a", "https://[::1]:8443/a", "https"),
    ("https://dev.azure.com/o/p%20q/_git/r", "https://dev.azure.com/o/p%20q/_git/r", "https"),
    ("ssh://git@host/a/b.git", "ssh://git@host/a/b.git", "ssh"),
    ("ssh://git@HOST:2222/a/b", "ssh://git@host:2222/a/b", "ssh"),
    ("ssh://host/a", "ssh://host/a", "ssh"),
    ("git@github.com:a/b.git", "git@github.com:a/b.git", "ssh"),
    ("git@host:/srv/git/a.git", "git@host:/srv/git/a.git", "ssh"),
]

# {canary} becomes a path that must never come to exist.
HOSTILE_SOURCES = [
    "",
    " ",
    "-",
    "--upload-pack=touch {canary}",
    "--upload-pack=touch {canary};false",
    "-u touch${{IFS}}{canary}",
    "--config=core.sshCommand=touch {canary}",
    "-c core.fsmonitor=touch {canary}",
    "--template={canary}",
    "--exec=touch {canary}",
    "ext::sh -c touch% {canary}",
    "ext::touch {canary}",
    "EXT::touch {canary}",
    "fd::17",
    "fd::17/foo",
    "transport::address",
    "file:///etc",
    "file://{canary}",
    "file://localhost/etc",
    "FILE:///etc",
    "/etc",
    "/",
    "../repo",
    "./repo",
    "repo",
    "~/repo",
    "C:\\repo",
    "http://github.com/a/b",
    "HTTP://github.com/a/b",
    "git://github.com/a/b",
    "ftp://host/a",
    "ftps://host/a",
    "rsync://host/a",
    "git+ssh://git@host/a",
    "ssh+git://git@host/a",
    "javascript:alert(1)",
    "data:text/plain,a",
    "ssh://-oProxyCommand=touch%20{canary}/a",
    "ssh://-oProxyCommand=touch${{IFS}}{canary}/a",
    "ssh://git@-oProxyCommand=touch{canary}/a",
    "ssh://-F{canary}@host/a",
    "ssh://%2DoProxyCommand=touch{canary}/a",
    "ssh://host",
    "ssh://host/",
    "ssh:///a",
    "ssh://user:password@host/a",
    "-oProxyCommand=touch{canary}@host:a",
    "git@-oProxyCommand=touch{canary}:a",
    "git@host:-oProxyCommand=touch{canary}",
    "git@host::a",
    "git@host:",
    "https://user:password@github.com/a/b",
    "https://ghp_token@github.com/a/b",
    "https://user:@github.com/a/b",
    "https://@github.com/a/b",
    "https://github.com",
    "https://github.com/",
    "https:///a/b",
    "https://-x/a",
    "https://github.com/a/b?private_token=secret",
    "https://github.com/a/b#main",
    "https://github.com\\@evil.example/a",
    "https://github.com/a b",
    "https://github.com/a\nb",
    "https://github.com/a\rb",
    "https://github.com/a\tb",
    "https://github.com/a\x00b",
    "https://github.com/a\x1bb",
    "https://github.com/a%0ahost=evil",
    "https://github.com/a%0Dhost=evil",
    "https://github.com/%00",
    "https://gith\u0443b.com/a",
    "https://github.com/\u202eb",
    "https://github.com:port/a",
    "https://github.com:123456/a",
    "https://github.com/" + "a" * 3_000,
    "https://::1/a",
    "https:github.com/a",
    "https//github.com/a",
]

HOSTILE_REFS = [
    "",
    "-",
    "--orphan=x",
    "--upload-pack=touch {canary}",
    "--output={canary}",
    "-o{canary}",
    "--exec=touch {canary}",
    "--git-dir=/",
    "@",
    "HEAD",
    "HEAD~1",
    "HEAD^",
    "main^{{commit}}",
    "main~1",
    "main@{{1}}",
    "@{{upstream}}",
    "main..other",
    "main...other",
    "^main",
    ":/fix",
    "main:file",
    "a b",
    "a\nb",
    "a\x00b",
    "a\x7fb",
    "a\tb",
    "a*b",
    "a?b",
    "a[b",
    "a\\b",
    "a//b",
    "/a",
    "a/",
    "a.",
    ".a",
    "a/.b",
    "a.lock",
    "a.lock/b",
    "../../etc/passwd",
    "a" * 300,
    "\ud800",
]


@pytest.mark.parametrize(("given_", "normal", "kind"), ACCEPTED)
def test_accepted_sources_come_back_in_one_spelling(given_: str, normal: str, kind: str) -> None:
    assert check_source(given_, allow_local=False) == normal
    assert check_source(normal, allow_local=False) == normal
    assert protocol(normal) == kind


@pytest.mark.parametrize("template", HOSTILE_SOURCES)
def test_a_hostile_source_is_refused_by_the_check_and_harmless_behind_it(template: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    source = template.format(canary=canary)
    with pytest.raises(SourceError) as refused:
        check_source(source, allow_local=False)
    assert refused.value.code == "source-refused"
    assert len(str(refused.value)) > 20
    assert "password" not in str(refused.value).replace("user name or password", "")
    with pytest.raises(SourceError):
        Mirror(tmp_path / "mirror.git", source).fetch(timeout=5)
    assert not (tmp_path / "mirror.git").exists()
    # The second wall: even unchecked it reaches git as an address, with one protocol allowed.
    local = source.startswith("/") or source.lower().startswith("file:")
    if source and "\x00" not in source and not local:
        with pytest.raises(SourceError):
            fetching.fetch(tmp_path / "second.git", source.replace("github.com", "127.0.0.1:9"), 5, 1 << 20)
    assert not canary.exists()


@pytest.mark.parametrize("template", HOSTILE_REFS)
def test_a_hostile_ref_is_refused_and_runs_nothing(template: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    ref = template.format(canary=canary)
    with pytest.raises(SourceError) as refused:
        check_ref(ref)
    assert refused.value.code == "source-refused"
    repository = Repository(tmp_path / "repository")
    repository.commit({"a.py": ""})
    mirror = Mirror(tmp_path / "mirror.git", str(repository.path), allow_local=True)
    mirror.fetch()
    with pytest.raises(SourceError):
        mirror.resolve(ref)
    assert not canary.exists()


def test_the_tables_hold_what_was_promised() -> None:
    assert len(HOSTILE_SOURCES) >= 60
    assert len(set(HOSTILE_SOURCES)) == len(HOSTILE_SOURCES)


def test_control_plain_git_does_run_a_command_given_as_an_address(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit({"a.py": ""})
    repository.git("remote", "add", "origin", str(repository.path))
    canary = tmp_path / "canary"
    subprocess.run(
        ["git", "ls-remote", f"--upload-pack=touch {canary};false"], cwd=repository.path, capture_output=True
    )
    assert canary.exists(), "git no longer runs it: the hostile table above has lost its teeth"


def test_local_sources_need_the_command_line_and_a_repository(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repo with space")
    path = str(repository.path)
    for source in (path, f"file://{path}"):
        with pytest.raises(SourceError, match="command line"):
            check_source(source, allow_local=False)
    assert check_source(path, allow_local=True) == path
    assert check_source(path + "/", allow_local=True) == path
    assert check_source("file://" + path.replace(" ", "%20"), allow_local=True) == path
    (tmp_path / "plain").mkdir()
    with pytest.raises(SourceError, match="not a git repository") as refused:
        check_source(str(tmp_path / "plain"), allow_local=True)
    assert refused.value.code == "source-refused"
    with pytest.raises(SourceError) as refused:
        check_source(str(tmp_path / "nowhere"), allow_local=True)
    assert refused.value.code == "source-unreachable"
    for bad in (f"{path}/../x", f"{path}\n", "file://host/x", f"file://{path}%00"):
        with pytest.raises(SourceError):
            check_source(bad, allow_local=True)


@pytest.mark.parametrize("ref", ["main", "v1.2", "feature/a-b", "release_1", "0" * 40, "ünïcode", "a@b", "deadbee"])
def test_usual_refs_are_accepted(ref: str) -> None:
    assert check_ref(ref) == ref


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab./@{}~^:?*[\\- \x01\x7f", min_size=1, max_size=8))
def test_every_ref_that_git_refuses_is_refused(ref: str) -> None:
    git = subprocess.run(["git", "check-ref-format", "--branch", ref], capture_output=True, cwd="/")
    if git.returncode:
        with pytest.raises(SourceError):
            check_ref(ref)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_the_check_answers_any_text_with_a_source_or_a_reason(text: str) -> None:
    try:
        source = check_source(text, allow_local=False)
    except SourceError as error:
        assert error.code in CODES
    else:
        assert source.startswith(("https://", "ssh://")) or "@" in source
