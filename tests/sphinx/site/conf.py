"""A site with every option of the directive, in RST and in Markdown."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path("autodocumented").resolve()))  # what autodoc documents, it imports

project = "Site"
author = copyright = "A"
version = "1"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode", "penstock_sphinx"]
exclude_patterns = ["_build"]
numfig = True
html_theme = "basic"
epub_show_urls = "no"
man_pages = [("index", "site", "Site", "A", 1)]
penstock_modules = ["shop.*", "tasks"]
penstock_path = ["app", "autodocumented"]
penstock_source_url = "https://example.org/{file}#L{line}"
