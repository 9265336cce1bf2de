"""Other names for the same function."""

# calls: a>b a>c
# data: b>c

from functools import partial


def b(x, y=0):
    return x + y


def c(x):
    return x


other = b
early = partial(other, y=1)


def a(x):
    result = early(x)
    again = c
    return again(result)
