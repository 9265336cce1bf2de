"""A path where a module belongs is answered by the module, and by the folder that it is imported from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock.config import load
from penstock.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("src/shop/orders.py", "-m shop.orders -p src"),
        ("./src/shop/orders.py", "-m shop.orders -p src"),
        ("src/shop/orders", "-m shop.orders -p src"),
        ("src\\shop\\orders.py", "-m shop.orders -p src"),
        ("src/shop", "-m shop -p src"),
        ("src/shop/", "-m 'shop.*' -p src"),
        ("src/shop/*", "-m 'shop.*' -p src"),
        ("src/shop/__init__.py", "-m shop -p src"),
        ("BASE/src/shop/orders.py", "-m shop.orders -p src"),
        ("../BASENAME/src/shop/orders.py", "-m shop.orders -p src"),
        ("backend/app/main.py", "-m app.main -p backend"),
        ("plain/jobs.py", "-m plain.jobs"),
        ("src/missing/jobs.py", "-m missing.jobs -p src"),
    ],
)
def test_a_path_becomes_a_module_and_its_folder(name: str, cure: str, tmp_path: Path) -> None:
    """Packages and source folders tell where a module's name begins."""
    for file in ("src/shop/__init__.py", "src/shop/orders.py", "backend/app/__init__.py", "plain/jobs.py"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    given = name.replace("BASENAME", tmp_path.name).replace("BASE", str(tmp_path))
    with pytest.raises(ConfigError) as failure:
        load(tmp_path, {"modules": [given]}, where="command line", base=tmp_path)
    assert f"command line: 'modules' contains {given!r}, which is not a module name. Write: {cure}" == str(
        failure.value
    )


def test_a_file_spells_both_settings(tmp_path: Path) -> None:
    """In conf.py, the cure is two lines of conf.py."""
    with pytest.raises(
        ConfigError, match=r'Write: penstock_modules = \["shop.orders"\] and penstock_path = \["src"\]$'
    ):
        load(tmp_path, {"modules": ["src/shop/orders.py"]}, where="conf.py", base=tmp_path)
