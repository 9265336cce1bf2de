"""The supplier's API: what it offers, and the client that asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from parts.web import Request, Response, send

CATALOGUE = {
    "B-100": [{"number": "P-1", "quantity": 4}, {"number": "P-2", "quantity": 1}],
    "B-200": [{"number": "P-2", "quantity": 2}, {"number": "P-7", "quantity": 16}, {"number": "P-9", "quantity": 1}],
}


@dataclass(frozen=True)
class Part:
    """A line of a bill of material.

    Attributes:
        number: The supplier's part number.
        quantity: How many of it one piece takes.
    """

    number: str
    quantity: int


@dataclass(frozen=True)
class Bom:
    """A bill of material.

    Attributes:
        id: The supplier's number for it.
        parts: What it lists.
    """

    id: str
    parts: tuple[Part, ...]


class UnknownBomError(Exception):
    """The supplier has no bill of material of that number."""

    def __init__(self, bom_id: str) -> None:
        super().__init__(f"the supplier has no BOM {bom_id}")


class Supplier:
    """A client of the supplier's API.

    Args:
        port: Where the API listens on this machine.
    """

    def __init__(self, port: int) -> None:
        self._port = port

    def get_bom(self, bom_id: str) -> Bom:
        """Return a bill of material.

        Raises:
            UnknownBomError: The supplier has none of that number.
        """
        response = send(self._port, Request("GET", f"/boms/{bom_id}"))
        if response.status != HTTPStatus.OK:
            raise UnknownBomError(bom_id)
        return Bom(bom_id, tuple(Part(**part) for part in response.body))


def supplier_api(request: Request) -> Response:
    """Answer ``GET /boms/{id}`` from the catalogue; the supplier runs this, not we."""
    parts = CATALOGUE.get(request.path.removeprefix("/boms/"))
    return Response(HTTPStatus.OK, parts) if parts else Response(HTTPStatus.NOT_FOUND, {"error": "unknown BOM"})
