"""Correlation IDs in the requests that Requests sends."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from penstock._runtime.propagation import inject_into_request
from penstock._util.optional_imports import needed

with needed("requests", "requests"):
    from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from requests import PreparedRequest, Response


class FlowAdapter(HTTPAdapter):
    """Writes the current run's ID into each request when it is sent.

    Mount it for the hosts that get the ID. It takes the arguments of ``requests.adapters.HTTPAdapter``.

    The ID is written into a copy, so a prepared request may be sent again, and a redirect to a host without the adapter
    does not carry the ID.

    Example:
        >>> import requests
        >>> session = requests.Session()
        >>> session.mount("https://", FlowAdapter(max_retries=2))
    """

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Send a request, with the ID."""
        request_copy = copy(request)
        request_copy.headers = inject_into_request(request.headers.copy())
        return super().send(request_copy, *args, **kwargs)
