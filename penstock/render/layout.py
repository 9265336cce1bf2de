"""Where everything goes: Graphviz's layouts, all of a build from one process, under a time limit."""

from __future__ import annotations

import shutil
import subprocess
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.errors import LayoutError, MissingExtraError
from penstock.render import _blanks, dot
from penstock.render.geometry import Layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.model import Flow
    from penstock.render.options import Options

ENGINE = "graphviz-pure"
TIMEOUT = 20.0
"""Seconds for one run of the engine."""

MOST_FAILURES = 3
"""Diagrams that may fail in one call, each after its time limit, before the rest is not tried any more."""


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
    sources = [_blanks.render(flow, options) for flow in flows]
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
            f"the layout engine {engine!r} was not found; where none is named, graphviz-pure draws, which needs no system package",
            "graphviz",
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
    done, complaint = _run_many(executable, [_blanks.render(flow, options, dot.Relaxed())], timeout)
    if done:
        return done[0]
    return _failure(flow, complaint or "it wrote nothing")


def _failure(flow: Flow, reason: str) -> LayoutError:
    size = f"{_counted(len(flow.steps), 'step')}, {_counted(len(flow.edges), 'arrow')}"
    return LayoutError(f"flow {flow.name!r} ({size}) has no layout: {reason}")


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _run_many(executable: str, sources: Sequence[str], timeout: float) -> tuple[list[Layout], str]:
    """Return the layouts that the engine finished, which may be fewer than asked for, and its complaint."""
    output, complaint = _run(executable, ["-Tplain"], "\n".join(sources), timeout)
    try:
        *drawings, _ = output.decode("utf-8", "replace").replace("\r\n", "\n").split("stop\n")  # the last may be torn
        return [Layout.checked(drawing) for drawing in drawings], complaint
    except ValueError as error:
        return [], f"it answered nonsense ({error})"


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
        return expired.stdout or b"", f"it took longer than {timeout:g} s (the setting layout_timeout)"
    except OSError as error:
        return b"", f"cannot start {executable}: {error.strerror}"
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        return done.stdout, said[-1] if said else f"exit code {done.returncode}"
    return done.stdout, ""
