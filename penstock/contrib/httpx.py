"""Correlation IDs in the requests that httpx sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.propagation import inject

if TYPE_CHECKING:
    import httpx


def flow_hook(request: httpx.Request) -> None:
    """Write the current run's ID into a request.

    Example:
        >>> import httpx
        >>> client = httpx.Client(event_hooks={"request": [flow_hook]})
    """
    inject(request.headers)


async def async_flow_hook(request: httpx.Request) -> None:
    """Write the current run's ID into a request of an ``httpx.AsyncClient``."""
    inject(request.headers)
