"""An application that is checked."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


IGNORES = "ignore = [{entries}]\n"
IGNORED = '{{ flow = "orders", edge = "{edge}", reason = "by hand" }}'
