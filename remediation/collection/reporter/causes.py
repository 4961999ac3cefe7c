"""What an exception says, as the fields of a ``Cause``. PYTEST_DONT_REWRITE"""

from __future__ import annotations

# Strings, not Path: half the price, paid for every node.
# ruff: noqa: PTH100, PTH113, PTH118, PTH119, PTH120
import contextlib
import difflib
import os
import re
import sys
import types
from typing import Any

from .endings import EndedAtImport
from .objects import message_of, type_of
from .places import Places
from .sources import Sources
from .traces import Steps, asked_of, file_of, is_import, is_source, module_of, steps_of, unwrap

MESSAGE, FRAMES, OUTSIDE, CHAIN, NEAR, NAMES, CYCLE = 4_000, 12, 4, 4, 5, 2_000, 20

_BASES = re.compile(r"Cannot create a consistent method resolution\s+order \(MRO\) for bases (.+)", re.DOTALL)
_NAME_ERROR = re.compile(r"name '([^']+)' is not defined")
_IMPORT_ERROR = re.compile(r"cannot import name '([^']+)'")
_MODULE_ATTRIBUTE = re.compile(r"module '([^']+)' has no attribute '([^']+)'")
_ATTRIBUTE = re.compile(r"has no attribute '([^']+)'")
_SITE = re.compile(r".*/(?:site|dist)-packages/")

_PASSED_OVER = ("importlib", __name__.rpartition(".")[0])  # frames that say nothing: Python's machinery, our own


class Causes:
    """What an exception says, as the fields of a ``Cause``: taken from the object, its frames and its chain."""

    def __init__(self, places: Places) -> None:
        self.root = places.root
        self.path = places.path
        self.text = places.text
        self.sources = Sources()
        self.library = os.path.realpath(os.path.dirname(os.__file__)) + os.sep

    def of(self, outer: BaseException) -> dict[str, Any]:
        """The real exception behind ``outer``, with those it was raised from."""
        if isinstance(outer, EndedAtImport) and outer.__cause__ is not None:
            return {**self.of(outer.__cause__), "type": "collection.Exit", "message": str(outer)}
        error = unwrap(outer)
        steps = steps_of(error.__traceback__)
        facts = self.facts(error, steps)
        chain: list[dict[str, Any]] = []
        seen = {id(error)}
        while len(chain) < CHAIN:
            link, how, steps = self.link(error, steps)
            if link is None or id(link) in seen:
                break
            seen.add(id(link))
            chain.append({"link": how, **self.facts(link, steps)})
            error = link
        if chain:
            facts["chain"] = chain
        return facts

    def link(self, error: BaseException, steps: Steps) -> tuple[BaseException | None, str, Steps]:
        """What the exception was raised from, in which way, and the whole way from pytest to it."""
        members = getattr(error, "exceptions", None)
        if isinstance(members, tuple) and members and isinstance(members[0], BaseException):
            return members[0], "group", steps + steps_of(members[0].__traceback__)
        link, how = error.__cause__, "cause"
        if link is None:
            # Also behind "raise ... from None": that hides the reason from readers, it does not undo it.
            link, how = error.__context__, "handled"
        if link is None:
            return None, "", []
        link = unwrap(link)
        inner = steps_of(link.__traceback__)
        # A traceback begins where the exception was caught; what led there is in the outer one.
        at = next((n for n, (frame, _) in enumerate(steps) if inner and frame is inner[0][0]), None)
        if at is None:
            return link, how, inner
        frame, line = steps[at]
        if how == "handled" and is_import(self.sources.statement(frame.f_code.co_filename, line)):
            how = "fallback"  # the handler tried another import, and that one failed
        return link, how, steps[:at] + inner

    def facts(self, error: BaseException, steps: Steps) -> dict[str, Any]:
        message = self.text(message_of(error))
        facts: dict[str, Any] = {"type": type_of(error), "frames": self.frames(steps), "outside": self.outside(steps)}
        if isinstance(error, (ImportError, NameError, AttributeError)):
            name = getattr(error, "name", None)
            facts["name"] = name if isinstance(name, str) else None
        if isinstance(error, NameError) and not facts["name"]:  # Python < 3.10
            found = _NAME_ERROR.search(message)
            facts["name"] = found.group(1) if found else None
        if isinstance(error, ImportError):
            found = _IMPORT_ERROR.match(message)
            facts["name_from"] = getattr(error, "name_from", None) or (found.group(1) if found else None)
            facts["path"] = self.path(error.path) if error.path else None
        if isinstance(error, SyntaxError):
            facts["filename"] = self.path(error.filename) if error.filename else None
            facts["lineno"] = error.lineno
        if isinstance(error, OSError) and isinstance(error.filename, str):
            facts["filename"] = self.path(error.filename)
        if isinstance(error, TypeError):
            bases = _BASES.search(message)
            facts["bases"] = [base.strip() for base in bases.group(1).split(",")] if bases else None
        if type(error).__name__ == "ImportPathMismatchError" and len(error.args) == 3:
            facts["name"] = str(error.args[0])
            message = ", ".join([facts["name"], self.path(error.args[1]), self.path(error.args[2])])
        facts["message"] = message[:MESSAGE]
        with contextlib.suppress(Exception):  # whatever a stranger's object does when it is looked at
            facts.update(self.owner(error, steps))
        return {key: value for key, value in facts.items() if value}

    def frames(self, steps: Steps) -> list[dict[str, Any]]:
        """Frames inside the repository, outermost first; of a long chain the first 4 and the last 8."""
        found = []
        for frame, line in steps:
            filename = os.path.abspath(frame.f_code.co_filename)
            if self.is_inside(frame):
                found.append((filename, line, frame.f_code.co_name))
        if len(found) > FRAMES:
            found = found[:4] + found[4 - FRAMES :]
        return [
            {
                "path": self.path(filename),
                "line": line,
                "function": function,
                "statement": self.sources.statement(filename, line),
                "pending": self.sources.pending(filename, line),
            }
            for filename, line, function in found
        ]

    def is_inside(self, frame: types.FrameType) -> bool:
        name = frame.f_code.co_filename
        return os.path.abspath(name).startswith(self.root + os.sep) and not name.startswith("<")

    def outside(self, steps: Steps) -> list[dict[str, str]]:
        """Frames outside the repository below its last one: the first and the last 3. No paths, no lines."""
        found: Steps = []
        for frame, line in steps:
            if self.is_inside(frame):
                found = []
            elif is_source(frame.f_code.co_filename) and not module_of(frame).startswith(_PASSED_OVER):
                found.append((frame, line))
        if len(found) > OUTSIDE:
            found = found[:1] + found[1 - OUTSIDE :]
        return [
            {
                "module": module_of(frame),
                "function": frame.f_code.co_name,
                "origin": self.origin(frame.f_code.co_filename, module_of(frame)),
                "statement": self.sources.statement(frame.f_code.co_filename, line),
            }
            for frame, line in found
        ]

    def origin(self, filename: str, module: str) -> str:
        """Whose file it is: "repository", "stdlib", "pytest" or "package"."""
        if module.partition(".")[0] in ("_pytest", "pytest", "pluggy"):
            return "pytest"
        if not filename:
            return "stdlib" if module.partition(".")[0] in sys.builtin_module_names else ""
        if filename.startswith("<frozen "):
            return "stdlib"
        path = os.path.abspath(filename)
        if path.startswith(self.root + os.sep):
            return "repository"
        inside = os.path.realpath(path).startswith(self.library) and not _SITE.match(path.replace(os.sep, "/"))
        return "stdlib" if inside else "package"

    def owner(self, error: BaseException, steps: Steps) -> dict[str, Any]:
        """What lacks a name: whose it is, the names it has that look alike, and the cycle it may stand in."""
        if isinstance(error, SyntaxError):
            return self.owner_of_file(error.filename or "")
        if isinstance(error, ImportError):
            return self.owner_of_import(error, steps)
        if isinstance(error, AttributeError):
            return self.owner_of_attribute(error, steps)
        request = getattr(getattr(error, "req", None), "key", None)  # pkg_resources.DistributionNotFound
        return {"name": request} if isinstance(request, str) else {}

    def owner_of_file(self, filename: str) -> dict[str, Any]:
        origin = self.origin(filename, "")
        if origin not in ("package", "stdlib"):
            return {"origin": origin}
        relative = _SITE.sub("", filename.replace(os.sep, "/")) if origin == "package" else os.path.basename(filename)
        return {"origin": origin, "owner": relative.rpartition(".py")[0].replace("/__init__", "").replace("/", ".")}

    def owner_of_import(self, error: ImportError, steps: Steps) -> dict[str, Any]:
        found = _IMPORT_ERROR.match(message_of(error))
        name = getattr(error, "name_from", None) or (found.group(1) if found else None)
        if not (error.name and name):
            return {}
        return self.owner_of_name(error.name, sys.modules.get(error.name), error.path or "", name, steps)

    def owner_of_attribute(self, error: AttributeError, steps: Steps) -> dict[str, Any]:
        thing, message = getattr(error, "obj", None), message_of(error)
        named = _MODULE_ATTRIBUTE.search(message)
        if thing is None and named:  # Python < 3.10
            thing = sys.modules.get(named.group(1))
        found = _ATTRIBUTE.search(message)
        name = getattr(error, "name", None) or (found.group(1) if found else "")
        if thing is None and not named:
            thing, name = asked_of(steps)
        if not name or (thing is None and not named):
            return {}
        if thing is None or issubclass(type(thing), types.ModuleType):
            module = str(getattr(thing, "__name__", "") or (named.group(1) if named else ""))
            facts = self.owner_of_name(module, thing, getattr(thing, "__file__", None) or "", name, steps)
            return {"name": name, "owner_is": "module", **facts}
        a_class = issubclass(type(thing), type)
        kind = thing if a_class else type(thing)
        if not a_class and any("__getattr__" in vars(base) for base in kind.__mro__):
            return {"name": name}  # it makes its attributes up: nothing is known of what it should have
        kind = self.expected_of(kind, name)
        module = str(kind.__module__)
        path = file_of(kind)
        return {
            "name": name,
            "owner": module + "." + kind.__qualname__,
            "owner_is": "class" if a_class else "instance",
            "origin": "stdlib" if module == "builtins" else self.origin(path, module),
            "near": self.near(name, [word for base in kind.__mro__ for word in vars(base)]),
        }

    def expected_of(self, kind: type, name: str) -> type:
        """The class that should have the name: a package's base, where no class of the repository ever binds it."""
        theirs = None
        for base in kind.__mro__:
            origin = self.origin(file_of(base), str(base.__module__))
            if origin == "repository" and self.sources.mentions(file_of(base), name):
                return kind
            theirs = theirs or (base if origin == "package" else None)
        return theirs or kind

    def owner_of_name(self, module: str, thing: Any, filename: str, name: str, steps: Steps) -> dict[str, Any]:
        return {
            "owner": module,
            "origin": self.origin(filename, module),
            "path": self.path(filename) if filename else None,
            "near": self.near(name, list(vars(thing)) if thing is not None else []),
            "cycle": self.cycle(module, filename, name, steps) if filename else None,
        }

    @staticmethod
    def near(name: str, names: list[Any]) -> list[str]:
        public = [word for word in names if isinstance(word, str) and not word.startswith("_") and word != name]
        return difflib.get_close_matches(name, public[:NAMES], NEAR)

    def cycle(self, module: str, filename: str, name: str, steps: Steps) -> list[str] | None:
        """The files from the module that lacks the name, still at its top level, to the one that asks it for it."""
        files = [os.path.abspath(f.f_code.co_filename) for f, _ in steps if f.f_code.co_name == "<module>"]
        filename = os.path.abspath(filename)
        folder = os.path.join(os.path.dirname(filename), name)
        submodules = [path for path in (folder + ".py", os.path.join(folder, "__init__.py")) if os.path.isfile(path)]
        # A submodule becomes an attribute of its package only when its own import has ended.
        begun = next((path for path in (*submodules, filename) if path in files), "")
        if not begun or files[-1] == begun:
            return None
        if not (submodules or self.sources.binds(filename, name)):
            return None  # it would not have the name at its end either
        way = [self.path(path) for path in files[files.index(begun) :]]
        return list(dict.fromkeys(way))[:CYCLE]
