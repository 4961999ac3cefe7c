"""What opens a private repository reaches git, its own host, and nothing and nobody else."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from remediation.collection import fetching, ssh_keys
from remediation.collection.sign_in import SignIn, environment_for
from remediation.collection.source import SourceError, check_source, holds_password, host_of, without_password
from tests.gitserver import Door, serve
from tests.repositories import Repository

TOKEN = "canary-token-d41d8cd98f00b204"
PROXY = "Username for 'http://proxy.example.org:3128': "


@pytest.fixture
def door() -> Door:
    return Door("ada", TOKEN)


@pytest.fixture
def address(tmp_path: Path, door: Door, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    root = tmp_path / "served"
    made = Repository(root / "cirrus")
    made.commit({"tests/test_a.py": "def test_a(): pass\n"}, "Start")
    certificate = tmp_path / "certificate.pem"
    monkeypatch.setenv("GIT_SSL_CAINFO", str(certificate))
    with serve(root, certificate, door) as base:
        yield f"{base}/cirrus/.git"


def sign_in(address: str, folder: Path, token: str = TOKEN, user: str = "ada") -> SignIn:
    return SignIn(host_of(address), folder / "a folder of 100 %", user=user, token=token)


def why(address: str, given: SignIn | None) -> tuple[str, str]:
    with pytest.raises(SourceError) as error:
        fetching.check_answers(address, "main", given=given)
    assert TOKEN not in str(error.value)
    return error.value.why, str(error.value)


def test_a_token_opens_its_host_for_every_question_and_leaves_nothing(address: str, door: Door, tmp_path: Path) -> None:
    given = sign_in(address, tmp_path)
    assert fetching.branches(address, given=given) == ["main"]
    assert fetching.default_branch(address, 20, given) == "main"
    fetching.check_answers(address, "main", given=given)
    mirror = tmp_path / "mirror.git"
    fetching.fetch(mirror, address, 60, 1 << 30, given)
    assert len(fetching.tip(address, "main", given=given)) == 40
    assert any(header for _, header in door.asked) and list(given.folder.iterdir()) == []
    written = [path for path in mirror.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
    assert written == [] and "ada" not in (mirror / "config").read_text()


def test_every_refusal_is_a_sentence_of_its_own_with_what_to_do(address: str, door: Door, tmp_path: Path) -> None:
    given = sign_in(address, tmp_path)
    found = {
        "open": why(address, None),
        "wrong": why(address, sign_in(address, tmp_path, "another-token")),
    }
    for status in (403, 404, 302):
        door.answer, door.elsewhere = status, "https://elsewhere.example.org"
        found[str(status)] = why(address, given)
    nobody = "https://localhost:1/cirrus.git"
    found["network"] = why(nobody, sign_in(nobody, tmp_path))
    assert {name: code for name, (code, _) in found.items()} == {
        "open": "sign-in", "wrong": "token-refused", "403": "forbidden", "404": "not-found", "302": "redirect",
        "network": "network",
    }  # fmt: skip
    assert "(401). It may have expired" in found["wrong"][1] and "may not read this repository (403)" in found["403"][1]
    assert "under Credentials" in found["open"][1] and "(404)" in found["404"][1]
    assert len({text.partition(". ")[2] for _, text in found.values()}) == len(found)


def test_a_redirect_takes_it_nowhere(address: str, door: Door, tmp_path: Path) -> None:
    other = Door("ada", TOKEN)
    with serve(tmp_path / "served", tmp_path / "certificate.pem.2", other) as elsewhere:
        door.answer, door.elsewhere = 302, elsewhere
        why(address, sign_in(address, tmp_path))
    assert other.asked == []


def test_another_host_gets_nothing_whatever_asks(address: str, door: Door, tmp_path: Path) -> None:
    given = SignIn("git.example.org", tmp_path / "run", user="ada", token=TOKEN)
    assert not given.opens(address) and "Authentication failed" in why(address, given)[1]
    assert {header for _, header in door.asked} == {""}
    given = SignIn("git.example.org", tmp_path / "run", user="ada", token=TOKEN)
    with environment_for("https://git.example.org/a.git", given) as environment:
        ask = environment["GIT_ASKPASS"]
        said = {
            prompt: subprocess.run([ask, prompt], capture_output=True, text=True, env={"PATH": os.environ["PATH"]})
            for prompt in (
                "Username for 'https://git.example.org': ", "Password for 'https://ada@git.example.org': ", PROXY,
                "Password for 'https://ada@evil.example.org': ", "Username for 'http://git.example.org': ",
                "Password for 'https://ada@git.example.org.evil.example': ", "",
            )
        }  # fmt: skip
    assert [done.stdout for done in said.values()] == ["ada", TOKEN, "", "", "", "", ""]
    assert [done.returncode for done in said.values()] == [0, 0, 1, 1, 1, 1, 1]


def test_no_argument_and_no_variable_holds_it(tmp_path: Path) -> None:
    pair = ssh_keys.make("test")
    for source, given in (
        ("https://git.example.org/a.git", SignIn("git.example.org", tmp_path / "run", user="ada", token=TOKEN)),
        ("git@git.example.org:a.git", SignIn("git.example.org", tmp_path / "run", private_key=pair.private)),
    ):
        with environment_for(source, given) as environment:
            text = "\0".join(f"{name}={value}" for name, value in environment.items())
            assert TOKEN not in text and pair.private.splitlines()[2] not in text
            files = [path for path in given.folder.rglob("*") if path.is_file()]
            assert {path.stat().st_mode & 0o077 for path in (*files, *given.folder.iterdir(), given.folder)} == {0}
        assert list(given.folder.iterdir()) == [] and "token" not in repr(given) and pair.private not in repr(given)


def test_the_real_ssh_reads_the_configuration_as_it_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("ssh") is None:
        pytest.skip("no ssh on this machine")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/nonexistent/agent")
    folder = tmp_path / "100 % of it"
    given = SignIn("git.example.org", folder, private_key=ssh_keys.make("test").private)
    shown = {}
    for known in ("", "git.example.org ssh-ed25519 AAAA\n"):
        given.host_keys = known
        with environment_for("git@git.example.org:a.git", given) as environment:
            assert "SSH_AUTH_SOCK" not in environment
            command = environment["GIT_SSH_COMMAND"].replace("ssh -F", "ssh -G -F") + " git@git.example.org"
            done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, env=environment, check=True)
            place = command.split("'")[1].rpartition("/")[0]
        shown[known] = dict(line.partition(" ")[::2] for line in done.stdout.splitlines())
        assert shown[known]["identityfile"] == f"{place.replace('%', '%%')}/key"
        assert shown[known]["userknownhostsfile"] == f"{place}/known_hosts"
    first, later = shown.values()
    assert (first["stricthostkeychecking"], later["stricthostkeychecking"]) == ("accept-new", "true")
    for name, value in {
        "identitiesonly": "yes", "identityagent": "none", "batchmode": "yes", "forwardagent": "no",
        "globalknownhostsfile": "/dev/null", "preferredauthentications": "publickey", "updatehostkeys": "false",
    }.items():  # fmt: skip
        assert later[name] == value, name


def test_what_a_killed_worker_left_is_gone_before_long(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    for name, age in (("old", 7_200), ("young", 60)):
        (folder / name).mkdir(parents=True)
        (folder / name / "token").write_text(TOKEN)
        os.utime(folder / name, (time.time() - age,) * 2)
    with environment_for("https://git.example.org/a", SignIn("git.example.org", folder, user="ada", token=TOKEN)):
        pass
    assert [path.name for path in folder.iterdir()] == ["young"]


@pytest.mark.parametrize(
    ("source", "held"),
    [
        ("https://ada:secret@git.example.org/a", True), ("https://ghp_x@git.example.org/a", True),
        ("http://ada:secret@git.example.org/a", True), ("ssh://ada:secret@git.example.org/a", True),
        ("ada:secret@git.example.org/a", True), ("git@git.example.org:a", False), ("/srv/a:b@c", False),
        ("https://git.example.org/a@b", False), ("https://git.example.org/a", False),
        ("ssh://git@git.example.org/a", False),
    ],
)  # fmt: skip
def test_a_password_in_an_address_is_refused_and_not_repeated(source: str, held: bool) -> None:
    assert holds_password(source) is held
    if held:
        with pytest.raises(SourceError) as error:
            check_source(source, allow_local=False)
        assert "under Credentials" in str(error.value) and "secret" not in str(error.value)
        assert without_password(source).rpartition("//")[2] == "git.example.org/a"
    else:
        assert without_password(source) == source


def test_hosts_are_told_apart_by_their_ports() -> None:
    found = [host_of(source) for source in (
        "https://Git.example.org:8443/a", "ssh://git@git.example.org:22/a", "git@GIT.example.org:a", "/srv/a.git",
        "https://[::1]:8443/a",
    )]  # fmt: skip
    assert found == ["git.example.org:8443", "git.example.org:22", "git.example.org", "", "[::1]:8443"]


def test_keys_are_made_and_read_and_have_the_fingerprint_of_ssh_keygen(tmp_path: Path) -> None:
    plain, encoding = serialization.NoEncryption(), serialization.Encoding.PEM
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    for pair in (ssh_keys.make("remediation-dashboard atlas"), ssh_keys.read(pem.decode(), "pasted")):
        again = ssh_keys.read("  " + pair.private.replace("\n", "\r\n") + "\n\n", "pasted")
        assert again.public.split()[:2] == pair.public.split()[:2]
        if shutil.which("ssh-keygen"):
            (tmp_path / "key.pub").write_text(pair.public)
            shown = subprocess.run(["ssh-keygen", "-lf", str(tmp_path / "key.pub")], capture_output=True, text=True)
            assert ssh_keys.fingerprint(pair.public) == shown.stdout.split()[1]
    assert ssh_keys.fingerprints(f"host {pair.public}\n\n# comment\n") == [ssh_keys.fingerprint(pair.public)]


def test_what_is_no_key_is_refused_in_words_that_hold_nothing_of_it() -> None:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat
    key = ec.generate_private_key(ec.SECP256R1())
    weak = rsa.generate_private_key(65537, 1024)
    best = serialization.BestAvailableEncryption(b"passphrase")
    for text, says in {
        key.private_bytes(encoding, form.PKCS8, best).decode(): "passphrase",
        weak.private_bytes(encoding, form.OpenSSH, serialization.NoEncryption()).decode(): "at least 2,048 bits",
        ssh_keys.make("x").private[:200]: "not all of it", "": "no private key", "hunter2": "no private key",
        ssh_keys.make("x").public: "no private key",
    }.items():  # fmt: skip
        with pytest.raises(ssh_keys.BadKey, match=says):
            ssh_keys.read(text, "x")
