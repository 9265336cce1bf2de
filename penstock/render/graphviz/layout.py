"""Graphviz layouts: one process lays out all diagrams of a build, with a time limit for each."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

from penstock.errors import LayoutError
from penstock.render import labels
from penstock.render.graphviz import dot, layout_input
from penstock.render.graphviz.engine import ENGINE, TIMEOUT, Fault, cure, find_engine, run_engine
from penstock.render.graphviz.plain_output import Layout
from penstock.render.plain import layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.model import Flow
    from penstock.render.options import Options

COLUMN_WIDTH = 640
"""Pixels that a diagram may be wide in a page's column; the narrowest that themes have at 1400 pixels is Alabaster's with 660."""

MOST_FAILURES = 3
"""Maximum number of failing diagrams in one call, each after its time limit; the rest is not tried."""

EASY_EFFORT = 500
"""The effort of a flow that a working engine lays out in a second."""

MAX_EFFORT, MAX_RELAXED_EFFORT = 4_000, 10_000
"""Maximum effort for a good layout, and for any layout, in :data:`TIMEOUT` seconds.

Measured with graphviz-pure 0.2.2. A complete graph of 30 steps has an effort of 4,500 and needs more than 20 seconds to be
laid out well, and less than one with cheaper settings; one of 45 steps has 15,000 and needs ten with these.
"""


def lay_out(
    flows: Sequence[Flow], options: Options, *, engine: str = ENGINE, timeout: float = TIMEOUT
) -> list[Layout | LayoutError]:
    """Lay out some flows in one process.

    A diagram on which the engine fails or times out is tried once more with cheaper settings. If it times out
    again, or is too large to try, the result is a plain layout with a reason. If the engine is at fault, the
    result is the error. The other diagrams are not affected; the hardest come last. A diagram that is wider than
    the column of a page is laid out once more, folded, and if it may be, in the other direction.

    Args:
        flows: The flows to lay out.
        options: The direction and the amount of detail; links do not matter here.
        engine: ``graphviz-pure``, ``dot``, or the path of a compatible executable.
        timeout: Seconds for one drawing.

    Raises:
        MissingExtraError: The engine or the graphviz package is not installed.
    """
    layouts = _lay_out_as_asked(flows, options, engine, timeout)
    for narrower in _narrower_options(options):
        wide = [place for place, layout in enumerate(layouts) if _is_wide(layout)]
        places = [
            place for place in wide if narrower.direction != options.direction or labels.can_fold(flows[place], options)
        ]
        tried = _lay_out_as_asked([flows[place] for place in places], narrower, engine, timeout) if places else []
        for place, layout in zip(places, tried, strict=True):
            if isinstance(layout, Layout) and _is_better(
                layout, layouts[place], turned=narrower.direction != options.direction
            ):
                layouts[place] = layout._replace(folded=True)
    return layouts


def _narrower_options(options: Options) -> list[Options]:
    """Return what to try in turn for a diagram that is too wide: to fold it, then to turn it as well, if it may be turned."""
    if options.folded or not options.details:
        return []
    folded = replace(options, folded=True)
    return [folded, replace(folded, direction="LR")] if options.flexible and options.direction == "TB" else [folded]


def _is_wide(layout: Layout | LayoutError) -> bool:
    return isinstance(layout, Layout) and not layout.reason and layout.width > COLUMN_WIDTH


def _is_better(layout: Layout, wide: Layout | LayoutError, *, turned: bool) -> bool:
    """Return whether a layout is narrower; a diagram is only turned if it fits then."""
    return isinstance(wide, Layout) and layout.width < (COLUMN_WIDTH if turned else wide.width)


def _lay_out_as_asked(
    flows: Sequence[Flow], options: Options, engine: str, timeout: float
) -> list[Layout | LayoutError]:
    run = _EngineRun(engine, find_engine(engine), options, timeout)
    efforts = [layers.effort(flow) for flow in flows]
    most, most_relaxed = _most_efforts(timeout)
    results: dict[int, Layout | LayoutError] = {}
    waiting: list[_LayoutTask] = []
    for place in sorted(range(len(flows)), key=efforts.__getitem__):
        if efforts[place] > most_relaxed:
            fault = Fault(f"would need more than {timeout:g} s (the setting layout_timeout)", is_slow=True)
            results[place] = _without_engine(run, flows[place], fault)
        else:
            waiting.append(_LayoutTask(place, flows[place], is_relaxed=efforts[place] > most))
    results.update(_lay_out_all(run, waiting))
    return [results[place] for place in range(len(flows))]


def _most_efforts(timeout: float) -> tuple[float, float]:
    """Return the maximum efforts for a good layout and for any layout; only extra time raises them."""
    more = max(timeout / TIMEOUT, 1.0)
    return MAX_EFFORT * more, MAX_RELAXED_EFFORT * sqrt(more)


class _LayoutTask(NamedTuple):
    place: int
    flow: Flow
    is_relaxed: bool = False


class _EngineRun(NamedTuple):
    engine: str
    executable: str
    options: Options
    timeout: float


def _lay_out_all(run: _EngineRun, waiting: list[_LayoutTask]) -> dict[int, Layout | LayoutError]:
    results: dict[int, Layout | LayoutError] = {}
    failures = 0
    while waiting:
        layouts, fault = _run_many(run, waiting)
        results.update((drawing.place, layout) for drawing, layout in zip(waiting, layouts, strict=False))
        del waiting[: len(layouts)]
        if not waiting:
            break
        failed_drawing = waiting.pop(0)  # the engine stopped at this one, and those behind it go on without it
        if not failed_drawing.is_relaxed:
            layouts, fault = _run_many(run, [failed_drawing._replace(is_relaxed=True)])
        if not failed_drawing.is_relaxed and layouts:
            results[failed_drawing.place] = layouts[0]
            continue
        results[failed_drawing.place] = _without_engine(run, failed_drawing.flow, fault)
        failures += 1
        if failures == MOST_FAILURES:
            other_fault = _fault_of_others(fault)
            return results | {drawing.place: _without_engine(run, drawing.flow, other_fault) for drawing in waiting}
    return results


def _fault_of_others(fault: Fault) -> Fault:
    """Return the fault of untried diagrams, because the engine failed on those before them."""
    if fault.is_slow:
        return fault._replace(words=f"{fault.words} for {MOST_FAILURES} diagrams before this one")
    return fault._replace(words=f"the engine failed on {MOST_FAILURES} diagrams before this one")


def _without_engine(run: _EngineRun, flow: Flow, fault: Fault) -> Layout | LayoutError:
    """Return a plain layout if the engine was only slow, else an error."""
    if fault.is_slow:
        return layers.lay_out(flow, run.options, fault.of(run.engine))
    return LayoutError(f"{describe_flow(flow)} has no layout: {fault.words}. {cure(run.engine)}")


def warning(flow: Flow, layout: Layout) -> str:
    """Return the note of a plain layout and its remedy, or an empty string."""
    if not layout.reason:
        return ""
    return f"{describe_flow(flow)} is drawn in plain layers, because {layout.reason}. {_cure_of_slowness(flow)}"


def _cure_of_slowness(flow: Flow) -> str:
    if layers.effort(flow) < EASY_EFFORT:
        return (
            "That is little to draw: repair the engine, give it more time, or name another one in the setting engine."
        )
    return "Give it more time, or split the flow."


def describe_flow(flow: Flow) -> str:
    """Return a flow's name and size, for messages."""
    size = f"{_pluralize(len(flow.steps), 'step')}, {_pluralize(len(flow.edges), 'arrow')}"
    return f"flow {flow.name!r} ({size})"


def _pluralize(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _run_many(run: _EngineRun, drawings: Sequence[_LayoutTask]) -> tuple[list[Layout], Fault]:
    """Return the layouts that the engine finished, possibly fewer than requested, and its fault."""
    sources = [_source(drawing, run.options) for drawing in drawings]
    output, fault = run_engine(run.executable, ["-Tplain"], "\n".join(sources), run.timeout, drawings=len(drawings))
    *texts, rest = output.decode("utf-8", "replace").replace("\r\n", "\n").split("stop\n")  # the last may be truncated
    layouts: list[Layout] = []
    if len(texts) > len(drawings) or (len(texts) == len(drawings) and rest.strip()):
        return [], Fault(f"it answered more than the {_pluralize(len(drawings), 'drawing')} that it was asked for")
    for text, drawing in zip(texts, drawings, strict=False):
        try:
            layouts.append(_parse_answer(text, drawing, run.options))
        except ValueError as error:
            return layouts, Fault(f"{error}")
    if len(layouts) < len(drawings) and not fault.words:
        fault = Fault("it wrote nothing that is a drawing")
    return layouts, fault


def _parse_answer(text: str, drawing: _LayoutTask, options: Options) -> Layout:
    nodes = (name for name, _ in labels.of_nodes(drawing.flow, options))
    arrows = ((arrow.source, arrow.target) for arrow in layout_input.arrows(drawing.flow, options))
    return Layout.parse_answer(text, nodes, arrows)


def _source(drawing: _LayoutTask, options: Options) -> str:
    return layout_input.render(drawing.flow, options, dot.Relaxed() if drawing.is_relaxed else None)
