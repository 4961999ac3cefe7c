"""The kinds of root cause, and which of them are the environment's."""

from __future__ import annotations

KINDS = {
    "missing-module": "a module of this repository does not exist",
    "missing-dependency": "a third-party package is not installed, or not in a release that fits",
    "removed-stdlib": "it was removed from Python or its standard library",
    "missing-name": "the module exists, the name in it does not",
    "wrong-path": "the module exists elsewhere in this repository",
    "circular-import": "modules import each other",
    "mro-conflict": "the base classes have no consistent order",
    "unknown-marker": "a pytest marker is not registered",
    "syntax-error": "Python cannot parse the file",
    "import-mismatch": "two test files share one module name",
    "conftest-failure": "a conftest.py raises",
    "configuration": "pytest's configuration does not work",
    "raised-at-import": "code that runs at import raises",
    "skip-misuse": "pytest.skip outside a test without allow_module_level",
    "exit-at-import": "the process ends at import",
    "timeout": "the import does not end",
    "crash": "the interpreter dies at import",
}

# Installing a package or choosing another Python repairs these; it is not remediation of the repository.
ENVIRONMENT_KINDS = frozenset({"missing-dependency", "removed-stdlib"})
