"""Generators and comprehensions."""

# calls: a>b a>c a>d
# data: b>c c>d


def b(n):
    yield from range(n)


def c(numbers):
    for number in numbers:
        yield number + 1


def d(number):
    return number


def a(n):
    return [d(number) for number in c(b(n))]
