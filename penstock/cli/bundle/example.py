"""``penstock example``: copies an example application into a new folder."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from penstock.cli.bundle.files import find_bundled
from penstock.cli.terminal import CLEAN, pluralize, table
from penstock.errors import OutputError, UnknownNameError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

_NOT_COPIED = shutil.ignore_patterns("__pycache__", ".*", "*.db", "*.pyc")


class Example(NamedTuple):
    """An example application.

    Attributes:
        summary: Its purpose, in a sentence.
        commands: Commands to try in its folder, each with its effect.
    """

    summary: str
    commands: Mapping[str, str]


EXAMPLES: Mapping[str, Example] = MappingProxyType(
    {
        "shop": Example(
            "Orders arrive over HTTP and a topic, are paid, confirmed and shipped.",
            {
                "python -m shop": "run it: the log lines of an order share an ID",
                "penstock show order_processing": "draw one of its flows",
            },
        ),
        "parts": Example(
            "A parts catalogue follows a supplier's bills of material.",
            {
                "python -m parts": "run it: the log lines of a message share an ID",
                "penstock show bom_sync": "draw one of its flows",
            },
        ),
        "bakery": Example(
            "A bakery sells bread, without a decorator in its code.",
            {
                "python -m bakery": "run it",
                "penstock discover -- python -m bakery": "find a flow in it",
            },
        ),
        "mkdocs_build": Example(
            "The build of MkDocs, declared from outside, without a change to its code.",
            {
                "pip install 'penstock[mkdocs]'": "install what it describes",
                "penstock show mkdocs_build": "draw its flow",
            },
        ),
    }
)
"""All examples, by name; each is a folder under ``docs/examples``."""


class UnknownExampleError(UnknownNameError):
    """An example that does not exist."""

    what = "example"
    whats = "examples"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    summary = "copy an example application into a new folder"
    parser = commands.add_parser("example", help=summary, description=f"{summary.capitalize()}.")
    parser.set_defaults(action=run)
    parser.add_argument("name", nargs="?", metavar="NAME", help="the example; without it, all are listed")
    parser.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="the new folder; NAME by default")


def run(parsed: argparse.Namespace) -> int:
    """List the examples, or copy one and print what to run next."""
    if parsed.name is None:
        for line in table([(name, example.summary) for name, example in EXAMPLES.items()]):
            print(line)
        print("\nCopy one: penstock example shop DIR")
        return CLEAN
    if parsed.name not in EXAMPLES:
        raise UnknownExampleError(parsed.name, EXAMPLES)
    folder = parsed.folder or Path(parsed.name)
    count = _copy(find_bundled(f"examples/{parsed.name}"), folder)
    print(f"wrote {folder}: {pluralize(count, 'file')}. Try it:")
    for line in _format_commands(folder, EXAMPLES[parsed.name]):
        print(line)
    return CLEAN


def _copy(source: Path, folder: Path) -> int:
    """Copy an example and return the number of its files.

    Raises:
        OutputError: The folder is not empty, or cannot be written.
    """
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            what = "is not empty" if folder.is_dir() else "is a file"
            new = folder.with_name(f"{folder.name}-example") if folder.name.strip(".") else folder / source.name
            raise OutputError(f"{folder} {what}, and nothing was written. Name a new folder, such as {new}")
        shutil.copytree(source, folder, ignore=_NOT_COPIED, dirs_exist_ok=True, copy_function=shutil.copyfile)
    except OutputError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a null character in the name; shutil.Error has no strerror
        raise OutputError(f"cannot write {folder}: {getattr(error, 'strerror', None) or error}") from None
    return sum(path.is_file() for path in folder.rglob("*"))


def _format_commands(folder: Path, example: Example) -> Iterator[str]:
    commands = {f"cd {shlex.quote(str(folder))}": "", **example.commands}
    is_tested = (folder / "tests").is_dir() or any(folder.glob("test_*.py"))
    if is_tested and "[tool.penstock]" in (folder / "pyproject.toml").read_text(encoding="utf-8"):
        commands["pytest --penstock && penstock check"] = "check its flows against its tests"
    size = max(map(len, commands))
    return (
        f"  {command.ljust(size)}  # {effect}" if effect else f"  {command}" for command, effect in commands.items()
    )
