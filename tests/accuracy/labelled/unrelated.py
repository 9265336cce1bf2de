"""Equal names that mean something else."""

# calls: a>b
# data:


def b(x):
    return x


def c(x):
    return x


class _Other:
    def c(self, x):
        return x


def a(x, other: _Other):
    def _inner(c):
        return c

    _inner(1)
    other.c(x)
    return b(x)
