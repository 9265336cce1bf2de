"""The rows name functions that the libraries have."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import pytest

from effect_probe import find_code
from penstock.effects import LIBRARIES

ROWS = [row for library in LIBRARIES for row in library.FUNCTIONS]
BUILTINS = [row for library in LIBRARIES for row in getattr(library, "BUILTINS", ())]
OTHER_VERSIONS = {"django.tasks.base", "psycopg.server_cursor"}
"""Modules that only newer or older versions have."""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.module}:{row.qualname}")
def test_function_exists(row):
    """A row names a function by the module and the qualified name of its code."""
    if row.module in OTHER_VERSIONS:
        module = pytest.importorskip(row.module)
    else:
        pytest.importorskip(row.module.split(".")[0])
        module = importlib.import_module(row.module)
    assert find_code(row, module) is not None


@pytest.mark.parametrize("row", BUILTINS, ids=lambda row: f"{row.owner}.{row.name}")
def test_builtin_exists(row):
    """A row of a function in C names its owner as the function itself does."""
    package = {"cimpl": "confluent_kafka", "psycopg2": "psycopg2.extensions"}[row.owner.split(".")[0]]
    module = pytest.importorskip(package)
    owner = getattr(module, row.owner.rpartition(".")[2])
    assert (row.owner, row.name) == (f"{owner.__module__}.{owner.__qualname__}", getattr(owner, row.name).__name__)
    assert inspect.ismethoddescriptor(getattr(owner, row.name))


def test_nothing_imported():
    """The table imports no library that it knows."""
    names = sorted({row.module.split(".")[0] for row in ROWS} | {"sqlite3", "subprocess", "asyncio"})
    program = f"import sys, penstock.effects; print([name for name in {names} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"
