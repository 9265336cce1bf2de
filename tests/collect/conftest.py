"""A small application in a folder of its own."""

from __future__ import annotations

import time
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from penstock.collect import collect
from penstock.collect.plan import CollectPlan
from penstock.config import load
from penstock.errors import CollectError

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.manifest import Manifest

FLOWS = '''\
from penstock import entrypoint, flow, step

with open("imports.log", "a") as log:
    log.write("x")


@flow("buy")
@entrypoint
def start(order: str) -> str:
    """Take an order."""
    return pay(order)


@flow("buy")
@step(after="start")
def pay(order: str) -> str:
    """Take the money."""
    return order
'''


class Project:
    """An application that notes each of its imports, and the settings to collect it with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("pyproject.toml", "[tool.penstock]\n")
        self.write("shop/__init__.py", "")
        self.write("shop/flows.py", FLOWS)

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")
        return file

    def collect(self, *modules: str, **settings: object) -> Manifest:
        names = list(modules) or ["shop.flows"]
        return collect(
            CollectPlan.of(load(self.folder, {"modules": names, "path": ["."], **settings}, where="pyproject.toml"))
        )

    def steps(self, *modules: str, **settings: object) -> list[str]:
        """Return the names of all steps that are collected, flow by flow."""
        return [step.name for flow in self.collect(*modules, **settings).flows for step in flow.steps]

    def fail(self, *modules: str, **settings: object) -> CollectError:
        with pytest.raises(CollectError) as caught:
            self.collect(*modules, **settings)
        return caught.value

    def settle(self) -> None:
        """Wait until files that were just written count as older than what comes next."""
        time.sleep(0.05)

    @property
    def imports(self) -> int:
        """How often the application was imported so far."""
        log = self.folder / "imports.log"
        return len(log.read_text()) if log.exists() else 0


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return an application with one flow of two steps."""
    return Project(tmp_path)
