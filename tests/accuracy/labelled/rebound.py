"""A variable that means one function, then another; and a result that is thrown away."""

# calls: a>b a>c a>d
# data: c>d


def b(x):
    return x


def c(x):
    return x


def d(x):
    return x


def a(x):
    value = b(x)
    value = c(x)
    return d(value)
