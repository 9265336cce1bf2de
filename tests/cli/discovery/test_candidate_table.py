"""The table of functions at which a flow may begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.cli.discovery.candidate_table import print_candidates
from penstock.discover.proposal import Candidate
from proposals import make_function

if TYPE_CHECKING:
    import pytest

PLACE = Candidate(make_function("place"), ("POST /orders", "celery:order"), 12, 3, ("a:b", "c:d", "e:f", "g:h"))
PAY = Candidate(make_function("Desk.pay"), (), 1, 1)


def test_a_line_says_what_starts_it_and_what_it_writes(capsys: pytest.CaptureFixture[str]) -> None:
    """Each candidate has a number, its address, its counts, its trigger and its first effects."""
    assert 2 == print_candidates([PLACE, PAY], {"shop.orders:Desk.pay": "payment"})
    assert [
        "1  shop.orders:place     12 runs, 3 functions inside  ⇐ POST /orders +1  ⇒ a:b, c:d, e:f +1",
        "2  shop.orders:Desk.pay  1 run, 1 function inside  begins the flow payment",
    ] == capsys.readouterr().out.splitlines()


def test_a_long_table_ends_with_the_number_of_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    """A pipe gets twenty lines, and the cure for more."""
    assert 20 == print_candidates([PAY] * 30, {})
    assert "… and 10 more. To see fewer, name a package: -m PACKAGE" == capsys.readouterr().out.splitlines()[-1]
