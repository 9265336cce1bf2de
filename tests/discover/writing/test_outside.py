"""Proposed flows as declarations beside the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock.discover.writing.outside import write_outside
from penstock.errors import ConfigError
from proposals import make_flow

if TYPE_CHECKING:
    from pathlib import Path

DECLARATIONS = """
checkout = flow("checkout", title="Place an order")
checkout.entrypoint(trigger="POST /orders").patch("shop.orders:place")
checkout.step(after="place", effects=["sqlite:stock"]).patch("shop.stock:reserve")
checkout.step(
    after={"place": "if dear", "reserve": None},
    name="pay_now",
    effects=["mail"],
).patch("shop.orders:Desk.pay")
"""


def declare(folder: Path, old: str = "", name: str = "checkout") -> str:
    """Return the module with the declarations; it may have had others before."""
    file = folder / "shop_flows.py"
    if old:
        file.write_text(old)
    edit = write_outside(make_flow(name=name), file, file.name)
    assert edit
    return edit.new.decode()


def test_a_new_module_has_a_patch_for_each_step(tmp_path: Path) -> None:
    """The flow is declared by names of functions, and the code stays as it is."""
    head = '"""Flows of code that has no decorators."""\n\nfrom penstock import flow\n'
    assert f"{head}{DECLARATIONS}" == declare(tmp_path)


def test_a_module_with_flows_gets_one_more(tmp_path: Path) -> None:
    """Declarations go below what the module has, with the import that it lacks."""
    old = '"""Flows."""\n\nimport os\n'
    assert f'"""Flows."""\n\nimport os\n\nfrom penstock import flow\n{DECLARATIONS}' == declare(tmp_path, old)


@pytest.mark.parametrize(
    ("name", "handle"), [("class", "flow_class"), ("flow", "flow_flow"), ("a-b", "a_b"), ("1", "flow_1")]
)
def test_the_handle_of_a_flow_is_a_name_that_is_free(tmp_path: Path, name: str, handle: str) -> None:
    """A flow whose name is no free name of Python gets another handle."""
    assert f'\n{handle} = flow("{name}"' in declare(tmp_path, name=name)


def test_a_handle_of_others_is_not_replaced(tmp_path: Path) -> None:
    """A name that the module has means the same afterwards."""
    assert "\nflow_checkout = flow(" in declare(tmp_path, "from penstock import flow\n\ncheckout = 1\n")


def test_a_flow_that_is_declared_there_is_an_error(tmp_path: Path) -> None:
    """A second declaration of one flow is not written."""
    (tmp_path / "shop_flows.py").write_text(declare(tmp_path))
    with pytest.raises(ConfigError, match=r"shop_flows\.py: a flow 'checkout' is declared there already"):
        declare(tmp_path)


def test_a_flow_without_a_new_step_needs_no_edit(tmp_path: Path) -> None:
    """Steps that are declared elsewhere are not declared again."""
    flow = make_flow()
    addresses = {step.function.address for step in flow.steps}
    assert write_outside(flow, tmp_path / "flows.py", "flows.py", addresses) is None


def test_a_step_is_added_to_a_flow_that_is_declared(tmp_path: Path) -> None:
    """Only what is new is declared, and the title stays where it is."""
    edit = write_outside(make_flow(), tmp_path / "f.py", "f.py", {"shop.orders:place", "shop.orders:Desk.pay"})
    assert edit
    assert edit.new.decode().endswith(
        '\ncheckout = flow("checkout")\n'
        'checkout.step(after="place", effects=["sqlite:stock"]).patch("shop.stock:reserve")\n'
    )
