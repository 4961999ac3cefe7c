"""Reading what repositories declare: the recipe a maintainer would use, from text alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from remediation.collection.constraints import specifier
from remediation.collection.declared import Declared, is_declaring, read_declared
from remediation.collection.distributions import distribution_names, import_names
from remediation.collection.recipe import BuildError, check_recipe, plan
from remediation.collection.requirements import distribution_of, parse_lines

PEP621 = """
[project]
name = "demo"
version = "1.0"
requires-python = ">=3.10,<4"
dependencies = ["requests>=2", "PyYAML"]
classifiers = ["Programming Language :: Python :: 3", "Programming Language :: Python :: 3.9",
               "Programming Language :: Python :: 3.12"]
[project.optional-dependencies]
test = ["pytest>=8", "demo[net]"]
net = ["httpx"]
docs = ["sphinx"]
[dependency-groups]
dev = ["ruff", {include-group = "tests"}]
tests = ["pytest-cov"]
docs = ["furo"]
"""
POETRY = """
[tool.poetry]
name = "demo"
version = "0.1"
[tool.poetry.dependencies]
python = "^3.9"
requests = "^2.31"
uvicorn = {version = "~0.30.1", extras = ["standard"]}
psycopg = {version = "*", optional = true}
fork = {git = "https://github.com/a/fork.git", tag = "v1"}
libs = {path = "./libs", develop = true}
pywin32 = {version = ">=300", markers = "sys_platform == 'win32'"}
odd = "^1 || ^3"
[tool.poetry.extras]
db = ["psycopg"]
[tool.poetry.group.test.dependencies]
pytest = "8.*"
[tool.poetry.dev-dependencies]
black = "*"
"""
SETUP_PY = """
from setuptools import setup, find_packages
TESTS = ["pytest", "mock"]
BASE = ["six>=1.10"]
setup(name="demo", version="2.1", install_requires=BASE + ["attrs"], extras_require={"test": TESTS, "docs": ["sphinx"]},
      python_requires=">=3.6", packages=find_packages())
"""
SETUP_PY_COMPUTED = """
import setuptools, os
os.system("touch /tmp/setup-py-was-executed")
with open("requirements.txt") as file:
    setuptools.setup(name="demo", install_requires=file.read().splitlines())
"""
SETUP_CFG = """
[metadata]
name = demo
version = attr: demo.__version__
[options]
install_requires =
    click>=8  # comment
    attrs
python_requires = >=3.8
tests_require = pytest
[options.extras_require]
dev = ruff
    mypy
"""
TOX = """
[testenv]
deps =
    pytest>=7
    -r requirements/ci-only.txt
    py38: importlib-metadata
    {env:EXTRA:}
    responses
"""
PIPFILE = """
[packages]
flask = "*"
gunicorn = {version = "==22.0", extras = ["gevent"]}
[dev-packages]
pytest = ">=8"
[requires]
python_version = "3.11"
"""


def read(**files: str) -> Declared:
    """Keyword names stand for paths: __ is a dot, ___ a slash."""
    return read_declared({name.replace("___", "/").replace("__", "."): text.encode() for name, text in files.items()})


def installs(files: dict[str, str]) -> set[str]:
    encoded = {name: text.encode() for name, text in files.items()}
    return plan(read_declared(encoded).recipe, encoded).installs


def test_a_pyproject_gives_its_extras_and_groups_for_tests() -> None:
    declared = read(pyproject__toml=PEP621)
    assert declared.recipe == ("-r pyproject.toml", "--extra test", "--group dev", "--group tests")
    assert declared.requires_python == ">=3.10,<4"
    assert declared.python == "3.12"
    assert declared.distributions == {"requests", "pyyaml", "pytest", "httpx", "sphinx", "ruff", "pytest-cov", "furo"}
    assert declared.notes == ()
    made = plan(declared.recipe, {"pyproject.toml": PEP621.encode()})
    assert made.installs == {"requests", "pyyaml", "pytest", "httpx", "ruff", "pytest-cov"}, "its own extra is followed"
    assert made.install == ["-r", "remediation-requirements/pyproject.toml.txt"]
    assert b"demo" not in made.files["remediation-requirements/pyproject.toml.txt"]
    assert list(made.files) == ["remediation-requirements/pyproject.toml.txt"], "no build script gets a say"


def test_poetry_becomes_plain_requirements() -> None:
    files = {"pyproject.toml": POETRY.encode(), "poetry.lock": b'[[package]]\nname = "urllib3"\nversion = "2.0.1"\n'}
    declared = read_declared(files)
    assert set(declared.recipe) == {"-r pyproject.toml", "--group test", "--group dev", "-c poetry.lock"}
    assert len(declared.recipe) == 4
    assert declared.requires_python == "<4,>=3.9"
    assert {"requests", "psycopg", "urllib3", "black", "fork"} <= declared.distributions
    assert any("libs" in note for note in declared.notes)
    assert any("odd" in note for note in declared.notes)
    made = plan(declared.recipe, files)
    lines = made.files["remediation-requirements/pyproject.toml.txt"].decode().splitlines()
    for line in lines:
        Requirement(line)
    assert "requests<3,>=2.31" in lines
    assert "uvicorn[standard]<0.31,>=0.30.1" in lines
    assert "fork @ git+https://github.com/a/fork.git@v1" in lines
    assert "odd" in lines
    assert not any(line.startswith(("libs", "psycopg", "python")) for line in lines)
    assert made.files["remediation-requirements/poetry.lock.constraints.txt"] == b"urllib3==2.0.1\n"


@pytest.mark.parametrize(
    ("constraint", "inside", "outside"),
    [
        ("^1.2.3", ["1.2.3", "1.9"], ["1.2.2", "2.0"]),
        ("^0.2.3", ["0.2.3", "0.2.9"], ["0.3", "0.2.2"]),
        ("^0.0.3", ["0.0.3"], ["0.0.4", "0.0.2"]),
        ("^0", ["0.5"], ["1.0"]),
        ("^0.0", ["0.0.9"], ["0.1"]),
        ("~1.2.3", ["1.2.9"], ["1.3"]),
        ("~1.2", ["1.2.9"], ["1.3"]),
        ("~1", ["1.9"], ["2.0"]),
        ("~=1.2", ["1.9"], ["2.0"]),
        ("1.2.3", ["1.2.3"], ["1.2.4"]),
        ("1.*", ["1.9"], ["2.0"]),
        (">=1.2,<2.0", ["1.5"], ["2.0"]),
        (">=1.2 <2.0", ["1.5"], ["2.0"]),
        ("!=1.5", ["1.4"], ["1.5"]),
        ("*", ["0", "9"], []),
    ],
)
def test_poetry_constraints_mean_what_poetry_says(constraint: str, inside: list[str], outside: list[str]) -> None:
    requirement = Requirement(f"x{specifier(constraint)}")
    assert all(requirement.specifier.contains(version) for version in inside)
    assert not any(requirement.specifier.contains(version) for version in outside)


def test_setup_py_is_read_and_never_run() -> None:
    canary = Path("/tmp/setup-py-was-executed")
    canary.unlink(missing_ok=True)
    declared = read(setup__py=SETUP_PY)
    assert declared.recipe == ("-r setup.py", "--extra test")
    assert declared.requires_python == ">=3.6"
    assert installs({"setup.py": SETUP_PY}) == {"six", "attrs", "pytest", "mock"}
    files = {"setup.py": SETUP_PY_COMPUTED.encode(), "requirements.txt": b"flask\n"}
    computed = read_declared(files)
    assert computed.recipe == ("-r setup.py", "pytest")
    made = plan(computed.recipe, files)
    assert made.install == ["-r", "setup.py", "pytest"]
    assert set(made.files) == {"setup.py", "requirements.txt"}
    assert any("computed" in note for note in computed.notes)
    assert not canary.exists()


def test_setup_cfg_tox_and_pipfile() -> None:
    declared = read(setup__cfg=SETUP_CFG)
    assert declared.recipe == ("-r setup.cfg", "--extra dev", "--extra tests-require")
    assert installs({"setup.cfg": SETUP_CFG}) == {"click", "attrs", "ruff", "mypy", "pytest"}
    declared = read(tox__ini=TOX)
    assert declared.recipe == ("pytest>=7", "responses")
    assert declared.distributions == {"pytest", "responses"}
    declared = read(Pipfile=PIPFILE)
    assert (declared.recipe, declared.python) == (("-r Pipfile", "--group dev"), "3.11")
    assert installs({"Pipfile": PIPFILE}) == {"flask", "gunicorn", "pytest"}


def test_requirements_files_are_found_and_their_includes_followed() -> None:
    files = {
        "requirements.txt": "Flask==3.0 ; python_version > '3.8'\nnumpy \\\n  >=1.2  # why\n-e .\n--use-feature=x\n",
        "requirements-dev.txt": "-r requirements.txt\n-rshared/more.txt\npytest-xdist\n-e .[net]\n",
        "shared/more.txt": "mock\n-e git+https://github.com/a/b.git#egg=vcs-thing\n./vendored\n",
        "docs-requirements.txt": "sphinx\n",
        "pyproject.toml": "[tool.pytest.ini_options]\n",
    }
    encoded = {name: text.encode() for name, text in files.items()}
    declared = read_declared(encoded)
    assert declared.recipe == ("-r requirements-dev.txt",)
    assert declared.distributions == {"flask", "numpy", "mock", "vcs-thing", "pytest-xdist", "sphinx"}
    made = plan(declared.recipe, encoded)
    assert made.installs == {"flask", "numpy", "mock", "pytest-xdist"}
    assert set(made.files) == {"requirements.txt", "requirements-dev.txt", "shared/more.txt"}
    assert made.files["shared/more.txt"] == b"mock\ngit+https://github.com/a/b.git#egg=vcs-thing\n"
    assert b"-e" not in b"".join(made.files.values())
    assert sum("left out" in note for note in declared.notes) == 4


def test_a_file_for_tests_that_installs_the_project_with_an_extra_chooses_that_extra() -> None:
    files = {"pyproject.toml": PEP621.replace("test = [", "check = [").replace("dev =", "lint =").replace("tests", "t")}
    files["test-requirements.txt"] = "-e .[net]\npytest\n"
    assert read_declared({name: text.encode() for name, text in files.items()}).recipe == (
        "-r pyproject.toml",
        "-r test-requirements.txt",
        "--extra net",
    )


@pytest.mark.parametrize(
    ("files", "recipe"),
    [
        ({}, ("pytest",)),
        ({"requirements.txt": "flask"}, ("-r requirements.txt", "pytest")),
        ({"requirements.txt": "flask\npytest-cov"}, ("-r requirements.txt",)),
        (
            {"requirements/base.txt": "flask", "requirements/test.txt": "-r base.txt\npytest"},
            ("-r requirements/test.txt",),
        ),
        (
            {"requirements.txt": "a", "requirements-dev.txt": "pytest"},
            ("-r requirements.txt", "-r requirements-dev.txt"),
        ),
        ({"pyproject.toml": "[tool.ruff]\n", "requirements.txt": "a"}, ("-r requirements.txt", "pytest")),
        (
            {
                "pyproject.toml": '[project]\nname="a"\n[project.optional-dependencies]\ndev=["pytest"]',
                "requirements.txt": "b",
            },
            ("-r pyproject.toml", "-r requirements.txt", "--extra dev"),
        ),
        ({"pyproject.toml": '[project]\nname="a"', "uv.lock": ""}, ("-r uv.lock", "pytest")),
        ({"setup.cfg": "[tool:pytest]\n", "setup.py": SETUP_PY}, ("-r setup.py", "--extra test")),
    ],
)
def test_recipes(files: dict[str, str], recipe: tuple[str, ...]) -> None:
    assert read_declared({name: text.encode() for name, text in files.items()}).recipe == recipe


def test_setuptools_pointers_are_followed() -> None:
    files = {
        "pyproject.toml": b'[project]\nname="a"\ndynamic=["dependencies", "version"]\n'
        b'[tool.setuptools.dynamic]\ndependencies = {file = ["deps/base.in"]}\n'
        b'optional-dependencies.test = {file = "deps/test.in"}\n',
        "deps/base.in": b"flask\n",
        "deps/test.in": b"pytest\n",
    }
    declared = read_declared(files)
    assert declared.recipe == ("-r pyproject.toml", "--extra test")
    assert plan(declared.recipe, files).installs == {"flask", "pytest"}
    del files["deps/base.in"]
    assert any("computed" in note for note in read_declared(files).notes)


def test_versions_named_by_files() -> None:
    assert read_declared({".python-version": b"3.12.4\n"}).python == "3.12"
    assert read_declared({".python-version": b"# mine\nsystem\n3.11\n"}).python == "3.11"
    assert read_declared({"runtime.txt": b"python-3.10.2"}).python == "3.10"
    assert read_declared({".python-version": b"pypy3.9-7.3"}).python == ""


@pytest.mark.parametrize(
    "path", ["pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "uv.lock", "poetry.lock", "tox.ini"]
)
@pytest.mark.parametrize(
    "content",
    [
        b"[",
        b"\xff\xfe\x00",
        b"",
        b"=" * 50,
        b"a = " + b"[" * 20_000,
        b"(" * 5_000,
        b"x=1\nx=2\n",
        b"setup(**{})",
        b"\x00",
    ],
)
def test_broken_files_become_notes(path: str, content: bytes) -> None:
    declared = read_declared({path: content, "requirements.txt": b"flask\n"})
    assert "flask" in declared.distributions
    assert "-r requirements.txt" in declared.recipe or declared.recipe[0] in ("-r setup.py", "-r uv.lock")


@pytest.mark.parametrize(
    "text",
    [
        "project = 5", "[project]\ndependencies = {}", "[project]\ndependencies = [1, [2]]\nname = []",
        "[project]\nname='a'\n[project.optional-dependencies]\ntest = 'pytest'\n", "dependency-groups = []",
        "[dependency-groups]\na = [{include-group='b'}]\nb = [{include-group='a'}, 'x']\ndev=[{include-group='a'}, 3]",
        "[tool]\npoetry = 1", "[tool.poetry]\ndependencies = []",
        "[tool.poetry.dependencies]\na = 1\nb = [[]]\npython = 3",
        "[project]\nname='a'\n[project.optional-dependencies]\ntest = ['a[test]']\n",
        "[tool.poetry.dependencies]\n'a b' = '^'\nc = {git = 'x', rev = 1}\nd = {extras = 5, version = []}",
    ],
)  # fmt: skip
def test_wrong_types_and_circles_are_tolerated(text: str) -> None:
    assert read_declared({"pyproject.toml": text.encode()}).recipe[-1:] != ()


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "requirements-dev.txt", "tox.ini"]
        ),
        st.one_of(
            st.binary(max_size=60),
            st.lists(
                st.sampled_from([PEP621, POETRY, SETUP_PY, SETUP_CFG, TOX, "-r requirements.txt\n", "[a]\n", "\\\n"])
            )
            .map("".join)
            .flatmap(lambda text: st.integers(0, len(text)).map(lambda cut: text[:cut].encode())),
        ),
    )
)
def test_no_content_ever_raises(files: dict[str, bytes]) -> None:
    declared = read_declared(files)
    assert check_recipe(declared.recipe) == declared.recipe
    assert all(name == name.lower() and name for name in declared.distributions)


@pytest.mark.parametrize(
    "line",
    [
        "-e .", ".", "./x", "/etc/passwd", "--python /bin/sh", "--target /", "--prefix /x", "-r ../x",
        "-r /etc/passwd", "-r", "--config-file x", "--cache-dir /", "--find-links /etc", "--index-url http://x",
        "--extra ../x", "--extra", "-r 'x", "x @ file:///etc/passwd", "x @ http://h/x", "x @ git+ssh://h/x",
        "pytest; rm -rf /", "$(touch x)", "--python=3", "--no-deps=x", "--exclude-newer -r", "--build-constraints x",
        "--system", "pytest\x00",
    ],
)  # fmt: skip
def test_lines_that_are_no_recipe_are_refused(line: str) -> None:
    with pytest.raises(BuildError) as refused:
        check_recipe([line])
    assert refused.value.code == "recipe-refused"


def test_lines_of_a_recipe_are_accepted() -> None:
    lines = ("-r a.txt", "--requirement=b.txt", "-c c.txt", "--extra test", "--exclude-newer 2025-09-09", "--no-deps")
    lines += ("pytest>=8,<9 ; python_version > '3.8'", "x @ git+https://h/x@v1", "--index-url https://pypi.org/simple")
    assert check_recipe(["# comment", "", *lines]) == lines


def test_a_recipe_that_names_an_absent_file_says_so() -> None:
    for files in ({}, {"dev.txt": b"-r gone.txt\n"}):
        with pytest.raises(BuildError) as missing:
            plan(["-r dev.txt"], files)
        assert missing.value.code == "file-missing"


def test_lock_files_are_exported_or_pin() -> None:
    pyproject = b'[project]\nname="a"\n[dependency-groups]\ndev=["pytest"]\n'
    locked = [("Flask", "3"), ("two", "1"), ("two", "2")]
    lock = "".join(f'[[package]]\nname = "{name}"\nversion = "{version}"\n' for name, version in locked).encode()
    files = {"pyproject.toml": pyproject, "uv.lock": lock, "poetry.lock": lock}
    declared = read_declared(files)
    assert declared.recipe == ("-r uv.lock", "--group dev")
    assert declared.distributions == {"flask", "two", "pytest"}
    made = plan(declared.recipe, files)
    assert made.export[-2:] == ("--group", "dev")
    assert {"--frozen", "--no-emit-local", "--no-default-groups"} <= set(made.export)
    pins = plan(["-c poetry.lock", "flask"], files)
    assert pins.files["remediation-requirements/poetry.lock.constraints.txt"] == b"flask==3\n"


def test_what_counts_as_declaring() -> None:
    assert all(
        map(is_declaring, ["requirements.txt", "dev-requirements.txt", "requirements/x.txt", "setup.py", "uv.lock"])
    )
    assert not any(
        map(is_declaring, ["a/requirements.txt", "requirements/a/b.txt", "readme.txt", "pyproject.toml.bak"])
    )


def test_names_of_distributions_and_modules() -> None:
    assert import_names("PyYAML") == ("yaml",)
    assert import_names("Some.Thing-else") == ("some_thing_else",)
    assert distribution_names("yaml.nodes") == ("pyyaml",)
    assert "opencv-python" in distribution_names("cv2")
    assert distribution_names("google.cloud.storage") == ("google-cloud-storage",)
    assert distribution_names("google.cloud.tasks") == ("google", "google-cloud", "google-cloud-tasks")
    assert distribution_names("requests.adapters")[0] == "requests"
    for name in ("pillow", "beautifulsoup4", "scikit-learn", "python-dateutil", "opencv-python", "websocket-client"):
        assert all(name in distribution_names(module) for module in import_names(name))


def test_single_lines() -> None:
    text = b"a\n#b\n\n-r c\n-cd\n-e .\n--hash x\n./y\nfile:///z\n-e git+https://h/x\n"
    assert [line.kind for line in parse_lines(text)] == [
        "requirement", "include", "constraint", "local", "option", "local", "local", "editable",
    ]  # fmt: skip
    assert distribution_of("Foo.Bar[x]>=1; python_version<'3'") == "foo-bar"
    assert distribution_of("git+https://h/x.git#egg=My_Name") == "my-name"
    assert distribution_of("legacy>=1.dev-foo-*") == "legacy"
    assert distribution_of("https://h/x.whl") == ""
