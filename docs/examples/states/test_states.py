"""The tests that show each edge as it is."""

import pytest
import states


@pytest.mark.parametrize(
    "entrypoint",
    [
        states.take_order,
        states.take_parcel,
        states.close_day,
        states.take_booking,
        states.take_purchase,
        states.take_gift,
        states.take_photo,
    ],
)
def test_each(entrypoint):
    """Each flow runs once."""
    entrypoint()


def test_the_telephone():
    """Only a customer calls."""
    states.take_call("customer")


def test_the_report():
    """The report works, whatever comes before it."""
    states.send_report()
