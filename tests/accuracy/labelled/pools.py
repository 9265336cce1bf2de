"""Executors."""

# calls: a>b a>c a>d
# data: b>d c>d

from concurrent.futures import ThreadPoolExecutor, as_completed


def b(x):
    return x


def c(x):
    return x


def d(xs):
    return xs


def a(xs):
    with ThreadPoolExecutor() as pool:
        futures = [pool.submit(b, x) for x in xs]
        more = list(pool.map(c, xs))
        return d([*(future.result() for future in as_completed(futures)), *more])
