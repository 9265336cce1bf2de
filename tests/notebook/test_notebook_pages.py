"""Pages made of notebooks: nbconvert, PDF by LaTeX, myst-nb, nbsphinx, and marimo."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
from textwrap import indent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., str]
    Need = Callable[..., None]

DECLARED = """from penstock import flow

bom_sync = flow("bom_sync")

@bom_sync.entrypoint
def handle_kafka_message(msg): ...
"""

SITES = {
    "myst-nb": ("myst_nb", 'extensions = ["myst_nb"]\nnb_execution_mode = "off"\n'),
    "nbsphinx": ("nbsphinx", 'extensions = ["nbsphinx"]\nnbsphinx_execute = "never"\n'),
}

EXTENSIONS = tuple(module for module, _ in SITES.values() if importlib.util.find_spec(module))


@pytest.fixture(params=SITES)
def site(request: pytest.FixtureRequest, need: Need, executed: Path, tmp_path: Path) -> Path:
    """A folder for Sphinx whose only page is the notebook, read by each extension."""
    module, configuration = SITES[request.param]
    need(module, "sphinx")
    (tmp_path / "conf.py").write_text(configuration)
    content = json.loads(executed.read_text())
    if request.param == "myst-nb":  # it reads headings from Markdown, for which nbsphinx would call pandoc
        content["cells"][0] = {"cell_type": "markdown", "id": "title", "source": "# Flows", "metadata": {}}
    (tmp_path / "index.ipynb").write_text(json.dumps(content))
    return tmp_path


@pytest.mark.parametrize("template", ["lab", "classic", "basic"])
def test_nbconvert_shows_the_picture(executed: Path, run: Run, template: str) -> None:
    """Each of nbconvert's HTML templates keeps the image."""
    name = f"{template}.html"
    run("nbconvert", "--to", "html", "--template", template, "--output", name, executed.name, folder=executed.parent)
    assert 2 == (executed.parent / name).read_text().count('src="data:image/svg+xml;base64,')


def test_nbconvert_puts_the_picture_into_a_pdf(executed: Path, run: Run, tmp_path: Path) -> None:
    """A PDF made by LaTeX has the picture, its words as text; neither Inkscape nor anything else is asked for it."""
    for command in ("pdflatex", "pdftotext", "kpsewhich"):
        if not shutil.which(command):
            missing(f"{command}: apt-get install texlive-latex-extra poppler-utils")
    if not subprocess.run(["kpsewhich", "ulem.sty"], capture_output=True, check=False).stdout:
        missing("ulem.sty, which nbconvert's pages load: apt-get install texlive-plain-generic")
    content = json.loads(executed.read_text())
    del content["cells"][-1]  # pdflatex has no letters for a drawing in text
    (tmp_path / executed.name).write_text(json.dumps(content))
    latex = "--PDFExporter.latex_command=['pdflatex', '-interaction=nonstopmode', '{filename}']"
    run("nbconvert", "--to", "pdf", latex, "--PDFExporter.latex_count=1", executed.name, folder=tmp_path)
    words = subprocess.run(["pdftotext", executed.stem + ".pdf", "-"], cwd=tmp_path, capture_output=True, check=True)
    assert 2 == words.stdout.count(b"\nFetches the BOM.\n")


def missing(what: str) -> None:
    """Skip where a program is missing; in CI it must be there."""
    if os.environ.get("CI"):
        pytest.fail(f"missing: {what}", pytrace=False)
    pytest.skip(f"missing: {what}")


def test_a_sphinx_site_shows_the_picture_without_a_warning(site: Path, run: Run) -> None:
    """A Sphinx site built under -W shows both diagrams."""
    run("sphinx", "-q", "-W", "-b", "html", ".", "out", folder=site, imports=EXTENSIONS)
    assert 2 == (site / "out" / "index.html").read_text().count('src="data:image/svg+xml;base64,')


def test_sphinx_passes_the_picture_on_to_latex(site: Path, run: Run) -> None:
    """The LaTeX of a Sphinx site includes both diagrams as PDF, also under -W."""
    run("sphinx", "-q", "-W", "-b", "latex", ".", "out", folder=site, imports=EXTENSIONS)
    (tex,) = (site / "out").glob("*.tex")
    assert 2 == tex.read_text().count("\\noindent\\sphinxincludegraphics")
    assert [b"%PDF"] == list({path.read_bytes()[:4] for path in (site / "out").glob("*.pdf")})


def test_myst_nb_reads_the_directives_of_markdown_pages(need: Need, run: Run, tmp_path: Path) -> None:
    """With myst-nb, a Markdown page has its diagram and its flows' pages, and what it only quotes makes none."""
    need("myst_nb", "sphinx")
    (tmp_path / "app.py").write_text(DECLARED)
    settings = ["extensions = ['myst_nb', 'penstock_sphinx']", "penstock_modules = ['app']", "penstock_path = ['.']"]
    (tmp_path / "conf.py").write_text("\n".join(settings))
    asked = "```{penstock-flows}\n:toctree: flows\n```"
    quoted = "```rst\n.. penstock-flows::\n   :toctree: quoted\n```"
    (tmp_path / "index.md").write_text(f"# Flows\n\n{asked}\n\n{quoted}\n\n```{{penstock-flow}} bom_sync\n```\n")
    run("sphinx", "-q", "-W", "-b", "html", ".", "out", folder=tmp_path, imports=EXTENSIONS)
    page = (tmp_path / "out" / "index.html").read_text()
    assert (True, True) == ('aria-label="Flow bom_sync: 1 step.' in page, 'href="flows/bom_sync.html"' in page)
    assert ["flows"] == [path.parent.name for path in tmp_path.glob("*/*.rst")]


def test_marimo_shows_the_picture(need: Need, run: Run, executed: Path, tmp_path: Path) -> None:
    """An exported marimo notebook holds the image."""
    need("marimo")
    declared, shown = (cell["source"] for cell in json.loads(executed.read_text())["cells"][1:3])
    cells = [f"@app.cell\ndef _():\n{indent(''.join(declared), ' ' * 4)}\n    return (generate_dag,)"]
    cells.append(f"@app.cell\ndef _(generate_dag):\n    {''.join(shown)}\n    return")
    text = "\n\n".join(["import marimo", "app = marimo.App()", *cells, 'if __name__ == "__main__":\n    app.run()\n'])
    (tmp_path / "flows.py").write_text(text)
    run("marimo", "-q", "export", "html", "flows.py", "-o", "flows.html", folder=tmp_path)
    assert "data:image/svg+xml;base64," in (tmp_path / "flows.html").read_text()
