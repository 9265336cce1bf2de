"""Steps that return the ID of their run."""

from __future__ import annotations

import asyncio
import re

from penstock import current_flow_id, entrypoint, step

VALID = re.compile(r"(?!0{32})[0-9a-f]{32}")


@step
def ask() -> str | None:
    """Return the ID that a step sees."""
    return current_flow_id()


@entrypoint
def twice() -> tuple[str | None, str | None]:
    """Return what the run's start and a step in it see."""
    return current_flow_id(), ask()


@step
async def ask_later() -> str | None:
    """Return the ID that a coroutine sees after it has waited."""
    await asyncio.sleep(0)
    return current_flow_id()


@entrypoint
async def twice_later() -> tuple[str | None, str | None]:
    """Return what a coroutine's run and a step in it see."""
    first = current_flow_id()
    await asyncio.sleep(0)
    return first, await ask_later()
