"""Our own words on pages, in the language of a site."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Language(NamedTuple):
    """The words of a language.

    Attributes:
        gettext: Returns a text in the language.
        ngettext: Returns the one of two texts that goes with a number, in the language.
    """

    gettext: Callable[[str], str]
    ngettext: Callable[[str, str, int], str]

    def localize_digits(self, text: str) -> str:
        """Return an English number, such as ``1,234.5 %``, with the separators of the language."""
        example = self.gettext("1,234.5")
        if len(example) != len("1,234.5"):  # a translator left something out
            return text
        return text.translate({ord(","): example[1], ord("."): example[5]})


def _choose_form(one: str, many: str, count: int) -> str:
    return one if count == 1 else many


ENGLISH = Language(str, _choose_form)
"""The words of engines without catalogs."""
