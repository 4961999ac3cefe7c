"""By what a file or a test was left out: an option, a conftest, a hook, a skip. PYTEST_DONT_REWRITE"""

from __future__ import annotations

# Strings, not Path: half the price, paid for every node.
# ruff: noqa: PTH100, PTH110, PTH112, PTH116, PTH117, PTH118, PTH119, PTH120
import fnmatch
import os
import types
from typing import Any

from .places import Places


def how_ignored(path: str, config: Any, places: Places, reporter: object) -> tuple[str, str]:
    """What makes pytest leave a path out, and its details, looked for in the order in which pytest does."""
    for plugin in config.pluginmanager.get_plugins():
        conftest = str(getattr(plugin, "__file__", None) or "")
        listed = names_path(plugin, conftest, path) if os.path.basename(conftest) == "conftest.py" else ""
        if listed:
            return "by-conftest", listed + " in " + places.path(conftest)
    for option, same in (("ignore", str.__eq__), ("ignore_glob", fnmatch.fnmatch)):
        for given in config.getoption(option, None) or []:
            if same(path, os.path.abspath(str(given))):
                return "by-option", "--" + option.replace("_", "-") + "=" + str(given)
    if os.path.exists(os.path.join(path, "pyvenv.cfg")):
        return "default-dir", places.path(path)
    for pattern in config.getini("norecursedirs") if os.path.isdir(path) else ():
        if fnmatch.fnmatch(path, "*/" + pattern):
            return "norecurse", str(pattern)
    hooks = {
        hook_place(places, impl.function.__code__)
        for impl in config.pluginmanager.hook.pytest_ignore_collect.get_hookimpls()
        if impl.plugin is not reporter and not str(impl.function.__module__).startswith("_pytest.")
    }
    return ("by-hook", "in " + " or ".join(sorted(hooks))) if hooks else ("", "")


def deselector(frame: Any, config: Any, places: Places) -> str:
    """Who calls pytest_deselected: an option of pytest's own with its value, or the file of a hook."""
    while frame is not None and str(frame.f_globals.get("__name__")).split(".")[0] == "pluggy":
        frame = frame.f_back
    module, name = str(frame.f_globals.get("__name__")), frame.f_code.co_name
    option = config.getoption
    if module.startswith("_pytest.mark"):
        return "-k " + repr(option("keyword")) if name == "deselect_by_keyword" else "-m " + repr(option("markexpr"))
    if module == "_pytest.main":
        return " ".join("--deselect " + str(prefix) for prefix in option("deselect") or [])
    return "a hook in " + hook_place(places, frame.f_code)


def hook_place(places: Places, code: types.CodeType) -> str:
    """The file of a hook in the repository; of any other its name without the way to it."""
    shown = places.path(code.co_filename)
    return "/".join(shown.split("/")[-2:]) if os.path.isabs(shown) else shown


def names_path(conftest: Any, filename: str, path: str) -> str:
    """The name of a conftest's list that holds the path, "" where none does."""
    for listed, same in (("collect_ignore", str.__eq__), ("collect_ignore_glob", fnmatch.fnmatch)):
        for given in getattr(conftest, listed, None) or []:
            if same(path, os.path.abspath(os.path.join(os.path.dirname(filename), str(given)))):
                return listed
    return ""


def how_skipped(report: Any) -> dict[str, str]:
    """How a collector was skipped as a whole, by its exception and not by its words."""
    error = report.call.excinfo.value
    traceback = error.__traceback__
    while traceback is not None:
        frame = traceback.tb_frame
        if frame.f_code.co_name == "importorskip" and frame.f_globals.get("__name__") == "_pytest.outcomes":
            return {"how": "importorskip", "module": str(frame.f_locals.get("modname", ""))}
        traceback = traceback.tb_next
    return {"how": "unittest" if type(error).__module__.startswith("unittest.") else "skip"}


def how_empty(collector: Any) -> dict[str, str]:
    """Why a module that was imported gives no test."""
    if getattr(getattr(collector, "_obj", None), "__test__", None) is False:
        return {"how": "test-false"}
    path = str(getattr(collector, "path", None) or collector.fspath)
    return {"how": "empty", "by": "" if os.stat(path).st_size else "the file is empty"}
