"""Runs each application once, as its tests would."""

import catalogue
import orders
import pytest
import reports


@pytest.mark.parametrize("application", [orders, catalogue, reports])
def test_application(application):
    application.run()
