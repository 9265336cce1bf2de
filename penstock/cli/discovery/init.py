"""``penstock init``: writes ``[tool.penstock]`` for the modules that declare flows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from penstock.cli.common_options import fault
from penstock.cli.discovery.declaring_modules import find_declaring_modules
from penstock.cli.discovery.next_steps import print_next_steps
from penstock.cli.terminal import CLEAN, pluralize, print_diff, table
from penstock.config import evidence_file, load
from penstock.discover.writing.frameworks import find_framework_settings
from penstock.discover.writing.settings import NewSettings, write_settings
from penstock.errors import ConfigError
from penstock.render.wording import visible

if TYPE_CHECKING:
    import argparse


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    summary = "write the settings of a project whose code declares flows"
    description = (
        "Find the modules that declare flows, write [tool.penstock] in pyproject.toml, and print what the project's "
        "documentation needs to show the flows. What is set already stays as it is."
    )
    parser = commands.add_parser("init", help=summary, description=description)
    parser.set_defaults(action=run)
    parser.add_argument(
        "-C",
        "--project",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="the folder of the project; this one by default",
    )


def run(parsed: argparse.Namespace) -> int:
    """Write the settings, and print what to do next."""
    if why := fault(parsed.project):
        raise ConfigError(f"there is no folder {str(parsed.project)!r} ({why})", where="--project")
    config = load(parsed.project)
    modules = find_declaring_modules(config.project)
    if not modules:
        raise ConfigError(
            f"no module in {config.project} declares a flow. To find flows in code that has none: penstock discover -- pytest"
        )
    for line in table([(visible(name), visible(", ".join(flows))) for name, _, flows in modules]):
        print(line)
    others = find_framework_settings(config.project)
    roots = list(dict.fromkeys(module.root for module in modules))
    wanted = NewSettings(modules=[module.name for module in modules], path=roots, others=others)
    edit = write_settings(config.project, wanted)
    if edit is None:
        print(f"\npyproject.toml names {pluralize(len(modules), 'module')} already.")
    else:
        print()
        print_diff(edit.diff())
        edit.write()
        print(f"wrote {visible(edit.name)}")
    flow = next((name for module in modules for name in module.flows), "NAME")
    print_next_steps(config.project, flow, is_recorded=evidence_file(load(parsed.project)).is_file())
    return CLEAN
