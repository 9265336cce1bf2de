"""What the shop talks about."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Order:
    """What a customer asks for.

    Attributes
    ----------
    number : str
        The order's number, given by the customer's side.
    email : str
        Where the answer goes.
    item : str
        The article's name.
    quantity : int
        How many pieces of it.
    """

    number: str
    email: str
    item: str
    quantity: int

    @classmethod
    def from_json(cls, text: str | bytes) -> Order:
        """Return the order that ``text`` describes.

        Raises
        ------
        ValueError
            The text is no JSON, or it lacks a field of an order.
        """
        try:
            data = json.loads(text)
            return cls(str(data["number"]), str(data["email"]), str(data["item"]), int(data["quantity"]))
        except (KeyError, TypeError, ValueError) as error:
            message = f"this is no order: {error!r}"
            raise ValueError(message) from error

    def to_json(self) -> str:
        """Return the text that :meth:`from_json` reads."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Parcel:
    """What leaves the warehouse in one box.

    Attributes
    ----------
    order : str
        The number of the order that it belongs to.
    pieces : int
        How many pieces are in it.
    """

    order: str
    pieces: int
