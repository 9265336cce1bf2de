"""How long `penstock check` takes for more and more flows of ten steps: first import and reading, then with what is kept.

Prints a table in Markdown. Exits with 1 if ten times as many flows take more than eleven times as long, beyond what
starting takes, or if 10,000 flows take more than a minute of processor time.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SIZES = (100, 1_000, 10_000)
IN_MODULE = 50
STEPS = 10
LIMIT = 11.0
MOST_SECONDS = 60.0


def source_of(flow: int) -> str:
    """Return the source of one flow, in which each step calls the next."""
    lines = [f'f{flow} = flow("flow_{flow}", title="Flow {flow}")']
    for step in range(STEPS):
        mark = f'step(after="f{flow}_s{step - 1}")' if step else f'entrypoint(trigger="kafka:t{flow}")'
        following = f"f{flow}_s{step + 1}(x)" if step + 1 < STEPS else "x"
        lines += [
            f"@f{flow}.{mark}",
            f"def f{flow}_s{step}(x: int) -> int:",
            f'    """Do thing {step} of flow {flow}.\n\n    Args:\n        x: Something.\n    """',
            f"    return {following}",
        ]
    return "\n".join(lines)


def write_application(folder: Path, number: int) -> None:
    """Write an application with so many flows."""
    (folder / "app").mkdir()
    (folder / "app/__init__.py").touch()
    for start in range(0, number, IN_MODULE):
        flows = map(source_of, range(start, min(start + IN_MODULE, number)))
        (folder / f"app/m{start}.py").write_text("\n".join(["from penstock import flow", *flows, ""]))
    (folder / "pyproject.toml").write_text(
        '[tool.penstock]\nmodules = ["app.*"]\npath = ["."]\ntimeout = 600\nreading_timeout = 600\n'
    )


def measure(folder: Path) -> float:
    """Return the processor time of a check, in seconds, that of the child process included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "penstock", "check", "--no-notes"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "NO_COLOR": "1"},
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure_size(number: int) -> tuple[float, float]:
    """Return how long a first and a second check of so many flows take."""
    folder = Path(tempfile.mkdtemp())
    try:
        write_application(folder, number)
        return measure(folder), measure(folder)
    finally:
        shutil.rmtree(folder)


def measure_best(number: int) -> tuple[float, float]:
    """Return the best of several measurements, but for the largest size: the noise of a small one is a part of its time."""
    rounds = [measure_size(number) for _ in range(5 if number < SIZES[-1] else 1)]
    return min(first for first, _ in rounds), min(second for _, second in rounds)


def main() -> int:
    """Print the table; return the exit status."""
    sizes = [int(argument) for argument in sys.argv[1:]] or SIZES
    start, _ = measure_best(1)
    print("| flows of ten steps | first check, s | times the one above | unchanged, s |\n|--:|--:|--:|--:|")
    wrong = 0
    above: tuple[int, float] | None = None
    for number in sizes:
        first, second = measure_best(number)
        ratio = (first - start) / above[1] if above else 0.0
        print(
            f"| {number:,} | {first:.1f} | {ratio:.1f} | {second:.1f} |"
            if above
            else f"| {number:,} | {first:.1f} | | {second:.1f} |"
        )
        wrong += bool(above and ratio > LIMIT * number / above[0] / 10) + (first > MOST_SECONDS)
        above = number, first - start
    print(f"\n{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MB at most")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
