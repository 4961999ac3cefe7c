"""An ssh on PATH that looks at what it was given like a server would, and then serves the repository itself.

No machine is sure to have an sshd. What git hands to ssh, and what becomes of ssh's answers, is real; that the real
ssh reads the configuration as it is meant is asked of it with ``ssh -G``.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

_PROGRAM = """#!{python}
import json, os, re, stat, subprocess, sys
from pathlib import Path

here = Path(__file__).parent
plan = json.loads((here / "plan.json").read_text())
words = sys.argv[1:]
config = Path(words[words.index("-F") + 1]) if "-F" in words else None
seen = {{"argv": words, "environment": dict(os.environ)}}
if config:
    text = config.read_text()
    names = ("IdentityFile", "UserKnownHostsFile")
    key, known = (Path(re.search(name + r' "(.*)"', text)[1].replace("%%", "%")) for name in names)
    modes = [oct(stat.S_IMODE(path.stat().st_mode)) for path in (key, known, config, config.parent)]
    seen |= {{"config": text, "key": key.read_text(), "known": known.read_text(), "modes": modes}}
with (here / "seen.jsonl").open("a") as log:
    log.write(json.dumps(seen) + "\\n")
if config and seen["known"].strip() and plan["host_key"] not in seen["known"]:
    sys.stderr.write(
        "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\\n"
        "The fingerprint for the ED25519 key sent by the remote host is\\n" + plan["fingerprint"] + ".\\n"
        "Host key verification failed.\\n"
    )
    sys.exit(255)
if config and not seen["known"].strip():
    assert "StrictHostKeyChecking accept-new" in text
    known.write_text("git.example.org " + plan["host_key"] + "\\n")
if plan["refuse"]:
    sys.stderr.write("git@git.example.org: Permission denied (publickey).\\n")
    sys.exit(255)
serve = ["git", "-c", "safe.directory=*", "upload-pack", plan["repository"]]
sys.exit(subprocess.run(serve, env={{"PATH": os.environ["PATH"]}}).returncode)
"""


class FakeSsh:
    """The program, and what it saw. ``host_key``: a public key line that it shows as the host's."""

    def __init__(self, folder: Path, repository: Path, host_key: str, fingerprint: str) -> None:
        self.folder = folder
        folder.mkdir()
        program = folder / "ssh"
        program.write_text(_PROGRAM.format(python=sys.executable))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.plan = {
            "repository": str(repository), "host_key": host_key, "fingerprint": fingerprint, "refuse": False,
        }  # fmt: skip
        self.set()

    def set(self, **changes: object) -> None:
        """Change what it does from now on."""
        self.plan |= changes
        (self.folder / "plan.json").write_text(json.dumps(self.plan))

    @property
    def path(self) -> str:
        """PATH with it in front."""
        return f"{self.folder}{os.pathsep}{os.environ['PATH']}"

    def seen(self) -> list[dict]:
        """What each call was given."""
        log = self.folder / "seen.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
