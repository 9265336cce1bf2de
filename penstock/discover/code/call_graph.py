"""Reads which functions call each other: for one collection, all of them are declared as steps from outside.

So the application is imported by the child process only, and the calls are those that ``penstock check`` knows.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from penstock.collect import collect
from penstock.collect.plan import CollectPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.config import Config
    from penstock.discover.recording import Function

_MODULE = "penstock_discovered_steps"
_DECLARATIONS = '''"""Every function as a step, to read their calls."""

from importlib import import_module

from penstock import flow

FUNCTIONS = {FUNCTIONS}
everything = flow("everything")
for number, (module, qualname) in enumerate(FUNCTIONS):
    mark = everything.step(after="f0", name=f"f{number}") if number else everything.entrypoint(name="f0")
    mark.patch(f"{module}:{qualname}")
for module in dict.fromkeys(module for module, _ in FUNCTIONS):
    try:
        import_module(module)
    except Exception:
        pass
'''


class CodeCall(NamedTuple):
    """A call in the code.

    Attributes:
        source: The index of the calling function.
        target: The index of the called one.
        line: The line of the call.
    """

    source: int
    target: int
    line: int


def read_calls(functions: Sequence[Function], config: Config) -> list[CodeCall]:
    """Return the calls of functions by each other, in the order of their lines.

    Args:
        functions: The functions, the entrypoint first.
        config: The settings, which say how modules are imported.

    Raises:
        CollectError: The modules cannot be imported.
    """
    with tempfile.TemporaryDirectory(prefix="penstock-static-") as folder:
        names = json.dumps([(function.module, function.qualname) for function in functions])
        (Path(folder) / f"{_MODULE}.py").write_text(_DECLARATIONS.replace("{FUNCTIONS}", names))
        plan = CollectPlan.of(config, calls=True)
        path = (folder, *plan.path, str(plan.project))
        manifest = collect(replace(plan, project=Path(folder), modules=(_MODULE,), path=path, manifests=()))
    calls = (call for flow in manifest.flows if flow.name == "everything" for call in flow.calls)
    return sorted(
        {CodeCall(_number(call.source), _number(call.target), call.line) for call in calls if call.kind == "call"},
        key=_place,
    )


def _number(name: str) -> int:
    return int(name.removeprefix("f"))


def _place(call: CodeCall) -> tuple[int, int, int]:
    return call.source, call.line, call.target
