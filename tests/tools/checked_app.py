"""An application that is checked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import forked

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

APPLICATION = '''
from penstock import flow

orders = flow("orders")


@orders.entrypoint
def place(order):
    """Take an order."""
    checked = check(order)
    paid = charge(checked)
    return ship(paid)


@orders.step(after=place)
def check(order):
    """Look at it."""
    return order


@orders.step(after="check")
def charge(order):
    """Take the money."""
    return order


@orders.step(after="charge")
def ship(order):
    return order
'''
BYPASSED = APPLICATION.replace("    checked = check(order)\n", "    checked = order\n")
TEST = "import app\n\n\ndef test_order():\n    assert app.place(1) == 1\n    app.check(1)\n"


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a module's command in a folder, without colours."""
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "100", "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("GITHUB_ACTIONS", None)
    return forked.run(*command, cwd=folder, environment=environment)


IGNORES = "ignore = [{entries}]\n"
IGNORED = '{{ flow = "orders", edge = "{edge}", reason = "by hand" }}'
