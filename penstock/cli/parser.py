"""The parser of the command line: help in groups, and near names for misspelled commands, options and values."""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from penstock.errors import PenstockError, UnknownNameError, did_you_mean, near_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

GROUPS: Mapping[str, Sequence[str]] = {
    "Start": ("example", "discover", "init", "completion"),
    "Look at flows": ("list", "show", "open"),
    "Ask about them": ("who", "impact", "trace"),
    "Write them down": ("render", "inject", "export"),
    "Check them": ("check", "explain", "coverage", "tests", "diff", "evidence", "sql"),
}
"""The commands of each section of the help, in the order of a project's life."""


class UsageError(PenstockError):
    """A command line that cannot be understood."""


class _UnknownValueError(UnknownNameError):
    """A word that is not one of the possible ones."""

    def __init__(self, name: str, known: Sequence[str], what: str) -> None:
        self.what, self.whats = what, f"{what}s"
        super().__init__(name, known)

    def __str__(self) -> str:
        near = did_you_mean(self.near).replace("'", "")
        return f"there is no {self.what} {self.name!r}.{near} {self.whats.capitalize()}: {', '.join(self.known)}."


class Parser(argparse.ArgumentParser):
    """A parser whose errors are exceptions of ours: one line, with the near name."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.set_defaults(parser=self)  # the innermost command that was given reports unknown options

    def error(self, message: str) -> NoReturn:
        """Raise an error with the usage of the command.

        Raises:
            UsageError: Always.
        """
        sentence = message if message.endswith((".", "?")) else f"{message}."
        raise UsageError(f"{sentence} See: {self.prog} --help")

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Return the parsed arguments; an unknown option is reported with the near ones of its command.

        Raises:
            UsageError: An argument is unknown, missing or wrong.
        """
        parsed, extra = self.parse_known_args(args, namespace)
        if extra:
            getattr(parsed, "parser", self).refuse(extra)
        return parsed

    def refuse(self, arguments: Sequence[str]) -> NoReturn:
        """Raise an error for arguments that this command does not take.

        Raises:
            UsageError: Always.
        """
        word = next((argument for argument in arguments if argument.startswith("-")), "")
        if not word:
            hint = f". To name a module: -m {shlex.quote(arguments[0])}" if "-m" in self._option_string_actions else ""
            self.error(f"unexpected argument{'s' * (len(arguments) > 1)}: {shlex.join(arguments)}{hint}")
        name = word.partition("=")[0]
        near = did_you_mean(near_names(name, self._option_string_actions, limit=1)).replace("'", "")
        self.error(f"there is no option {name}.{near}")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        choices = None if action.choices is None else [str(choice) for choice in action.choices]
        if choices is not None and value not in choices:
            what = "command" if isinstance(action, argparse._SubParsersAction) else (action.dest or "value")
            raise _UnknownValueError(str(value), choices, what)


class MainParser(Parser):
    """The parser of ``penstock`` itself: its help lists the commands in groups."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands: argparse._SubParsersAction[Any] = self.add_subparsers(
            metavar="COMMAND", dest="command_name", parser_class=Parser
        )

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Return the parsed arguments; a missing command is reported after unknown options.

        Raises:
            UsageError: An argument is unknown, missing or wrong.
        """
        parsed = super().parse_args(args, namespace)
        if parsed.command_name is None:
            self.error("name a command")
        return parsed

    def format_help(self, formatter: argparse.HelpFormatter | None = None) -> str:
        """Return the help, with the commands in their groups; newer Pythons give the formatter."""
        formatter = formatter or self._get_formatter()
        formatter.add_usage(self.usage, self._actions, self._mutually_exclusive_groups)
        formatter.add_text(self.description)
        for title, actions in self._sections():
            formatter.start_section(title)
            formatter.add_arguments(actions)
            formatter.end_section()
        formatter.add_text(self.epilog)
        return formatter.format_help()

    def _sections(self) -> Iterator[tuple[str, list[argparse.Action]]]:
        entries = {entry.dest: entry for entry in self.commands._get_subactions()}
        for title, names in GROUPS.items():
            yield title, [entries[name] for name in names if name in entries]
        yield "Options", [action for action in self._actions if action is not self.commands]


def print_help_without_command(parser: MainParser) -> NoReturn:
    """Print the whole help to standard error and exit with 2, as Ruff and uv do.

    Raises:
        SystemExit: Always.
    """
    parser.print_help(sys.stderr)
    raise SystemExit(2)
