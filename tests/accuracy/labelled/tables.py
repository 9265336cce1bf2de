"""Functions in dictionaries, lists and tuples."""

# calls: a>b a>c a>d a>e
# data:


def b(x):
    return x


def c(x):
    return x


def d(x):
    return x


def e(x):
    return x


TABLE = {"b": b, "c": c}
CHAIN = [d, e]


def a(kind, x):
    for each in CHAIN:
        each(x)
    return TABLE.get(kind, b)(x)
