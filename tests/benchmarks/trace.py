"""What it costs to find one run in a gigabyte of logs and spans: ``python tests/benchmarks/trace.py MEGABYTES``.

Prints a table in Markdown. Exits with 1 if a figure is over its limit. Times are those of the processor.
"""

from __future__ import annotations

import gzip
import json
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_SECONDS, MOST_MEBIBYTES = 60, 300
"""For a gigabyte, with the import of the application."""

EVERY = 20_000
"""Of so many lines, one is of the run."""

SPANS_A_LINE = 100
RUN = "4bf92f3577b34da6a3ce929d0e0e4736"
START = 1_795_000_000

APPLICATION = """
from penstock import entrypoint, flow, step

@flow("orders")
@entrypoint(trigger="POST /orders")
def receive(order): pay(order)

@flow("orders")
@step(after="receive")
def pay(order): pass
"""


def iter_log(megabytes: int, seed: int) -> Iterator[bytes]:
    """Yield JSON lines, as structlog writes them."""
    numbers = random.Random(seed)
    size = number = 0
    while size < megabytes * 10**6:
        number += 1
        run = RUN if number % EVERY == 0 else f"{numbers.getrandbits(128):032x}"
        record = {
            "event": f"order A-{number} paid with {numbers.random()}",
            "timestamp": START + number / 1000,
            "level": "info",
            "logger": "shop.orders",
            "flow_id": run,
            "step": "pay",
            "service": "shop",
            "pod": f"shop-{numbers.getrandbits(32):08x}",
        }
        line = json.dumps(record).encode() + b"\n"
        size += len(line)
        yield line


def iter_spans(megabytes: int, seed: int) -> Iterator[bytes]:
    """Yield requests of OpenTelemetry, a line each, of which a few hold spans of the run."""
    numbers = random.Random(seed)
    size = number = 0
    while size < megabytes * 10**6:
        spans = []
        for _ in range(SPANS_A_LINE):
            number += 1
            run = RUN if number % EVERY == 0 else f"{numbers.getrandbits(128):032x}"
            spans.append(write_span(run, number, f"{numbers.getrandbits(64):016x}"))
        resource_part = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
        line = json.dumps({"resourceSpans": [{"resource": resource_part, "scopeSpans": [{"spans": spans}]}]}).encode()
        size += len(line) + 1
        yield line + b"\n"


def write_span(run: str, number: int, span: str) -> dict[str, object]:
    """Return the span of a step."""
    start = (START * 1000 + number) * 10**6
    attributes = {"penstock.step": "pay", "penstock.flow": "orders", "penstock.flow_id": run}
    return {
        "traceId": run,
        "spanId": span,
        "name": "pay",
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + 10**6),
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()],
    }


def measure(folder: Path, file: Path) -> tuple[float, float]:
    """Return the seconds and the mebibytes that the command takes for a file."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [
        sys.executable,
        "-m",
        "penstock",
        "trace",
        "-C",
        str(folder),
        RUN,
        str(file),
        "-o",
        str(folder / "run.json"),
    ]
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, after.ru_maxrss / 1024  # of the largest process so far


def main() -> int:
    """Measure; return the exit code."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    is_within = True
    print("| Files | Seconds | MiB, so far | Log lines | Spans |\n| --- | --: | --: | --: | --: |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "shop.py").write_text(APPLICATION)
        (folder / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["shop"]\npath = ["."]\n')
        for words, lines, compressed in (
            ("JSON lines", iter_log, False),
            ("OTLP", iter_spans, False),
            ("JSON lines, gzipped", iter_log, True),
        ):
            file = folder / "file"
            with gzip.open(file, "wb", compresslevel=1) if compressed else file.open("wb") as stream:
                stream.writelines(lines(megabytes, 1))
            seconds, mebibytes = measure(folder, file)
            run = json.loads((folder / "run.json").read_text())
            count = len(run["lines"]) + sum(len(step["lines"]) for step in run["steps"])
            print(f"| {megabytes} MB of {words} | {seconds:.1f} | {mebibytes:.0f} | {count} | {run['spans']} |")
            is_within &= seconds <= MOST_SECONDS * max(megabytes, 100) / 1000 and mebibytes <= MOST_MEBIBYTES
            file.unlink()
    return 0 if is_within else 1


if __name__ == "__main__":
    sys.exit(main())
