"""A project to mend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one module, ``shop``, and the settings for it."""
    (tmp_path / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["shop"]\npath = ["."]\n')
    return tmp_path
