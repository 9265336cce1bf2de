"""A morning in the bakery."""

from bakery import ledger, orders, stock

if __name__ == "__main__":
    database = ledger.open_books(":memory:")
    stock.bake(database, "rye", 10)
    for text, is_member in (("3 rye", False), ("2 rye", True), ("9 rye", False)):
        try:
            print(f"{text}: sale {orders.place_order(database, text, is_member=is_member)}")
        except LookupError as error:
            print(f"{text}: {error}")
    database.close()
