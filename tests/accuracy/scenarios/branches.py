"""One function calls the steps one after the other, and they branch."""

from penstock import flow

order = flow("order")


@order.entrypoint
def place(basket):
    valid = validate(basket)
    receipt = charge(valid)
    parts = reserve(valid)
    return confirm((receipt, parts))


@order.step(after="place")
def validate(basket):
    return basket


@order.step(after="validate")
def charge(basket):
    return basket


@order.step(after="validate")
def reserve(basket):
    return basket


@order.step(after=["charge", "reserve"])
def confirm(done):
    return done


def run():
    place(1)
    place(2)
    charge(3)  # as a unit test does
