"""Suggests fixes for failed imports, spelled as the settings that named the modules would be written."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock._util import source_paths
from penstock.collect.sibling_modules import join_some, list_siblings, suggest_sibling
from penstock.errors import did_you_mean, near_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from penstock.config.sources import SettingsSource

MAIN_GUARD = 'Put the code that runs the program under: if __name__ == "__main__":'
_SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "build", "dist", "site-packages", "venv"})


class Cure(NamedTuple):
    """A suggested fix.

    Attributes:
        text: The fix, in a sentence, or an empty string.
        file: The absolute path of the file to edit, if it is another one than the error's; else an empty string.
        line: The line in it, or 0.
    """

    text: str
    file: str = ""
    line: int = 0


class ImportContext(NamedTuple):
    """What is known of a failed import.

    Attributes:
        module: The module that was to be imported.
        frames: The files and lines of the calls, innermost first.
        roots: The folders or files of the user's own code.
        project: The project's folder.
        settings: The source of the settings that name the modules; without their values.
    """

    module: str
    frames: Sequence[tuple[str, int]]
    roots: Sequence[str]
    project: Path
    settings: SettingsSource

    def is_own_frame(self, number: int) -> bool:
        """Return whether a frame is of the user's own code."""
        file = self.frames[number][0] if number < len(self.frames) else "<none>"
        return not file.startswith("<") and source_paths.is_own(source_paths.absolute(file), self.roots)

    def spell(self, key: str, value: object) -> str:
        """Return a setting as its file would spell it."""
        return self.settings.assignment(key, value)

    def spell_path(self, folder: Path) -> str:
        """Return the setting ``path`` with one more folder, relative to the file of the settings."""
        return self.spell("path", [os.path.relpath(folder, self.settings.base).replace(os.sep, "/")])


def find_cure(error: BaseException, context: ImportContext) -> Cure:
    """Return the suggested fix for an exception that a module raised; its text is empty without one."""
    cures = (cure(error, context) for kind, cure in _CURES if isinstance(error, kind))
    return next((cure for cure in cures if cure.text), Cure(""))


def _cure_exit(_error: BaseException, _context: ImportContext) -> Cure:
    return Cure(MAIN_GUARD)


def _cure_missing_variable(error: KeyError, context: ImportContext) -> Cure:
    is_of_environment = context.frames and context.frames[0][0] in ("<frozen os>", os.__file__)
    assignment = context.spell("env", {str(error.args[0]): "…"}) if is_of_environment else ""
    return Cure(f"Set the variable for the import: {assignment}" if assignment else "")


def _cure_missing_file(error: FileNotFoundError, context: ImportContext) -> Cure:
    if not error.filename or os.path.isabs(str(error.filename)):  # noqa: PTH117 - a file's name may be anything
        return Cure("")
    return Cure(f"Modules are imported in {context.project}. Count the path from the module: Path(__file__).parent")


def _cure_connection(error: OSError, _context: ImportContext) -> Cure:
    if not isinstance(error, ConnectionError | TimeoutError) and type(error).__name__ != "gaierror":
        return Cure("")
    return Cure("Connect when the program runs, not while the module is imported.")


def _cure_django(error: BaseException, context: ImportContext) -> Cure:
    setup = context.spell("setup", "django:setup")
    if type(error).__name__ == "AppRegistryNotReady":
        return Cure(f"Let Django set itself up first: {setup}")
    if type(error).__name__ == "ImproperlyConfigured" and "settings are not configured" in str(error):
        variable = context.spell("env", {"DJANGO_SETTINGS_MODULE": "…"})
        return Cure(f"Let Django set itself up first: {setup} and {variable}")
    return Cure("")


def _cure_missing_module(error: ModuleNotFoundError, context: ImportContext) -> Cure:
    missing = error.name or ""
    top, package = missing.partition(".")[0], missing.rpartition(".")[0]
    if not missing or missing.endswith(".py"):
        return Cure(f"A module has the name of its file without the suffix: {package}" if package else "")
    if package in sys.modules:
        return _cure_missing_submodule(missing, package, context)
    if top not in sys.modules and (folder := _find_folder(top, context)) is not None:
        return Cure(_name_folder(folder, context))
    return _cure_mentioned_name(missing, context) or _cure_unknown_module(missing, context)


def _cure_unknown_module(missing: str, context: ImportContext) -> Cure:
    if not f"{context.module}.".startswith(f"{missing}."):
        return Cure(f"Install it for {sys.executable}, or mock it: {context.spell('mock', [missing])}")
    folder = context.project / missing.partition(".")[0]
    if folder.joinpath(*context.module.split(".")[1:-1]).is_dir() and (cure := _name_without_folder(folder, context)):
        return Cure(cure)
    hint = did_you_mean(near_names(missing, list_siblings(""))).strip()
    return Cure(f"{hint} Is its folder in `path`? For example: {context.spell('path', ['src'])}".strip())


def _name_folder(folder: Path, context: ImportContext) -> str:
    """Return the cure for a module that is in the project, but not in a folder of ``path``."""
    on_command_line = ""
    if not context.settings.is_command_line:
        relative = os.path.relpath(folder, context.project).replace(os.sep, "/")
        on_command_line = f", or on the command line: -p {relative}"
    if cure := _name_without_folder(folder, context):
        return cure
    return f"It is in the project: {context.spell_path(folder)}{on_command_line}"


def _name_without_folder(folder: Path, context: ImportContext) -> str:
    """Return the cure for a module that the settings name with its source folder, such as ``src.shop.orders``."""
    prefix = source_paths.relative(folder, context.project).replace("/", ".")
    if not context.module.startswith(f"{prefix}."):
        return ""
    name = context.module.removeprefix(f"{prefix}.")
    return f"Import it from its folder: {context.spell('modules', [name])} and {context.spell_path(folder)}"


def _find_folder(top: str, context: ImportContext) -> Path | None:
    """Return the folder of the project that a module or package can be imported from."""
    return next((folder for folder in _iter_folders(context) if _holds(folder, top)), None)


def _iter_folders(context: ImportContext) -> Iterator[Path]:
    base = context.settings.base
    yield from (context.project, context.project / "src", base, base / "src", base.parent, base.parent / "src")
    try:
        subfolders = sorted(path for path in context.project.iterdir() if path.is_dir())
    except OSError:
        return
    yield from (path for path in subfolders if path.name not in _SKIPPED_FOLDERS and not path.name.startswith("."))


def _holds(folder: Path, top: str) -> bool:
    return (folder / f"{top}.py").is_file() or any((folder / top).glob("*.py"))


def _cure_missing_submodule(missing: str, package: str, context: ImportContext) -> Cure:
    """Return the cure for a missing module of a package that is there."""
    place = str(getattr(sys.modules[package], "__file__", "") or "")
    siblings = list_siblings(package)
    if not hasattr(sys.modules[package], "__path__"):
        file = source_paths.relative(place, context.project) if place else package
        return Cure(f"{file} is a module, not a package. If it hides a package of that name, rename it.")
    hint = suggest_sibling(missing, siblings)
    mention = _find_mention(missing, context.roots)
    if not source_paths.is_own(source_paths.absolute(place), context.roots) and source_paths.is_installed(place):
        hint = f"{_describe_version(package)} has no such module. {hint}".strip()
    elif not hint and siblings:
        hint = f"Modules in {package}: {join_some(siblings)}."
    variable = _find_variable(missing, context)
    words = f"{variable} names it. {hint}".strip() if variable else hint
    return Cure(words or f"There are no modules in {package}.", *mention)


def _describe_version(package: str) -> str:
    """Return the installed distribution of a package with its version."""
    import importlib.metadata  # noqa: PLC0415 - only this cure needs it

    top = package.partition(".")[0]
    names = importlib.metadata.packages_distributions().get(top, [])
    return f"The installed {names[0]} {importlib.metadata.version(names[0])}" if names else f"The installed {top}"


def _cure_mentioned_name(missing: str, context: ImportContext) -> Cure | None:
    """Return the cure for a name that only a variable of the environment, or a string of the application, contains."""
    variable = _find_variable(missing, context)
    mention = _find_mention(missing, context.roots)
    if not variable and (mention == ("", 0) or context.is_own_frame(0)):
        return None
    hint = did_you_mean(near_names(missing, list_siblings(""))).strip()
    folder = "" if hint else f"Is its folder in `path`? For example: {context.spell('path', ['src'])}"
    words = f"{variable} names it." if variable else "The string in this line names it."
    return Cure(" ".join(filter(None, (words, hint or folder))), *mention)


def _find_variable(missing: str, context: ImportContext) -> str:
    """Return the variable of the environment that names a missing module, as ``NAME=value``, or an empty string.

    A name in an import statement of the application comes from no variable, whatever the host or user is called.
    """
    if context.is_own_frame(0):
        return ""
    names = (name for name, value in os.environ.items() if f"{value}.".startswith(f"{missing}.") and value[-1:] != ".")
    return next((f"{name}={os.environ[name]}" for name in names if name != "_"), "")


def _find_mention(missing: str, roots: Sequence[str]) -> tuple[str, int]:
    """Return the place of a string with a module's name in the application's loaded modules."""
    pattern = re.compile(rf"""["']{re.escape(missing)}[."':]""")
    for module in list(sys.modules.values()):
        file = vars(module).get("__file__") if type(module) is type(sys) else None
        if isinstance(file, str) and source_paths.is_own(source_paths.absolute(file), roots):
            for number, line in enumerate(_read_lines(file), 1):
                if pattern.search(line):
                    return source_paths.absolute(file), number
    return "", 0


def _read_lines(file: str) -> list[str]:
    try:
        return Path(file).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []


def _cure_missing_name(error: ImportError, context: ImportContext) -> Cure:
    """Return the cure for a name that a module lacks."""
    text = str(error)
    if "partially initialized module" in text or "circular import" in text:
        return Cure("The modules import each other. Move one of the imports into the function that needs it.")
    match = re.search(r"cannot import name '([^']+)' from '([^']+)'", text)
    if not match or match[2] not in sys.modules:
        return Cure("")
    name, source = match.groups()
    file = str(getattr(sys.modules[source], "__file__", "") or "")
    if source in sys.stdlib_module_names and source_paths.is_own(source_paths.absolute(file), context.roots):
        relative = source_paths.relative(file, context.project)
        return Cure(f"{relative} hides the module {source} of the standard library. Rename it.")
    known = [*dir(sys.modules[source]), *(sibling.rpartition(".")[2] for sibling in list_siblings(source))]
    return Cure(did_you_mean(near_names(name, known)).strip())


def _cure_unknown_name(error: NameError | AttributeError, _context: ImportContext) -> Cure:
    """Return the near names of a misspelled variable or attribute, or the import that is missing."""
    text = str(error)
    if "circular import" in text:
        return Cure("The modules import each other. Move one of the imports into the function that needs it.")
    if isinstance(error, AttributeError):
        known = dir(error.obj) if error.obj is not None else []
        return Cure(did_you_mean(near_names(error.name, known)).strip() if error.name else "")
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    frame = traceback.tb_frame if traceback else None
    known = [*frame.f_locals, *frame.f_globals, *frame.f_builtins] if frame else []
    name = error.name or ""
    hint = did_you_mean(near_names(name, [word for word in known if word != name], limit=1)).strip()
    return Cure(f"Import it: import {name}" if name in sys.stdlib_module_names else hint)


_CURES: tuple[tuple[type[BaseException], Callable[[Any, ImportContext], Cure]], ...] = (
    (SystemExit, _cure_exit),
    (ModuleNotFoundError, _cure_missing_module),
    (ImportError, _cure_missing_name),
    (KeyError, _cure_missing_variable),
    (NameError, _cure_unknown_name),
    (AttributeError, _cure_unknown_name),
    (FileNotFoundError, _cure_missing_file),
    (OSError, _cure_connection),
    (Exception, _cure_django),
)
"""The functions that find cures, by the type of the exception; the first cure with a text counts."""
