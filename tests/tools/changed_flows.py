"""A flow before and after a change."""

from __future__ import annotations

from dataclasses import replace

from penstock.model import Edge, Flow, Step

ENTRY = Step(name="receive", entrypoint=True, trigger="kafka:orders", file="shop.py", line=3, source_hash="0a")
PAY = Step(name="pay", docstring="Take the money.", signature="(order)", file="shop.py", line=9, source_hash="0b")
SHIP = Step(name="ship", docstring="Send it.", effects=("mail",), file="shop.py", line=14, source_hash="0c")
STEPS = (ENTRY, PAY, SHIP)
EDGES = (Edge(source="receive", target="pay"), Edge(source="pay", target="ship", label="if paid"))
ORDERS = Flow(name="orders", title="Orders", steps=STEPS, edges=EDGES)


NEW = Step(name="check", file="shop.py", line=30)
LATER = replace(
    ORDERS,
    title="All orders",
    steps=(ENTRY, NEW, replace(PAY, docstring="Charge.", effects=("bank",))),
    edges=(Edge(source="receive", target="check"), Edge(source="check", target="pay", label="if good")),
)

TEXT = """\
orders changed
  ~ flow   title Orders → All orders
  + step   check  shop.py:30
  ~ step   pay: effects none → bank, docstring  shop.py:9
  - step   ship  shop.py:14
  + arrow  receive → check
  + arrow  check → pay (if good)
  - arrow  receive → pay
  - arrow  pay → ship (if paid)

Flows: 1 changed."""
