"""Decorators around the callee, one of which is a class."""

# calls: a>b a>c
# data: b>c

from functools import lru_cache, wraps


def _logged(function):
    @wraps(function)
    def wrapper(*args):
        return function(*args)

    return wrapper


class _Counted:
    def __init__(self, function):
        self.function = function

    def __call__(self, *args):
        return self.function(*args)


@_logged
def b(x):
    return x


@lru_cache
def c(x):
    return x


_counted = _Counted(c)


def a(x):
    return _counted(b(x))
