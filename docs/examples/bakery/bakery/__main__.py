"""Sells some bread."""

from bakery import ledger, orders, stock


def main() -> None:
    """Bake, and sell."""
    database = ledger.open_books(":memory:")
    stock.bake(database, "rye", 10)
    print("sold as number", orders.place_order(database, "3 rye"))


if __name__ == "__main__":
    main()
