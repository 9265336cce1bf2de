"""``penstock completion SHELL``: a script for the shell, which asks this command for the words that may follow."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from penstock.cli.bundle.example import EXAMPLES
from penstock.cli.bundle.explain import read_problems
from penstock.cli.common_options import read_config
from penstock.cli.terminal import CLEAN
from penstock.collect import collect
from penstock.collect.plan import CollectPlan
from penstock.errors import PenstockError
from penstock.render.wording import escape_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

SHELLS = ("bash", "fish", "zsh")
_FILES = "FILES"
"""A line that asks the shell for files."""

_FILE_NAMES = frozenset({"FILE", "DIR", "OLD", "NEW"})


class _ParsedLine(NamedTuple):
    """The words before the one to complete, as far as they were understood.

    Attributes:
        parser: The parser of the innermost command.
        positionals: The positional arguments that may come next.
        pending: The option that waits for its value, if any.
        values: The values of options, by option.
    """

    parser: argparse.ArgumentParser
    positionals: list[argparse.Action]
    pending: argparse.Action | None
    values: Mapping[str, list[str]]


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    summary = "print a script that completes commands in a shell"
    description = (
        "Print a script that completes commands, options and the names of flows. "
        'For bash and zsh: eval "$(penstock completion bash)" in the shell\'s startup file; '
        "for fish: penstock completion fish > ~/.config/fish/completions/penstock.fish"
    )
    parser = commands.add_parser("completion", help=summary, description=description)
    parser.set_defaults(action=run)
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))


def run(parsed: argparse.Namespace) -> int:
    """Print the script of a shell."""
    print((Path(__file__).parent / "completions" / f"penstock.{parsed.shell}").read_text(encoding="utf-8"), end="")
    return CLEAN


def print_words(root: argparse.ArgumentParser, words: Sequence[str]) -> int:
    """Print the words that may stand at the end of a command line, as the scripts ask with ``--words``."""
    for word, text in complete(root, words or [""]):
        print(f"{word}\t{text}" if text else word)
    return CLEAN


def complete(root: argparse.ArgumentParser, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the words that may stand at the end of a command line, each with a description.

    Args:
        root: The parser of the program.
        words: The words after the program's name; the last one is completed, and may be empty.
    """
    *before, last = words
    read = _read_words(root, before)
    if read.pending is None and last.startswith("-"):
        candidates: Iterable[tuple[str, str]] = _complete_options(read.parser)
    else:
        candidates = _complete_value(read.pending or next(iter(read.positionals), None), read)
    yield from (entry for entry in candidates if entry[0].startswith(last) or entry[0] == _FILES)


def _read_words(root: argparse.ArgumentParser, words: Iterable[str]) -> _ParsedLine:
    parser, pending = root, None
    positionals = list(parser._get_positional_actions())
    given: dict[str, list[str]] = {}
    for word in words:
        if pending is not None:
            given.setdefault(pending.dest, []).append(word)
            pending = None
        elif word.startswith("-"):
            option = parser._option_string_actions.get(word)
            pending = option if option is not None and option.nargs != 0 else None
        elif positionals:
            action = positionals[0]
            if isinstance(action, argparse._SubParsersAction) and word in action.choices:
                parser = action.choices[word]
                positionals = list(parser._get_positional_actions())
            elif action.nargs not in {"*", "+"}:
                del positionals[0]
    return _ParsedLine(parser, positionals, pending, given)


def _complete_options(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    for action in parser._actions:
        if action.option_strings and action.help is not argparse.SUPPRESS:
            yield from ((name, action.help or "") for name in action.option_strings if name.startswith("--"))


def _complete_value(action: argparse.Action | None, read: _ParsedLine) -> Iterable[tuple[str, str]]:
    if action is None:
        return []
    if isinstance(action, argparse._SubParsersAction):
        return [(entry.dest, entry.help or "") for entry in action._get_subactions()]
    if action.choices is not None:
        return [(str(choice), "") for choice in action.choices]
    if action.metavar in _FILE_NAMES:
        return [(_FILES, "")]
    find: Callable[[_ParsedLine], Iterable[tuple[str, str]]] = _FINDERS.get(str(action.metavar), lambda _: [])
    return find(read)


def _find_flows(read: _ParsedLine) -> Iterator[tuple[str, str]]:
    """Yield the flows of the project; none if they cannot be collected."""
    options = argparse.Namespace(
        project=Path(read.values.get("project", ["."])[-1]),
        modules=read.values.get("modules"),
        path=read.values.get("path"),
        prog="penstock",
    )
    try:
        manifest = collect(CollectPlan.of(read_config(options)))
    except PenstockError:
        return
    yield from ((escape_line(name), escape_line(manifest.flow(name).title)) for name in manifest.names)


def _find_codes(_read: _ParsedLine) -> Iterator[tuple[str, str]]:
    from penstock.model.finding_kinds import FINDING_KINDS  # noqa: PLC0415 - other completions do without

    yield from ((kind.code, kind.summary) for kind in FINDING_KINDS.values())
    yield from ((code, "") for code in read_problems())


def _find_examples(read: _ParsedLine) -> Iterator[tuple[str, str]]:
    if read.parser.prog.endswith(" example"):
        yield from ((name, example.summary) for name, example in EXAMPLES.items())


_FINDERS: Mapping[str, Callable[[_ParsedLine], Iterable[tuple[str, str]]]] = {
    "FLOW": _find_flows,
    "CODE": _find_codes,
    "NAME": _find_examples,
}
"""Functions that find the values of an argument, by its name in the help."""
