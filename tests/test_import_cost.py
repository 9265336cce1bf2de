"""Importing penstock, and declaring flows, costs next to nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"inspect", "logging", "dataclasses", "typing", "asyncio", "uuid", "threading", "ast", "re", "json", "pathlib"}

LATE = {
    "penstock.model",
    "penstock._resolve.flow_builder",
    "penstock._introspection.definitions",
    "penstock.manifest",
    "penstock.render",
}

DECLARING = """
from penstock import flow, entrypoint, step, current_flow_id

@flow("bom_sync", title="BOM sync")
@entrypoint(trigger="kafka:bom-updates")
def handle_kafka_message(msg):
    return current_flow_id(), list(fetch_from_api(msg))

@flow("bom_sync")
@step(after={"handle_kafka_message": "always"}, effects=["postgres:parts"])
def fetch_from_api(bom_id):
    yield bom_id

orders = flow("orders")

@orders.entrypoint
async def order(): ...

@orders.step(after=order)
async def lines():
    yield 1

@flow("orders")
class Shop:
    @step(after="lines")
    def ship(self): ...

    @staticmethod
    @step(after="ship")
    def tell(): ...

assert len(handle_kafka_message("a")[0]) == 32
"""


def imported_by(code: str) -> set[str]:
    """Return the modules that some code imports into a new Python, beyond those that it starts with."""
    program = f"""
import sys
sys.path += {sys.path!r}
before = set(sys.modules)
{code}
after = set(sys.modules)
print(*sorted(after - before))
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True, timeout=600
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    ["import penstock", "from penstock import flow, entrypoint, step, current_flow_id", DECLARING],
    ids=["import", "names", "declaring and running"],
)
def test_nothing_heavy_is_imported(code: str) -> None:
    """Importing penstock, declaring flows and running them imports no heavy module and nothing that only readers need."""
    assert set() == imported_by(code) & (HEAVY | LATE)


def test_only_the_standard_library_is_needed() -> None:
    """Looking at a flow, checking it and writing its Mermaid text and manifest need no third-party package."""
    code = f"{DECLARING}\nfrom penstock import generate_dag, get_flow\nget_flow('orders')\n"
    code += "for kind in ('mermaid', 'text', 'json'): generate_dag('bom_sync', kind)"
    roots = {name.partition(".")[0] for name in imported_by(code)}
    assert {"penstock"} == roots - set(sys.stdlib_module_names) - {"__main__"}
