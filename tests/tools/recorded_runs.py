"""Runs of pytest that record."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import forked
from penstock.check.evidence import load

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.check.evidence import Evidence

SHOP = '''
"""A shop, for processes that are recorded."""
from penstock import flow

orders = flow("orders")

@orders.entrypoint
def handle(call=None):
    validate()
    return (call or charge)()

@orders.step(after="handle")
def validate(): ...

@orders.step(after="validate")
def charge(*_): ...
'''

WHOLE = {"handle>validate after ": 1, "handle>charge after validate": 1}


def run(folder: Path, test: str, *options: str, code: int = 0, installed: bool = False) -> str:
    """Run a test file under the plugin; return what it printed."""
    (folder / "test_it.py").write_text(test)
    environment = {**os.environ}
    if not installed:  # as a user has it, pytest finds the plugin and all others by itself, which takes its time
        environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        options += ("-p", "penstock.contrib.pytest")
    command = ("pytest", "-p", "no:cacheprovider", "-q", *options)
    done = forked.run(*command, cwd=folder, environment=environment, timeout=300)
    assert code == done.returncode, done.stdout + done.stderr
    return done.stdout


def evidence(folder: Path) -> Evidence:
    """Return what was recorded."""
    return load(folder / ".penstock" / "evidence.json")


def facts(found: Evidence) -> dict[str, int]:
    """Return the facts, as ``parent>step after done``."""
    return {
        f"{fact.parent.step}>{fact.step.step} after {','.join(sorted(each.step for each in fact.done))}": count
        for fact, count in found.facts.items()
    }


def runs(found: Evidence) -> int:
    """Return how many runs there were."""
    return sum(found.runs.values())


def visits(found: Evidence) -> dict[str, set[str]]:
    """Return the steps that each test ran, with those that it had replaced."""
    steps: dict[str, set[str]] = {}
    for visit, tests in found.visits.items():
        without = f" without {','.join(sorted(visit.replaced))}" if visit.replaced else ""
        for test in tests:
            steps.setdefault(test, set()).add(f"{visit.step.step}{without}")
    return steps
