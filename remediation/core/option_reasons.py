"""What each option of pytest does to a count of collection errors, in one sentence."""

from __future__ import annotations

STOPPING = {"-x", "--maxfail"}
DISTRIBUTING = {"-n", "--dist", "--maxprocesses"}
# Options that change what is printed, measured or run, and nothing of what is collected.
HARMLESS = {
    "-q", "-v", "-s", "-l", "-r", "-h", "--collect-only", "--tb", "--color", "--showlocals", "--no-header",
    "--no-summary", "--verbosity", "--html", "--self-contained-html", "--report-log", "--capture",
    "--disable-warnings", "--disable-pytest-warnings", "--cache-clear", "--ff", "--failed-first", "--nf", "--new-first",
    "--basetemp", "--alluredir", "--instafail", "--pastebin", "--setup-show", "--continue-on-collection-errors",
    "--full-trace", "--fulltrace", "--code-highlight", "--show-capture", "--max-worker-restart", "--timeout",
}  # fmt: skip
HARMLESS_FAMILIES = (
    "--junit", "--cov", "--no-cov", "--durations", "--log-", "--json-report", "--benchmark", "--reruns", "--allure",
    "--timeout-",
)  # fmt: skip

_REASONS = {
    "-x": "-x stops at the first error, so that count is cut short.",
    "--maxfail": "--maxfail stops after a number of errors, so that count is cut short.",
    "-n": "-n distributes the run: xdist counts some errors once per worker.",
    "--dist": "--dist distributes the run: xdist counts some errors once per worker.",
    "-k": "-k leaves tests out by name: fewer tests, and the same errors.",
    "-m": "-m leaves tests out by mark: fewer tests, and the same errors.",
    "--deselect": "--deselect leaves tests out: fewer tests, and the same errors.",
    "--ignore": "--ignore leaves files out, and their errors with them.",
    "--ignore-glob": "--ignore-glob leaves files out, and their errors with them.",
    "--import-mode": "--import-mode decides how files are imported: two of one name fail under prepend only.",
    "-p": "-p loads or blocks a plugin, and with it marks, fixtures and options.",
    "-c": "-c takes another configuration file.",
    "-o": "-o overrides the configuration.",
    "-W": "-W can turn a warning at import into an error.",
    "--rootdir": "--rootdir moves the place from which the configuration is found.",
    "--strict-markers": "--strict-markers turns unknown marks into errors.",
    "--strict-config": "--strict-config turns unknown settings into a refusal.",
    "--noconftest": "--noconftest loads no conftest.py, so their errors do not occur.",
    "--confcutdir": "--confcutdir leaves out conftest.py files above a folder.",
    "--pyargs": "--pyargs reads paths as names of installed packages.",
    "--doctest-modules": "--doctest-modules imports every module as a test file, and counts its errors.",
    "--lf": "--lf takes only the files that failed last time.",
    "--sw": "--sw stops at the first failure, so that count is cut short.",
    "--keep-duplicates": "--keep-duplicates collects a path twice where it is named twice.",
    "--ds": "--ds takes other Django settings, which are imported first.",
    "--dc": "--dc takes another Django configuration, which is imported first.",
}
_NOTES = {"--continue-on-collection-errors": "--continue-on-collection-errors does not change the count."}


def reason(option: str) -> str:
    """Why that option matters where only one side has it, or the two with other values."""
    return _REASONS.get(option, f"{option} is an option of a plugin or of the project: it may select other tests.")


def note(option: str) -> tuple[str, ...]:
    """What is often thought of an option, put right; () for most."""
    return (_NOTES[option],) if option in _NOTES else ()
