"""Root causes from real collections: every pytest version gives one kind and one key for one broken thing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from remediation.core.fingerprint import Identified, identify
from remediation.core.tree import with_tree
from tests.collection.conftest import LEVELS, OLDEST, VERSIONS, Collecting, write

PROJECT = {
    "app/__init__.py": "",
    "app/a.py": "from app.b import B\nA = 1\n",
    "app/b.py": "from app.a import A\nB = 1\n",
    "app/m.py": "import app.n\nM = 1\n",
    "app/n.py": "import app.m\nN = app.m.M\n",
    "app/partly.py": "import app.asks\n",
    "app/asks.py": "from app.partly import Nowhere\n",
    "app/new.py": "class Foo: pass\n",
    "app/old.py": "class Food: pass\n",
    "app/reraise.py": "try:\n    import gone_one\nexcept ImportError as e:\n    raise RuntimeError('install') from e\n",
    "app/handler.py": "try:\n    import gone_two\nexcept ImportError:\n    raise ImportError('install it') from None\n",
    "app/fallback.py": "try:\n    import gone_three\nexcept ImportError:\n    import gone_four\n",
    "app/python2.py": """
try:
    from html.parser import HTMLParser, HTMLParseError
except ImportError:
    from HTMLParser import HTMLParser, HTMLParseError
""",
    "app/handled.py": "try:\n    {}['x']\nexcept KeyError:\n    raise ValueError('Set X')\n",
    "app/sibling.py": "X = 1\n",
    "app/implicit.py": "import sibling\nprint(sibling.X)\n",
    "app/_fast.c": "",
    "app/compiled.py": "from app import _fast\n",
    "tests/test_circle_one.py": "import app.a\n",
    "tests/test_circle_two.py": "import app.b\n",
    "tests/test_submodule.py": "import app.m\n",
    "tests/test_no_circle.py": "import app.partly\n",
    "tests/test_near.py": "from app.old import Foo\n",
    "tests/test_attribute.py": "import app.old\napp.old.Foo\n",
    "tests/test_reraise.py": "import app.reraise\n",
    "tests/test_handler.py": "import app.handler\n",
    "tests/test_fallback.py": "import app.fallback\n",
    "tests/test_python2.py": "import app.python2\n",
    "tests/test_handled.py": "import app.handled\n",
    "tests/test_implicit.py": "import app.implicit\n",
    "tests/test_compiled.py": "import app.compiled\n",
    "setup.py": "from setuptools import Extension, setup\nsetup(ext_modules=[Extension('app._slow', ['slow.c'])])\n",
    "tests/test_declared.py": "from app import _slow\n",
    "tests/test_relative.py": "from . import thing\n",
    "tests/test_clock.py": "import time\ntime.clock()\n",
    "tests/test_unicode.py": "x = unicode\n",
    "tests/test_pytest.py": "import pytest\npytest.config\n",
    "tests/test_data.py": "import pathlib\n(pathlib.Path(__file__).parent / 'data/x.json').read_text()\n",
    "tests/test_twice.py": "import pytest\n@pytest.fixture\n@pytest.fixture\ndef f(): pass\ndef test_it(f): pass\n",
    "tests/test_null.py": "x = 1\0\n",
    "tests/test_deep.py": "def f(): f()\nf()\n",
    "tests/test_metadata.py": "import importlib.metadata\nimportlib.metadata.version('not-there')\n",
    "tests/test_plugin.py": "pytest_plugins = ['gone_plugin']\n",
    # Third-party code lies outside the repository
    "tests/test_dropped.py": "import asks_werkz\n",
    "tests/test_removed.py": "import asks_stdlib\n",
    "tests/test_needs.py": "import needs_more\n",
    "tests/test_old_syntax.py": "import old_syntax\n",
    "tests/test_broken.py": "import broken\n",
    "tests/test_settings_one.py": "import complains\ncomplains.setup()\n",
    "tests/test_settings_two.py": "from complains import setup\n\n\nsetup()\n",
    "tests/test_taken_out.py": "import moved_on\nmoved_on.Old\n",
    "app/derived.py": "from werkz import Flask\nclass App(Flask):\n    def __init__(self): self.ours = 1\n",
    "tests/test_base.py": "from app.derived import App\nApp().dropped\n",
    "tests/test_bound.py": "from app.derived import App\nApp.ours\n",
    "app/six.py": "class Importer:\n    def find_module(self, name, path=None): pass\n",
    "tests/test_hook.py": "from app.six.moves import urllib\n",
    "tests/test_variable_one.py": "import os\nos.environ['ATLAS_KEY']\n",
    "tests/test_variable_two.py": "import os\nos.environ['ATLAS_KEY']\n",
    "tests/test_object.py": "from werkz import Flask\nFlask().gone\n",
}
PACKAGES = {
    "moved_on/__init__.py": "def __getattr__(name):\n    raise AttributeError('`' + name + '` is no more')\n",
    "werkz/__init__.py": "class Flask: pass\n",
    "asks_werkz/__init__.py": "from werkz import url_quote\n",
    "asks_stdlib/__init__.py": "import collections\nX = collections.Mapping\n",
    "needs_more/__init__.py": "import gone_one\n",
    "old_syntax/__init__.py": "print 'x'\n",
    "broken/__init__.py": "int('x')\n",
    "complains/__init__.py": "class Unset(Exception): pass\ndef setup():\n    raise Unset('settings are missing')\n",
}
KINDS = {
    "tests/test_circle_one.py": ("circular-import", "cycle:app/a.py,app/b.py"),
    "tests/test_circle_two.py": ("circular-import", "cycle:app/a.py,app/b.py"),
    "tests/test_submodule.py": ("circular-import", "cycle:app/m.py,app/n.py"),
    "tests/test_no_circle.py": ("missing-name", "missing:app.partly.Nowhere"),
    "tests/test_near.py": ("missing-name", "missing:app.old.Foo"),
    "tests/test_attribute.py": ("missing-name", "missing:app.old.Foo"),
    "tests/test_reraise.py": ("missing-dependency", "missing:gone_one"),
    "tests/test_handler.py": ("missing-dependency", "missing:gone_two"),
    "tests/test_fallback.py": ("missing-dependency", "missing:gone_four"),
    "tests/test_python2.py": ("removed-stdlib", "missing:html.parser.HTMLParseError"),
    "tests/test_handled.py": ("raised-at-import", "raised:ValueError:Set X:app/handled.py"),
    "tests/test_implicit.py": ("wrong-path", "missing:sibling"),
    "tests/test_compiled.py": ("missing-dependency", "missing:app._fast"),
    "tests/test_declared.py": ("missing-dependency", "missing:app._slow"),
    "tests/test_relative.py": ("wrong-path", "relative:tests"),
    "tests/test_clock.py": ("removed-stdlib", "missing:time.clock"),
    "tests/test_unicode.py": ("removed-stdlib", "missing:builtins.unicode"),
    "tests/test_pytest.py": ("missing-dependency", "missing:pytest.config"),
    "tests/test_data.py": ("raised-at-import", "file:FileNotFoundError:tests/data/x.json"),
    "tests/test_null.py": ("syntax-error", "syntax:tests/test_null.py"),
    "tests/test_deep.py": ("raised-at-import", "raised:RecursionError:tests/test_deep.py"),
    "tests/test_metadata.py": ("missing-dependency", "distribution:not-there"),
    "tests/test_plugin.py": ("missing-dependency", "missing:gone_plugin"),
    "tests/test_dropped.py": ("missing-dependency", "missing:werkz.url_quote@asks_werkz"),
    "tests/test_removed.py": ("removed-stdlib", "missing:collections.Mapping@asks_stdlib"),
    "tests/test_needs.py": ("missing-dependency", "missing:gone_one"),
    "tests/test_old_syntax.py": ("missing-dependency", "syntax-outside:old_syntax"),
    "tests/test_broken.py": (
        "missing-dependency",
        "broken:broken:ValueError:invalid literal for int() with base N: 'x'",
    ),
    "tests/test_settings_one.py": ("raised-at-import", "raised:complains.Unset:settings are missing:complains:setup"),
    "tests/test_settings_two.py": ("raised-at-import", "raised:complains.Unset:settings are missing:complains:setup"),
    "tests/test_taken_out.py": ("missing-dependency", "missing:moved_on.Old"),
    "tests/test_base.py": ("missing-dependency", "missing:werkz.Flask.dropped"),
    "tests/test_bound.py": ("missing-name", "missing:app.derived.App.ours"),
    "tests/test_hook.py": ("removed-stdlib", "hook:app/six.py"),
    "tests/test_variable_one.py": ("raised-at-import", "variable:ATLAS_KEY"),
    "tests/test_variable_two.py": ("raised-at-import", "variable:ATLAS_KEY"),
    "tests/test_object.py": ("missing-dependency", "missing:werkz.Flask.gone"),
}


@pytest.mark.parametrize("version", (OLDEST, *VERSIONS))
def test_every_version_of_pytest_gives_the_same_root_causes(
    version: str, collecting: Collecting, bytecode: Callable[[str, int], Path]
) -> None:
    # Installed packages: outside the repository, where the target sees something of ours at any level.
    site = bytecode(version, LEVELS[0]) / "site-packages"
    write(site, PACKAGES)
    outcome = collecting(PROJECT, version, LEVELS[0], env={"PYTHONPATH": str(site)})
    assert outcome.verdict.result is not None, (outcome.verdict, outcome.collected.end)
    contents = {path: text.encode() for path, text in PROJECT.items()}
    result = with_tree(outcome.verdict.result, list(PROJECT), (), read=lambda path: contents.get(path, b""))
    found: dict[str, Identified] = {pair[0]: identified for pair, identified in identify(result).items()}
    assert found.pop("tests/test_twice.py").error.kind == "configuration"  # its words differ between versions
    assert {path: (one.error.kind, one.key) for path, one in found.items()} == KINDS
    near = found["tests/test_near.py"].error
    assert (near.cause.near, near.defined_in) == (("Food",), "app/new.py")
    circle = found["tests/test_circle_one.py"].error
    assert circle.cycle == ("app/a.py", "app/b.py")
    needs = found["tests/test_needs.py"].error.cause
    assert [(frame.module, frame.origin) for frame in needs.outside] == [("needs_more", "package")]
    # The way to the root of a chain begins at the test file.
    assert [frame.path for frame in found["tests/test_reraise.py"].error.cause.frames] == [
        "tests/test_reraise.py",
        "app/reraise.py",
    ]
