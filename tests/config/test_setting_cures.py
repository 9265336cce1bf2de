"""Each usual mistake in a setting is answered by what was meant, never by its opposite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock.config import load
from penstock.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


MISTAKES = [
    ("proof", "no", "Write: proof: false"),
    ("proof", "off", "Write: proof: false"),
    ("trust_manifests", "no", "Write: trust_manifests: false"),
    ("trust_manifests", 0, "Write: trust_manifests: false"),
    ("trust_manifests", "Yes", "Write: trust_manifests: true"),
    ("check", "no", 'Write: check: "off"'),
    ("check", "warning", 'Write: check: "warn"'),
    ("check", "strict", 'Write: check: "error"'),
    ("check", True, 'Write, for example: check: "warn"'),
    ("direction", "lr", 'Write: direction: "LR"'),
    ("direction", "down", 'Write: direction: "TB"'),
    ("direction", "horizontal", 'Write: direction: "LR"'),
    ("docstring_style", "rst", 'Write: docstring_style: "sphinx"'),
    ("docstring_style", "numpydoc", 'Write: docstring_style: "numpy"'),
    ("docstring_style", "Google", 'Write: docstring_style: "google"'),
    ("env", {"DEBUG": True}, 'Write: env: {"DEBUG": "true"}'),
    ("env", {"PORT": 80}, 'Write: env: {"PORT": "80"}'),
    ("timeout", "90", "Write: timeout: 90"),
    ("timeout", "1.5 s", "Write: timeout: 1.5"),
    ("timeout", 0, "Write, for example: timeout: 120"),
    ("evidence", False, "Leave it out if you want none."),
    ("baseline", False, "Leave it out if you want none."),
    ("source_url", False, "Leave it out if you want none."),
    ("python", False, "Leave it out if you want none."),
    ("mock", False, "Leave it out if you want none."),
    ("mock", "redis", 'Write: mock: ["redis"]'),
    ("mock", ["redis.*"], 'Write: mock: ["redis"]'),
    ("modules", "shop.flows", 'Write: modules: ["shop.flows"]'),
    ("path", "DIR", 'Write: path: ["DIR"]'),
    ("ignore", {"flow": "a", "edge": "b"}, 'Write: ignore: [{"flow": "a", "edge": "b"}]'),
    ("contracts", {"type": "has-trigger"}, 'Write: contracts: [{"type": "has-trigger"}]'),
    ("contracts", [{"typ": "has-trigger"}], "unknown key 'typ'. Did you mean 'type'?"),
    ("contracts", [{"type": "has-docstring"}], "an unknown type 'has-docstring'. Did you mean 'has-docstrings'"),
    ("engine", "graphviz", 'Write: engine: "graphviz-pure"'),
    ("setup", "django.setup", 'Write: setup: "django:setup"'),
    ("moduls", ["shop"], "there is no setting 'moduls'. Did you mean 'modules'?"),
]


@pytest.mark.parametrize(("setting", "value", "cure"), MISTAKES)
def test_the_cure_is_what_was_meant(setting: str, value: object, cure: str, tmp_path: Path) -> None:
    """The message ends in a line that can be pasted, or names the near word."""
    with pytest.raises(ConfigError) as failure:
        load(tmp_path, {setting: value}, where="mkdocs.yml")
    assert cure in str(failure.value)


def test_off_without_quotes_is_off(tmp_path: Path) -> None:
    """YAML reads `check: off` as false, which means off."""
    assert "off" == load(tmp_path, {"check": False}, where="mkdocs.yml").check
