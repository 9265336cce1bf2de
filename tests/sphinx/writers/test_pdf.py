"""A PDF by real LaTeX."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

DOCS = Path(__file__).parents[3] / "docs"

TOOLS = "apt-get install latexmk texlive-latex-recommended texlive-latex-extra texlive-fonts-recommended tex-gyre poppler-utils"


@pytest.fixture
def latex():
    """Skip where there is no LaTeX, but fail in CI."""
    absent = [tool for tool in ("latexmk", "pdflatex", "pdftotext", "pdftohtml", "pdfimages") if not shutil.which(tool)]
    if absent and os.environ.get("CI"):
        pytest.fail(f"{absent} missing; {TOOLS}", pytrace=False)
    if absent:
        pytest.skip(f"{absent} missing; {TOOLS}")


@pytest.mark.usefixtures("latex")
def test_a_pdf_has_drawing_steps_and_links(small):
    """The PDF has the drawing with text that can be searched, the steps, and links between them."""
    small.write("index.rst", small.text("index.rst") + "\nSee :penstock:step:`one.finish`.\n")
    command = [sys.executable, "-m", "sphinx", "-M", "latexpdf", small.folder, small.folder / "_build", "-W", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert 0 == done.returncode, done.stdout[-2000:] + done.stderr[-2000:]
    (file,) = (small.folder / "_build/latex").glob("projectnamenotset.pdf")
    said = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
    assert 4 <= said.count("begin")  # in the drawing, above its description, and as the neighbour of the other
    assert "Finish." in said
    drawn = subprocess.run(["pdfimages", "-list", file], capture_output=True, text=True, check=True).stdout
    assert 2 == len(drawn.splitlines()), "the drawing is made of pixels"


@pytest.mark.usefixtures("latex")
@pytest.mark.parametrize("points", [10, 12])
def test_names_in_a_picture_are_as_large_as_the_text_around(small, points):
    """The name of a step in a drawing has the size of the page's type."""
    small.write("conf.py", f"{small.text('conf.py')}latex_elements = {{'pointsize': '{points}pt'}}\n")
    small.edit("index.rst", ".. penstock", "Paragraph.\n\n.. penstock")
    built = small.build("latex", "-W")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "projectnamenotset.tex"]
    subprocess.run(command, cwd=built.folder, capture_output=True, check=True, timeout=300)
    tool = ["pdftohtml", "-xml", "-i", "-zoom", "3", "-stdout", built.folder / "projectnamenotset.pdf"]
    page = ET.fromstring(subprocess.run(tool, capture_output=True, check=True).stdout)
    fonts = {font.get("id"): int(font.get("size")) / 3 for font in page.iter("fontspec")}
    sizes = {"".join(text.itertext()).strip(): fonts[text.get("font")] for text in reversed([*page.iter("text")])}
    assert [points, points] == [sizes["Paragraph."], sizes["begin"]]


@pytest.mark.usefixtures("latex")
def test_pdf_without_engine(small):
    """Where the drawing cannot be made, there is a PDF all the same, whatever the names hold."""
    small.write("broken", "#!/bin/sh\nexit 3\n")
    (small.folder / "broken").chmod(0o755)
    small.write("conf.py", f"{small.text('conf.py')}penstock_engine = './broken'\n")
    more = "\n@one.step(name='odd \\uffff', after={'finish': 'if \\ufdd0'}, effects=['db'])\ndef odd(): ...\n"
    small.write("flows.py", small.text("flows.py") + more)
    small.write("index.rst", f"{small.text('index.rst')}   :paths:\n\n.. penstock-flows::\n\n.. penstock-map::\n")
    command = [sys.executable, "-m", "sphinx", "-M", "latexpdf", small.folder, small.folder / "_build", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert 0 == done.returncode, done.stdout[-2000:] + done.stderr[-2000:]
    (file,) = (small.folder / "_build/latex").glob("projectnamenotset.pdf")
    said = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
    assert "* begin" in said
    assert "odd ?" in said


@pytest.mark.usefixtures("latex")
def test_our_own_documentation(tmp_path):
    """All of the documentation becomes a PDF, drawings in console blocks included."""
    for needed in ("myst_nb", "furo", "sphinx_copybutton"):
        pytest.importorskip(needed)
    sphinx = [sys.executable, "-m", "sphinx", "-b", "latex", DOCS, tmp_path, "-q"]
    once = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "penstock.tex"]  # page numbers come with more
    for command in (sphinx, once):
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False, timeout=600
        )
        assert 0 == done.returncode, done.stdout[-2000:] + done.stderr[-2000:]
    said = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "penstock.pdf", "-"], capture_output=True, text=True, check=True
    ).stdout
    assert 100 < said.count("\f")
    assert "handle_kafka_message" in said
