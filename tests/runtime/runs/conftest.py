"""No test of a run begins or ends inside one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock import add_observer, current_flow_id

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=[False, True], ids=["nobody observes", "observed"], autouse=True)
def observed(request: pytest.FixtureRequest) -> bool:
    """Run every test on the fast path and on the slow one."""
    if request.param:
        add_observer(lambda event: lambda error: None)
    return bool(request.param)


@pytest.fixture(autouse=True)
def _no_run() -> Iterator[None]:
    """No test leaves a run behind."""
    assert current_flow_id() is None
    yield
    assert current_flow_id() is None
