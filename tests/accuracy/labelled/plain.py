"""Calls, one inside the other."""

# calls: a>b b>c
# data:


def a(x):
    return b(x) + 1


def b(x):
    return _twice(c(x))


def c(x):
    return x


def _twice(x):
    return x * 2
