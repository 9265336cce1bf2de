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
        (
            "Charges the card,\nand stores the receipt. Never twice.\n\nMore.",
            "Charges the card, and stores the receipt.",
        ),
        ("Charges the card\n    and stores the receipt\n\nMore.", "Charges the card and stores the receipt"),
        ("Charges the card. Never twice.", "Charges the card."),
        ("Charges the card (once.) Stores it.", "Charges the card (once.)"),
        ("Is it paid? Then go on!", "Is it paid?"),
        ("Charges the :class:`~pay.Card`\nof ``a.b.C``. Never twice.", "Charges the Card of a.b.C."),
        (
            "Charges cards, e.g. Visa, as of J. Smith et al. 2.0 is next. More.",
            "Charges cards, e.g. Visa, as of J. Smith et al. 2.0 is next.",
        ),
        ("Charges ... and that is all. More.", "Charges ... and that is all."),
        ("カードに請求する。一度だけ。", "カードに請求する。"),
        ("Charge\n======\n\nMore.", "Charge"),
        ("Charges the card\nArgs:\n    card: It.", "Charges the card"),
        ("Charges the card\n:param card: It.", "Charges the card"),
        ("Charges one of\n- Visa\n- others", "Charges one of"),
        ("For example::\n    charge()", "For example"),
        ("Sends the order to the\nfollowing services:\n\n- shop", "Sends the order to the following services:"),
        ("Charges the\n:term:`card` once.", "Charges the card once."),
    ],
)
def test_a_title_is_the_first_sentence_without_markup(docstring: str, title: str) -> None:
    """A sentence that runs over lines is no half sentence, and neither RST's nor Markdown's marks are drawn."""

    def charge() -> None: ...

    charge.__doc__ = docstring
    flow("checkout").entrypoint(charge)
    assert title == get_flow("checkout").step("charge").title
