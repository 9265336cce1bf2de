"""Many runs at once keep their IDs apart."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from penstock._runtime import context
from penstock._runtime import scope as _scope


@pytest.fixture
def stress():
    """The program that makes many runs, as a module of its own."""
    spec = importlib.util.spec_from_file_location("stress_runs", Path(__file__).with_name("runs.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_id_is_wrong(stress):
    """In 20,000 runs over threads, tasks and generators not one ID is wrong."""
    outcome = stress.make(20_000)

    assert outcome.runs >= 20_000
    assert 0 == outcome.wrong


def test_wrong_ids_are_counted(stress, monkeypatch):
    """If a generator gave the outer run not back, the stress would tell."""
    for scope in (context.ContextBinding, _scope.Joined):
        monkeypatch.setattr(scope, "has_run", False)

    assert stress.make(160).wrong > 0
