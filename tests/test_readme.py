"""What the README says is checked where it can be: commands, options, variables, make targets, paths."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
SETTINGS = (ROOT / "dashboard" / "settings.py").read_text()


def commands() -> list[str]:
    return sorted(set(re.findall(r"manage\.py ([a-z_]+)", README)))


def test_it_names_commands_at_all() -> None:
    assert len(commands()) >= 5


@pytest.mark.parametrize("name", commands())
def test_every_command_exists_with_its_options(name: str) -> None:
    assert get_commands().get(name) == "dashboard", f"{name} is no command of ours"
    parser = load_command_class("dashboard", name).create_parser("manage.py", name)
    known = {option for action in parser._actions for option in action.option_strings}
    lines = [line.split("#")[0] for line in README.splitlines() if f"manage.py {name}" in line]
    named = {option for line in lines for option in re.findall(r"--[a-z-]+", line)}
    assert named <= known, f"{name} has no {', '.join(sorted(named - known))}"


def test_every_variable_is_read_by_the_settings() -> None:
    rows = [line.split("|")[1] for line in README.splitlines() if re.match(r"\| `[A-Z]", line)]
    names = {name for row in rows for name in re.findall(r"`([A-Z][A-Z_]+)`", row)}
    assert len(names) >= 8
    assert {name for name in names if f'"{name}"' not in SETTINGS} == set()


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"^make ([a-z-]+)", README, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target} does not exist"


def test_every_named_path_exists() -> None:
    for path in set(re.findall(r"`((?:remediation|dashboard|tests)/[a-z_/.]*)`", README)):
        assert (ROOT / path).exists(), path
