"""How mystmd speaks to executable plugins: arguments, JSON on standard input, JSON on standard output.

See https://mystmd.org/guide/executable-plugins. A directive is told neither its page nor the directives before it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock.errors import ConfigError, PenstockError
from penstock_mkdocs.embed_syntax.options import OptionError
from penstock_mkdocs.mystmd import channels, flow, overview
from penstock_mkdocs.mystmd.nodes import fault
from penstock_mkdocs.mystmd.request import DirectiveRequest

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from penstock_mkdocs.mystmd.nodes import Node
    from penstock_mkdocs.mystmd.request import Directive

MAX_ANSWER = 1024 * 1024
"""Bytes that mystmd reads from a plugin: what ``spawnSync`` of Node.js keeps."""

DIRECTIVES: Mapping[str, Directive] = {
    directive.name: directive
    for directive in (flow.DIRECTIVE, overview.FLOWS_DIRECTIVE, overview.MAP_DIRECTIVE, channels.DIRECTIVE)
}


def answer(project: str | os.PathLike[str]) -> int:
    """Answer one question of mystmd, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="penstock-myst",
        description="Answer mystmd as its executable plugin: without an argument, the plugin's specification.",
    )
    parser.add_argument(
        "--directive", choices=sorted(DIRECTIVES), help="read a directive, as JSON, and write its nodes"
    )
    name = parser.parse_args().directive
    _write(_answer(DIRECTIVES[name], json.load(sys.stdin.buffer), Path(project)) if name else _encode(specification()))
    return 0


def specification() -> dict[str, Any]:
    """Return what the plugin offers."""
    return {
        "name": "penstock",
        "author": "penstock",
        "license": "MIT",
        "directives": [directive.specification for directive in DIRECTIVES.values()],
    }


def run(directive: Directive, data: Mapping[str, Any], project: Path) -> list[Node]:
    """Return the nodes of a directive; a mistake is a node that mystmd reports with page and line."""
    request = DirectiveRequest(data)
    try:
        if not project.is_dir():
            raise ConfigError(f"there is no folder {str(project)!r}", where="penstock_mkdocs.mystmd.main")
        return directive.run(request, project)
    except OptionError as error:
        return [fault(f"{directive.name}: {error}", request.position(error.line))]
    except (PenstockError, ImportError, OSError) as error:
        return [fault(f"{directive.name}: {error}", request.position())]


def _answer(directive: Directive, data: Mapping[str, Any], project: Path) -> str:
    """Return the nodes of a directive as JSON, or a fault where mystmd would cut them off."""
    encoded = _encode(run(directive, data, project))
    if len(encoded) < MAX_ANSWER:
        return encoded
    message = f"{directive.name}: this is more than the megabyte that mystmd reads from a plugin. {directive.cure}"
    return _encode([fault(message, DirectiveRequest(data).position())])


def _write(answer: str) -> None:
    sys.stdout.write(f"{answer}\n")
    sys.stdout.flush()


def _encode(content: object) -> str:
    """Return JSON in ASCII, whatever the locale of the process is."""
    return json.dumps(content, separators=(",", ":"))
