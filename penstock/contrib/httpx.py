"""Correlation IDs in the requests that httpx sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock._runtime.context import current_flow_id
from penstock._runtime.propagation import HEADER, inject_into_request, remove_headers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator

    import httpx

ORIGIN = "penstock.origin"
"""The extension with a request's first origin; redirected requests inherit it."""

WRITTEN = "penstock.flow_id"
"""The extension with the ID that was written into a request; redirected requests inherit it."""

DEFAULT_PORTS = {"http": 80, "https": 443}


class _Done:
    """The result of the hook: an ``httpx.AsyncClient`` awaits it, an ``httpx.Client`` drops it."""

    def __await__(self) -> Generator[None, None, None]:
        yield from ()


_done = _Done()


def flow_hook(request: httpx.Request) -> Awaitable[None]:
    """Write the current run's ID into a request; for ``httpx.Client`` and ``httpx.AsyncClient``.

    A redirect to another host or port does not carry the ID.

    Example:
        >>> import httpx
        >>> client = httpx.Client(event_hooks={"request": [flow_hook]})
    """
    written_id = request.extensions.pop(WRITTEN, None)
    if written_id is not None and written_id == request.headers.get(HEADER):
        remove_headers(request.headers, HEADER)
    origin = _origin_of(request.url)
    first = request.extensions.setdefault(ORIGIN, origin)
    if origin == first or _is_upgrade(first, origin):
        inject_into_request(request.headers)
        request.extensions[WRITTEN] = current_flow_id()
    return _done


async_flow_hook = flow_hook
"""The same hook under its name from the time when an ``httpx.AsyncClient`` needed another one."""


def _origin_of(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or DEFAULT_PORTS.get(url.scheme)


def _is_upgrade(first: tuple[str, str, int | None], origin: tuple[str, str, int | None]) -> bool:
    """Return whether a redirect only leads to HTTPS on the same host."""
    return first == ("http", origin[1], 80) and origin == ("https", first[1], 443)
