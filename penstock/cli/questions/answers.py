"""What both questions share: the flows that are asked, and the formats of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.check.questions.application import Application
from penstock.cli.common_options import add_sources, read_config
from penstock.cli.terminal import tell
from penstock.manifest.encoding import encode_json
from penstock.model.resources import Vocabulary
from penstock.proof import prove
from penstock.render import mermaid
from penstock.render.options import Options
from penstock.render.wording import escape_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from penstock.model import Flow

FORMATS = ("text", "json", "mermaid")


def add_question(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    action: Callable[[argparse.Namespace], int],
    summary: str,
) -> argparse.ArgumentParser:
    """Add a command, with the options that all questions have, and return its parser."""
    parser = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    parser.set_defaults(action=action)
    add_sources(parser)
    parser.add_argument("-f", "--format", choices=FORMATS, default="text", help="the output's format; text by default")
    return parser


def open_application(parsed: argparse.Namespace) -> Application:
    """Return all flows of a command; problems of declarations are printed."""
    config = read_config(parsed)
    proof = prove(config, accepted=False)
    found = proof.manifest
    for problem in (*found.problems, *(problem for flow in found.flows for problem in flow.problems)):
        tell("problem", escape_line(str(problem)))
    return Application(found.flows, Vocabulary(config.effects))


def print_json(content: object) -> None:
    """Print an answer for programs."""
    print(encode_json(content, 2, sort_keys=False).rstrip("\n"))


def print_mermaid(drawn: Flow) -> None:
    """Print an answer as a diagram."""
    print(mermaid.render(drawn, Options(direction="LR", details=True)))


def join_words(words: Sequence[str], empty: str) -> str:
    """Return some words as a list in a line, or what to say if there are none."""
    return ", ".join(map(escape_line, words)) or empty
