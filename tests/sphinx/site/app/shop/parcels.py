"""NumPy's docstrings, a generator and methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock import entrypoint, flow, step

if TYPE_CHECKING:
    from collections.abc import Iterator


@flow("parcels")
class Warehouse:
    """Where parcels come from."""

    @entrypoint
    def fetch(self, number: int) -> None:
        """Fetch what was ordered.

        Parameters
        ----------
        number : int
            The order's number.

        Returns
        -------
        list of str
            What was fetched.
        """

    @step(after="fetch")
    def pack(self) -> Iterator[str]:
        """Pack it."""
        yield "parcel"
