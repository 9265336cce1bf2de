"""``%flow --run ID``: one run in a notebook, over the flows that its cells declare."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from penstock._resolve import resolution
from penstock.config import load
from penstock.config.log_fields import FieldNames
from penstock.errors import ConfigError
from penstock.model.resources import Vocabulary
from penstock.trace.formats import html, text
from penstock.trace.trace_run import trace_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.trace.model import RunTrace


class RunView:
    """A run: a page of its own in a front end that shows HTML, else a timeline.

    Args:
        trace: The run.
        engine: The layout engine of its diagrams.
    """

    def __init__(self, trace: RunTrace, engine: str) -> None:
        self._trace = trace
        self._engine = engine

    def _repr_html_(self) -> str:
        """Return the page in a frame, so that its styles and the notebook's do not meet, and nothing in it runs."""
        page = escape(html.render(self._trace, engine=self._engine))
        height = min(20 + 3 * len(self._trace.steps) + 30 * len(self._trace.flows), 60)
        return (
            f'<iframe srcdoc="{page}" sandbox title="Run {escape(self._trace.id)}" '
            f'style="width:100%;height:{height}rem;border:0"></iframe>'
        )

    def __repr__(self) -> str:
        return text.render(self._trace)


def view_run(run_id: str, files: Sequence[str], name: str | None, engine: str) -> RunView:
    """Return a run out of files, over the flows of the notebook.

    Args:
        run_id: The correlation ID.
        files: The files; by default those of the setting ``trace_files``.
        name: The flow whose diagram is shown; by default, each that the run is in.
        engine: The layout engine of diagrams.

    Raises:
        PenstockError: There are no files, one cannot be read, none has the run, or there is no such flow.
    """
    config = load(Path.cwd())
    paths = [Path(file) for file in files] or [*config.trace_files]
    if not paths:
        raise ConfigError(
            f'in which files? %flow --run {run_id} --from FILE, or [tool.penstock] trace_files = ["log.jsonl"]'
        )
    names = FieldNames().with_names(config.trace_fields)
    flows = resolution.flows()
    trace = trace_run(run_id, paths, flows, names=names, vocabulary=Vocabulary(config.effects))
    if name is not None:
        full_name = resolution.get_flow(name).full_name
        trace = replace(trace, flows=tuple(flow for flow in trace.flows if flow.name == full_name))
    return RunView(trace, engine)
