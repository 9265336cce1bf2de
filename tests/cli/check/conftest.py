"""A project whose tests ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from checked_app import APPLICATION, TEST, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that makes a project, runs its tests under ``--penstock``, and returns its folder."""

    def make(application: str = APPLICATION, settings: str = "", *, record: bool = True) -> Path:
        (tmp_path / "pyproject.toml").write_text(f'[tool.penstock]\nmodules = ["app"]\npath = ["."]\n{settings}')
        (tmp_path / "app.py").write_text(application)
        (tmp_path / "test_app.py").write_text(TEST)
        if record:
            done = run(tmp_path, "pytest", "-q", "--penstock", "-p", "no:cacheprovider")
            assert "1 run, 4 steps of 1 flow recorded in .penstock/evidence.json" in done.stdout, (
                done.stdout + done.stderr
            )
        return tmp_path

    return make
