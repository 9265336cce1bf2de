"""Methods, one of which calls itself, in a loop that tries again."""

from penstock import flow

shipping = flow("shipping")


class Shipper:
    def __init__(self, carrier: "Carrier"):
        self.carrier = carrier

    @shipping.entrypoint
    def ship(self, order):
        self._prepare(order)

    def _prepare(self, order):
        for _ in range(3):
            self.label(order)
        self.carrier.pickup(order)

    @shipping.step(after="ship")
    def label(self, order, again=1):
        return self.label(order, again - 1) if again else order


class Carrier:
    @shipping.step(after="label")
    def pickup(self, order):
        return order


def run():
    Shipper(Carrier()).ship(1)
    Carrier().pickup(2)  # as a unit test does
