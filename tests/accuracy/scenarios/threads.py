"""A pool of threads that takes the run along."""

from concurrent.futures import ThreadPoolExecutor

from penstock import carry, flow

pool = flow("pool")


@pool.entrypoint
def total(numbers):
    with ThreadPoolExecutor(4) as executor:
        futures = [executor.submit(carry(work), number) for number in numbers]
        return add([future.result() for future in futures])


@pool.step(after="total")
def work(number):
    return number


@pool.step(after="work")
def add(numbers):
    return sum(numbers)


def run():
    total([1, 2, 3])
