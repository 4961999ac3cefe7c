"""A root cause in words: the ticket's title, why its errors are one ticket, and the facts beside it."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from remediation.core.blame import blamed, place_of, variable_of
from remediation.core.chain import short_type
from remediation.core.classify import Classified
from remediation.core.stdlib_history import module_left, name_came, name_left
from remediation.core.text import clean_line

# What CPython's parser says of Python 2.
_PYTHON2 = re.compile(
    r"Missing parentheses in call to '(?:print|exec)'|multiple exception types must be parenthesized"
    r"|leading zeros in decimal integer literals|invalid (?:hexa)?decimal literal.*L\b|inconsistent use of tabs"
)


def title_of(error: Classified) -> str:
    """Return the ticket's title: a short statement of the root cause, in plain words."""
    return clean_line(_variant_title(error) or _kind_title(error), 290)


def _kind_title(error: Classified) -> str:
    match error.kind:
        case "missing-module":
            return f"Module {error.module} does not exist"
        case "wrong-path":
            return _moved_title(error)
        case "missing-dependency" | "removed-stdlib":
            return _environment_title(error)
        case "missing-name":
            return f"{error.name} is not exported by {error.module}"
        case "circular-import":
            return f"Importing {error.name} from {error.module} is circular"
        case "unknown-marker":
            return f"Marker {error.name} is not registered"
        case "mro-conflict":
            return f"Bases {', '.join(error.cause.bases)} have no consistent order"
        case "syntax-error":
            return f"Syntax error in {blamed(error)}"
        case "import-mismatch":
            return f"Two test modules are named {PurePosixPath(error.path).stem}"
        case "skip-misuse":
            return f"pytest.skip used outside a test in {blamed(error)}"
    return _raised_title(error)


def _moved_title(error: Classified) -> str:
    if error.name:
        return f"Another {error.module} is imported, which has no {error.name}"
    if "." in error.module and PurePosixPath(error.elsewhere).stem == error.module.partition(".")[0]:
        return f"Module {error.module} is hidden by {error.elsewhere}"
    whole = f"/{error.module.replace('.', '/')}"
    found = "/" + error.elsewhere.removesuffix(".py").removesuffix("/__init__")
    # The file stands where its name says: nobody moved it, only the folder above it cannot be imported from.
    return f"Module {error.module} {'is not on the import path' if found.endswith(whole) else 'has moved'}"


def _environment_title(error: Classified) -> str:
    module, name, by = error.module, error.name, f"{error.package} needs " if error.package else ""
    top = module.partition(".")[0]
    if error.kind == "removed-stdlib":
        left = name_left(module, name) if name else module_left(module)
        if not name:
            what, of = f"{'module' if by else 'Module'} {module}", "Python"
        else:
            what, of = name, "Python" if module == "builtins" else f"Python's {module}"
        verb = f"was removed from {of}" if left or not name else f"is not in this {of}"
        return f"{by}{what}{', which' if by else ''} {verb}{f' in {left}' if left else ''}"
    if name:
        return f"The installed {top} has no {name} in {module}" + (f", which {error.package} needs" if by else "")
    if "." in module:
        return f"Module {module} of an installed package is missing" + (f": {error.package} needs it" if by else "")
    return f"Package {module} is not installed"


def _variant_title(error: Classified) -> str:
    module, kind = error.module, short_type(error.cause)
    match error.variant:
        case "hook":
            return f"Module {module} is offered by {error.elsewhere} in a way that Python 3.12 no longer asks for"
        case "unbuilt":
            return f"Module {module} of this repository is not built"
        case "interpreter" if error.name:
            return f"{error.name} is not in this Python's {module}"
        case "interpreter":
            return f"Module {module} is not part of this Python"
        case "relative":
            return f"Relative import without a package in {PurePosixPath(blamed(error)).parent}"
        case "metadata":
            return f"Distribution {module} is not installed"
        case "library":
            return f"Library {module} is missing" if module else f"A library is missing: {error.cause.message}"
        case "conflict":
            return f"Installed releases do not fit: {error.cause.message}"
        case "syntax":
            return f"This Python cannot parse the installed {module}"
        case "broken":
            return f"The installed {error.package} cannot be imported: {kind}: {error.cause.message}"
        case "installed":
            return f"An installed copy of {error.cause.name.partition('.')[0]} hides the repository's"
    return ""


def _raised_title(error: Classified) -> str:
    kind = short_type(error.cause)
    if variable := variable_of(error):
        return f"Environment variable {variable} is not set"
    match error.kind:
        case "conftest-failure":
            return f"{error.path} raises {kind}"
        case "configuration":
            return f"pytest refuses {blamed(error)}: {error.cause.message}"
        case "exit-at-import":
            return f"Process ends at import of {blamed(error)}"
        case "timeout":
            return f"Import of {blamed(error)} does not end"
        case "crash":
            return f"Interpreter dies at import of {blamed(error)}"
    if error.cause.filename and kind == "FileNotFoundError":
        return f"File {error.cause.filename} does not exist"
    if place_of(error) != blamed(error):
        return f"{kind}: {clean_line(error.cause.message, 200)}"
    return f"{kind} at import of {blamed(error)}"


def why_of(error: Classified) -> str:
    """Return why errors are one ticket: the rule, as a sentence."""
    cause, in_package = error.cause, f", asked for by {error.package}" if error.package else ""
    match error.kind:
        case "circular-import" if error.cycle:
            return f"Same circle of modules: {', '.join(sorted(set(error.cycle)))}."
        case "unknown-marker":
            return f"Same unregistered marker: {error.name}."
        case "mro-conflict":
            return f"Same bases in the same order: {', '.join(cause.bases)}."
        case "import-mismatch":
            return f"Same module name: {PurePosixPath(error.path).stem}."
        case "skip-misuse" | "exit-at-import" | "timeout" | "crash":
            return f"Same file to blame: {blamed(error)}."
        case "syntax-error":
            return f"Same file that cannot be parsed: {blamed(error)}."
    match error.variant:
        case "hook":
            return (
                f"Same file that offers modules by find_module, which Python 3.12 no longer calls: {error.elsewhere}."
            )
        case "relative":
            return f"Same folder that is no package: {PurePosixPath(blamed(error)).parent}."
        case "metadata":
            return f"Same distribution that is not installed: {error.module}."
        case "library" if error.module:
            return f"Same missing library: {error.module}."
        case "syntax":
            return f"Same installed module that this Python cannot parse: {error.module}."
        case "broken":
            return f"Same package that fails at its own import, {error.package}, with the same exception and message."
        case "library" | "conflict":
            return f"Same exception {short_type(cause)} with the same message."
    if error.name and error.module:
        return f"Same missing name {error.name} in the same module {error.module}{in_package}."
    if error.module:
        return f"Same missing module: {error.module}{in_package}."
    return _why_raised(error)


def _why_raised(error: Classified) -> str:
    cause, place = error.cause, place_of(error)
    kind = short_type(cause)
    if variable := variable_of(error):
        return f"Same environment variable that is asked for: {variable}."
    if kind == "RecursionError":
        return f"Same exception {kind} in the same files that call each other."
    if cause.filename and not PurePosixPath(cause.filename).is_absolute():
        return f"Same exception {kind}, same file that is asked for: {cause.filename}."
    if kind.endswith("Warning"):
        return f"Same warning {kind}, same message{f', at the import of {place}' if place else ''}."
    if not place:
        return "Same function that is called with arguments it does not take."
    if place != blamed(error):
        return f"Same exception {kind}, same message, raised by the same function {place.replace(':', '.')}."
    return f"Same exception {kind}, same message, same file to blame: {place}."


def facts_of(error: Classified) -> list[tuple[str, str]]:
    """What else is known of the root cause, as (label, value) for people; only what is known."""
    cause, facts = error.cause, []
    if error.kind == "missing-dependency" and error.module and not (error.name or error.variant):
        declared = f"yes, as {error.declared}" if error.declared else "no"
        facts.append(("Declared by the repository", declared))
    if error.package:
        facts.append(("Needed by", f"the installed package {error.package}"))
    if came := name_came(error.module, error.name):
        facts.append(("Part of Python since", came))
    if error.elsewhere:
        facts.append(("Exists at", error.elsewhere))
    if error.defined_in:
        facts.append((f"{error.name} is defined in", error.defined_in))
    if cause.near and error.name:
        facts.append(("Names that look alike", ", ".join(cause.near)))
    if error.cycle:
        facts.append(("Circle", " → ".join([*error.cycle, error.cycle[0]])))
    if cause.bases:
        facts.append(("Bases in order", ", ".join(cause.bases)))
    if error.parsed is not None:
        facts.append(("Parsed by", ", ".join(error.parsed.versions) or "no Python that was tried"))
    if error.kind == "syntax-error" and _PYTHON2.search(cause.message):
        facts.append(("Written for", "Python 2"))
    return facts
