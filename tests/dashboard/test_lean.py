"""Styles and scripts are served without what is only for their readers, and mean the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import override_settings

from dashboard.lean import lean


@pytest.mark.parametrize(
    ("name", "text", "served"),
    [
        (
            "css/a.css",
            "/* why */\na { color: red } /* x\n y */\n\n  b { top: 0 }\n",
            "a { color: red }\nb { top: 0 }\n",
        ),
        ("css/a.css", 'a::before { content: "//" }\n', 'a::before { content: "//" }\n'),
        ("js/a.js", "// why\n  go(1); // stays\n\n    // gone\n", "go(1); // stays\n"),
        ("js/a.js", 'say("https://a /* b */");\n', 'say("https://a /* b */");\n'),
    ],
)
def test_only_what_no_browser_reads_is_left_out(name: str, text: str, served: str) -> None:
    assert lean(name, text) == served


@pytest.mark.parametrize("script", sorted(Path("static/js").glob("*.js")), ids=lambda path: path.name)
def test_no_script_holds_a_string_of_several_lines(script: Path) -> None:
    assert "`" not in script.read_text()


def test_a_deployment_serves_them_lean(tmp_path: Path) -> None:
    stores = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "dashboard.lean.LeanStorage"},
    }
    finders = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    with override_settings(STATIC_ROOT=str(tmp_path), STORAGES=stores, STATICFILES_FINDERS=finders):
        call_command("collectstatic", interactive=False, verbosity=0)
    sheet = next(tmp_path.glob("css/tokens.*.css")).read_text()
    assert sheet.startswith(":root {") and "/*" not in sheet and "--c8: #9e9abc" in sheet
    assert not any(line.startswith("//") for line in next(tmp_path.glob("js/app.*.js")).read_text().splitlines())
