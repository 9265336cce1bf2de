"""The documentation of penstock, which is also its first user: the flows are those of the examples."""

from __future__ import annotations

import io
import re
import tomllib
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from docutils.nodes import literal_block
from reportlab.graphics import renderPDF
from sphinx.transforms.post_transforms.images import ImageConverter
from svglib.svglib import svg2rlg

if TYPE_CHECKING:
    from docutils.nodes import document
    from sphinx.application import Sphinx

project = "penstock"
author = "penstock contributors"
copyright = "2026, penstock contributors"
version = release = version_of("penstock")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "penstock_sphinx",
]
exclude_patterns = ["_build", "examples"]
templates_path = ["_templates"]
nitpicky = True
nitpick_ignore = [
    ("py:exc", "ImproperlyConfigured"),  # Django's
    *(("py:class", name) for name in ("H", "P", "T")),  # type variables
    *(("py:class", name) for name in ("Path", "pathlib.Path", "concurrent.futures.Executor", "httpx.Request")),
    *(
        ("py:class", name)
        for name in (
            "contextlib.AbstractContextManager",
            "opentelemetry.trace.TracerProvider",
            "opentelemetry.metrics.MeterProvider",
        )
    ),
]
napoleon_use_ivar = True
napoleon_use_rtype = False

# The applications, three folders with a shop and its online service in one.
penstock_modules = ["parts.*", "shop.*", "online.*", "flows", "states"]
penstock_path = ["examples/parts", "examples/shop", "examples/mkdocs_build", "examples/states"]
penstock_evidence = "_build/evidence.json"  # which `make docs` records

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the test suite runs the notebook, and compares
autodoc_typehints = "signature"
python_maximum_signature_line_length = 88
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True

html_theme = "furo"
html_logo = html_favicon = "_static/logo.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_title = f"penstock {release}"
settings = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))
if repository := settings["tool"]["hatch"]["metadata"]["hooks"]["custom"]["repository"]:  # once it is public
    html_theme_options = {"source_repository": repository, "source_branch": "HEAD", "source_directory": "docs/"}
    penstock_source_url = f"{repository}/blob/HEAD/{{file}}#L{{line}}"

# The PDF. pdfTeX's fonts lack these letters; in a console block, each has to be as wide as the others.
latex_letters = {
    "2504": r"\pmboxdrawuni{2500}",
    "2510": r"\pmboxdrawuni{2510}",
    "2518": r"\pmboxdrawuni{2518}",
    "2524": r"\pmboxdrawuni{2524}",
    "252C": r"\pmboxdrawuni{252C}",
    "2534": r"\pmboxdrawuni{2534}",
    "256D": r"\pmboxdrawuni{250C}",
    "256E": r"\pmboxdrawuni{2510}",
    "256F": r"\pmboxdrawuni{2518}",
    "2570": r"\pmboxdrawuni{2514}",
    "25C6": r"\onecell{\ding{117}}",
    "25CB": r"\onecell{$\circ$}",
    "2212": r"\ensuremath{-}",
    "21D0": r"\onecell[1.4]{$\Leftarrow$}",
    "21D2": r"\onecell[1.4]{$\Rightarrow$}",
    "26D4": r"\ding{56}",
    "2717": r"\ding{55}",
    "FE0F": "",
    "2026": r"\ifdim\fontcharwd\font`i=\fontcharwd\font`m\onecell{...}\else\textellipsis\fi",
}
latex_elements = {
    "extraclassoptions": "openany,oneside",
    "fncychap": "",
    "maketitle": r"\renewcommand{\contentsname}{Contents}\sphinxmaketitle",  # not the first caption
    "preamble": "\n".join(
        [
            r"\usepackage{pmboxdraw,pifont}",
            r"\newcommand{\onecell}[2][1]{\makebox[\fontcharwd\font`x]{\resizebox{#1\fontcharwd\font`x}{\height}{#2}}}",
            *(rf"\DeclareUnicodeCharacter{{{code}}}{{{drawn}}}" for code, drawn in latex_letters.items()),
        ]
    ),
}
latex_show_urls = "no"


class SvgToPdf(ImageConverter):
    """Pictures that stand in `_static` as SVG, for LaTeX."""

    conversion_rules: ClassVar = [("image/svg+xml", "application/pdf")]

    def is_available(self) -> bool:
        """Return that svglib is there: penstock's own PDF needs it."""
        return True

    def convert(self, source: Path, target: Path) -> bool:
        """Draw an SVG as a PDF; svglib takes the list of fonts for one name."""
        picture = source.read_text(encoding="utf-8")
        picture = re.sub('font-family="[^"]*"', 'font-family="Helvetica"', picture)
        renderPDF.drawToFile(svg2rlg(io.StringIO(picture)), str(target))
        return True


def mark_drawings(app: Sphinx, doctree: document) -> None:  # noqa: ARG001 - all events have it
    """Give the drawings of flows in terminals a class of their own: other output wraps, see `site.css`."""
    for block in doctree.findall(literal_block):
        if "◆" in block.astext():
            block["classes"].append("drawing")


def setup(app: Sphinx) -> None:
    """Let LaTeX have its pictures, and drawings their lines."""
    app.add_post_transform(SvgToPdf)
    app.connect("doctree-read", mark_drawings)
