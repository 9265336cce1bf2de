"""What recording costs a step, and what reading a gigabyte of traces costs in memory: ``make benchmarks``.

Prints tables in Markdown. Exits with 1 if a figure is over its limit. Times are those of the processor, the best of many
rounds, so that a busy machine disturbs them less.
"""

from __future__ import annotations

import json
import os
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from penstock import flow
from penstock._recording.effects import effect_hooks
from penstock.observers.evidence import EvidenceObserver

CALLS = 5_000
ROUNDS = 100
ROUNDS_AT_ONCE = 5
MOST_FOR_RECORDING = 2.4
"""What a recorded step may cost, as a multiple of its cost with an observer that does nothing: on any machine."""

MOST_FOR_TIMES = 1.15
"""What a recorded step may cost while it is measured, as a multiple of its cost without."""

MOST_FOR_TESTS = 1.1
"""What a recorded step may cost in a test, as a multiple of its cost elsewhere: the recorder notes the test."""

MOST_FOR_TOUCHES = 1.15
"""What a recorded step may cost while touches are recorded, as a multiple of its cost without: the recorder notes that it watches."""

MOST_MEBIBYTES = 300

STEPS = ("handle", "validate", "charge", "reserve", "pack", "ship")
SPANS_A_LINE = 200
OPEN_TRACES = 500

benchmark = flow("benchmark")


@benchmark.step(after="start")
def first() -> None:
    """Do nothing."""


@benchmark.step(after="first")
def second() -> None:
    """Do nothing."""


@benchmark.entrypoint
def start() -> None:
    """Call two steps, many times."""
    for _ in range(CALLS // 2):
        first()
        second()


class TestedObserver(EvidenceObserver):
    """A recorder of steps that a test runs."""

    def find_test(self, _event: object) -> str:
        """Return the test that runs."""
        return "tests/test_benchmark.py::test_it"


def nothing(_event: object) -> object:
    """Observe, and do nothing."""
    return _end


def _end(_error: object) -> None: ...


def microseconds(observer: object) -> float:
    """Return what a step costs at best, in a few rounds with an observer."""
    from penstock import add_observer, remove_observer

    if observer is not None:
        add_observer(observer)
    best = float("inf")
    for _ in range(ROUNDS_AT_ONCE):
        began = time.process_time_ns()
        start()
        best = min(best, (time.process_time_ns() - began) / CALLS / 1000)
    if observer is not None:
        remove_observer(observer)
    return best


def watched_microseconds() -> float:
    """Return what a recorded step costs while touches are recorded; this one touches nothing."""
    observer = EvidenceObserver()
    effect_hooks.watch(observer)
    try:
        return microseconds(observer)
    finally:
        effect_hooks.unwatch()


WAYS = {
    "alone": lambda: microseconds(None),
    "observed": lambda: microseconds(nothing),
    "recorded": lambda: microseconds(EvidenceObserver()),
    "measured": lambda: microseconds(EvidenceObserver(times=True)),
    "tested": lambda: microseconds(TestedObserver()),
    "watched": watched_microseconds,
}


def recording() -> bool:
    """Print what recording costs; return whether it is over its limit. The ways take turns: a machine changes its pace."""
    best = dict.fromkeys(WAYS, float("inf"))
    for _ in range(ROUNDS // ROUNDS_AT_ONCE):
        best = {way: min(best[way], measure()) for way, measure in WAYS.items()}
    observed, recorded = best["observed"], best["recorded"]
    rows = [
        ("with an observer that does nothing", observed, 0, ""),
        ("recorded", recorded, MOST_FOR_RECORDING * observed, f"{MOST_FOR_RECORDING} times that"),
        ("recorded, with errors and durations", best["measured"], MOST_FOR_TIMES * recorded, f"{MOST_FOR_TIMES} times"),
        ("recorded, in a test", best["tested"], MOST_FOR_TESTS * recorded, f"{MOST_FOR_TESTS} times"),
        ("recorded, while touches are, too", best["watched"], MOST_FOR_TOUCHES * recorded, f"{MOST_FOR_TOUCHES} times"),
    ]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, processor time, best of {ROUNDS} rounds\n")
    print("| A step | cost | limit |\n| --- | --: | --: |")
    print(f"| without an observer | {best['alone']:.2f} µs | |")
    for name, cost, limit, words in rows:
        print(f"| {name} | {cost:.2f} µs | {f'{limit:.2f} µs: {words}' if limit else ''} |")
    return any(limit and cost > limit for _, cost, limit, _ in rows)


def attribute(key: str, text: str) -> dict[str, object]:
    """Return an attribute as OTLP has it."""
    return {"key": key, "value": {"stringValue": text}}


def trace(number: int) -> list[dict[str, object]]:
    """Return the spans of one run, in the order in which they end: each step with a span of a database in it."""
    trace_id, top = f"{number + 1:032x}", f"{number * 100 + 1:016x}"
    spans: list[dict[str, object]] = []
    begun = 1_700_000_000_000_000_000 + number * 1_000_000
    for index, step in enumerate((*STEPS[1:], STEPS[0])):
        is_top = step == STEPS[0]
        own = top if is_top else f"{number * 100 + 10 + index:016x}"
        at = begun if is_top else begun + 1000 * (index + 1)
        common = {"traceId": trace_id, "flags": 257, "kind": 1, "status": {}, "droppedAttributesCount": 0}
        attributes = [attribute("penstock.step", step), attribute("penstock.flow", "orders")]
        attributes += [attribute("penstock.flow_id", trace_id)]
        if is_top:
            attributes += [{"key": "penstock.entrypoint", "value": {"boolValue": True}}]
        query = {**common, "spanId": f"{number * 100 + 50 + index:016x}", "parentSpanId": own, "name": "SELECT shop"}
        query |= {"startTimeUnixNano": str(at + 100), "endTimeUnixNano": str(at + 200)}
        query |= {"attributes": [attribute("db.system", "postgresql"), attribute("db.statement", "SELECT 1" * 20)]}
        span = {**common, "spanId": own, "name": step, "attributes": attributes}
        span |= {"startTimeUnixNano": str(at), "endTimeUnixNano": str(at + (9000 if is_top else 800))}
        spans += [query, span if is_top else {**span, "parentSpanId": top}]
    return spans


def lines(size: int) -> list[str]:
    """Yield OTLP JSON lines of so many bytes together; hundreds of traces interleave."""
    resource_ = {"attributes": [attribute("service.name", "shop"), attribute("vcs.ref.head.revision", "3f2a1c" * 6)]}
    shuffled = random.Random(17)
    waiting: list[dict[str, object]] = []
    number = written = 0
    while written < size:
        while len(waiting) < SPANS_A_LINE + OPEN_TRACES * 2 * len(STEPS):
            waiting += trace(number)
            number += 1
        shuffled.shuffle(waiting)
        spans, waiting = waiting[:SPANS_A_LINE], waiting[SPANS_A_LINE:]
        scope = {"scope": {"name": "penstock"}, "spans": spans}
        line = json.dumps({"resourceSpans": [{"resource": resource_, "scopeSpans": [scope]}]}, separators=(",", ":"))
        written += len(line) + 1
        yield line + "\n"


def reading(megabytes: int) -> bool:
    """Print what reading traces costs; return whether it is over its limit."""
    with tempfile.TemporaryDirectory() as folder:
        file, output = Path(folder, "traces.jsonl"), Path(folder, "evidence.json")
        with file.open("w") as stream:
            stream.writelines(lines(megabytes * 10**6))
        began = time.perf_counter()
        command = [sys.executable, "-m", "penstock", "evidence", "from-otlp", str(file), "-o", str(output)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        took = time.perf_counter() - began
        size = file.stat().st_size / 10**6
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print("\n| `penstock evidence from-otlp` | measured | limit |\n| --- | --: | --: |")
    print(f"| file | {size:,.0f} MB | |\n| time | {took:.0f} s | |")
    print(f"| memory at its peak | {peak:.0f} MiB | {MOST_MEBIBYTES} MiB |")
    return peak > MOST_MEBIBYTES


def main() -> int:
    """Print the tables; return 1 if a figure is over its limit."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    over = [recording(), reading(megabytes)]
    return int(any(over))


if __name__ == "__main__":
    sys.exit(main())
