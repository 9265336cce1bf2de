"""Properties, context managers, class methods and static methods."""

# calls: a>total a>opened a>make a>tell
# data: make>tell

from contextlib import contextmanager


class Account:
    @property
    def total(self):
        return 1

    @classmethod
    def make(cls):
        return cls()

    @staticmethod
    def tell(account):
        return account


@contextmanager
def opened():
    yield 1


def a():
    account = Account.make()
    with opened():
        Account.tell(account)
    return account.total
