"""The catalogue over a database of its own."""

from parts.__main__ import sync_boms, update_users
from parts.store import Store


def test_bills_of_material(tmp_path):
    """Two bills of material are stored; the supplier does not know the third."""
    store = Store(tmp_path / "parts.db")
    sync_boms(store)
    assert store.count_parts() == 5


def test_users(tmp_path):
    """A user and an administrator change addresses."""
    update_users(Store(tmp_path / "parts.db"))
