"""What a diagram shows of a docstring."""

import pytest

from penstock import flow, get_flow


@pytest.mark.parametrize(
    ("docstring", "title"),
    [
        ("Charges the card.\n\nIdempotent by order number.", "Charges the card."),
        ("\n    Charges the card.\n    ", "Charges the card."),
        ("Walks `docs_dir` and ``site_dir``.", "Walks docs_dir and site_dir."),
        (
            "Calls :py:func:`pay.charge`, :class:`~pay.Card` and :doc:`that page <pay>`.",
            "Calls pay.charge, Card and that page.",
        ),
        ("See `the guide <https://example.org>`_ and [the map](map.md).", "See the guide and the map."),
        ("A **strong** and *weak* word, 2 * 3 * 4.", "A strong and weak word, 2 * 3 * 4."),
        ("Passes *args and **kwargs on.", "Passes *args and **kwargs on."),
        ("For example::", "For example"),
        ("", ""),
    ],
)
def test_a_title_is_the_first_line_without_markup(docstring: str, title: str) -> None:
    """Neither RST's nor Markdown's marks are drawn."""

    def charge() -> None: ...

    charge.__doc__ = docstring
    flow("checkout").entrypoint(charge)
    assert title == get_flow("checkout").step("charge").title
