"""Correlation IDs in the requests that Requests sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock._extras import needed
from penstock.propagation import inject

with needed("requests", "requests"):
    from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from requests import PreparedRequest


class FlowAdapter(HTTPAdapter):
    """Writes the current run's ID into each request at the time that it is sent.

    Mount it for the hosts that shall get the ID. It takes what ``requests.adapters.HTTPAdapter`` takes.

    Example:
        >>> import requests
        >>> session = requests.Session()
        >>> session.mount("https://", FlowAdapter(max_retries=2))
    """

    def add_headers(self, request: PreparedRequest, **kwargs: Any) -> None:
        """Write the ID; Requests calls this for every request."""
        super().add_headers(request, **kwargs)
        inject(request.headers)
