"""Generators, consumed in a loop."""

from penstock import flow

rows = flow("rows")


@rows.entrypoint
def copy(count):
    for row in clean(extract(count)):
        load(row)
    summarise()


@rows.step(after="copy")
def extract(count):
    yield from range(count)


@rows.step(after="extract")
def clean(numbers):
    for number in numbers:
        yield abs(number)


@rows.step(after="clean")
def load(row):
    return row


@rows.step(after="load")
def summarise():
    return 1


def run():
    copy(3)
