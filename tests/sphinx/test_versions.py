"""Documentation of several versions: each shows its own flows."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import sphinx

from .conftest import sphinx as build

CONF = 'extensions = ["{multiversion}", "penstock_sphinx"]\nhtml_theme = "basic"\n'

STAND_IN = """
def setup(app):
    app.add_config_value("smv_current_version", "", "html")
"""

PROJECT = '[tool.penstock]\nmodules = ["shop"]\npath = ["src"]\nsource_url = "https://example.org/{file}#L{line}"\n'

SETTINGS = 'penstock_modules = ["shop"]\npenstock_path = ["../src"]\n'

FLOW = '''
from penstock import flow

orders = flow("orders")


@orders.entrypoint
def receive():
    """Receive."""
'''

STEP = '''

@orders.step(after="receive")
def pay():
    """Pay."""
'''


def write(folder, project, conf, flow):
    """Write the sources of one version."""
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "docs").mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text(project)
    (folder / "docs" / "conf.py").write_text(conf)
    (folder / "docs" / "index.rst").write_text("Shop\n====\n\n.. penstock-flow:: orders\n")
    (folder / "src" / "shop.py").write_text(flow)


@pytest.mark.parametrize(
    ("project", "settings"), [(PROJECT, ""), ("", SETTINGS)], ids=["in pyproject.toml", "in conf.py"]
)
def test_settings_of_another_version(tmp_path, project, settings):
    """Where the conf.py of today builds another version, its folders are those of that version."""
    conf = CONF.format(multiversion="stand_in") + settings
    conf = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n{conf}"
    (tmp_path / "stand_in.py").write_text(STAND_IN)
    write(tmp_path / "today", project, conf, FLOW + STEP)
    write(tmp_path / "v1", project, conf, FLOW)
    today = ("-c", str(tmp_path / "today" / "docs"))
    built = build(tmp_path / "v1" / "docs", "html", "-n", "-W", *today, "-D", "smv_current_version=v1")
    assert (0, "") == (built.code, built.complained)
    assert ["flow-orders", "flow-orders-receive"] == [name for name in built.page("index.html").ids if "orders" in name]


def test_conf_apart(tmp_path):
    """A conf.py that stands apart from the pages, and builds no other version, has the settings."""
    write(tmp_path / "conf", PROJECT, 'extensions = ["penstock_sphinx"]\n', FLOW)
    write(tmp_path / "pages", "", "", "")
    built = build(tmp_path / "pages" / "docs", "html", "-n", "-W", "-c", str(tmp_path / "conf" / "docs"))
    assert "flow-orders-receive" in built.page("index.html").ids


@pytest.mark.skipif(sphinx.version_info >= (9,), reason="sphinx-multiversion 0.2.4 does not run with Sphinx 9")
def test_sphinx_multiversion(tmp_path):
    """Every version has its own flows, and links to its own sources."""
    pytest.importorskip("sphinx_multiversion")
    conf = CONF.format(multiversion="sphinx_multiversion")
    for version, flow in (("v1", FLOW), ("v2", FLOW + STEP)):
        write(tmp_path, PROJECT, conf, flow)
        for command in ("init --quiet", "add .", f"commit --quiet -m {version}", f"tag {version}"):
            git(tmp_path, *command.split())
    urls = "penstock_source_url=https://example.org/${name}/{file}"
    command = [sys.executable, "-m", "sphinx_multiversion", "docs", "out", "-D", urls]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    pages = {version: (tmp_path / "out" / version / "index.html").read_text() for version in ("v1", "v2")}
    assert {"v1": False, "v2": True} == {version: 'id="flow-orders-pay"' in page for version, page in pages.items()}
    assert {"v1": True, "v2": True} == {
        version: f'href="https://example.org/{version}/src/shop.py"' in page for version, page in pages.items()
    }


def git(folder, *arguments):
    """Run git as somebody."""
    settings = ("-c", "user.name=tests", "-c", "user.email=tests@example.org", "-c", "init.defaultBranch=main")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *settings, *arguments], cwd=folder, check=True, env=environment, capture_output=True)
