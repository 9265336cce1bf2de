"""A registry that a decorator fills."""

# calls: a>b a>c
# data:

_HANDLERS = {}


def _handles(kind):
    def register(function):
        _HANDLERS[kind] = function
        return function

    return register


@_handles("b")
def b(x):
    return x


@_handles("c")
def c(x):
    return x


def a(kind, x):
    return _HANDLERS[kind](x)
