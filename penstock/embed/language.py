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


def _choose_form(one: str, many: str, count: int) -> str:
    return one if count == 1 else many


ENGLISH = Language(str, _choose_form)
"""The words of engines without catalogs."""
