"""Results travel in tuples, dictionaries and attributes."""

# calls: a>b a>c a>d a>e
# data: b>d c>d c>e


class _Box:
    def __init__(self, inside):
        self.inside = inside


def b(x):
    return x


def c(x):
    return x


def d(x, y):
    return x, y


def e(x):
    return x


def a(x):
    first, second = b(x), c(x)
    found = {"first": first}
    box = _Box(second)
    d(found["first"], second)
    return e(box.inside)
