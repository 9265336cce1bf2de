"""What `carry` returns: the same kind of callable, in this process and in the one that it is sent to."""

from __future__ import annotations

import asyncio
import pickle
import types
from typing import TYPE_CHECKING

import pytest

from penstock import carry, current_flow, current_flow_id, flow_context, set_value

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator


def test_a_generator_based_coroutine_can_still_be_awaited() -> None:
    """What `types.coroutine` has made of a generator is awaited in the run that carried it."""

    @types.coroutine
    def old() -> Generator[object, object, str | None]:
        yield from asyncio.sleep(0).__await__()
        return current_flow_id()

    async def wait(function: Callable[[], Awaitable[str | None]]) -> str | None:
        return await function()

    with flow_context() as run:
        function = carry(old)

    assert run.id == asyncio.run(wait(function))


def test_values_that_were_pickled_are_read_only() -> None:
    """What travels with a run to another process cannot be changed there either."""
    with flow_context():
        set_value("tenant", "acme")
        known = pickle.loads(pickle.dumps(carry(current_flow)))()

    with pytest.raises(TypeError):
        known.values["tenant"] = "other"
