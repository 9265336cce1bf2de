"""Where everything goes: Graphviz's layouts, all of a build from one process, under a time limit."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock.errors import LayoutError, MissingExtraError
from penstock.render import dot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from penstock.model import Flow
    from penstock.render.options import Options

Point = tuple[float, float]

ENGINE = "graphviz-pure"
TIMEOUT = 20.0
"""Seconds for one run of the engine."""

MOST_FAILURES = 3
"""Diagrams that may fail in one call, each after its time limit, before the rest is not tried any more."""

BACKSLASH = "\ufdd0"
"""Stands for a backslash, which Graphviz doubles in JSON, and then cuts the text's end off.

No text has this character, since :mod:`penstock.render._plain` replaces all that Unicode keeps for such uses.
"""


class Text(NamedTuple):
    """A line of text: its anchor point (``start``, ``middle`` or ``end`` of the baseline), size and width in pixels."""

    x: float
    y: float
    anchor: str
    size: float
    bold: bool
    text: str
    width: float = 0


class Box(NamedTuple):
    """A node: the upper left corner, width and height, and the text inside; y grows downwards."""

    x: float
    y: float
    width: float
    height: float
    texts: tuple[Text, ...]


class Curve(NamedTuple):
    """An arrow: the names of its ends, a cubic Bézier spline, the polygon of its head, its label."""

    source: str
    target: str
    points: tuple[Point, ...]
    head: tuple[Point, ...]
    texts: tuple[Text, ...]


class Layout(NamedTuple):
    """A laid out diagram, in pixels; nodes are named as :func:`penstock.render.dot.render` names them."""

    width: float
    height: float
    boxes: dict[str, Box]
    curves: tuple[Curve, ...]


def lay_out(
    flows: Sequence[Flow], options: Options, *, engine: str = ENGINE, timeout: float = TIMEOUT
) -> list[Layout | LayoutError]:
    """Lay out some flows in one process.

    A diagram on which the engine fails or runs out of time is tried once more with cheaper settings. If that
    fails too, its place in the result holds the error, and the other diagrams are not harmed.

    Args:
        flows: What to lay out.
        options: The direction and the amount of detail; links do not matter here.
        engine: ``graphviz-pure``, ``dot``, or the path of an executable that speaks as they do.
        timeout: Seconds for one run of the engine.

    Raises:
        MissingExtraError: The engine or the graphviz package is not installed.
    """
    executable = find_engine(engine)
    sources = [_source(flow, options) for flow in flows]
    results: list[Layout | LayoutError] = []
    while len(results) < len(flows):
        if sum(isinstance(result, LayoutError) for result in results) >= MOST_FAILURES:
            reason = f"the engine failed on {MOST_FAILURES} diagrams before this one"
            return [*results, *(_failure(flow, reason) for flow in flows[len(results) :])]
        done, _ = _run_many(executable, sources[len(results) :], timeout)
        results += done
        if len(results) < len(flows):  # the engine stopped at this one, and those behind it go on without it
            results.append(_alone(executable, flows[len(results)], options, timeout))
    return results


def picture(
    flow: Flow, options: Options, kind: str, *, engine: str = ENGINE, timeout: float = TIMEOUT, dpi: int = 72
) -> bytes:
    """Return a flow drawn by the engine itself on white, such as a PNG; tried once more with cheaper settings.

    Raises:
        LayoutError: The engine failed or ran out of time.
        MissingExtraError: The engine or the graphviz package is not installed.
    """
    executable, complaint = find_engine(engine), ""
    for relaxed in (None, dot.Relaxed()):
        source = dot.render(flow, options, relaxed=relaxed, background="white")
        output, complaint = _run(executable, [f"-T{kind}", f"-Gdpi={dpi}"], source, timeout)
        if output and not complaint:
            return output
    raise LayoutError(f"the layout engine {engine!r} failed: {complaint or 'it wrote nothing'}")


@lru_cache(maxsize=8)
def find_engine(engine: str = ENGINE) -> str:
    """Return the path of the layout engine's executable.

    The one of ``graphviz-pure`` is found where pip has put it, which need not be on PATH.

    Raises:
        MissingExtraError: It is not installed.
    """
    if engine == ENGINE:
        found = _packaged(ENGINE)
        if found is None:
            raise MissingExtraError("DOT and pictures need the packages graphviz and graphviz-pure", "graphviz")
        return found
    on_path = shutil.which(engine)
    if on_path is None:
        raise MissingExtraError(
            f"the layout engine {engine!r} was not found; graphviz-pure needs no system package", "graphviz"
        )
    return on_path


def _packaged(name: str) -> str | None:
    try:
        files = metadata.files(name) or []
    except metadata.PackageNotFoundError:
        return shutil.which(name)
    for file in files:
        path = Path(str(file.locate())).resolve()
        if file.stem == name and path.is_file():
            return str(path)
    return shutil.which(name)


def _alone(executable: str, flow: Flow, options: Options, timeout: float) -> Layout | LayoutError:
    done, complaint = _run_many(executable, [_source(flow, options, dot.Relaxed())], timeout)
    if done:
        return done[0]
    return _failure(flow, complaint or "it wrote nothing")


def _failure(flow: Flow, reason: str) -> LayoutError:
    size = f"{_counted(len(flow.steps), 'step')}, {_counted(len(flow.edges), 'arrow')}"
    return LayoutError(f"flow {flow.name!r} ({size}) has no layout: {reason}")


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _source(flow: Flow, options: Options, relaxed: dot.Relaxed | None = None) -> str:
    return dot.render(flow, options, relaxed=relaxed, places_only=True).replace("\\\\", BACKSLASH)


def _run_many(executable: str, sources: Sequence[str], timeout: float) -> tuple[list[Layout], str]:
    """Return the layouts that the engine finished, which may be fewer than asked for, and its complaint."""
    output, complaint = _run(executable, ["-Tjson"], "\n".join(sources), timeout)
    try:
        return [_layout(content) for content in _documents(output.decode("utf-8", "replace"))], complaint
    except (KeyError, ValueError, IndexError, TypeError) as error:
        return [], f"it answered nonsense ({error!r})"


def _run(executable: str, arguments: Sequence[str], source: str, timeout: float) -> tuple[bytes, str]:
    # -q keeps warnings (a label that is too wide for its cell) to itself; errors still come.
    command = [executable, "-q", *arguments]
    try:
        done = subprocess.run(
            command,
            input=source.encode("utf-8", "replace"),
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        return expired.stdout or b"", f"it took longer than {timeout:g} s"
    except OSError as error:
        return b"", f"cannot start {executable}: {error.strerror}"
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        return done.stdout, said[-1] if said else f"exit code {done.returncode}"
    return done.stdout, ""


def _documents(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON documents that stand one after another; a torn last one is not there."""
    decoder, position = json.JSONDecoder(), 0
    while (position := _next_brace(text, position)) >= 0:
        try:
            content, position = decoder.raw_decode(text, position)
        except ValueError:
            return
        yield content


def _next_brace(text: str, position: int) -> int:
    return text.find("{", position)


def _layout(content: Mapping[str, Any]) -> Layout:
    left, bottom, right, top = map(float, content["bb"].split(","))
    origin = (left, top)
    nodes = {node["_gvid"]: node for node in content.get("objects", []) if "pos" in node}
    names = {number: node["name"] for number, node in nodes.items()}
    return Layout(
        width=right - left,
        height=top - bottom,
        boxes={node["name"]: _box(node, origin) for node in nodes.values()},
        curves=tuple(_curve(edge, names, origin) for edge in content.get("edges", [])),
    )


def _box(node: Mapping[str, Any], origin: Point) -> Box:
    x, y = map(float, node["pos"].split(","))
    width, height = float(node["width"]) * 72, float(node["height"]) * 72
    left, top = _flip((x - width / 2, y + height / 2), origin)
    return Box(left, top, width, height, _texts(node.get("_ldraw_", ()), origin))


def _curve(edge: Mapping[str, Any], names: Mapping[int, str], origin: Point) -> Curve:
    return Curve(
        source=names[edge["tail"]],
        target=names[edge["head"]],
        points=_points(edge.get("_draw_", ()), "bB", origin),
        head=_points(edge.get("_hdraw_", ()), "pP", origin),
        texts=_texts(edge.get("_ldraw_", ()), origin),
    )


def _points(operations: Sequence[Mapping[str, Any]], kinds: str, origin: Point) -> tuple[Point, ...]:
    found = next((operation["points"] for operation in operations if operation["op"] in kinds), ())
    return tuple(_flip((x, y), origin) for x, y in found)


def _texts(operations: Sequence[Mapping[str, Any]], origin: Point) -> tuple[Text, ...]:
    """Read the text that is drawn (the operations of Graphviz's xdot format)."""
    texts: list[Text] = []
    size, bold = 13.0, False
    for operation in operations:
        if operation["op"] == "F":
            size = float(operation["size"])
        elif operation["op"] == "t":
            bold = bool(operation["fontchar"] & 1)
        elif operation["op"] == "T":
            x, y = _flip(operation["pt"], origin)
            anchor = {"l": "start", "c": "middle", "r": "end"}[operation["align"]]
            texts.append(
                Text(x, y, anchor, size, bold, operation["text"].replace(BACKSLASH, "\\"), round(operation["width"], 1))
            )
    return tuple(texts)


def _flip(point: Sequence[float], origin: Point) -> Point:
    """Turn Graphviz's upward y axis over."""
    return round(point[0] - origin[0], 2), round(origin[1] - point[1], 2)
