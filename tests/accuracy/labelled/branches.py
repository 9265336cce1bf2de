"""What happens in one branch only happens, too."""

# calls: a>b a>c a>d a>e
# data: b>d c>d d>e


def b(x):
    return x


def c(x):
    return x


def d(x):
    return x


def e(x):
    return x


def a(x):
    y = b(x) if x else c(x)
    try:
        z = d(y)
    except ValueError:
        return None
    finally:
        print(x)
    return e(z) if z else None
