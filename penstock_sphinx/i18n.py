"""Our own words on pages, in the language of the site."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sphinx import locale
from sphinx.util.i18n import CatalogInfo

from penstock.embed.language import Language

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

CATALOG = "penstock_sphinx"
OWN = Path(__file__).with_name("locale")

gettext = locale.get_translation(CATALOG)


def ngettext(one: str, many: str, count: int) -> str:
    """Return the word for a count, in the language of the site."""
    return locale.get_translator(CATALOG).ngettext(one, many, count)


SITE_LANGUAGE = Language(gettext, ngettext)
"""The words of what pages show in every engine."""


def load_catalogs(app: Sphinx, config: Config) -> None:
    """Read the catalogs of the site's language: the site's own first, then ours."""
    folders = [Path(app.srcdir, folder) for folder in config.locale_dirs]
    for folder in folders:
        catalog = CatalogInfo(folder / config.language / "LC_MESSAGES", CATALOG, "utf-8")
        if Path(catalog.po_path).is_file() and catalog.is_outdated():
            catalog.write_mo(config.language, config.gettext_allow_fuzzy_translations)
    locale.init(folders, config.language, CATALOG)
    app.add_message_catalog(CATALOG, OWN)
