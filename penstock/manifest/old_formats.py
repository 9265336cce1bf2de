"""Reads what older versions of the format wrote differently."""

from __future__ import annotations

import re
from typing import Any

_PROVENANCE = re.compile(
    r"\d+ of \d+ arrows? confirmed"
    r"(?: by (?P<runs>[\d,]+) runs?(?: at (?P<commit>.+), (?P<date>\d{4}-\d\d-\d\d)| on (?P<day>\d{4}-\d\d-\d\d))?)?"
    r"(?: by the code)?(?:[,;] .*)?"
)


def summarize_provenance(provenance: str) -> dict[str, Any] | None:
    """Return the evidence that format 1.1 wrote as a sentence, as the JSON values of format 1.2; ``None`` without any.

    The rest of the sentence counted the states of the edges. A sentence that no penstock wrote only shows that they
    were checked.
    """
    if not provenance:
        return None
    match = _PROVENANCE.fullmatch(provenance)
    if match is None or match["runs"] is None:
        return {}
    runs = int(match["runs"].replace(",", "")[:_MAX_DIGITS])
    return {"runs": runs, "commit": match["commit"] or "", "date": match["date"] or match["day"] or ""}


_MAX_DIGITS = 15
