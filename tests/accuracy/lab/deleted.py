"""Deletes calls of steps from the code of an application, one at a time: what hands its first argument on takes their place."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from lab.apps import prove_app, run_tests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.apps import App
    from penstock.model import Flow


LONGEST = 120
"""Seconds after which tests are ended: without a call, they may wait for ever."""


class DeletedCall(NamedTuple):
    """A call that was deleted.

    Attributes:
        target: The step that is not called there any more.
        file: The file, below the folder that the application is in.
        line: The line of the call.
        text: The changed source of the file.
    """

    target: str
    file: str
    line: int
    text: str


class Verdict(NamedTuple):
    """What the check says of an application without a call.

    Attributes:
        deleted: The call.
        errors: How many findings fail the check.
        tests: The last line of pytest.
    """

    deleted: DeletedCall
    errors: int
    tests: str

    @property
    def outcome(self) -> str:
        """Whether it is found, or only some test fails, or nothing shows it."""
        if self.errors:
            return "exit 1"
        return (
            "missed"
            if re.fullmatch(
                r"\d+ passed(, \d+ (skipped|xfailed|xpassed|deselected|subtests passed))* in .*", self.tests
            )
            else "fails by itself"
        )


def check_without_calls(app: App, unpacked: Path) -> Iterator[Verdict]:
    """Play an application without each of its calls of steps, with the evidence of before at hand.

    Whether its tests fail is told as compared with an application that passes them.
    """
    evidence = unpacked.parent / "some.json"
    run_tests(app, unpacked, evidence, some=True)
    for deleted in _deleted_calls(prove_app(app, unpacked, evidence).manifest.flows, unpacked.parent):
        with TemporaryDirectory(dir=unpacked.parent) as folder:
            copy = Path(folder, unpacked.name)
            shutil.copytree(unpacked, copy)
            shutil.copy(evidence, folder)
            if (needs := unpacked.parent / "needs").exists():
                Path(folder, "needs").symlink_to(needs)
            Path(folder, deleted.file).write_text(deleted.text, encoding="utf-8")
            tests = run_tests(app, copy, Path(folder, "some.json"), some=True, longest=LONGEST)
            yield Verdict(deleted, len(prove_app(app, copy, Path(folder, "some.json")).errors), tests)


def _deleted_calls(flows: tuple[Flow, ...], folder: Path) -> Iterator[DeletedCall]:
    """Yield what lacks one of the calls of the steps that confirmed arrows lead to."""
    places: dict[tuple[str, int, str], str] = {}
    for flow in flows:
        functions = {step.name: step.qualname.rpartition(".")[2] for step in flow.steps}
        confirmed = {edge.target for edge in flow.edges if edge.origin == "declared" and edge.state == "confirmed"}
        for call in flow.calls:
            if call.kind == "call" and call.target in confirmed:
                places.setdefault((call.file, call.line, functions[call.target]), call.target)
    for (file, line, function), target in sorted(places.items()):
        if text := _without(folder / file, line, function):
            yield DeletedCall(target, file, line, text)


def _without(file: Path, line: int, name: str) -> str:
    """Return the source without the call of a function that begins at a line, or an empty text."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    deletion = _Deletion(line, name)
    changed = deletion.visit(tree)
    return ast.unparse(ast.fix_missing_locations(changed)) if deletion.done else ""


class _Deletion(ast.NodeTransformer):
    def __init__(self, line: int, name: str) -> None:
        self.line = line
        self.name = name
        self.done = False

    def visit_Await(self, node: ast.Await) -> ast.AST:
        """Wait for nothing where the call is deleted."""
        inner = self.visit(node.value)
        return node if inner is node.value else inner

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Return the first argument in place of the call."""
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if not (node.lineno <= self.line <= (node.end_lineno or 0)) or called != self.name or self.done:
            return self.generic_visit(node)
        self.done = True
        return node.args[0] if node.args else ast.Constant(None)
