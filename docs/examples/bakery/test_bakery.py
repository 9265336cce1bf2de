"""Tests of the bakery, as any project has them."""

import pytest
from bakery import ledger, orders, stock


@pytest.fixture
def database(tmp_path, monkeypatch):
    """A bakery with ten loaves of rye."""
    monkeypatch.chdir(tmp_path)
    books = ledger.open_books(str(tmp_path / "bakery.db"))
    stock.bake(books, "rye", 10)
    yield books
    books.close()


def sales(database):
    """Return what the books say was sold."""
    return database.execute("SELECT count, cents FROM sales").fetchall()


def test_an_order_is_sold(database):
    """An order gets a number, and is in the books."""
    assert orders.place_order(database, "3 rye") == 1
    assert sales(database) == [(3, 1260)]


def test_members_pay_less(database):
    """Members get a discount."""
    orders.place_order(database, "3 rye", is_member=True)
    assert sales(database) == [(3, 1134)]


def test_an_empty_shelf_sells_nothing(database):
    """What is not there is not sold."""
    with pytest.raises(LookupError):
        orders.place_order(database, "11 rye")
    assert sales(database) == []


@pytest.mark.parametrize("text", ["3 cake", "rye", "three rye"])
def test_what_cannot_be_read_is_no_order(database, text):
    """An order that makes no sense is an error."""
    with pytest.raises(ValueError, match=r"cake|unpack|int"):
        orders.place_order(database, text)
