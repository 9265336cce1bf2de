"""Shows a proposed flow: as a drawing in the terminal, and as a page."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from penstock._introspection.docstring_summary import title
from penstock.check.verdict.judgement import judge
from penstock.cli.terminal import apply_style, use_colour, width
from penstock.discover.writing.source_file import SourceFile, UnwritableError
from penstock.model import Edge, Flow, Step
from penstock.render.options import Options
from penstock.render.text import drawing
from penstock.render.wording import escape_line

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.check.evidence import Evidence
    from penstock.discover.proposal import ProposedFlow, ProposedStep
    from penstock.discover.recording import Function
    from penstock.model import Kind

_KINDS: dict[str, Kind] = {
    "coroutine": "coroutine",
    "generator": "generator",
    "async generator": "async generator",
}


def print_proposal(flow: Flow) -> None:
    """Print the drawing of a flow as ``penstock show`` does, with what confirms it."""
    print(apply_style(escape_line(flow.name if flow.title == flow.name else f"{flow.title} ({flow.name})"), "1"))
    print()
    columns, colour = width(), use_colour(sys.stdout)
    whole = not sys.stdout.isatty()
    options = Options(details=True)
    print(drawing.render(flow, options, colour=colour, width=columns, fold=bool(columns), whole=whole))
    if proof := drawing.proof(flow, colour=colour, width=columns):
        print(f"\n{proof}")


def make_flow(proposal: ProposedFlow, project: Path) -> Flow:
    """Return a proposed flow as if it were declared, judged by what was seen.

    Args:
        proposal: The proposed flow.
        project: The folder that the files of its functions count from.
    """
    hashes = _source_hashes(proposal.evidence)
    steps = [
        _make_step(step, project, hashes.get(step.name, ""), is_entrypoint=index == 0)
        for index, step in enumerate(proposal.steps)
    ]
    edges = [
        Edge(source=name, target=step.name, label=label)
        for step in proposal.steps
        for name, label in step.after.items()
    ]
    flow = Flow(name=proposal.name, title=proposal.title or proposal.name, steps=tuple(steps), edges=tuple(edges))
    return judge(flow, proposal.evidence).flow if proposal.evidence else flow


def _source_hashes(evidence: Evidence | None) -> dict[str, str]:
    """Return the hash of each step's source when it ran."""
    if evidence is None:
        return {}
    entrypoints = {step.step: step.source for _, step in evidence.runs}
    return entrypoints | {fact.step.step: fact.step.source for fact in evidence.facts}


def _make_step(step: ProposedStep, project: Path, source_hash: str, *, is_entrypoint: bool) -> Step:
    function = step.function
    docstring, signature, end_line = _read_definition(function, project)
    return Step(
        name=step.name,
        title=title(docstring),
        docstring=docstring,
        signature=signature,
        module=function.module,
        qualname=function.qualname,
        file=function.file,
        line=function.line,
        end_line=end_line,
        kind=_KINDS.get(function.kind, "function"),
        entrypoint=is_entrypoint,
        trigger=step.trigger,
        effects=step.effects,
        source_hash=source_hash,
    )


def _read_definition(function: Function, project: Path) -> tuple[str, str, int]:
    """Return the docstring, signature and last line of a function; as little as there is where its source has gone."""
    try:
        definition = SourceFile.read(project / function.file).find(function)
    except UnwritableError:
        return "", "()", function.line
    node = definition.node
    is_static = any(ast.unparse(decorator) == "staticmethod" for decorator in node.decorator_list)
    arguments = node.args
    if definition.owners and not is_static and arguments.args:
        arguments.args = arguments.args[1:]
        arguments.defaults = arguments.defaults[-len(arguments.args) :] if arguments.args else []
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return ast.get_docstring(node) or "", f"({ast.unparse(arguments)}){returns}", node.end_lineno or function.line
