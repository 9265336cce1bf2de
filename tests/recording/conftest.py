"""What is recorded: by an observer, of an application whose steps tests replace, and in a project with a shop."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from library_app import APP, SERVICE, module
from penstock import observing
from penstock._recording import mock_hooks
from penstock._recording.substitutions import replacements
from penstock.observers.evidence import EvidenceObserver
from recorded_runs import SHOP

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def recorded() -> Iterator[EvidenceObserver]:
    """A recorder that observes."""
    with observing(EvidenceObserver()) as observer:
        assert isinstance(observer, EvidenceObserver)
        yield observer


@pytest.fixture
def app() -> Iterator[Any]:
    """The application, in two modules, while replacements are watched."""
    before = dict(sys.modules)
    found = module("app", APP)
    found.service = module("service", SERVICE)
    mock_hooks.watch()
    replacements.learn()
    yield found
    mock_hooks.unwatch()
    assert not replacements.now
    sys.modules.clear()
    sys.modules.update(before)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a shop in it."""
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["shop"]\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path
