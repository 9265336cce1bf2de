"""A first run of a module in a fork, so that the process which is forked next has imported and compiled what it needs.

Half of the time of a small build goes into imports, regular expressions and templates, which are the same each time.
"""

from __future__ import annotations

import importlib
import io
import marshal
import os
import re
import runpy
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

APPLICATION = '''
from penstock import entrypoint, flow, step

@flow("orders")
@entrypoint(trigger="kafka:orders")
def receive(order: int) -> None:
    """Receive an order."""
    store(order)

@flow("orders")
@step(after="receive", effects=["sqlite:orders"])
def store(order: int) -> None:
    """Store it.

    Args:
        order: The order.
    """
'''
PAGE = "Title\n=====\n\n.. code-block:: python\n\n   x = 1\n\n.. penstock-flow:: orders\n\n.. penstock-flows::\n"
CONF = "import os, sys\nsys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))\n"
CONF += "extensions = ['myst_parser', 'sphinx.ext.autodoc', 'penstock_sphinx']\npenstock_modules = ['rehearsed']\n"
SITE = "site_name: Site\ntheme: {theme}\nmarkdown_extensions: [admonition, tables, toc]\nplugins: [search, {{penstock: {{modules: [rehearsed]}}}}]\n"
MARKDOWN = "# Title\n\n```python\nx = 1\n```\n\n::: penstock-flow orders\n\n::: penstock-flows\n"


class Rehearsal(NamedTuple):
    """Files and commands of a run: each command's arguments."""

    files: dict[str, str]
    commands: tuple[tuple[str, ...], ...]


REHEARSALS = {
    "sphinx": Rehearsal(
        {"rehearsed.py": APPLICATION, "conf.py": CONF, "index.rst": PAGE, "more.md": "# More\n\nText.\n"},
        (("-q", "-b", "html", ".", "out"),),
    ),
    "mkdocs": Rehearsal(
        {"rehearsed.py": APPLICATION, "docs/index.md": MARKDOWN}
        | {f"{theme}.yml": SITE.format(theme=theme) for theme in ("material", "mkdocs")},
        tuple(("build", "-q", "-f", f"{theme}.yml", "-d", f"out-{theme}") for theme in ("mkdocs", "material")),
    ),
    "penstock": Rehearsal(
        {"rehearsed.py": APPLICATION, "pyproject.toml": "[tool.penstock]\nmodules = ['rehearsed']\n"},
        (("check",), ("show", "orders"), ("render", "orders", "-o", "orders.svg")),
    ),
    "pytest": Rehearsal(
        {
            "rehearsed.py": APPLICATION,
            "pyproject.toml": "[tool.penstock]\nmodules = ['rehearsed']\n",
            "test_orders.py": "import rehearsed\n\n\ndef test_orders():\n    rehearsed.receive(1)\n",
        },
        (("-q", "--penstock"),),
    ),
}


def rehearse(module: str) -> None:
    """Run a module in forks, then import and compile what these did; without any effect if one of them fails."""
    rehearsal = REHEARSALS.get(module)
    if rehearsal is None:
        return
    re._MAXCACHE = 10_000  # the expressions of one run would drive those of another out
    templates = _keep_templates()
    with tempfile.TemporaryDirectory() as folder:
        for file, text in rehearsal.files.items():
            path = Path(folder, file)
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        for arguments in rehearsal.commands:
            report = Path(folder, "report")
            pid = os.fork()
            if not pid:
                _perform(module, arguments, folder, report, templates)
            os.waitpid(pid, 0)
            if report.exists():
                _repeat(report.read_bytes(), templates)
    tempfile.tempdir = None  # a fork may have another TMPDIR


def _perform(module: str, arguments: tuple[str, ...], folder: str, report: Path, templates: dict[Any, Any]) -> None:
    """Run a module, and write what it imported and compiled; end the process."""
    try:
        before = set(sys.modules)
        os.chdir(folder)
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(nothing, number)
        sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
        os.environ.pop("PYTHONPATH", None)
        sys.dont_write_bytecode = False  # pytest compiles plugins in a way of its own
        sys.argv[1:], sys.path[0] = arguments, folder
        with suppress(SystemExit):
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        names = [name for name in [*sys.modules] if name not in before and _can_be_imported(name)]
        patterns = [(pattern, int(flags)) for _, pattern, flags in re._cache]
        part = report.with_suffix(".part")
        part.write_bytes(marshal.dumps((names, patterns, list(templates.items()))))
        part.rename(report)
    finally:
        os._exit(0)


def _can_be_imported(name: str) -> bool:
    """Return whether a module is installed, and none that pytest wants to read itself."""
    spec = getattr(sys.modules[name], "__spec__", None)
    if spec is None or spec.name != name or type(spec.loader).__name__ == "AssertionRewritingHook":
        return False
    return spec.origin is None or not spec.origin.startswith(str(Path.cwd()))


def _repeat(report: bytes, templates: dict[Any, Any]) -> None:
    """Import and compile what a run did."""
    names, patterns, compiled = marshal.loads(report)
    for name in names:
        with suppress(ImportError):
            importlib.import_module(name)
    for pattern, flags in patterns:
        re.compile(pattern, flags)
    templates.update(compiled)


def _keep_templates() -> dict[Any, Any]:
    """Let Jinja compile each template once; return where it keeps them."""
    kept: dict[Any, Any] = {}
    with suppress(ImportError):
        from jinja2 import Environment

        Environment.compile = _keeping(Environment.compile, kept)
    return kept


def _keeping(compile_template: Callable[..., Any], kept: dict[Any, Any]) -> Callable[..., Any]:
    def compile_once(
        self: Any, source: Any, name: str | None = None, filename: str | None = None, *more: Any, **options: Any
    ) -> Any:
        if not isinstance(source, str) or more or options or not isinstance(self.autoescape, bool):
            return compile_template(self, source, name, filename, *more, **options)
        syntax = (self.block_start_string, self.variable_start_string, self.comment_start_string, self.trim_blocks)
        kind = (type(self).__name__, *syntax, self.lstrip_blocks, self.autoescape, self.is_async, *self.extensions)
        if (key := (kind, source, name, filename)) not in kept:
            kept[key] = compile_template(self, source, name, filename)
        return kept[key]

    return compile_once
