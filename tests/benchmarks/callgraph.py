"""How long the reading of code takes: large installed packages, read as if they were the user's own.

Every n-th of a package's functions is declared a step, ten to a flow. Prints a table in Markdown. Exits with 1 if a
package takes more than 15 seconds of processor time per 100,000 lines.
"""

from __future__ import annotations

import importlib
import pkgutil
import resource
import sys
import time
import warnings
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING

from penstock.callgraph import StepAt, read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

LIMIT = 15.0
STEPS = 100
IN_FLOW = 10
PACKAGES = ("django", "sphinx", "celery")


def prepare(name: str) -> None:
    """Make a package ready for the import of all its modules."""
    if name == "django":
        from django.conf import settings

        apps = ("admin", "auth", "contenttypes", "messages", "sessions")
        settings.configure(INSTALLED_APPS=[f"django.contrib.{app}" for app in apps])
        importlib.import_module("django").setup()


def loaded(name: str) -> tuple[str, list[ModuleType]]:
    """Import a package as far as it can be; return its folder and its modules."""
    prepare(name)
    package = importlib.import_module(name)
    for found in pkgutil.walk_packages(package.__path__, f"{name}.", onerror=lambda _: None):
        if "test" not in found.name and not found.name.endswith("__main__"):
            try:
                importlib.import_module(found.name)
            except (Exception, SystemExit):  # an optional part is missing
                continue
    folder = str(Path(package.__file__).parent)
    return folder, [module for module in list(sys.modules.values()) if file_of(module).startswith(folder)]


def file_of(module: ModuleType) -> str:
    """Return a module's file."""
    return str(object.__getattribute__(module, "__dict__").get("__file__"))


def functions(modules: list[ModuleType]) -> Iterator[FunctionType]:
    """Yield the functions and methods that modules define."""
    for module in modules:
        for value in list(object.__getattribute__(module, "__dict__").values()):
            inside = list(value.__dict__.values()) if issubclass(type(value), type) else [value]
            for each in inside:
                if type(each) is FunctionType and each.__module__ == module.__name__:
                    yield each


def measure(name: str) -> tuple[int, int, float, int]:
    """Return lines, steps, seconds and calls found of a package."""
    folder, modules = loaded(name)
    lines = sum(len(Path(file_of(module)).read_bytes().splitlines()) for module in modules)
    found = list(functions(modules))
    chosen = found[:: max(1, len(found) // STEPS)]
    steps = [StepAt(f"flow {at // IN_FLOW}", f"{at} {each.__qualname__}", each) for at, each in enumerate(chosen)]
    start = time.process_time()
    readings = read(steps, lambda file: file.startswith(folder), 600.0)
    seconds = time.process_time() - start
    return lines, len(steps), seconds, sum(len(reading.calls) for reading in readings.values())


def main() -> int:
    """Print the table; return the exit status."""
    warnings.simplefilter("ignore")
    sys.path.remove(str(Path(__file__).parent))  # another benchmark there is called as what it measures
    print("| package | lines | steps | calls found | seconds | per 100,000 lines |\n|---|--:|--:|--:|--:|--:|")
    worst = 0.0
    for name in sys.argv[1:] or PACKAGES:
        lines, steps, seconds, calls = measure(name)
        rate = seconds * 100_000 / lines
        worst = max(worst, rate)
        print(f"| {name} | {lines:,} | {steps} | {calls} | {seconds:.1f} | {rate:.1f} |")
    print(f"\n{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB at most")
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
