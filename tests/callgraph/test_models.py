"""The table of library models."""

from __future__ import annotations

import importlib
import pkgutil

from penstock.callgraph import models


def test_each_library_is_in_the_table():
    """A file in ``models`` that ends with a ``LIBRARY`` has its row in ``LIBRARIES``."""
    names = [module.name for module in pkgutil.iter_modules(models.__path__)]
    files = [importlib.import_module(f"{models.__name__}.{name}") for name in names]
    libraries = [vars(file)["LIBRARY"] for file in files if "LIBRARY" in vars(file)]
    assert sorted(map(id, libraries)) == sorted(map(id, models.LIBRARIES))


def test_no_name_has_two_models():
    """No function is modelled in two files, where the order of rows would decide."""
    names = [name for library in models.LIBRARIES for name in library.calls]
    assert sorted(set(names)) == sorted(names)
