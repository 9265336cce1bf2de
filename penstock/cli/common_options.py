"""Options and settings that select the flows of a command."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.config import load
from penstock.config.sources import COMMAND_LINE
from penstock.errors import ConfigError

if TYPE_CHECKING:
    import argparse

    from penstock.config import Config


def read_config(parsed: argparse.Namespace) -> Config:
    """Return the effective settings of a command."""
    if why := fault(parsed.project):
        raise ConfigError(f"there is no folder {str(parsed.project)!r} ({why})", where="--project")
    overrides = {"modules": parsed.modules, "path": parsed.path}
    config = load(parsed.project, overrides, where=COMMAND_LINE, base=Path.cwd())
    if not config.modules and not config.manifests:
        raise ConfigError(
            f"no modules are configured. Name them: {_with_modules(parsed)}, or in pyproject.toml: "
            '[tool.penstock] modules = ["shop.flows"]'
        )
    return config


def _with_modules(parsed: argparse.Namespace) -> str:
    """Return the command line as given, with modules added."""
    words = (getattr(parsed, name, None) for name in ("flow", "old", "new"))
    return f"{parsed.prog} {shlex.join(['-m', 'shop.flows', *filter(None, words)])}"


def fault(path: Path) -> str:
    """Return the reason that a path cannot be read, or an empty string; ``exists()`` raises for some of the reasons."""
    try:
        path.stat()
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        return str((isinstance(error, OSError) and error.strerror) or error)
    return ""


def output_file(name: str) -> Path | None:
    """Return the file named by ``-o``; ``-`` is standard output, as usual.

    Raises:
        ConfigError: The name is empty, as with an unset variable.
    """
    if not name:
        raise ConfigError("the name of the file is empty", where="-o")
    return None if name == "-" else Path(name)


def add_sources(parser: argparse.ArgumentParser) -> None:
    """Add the options that select the flows."""
    parser.set_defaults(prog=parser.prog)
    group = parser.add_argument_group("flow sources (default: [tool.penstock] in pyproject.toml)")
    group.add_argument(
        "-C",
        "--project",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="look for pyproject.toml in this folder and above",
    )
    group.add_argument(
        "-m",
        "--module",
        action="append",
        dest="modules",
        metavar="MODULE",
        help="import this module; shop.orders.* imports the package and everything in it",
    )
    group.add_argument("-p", "--path", action="append", metavar="DIR", help="prepend this folder to sys.path")
