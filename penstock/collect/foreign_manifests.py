"""Sanitizes third-party manifests named by the setting `manifests`: their content is data, never a path or a command.

All visible content of a flow is checked once, before use. Names and texts lose characters that could mislead a
terminal, a log or a reader, files must be inside their project, and lengths are limited.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar, cast, get_args

from penstock._util.display_text import plain, plain_name
from penstock.errors import ManifestError
from penstock.model import EvidenceSummary, Flow, Kind
from penstock.model.finding_kinds import State
from penstock.model.resource_uses import Verb
from penstock.render.wording import is_inside

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock.manifest import Manifest
    from penstock.model import Blind, Call, Edge, NumbersOrigin, Problem, Step
    from penstock.model.problem_codes import ProblemCode
    from penstock.model.resource_uses import ResourceUse, StaticTouch

    Placed = TypeVar("Placed", Step, Problem, Call, Blind, StaticTouch)

MAX_NAME, MAX_LINE, MAX_TEXT = 200, 2_000, 20_000
"""Maximum characters of a name, of a text on one line (title, signature), and of a docstring or description."""

MAX_MARKS = 1_000
"""Maximum marks of one kind in a paragraph; some parsers look at all following text for each of them."""

MAX_ITEMS = 500
"""Maximum number of effects, tags or imports of one step or flow."""

SHORT, MAX_DEPTH = 150, 50
"""Characters of a signature that cannot be nested too deeply, and the maximum depth."""

MAX_LINE_NUMBER = 9_999_999
MAX_RUNS = 10**15

_HASHES = re.compile(r"#(?=#\w*\[)")
_COMMAND = re.compile(rf"(?<!\S):(?=:)|{_HASHES.pattern}")
"""Patterns that turn a log line into a command of GitHub (``::error::``), Azure or TeamCity (``##vso[…]``)."""

_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that change the direction of following text."""

_GAP = re.compile(r"\n[ \t]*\n")
_MODULE = re.compile(r"\w+(?:\.\w+)*")
_QUALNAME = re.compile(r"[\w.<>]+")
_IMPORT = re.compile(r"\w+(?:\.\w+)*(?: as \w+)?")
_STATE = re.compile(r"[a-z-]+")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{1,64}")


def clean(made: Manifest) -> Manifest:
    """Return a third-party manifest, sanitized for display.

    Raises:
        ManifestError: Two steps have one name after removal of invisible characters.
    """
    return replace(
        made,
        flows=tuple(map(_flow, made.flows)),
        problems=tuple(map(_problem, made.problems)),
        service=_name(made.service),
        generator=_line(made.generator),
    )


def is_readable(docstring: str) -> bool:
    """Return whether a docstring can be parsed in linear time."""
    paragraphs = _GAP.split(docstring) if len(docstring) > MAX_MARKS else ()
    return not any(paragraph.count(mark) > MAX_MARKS for paragraph in paragraphs for mark in "*:[_`|")


def _flow(flow: Flow) -> Flow:
    steps = tuple(map(_step, flow.steps))
    if len({step.name for step in steps}) < len(steps):
        raise ManifestError(
            f"two steps of the flow {_name(flow.name)!r} have names that differ only in invisible characters"
        )
    return Flow(
        name=_name(flow.name),
        title=_line(flow.title),
        description=_harmless(_text(flow.description)),
        service=_name(flow.service),
        tags=_lines(flow.tags),
        steps=steps,
        edges=tuple(map(_edge, flow.edges)),
        problems=tuple(map(_problem, flow.problems)),
        calls=tuple(
            replace(_clean_location(call), source=_name(call.source), target=_name(call.target)) for call in flow.calls
        ),
        blind=tuple(
            replace(_clean_location(blind), step=_name(blind.step), reason=_line(blind.reason)) for blind in flow.blind
        ),
        touches=tuple(
            replace(_clean_location(touch), step=_name(touch.step), verb=_line(touch.verb), target=_line(touch.target))
            for touch in flow.touches
        ),
        evidence=flow.evidence and _evidence(flow.evidence),
        uses=tuple(map(_use, flow.uses)),
        numbers=flow.numbers and _origin(flow.numbers),
    )


def _step(step: Step) -> Step:
    portable_step = _clean_location(step)
    return replace(
        portable_step,
        name=_name(step.name),
        title=_line(step.title),
        docstring=_text(step.docstring),
        signature=_signature(step.signature),
        imports=tuple(binding for binding in step.imports[:MAX_ITEMS] if _matching(_IMPORT, binding)),
        module=_matching(_MODULE, step.module),
        qualname=_matching(_QUALNAME, step.qualname),
        end_line=_number(step.end_line) if portable_step.file else 0,
        kind=step.kind if step.kind in get_args(Kind) else "function",
        trigger=_line(step.trigger),
        effects=_lines(step.effects),
        source_hash=_matching(_HASH, step.source_hash),
        helper_hash=_matching(_HASH, step.helper_hash),
    )


def _edge(edge: Edge) -> Edge:
    return replace(
        edge,
        source=_name(edge.source),
        target=_name(edge.target),
        label=_line(edge.label),
        origin=_line(edge.origin),
        state=edge.state if edge.state in get_args(State) else "",
        witness=_line(edge.witness),
        note=_line(edge.note),
    )


def _use(use: ResourceUse) -> ResourceUse:
    return replace(
        use,
        step=_name(use.step),
        verb=use.verb if use.verb in get_args(Verb) else "writes",
        resource=_line(use.resource),
        origin=_line(use.origin),
        state=_matching(_STATE, use.state),
        note=_line(use.note),
        witness=_line(use.witness),
    )


def _evidence(evidence: EvidenceSummary) -> EvidenceSummary:
    runs = min(max(evidence.runs, 0), MAX_RUNS)
    return EvidenceSummary(runs=runs, commit=_line(evidence.commit), date=_line(evidence.date))


def _origin(origin: NumbersOrigin) -> NumbersOrigin:
    return replace(origin, first=_matching(_DAY, origin.first), last=_matching(_DAY, origin.last))


def _problem(problem: Problem) -> Problem:
    return replace(
        _clean_location(problem),
        code=cast("ProblemCode", _line(problem.code)),
        message=_line(problem.message),
        step=_name(problem.step),
        advice=_line(problem.advice),
        missing=_name(problem.missing),
    )


def _clean_location(value: Placed) -> Placed:
    file = _file(value.file)
    if file == value.file and 0 <= value.line <= MAX_LINE_NUMBER and (file or not value.line):
        return value
    return replace(value, file=file, line=_number(value.line) if file else 0)


@lru_cache(maxsize=1024)
def _file(file: str) -> str:
    """Return a path that stays in its project, or an empty string."""
    text = plain(file)
    return text if len(text) <= MAX_LINE and is_inside(text) and not _COMMAND.search(text) else ""


@lru_cache(maxsize=10_000)
def _name(name: str) -> str:
    return _harmless(plain_name(name[:MAX_TEXT])[:MAX_NAME]) if name else ""


def _line(text: str) -> str:
    return _cut(_harmless(plain(text[:MAX_TEXT])), MAX_LINE)


def _lines(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(_line, [*texts][:MAX_ITEMS]))


def _signature(signature: str) -> str:
    """Return a signature that recursive parsers can handle; too deep a one becomes ``(...)``."""
    line = _line(signature)
    if len(line) < SHORT:
        return line
    try:
        level: list[ast.AST] = [ast.parse(f"def f{line}: ...")]
    except (SyntaxError, ValueError):
        return line
    except (RecursionError, MemoryError):
        return "(...)"
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return "(...)" if level else line


def _text(text: str) -> str:
    """Return a text of several lines."""
    if len(text) <= MAX_TEXT and text.isascii() and "#" not in text and text.replace("\n", "").isprintable():
        return text  # the usual case
    cut = _cut(text, MAX_TEXT).encode("utf-8", "replace").decode()  # halves of surrogate pairs have no UTF-8
    return _HASHES.sub("# ", _UNSEEN.sub("", cut.replace("\r\n", "\n").replace("\r", "\n")))


def _harmless(text: str) -> str:
    if "::" not in text and "#" not in text:  # the usual case
        return text
    return _COMMAND.sub(lambda mark: f"{mark[0]} ", text)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _matching(pattern: re.Pattern[str], text: str) -> str:
    return text if len(text) <= MAX_LINE and pattern.fullmatch(text) else ""


def _number(line: int) -> int:
    return min(max(line, 0), MAX_LINE_NUMBER)
