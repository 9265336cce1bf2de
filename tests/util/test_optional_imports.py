"""What is said where a package is missing that an optional part of penstock is made for."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import pytest

PARTS = [
    ("penstock.contrib.celery", "celery", "penstock[celery]"),
    ("penstock.contrib.django", "django", "penstock[django]"),
    ("penstock.contrib.requests", "requests", "requests"),
    ("penstock.observers.otel", "opentelemetry", "penstock[otel]"),
    ("penstock_sphinx", "sphinx", "penstock[sphinx]"),
    ("penstock_mkdocs.markdown", "markdown", "penstock[mkdocs]"),
    ("penstock_mkdocs.plugin", "mkdocs", "penstock[mkdocs]"),
    ("penstock_mkdocs.mystmd.protocol", "markdown", "penstock[mkdocs]"),
    ("penstock_mkdocs.mystmd.protocol", "markdown_it", "penstock[mystmd]"),
    ("mkdocstrings_handlers.penstock", "mkdocstrings", "penstock[mkdocstrings]"),
]

IMPORTING = """
import importlib, sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[2:]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
try:
    importlib.import_module(sys.argv[1])
except ModuleNotFoundError as error:
    print(error.name, error, sep="|", end="")
"""


def said(module: str, *hidden: str) -> str:
    """Return what the import of a module raises where some packages are not installed: the name, and the message."""
    command = [sys.executable, "-c", IMPORTING, module, *hidden]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout


@pytest.mark.parametrize(("module", "package", "requirement"), PARTS, ids=[" ".join(part[:2]) for part in PARTS])
def test_a_missing_package_is_named_with_its_cure(module: str, package: str, requirement: str) -> None:
    """The error is that of any missing module, and says what to install."""
    pytest.importorskip(package)
    cure = f'Install what is missing: pip install "{requirement}"'
    # Where a package was never installed, those that come with it are not there either.
    others = {"sphinx": ["docutils"], "mkdocs": ["watchdog"], "mkdocstrings": ["mkdocs"], "django": ["asgiref"]}

    assert f"{package}|No module named '{package}'. {cure}" == said(module, package, *others.get(package, ()))


@pytest.mark.parametrize(
    ("module", "lacks"), [("penstock.contrib.celery", "kombu"), ("penstock.contrib.django", "asgiref")]
)
def test_a_damaged_package_keeps_its_own_error(module: str, lacks: str) -> None:
    """A package that is installed and lacks one of its own is not told to be missing."""
    pytest.importorskip(lacks)

    assert f"{lacks}|No module named '{lacks}'" == said(module, lacks)


def test_each_cure_is_an_extra() -> None:
    """The extras that are named are those of the distribution."""
    known = metadata.metadata("penstock").get_all("Provides-Extra") or []
    named = {part[2].removeprefix("penstock[").removesuffix("]") for part in PARTS if "[" in part[2]}

    assert set() == named - {*known}
