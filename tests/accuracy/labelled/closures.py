"""Functions inside functions, and lambdas."""

# calls: a>b a>c
# data: b>c


def b(x):
    return x


def c(x):
    return x


def a(x):
    def inner():
        return b(x)

    def later(y):
        return c(y)

    return (lambda y: [later(y)])(inner())
