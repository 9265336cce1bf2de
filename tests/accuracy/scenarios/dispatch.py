"""A helper that is no step picks the step from a table; the next one is a callback."""

from functools import partial

from penstock import flow

notices = flow("notices")


@notices.entrypoint
def receive(kind):
    return _route(kind)


def _route(kind):
    return TABLE[kind](1, on_done=notify)


@notices.step(after="receive")
def mail(number, on_done):
    return partial(on_done, number)()


@notices.step(after="receive")
def text(number, on_done):
    return list(map(on_done, [number]))


TABLE = {"mail": mail, "text": text}


@notices.step(after=["mail", "text"])
def notify(number):
    return number


def run():
    receive("mail")
    receive("text")
