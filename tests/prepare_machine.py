"""Finds or fetches the browser the tests drive, and bubblewrap where that is easy. Run by `make test`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dashboard.testing import browser_arguments, find_browser


def main() -> int:
    """0 with a browser that really starts; 1 and what to do otherwise."""
    may_install = os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get") is not None
    if may_install and sys.platform == "linux" and not shutil.which("bwrap"):
        print("Installing bubblewrap: the tests of the isolated level need it.")
        if not install("bubblewrap"):
            print("bubblewrap could not be installed; the tests then run at the level that is there and say so.")
    if not (problem := launch()):
        return 0
    print("Fetching a browser (once).")
    playwright = [sys.executable, "-m", "playwright", "install", "chromium-headless-shell"]
    fetched = subprocess.run(playwright, capture_output=True, timeout=600, check=False).returncode == 0
    if fetched and not (problem := launch()):
        return 0
    if may_install and install("chromium") and not (problem := launch()):
        return 0
    print(f"No browser starts here: {problem}", file=sys.stderr)
    print("Install Chromium or Chrome, or set BROWSER_PATH to one, then run `make test` again.", file=sys.stderr)
    return 1


def install(package: str) -> bool:
    """apt-get install, with one refresh of the package lists."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["install", "-y", "-qq", package], ["update", "-qq"], ["install", "-y", "-qq", package]):
        done = subprocess.run(["apt-get", *command], env=environment, capture_output=True, timeout=900, check=False)
        if command[0] == "install" and done.returncode == 0:
            return True
    return False


def launch() -> str:
    """Start the browser on an empty page; "" when that works, else the first line of what went wrong."""
    from playwright.sync_api import Error, sync_playwright

    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=browser_arguments())
            browser.new_page().goto("about:blank")
            browser.close()
    except Error as error:
        return str(error).strip().splitlines()[0]
    return ""


if __name__ == "__main__":
    sys.exit(main())
