"""One small flow for each state that an edge can be in. Most of them are wrong on purpose."""

from __future__ import annotations

from threading import Thread

from penstock import flow

confirmed = flow("confirmed", title="Confirmed", description="The tests ran both steps, one right after the other.")
unexercised = flow("unexercised", title="Not exercised", description="No test runs the second step.")
never_seen = flow("never_seen", title="Never seen", description="Shipping never waits for the money.")
no_longer_seen = flow("no_longer_seen", title="No longer seen", description="Its call was deleted since last time.")
indirect = flow("indirect", title="Indirect", description="The reservation is made by the payment, not beside it.")
undeclared = flow("undeclared", title="Not declared", description="A gift is shipped without being paid.")
outdated = flow("outdated", title="Outdated", description="The step has changed since it was seen to run.")
context_lost = flow("context_lost", title="Context lost", description="A thread was started without its run.")


@confirmed.entrypoint
def take_order() -> None:
    """Take an order."""
    pay()


@confirmed.step(after="take_order")
def pay() -> None:
    """Take the money."""


@unexercised.entrypoint
def take_call(kind: str) -> None:
    """Take an order by telephone."""
    globals()[f"answer_{kind}"]()


@unexercised.step(after={"take_call": "known"})
def answer_customer() -> None:
    """Greet a customer by name."""


@unexercised.step(after={"take_call": "else"})
def answer_stranger() -> None:
    """Ask for the name."""


@never_seen.entrypoint
def take_parcel() -> None:
    """Take a parcel."""
    weigh()
    ship()
    charge()


@never_seen.step(after="take_parcel")
def weigh() -> None:
    """Weigh it."""


@never_seen.step(after="take_parcel")
def charge() -> None:
    """Take the money."""


@never_seen.step(after=["weigh", "charge"])
def ship() -> None:
    """Give it to the carrier."""


@no_longer_seen.entrypoint
def close_day() -> None:
    """Close the shop."""
    count_cash()


@no_longer_seen.step(after="close_day")
def count_cash() -> None:
    """Count the money."""


@no_longer_seen.step(after="count_cash")
def send_report() -> None:
    """Tell the owner."""


@indirect.entrypoint
def take_booking() -> None:
    """Take a booking."""
    check()
    take_deposit()


@indirect.step(after="take_booking")
def check() -> None:
    """Look for a free room."""


@indirect.step(after="check")
def take_deposit() -> None:
    """Take a deposit."""
    reserve()


@indirect.step(after="check")
def reserve() -> None:
    """Hold the room."""


@undeclared.entrypoint
def take_purchase() -> None:
    """Take a purchase."""
    cash()
    wrap()


@undeclared.entrypoint
def take_gift() -> None:
    """Take a gift, which costs nothing."""
    wrap()


@undeclared.step(after="take_purchase")
def cash() -> None:
    """Take the money."""


@undeclared.step(after="cash")
def wrap() -> None:
    """Wrap it."""


@outdated.entrypoint
def take_return() -> None:
    """Take something back."""
    globals()["refund"]()


@outdated.step(after="take_return")
def refund() -> None:
    """Give the money back."""


@context_lost.entrypoint
def take_photo() -> None:
    """Take a photograph."""
    thread = Thread(target=globals()["develop"])
    thread.start()
    thread.join()


@context_lost.step(after="take_photo")
def develop() -> None:
    """Develop it, in the background."""
