"""The documentation of penstock, which is also its first user: the flows are those of the examples."""

from __future__ import annotations

from importlib.metadata import version as version_of

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
nitpick_ignore = [("py:exc", "ImproperlyConfigured")]  # Django's
napoleon_use_ivar = True
napoleon_use_rtype = False

# The applications, three folders with a shop and its online service in one.
penstock_modules = ["parts.*", "shop.*", "online.*", "flows"]
penstock_path = ["examples/parts", "examples/shop", "examples/mkdocs_build"]

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the test suite runs the notebook, and compares
autodoc_typehints = "signature"
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True

html_theme = "furo"
html_title = f"penstock {release}"
