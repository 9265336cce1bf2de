"""``functools.singledispatch`` and operators."""

# calls: a>show a>whole a>text a>add
# data:

from functools import singledispatch


@singledispatch
def show(x):
    return x


@show.register
def whole(x: int):
    return x


@show.register(str)
def text(x):
    return x


def add(x, y):
    return x


class _Number:
    def __add__(self, other):
        return add(self, other)


def a(x):
    show(x)
    return _Number() + _Number()
