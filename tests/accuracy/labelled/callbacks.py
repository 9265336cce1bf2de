"""Functions that are handed over."""

# calls: a>b b>c a>d
# data:


def a(x):
    list(map(d, [x]))
    return b(x, then=c)


def b(x, then):
    return then(x)


def c(x):
    return x


def d(x):
    return x
