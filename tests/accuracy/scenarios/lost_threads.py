"""A pool of threads that loses the run."""

from concurrent.futures import ThreadPoolExecutor

from penstock import flow

lost = flow("lost")


@lost.entrypoint
def total(numbers):
    with ThreadPoolExecutor(4) as executor:
        futures = [executor.submit(work, number) for number in numbers]
        return add([future.result() for future in futures])


@lost.step(after="total")
def work(number):
    return number


@lost.step(after="work")
def add(numbers):
    return sum(numbers)


def run():
    total([1, 2, 3])
