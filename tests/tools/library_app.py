"""An application whose steps tests replace."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from penstock import get_flow, observing
from penstock.check.evidence import dumps, loads, merge
from penstock.check.findings.finding import findings
from penstock.check.verdict.judgement import judge
from penstock.observers.evidence import EvidenceObserver

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock.check.evidence import Evidence

APP = """
import asyncio

from penstock import flow

library = flow("library")

@library.entrypoint
def lend():
    pay()
    hand_over()

def pay():
    desk.charge()
    charge()

@library.step(after="lend")
def charge():
    check()

@library.step(after=["charge", "charge_later"])
def check(): ...

@library.step(after="check")
def hand_over():
    notify()

@library.step(after="hand_over")
def notify(): ...

class Desk:
    def charge(self): ...

class Cashier(Desk): ...

class Office:
    @library.step(after="lend", name="stamp")
    def charge(self): ...

desk = Desk()
office = Office()
TABLE = {"charge": charge, "other": print}

@library.entrypoint
def lend_by_table():
    TABLE["charge"]()
    hand_over()

@library.entrypoint
def lend_by_office():
    office.charge()
    file_away()

@library.step(after="stamp")
def file_away(): ...

STAGES = [charge, hand_over]

@library.entrypoint
def lend_in_stages():
    for stage in STAGES:
        stage()

@library.entrypoint
def lend_behind():
    return asyncio.create_task(behind())

async def behind():
    charge()
    hand_over()

@library.entrypoint
async def lend_later():
    await asyncio.gather(charge_later())
    hand_over()

@library.step(after="lend_later")
async def charge_later():
    check()
"""

SERVICE = """
import app
from app import charge, hand_over, library

@library.entrypoint
def lend_here():
    charge()
    hand_over()

@library.entrypoint
def lend_there():
    app.charge()
    hand_over()

class Shop:
    @library.step(after="lend_in_shop", name="count")
    def count(self): ...

    @library.step(after="count", name="pack")
    def pack(self): ...

class Branch(Shop): ...

shop = Branch()

@library.entrypoint
def lend_in_shop():
    shop.count()
    shop.pack()
"""


def module(name: str, text: str) -> Any:
    """Return a module of the application."""
    made = sys.modules[name] = ModuleType(name)
    exec(compile(text, f"{name}.py", "exec"), made.__dict__)
    return made


def recorded(run: Callable[[], object]) -> Evidence:
    """Return what is recorded of a call."""
    with observing(EvidenceObserver()) as observer:
        assert isinstance(observer, EvidenceObserver)
        run()
        return observer.evidence()


def accused(*evidence: Evidence) -> dict[str, str]:
    """Return which arrows fail the check, and how."""
    stored = merge(loads(dumps(each)) for each in evidence)
    found = findings(judge(get_flow("library"), stored))
    return {finding.arrow: finding.code for finding in found if finding.severity == "error"}
