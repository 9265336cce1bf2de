"""What is embedded in one page: flows in, elements out, faults as one line each and a note on the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import SubElement

from markdown.util import AtomicString

from penstock.errors import LayoutError, MissingExtraError, PenstockError, RenderError, UnknownFlowError, did_you_mean, near_names
from penstock.render.html import stylesheet
from penstock_mkdocs import figure
from penstock_mkdocs.host import first_line, host_of
from penstock_mkdocs.inner import Inner
from penstock_mkdocs.markup import Markup, slug, tag, unique
from penstock_mkdocs.options import EmbedOptions, OptionError, read_name, read_options
from penstock_mkdocs.report import report
from penstock_mkdocs.site import open_site
from penstock_mkdocs.steps import HEADING_CLASS, add_step

if TYPE_CHECKING:
    pass
