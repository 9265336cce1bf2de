"""A run as JSON, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.manifest.encoding import encode_json

if TYPE_CHECKING:
    from penstock.trace.model import Failure, FlowRun, Join, RunTrace, StepRun, UndeclaredTurn
    from penstock.trace.reading.log_lines import LogLine

FORMAT = "penstock-trace"
VERSION = "1.0"


def render(trace: RunTrace) -> str:
    """Return a run as JSON; times are nanoseconds since 1970."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "id": trace.id,
        "start": trace.start,
        "end": trace.end,
        "services": list(trace.services),
        "steps": [_encode_step(step) for step in trace.steps],
        "lines": [_encode_line(line) for line in trace.lines],
        "flows": [_encode_flow(flow) for flow in trace.flows],
        "joins": [_encode_join(join) for join in trace.joins],
        "failures": [_encode_failure(failure) for failure in trace.failures],
        "first_undeclared": _encode_way(trace.undeclared) if trace.undeclared else None,
        "notes": list(trace.notes),
        "files": [{"file": file.name, "lines": file.lines} for file in trace.files],
        "spans": trace.spans,
    }
    return encode_json(content, 2, sort_keys=False).rstrip("\n")


def _encode_step(step: StepRun) -> dict[str, Any]:
    return {
        "number": step.number,
        "step": step.step,
        "flows": list(step.flows),
        "service": step.service,
        "witness": step.witness,
        "start": step.start,
        "end": step.end,
        "duration": step.duration,
        "parent": step.parent,
        "entrypoint": step.entrypoint,
        "declared": step.declared,
        "error": step.error,
        "lines": [_encode_line(line) for line in step.lines],
    }


def _encode_line(line: LogLine) -> dict[str, Any]:
    return {
        "file": line.file,
        "line": line.number,
        "time": line.time,
        "level": line.level,
        "message": line.message,
        "service": line.service,
        "logger": line.logger,
        "fields": dict(line.fields),
    }


def _encode_flow(flow: FlowRun) -> dict[str, Any]:
    return {
        "flow": flow.name,
        "declared": flow.flow is not None,
        "steps": list(flow.numbers),
        "silent": list(flow.silent),
        "exact": flow.is_exact,
        "taken": [list(pair) for pair in sorted(flow.ways)],
        "undeclared": [_encode_way(way) for way in flow.undeclared],
    }


def _encode_way(way: UndeclaredTurn) -> dict[str, Any]:
    return {"flow": way.flow, "source": way.source, "target": way.target, "step": way.number}


def _encode_join(join: Join) -> dict[str, Any]:
    return {"channel": join.channel, "source": join.source, "target": join.target}


def _encode_failure(failure: Failure) -> dict[str, Any]:
    return {"step": failure.number, "words": failure.words, "witness": failure.witness, "time": failure.time}
