"""Steps in a list, each given what the last one returned."""

# calls: a>b a>c a>d
# data: b>c c>d

from functools import reduce


def b(x):
    return x


def c(x):
    return x


def d(x):
    return x


def a(x):
    return reduce(lambda value, step: step(value), (b, c, d), x)
