"""Generated pages: each flow has one of its own, whatever it is called."""

from __future__ import annotations

import pytest

from penstock.manifest import Manifest
from penstock.model import Flow
from penstock_mkdocs.pages import flow_pages


@pytest.mark.parametrize(
    ("service", "name", "path"),
    [
        ("", "orders", "flows/orders.md"),
        ("shop", "orders", "flows/shop/orders.md"),
        ("", "index", "flows/index-2.md"),
        ("", "README", "flows/README-2.md"),
        ("shop", "index", "flows/shop/index-2.md"),
        ("..", "index", "flows/unnamed/index-2.md"),
        ("", ".hidden", "flows/hidden.md"),
    ],
)
def test_no_flow_takes_another_page(service: str, name: str, path: str) -> None:
    """A flow's page takes no overview's place, and leads nowhere outside its folder."""
    pages = flow_pages(Manifest(flows=(Flow(name=name, service=service),)), "Flows")

    assert ["flows/index.md", path] == [page.path for page in pages]
